package search

import (
	"slices"
	"strings"
	"time"

	"chartlake/fault"
)

// filter reads one search parameter of a type: name[:modifier][.chain] or _has:….
func (p *parser) filter(resourceType, name, value string, depth int) (Filter, error) {
	if depth > MaxDepth {
		return Filter{}, fault.New(fault.Invalid, "too_deep", "a chain has more than %d steps", MaxDepth)
	}
	if p.steps++; p.steps > MaxSteps {
		return Filter{}, fault.New(fault.TooLarge, "too_many_steps", "the query's chains lead to more than %d searches; name the types (subject:Patient.name)", MaxSteps)
	}
	if rest, ok := strings.CutPrefix(name, "_has:"); ok {
		return p.has(resourceType, rest, value, depth)
	}
	head, chain, chained := strings.Cut(name, ".")
	code, modifier, modified := strings.Cut(head, ":")
	f := Filter{Code: code}
	if modified && modifier == "" {
		return f, fault.New(fault.Invalid, "unknown_modifier", "a parameter has a colon and no modifier behind it")
	}
	switch code {
	case "_id", "_lastUpdated":
		if chained {
			return f, badChain(code)
		}
		return p.special(f, modifier, value)
	case NarrativeText, ContentText:
		if chained {
			return f, badChain(code)
		}
		return p.fullText(f, resourceType, modifier, value)
	}
	f.Param = p.param(resourceType, code)
	if f.Param == nil {
		return f, fault.New(fault.Invalid, "unknown_parameter", "%s has no search parameter of this name: %s",
			orSystem(resourceType), safeName(code))
	}
	if !f.Param.Usable() {
		return f, notIndexed(code)
	}
	if err := p.modifier(&f, modifier); err != nil {
		return f, err
	}
	if chained {
		return p.chain(f, chain, value, depth)
	}
	return p.values(f, value)
}

// param finds a parameter; a system-level search has those that every resource has.
func (p *parser) param(resourceType, code string) *Param {
	if resourceType == "" {
		if !strings.HasPrefix(code, "_") {
			return nil
		}
		resourceType = "Basic"
	}
	return p.cat.Param(resourceType, code)
}

// notIndexed refuses a custom parameter of which the older resources are not in the index: an
// answer that lacks some would be taken for one that is whole.
func notIndexed(code string) error {
	f := fault.New(fault.Unavailable, "parameter_indexing", "the search parameter %s is new: resources that were there before are being indexed", safeName(code))
	f.RetryAfter = 10 * time.Second
	return f
}

func orSystem(resourceType string) string {
	if resourceType == "" {
		return "a search of the whole system"
	}
	return resourceType
}

// safeName lets a parameter's name into a message only when it looks like one: a client
// that mixes up name and value would otherwise put patient data there.
func safeName(code string) string {
	if len(code) > 40 {
		return "(longer than 40 characters)"
	}
	for _, r := range code {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_') {
			return "(not the form of a name)"
		}
	}
	return code
}

func badChain(code string) error {
	return fault.New(fault.Invalid, "bad_chain", "%s is no reference and cannot be chained", safeName(code))
}

// modifier checks a modifier against Support and notes it.
func (p *parser) modifier(f *Filter, m string) error {
	if m == "" {
		return nil
	}
	if f.Param.Kind == KindReference && p.cat.Knows(m) {
		f.Modifier, f.Target = TypeIs, m
		return nil
	}
	switch Modifier(m) {
	case Missing, Exact, Contains, Not, Text, In, NotIn, Below, Above, Identifier, OfType:
	default:
		return fault.New(fault.Invalid, "unknown_modifier", "%s has a modifier that R4 does not have", f.Param.Code)
	}
	if !slices.Contains(p.cat.Modifiers(f.Param), Modifier(m)) {
		return fault.New(fault.Invalid, "modifier_unsupported", "modifier %s is not supported on %s, which is a %s parameter", m, f.Param.Code, f.Param.Kind)
	}
	f.Modifier = Modifier(m)
	return nil
}

// special reads _id and _lastUpdated, which the store has as columns.
func (p *parser) special(f Filter, modifier, value string) (Filter, error) {
	kind := KindToken
	if f.Code == "_lastUpdated" {
		kind = KindDate
	}
	if modifier != "" && !(modifier == string(Not) && f.Code == "_id") {
		return f, fault.New(fault.Invalid, "modifier_unsupported", "%s takes no such modifier", f.Code)
	}
	f.Modifier = Modifier(modifier)
	for _, part := range splitEscaped(value, ',') {
		if kind == KindToken {
			f.Values = append(f.Values, Value{Text: unescape(part)})
			continue
		}
		v, err := p.value(&Param{Code: f.Code, Kind: KindDate}, NoModifier, part)
		if err != nil {
			return f, err
		}
		f.Values = append(f.Values, v)
	}
	return f, p.checkCount(f)
}

// fullText reads _text and _content. Each word counts as a value.
func (p *parser) fullText(f Filter, resourceType, modifier, value string) (Filter, error) {
	f.Param = p.cat.WordIndex(resourceType, f.Code)
	words := 0
	if modifier != "" {
		return f, fault.New(fault.Invalid, "modifier_unsupported", "%s takes no modifier", f.Code)
	}
	for _, part := range splitEscaped(value, ',') {
		if len(part) > MaxText {
			return f, fault.New(fault.TooLarge, "value_too_long", "%s has a value longer than %d bytes", f.Code, MaxText)
		}
		w, err := ParseWords(unescape(part))
		if err != nil {
			return f, err
		}
		f.Values = append(f.Values, Value{Words: w})
		words += w.size()
	}
	p.all += words - len(f.Values)
	if words > MaxValues {
		return f, tooManyAlternatives()
	}
	return f, p.checkCount(f)
}

func (p *parser) checkCount(f Filter) error {
	if p.all += len(f.Values); len(f.Values) > MaxValues || p.all > MaxAllValues {
		return tooManyAlternatives()
	}
	return nil
}

func tooManyAlternatives() error {
	return fault.New(fault.TooLarge, "too_many_values", "more than %d alternatives in one parameter or %d in the query", MaxValues, MaxAllValues)
}

// chain reads what follows the point: a filter of each type that the reference may be to.
func (p *parser) chain(f Filter, rest, value string, depth int) (Filter, error) {
	if f.Param.Kind != KindReference || f.Modifier != NoModifier && f.Modifier != TypeIs {
		return f, badChain(f.Code)
	}
	targets := f.Param.Targets
	if f.Modifier == TypeIs {
		targets = []string{f.Target}
	}
	var first error
	for _, t := range targets {
		if !p.cat.Knows(t) {
			continue
		}
		inner, err := p.filter(t, rest, value, depth+1)
		if err != nil {
			if fl := fault.As(err); fl != nil && (fl.Code == "too_deep" || fl.Kind == fault.TooLarge) {
				return f, err
			}
			if first == nil {
				first = err
			}
			continue
		}
		f.Chain = append(f.Chain, Link{Type: t, Filter: inner})
	}
	if len(f.Chain) == 0 {
		if first == nil {
			first = badChain(f.Code)
		}
		return f, first
	}
	return f, nil
}

// has reads _has:Type:reference:parameter, where parameter may again be _has.
func (p *parser) has(resourceType, rest, value string, depth int) (Filter, error) {
	bad := func(why string) (Filter, error) {
		return Filter{}, fault.New(fault.Invalid, "bad_chain", "_has takes Type:reference:parameter; %s", why)
	}
	parts := strings.SplitN(rest, ":", 3)
	if len(parts) < 3 {
		return bad("a part is missing")
	}
	if resourceType == "" {
		return bad("it needs a search of one type")
	}
	if !p.cat.Knows(parts[0]) {
		return bad("the type is not known")
	}
	ref := p.cat.Param(parts[0], parts[1])
	if ref == nil || ref.Kind != KindReference {
		return bad("the type has no such reference parameter")
	}
	if !ref.Usable() {
		return Filter{}, notIndexed(ref.Code)
	}
	inner, err := p.filter(parts[0], parts[2], value, depth+1)
	if err != nil {
		return Filter{}, err
	}
	return Filter{Code: "_has", Has: &Has{Type: parts[0], Param: ref, Filter: inner}}, nil
}

// values reads the alternatives of a filter.
func (p *parser) values(f Filter, value string) (Filter, error) {
	if f.Modifier == Missing {
		switch value {
		case "true", "false":
			f.Missing = value == "true"
			return f, nil
		}
		return f, fault.New(fault.Invalid, "bad_value", "%s:missing takes true or false", f.Param.Code)
	}
	if f.Param.Kind == KindToken {
		switch f.Modifier {
		case In, NotIn, Above, Below:
			return p.expanded(f, value)
		}
	}
	for _, part := range splitEscaped(value, ',') {
		v, err := p.value(f.Param, f.Modifier, part)
		if err != nil {
			return f, err
		}
		f.Values = append(f.Values, v)
	}
	return f, p.checkCount(f)
}
