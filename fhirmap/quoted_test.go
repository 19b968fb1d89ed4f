package fhirmap

import (
	"testing"

	"chartlake/fhir"
	"chartlake/record"
)

// quoted maps one result of running text and gives its Observation; nil where none is filed.
func quoted(attributes map[string]string) *fhir.Node {
	e := record.Entity{Text: "test", Type: record.Test, Begin: 3, End: 7, Experiencer: "patient", State: record.Accepted, Attributes: attributes, Confidence: 0.9}
	rec := &record.Record{Segments: []record.Segment{{Type: "progress_note", Pages: [2]int{1, 1}, Entities: []record.Entity{e}}}}
	for _, en := range Bundle(Input{Record: rec, Subjects: []Subject{{ID: "p"}}}).Get("entry").Items() {
		if r := en.Get("resource"); r.Get("resourceType").Text() == "Observation" {
			return r
		}
	}
	return nil
}

// TestQuotedResults maps results as they are written: numbers with UCUM, blood pressures by their
// two values, words as words with their interpretation.
func TestQuotedResults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		attributes map[string]string
		element    string
		want       string
	}{
		{map[string]string{"value": "5.60", "unit": "mmol/L", "range": "3.5-5.1", "flag": "H"}, "valueQuantity",
			`{"value":5.60,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"}`},
		{map[string]string{"value": "142/88", "unit": "mmHg"}, "component",
			`[{"code":{"text":"systolic"},"valueQuantity":{"value":142,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},` +
				`{"code":{"text":"diastolic"},"valueQuantity":{"value":88,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]`},
		{map[string]string{"value": "38.2", "unit": "C", "ucum": "Cel", "category": "vital-signs"}, "valueQuantity",
			`{"value":38.2,"unit":"C","system":"http://unitsofmeasure.org","code":"Cel"}`},
		{map[string]string{"value": "88", "ucum": "/min", "category": "vital-signs"}, "valueQuantity",
			`{"value":88,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}`},
		{map[string]string{"flag": "elevated"}, "valueCodeableConcept", `{"text":"elevated"}`},
		{map[string]string{"flag": "elevated"}, "interpretation",
			`[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"H"}],"text":"elevated"}]`},
		{map[string]string{"value": "0.01", "comparator": "<"}, "valueQuantity", `{"value":0.01,"comparator":"<"}`},
		{map[string]string{"value": "7.2", "date": "03/14/2024"}, "effectiveDateTime", `"2024-03-14"`},
		{map[string]string{"value": "positive"}, "valueString", `"positive"`},
	} {
		if got := string(quoted(c.attributes).Get(c.element).AppendJSON(nil)); got != c.want {
			t.Errorf("%v: %s, want %s", c.attributes, got, c.want)
		}
	}
	if n := quoted(map[string]string{"unit": "mg"}); n != nil {
		t.Error("a test without a result is filed")
	}
}

// TestPlaceOfAFinding files where a finding is, and how bad.
func TestPlaceOfAFinding(t *testing.T) {
	t.Parallel()
	e := record.Entity{Text: "hip pain", Type: record.Problem, Begin: 3, End: 7, Experiencer: "patient", State: record.Accepted, Confidence: 0.9,
		Attributes: map[string]string{"body_site": "hip", "laterality": "Right", "severity": "severe"}}
	rec := &record.Record{Segments: []record.Segment{{Type: "progress_note", Pages: [2]int{1, 1}, Entities: []record.Entity{e}}}}
	for _, en := range Bundle(Input{Record: rec, Subjects: []Subject{{ID: "p"}}}).Get("entry").Items() {
		r := en.Get("resource")
		if r.Type() != "Condition" {
			continue
		}
		if site, severity := r.Get("bodySite").Item(0).Str("text"), r.Str("severity", "text"); site != "Right hip" || severity != "severe" {
			t.Errorf("site %q, severity %q", site, severity)
		}
		return
	}
	t.Error("no Condition")
}
