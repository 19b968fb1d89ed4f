// Package validate checks resources against R4 at two levels.
//
// Structure is what every write passes: known elements, cardinality, the JSON kinds and
// formats of primitives, choice types, required bindings, references, narrative. It takes
// microseconds and needs nothing but package definition.
//
// Full is $validate: besides the structure the invariants of R4, all bindings, the codes of
// code systems, extensions with their contexts and content, profiles (of meta.profile, of an
// implementation guide, or asked for) with slicing, and the rules across resources in Bundles
// and between questionnaires and responses. What it knows beyond R4 comes from a Library, to
// which Packages are added. Profiles are compiled from differentials on top of the profiles
// that they stand on, or from snapshots where there is no differential.
//
// Findings are issues with a FHIRPath location; their text names elements, rules and
// canonical URLs, never values. What cannot be decided here (codes of a system that the
// library lacks, profiles that it does not know) is not an error, but for a profile that was
// asked for. An element whose value is absent for a stated reason (the extension
// data-absent-reason) counts as present and is not asked for its own mandatory children. A
// rule that gives no result is not broken.
package validate

import (
	"strconv"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/definition"
)

// MaxIssues is how many findings of one resource are listed.
const MaxIssues = 100

// Validator says what is let through. The zero Validator is for a resource that is written
// as it is.
type Validator struct {
	// Unresolved lets conditional references (Patient?identifier=…) through: the resource is
	// part of a transaction that has yet to resolve them.
	Unresolved bool
	// Level is how deep to look. The fields below belong to Full.
	Level Level
	// Library knows the profiles, extensions, value sets and code systems; nil: Core().
	Library *Library
	// Profiles are canonical URLs of profiles that the resource must satisfy, besides those
	// that it claims itself in meta.profile. One that the library lacks is an error.
	Profiles []string
	// KnownExtensions makes an extension that the library lacks an error. Without it R4's
	// rule holds that unknown extensions are to be passed over, and it is information.
	KnownExtensions bool
	// Resolve gives the resource that a reference or canonical URL outside of the validated one
	// names, so that it can be held against profiles; nil where it is not to be had.
	Resolve func(reference string) *fhir.Node
	// Exists, where set, is asked for every relative reference that leads out of the
	// resource; false makes an issue.
	Exists func(reference string) bool
}

// Level is how deep a validation looks.
type Level int

const (
	// Structure is elements, cardinality, formats, required bindings and the types of
	// references: what every write passes. It takes microseconds.
	Structure Level = iota
	// Full adds invariants, all bindings, code systems, extensions, profiles with slicing, and
	// rules across resources in Bundles and between questionnaires and their responses.
	Full
)

// Resource checks a resource with everything in it. No issues: it is well formed. An issue
// of severity error means that R4 does not allow the resource; warnings do not hinder a write.
func (v Validator) Resource(n *fhir.Node) []fault.Issue {
	c := &check{Validator: v, defs: definition.R4(), root: n}
	c.resource(n, "")
	if v.Level == Full {
		return v.full(n, c.issues)
	}
	return c.issues
}

// Error gives a fault of kind Invalid that holds the issues, nil when none is an error.
func Error(issues []fault.Issue) error {
	for _, i := range issues {
		if i.Severity == "error" || i.Severity == "fatal" {
			f := fault.New(fault.Invalid, "invalid_resource", "the resource is not valid R4: %s", i.Message).At(i.Path)
			f.Issues = issues
			return f
		}
	}
	return nil
}

type check struct {
	Validator
	defs   *definition.Definitions
	root   *fhir.Node // the outermost resource
	holder *fhir.Node // the resource whose contained ones # names
	issues []fault.Issue
}

func (c *check) add(code string, at path, message string) {
	c.report("error", code, at, message)
}

func (c *check) report(severity, code string, at path, message string) {
	if len(c.issues) < MaxIssues {
		c.issues = append(c.issues, fault.Issue{Severity: severity, Code: code, Message: message, Path: at.String()})
	}
}

func (c *check) full() bool { return len(c.issues) >= MaxIssues }

// resource checks a whole resource; at is where it stands, empty for the outermost.
func (c *check) resource(n *fhir.Node, at path) {
	if n.Kind() != fhir.Object {
		c.add("structure", at, "a resource is a JSON object")
		return
	}
	t := c.defs.ResourceType(n.Type())
	if t == nil || n.Get("resourceType").Kind() != fhir.String {
		c.add("structure", at, "resourceType is missing or no type of R4")
		return
	}
	if at == "" {
		at = path(t.Name)
	}
	outer := c.holder
	if outer == nil || !isContained(outer, n) {
		c.holder = n
	}
	c.object(n, t.Root, t, at)
	c.holder = outer
}

func isContained(holder, n *fhir.Node) bool {
	for _, x := range holder.Get("contained").Items() {
		if x == n {
			return true
		}
	}
	return false
}

// object checks the members of a complex element against its definition.
func (c *check) object(n *fhir.Node, shape *definition.Element, t *definition.Type, at path) {
	if len(n.Members()) == 0 {
		c.add("structure", at, "an element is empty")
		return
	}
	var few [32]bool
	seen := few[:]
	if len(shape.Children) > len(seen) {
		seen = make([]bool, len(shape.Children))
	}
	for _, m := range n.Members() {
		if c.full() {
			return
		}
		c.member(n, m, shape, t, at, seen)
	}
	if absent(n) {
		return
	}
	for i, e := range shape.Children {
		if e.Min > 0 && !seen[i] {
			c.add("required", at.child(e.Name), "a mandatory element is missing")
		}
	}
}

// absent reports whether an element says why its value is missing.
func absent(n *fhir.Node) bool {
	for _, x := range n.Get("extension").Items() {
		if x.Get("url").Text() == "http://hl7.org/fhir/StructureDefinition/data-absent-reason" {
			return true
		}
	}
	return false
}

func (c *check) member(n *fhir.Node, m fhir.Member, shape *definition.Element, t *definition.Type, at path, seen []bool) {
	name := m.Name
	if name == "resourceType" && t != nil && t.Kind == definition.Resource {
		return
	}
	bare, extras := name, false
	if len(name) > 1 && name[0] == '_' {
		bare, extras = name[1:], true
	}
	e, et := shape.Property(bare)
	if e == nil || extras && (et == nil || et.Kind != definition.Primitive) {
		c.add("structure", at.unknown(name), "R4 does not have this element here")
		return
	}
	where := at.choice(e, et)
	if extras && n.Get(bare) != nil {
		return // checked together with its value
	}
	for i, x := range shape.Children {
		if x == e {
			if seen[i] && e.Choice {
				c.add("structure", where, "the element has values of several types")
			}
			seen[i] = true
		}
	}
	if extras {
		c.values(nil, m.Value, e, et, where)
		return
	}
	c.values(m.Value, n.Get("_"+bare), e, et, where)
}

// values checks one element: a value, or an array of them where it may repeat, with the
// member _name beside it for primitives.
func (c *check) values(n, extras *fhir.Node, e *definition.Element, t *definition.Type, at path) {
	if e.Max == 1 {
		for _, x := range []*fhir.Node{n, extras} {
			if x.Kind() == fhir.Array {
				c.add("structure", at, "the element does not repeat and is no array")
				return
			}
		}
		c.value(n, extras, e, t, at)
		return
	}
	for _, x := range []*fhir.Node{n, extras} {
		if x != nil && x.Kind() != fhir.Array {
			c.add("structure", at, "the element may repeat and is an array")
			return
		}
	}
	count := len(n.Items())
	if n == nil {
		count = len(extras.Items())
	} else if extras != nil && len(extras.Items()) != count {
		c.add("structure", at, "the arrays of the values and of their extensions differ in length")
		return
	}
	if count == 0 {
		c.add("structure", at, "an array is empty")
	}
	if e.Max != definition.Unbounded && count > e.Max {
		c.add("structure", at, "the element stands more often than allowed")
	}
	for i := range count {
		if c.full() {
			return
		}
		c.value(n.Item(i), extras.Item(i), e, t, at.item(i))
	}
}

// value checks a single value.
func (c *check) value(n, extras *fhir.Node, e *definition.Element, t *definition.Type, at path) {
	if t != nil && t.Kind == definition.Primitive {
		c.primitiveElement(n, extras, e, t, at)
		return
	}
	if t != nil && t.Kind == definition.Resource {
		c.inner(n, at)
		return
	}
	if n.Kind() != fhir.Object {
		c.add("structure", at, "the element is a JSON object")
		return
	}
	c.object(n, e.Shape(t), t, at)
	if t == nil {
		return
	}
	c.binding(n, e, t, at)
	switch t.Name {
	case "Reference":
		c.reference(n, targets(e, t), at)
	case "Extension":
		if (n.Get("extension") != nil) == hasValue(n) {
			c.add("invariant", at, "an extension has either a value or extensions")
		}
	}
}

func hasValue(n *fhir.Node) bool {
	for _, m := range n.Members() {
		name := m.Name
		if name != "" && name[0] == '_' {
			name = name[1:]
		}
		if len(name) > 5 && name[:5] == "value" {
			return true
		}
	}
	return false
}

// inner checks a resource within another one.
func (c *check) inner(n *fhir.Node, at path) {
	if isContained(c.holder, n) {
		if n.Get("contained") != nil {
			c.add("invariant", at.child("contained"), "a contained resource contains no others")
		}
		if n.ID() == "" {
			c.add("invariant", at, "a contained resource has an id")
		}
	}
	c.resource(n, at)
}

func targets(e *definition.Element, t *definition.Type) []string {
	for i := range e.Types {
		if e.Types[i].Type == t {
			return e.Types[i].Targets
		}
	}
	return nil
}

// path is a FHIRPath location.
type path string

func (p path) String() string { return string(p) }

func (p path) child(name string) path { return p + "." + path(name) }

func (p path) item(i int) path { return p + "[" + path(strconv.Itoa(i)) + "]" }

func (p path) choice(e *definition.Element, t *definition.Type) path {
	if e.Choice && t != nil {
		return p.child(e.Name) + ".ofType(" + path(t.Name) + ")"
	}
	return p.child(e.Name)
}

// unknown names an element that does not exist, unless its name is no name at all: then it
// could be anything, and issues do not repeat data.
func (p path) unknown(name string) path {
	if len(name) > 64 {
		return p
	}
	for _, r := range name {
		if (r|0x20 < 'a' || r|0x20 > 'z') && (r < '0' || r > '9') && r != '_' {
			return p
		}
	}
	return p.child(name)
}
