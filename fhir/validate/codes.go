package validate

import (
	"regexp"
	"strings"

	"chartlake/fhir"
	"chartlake/fhir/ucum"
)

// Limits on value sets: codes listed by one set, how deep sets may include others, and how
// many sets one question may lead through.
const (
	maxSetCodes  = 500_000
	maxSetDepth  = 20
	maxSetVisits = 1000
)

// inquiry is one question to a value set on its way through others.
type inquiry struct {
	system, code  string // an empty system means any
	depth, visits int
}

// Verdict is the answer to a question that may not be answerable here.
type verdict int8

const (
	unknown verdict = iota
	yes
	no
)

func known(b bool) verdict {
	if b {
		return yes
	}
	return no
}

// codeSystem is the part of a CodeSystem that is asked for.
type codeSystem struct {
	complete bool
	frozen   bool // of R4 itself: a later version may have more codes
	fold     bool // upper and lower case are the same
	codes    map[string]*concept
	order    []string // of codes, as they are defined
}

type concept struct {
	code, display string
	parents       []string
	properties    *fhir.Node
	designations  *fhir.Node
}

// system gives a code system, nil where the library has none.
func (l *Library) system(url string) *codeSystem {
	url, _, _ = strings.Cut(url, "|")
	if s, ok := l.systems.Load(url); ok {
		return s.(*codeSystem)
	}
	if c := l.listed(url); c != nil {
		return c.listed()
	}
	var s *codeSystem
	if n, frozen := l.lookup("CodeSystem", url); n != nil {
		fold := n.Get("caseSensitive")
		s = &codeSystem{complete: n.Str("content") == "complete", frozen: frozen, codes: map[string]*concept{},
			fold: fold != nil && !fold.True()}
		s.add(n.Get("concept").Items(), "")
	}
	l.systems.Store(url, s)
	return s
}

func (s *codeSystem) add(list []*fhir.Node, parent string) {
	for _, n := range list {
		if len(s.codes) >= maxSetCodes {
			s.complete = false
			return
		}
		c := &concept{code: n.Str("code"), display: n.Str("display"), properties: n.Get("property"), designations: n.Get("designation")}
		if parent != "" {
			c.parents = append(c.parents, parent)
		}
		for _, p := range n.Get("property").Items() {
			if p.Str("code") == "subsumedBy" || p.Str("code") == "parent" {
				c.parents = append(c.parents, p.Str("valueCode"))
			}
		}
		if s.codes[s.key(c.code)] == nil {
			s.order = append(s.order, s.key(c.code))
		}
		s.codes[s.key(c.code)] = c
		s.add(n.Get("concept").Items(), c.code)
	}
}

func (s *codeSystem) key(code string) string {
	if s.fold {
		return strings.ToLower(code)
	}
	return code
}

func (s *codeSystem) concept(code string) *concept { return s.codes[s.key(code)] }

// below reports whether a code is another one or under it.
func (s *codeSystem) below(code, ancestor string) bool {
	ancestor = s.key(ancestor)
	seen := map[string]bool{}
	for next := []string{s.key(code)}; len(next) > 0; {
		at := next[len(next)-1]
		next = next[:len(next)-1]
		if at == ancestor {
			return true
		}
		if c := s.codes[at]; c != nil && !seen[at] {
			seen[at] = true
			for _, p := range c.parents {
				next = append(next, s.key(p))
			}
		}
	}
	return false
}

// codeSet is a value set that is ready to be asked.
type codeSet struct {
	include, exclude []part
	open             bool // it has no definition to go by
}

// part is one include or exclude: all conditions hold.
type part struct {
	system string
	listed map[string]bool // the codes, where they are listed
	filter []*fhir.Node
	sets   []string
}

// set gives a value set; nil where the library has none.
func (l *Library) set(url string) *codeSet {
	if s, ok := l.sets.Load(url); ok {
		return s.(*codeSet)
	}
	s := l.makeSet(l.find("ValueSet", url))
	l.sets.Store(url, s)
	return s
}

func (l *Library) makeSet(n *fhir.Node) *codeSet {
	if n == nil {
		return nil
	}
	compose := n.Get("compose")
	s := &codeSet{include: l.parts(compose.Get("include")), exclude: l.parts(compose.Get("exclude"))}
	if compose == nil {
		listed := map[string]*part{}
		expanded(n.Path("expansion", "contains"), listed, 0)
		for _, p := range listed {
			s.include = append(s.include, *p)
		}
		s.open = len(listed) == 0
	}
	return s
}

// expanded reads an expansion, where a set has nothing else.
func expanded(list *fhir.Node, into map[string]*part, depth int) {
	for _, c := range list.Items() {
		sys := c.Str("system")
		if into[sys] == nil {
			into[sys] = &part{system: sys, listed: map[string]bool{}}
		}
		if !c.Get("abstract").True() {
			into[sys].listed[c.Str("code")] = true
		}
		if depth < maxSetDepth {
			expanded(c.Get("contains"), into, depth+1)
		}
	}
}

func (l *Library) parts(list *fhir.Node) []part {
	var out []part
	for _, n := range list.Items() {
		p := part{system: n.Str("system"), filter: n.Get("filter").Items()}
		s := l.system(p.system)
		if concepts := n.Get("concept").Items(); len(concepts) > 0 {
			p.listed = make(map[string]bool, len(concepts))
			for _, c := range concepts {
				code := c.Str("code")
				if s != nil {
					code = s.key(code)
				}
				p.listed[code] = true
			}
		}
		for _, v := range n.Get("valueSet").Items() {
			p.sets = append(p.sets, v.Text())
		}
		out = append(out, p)
	}
	return out
}

// member says whether a value set holds a code. An empty system means any system.
func (l *Library) member(set, system, code string) verdict {
	if bare, _, ok := strings.Cut(set, "|"); ok {
		if l.find("ValueSet", set) == nil {
			return unknown
		}
		set = bare
	}
	return l.ask(set, &inquiry{system: system, code: code})
}

func (l *Library) ask(set string, q *inquiry) verdict {
	s := l.set(set)
	if s == nil || s.open {
		return unknown
	}
	return l.within(s, q)
}

func (l *Library) within(s *codeSet, q *inquiry) verdict {
	if s.open {
		return unknown
	}
	if q.visits++; q.visits > maxSetVisits || q.depth > maxSetDepth {
		return unknown
	}
	q.depth++
	defer func() { q.depth-- }()
	in := l.any(s.include, q)
	if in == no || len(s.exclude) == 0 {
		return in
	}
	switch l.any(s.exclude, q) {
	case yes:
		return no
	case unknown:
		return unknown
	}
	return in
}

func (l *Library) any(parts []part, q *inquiry) verdict {
	result := no
	for i := range parts {
		switch l.all(&parts[i], q) {
		case yes:
			return yes
		case unknown:
			result = unknown
		}
	}
	return result
}

// all asks every condition of a part.
func (l *Library) all(p *part, q *inquiry) verdict {
	result := yes
	if p.system != "" {
		if q.system != "" && q.system != p.system {
			return no
		}
		result = l.inSystem(p, q.code)
	}
	for _, set := range p.sets {
		v := l.ask(set, q)
		if v == no || result == no {
			return no
		}
		if v == unknown {
			result = unknown
		}
	}
	return result
}

func (l *Library) inSystem(p *part, code string) verdict {
	s := l.system(p.system)
	if p.listed != nil {
		if s != nil {
			code = s.key(code)
		}
		return known(p.listed[code])
	}
	if s == nil || !s.complete {
		if len(p.filter) == 0 {
			return grammar(p.system, code)
		}
		return unknown
	}
	c := s.concept(code)
	if c == nil {
		return no
	}
	result := yes
	for _, f := range p.filter {
		switch s.passes(c, f) {
		case no:
			return no
		case unknown:
			result = unknown
		}
	}
	return result
}

// passes evaluates one filter (http://hl7.org/fhir/R4/valueset-filter-operator.html).
func (s *codeSystem) passes(c *concept, f *fhir.Node) verdict {
	property, value := f.Str("property"), f.Str("value")
	switch f.Str("op") {
	case "is-a":
		return known(s.below(c.code, value))
	case "descendent-of":
		return known(s.key(c.code) != s.key(value) && s.below(c.code, value))
	case "is-not-a":
		return known(!s.below(c.code, value))
	case "=":
		switch property {
		case "concept", "code":
			return known(s.key(c.code) == s.key(value))
		case "withheld":
			return unknown
		}
		return known(c.has(property, value))
	case "exists":
		return known(c.has(property, "") == (value == "true"))
	case "in":
		for _, v := range strings.Split(value, ",") {
			if v = strings.TrimSpace(v); property == "concept" && s.key(c.code) == s.key(v) || c.has(property, v) {
				return yes
			}
		}
		return no
	case "regex":
		re, err := regexp.Compile(`\A(?:` + value + `)\z`)
		if err != nil {
			return unknown
		}
		return known(property == "code" && re.MatchString(c.code) || property == "display" && re.MatchString(c.display))
	}
	return unknown
}

// has reports whether a concept has a property, with this value where one is given.
func (c *concept) has(property, value string) bool {
	for _, p := range c.properties.Items() {
		if p.Str("code") != property {
			continue
		}
		if value == "" {
			return true
		}
		for _, m := range p.Members() {
			if strings.HasPrefix(m.Name, "value") && (m.Value.Text() == value || m.Value.Str("code") == value) {
				return true
			}
		}
	}
	return false
}

var (
	language = regexp.MustCompile(`\A[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*\z`)
	media    = regexp.MustCompile(`\A[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+-]+( *;.*)?\z`)
)

// grammar decides on codes of systems that are defined by a grammar.
func grammar(system, code string) verdict {
	switch system {
	case "http://unitsofmeasure.org":
		if _, ok := ucum.Parse(code); ok {
			return yes
		}
	case "urn:ietf:bcp:47":
		if !language.MatchString(code) {
			return no
		}
	case "urn:ietf:bcp:13":
		if media.MatchString(code) {
			return yes
		}
	}
	return unknown
}
