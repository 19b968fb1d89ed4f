package patch

import (
	"strings"

	"chartlake/fhir"
	"chartlake/fhir/definition"
)

// makeValue reads the part "value" for an element: value[x], a resource, or, for a backbone
// element, one part for each of its children.
func makeValue(part *fhir.Node, e *definition.Element) (value, error) {
	if r := part.Get("resource"); r != nil {
		return value{node: r.Clone()}, nil
	}
	var v value
	for _, m := range part.Members() {
		name, under := bare(m.Name), m.Name[:1] == "_"
		if !strings.HasPrefix(name, "value") {
			continue
		}
		t := definition.R4().Type("Parameters").Element("parameter", "value").ChoiceType(name[len("value"):])
		if t == nil || v.typ != nil && v.typ != t {
			return v, syntax("the part value has no one type")
		}
		if v.typ = t; under {
			v.extras = m.Value.Clone()
		} else {
			v.node = m.Value.Clone()
		}
	}
	if v.typ != nil {
		v.typ = fitting(v.typ, e)
		return v, nil
	}
	if len(part.Get("part").Items()) == 0 {
		return v, syntax("the part value is empty")
	}
	n, err := assemble(part, e, 0)
	return value{node: n}, err
}

// fitting is the type that the element takes a value in: its own, or for a string, code, uri
// and their kin the one of the element's types that is written the same way.
func fitting(t *definition.Type, e *definition.Element) *definition.Type {
	for _, ref := range e.Types {
		if ref.Type == t {
			return t
		}
	}
	if len(e.Types) == 1 {
		return e.Types[0].Type
	}
	if e.Choice {
		return nil
	}
	return t
}

// assemble makes the object of a backbone element from parts named like its children.
func assemble(part *fhir.Node, e *definition.Element, depth int) (*fhir.Node, error) {
	if depth > fhir.MaxDepth/2 {
		return nil, syntax("the parts are nested too deep")
	}
	var t *definition.Type
	if len(e.Types) == 1 {
		t = e.Types[0].Type
	}
	shape := e.Shape(t)
	out := fhir.NewObject()
	for _, p := range part.Get("part").Items() {
		child := shape.Child(p.Str("name"))
		if child == nil {
			child, _ = shape.Property(p.Str("name"))
		}
		if child == nil {
			return nil, target("the element has no part of this name")
		}
		v, err := partValue(p, child, depth)
		if err != nil {
			return nil, err
		}
		if child.Max != 1 {
			l := listOf(out, child)
			l.put(len(l.items), v)
			l.write()
			continue
		}
		if child.Choice && v.typ == nil {
			return nil, target("the value has no type that the element may have")
		}
		member := child.Member(v.typ)
		if out.Get(member) != nil || out.Get("_"+member) != nil {
			return nil, syntax("a part stands twice that does not repeat")
		}
		out.Set(member, v.node)
		out.Set("_"+member, v.extras)
	}
	return out, nil
}

func partValue(p *fhir.Node, child *definition.Element, depth int) (value, error) {
	if p.Get("part") != nil {
		n, err := assemble(p, child, depth+1)
		return value{node: n}, err
	}
	return makeValue(p, child)
}
