package fhirmap

import (
	"strings"

	"chartlake/fhir"
	"chartlake/record"
)

// medicationFields are the record fields that list drugs (docs/format/record.md).
var medicationFields = []string{"medications.discharge", "medications.admission", "medications", "medication"}

// medicationStatuses maps what the text says of a drug to MedicationStatement.status. A drug
// that was held or stopped is never active. Source: R4 value set medication-statement-status.
var medicationStatuses = map[string]string{
	"active": "active", "new": "active", "continued": "active", "changed": "active", "started": "active",
	"stopped": "stopped", "discontinued": "stopped", "held": "on-hold", "on-hold": "on-hold",
	"completed": "completed", "not-taken": "not-taken", "intended": "intended",
}

// medicationStatements writes the drugs that the patient takes or took by the page.
func (s *segment) medicationStatements() {
	for _, fd := range s.findings("medication", medicationFields...) {
		if fd.asRisk {
			continue
		}
		facts := s.findingFacts("medicationCodeableConcept", fd)
		text, dosage := fd.text, ""
		if fd.field != nil {
			dosage = raw(fd.field)
			if fd.first != nil {
				text = fd.first.Text
			}
		}
		var attributes map[string]string
		if fd.first != nil {
			attributes = fd.first.Attributes
			if dosage == "" {
				dosage = instruction(attributes)
			}
		}
		m := s.resource("MedicationStatement", fd.place, facts)
		m.Set("status", fhir.NewString(medicationStatus(fd, attributes)))
		m.Set("medicationCodeableConcept", concept(text, fd.codes))
		m.Set("subject", s.patientRef())
		m.Set("context", reference(s.encounterRef))
		if reason := attributes["reason"]; reason != "" {
			m.Set("reasonCode", fhir.NewArray(fhir.NewObject("text", reason)))
		}
		m.Set("dosage", nonEmptyArray(dosages(dosage, attributes["route"])))
		s.file(m, facts)
	}
}

func medicationStatus(fd finding, attributes map[string]string) string {
	if status, ok := medicationStatuses[strings.ToLower(attributes["status"])]; ok {
		return status
	}
	switch {
	case fd.asPast:
		return "unknown"
	case fd.list == "medications.discharge" || fd.list == "medications":
		return "active"
	case fd.first != nil && strings.Contains(fd.first.Section, "medication"):
		return "active"
	}
	return "unknown"
}

// instruction is a drug's dose instruction as written, else its printed parts in their usual order.
func instruction(a map[string]string) string {
	if a["sig"] != "" {
		return a["sig"]
	}
	var parts []string
	for _, k := range []string{"strength", "dose", "form", "route", "frequency", "duration"} {
		if a[k] != "" {
			parts = append(parts, a[k])
		}
	}
	return strings.Join(parts, " ")
}

// codesOf finds the codes of an accepted mention of a type within characters [begin,end).
func (s *segment) codesOf(typ record.EntityType, begin, end int) []record.Code {
	for i := range s.Entities {
		e := &s.Entities[i]
		if e.Type == typ && e.Begin < end && e.End > begin && len(e.Codes) > 0 {
			return e.Codes
		}
	}
	return nil
}
