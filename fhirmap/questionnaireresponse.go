package fhirmap

import (
	"strings"

	"chartlake/fhir"
	"chartlake/record"
)

// asking are the forms whose questions a patient answers.
var asking = map[record.Type]bool{"immunization_consent": true, "consent": true, "patient_intake_form": true, "medical_history_form": true}

// questionnaireResponse writes the answered questions of a form as they are printed. A
// question without an answer has no item: an empty box is not a "no".
func (s *segment) questionnaireResponse() {
	if !asking[s.Type] {
		return
	}
	var items []*fhir.Node
	var facts []fact
	at := map[string]*fhir.Node{}
	for i := range s.Fields {
		f := &s.Fields[i]
		if !strings.HasPrefix(f.Name, "q.") || !usable(f) {
			continue
		}
		answer := fhir.NewObject("valueString", value(f))
		switch strings.ToLower(value(f)) {
		case "yes", "y":
			answer = fhir.NewObject("valueBoolean", true)
		case "no", "n":
			answer = fhir.NewObject("valueBoolean", false)
		}
		if it := at[f.Name]; it != nil {
			it.Set("answer", fhir.NewArray(append(it.Get("answer").Items(), answer)...))
			continue
		}
		it := fhir.NewObject("linkId", strings.TrimPrefix(f.Name, "q."), "text", f.Label, "answer", []*fhir.Node{answer})
		at[f.Name] = it
		facts = append(facts, s.fact("item["+itoa(len(items))+"].answer[0]", f))
		items = append(items, it)
	}
	if len(items) == 0 {
		return
	}
	r := s.resource("QuestionnaireResponse", "form", facts)
	r.Set("status", fhir.NewString("completed"))
	r.Set("subject", s.patientRef())
	if d := s.field("signed.date"); d != nil && dateTime(value(d)) != "" {
		r.Set("authored", fhir.NewString(dateTime(value(d))))
		facts = append(facts, s.fact("authored", d))
	}
	r.Set("source", s.patientRef())
	r.Set("item", nonEmptyArray(items))
	s.file(r, facts)
}
