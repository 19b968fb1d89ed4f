package storetest

import (
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strings"
)

// clause is one parameter of a query, name=value, with its own idea of what it matches.
type clause struct {
	name, value string
	holds       func(w *world, r *thing) bool
}

func (c clause) text() string { return c.name + "=" + url.QueryEscape(c.value) }

var escaping = strings.NewReplacer(`\`, `\\`, ",", `\,`, "|", `\|`, "$", `\$`)

var allPrefixes = []string{"", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"}

// clause makes one for resources of a type. depth bounds chains; reads says whether it may be
// one that is decided by reading resources.
func (g *maker) clause(typ string, depth int, reads bool) clause {
	switch n := g.IntN(20); {
	case n == 0:
		return g.idClause(typ)
	case n == 1:
		return g.updatedClause()
	case n == 2 && reads:
		return g.textClause()
	case n < 6 && depth > 0:
		if c, ok := g.hasClause(typ, depth, reads); ok {
			return c
		}
	}
	list := append(slices.Clone(naiveParams[typ]), everywhere...)
	return g.paramClause(one(g, list), depth, reads)
}

// paramClause makes one for a parameter. Another type may have it, too, with other paths.
func (g *maker) paramClause(p naiveParam, depth int, reads bool) clause {
	if g.often(10) {
		return g.missingClause(p)
	}
	switch p.kind {
	case "token":
		if reads && g.often(10) {
			return g.labelClause(p)
		}
		return g.alternatives(p, g.tokenModifier(p))
	case "string":
		return g.alternatives(p, one(g, []string{"", "", ":exact", ":contains"}))
	case "uri":
		return g.alternatives(p, one(g, []string{"", ":below", ":above"}))
	case "reference":
		if depth > 0 && g.often(40) && p.code != "questionnaire" {
			if c, ok := g.chainClause(p, depth, reads); ok {
				return c
			}
		}
		modifiers := []string{"", "", "", ":identifier"}
		if slices.Contains([]string{"Location", "Organization", "Encounter"}, p.targets[0]) {
			modifiers = append(modifiers, ":above", ":below", ":above", ":below")
		}
		return g.alternatives(p, one(g, modifiers))
	}
	return g.alternatives(p, "")
}

func (g *maker) tokenModifier(p naiveParam) string {
	if p.code == "identifier" && g.often(30) {
		return ":of-type"
	}
	return one(g, []string{"", "", ":not"})
}

// has reports whether a resource has a value under a parameter.
func (p *naiveParam) has(r *thing) bool {
	list := elements(r.body, p.paths)
	switch p.kind {
	case "token":
		tokens, _ := tokensIn(list)
		return len(tokens) > 0
	case "string":
		return len(stringsIn(list)) > 0
	case "date":
		return len(spansIn(list)) > 0
	case "quantity", "number":
		return len(measuresIn(list)) > 0
	case "reference":
		return len(refsIn(list)) > 0
	case "composite":
		return slices.ContainsFunc(list, func(e element) bool {
			for _, part := range p.parts {
				inner := naiveParam{kind: part.kind, paths: part.paths}
				if !inner.has(&thing{body: e.v.(map[string]any)}) {
					return false
				}
			}
			return true
		})
	}
	return len(list) > 0
}

func (g *maker) missingClause(p naiveParam) clause {
	missing := g.often(50)
	return clause{p.code + ":missing", fmt.Sprint(missing), func(_ *world, r *thing) bool {
		own := paramOf(r.typ, p.code)
		return own != nil && own.has(r) != missing
	}}
}

// test is one alternative: its text and what it matches among a parameter's elements.
type test struct {
	text  string
	holds func(w *world, list []element) bool
}

// alternatives joins up to three values by commas.
func (g *maker) alternatives(p naiveParam, modifier string) clause {
	var tests []test
	var texts []string
	for range [...]int{1, 1, 2, 3}[g.IntN(4)] {
		t := g.value(p.kind, modifier, p)
		tests, texts = append(tests, t), append(texts, t.text)
	}
	return clause{p.code + modifier, strings.Join(texts, ","), func(w *world, r *thing) bool {
		own := paramOf(r.typ, p.code)
		if own == nil {
			return false
		}
		list := elements(r.body, own.paths)
		any := slices.ContainsFunc(tests, func(t test) bool { return t.holds(w, list) })
		return any != (modifier == ":not")
	}}
}

// value makes one alternative of a kind.
func (g *maker) value(kind, modifier string, p naiveParam) test {
	switch kind {
	case "token":
		return g.tokenValue(modifier)
	case "string":
		return g.stringValue(modifier)
	case "date":
		prefix, value := one(g, allPrefixes), one(g, someDates)
		if p.code == "birthdate" {
			value = one(g, []string{"1970", "1970-03", "1970-03-30", "2000-02-29", "1970-03-30T10:11:12Z", "1999-12-31"})
		}
		return test{prefix + value, func(_ *world, list []element) bool {
			return slices.ContainsFunc(spansIn(list), func(s [2]int64) bool { return dateMatches(prefix, value, s[0], s[1]) })
		}}
	case "number":
		prefix, value := one(g, allPrefixes), one(g, someNumbers)
		return test{prefix + value, func(_ *world, list []element) bool {
			return slices.ContainsFunc(measuresIn(list), func(m measure) bool {
				return numberMatches(prefix, value, func(x *big.Rat) *big.Rat { return x }, m)
			})
		}}
	case "quantity":
		return g.quantityValue()
	case "uri":
		return g.uriValue(modifier)
	case "composite":
		return g.compositeValue(p)
	}
	return g.referenceValue(modifier, p)
}

func (g *maker) tokenValue(modifier string) test {
	system, code := one(g, someSystems), one(g, someCodes)
	if modifier == ":of-type" {
		value := one(g, someCodes)
		return test{escaping.Replace(system) + "|" + escaping.Replace(code) + "|" + escaping.Replace(value), func(_ *world, list []element) bool {
			tokens, _ := tokensIn(list)
			return slices.ContainsFunc(tokens, func(t naiveToken) bool {
				return strings.EqualFold(t.code, value) && slices.ContainsFunc(t.types, func(of [2]string) bool { return of[0] == system && strings.EqualFold(of[1], code) })
			})
		}}
	}
	if g.often(20) {
		code = one(g, []string{"final", "male", "true", "active", "finished"})
	}
	form := g.IntN(3)
	if form == 2 && system == "" {
		form = 1
	}
	text := []string{escaping.Replace(code), system + "|" + escaping.Replace(code), system + "|"}[form]
	return test{text, func(_ *world, list []element) bool {
		tokens, _ := tokensIn(list)
		return slices.ContainsFunc(tokens, func(t naiveToken) bool {
			return (form == 0 || t.system == system) && (form == 2 || sameCode(t.system, t.code, code))
		})
	}}
}

func (g *maker) stringValue(modifier string) test {
	full := one(g, someNames)
	if modifier != ":exact" {
		r := []rune(full)
		from := 0
		if modifier == ":contains" {
			from = g.IntN(len(r))
		}
		full = strings.TrimSpace(string(r[from : from+1+g.IntN(len(r)-from)]))
		if full == "" {
			full = "n"
		}
		if g.often(30) {
			full = strings.ToUpper(full)
		}
	}
	return test{escaping.Replace(full), func(_ *world, list []element) bool {
		return slices.ContainsFunc(stringsIn(list), func(s string) bool {
			switch modifier {
			case ":exact":
				return s == full
			case ":contains":
				return strings.Contains(fold(s), fold(full))
			}
			return strings.HasPrefix(fold(s), fold(full))
		})
	}}
}

func (g *maker) quantityValue() test {
	prefix, value := one(g, allPrefixes), one(g, someNumbers)
	system, code := "", ""
	switch g.IntN(5) {
	case 0:
	case 1:
		code = one(g, []string{"mg", "mg printed", "printed", "g/L"})
	case 2:
		system, code = "http://u", one(g, []string{"mg", "kg", ""})
	default:
		system, code = ucumURL, one(g, ucumCodes)
	}
	text := prefix + value
	if system != "" || code != "" {
		text += "|" + system + "|" + code
	}
	return test{text, func(_ *world, list []element) bool {
		return slices.ContainsFunc(measuresIn(list), func(m measure) bool { return quantityMatches(prefix, value, system, code, m) })
	}}
}

func (g *maker) uriValue(modifier string) test {
	want := one(g, someURIs[:9])
	return test{want, func(_ *world, list []element) bool {
		return slices.ContainsFunc(list, func(e element) bool {
			have := e.v.(string)
			switch {
			case have == want:
				return true
			case modifier == ":below":
				return uriBelow(have, want)
			case modifier == ":above":
				return uriBelow(want, have)
			}
			return false
		})
	}}
}

// uriBelow goes by whole segments, and only for URLs.
func uriBelow(uri, top string) bool {
	return strings.Contains(top, "://") && strings.HasPrefix(uri, strings.TrimSuffix(top, "/")+"/") && strings.HasPrefix(uri, top)
}

func (g *maker) compositeValue(p naiveParam) test {
	var parts []test
	var texts []string
	for _, part := range p.parts {
		t := g.value(part.kind, "", naiveParam{})
		parts, texts = append(parts, t), append(texts, t.text)
	}
	return test{strings.Join(texts, "$"), func(w *world, list []element) bool {
		return slices.ContainsFunc(list, func(e element) bool {
			for i, part := range p.parts {
				if !parts[i].holds(w, elements(e.v.(map[string]any), part.paths)) {
					return false
				}
			}
			return true
		})
	}}
}

func (g *maker) referenceValue(modifier string, p naiveParam) test {
	switch {
	case modifier == ":identifier":
		inner := g.tokenValue("")
		return test{inner.text, func(w *world, list []element) bool {
			return slices.ContainsFunc(refsIn(list), func(r naiveRef) bool {
				return slices.ContainsFunc(r.identifier, func(t naiveToken) bool {
					return inner.holds(w, []element{{"Identifier", map[string]any{"system": t.system, "value": t.code}}})
				})
			})
		}}
	case p.code == "questionnaire":
		url, version := one(g, someURIs[:6]), one(g, []string{"", "1", "2"})
		text := url
		if version != "" {
			text += "|" + version
		}
		return test{escaping.Replace(text), func(_ *world, list []element) bool {
			return slices.ContainsFunc(refsIn(list), func(r naiveRef) bool { return r.url == url && (version == "" || r.version == version) })
		}}
	}
	var here []string
	for _, t := range p.targets {
		if g.count[t] > 0 {
			here = append(here, t)
		}
	}
	typ := one(g, here)
	id := g.id(typ)
	if modifier == ":above" || modifier == ":below" {
		typ = p.targets[0]
		id = g.id(typ)
		return test{typ + "/" + id, func(w *world, list []element) bool {
			all := w.hierarchy(typ+"/"+id, modifier == ":above")
			return slices.ContainsFunc(refsIn(list), func(r naiveRef) bool { return all[r.key()] })
		}}
	}
	switch g.IntN(6) {
	case 0: // of any type that the parameter may refer to
		return test{id, func(_ *world, list []element) bool {
			return slices.ContainsFunc(refsIn(list), func(r naiveRef) bool { return r.id == id && slices.Contains(p.targets, r.typ) })
		}}
	case 1:
		foreign := "http://else/" + typ + "/" + id
		return test{foreign, func(_ *world, list []element) bool {
			return slices.ContainsFunc(refsIn(list), func(r naiveRef) bool { return r.url == foreign })
		}}
	}
	return test{typ + "/" + id, func(_ *world, list []element) bool {
		return slices.ContainsFunc(refsIn(list), func(r naiveRef) bool { return r.typ == typ && r.id == id })
	}}
}

// labelClause is :text on a token.
func (g *maker) labelClause(p naiveParam) clause {
	want := one(g, []string{"head", "MIGRA", "pain", "tension", "type", "kidney", "idney"})
	return clause{p.code + ":text", want, func(_ *world, r *thing) bool {
		own := paramOf(r.typ, p.code)
		if own == nil {
			return false
		}
		_, labels := tokensIn(elements(r.body, own.paths))
		return slices.ContainsFunc(labels, func(label string) bool {
			return slices.ContainsFunc(wordsOf(label), func(word string) bool { return strings.HasPrefix(word, fold(want)) })
		})
	}}
}

// textClause is _text or _content: two words, joined by or or and.
func (g *maker) textClause() clause {
	name, a, b, or := one(g, []string{"_text", "_content"}), one(g, someWords[:5]), one(g, someWords[:6]), g.often(50)
	value := a + map[bool]string{true: " or ", false: " "}[or] + b
	return clause{name, value, func(_ *world, r *thing) bool {
		have := map[string]bool{}
		if name == "_text" {
			for _, word := range wordsOf(narrative(r)) {
				have[word] = true
			}
		} else {
			allWords(r.body, have)
		}
		if or {
			return have[fold(a)] || have[fold(b)]
		}
		return have[fold(a)] && have[fold(b)]
	}}
}

func allWords(v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, child := range v {
			if text, ok := child.(string); ok && name == "div" {
				child = tags.ReplaceAllString(text, " ")
			}
			if name != "meta" {
				allWords(child, into)
			}
		}
	case []any:
		for _, child := range v {
			allWords(child, into)
		}
	default:
		for _, word := range wordsOf(fmt.Sprint(v)) {
			into[word] = true
		}
	}
}

func (g *maker) idClause(typ string) clause {
	not := g.often(30)
	var list []string
	for range 1 + g.IntN(3) {
		list = append(list, g.id(typ))
	}
	return clause{"_id" + map[bool]string{true: ":not"}[not], strings.Join(list, ","), func(_ *world, r *thing) bool { return slices.Contains(list, r.id) != not }}
}

func (g *maker) updatedClause() clause {
	prefix, at := one(g, allPrefixes[:9]), one(g, g.moments)
	return clause{"_lastUpdated", prefix + at, func(_ *world, r *thing) bool { return dateMatches(prefix, at, r.updated, r.updated+1) }}
}

// chainClause goes on at what a reference points to.
func (g *maker) chainClause(p naiveParam, depth int, reads bool) (clause, bool) {
	var here []string
	for _, t := range p.targets {
		if g.count[t] > 0 {
			here = append(here, t)
		}
	}
	if len(here) == 0 {
		return clause{}, false
	}
	typ := one(g, here)
	inner := g.clause(typ, depth-1, reads)
	typed := g.often(50) || strings.ContainsAny(inner.name, ".:_") // else of any type that has the parameter
	name := p.code
	if typed {
		name += ":" + typ
	}
	return clause{name + "." + inner.name, inner.value, func(w *world, r *thing) bool {
		own := paramOf(r.typ, p.code)
		return own != nil && slices.ContainsFunc(refsIn(elements(r.body, own.paths)), func(ref naiveRef) bool {
			to := w.by[ref.key()]
			return to != nil && (!typed || ref.typ == typ) && slices.Contains(p.targets, ref.typ) && inner.holds(w, to)
		})
	}}, true
}

// way is a reference parameter with the type that it is of.
type way struct {
	from string
	p    naiveParam
}

// waysTo are the parameters that may refer to a type.
func waysTo(typ string) (ways []way) {
	for _, k := range kindsOfThings {
		for _, p := range naiveParams[k.typ] {
			if p.kind == "reference" && slices.Contains(p.targets, typ) {
				ways = append(ways, way{k.typ, p})
			}
		}
	}
	return ways
}

// hasClause asks for resources that others refer to.
func (g *maker) hasClause(typ string, depth int, reads bool) (clause, bool) {
	ways := waysTo(typ)
	if len(ways) == 0 {
		return clause{}, false
	}
	by := one(g, ways)
	inner := g.clause(by.from, depth-1, reads)
	found := map[*world]map[string]bool{}
	return clause{"_has:" + by.from + ":" + by.p.code + ":" + inner.name, inner.value, func(w *world, r *thing) bool {
		if found[w] == nil {
			found[w] = map[string]bool{}
			for _, other := range w.things {
				if other.typ != by.from || !inner.holds(w, other) {
					continue
				}
				for _, ref := range refsIn(elements(other.body, by.p.paths)) {
					found[w][ref.key()] = true
				}
			}
		}
		return found[w][r.key()]
	}}, true
}
