package fhirmap

import "chartlake/fhir"

// procedures writes what was done, from the lists that say so; a procedure only spoken of in
// running text makes no resource.
func (s *segment) procedures() {
	for _, f := range append(s.fields("procedures"), s.fields("procedure")...) {
		date := s.field(f.Name + ".date")
		facts := s.facts("code", f, "performedDateTime", date)
		p := s.resource("Procedure", f.Name, facts)
		p.Set("status", fhir.NewString("completed"))
		p.Set("code", concept(value(f), s.codesOf("procedure", f.Begin, f.End)))
		p.Set("subject", s.patientRef())
		p.Set("encounter", reference(s.encounterRef))
		if d := dateTime(value(date)); d != "" {
			p.Set("performedDateTime", fhir.NewString(d))
		}
		s.file(p, facts)
	}
}
