package validate

import (
	"slices"

	"chartlake/fhir"
)

// Canonical names a resource by its type and canonical URL.
type Canonical struct{ Kind, URL string }

// Has reports whether the library has a resource; what is a type of R4 itself it has.
func (l *Library) Has(c Canonical) bool {
	return c.Kind == "StructureDefinition" && typeOf(c.URL) != nil || l.find(c.Kind, c.URL) != nil
}

// Claims lists the profiles that a resource and the resources within it claim.
func Claims(n *fhir.Node) []string {
	var out []string
	n.Walk(func(x *fhir.Node) bool {
		if x.Type() != "" {
			for _, p := range x.Path("meta", "profile").Items() {
				out = append(out, p.Text())
			}
		}
		return len(out) < maxRules
	})
	return out
}

// Needs lists what a profile or value set cannot be understood without: the profile that it
// stands on, profiles of types and targets, value sets, code systems.
func Needs(n *fhir.Node) []Canonical {
	var out []Canonical
	add := func(kind string, url *fhir.Node) {
		if url.Text() != "" {
			out = append(out, Canonical{kind, url.Text()})
		}
	}
	add("StructureDefinition", n.Get("baseDefinition"))
	for _, view := range []string{"differential", "snapshot"} {
		for _, e := range n.Path(view, "element").Items() {
			for _, t := range e.Get("type").Items() {
				for _, p := range slices.Concat(t.Get("profile").Items(), t.Get("targetProfile").Items()) {
					add("StructureDefinition", p)
				}
			}
			add("ValueSet", e.Path("binding", "valueSet"))
		}
	}
	for _, list := range []string{"include", "exclude"} {
		for _, part := range n.Path("compose", list).Items() {
			add("CodeSystem", part.Get("system"))
			for _, v := range part.Get("valueSet").Items() {
				add("ValueSet", v)
			}
		}
	}
	return out
}
