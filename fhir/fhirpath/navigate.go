package fhirpath

import (
	"sync/atomic"

	"chartlake/fhir"
	"chartlake/fhir/definition"
)

// member is the step of a member name. It remembers the last definition that it saw, since
// nearly all inputs of one place in an expression have the same type.
type member struct {
	name, under string
	first       bool // first in a path, where a type name means the input itself
	seen        atomic.Pointer[seen]
}

type seen struct{ shape, child *definition.Element }

func (m *member) step(r *run, in []Value) []Value {
	if !r.tick(len(in)) {
		return nil
	}
	var out []Value
	for _, v := range in {
		if m.first && v.typ != nil && v.typ.Kind == definition.Resource && v.typ.Is(m.name) {
			out = append(out, v)
			continue
		}
		if v.info != nil {
			out = append(out, v.info.member(m.name)...)
			continue
		}
		out = m.append(out, v)
	}
	return out
}

func (m *member) append(out []Value, v Value) []Value {
	if v.shape == nil {
		return out
	}
	content := v.content()
	if content == nil {
		return out
	}
	cache := m.seen.Load()
	if cache == nil || cache.shape != v.shape {
		cache = &seen{v.shape, v.shape.Child(m.name)}
		m.seen.Store(cache)
	}
	child := cache.child
	switch {
	case child == nil:
		return out
	case child.Choice:
		return appendChoice(out, content, child)
	case len(child.Types) == 0:
		return appendElement(out, child, nil, content.Get(m.name), nil)
	}
	t := child.Types[0].Type
	if t.Kind != definition.Primitive {
		return appendElement(out, child, t, content.Get(m.name), nil)
	}
	return appendElement(out, child, t, content.Get(m.name), content.Get(m.under))
}

// appendChoice finds name[x] under whatever type it has.
func appendChoice(out []Value, content *fhir.Node, child *definition.Element) []Value {
	name := child.Name
	for _, m := range content.Members() {
		key := m.Name
		bare := key
		if key != "" && key[0] == '_' {
			bare = key[1:]
		}
		if len(bare) <= len(name) || bare[:len(name)] != name {
			continue
		}
		t := child.ChoiceType(bare[len(name):])
		if t == nil {
			continue
		}
		if bare == key {
			return appendElement(out, child, t, m.Value, content.Get("_"+key))
		}
		if content.Get(bare) == nil {
			return appendElement(out, child, t, nil, m.Value)
		}
	}
	return out
}

// appendElement adds the values of one JSON member and of its _member.
func appendElement(out []Value, e *definition.Element, t *definition.Type, n, ext *fhir.Node) []Value {
	if n == nil && ext == nil {
		return out
	}
	if n.Kind() != fhir.Array && ext.Kind() != fhir.Array {
		return appendItem(out, e, t, n, ext)
	}
	items, exts := n.Items(), ext.Items()
	for i := 0; i < len(items) || i < len(exts); i++ {
		out = appendItem(out, e, t, n.Item(i), ext.Item(i))
	}
	return out
}

func appendItem(out []Value, e *definition.Element, t *definition.Type, n, ext *fhir.Node) []Value {
	if n.Kind() == fhir.Null {
		n = nil
	}
	if ext.Kind() != fhir.Object {
		ext = nil
	}
	if n == nil && ext == nil {
		return out
	}
	if t != nil && t.Kind == definition.Resource {
		if v, ok := resourceValue(n); ok {
			return append(out, v)
		}
		return out
	}
	if t == nil {
		t = definition.R4().Type("BackboneElement")
	}
	if t.Kind != definition.Primitive {
		if n.Kind() != fhir.Object {
			return out
		}
		ext = nil
	}
	return append(out, Value{typ: t, shape: e.Shape(t), node: n, ext: ext})
}

// children lists all children of a value in the order of the JSON members.
func children(v Value) []Value {
	content := v.content()
	if v.shape == nil || content == nil {
		return nil
	}
	var out []Value
	for _, m := range content.Members() {
		key := m.Name
		if key == "" || key == "resourceType" {
			continue
		}
		if key[0] == '_' {
			if content.Get(key[1:]) == nil {
				if e, t := v.shape.Property(key[1:]); e != nil {
					out = appendElement(out, e, t, nil, m.Value)
				}
			}
			continue
		}
		e, t := v.shape.Property(key)
		if e == nil {
			continue
		}
		var ext *fhir.Node
		if t != nil && t.Kind == definition.Primitive {
			ext = content.Get("_" + key)
		}
		out = appendElement(out, e, t, m.Value, ext)
	}
	return out
}

// descendants lists everything below the values, parents before children.
func (r *run) descendants(in []Value) []Value {
	var out []Value
	for _, v := range in {
		if !r.tick(1) {
			return nil
		}
		below := children(v)
		for i := range below {
			out = append(out, below[i])
			out = append(out, r.descendants(below[i:i+1])...)
		}
	}
	return out
}

// extensions gives the extensions of a value with this URL.
func extensions(v Value, url string) []Value {
	var out []Value
	list := v.content().Get("extension")
	t := definition.R4().Type("Extension")
	for _, x := range list.Items() {
		if x.Get("url").Text() == url {
			out = append(out, Value{typ: t, shape: t.Root, node: x})
		}
	}
	return out
}
