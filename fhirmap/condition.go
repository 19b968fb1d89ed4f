package fhirmap

import (
	"strings"

	"chartlake/fhir"
	"chartlake/record"
)

// diagnosisFields are the record fields that name a diagnosis (docs/format/record.md).
var diagnosisFields = []string{"diagnosis.principal", "diagnosis.secondary", "diagnosis.admitting", "diagnosis"}

// conditions writes what is affirmed of the patient. A machine asserts unconfirmed at most;
// "possible" is provisional; what is past is inactive and no abatement is invented (R4
// invariants con-3, con-4).
func (s *segment) conditions() {
	for _, fd := range s.findings("problem", diagnosisFields...) {
		facts := s.findingFacts("code", fd)
		clinical, verification := "active", "unconfirmed"
		switch {
		case fd.asRisk:
			verification = "provisional"
		case confirmed(facts):
			verification = "confirmed"
		}
		if fd.asPast {
			clinical = "inactive"
		}
		category := "problem-list-item"
		if fd.field != nil || fd.asRisk {
			category = "encounter-diagnosis"
		}
		c := s.resource("Condition", fd.place, facts)
		c.Set("clinicalStatus", coded(hl7+"condition-clinical", clinical))
		c.Set("verificationStatus", coded(hl7+"condition-ver-status", verification))
		c.Set("category", fhir.NewArray(coded(hl7+"condition-category", category)))
		c.Set("code", concept(fd.text, fd.codes))
		if e := fd.first; e != nil {
			if place := placeOf(e); place != "" {
				c.Set("bodySite", fhir.NewArray(fhir.NewObject("text", place)))
			}
			if severity := e.Attributes["severity"]; severity != "" {
				c.Set("severity", fhir.NewObject("text", severity))
			}
		}
		c.Set("subject", s.patientRef())
		c.Set("encounter", reference(s.encounterRef))
		s.file(c, facts)
	}
}

// placeOf is where a finding is, with its side.
func placeOf(e *record.Entity) string {
	site, side := e.Attributes["body_site"], e.Attributes["laterality"]
	if side == "" || strings.Contains(strings.ToLower(site), strings.ToLower(side)) {
		return site
	}
	return strings.TrimSpace(side + " " + site)
}
