package fhirmap

import (
	"chartlake/fhir"
)

// encounter writes the stay or visit that the page reports, where it gives a date for it.
func (s *segment) encounter() {
	admitted, discharged, visit := s.field("admitted"), s.field("discharged"), s.field("visit")
	if s.Type != "discharge_summary" && visit == nil || admitted == nil && discharged == nil && visit == nil {
		return
	}
	class, start, end := "AMB", dateTime(value(visit)), dateTime(value(visit))
	if s.Type == "discharge_summary" {
		class, start, end = "IMP", dateTime(value(admitted)), dateTime(value(discharged))
	}
	account, disposition := s.field("account"), s.field("disposition")
	attending := s.field("attending", "provider")
	facts := s.facts("period.start", admitted, "period.end", discharged, "period", visit, "identifier.value", account,
		"hospitalization.dischargeDisposition", disposition, "participant.individual", attending)
	organization := s.organization(s.field("facility"), s.field("facility.npi"), npiSystem)
	practitioner := s.practitioner(attending, nil)
	e := s.resource("Encounter", "stay", facts)
	if account != nil {
		e.Set("identifier", fhir.NewArray(fhir.NewObject("type", coded(hl7+"v2-0203", "VN"), "value", value(account))))
	}
	e.Set("status", fhir.NewString("finished"))
	e.Set("class", fhir.NewObject("system", hl7+"v3-ActCode", "code", class))
	e.Set("subject", s.patientRef())
	if practitioner != nil {
		e.Set("participant", fhir.NewArray(fhir.NewObject("individual", practitioner)))
	}
	e.Set("period", nonEmpty(fhir.NewObject("start", start, "end", end)))
	if disposition != nil {
		e.Set("hospitalization", fhir.NewObject("dischargeDisposition", fhir.NewObject("text", value(disposition))))
	}
	e.Set("serviceProvider", organization)
	s.encounterRef = s.file(e, facts)
}
