package validate

import (
	"slices"
	"strconv"
	"strings"

	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/fhir/patch"
)

// Limits on profiles: how many base profiles one may stand on, and how many rules one has
// (the largest of US Core has 300).
const (
	maxBases = 20
	maxRules = 20_000
)

const structureDefinition = "http://hl7.org/fhir/StructureDefinition/"

// profile is a StructureDefinition that constrains a type, as a tree of what it demands
// beyond the type itself.
type profile struct {
	url      string
	typ      *definition.Type
	root     *rule
	node     *fhir.Node
	problems []string // what of the definition contradicts its type or its base
	orphan   bool     // the profile that it stands on is not known
	count    int
}

// rule is what a profile says of one element or one slice of it. Where it says nothing the
// fields are empty, and the definition of the type alone holds.
type rule struct {
	name           string              // of the element, without [x]; of the slice for slices
	element        *definition.Element // nil for the root
	typ            *definition.Type    // whose content the children are; nil for backbone elements
	min, max       int                 // max: definition.Unbounded where nothing is said
	types          []allowed
	fixed, pattern *fhir.Node
	least, most    *fhir.Node // the members minValue[x] and maxValue[x] stand in
	length         int        // maxLength; 0: any
	binding        *bound
	constraints    []*definition.Invariant
	slicing        *slicing
	slices         []*rule
	children       []*rule
	modifier       bool
}

// allowed is a type that an element may have, with profiles of which it must satisfy one.
type allowed struct {
	typ         *definition.Type
	profiles    []string
	targets     []string
	aggregation []string
}

type bound struct {
	strength, set string
	max           string // value set that codes must come from in any case
}

type slicing struct {
	discriminators []discriminator
	closed, atEnd  bool
	ordered        bool
}

type discriminator struct{ kind, path string }

// profile gives a profile by its canonical URL: nil where the library has none, or where it
// is no constraint on a type of R4.
func (l *Library) profile(url string) *profile { return l.profileAt(url, 0) }

func (l *Library) profileAt(url string, depth int) *profile {
	if p, ok := l.profiles.Load(url); ok {
		return p.(*profile)
	}
	p := l.compile(l.find("StructureDefinition", url), depth)
	l.profiles.Store(url, p)
	return p
}

// typeOf gives the type that a canonical URL of R4's own definitions names.
func typeOf(url string) *definition.Type {
	bare, _, _ := strings.Cut(url, "|")
	if name, ok := strings.CutPrefix(bare, structureDefinition); ok {
		return definition.R4().Type(name)
	}
	return nil
}

func (l *Library) compile(n *fhir.Node, depth int) *profile {
	t := definition.R4().Type(n.Str("type"))
	if t == nil || n.Str("derivation") == "specialization" || depth > maxBases {
		return nil
	}
	p := &profile{url: n.Str("url"), typ: t, node: n}
	snapshot, elements := n.Path("snapshot", "element").Items(), n.Path("differential", "element").Items()
	switch base := n.Str("baseDefinition"); {
	case len(elements) == 0 && len(snapshot) > 0:
		elements = snapshot
		fallthrough
	case typeOf(base) != nil || base == "":
		p.root = &rule{name: t.Name, typ: t, max: definition.Unbounded}
	default:
		below := l.profileAt(base, depth+1)
		if below == nil {
			if len(snapshot) == 0 {
				p.orphan = true
			} else {
				elements = snapshot
			}
			p.root = &rule{name: t.Name, typ: t, max: definition.Unbounded}
			break
		}
		p.root, p.problems, p.orphan = below.root.clone(), slices.Clone(below.problems), below.orphan
	}
	p.overlay(elements)
	return p
}

func (r *rule) clone() *rule {
	c := *r
	c.constraints = slices.Clone(r.constraints)
	c.slices, c.children = nil, nil
	for _, s := range r.slices {
		c.slices = append(c.slices, s.clone())
	}
	for _, s := range r.children {
		c.children = append(c.children, s.clone())
	}
	return &c
}

// overlay puts the elements of a differential (or snapshot) on the tree.
func (p *profile) overlay(elements []*fhir.Node) {
	var where []segment // of the slices that the current element is within
	for _, e := range elements {
		path := e.Str("path")
		for len(where) > 0 && !strings.HasPrefix(path, where[len(where)-1].path+".") {
			where = where[:len(where)-1]
		}
		if name := e.Str("sliceName"); name != "" {
			where = append(where, segment{path, name})
		}
		r := p.locate(path, where)
		if r == nil {
			if name := e.Str("id"); len(name) < 200 {
				p.problems = append(p.problems, "an element of the profile is none of its type: "+path)
			}
			continue
		}
		if r.fixed != nil && differs(r.fixed, e) {
			p.problems = append(p.problems, "an element of the profile is fixed to another value than in the profile that it stands on: "+path)
		}
		r.read(e)
	}
}

// differs reports whether an element fixes another value.
func differs(fixed, e *fhir.Node) bool {
	for _, m := range e.Members() {
		if strings.HasPrefix(m.Name, "fixed") {
			return !patch.Equal(m.Value, fixed)
		}
	}
	return false
}

// segment is a path whose element is one slice.
type segment struct{ path, slice string }

// locate finds or makes the rule of a path within slices.
func (p *profile) locate(path string, where []segment) *rule {
	names := strings.Split(path, ".")
	r, at := p.root, names[0]
	for i, name := range names {
		if i > 0 {
			at += "." + name
			if r = p.child(r, name); r == nil {
				return nil
			}
		}
		for _, w := range where {
			if w.path == at {
				r = p.slice(r, w.slice)
			}
		}
	}
	return r
}

func (p *profile) child(r *rule, name string) *rule {
	shape := r.shape()
	if shape == nil {
		return nil
	}
	bare := strings.TrimSuffix(name, "[x]")
	e := shape.Child(bare)
	if e == nil && name == "value" && r.typ != nil && r.typ.Kind == definition.Primitive {
		return &rule{} // the value of a primitive is no element in JSON
	}
	if e == nil {
		// valueQuantity is short for value[x] as Quantity, which is a slice of its own
		var t *definition.Type
		if e, t = shape.Property(name); e == nil || !e.Choice {
			return nil
		}
		s := p.slice(p.made(r, e), name)
		if s.types == nil {
			s.types = []allowed{{typ: t}}
			s.typ = t
		}
		return s
	}
	return p.made(r, e)
}

// made gives the rule of an element below r.
func (p *profile) made(r *rule, e *definition.Element) *rule {
	for _, c := range r.children {
		if c.element == e {
			return c
		}
	}
	c := &rule{name: e.Name, element: e, max: definition.Unbounded}
	if len(e.Types) == 1 {
		c.typ = e.Types[0].Type
	}
	return p.append(&r.children, c)
}

func (p *profile) append(to *[]*rule, r *rule) *rule {
	if p.count++; p.count < maxRules {
		*to = append(*to, r)
	}
	return r
}

// slice gives a slice of an element. The slice a/b is one of the slice a.
func (p *profile) slice(r *rule, name string) *rule {
	if r.name == name && r.element != nil && r.name != r.element.Name {
		return r
	}
	for _, s := range r.slices {
		if s.name == name {
			return s
		}
		if strings.HasPrefix(name, s.name+"/") {
			return p.slice(s, name)
		}
	}
	s := &rule{name: name, element: r.element, typ: r.typ, max: definition.Unbounded}
	return p.append(&r.slices, s)
}

// shape is the definition of the children.
func (r *rule) shape() *definition.Element {
	if r.typ != nil && (r.element == nil || r.typ.Kind == definition.Resource) {
		return r.typ.Root
	}
	return r.element.Shape(r.typ)
}

// read takes what an ElementDefinition says into the rule.
func (r *rule) read(e *fhir.Node) {
	if text := e.Str("min"); text != "" {
		r.min, _ = strconv.Atoi(text)
	}
	switch text := e.Str("max"); text {
	case "", "*":
	default:
		r.max, _ = strconv.Atoi(text)
	}
	if text := e.Str("maxLength"); text != "" {
		r.length, _ = strconv.Atoi(text)
	}
	if list := e.Get("type").Items(); len(list) > 0 {
		r.readTypes(list)
	}
	for _, m := range e.Members() {
		switch {
		case strings.HasPrefix(m.Name, "fixed"):
			r.fixed = m.Value
		case strings.HasPrefix(m.Name, "pattern"):
			r.pattern = m.Value
		case strings.HasPrefix(m.Name, "minValue"):
			r.least = fhir.NewObject(m.Name, m.Value)
		case strings.HasPrefix(m.Name, "maxValue"):
			r.most = fhir.NewObject(m.Name, m.Value)
		}
	}
	if b := e.Get("binding"); b.Str("valueSet") != "" {
		r.binding = &bound{strength: b.Str("strength"), set: b.Str("valueSet")}
		for _, x := range b.Get("extension").Items() {
			if x.Str("url") == structureDefinition+"elementdefinition-maxValueSet" {
				r.binding.max = x.Str("valueCanonical")
			}
		}
	}
	r.modifier = r.modifier || e.Get("isModifier").True()
	for _, c := range e.Get("constraint").Items() {
		r.constrain(&definition.Invariant{Key: c.Str("key"), Severity: c.Str("severity"), Expression: c.Str("expression"), Human: c.Str("human")})
	}
	r.readSlicing(e.Get("slicing"))
}

func (r *rule) readTypes(list []*fhir.Node) {
	r.types = nil
	for _, n := range list {
		code := n.Str("code")
		if strings.HasPrefix(code, "http://hl7.org/fhirpath/System.") {
			r.types = nil // how snapshots write id, url and the like, whose type nothing can change
			return
		}
		t := definition.R4().Type(code)
		if t == nil {
			continue
		}
		a := allowed{typ: t}
		for into, name := range map[*[]string]string{&a.profiles: "profile", &a.targets: "targetProfile", &a.aggregation: "aggregation"} {
			for _, v := range n.Get(name).Items() {
				*into = append(*into, v.Text())
			}
		}
		r.types = append(r.types, a)
	}
	if r.element != nil && len(r.element.Types) == 0 {
		r.types = nil // a content reference
		return
	}
	if len(r.types) == 1 {
		r.typ = r.types[0].typ
	}
}

// constrain adds a constraint, unless the type has it already.
func (r *rule) constrain(c *definition.Invariant) {
	if c.Expression == "" {
		return
	}
	has := func(list []*definition.Invariant) bool {
		return slices.ContainsFunc(list, func(x *definition.Invariant) bool { return x.Key == c.Key && x.Expression == c.Expression })
	}
	if has(r.constraints) || r.element != nil && has(r.element.Invariants) || r.typ != nil && has(r.typ.Root.Invariants) || covered[c.Key] {
		return
	}
	r.constraints = append(r.constraints, c)
}

func (r *rule) readSlicing(n *fhir.Node) {
	if n == nil {
		return
	}
	s := &slicing{ordered: n.Get("ordered").True(), closed: n.Str("rules") == "closed", atEnd: n.Str("rules") == "openAtEnd"}
	for _, d := range n.Get("discriminator").Items() {
		s.discriminators = append(s.discriminators, discriminator{d.Str("type"), d.Str("path")})
	}
	if old := r.slicing; old != nil {
		if len(s.discriminators) == 0 {
			s.discriminators = old.discriminators
		}
		s.closed, s.atEnd = s.closed || old.closed, s.atEnd || old.atEnd && !s.closed
		s.ordered = s.ordered || old.ordered
	}
	r.slicing = s
}
