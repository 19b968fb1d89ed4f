package fhirmap

import (
	"strings"

	"chartlake/fhir"
)

// diagnosticReport writes the frame of a laboratory report: who, when, the results in
// printed order. The collection date is never filled from the reporting date.
func (s *segment) diagnosticReport() {
	if s.Type != "lab_report" || len(s.observed) == 0 {
		return
	}
	panel, collected, reported := s.field("panel"), s.field("collected"), s.field("reported")
	account, status, comment := s.field("account"), s.field("status"), s.field("comment")
	lab, clia := s.field("lab"), s.field("clia")
	ordering, npi := s.field("ordering"), s.field("ordering.npi")
	facts := s.facts("code", panel, "effectiveDateTime", collected, "issued", reported, "identifier.value", account,
		"status", status, "conclusion", comment)
	performer := s.organization(lab, clia, "urn:oid:2.16.840.1.113883.4.7")
	request := s.serviceRequest(s.practitioner(ordering, npi))
	specimen := s.specimen()
	code := fhir.NewObject("coding", []*fhir.Node{fhir.NewObject("system", loincSystem, "code", "11502-2")})
	if panel != nil {
		code.Set("text", fhir.NewString(value(panel)))
	}
	r := s.resource("DiagnosticReport", "report", facts)
	if account != nil {
		r.Set("identifier", fhir.NewArray(fhir.NewObject("value", value(account))))
	}
	r.Set("basedOn", refArray(request))
	r.Set("status", fhir.NewString(diagnosticStatus(value(status))))
	r.Set("category", fhir.NewArray(coded(hl7+"v2-0074", "LAB")))
	r.Set("code", code)
	r.Set("subject", s.patientRef())
	if d := dateTime(value(collected)); d != "" {
		r.Set("effectiveDateTime", fhir.NewString(d))
	}
	r.Set("performer", refArray(performer))
	r.Set("specimen", refArray(specimen))
	r.Set("result", fhir.NewArray(s.observed...))
	if comment != nil {
		r.Set("conclusion", fhir.NewString(value(comment)))
	}
	r.Set("presentedForm", fhir.NewArray(fhir.NewObject("contentType", s.in.Record.Document.MediaType, "url", "Binary/"+s.hash)))
	s.file(r, facts)
}

func diagnosticStatus(printed string) string {
	switch p := strings.ToLower(printed); p {
	case "final", "preliminary", "corrected", "amended", "partial":
		return p
	}
	return "unknown"
}

func refArray(ref *fhir.Node) *fhir.Node {
	if ref == nil {
		return nil
	}
	return fhir.NewArray(ref)
}

// serviceRequest is the order behind a report, where the page names who ordered.
func (s *segment) serviceRequest(requester *fhir.Node) *fhir.Node {
	if requester == nil {
		return nil
	}
	facts := s.facts("requester", s.field("ordering"))
	r := s.resource("ServiceRequest", "order", facts)
	r.Set("status", fhir.NewString("completed"))
	r.Set("intent", fhir.NewString("order"))
	r.Set("subject", s.patientRef())
	r.Set("requester", requester)
	return reference(s.file(r, facts))
}

// specimen is the sample, where the page says what it was or when it was taken.
func (s *segment) specimen() *fhir.Node {
	typ, collected, received := s.field("specimen"), s.field("collected"), s.field("received")
	if typ == nil {
		return nil
	}
	facts := s.facts("type", typ, "collection.collectedDateTime", collected, "receivedTime", received)
	p := s.resource("Specimen", "specimen", facts)
	p.Set("type", fhir.NewObject("text", value(typ)))
	p.Set("subject", s.patientRef())
	if d := dateTime(value(received)); d != "" {
		p.Set("receivedTime", fhir.NewString(d))
	}
	if d := dateTime(value(collected)); d != "" {
		p.Set("collection", fhir.NewObject("collectedDateTime", d))
	}
	return reference(s.file(p, facts))
}
