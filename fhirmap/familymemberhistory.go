package fhirmap

import (
	"strings"

	"chartlake/fhir"
	"chartlake/record"
)

// familyMemberHistories writes what the page says of relatives: one resource per relative
// named, "family member" where none is. Nothing here ever becomes a Condition of the patient.
func (s *segment) familyMemberHistories() {
	type relative struct {
		conditions []*fhir.Node
		facts      []fact
		seen       map[string]bool
	}
	var order []string
	relatives := map[string]*relative{}
	for i := range s.Entities {
		e := &s.Entities[i]
		if e.Type != record.Problem || e.State != record.Accepted || e.Experiencer != "family" || e.Negated || e.Hypothetical || e.Uncertain {
			continue
		}
		name := strings.ToLower(strings.TrimSpace(e.Attributes["relationship"]))
		if name == "" {
			name = "family member"
		}
		r := relatives[name]
		if r == nil {
			r = &relative{seen: map[string]bool{}}
			relatives[name] = r
			order = append(order, name)
		}
		if r.seen[conceptKey(e)] {
			continue
		}
		r.seen[conceptKey(e)] = true
		r.facts = append(r.facts, s.entityFact("condition["+itoa(len(r.conditions))+"].code", e))
		r.conditions = append(r.conditions, fhir.NewObject("code", concept(e.Text, e.Codes)))
	}
	for _, name := range order {
		r := relatives[name]
		h := s.resource("FamilyMemberHistory", name, r.facts)
		h.Set("status", fhir.NewString("partial"))
		h.Set("patient", s.patientRef())
		h.Set("relationship", fhir.NewObject("text", name))
		h.Set("condition", fhir.NewArray(r.conditions...))
		s.file(h, r.facts)
	}
}
