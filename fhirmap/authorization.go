package fhirmap

import (
	"strings"

	"chartlake/fhir"
)

// authorization writes a prior authorisation: the request as Claim, the decision as
// ClaimResponse, both of use preauthorization and of base R4. The decision's words stand
// verbatim in disposition.
func (s *segment) authorization() {
	switch s.Type {
	case "prior_auth_request":
		s.authorizationRequest()
	case "prior_auth_determination":
		s.authorizationDecision()
	}
}

func (s *segment) authorizationRequest() {
	if len(s.Lines) == 0 {
		return
	}
	c := &claim{segment: s, diagnose: map[string]int{}}
	requester, date := s.field("requester"), s.field("date")
	c.facts = s.facts("provider", requester, "created", date)
	c.node = s.resource("Claim", "preauthorization", nil)
	n := c.node
	n.Set("status", fhir.NewString("active"))
	n.Set("type", coded(hl7+"claim-type", "professional"))
	n.Set("use", fhir.NewString("preauthorization"))
	n.Set("patient", s.patientRef())
	setCreated(n, s, value(date))
	if payer := s.organization(s.field("payer"), nil, ""); payer != nil {
		n.Set("insurer", payer)
		c.note("insurer", s.field("payer"))
	}
	n.Set("provider", orAbsent(s.practitioner(requester, s.field("requester.npi"))))
	priority := "normal"
	if w := strings.ToLower(value(s.field("urgency"))); strings.Contains(w, "expedit") || strings.Contains(w, "urgent") || w == "stat" {
		priority = "stat"
		c.note("priority", s.field("urgency"))
	}
	n.Set("priority", coded(hl7+"processpriority", priority))
	if f := s.field("servicing"); f != nil {
		c.member(s.practitioner(f, s.field("servicing.npi")), fhir.NewObject("text", "Servicing provider"), f)
	}
	if f := s.field("justification"); f != nil {
		c.tell("info", f, "valueString", fhir.NewString(value(f)), fhir.NewObject("text", "Clinical justification"))
	}
	var diagnoses []*fhir.Node
	for i, f := range s.fields("dx") {
		what := fhir.NewObject("text", raw(f))
		if icd10.MatchString(value(f)) {
			what = fhir.NewObject("coding", []*fhir.Node{fhir.NewObject("system", "http://hl7.org/fhir/sid/icd-10-cm", "code", value(f))}, "text", raw(f))
		}
		c.note("diagnosis["+itoa(i)+"].diagnosisCodeableConcept", f)
		diagnoses = append(diagnoses, fhir.NewObject("sequence", i+1, "diagnosisCodeableConcept", what))
	}
	n.Set("careTeam", nonEmptyArray(c.team))
	n.Set("supportingInfo", nonEmptyArray(c.info))
	n.Set("diagnosis", nonEmptyArray(diagnoses))
	n.Set("insurance", fhir.NewArray(fhir.NewObject("sequence", 1, "focal", true, "coverage", orAbsent(s.memberCoverage()))))
	var items []*fhir.Node
	for i, l := range s.Lines {
		at := "item[" + itoa(i) + "]."
		it := fhir.NewObject("sequence", i+1)
		product := absent("unknown")
		if f := cell(l, "cpt"); f != nil {
			product = procedure(value(f), value(cell(l, "service")))
			c.note(at+"productOrService", f)
		} else if f := cell(l, "service"); f != nil {
			product = fhir.NewObject("text", value(f))
			c.note(at+"productOrService.text", f)
		}
		it.Set("productOrService", product)
		if from, to := value(cell(l, "dates.from")), value(cell(l, "dates.to")); isDate(from) && isDate(to) {
			it.Set("servicedPeriod", fhir.NewObject("start", from, "end", to))
			c.note(at+"servicedPeriod.start", cell(l, "dates.from"))
		}
		if f := cell(l, "units"); f != nil && isDecimal(value(f)) {
			it.Set("quantity", fhir.NewObject("value", fhir.NewNumber(value(f))))
			c.note(at+"quantity.value", f)
		}
		items = append(items, it)
	}
	n.Set("item", nonEmptyArray(items))
	n.Set("meta", meta(c.facts))
	s.file(n, c.facts)
}

func (s *segment) authorizationDecision() {
	decided, auth := s.field("determination"), s.field("auth")
	if decided == nil && auth == nil {
		return
	}
	start, end, reason := s.field("start"), s.field("end"), s.field("reason")
	facts := s.facts("disposition", decided, "preAuthRef", auth, "preAuthPeriod.start", start, "preAuthPeriod.end", end,
		"created", s.field("date"), "processNote[0].text", reason, "requestor", s.field("provider"))
	r := s.resource("ClaimResponse", "preauthorization", facts)
	r.Set("status", fhir.NewString("active"))
	r.Set("type", coded(hl7+"claim-type", "professional"))
	r.Set("use", fhir.NewString("preauthorization"))
	r.Set("patient", s.patientRef())
	setCreated(r, s, value(s.field("date")))
	r.Set("insurer", orAbsent(s.organization(s.field("payer"), nil, "")))
	if who := s.practitioner(s.field("provider"), s.field("provider.npi")); who != nil {
		r.Set("requestor", who)
	}
	outcome := "complete"
	if w := strings.ToLower(value(decided)); strings.HasPrefix(w, "partial") {
		outcome = "partial"
	} else if strings.HasPrefix(w, "pend") {
		outcome = "queued"
	}
	r.Set("outcome", fhir.NewString(outcome))
	if decided != nil {
		r.Set("disposition", fhir.NewString(value(decided)))
	}
	if auth != nil {
		r.Set("preAuthRef", fhir.NewString(value(auth)))
	}
	period := fhir.NewObject()
	for name, f := range map[string]string{"start": value(start), "end": value(end)} {
		if isDate(f) {
			period.Set(name, fhir.NewString(f))
		}
	}
	if p := nonEmpty(period); p != nil && auth != nil {
		r.Set("preAuthPeriod", p)
	}
	var items []*fhir.Node
	for _, l := range s.Lines {
		f := cell(l, "cpt")
		if f == nil {
			continue
		}
		it := fhir.NewObject("productOrService", procedure(value(f), value(cell(l, "service"))))
		facts = append(facts, s.fact("addItem["+itoa(len(items))+"].productOrService", f))
		units := cell(l, "units_approved")
		adj := fhir.NewObject("category", coded(hl7+"adjudication", "submitted"))
		if units != nil && isDecimal(value(units)) {
			adj.Set("value", fhir.NewNumber(value(units)))
			facts = append(facts, s.fact("addItem["+itoa(len(items))+"].adjudication[0].value", units))
			it.Set("quantity", fhir.NewObject("value", fhir.NewNumber(value(units))))
		}
		it.Set("adjudication", fhir.NewArray(adj))
		items = append(items, it)
	}
	r.Set("addItem", nonEmptyArray(items))
	if reason != nil {
		r.Set("processNote", fhir.NewArray(fhir.NewObject("number", 1, "text", value(reason))))
	}
	r.Set("meta", meta(facts))
	s.file(r, facts)
	s.appeal()
}

// appeal is the task that an appeal deadline makes.
func (s *segment) appeal() {
	by := s.field("appeal_by")
	if by == nil || !isDate(value(by)) {
		return
	}
	facts := s.facts("restriction.period.end", by)
	t := s.resource("Task", "appeal", facts)
	t.Set("status", fhir.NewString("requested"))
	t.Set("intent", fhir.NewString("proposal"))
	t.Set("code", fhir.NewObject("text", "Decide whether to appeal"))
	t.Set("focus", reference(s.docRef))
	t.Set("for", s.patientRef())
	t.Set("restriction", fhir.NewObject("period", fhir.NewObject("end", value(by))))
	s.file(t, facts)
}
