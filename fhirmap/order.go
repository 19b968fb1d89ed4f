package fhirmap

import (
	"strconv"
	"strings"

	"chartlake/fhir"
)

// report writes an imaging or pathology report: the conclusion verbatim, the page as its
// presented form, no observation of what the text says.
func (s *segment) report() {
	category, code, system := "RAD", "18748-4", hl7+"v2-0074"
	switch s.Type {
	case "imaging_report":
	case "pathology_report":
		category, code = "SP", "11526-1"
	default:
		return
	}
	exam, conclusion := s.field("exam"), s.field("impression", "diagnosis.final")
	if exam == nil && conclusion == nil {
		return
	}
	done, issued, account, status := s.field("collected", "date"), s.field("reported"), s.field("account"), s.field("status")
	facts := s.facts("code.text", exam, "conclusion", conclusion, "effectiveDateTime", done, "identifier.value", account, "status", status, "issued", issued)
	request := s.serviceRequest(s.practitioner(s.field("ordering"), nil))
	r := s.resource("DiagnosticReport", "report", facts)
	if account != nil {
		r.Set("identifier", fhir.NewArray(fhir.NewObject("value", value(account))))
	}
	r.Set("basedOn", refArray(request))
	r.Set("status", fhir.NewString(diagnosticStatus(value(status))))
	r.Set("category", fhir.NewArray(coded(system, category)))
	what := coded(loincSystem, code)
	if exam != nil {
		what.Set("text", fhir.NewString(value(exam)))
	}
	r.Set("code", what)
	r.Set("subject", s.patientRef())
	if d := dateTime(value(done)); d != "" {
		r.Set("effectiveDateTime", fhir.NewString(d))
	}
	r.Set("performer", refArray(s.organization(s.field("facility"), nil, "")))
	if who := s.practitioner(s.field("signed"), nil); who != nil {
		r.Set("resultsInterpreter", fhir.NewArray(who))
	}
	if s.Type == "pathology_report" {
		r.Set("specimen", refArray(s.specimen()))
	}
	if conclusion != nil {
		r.Set("conclusion", fhir.NewString(value(conclusion)))
	}
	r.Set("presentedForm", fhir.NewArray(fhir.NewObject("contentType", s.in.Record.Document.MediaType, "url", "Binary/"+s.hash)))
	s.file(r, facts)
}

// referral is the order that a referral states.
func (s *segment) referral() {
	if s.Type != "referral" {
		return
	}
	from, to, reason, date := s.field("from"), s.field("to"), s.field("reason"), s.field("date")
	if reason == nil && to == nil {
		return
	}
	urgency, visits, specialty := s.field("urgency"), s.field("visits"), s.field("specialty")
	facts := s.facts("requester", from, "performer", to, "reasonCode[0].text", reason, "authoredOn", date, "priority", urgency, "quantityQuantity.value", visits, "performerType.text", specialty)
	r := s.resource("ServiceRequest", "referral", facts)
	r.Set("status", fhir.NewString("unknown")) // paper does not prove that it still runs
	r.Set("intent", fhir.NewString("order"))
	if p := map[string]string{"routine": "routine", "urgent": "urgent", "stat": "stat", "asap": "asap"}[strings.ToLower(value(urgency))]; p != "" {
		r.Set("priority", fhir.NewString(p))
	}
	r.Set("code", fhir.NewObject("text", "Referral"))
	if f := s.field("service"); f != nil {
		r.Set("code", fhir.NewObject("text", value(f)))
	}
	if visits != nil && isDecimal(value(visits)) {
		r.Set("quantityQuantity", fhir.NewObject("value", fhir.NewNumber(value(visits)), "unit", "visits"))
	}
	r.Set("subject", s.patientRef())
	if d := dateTime(value(date)); d != "" {
		r.Set("authoredOn", fhir.NewString(d))
	}
	r.Set("requester", s.practitioner(from, s.field("from.npi")))
	if specialty != nil {
		r.Set("performerType", fhir.NewObject("text", value(specialty)))
	}
	r.Set("performer", refArray(s.practitioner(to, nil)))
	var reasons []*fhir.Node
	if reason != nil {
		reasons = append(reasons, fhir.NewObject("text", value(reason)))
	}
	for _, f := range s.fields("dx") {
		if icd10.MatchString(value(f)) {
			facts = append(facts, s.fact("reasonCode["+itoa(len(reasons))+"]", f))
			reasons = append(reasons, fhir.NewObject("coding", []*fhir.Node{fhir.NewObject("system", "http://hl7.org/fhir/sid/icd-10-cm", "code", value(f))}, "text", raw(f)))
		}
	}
	r.Set("reasonCode", nonEmptyArray(reasons))
	r.Set("meta", meta(facts))
	s.file(r, facts)
}

// medicationRequests are the lines of a prescription, and of a pharmacy's request as drafts
// with a Task to the prescriber. Directions stand verbatim.
func (s *segment) medicationRequests() {
	refill := s.Type == "refill_request"
	if s.Type != "prescription" && !refill {
		return
	}
	date, by := s.field("date"), s.field("prescriber")
	requester := s.practitioner(by, s.field("npi"))
	var first string
	for i, l := range s.Lines {
		drug, strength, sig, qty, refills := cell(l, "drug"), cell(l, "strength"), cell(l, "sig"), cell(l, "qty"), cell(l, "refills")
		if drug == nil || anyReview(l) {
			continue
		}
		facts := s.facts("medicationCodeableConcept.text", drug, "medicationCodeableConcept.text", strength, "dosageInstruction[0].text", sig,
			"dispenseRequest.quantity.value", qty, "dispenseRequest.numberOfRepeatsAllowed", refills, "authoredOn", date, "requester", by)
		r := s.resource("MedicationRequest", "line/"+itoa(i), facts)
		if rx := s.field("rx"); rx != nil {
			r.Set("identifier", fhir.NewArray(fhir.NewObject("value", value(rx))))
		}
		status, intent := "unknown", "order"
		if refill {
			status, intent = "draft", "proposal"
		}
		r.Set("status", fhir.NewString(status))
		r.Set("intent", fhir.NewString(intent))
		if !refill {
			r.Set("reportedBoolean", fhir.NewBool(true))
		}
		r.Set("medicationCodeableConcept", fhir.NewObject("text", joinWords(value(drug), value(strength), value(cell(l, "form")))))
		r.Set("subject", s.patientRef())
		if d := dateTime(value(date)); d != "" {
			r.Set("authoredOn", fhir.NewString(d))
		}
		r.Set("requester", requester)
		if sig != nil {
			r.Set("dosageInstruction", fhir.NewArray(fhir.NewObject("text", value(sig))))
		}
		dispense := fhir.NewObject()
		if n, err := strconv.Atoi(value(refills)); err == nil && n >= 0 && n < 100 {
			dispense.Set("numberOfRepeatsAllowed", fhir.NewNumber(strconv.Itoa(n)))
		}
		if qty != nil && isDecimal(value(qty)) {
			dispense.Set("quantity", fhir.NewObject("value", fhir.NewNumber(value(qty))))
		}
		if d := nonEmpty(dispense); d != nil {
			r.Set("dispenseRequest", d)
		}
		ref := s.file(r, facts)
		if first == "" {
			first = ref
		}
	}
	if refill && first != "" {
		facts := s.facts("owner", by)
		t := s.resource("Task", "refill", facts)
		t.Set("status", fhir.NewString("requested"))
		t.Set("intent", fhir.NewString("proposal"))
		t.Set("code", fhir.NewObject("text", "Answer the pharmacy's refill request"))
		t.Set("focus", reference(first))
		t.Set("for", s.patientRef())
		t.Set("owner", requester)
		s.file(t, facts)
	}
}
