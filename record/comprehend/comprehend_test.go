package comprehend

import (
	"encoding/json"
	"strings"
	"testing"

	"chartlake/record"
)

const text = "Zoë denies fever. Takes metformin 500 mg tablet twice daily. Hgb 9.1 g/dL. Mother had asthma. Smoker."

func at(words string, typ record.EntityType) record.Entity {
	begin := len([]rune(text[:strings.Index(text, words)]))
	return record.Entity{Text: words, Type: typ, Begin: begin, End: begin + len([]rune(words)), Confidence: 0.9, Experiencer: "patient"}
}

func TestWhatProgramsReadFromComprehend(t *testing.T) {
	t.Parallel()
	fever := at("fever", record.Problem)
	fever.Negated = true
	drug := at("metformin", record.Medication)
	drug.Attributes = map[string]string{"strength": "500 mg", "form": "tablet", "frequency": "twice daily", "route": "by mouth"}
	test := at("Hgb", record.Test)
	test.Attributes = map[string]string{"value": "9.1", "unit": "g/dL"}
	asthma := at("asthma", record.Problem)
	asthma.Experiencer = "family"
	named, number := at("Zoë", record.PHI), at("500", record.PHI)
	named.Attributes, number.Attributes = map[string]string{"kind": "name"}, map[string]string{"kind": "device"}
	for i, want := range []string{"NAME", "ID"} {
		if e := Write(text, []record.Entity{named, number}, "v").Entities[i]; e.Category != "PROTECTED_HEALTH_INFORMATION" || e.Type != want {
			t.Errorf("an identifier: %+v", e)
		}
	}
	got := Write(text, []record.Entity{fever, drug, test, asthma, at("Smoker", record.SocialHistory)}, "v")
	ids := map[int]bool{}
	seen := func(id, begin, end int, words string) {
		if ids[id] {
			t.Errorf("id %d is used twice", id)
		}
		ids[id] = true
		if is := string([]rune(text)[begin:end]); is != words {
			t.Errorf("%q stands where %q should", is, words)
		}
	}
	for _, e := range got.Entities {
		seen(e.ID, e.BeginOffset, e.EndOffset, e.Text)
		for _, a := range e.Attributes {
			seen(a.ID, a.BeginOffset, a.EndOffset, a.Text)
		}
	}
	if e := got.Entities[0]; e.Category != "MEDICAL_CONDITION" || e.Type != "DX_NAME" || len(e.Traits) != 1 || e.Traits[0].Name != "NEGATION" {
		t.Errorf("fever: %+v", e)
	}
	if e := got.Entities[1]; len(e.Attributes) != 3 || e.Attributes[0].RelationshipType != "STRENGTH" {
		t.Errorf("a route that is not in the text, or a lost attribute: %+v", e)
	}
	if e := got.Entities[2]; len(e.Attributes) != 2 || e.Type != "TEST_NAME" {
		t.Errorf("hemoglobin: %+v", e)
	}
	if e := got.Entities[3]; e.Traits[0].Name != "PERTAINS_TO_FAMILY" {
		t.Errorf("asthma: %+v", e)
	}
	if e := got.Entities[4]; e.Type != "TOBACCO_USE" {
		t.Errorf("smoker: %+v", e)
	}
	empty, err := json.Marshal(Write("", nil, "v"))
	if err != nil || string(empty) != `{"Entities":[],"UnmappedAttributes":[],"ModelVersion":"v"}` {
		t.Errorf("nothing found: %s, %v", empty, err)
	}
}
