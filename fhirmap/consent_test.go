package fhirmap

import (
	"strings"
	"testing"

	"chartlake/fhir/validate"
	"chartlake/record"
)

func TestAnswersAndConsent(t *testing.T) {
	t.Parallel()
	question := func(name, label, v string, state record.State) record.Field {
		f := accepted(name, v)
		f.Label, f.State, f.Kind = label, state, record.KindTick
		return f
	}
	fields := append(person(), accepted("signed.date", "2026-02-03"), question("q.sick", "Are you sick today?", "No", record.Accepted),
		question("q.allergy", "Any allergy?", "Yes", record.Review), question("q.more", "What else?", "Travel", record.Accepted),
		question("q.more", "What else?", "Malaria", record.Accepted))
	b := bundle(record.Segment{Type: "immunization_consent", Pages: [2]int{1, 1}, Fields: fields})
	r := resources(b, "QuestionnaireResponse")
	if len(r) != 1 {
		t.Fatalf("%d responses", len(r))
	}
	text := string(r[0].AppendJSON(nil))
	for _, want := range []string{`"linkId":"sick","text":"Are you sick today?","answer":[{"valueBoolean":false}]`, `[{"valueString":"Travel"},{"valueString":"Malaria"}]`, `"authored":"2026-02-03"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	if strings.Contains(text, "allergy") {
		t.Error("an answer in review was filed")
	}
	c := resources(b, "Consent")
	if len(c) != 1 || c[0].Str("status") != "proposed" || c[0].Str("dateTime") != "2026-02-03" {
		t.Fatalf("consent without a signature: %d", len(c))
	}
	for _, n := range append(r, c...) {
		if err := validate.Error((validate.Validator{Level: validate.Full}).Resource(n)); err != nil {
			t.Errorf("%s: %v", n.AppendJSON(nil), err)
		}
	}
}
