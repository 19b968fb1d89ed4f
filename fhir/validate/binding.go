package validate

import (
	"chartlake/fhir"
	"chartlake/fhir/definition"
)

// bound gives the value set of a required binding that can be checked here.
func (c *check) bound(e *definition.Element) *definition.ValueSet {
	if e.Binding == nil || e.Binding.Strength != definition.Required {
		return nil
	}
	set := c.defs.ValueSet(e.Binding.ValueSet)
	if set == nil || set.Open {
		return nil
	}
	return set
}

// code checks a primitive code against its required binding.
func (c *check) code(text string, e *definition.Element, t *definition.Type, at path) {
	if !t.Is("code") {
		return
	}
	if set := c.bound(e); set != nil && !set.Has("", text) {
		c.add("code-invalid", at, "the code is not in the value set "+set.URL)
	}
}

// binding checks a Coding or CodeableConcept: one coding of the latter must be in the set.
func (c *check) binding(n *fhir.Node, e *definition.Element, t *definition.Type, at path) {
	if t.Name != "Coding" && t.Name != "CodeableConcept" {
		return
	}
	set := c.bound(e)
	if set == nil || absent(n) {
		return
	}
	codings := []*fhir.Node{n}
	if t.Name == "CodeableConcept" {
		codings = n.Get("coding").Items()
	}
	for _, coding := range codings {
		if sys := coding.Str("system"); sys != "" && set.Has(sys, coding.Str("code")) || absent(coding) {
			return
		}
	}
	c.add("code-invalid", at, "no coding is in the value set "+set.URL)
}
