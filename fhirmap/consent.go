package fhirmap

import (
	"chartlake/fhir"
)

// consent writes that a consent form came in. It is active only where a signature was read;
// without one it is proposed, since the day alone says nothing about who agreed.
func (s *segment) consent() {
	day, signed := s.field("signed.date"), s.field("signed")
	if s.Type != "immunization_consent" && s.Type != "consent" || day == nil && signed == nil {
		return
	}
	facts := s.facts("dateTime", day, "status", signed)
	c := s.resource("Consent", "form", facts)
	status := "proposed"
	if v := value(signed); signed != nil && v != "absent" {
		status = "active"
	}
	words := "Consent form as printed"
	if title := s.field("title"); title != nil {
		words = value(title)
	}
	c.Set("status", fhir.NewString(status))
	c.Set("scope", coded(hl7+"consentscope", "treatment"))
	c.Set("category", fhir.NewArray(coded("http://loinc.org", "59284-0")))
	c.Set("patient", s.patientRef())
	if d := dateTime(value(day)); d != "" {
		c.Set("dateTime", fhir.NewString(d))
	}
	c.Set("sourceReference", reference(s.docRef))
	c.Set("policyRule", fhir.NewObject("text", words))
	s.file(c, facts)
}
