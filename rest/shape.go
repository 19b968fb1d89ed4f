package rest

import (
	"slices"
	"strings"

	"chartlake/fhir"
	"chartlake/fhir/definition"
)

// shape is which parts of a resource are shown (_summary, _elements). The zero shape shows all.
type shape struct {
	mode  string // true, text, data; "" all
	names []string
}

// summary takes the value of _summary; false when it is none.
func (s *shape) summary(value string) bool {
	switch value {
	case "true", "text", "data":
		s.mode = value
	case "false", "":
	default:
		return false
	}
	return true
}

// elements takes the value of _elements: names of top-level elements, perhaps after a type.
func (s *shape) elements(value string) {
	for _, name := range strings.Split(value, ",") {
		if name = strings.TrimSpace(name); name != "" {
			s.names = append(s.names, name)
		}
	}
}

// subsetted marks a resource that is not shown whole, so that nobody writes it back.
var subsetted = fhir.NewObject("system", "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code", "SUBSETTED")

// apply gives what is to be shown of a resource; the resource itself is not changed.
func (s shape) apply(n *fhir.Node) *fhir.Node {
	t := definition.R4().ResourceType(n.Type())
	if t == nil || s.mode == "" && len(s.names) == 0 {
		return n
	}
	var out *fhir.Node
	switch {
	case len(s.names) > 0:
		out = keep(n, t.Root, func(e *definition.Element) bool { return e.Min > 0 || s.named(t.Name, e.Name) })
	case s.mode == "true":
		out = summarised(n, t.Root)
	case s.mode == "text":
		out = keep(n, t.Root, func(e *definition.Element) bool { return e.Min > 0 || e.Name == "text" })
	default: // data
		out = keep(n, t.Root, func(e *definition.Element) bool { return e.Name != "text" })
	}
	return mark(out)
}

func (s shape) named(typ, element string) bool {
	return slices.Contains(s.names, element) || slices.Contains(s.names, typ+"."+element)
}

// keep copies the members whose element is wanted, and always id, meta and resourceType.
func keep(n *fhir.Node, shape *definition.Element, want func(*definition.Element) bool) *fhir.Node {
	out := fhir.NewObject()
	for _, m := range n.Members() {
		e, _ := shape.Property(strings.TrimPrefix(m.Name, "_"))
		if m.Name == "resourceType" || e != nil && (e.Name == "id" || e.Name == "meta" || want(e)) {
			out.Set(m.Name, m.Value)
		}
	}
	return out
}

// summarised keeps the elements that the definitions mark as summary, within backbone
// elements too.
func summarised(n *fhir.Node, shape *definition.Element) *fhir.Node {
	out := keep(n, shape, func(e *definition.Element) bool { return e.Summary || e.Min > 0 && e.Modifier })
	for _, m := range out.Members() {
		e, _ := shape.Property(m.Name)
		if e == nil || len(e.Content().Children) == 0 {
			continue
		}
		if m.Value.Kind() != fhir.Array {
			out.Set(m.Name, summarised(m.Value, e.Content()))
			continue
		}
		list := fhir.NewArray()
		for _, item := range m.Value.Items() {
			list.Append(summarised(item, e.Content()))
		}
		out.Set(m.Name, list)
	}
	return out
}

// mark adds the tag SUBSETTED.
func mark(n *fhir.Node) *fhir.Node {
	meta := fhir.NewObject()
	tags := fhir.NewArray()
	for _, m := range n.Get("meta").Members() {
		if m.Name == "tag" {
			tags.SetItems(append([]*fhir.Node(nil), m.Value.Items()...))
		} else {
			meta.Set(m.Name, m.Value)
		}
	}
	tags.Append(subsetted)
	meta.Set("tag", tags)
	n.Set("meta", meta)
	return n
}
