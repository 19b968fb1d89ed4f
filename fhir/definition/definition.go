// Package definition holds the definitions of FHIR R4 (4.0.1) as data: types and resources
// with their elements, search parameters, compartments, and the codes of the value sets
// that required bindings name. It has no behaviour: package fhirpath reads paths with it,
// package validate checks resources with it, search and rest list what exists.
//
// The data are r4.zst and conformance.zst, written by `go generate` (see generate/main.go)
// from npm packages at fixed versions; sources.txt has the checksums. Nothing in them is typed
// in by hand, and they hold no codes of SNOMED CT or CPT. R4 and Conformance unpack them on
// first use.
//
// The search parameters that R4 publishes and this package leaves out are listed, with the
// reasons, in search-parameters.md.
package definition

// Kind tells primitive, complex and resource types apart.
type Kind byte

const (
	Primitive Kind = 'p'
	Complex   Kind = 'c'
	Resource  Kind = 'r'
)

// Type is a data type or a resource type.
type Type struct {
	Name     string
	Kind     Kind
	Abstract bool
	Base     *Type  // nil for Element and Resource
	Regex    string // format of a primitive's value, anchored by whoever uses it; may be empty
	Root     *Element
}

// Is reports whether the type is name or derived from it (canonical is uri, Patient is
// DomainResource is Resource).
func (t *Type) Is(name string) bool {
	for ; t != nil; t = t.Base {
		if t.Name == name {
			return true
		}
	}
	return false
}

// Element follows a path of element names below the type, without [x]: Element("component",
// "value"). It does not go into the types of elements, only into backbone elements and
// content references. nil where there is none.
func (t *Type) Element(names ...string) *Element {
	e := t.Root
	for _, n := range names {
		if e = e.Content().Child(n); e == nil {
			return nil
		}
	}
	return e
}

// Unbounded is Element.Max of elements that may repeat without limit.
const Unbounded = -1

// Element is one element of a type. The root element of a type has the type's name.
type Element struct {
	Name       string // without [x]
	Path       string // Observation.component.value[x]
	Min, Max   int    // Max: Unbounded for *
	Choice     bool   // name[x]: the JSON name carries the type
	Summary    bool
	Modifier   bool
	Attribute  bool       // an attribute in XML
	Types      []TypeRef  // none for the root and for content references
	Binding    *Binding   // nil when unbound or bound as an example
	Reference  *Element   // the element whose content this one has (contentReference)
	Children   []*Element // of roots and backbone elements
	Invariants []*Invariant
}

// TypeRef is a type that an element may have; Targets are the resource types (or profiles)
// that a Reference or canonical may point to.
type TypeRef struct {
	Type    *Type
	Targets []string
}

// Binding binds an element's codes to a value set.
type Binding struct {
	Strength Strength
	ValueSet string // canonical URL without version
}

// Strength is how strongly a binding holds.
type Strength byte

const (
	Required   Strength = 'r'
	Extensible Strength = 'e'
	Preferred  Strength = 'p'
)

// Invariant is a rule that an element obeys, as FHIRPath.
type Invariant struct {
	Key, Severity, Expression, Human string
}

// Content is the element whose children this element has: itself or its content reference.
func (e *Element) Content() *Element {
	if e != nil && e.Reference != nil {
		return e.Reference
	}
	return e
}

// Child gives the child by its name without [x]; nil where there is none.
func (e *Element) Child(name string) *Element {
	if e == nil {
		return nil
	}
	for _, c := range e.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Property gives the child and its type for a JSON member name: "valueQuantity" is value[x]
// as Quantity. nil where there is no such member. The type is nil for content references.
func (e *Element) Property(member string) (*Element, *Type) {
	for _, c := range e.Children {
		if !c.Choice {
			if c.Name == member {
				return c, c.single()
			}
			continue
		}
		if len(member) > len(c.Name) && member[:len(c.Name)] == c.Name {
			if t := c.ChoiceType(member[len(c.Name):]); t != nil {
				return c, t
			}
		}
	}
	return nil, nil
}

func (e *Element) single() *Type {
	if len(e.Types) == 0 {
		return nil
	}
	return e.Types[0].Type
}

// ChoiceType gives the type of name[x] by what follows the name in the JSON member name
// ("DateTime"); nil where e cannot have it.
func (e *Element) ChoiceType(suffix string) *Type {
	for i := range e.Types {
		if t := e.Types[i].Type; sameButFirst(t.Name, suffix) {
			return t
		}
	}
	return nil
}

func sameButFirst(name, suffix string) bool {
	return len(name) == len(suffix) && name[1:] == suffix[1:] && upper(name[0]) == suffix[0]
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

// Member is the JSON member name of an element in a type: Member(value[x], Quantity) is
// valueQuantity.
func (e *Element) Member(t *Type) string {
	if !e.Choice || t == nil {
		return e.Name
	}
	return e.Name + string(upper(t.Name[0])) + t.Name[1:]
}

// Shape is the element whose children describe the content of e in type t: e itself for a
// backbone element, the referenced element, or the root of the type.
func (e *Element) Shape(t *Type) *Element {
	if c := e.Content(); len(c.Children) > 0 {
		return c
	}
	if t == nil {
		return nil
	}
	return t.Root
}
