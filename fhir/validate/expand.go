package validate

import (
	"slices"
	"strings"

	"chartlake/fault"
	"chartlake/fhir"
)

// Code is a member of a value set, or a concept of a code system.
type Code struct {
	System, Code, Display string
}

// MaxExpansion bounds the codes that one expansion may lead to; the largest set of R4 that has
// codes here, of v3 act codes, has about 2,000.
const MaxExpansion = 20_000

// Faults of terminology. Texts name no codes.
func unknownSet() error {
	return fault.New(fault.NotFound, "value_set_unknown", "the value set is not here: load it, or the package that has it")
}

func openSet() error {
	return fault.New(fault.Invalid, "value_set_open", "the value set cannot be listed: it stands on a code system, or another value set, that is not here in full")
}

func tooMany() error {
	return fault.New(fault.TooLarge, "too_costly", "the expansion has more than %d codes", MaxExpansion)
}

func unknownSystem() error {
	return fault.New(fault.NotFound, "code_system_unknown", "the code system is not here in full")
}

// Resource gives a resource of the library by kind and canonical URL; nil where there is none.
func (l *Library) Resource(c Canonical) *fhir.Node { return l.find(c.Kind, c.URL) }

// Expand lists a value set (http://hl7.org/fhir/R4/valueset-operation-expand.html), each code
// once, in the order of its definition. Faults: value_set_unknown (NotFound), value_set_open
// (Invalid) where its members are not all known here, too_costly (TooLarge).
func (l *Library) Expand(url string) ([]Code, error) {
	n := l.find("ValueSet", url)
	if n == nil {
		return nil, unknownSet()
	}
	return l.ExpandSet(n)
}

// ExpandSet lists a value set that need not be in the library.
func (l *Library) ExpandSet(n *fhir.Node) ([]Code, error) {
	return (&expander{l: l}).set(n)
}

type expander struct {
	l             *Library
	depth, visits int
	made          int // codes listed on the way
}

func (x *expander) set(n *fhir.Node) ([]Code, error) {
	if x.visits++; x.visits > maxSetVisits || x.depth > maxSetDepth {
		return nil, tooMany()
	}
	x.depth++
	defer func() { x.depth-- }()
	compose := n.Get("compose")
	if compose == nil {
		return x.listed(n.Path("expansion", "contains"))
	}
	def := x.l.makeSet(n)
	var out []Code
	seen := map[[2]string]bool{}
	for i, raw := range compose.Get("include").Items() {
		codes, err := x.part(&def.include[i], raw)
		if err != nil {
			return nil, err
		}
		for _, c := range codes {
			if key := [2]string{c.System, c.Code}; !seen[key] {
				seen[key] = true
				out = append(out, c)
			}
		}
	}
	return x.without(out, def.exclude)
}

// listed reads an expansion, where a set has nothing else.
func (x *expander) listed(list *fhir.Node) ([]Code, error) {
	found := map[string]*part{}
	expanded(list, found, 0)
	if len(found) == 0 {
		return nil, openSet()
	}
	var out []Code
	var walk func(list *fhir.Node, depth int)
	walk = func(list *fhir.Node, depth int) {
		for _, c := range list.Items() {
			if c.Str("code") != "" && !c.Get("abstract").True() {
				out = append(out, Code{c.Str("system"), c.Str("code"), c.Str("display")})
			}
			if depth < maxSetDepth {
				walk(c.Get("contains"), depth+1)
			}
		}
	}
	walk(list, 0)
	return out, x.count(len(out))
}

func (x *expander) count(n int) error {
	if x.made += n; x.made > MaxExpansion {
		return tooMany()
	}
	return nil
}

// without takes out what is excluded.
func (x *expander) without(list []Code, exclude []part) ([]Code, error) {
	if len(exclude) == 0 {
		return list, nil
	}
	open := false
	list = slices.DeleteFunc(list, func(c Code) bool {
		v := x.l.any(exclude, &inquiry{system: c.System, code: c.Code, depth: x.depth})
		open = open || v == unknown
		return v == yes
	})
	if open {
		return nil, openSet()
	}
	return list, nil
}

// part lists one include: the codes of its system, of its value sets, or of both.
func (x *expander) part(p *part, raw *fhir.Node) ([]Code, error) {
	var out []Code
	first := true
	if p.system != "" {
		var err error
		if out, err = x.system(p, raw); err != nil {
			return nil, err
		}
		first = false
	}
	for _, url := range p.sets {
		n := x.l.find("ValueSet", url)
		if n == nil {
			return nil, openSet()
		}
		codes, err := x.set(n)
		if err != nil {
			return nil, err
		}
		if first {
			out, first = codes, false
			continue
		}
		in := map[[2]string]bool{}
		for _, c := range codes {
			in[[2]string{c.System, c.Code}] = true
		}
		out = slices.DeleteFunc(out, func(c Code) bool { return !in[[2]string{c.System, c.Code}] })
	}
	return out, nil
}

// system lists the codes that an include takes from its code system.
func (x *expander) system(p *part, raw *fhir.Node) ([]Code, error) {
	s := x.l.system(p.system)
	var out []Code
	if concepts := raw.Get("concept").Items(); len(concepts) > 0 {
		for _, c := range concepts {
			one := Code{p.system, c.Str("code"), c.Str("display")}
			if s != nil && one.Display == "" {
				if known := s.concept(one.Code); known != nil {
					one.Display = known.display
				}
			}
			out = append(out, one)
		}
		return out, x.count(len(out))
	}
	if s == nil || !s.complete {
		return nil, openSet()
	}
	for _, code := range s.order {
		c := s.codes[code]
		verdict := yes
		for _, f := range p.filter {
			switch s.passes(c, f) {
			case no:
				verdict = no
			case unknown:
				return nil, openSet()
			}
		}
		if verdict == yes {
			out = append(out, Code{p.system, c.code, c.display})
			if len(out) > MaxExpansion {
				return nil, tooMany()
			}
		}
	}
	return out, x.count(len(out))
}

// Lookup gives a concept of a code system (http://hl7.org/fhir/R4/codesystem-operation-lookup.html)
// with its designations and properties. The faults are code_system_unknown and code_unknown,
// both NotFound.
func (l *Library) Lookup(system, code string) (c Code, designations, properties *fhir.Node, err error) {
	if listed := l.listed(system); listed != nil {
		return listed.find(system, code)
	}
	s := l.system(system)
	if s == nil {
		return c, nil, nil, unknownSystem()
	}
	found := s.concept(code)
	if found == nil {
		if !s.complete {
			return c, nil, nil, unknownSystem()
		}
		return c, nil, nil, fault.New(fault.NotFound, "code_unknown", "the code system has no such code")
	}
	return Code{system, found.code, found.display}, found.designations, found.properties, nil
}

// Below lists a code and all that a code system has under it. The fault is
// hierarchy_unknown (Invalid) where the system is not here, or has no order of codes.
func (l *Library) Below(system, code string) ([]Code, error) {
	s, err := l.hierarchy(system)
	if err != nil {
		return nil, err
	}
	out := []Code{{System: system, Code: code}}
	for _, key := range s.order {
		if c := s.codes[key]; key != s.key(code) && s.below(c.code, code) {
			if out = append(out, Code{system, c.code, c.display}); len(out) > MaxExpansion {
				return nil, tooMany()
			}
		}
	}
	return out, nil
}

// Above lists a code and all that a code system has it under; see Below.
func (l *Library) Above(system, code string) ([]Code, error) {
	s, err := l.hierarchy(system)
	if err != nil {
		return nil, err
	}
	out := []Code{{System: system, Code: code}}
	seen := map[string]bool{s.key(code): true}
	for i := 0; i < len(out); i++ {
		c := s.concept(out[i].Code)
		if c == nil {
			continue
		}
		for _, parent := range c.parents {
			if !seen[s.key(parent)] {
				seen[s.key(parent)] = true
				out = append(out, Code{System: system, Code: parent})
			}
		}
	}
	return out, nil
}

func (l *Library) hierarchy(system string) (*codeSystem, error) {
	s := l.system(system)
	if s != nil && s.complete {
		for _, c := range s.codes {
			if len(c.parents) > 0 {
				return s, nil
			}
		}
	}
	return nil, fault.New(fault.Invalid, "hierarchy_unknown", "the code system is not here in full, or has no code under another")
}

// Member says whether a value set, which need not be in the library, has a code; known is
// false where that cannot be told here.
func (l *Library) Member(set *fhir.Node, system, code string) (in, known bool) {
	v := l.within(l.makeSet(set), &inquiry{system: system, code: code})
	return v == yes, v != unknown
}

// SameDisplay reports whether a display text is one of those that a code system has for a code.
func (l *Library) SameDisplay(system, code, display string) bool {
	s := l.system(system)
	if s == nil {
		return true
	}
	c := s.concept(code)
	return c == nil || c.called(strings.TrimSpace(display))
}
