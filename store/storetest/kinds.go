package storetest

import (
	"context"
	"testing"

	"chartlake/search"
	"chartlake/store"
)

// testKinds asks for one resource by parameters of every type, chains and includes.
func testKinds(t *testing.T, open Open) {
	s := open(t)
	res := do(t, s,
		store.Create{FullURL: "urn:uuid:1", Resource: parse(t, `{"resourceType":"Patient","active":true,"name":[{"family":"Müller","given":["Anna"]}],
			"birthDate":"1970-03-30","identifier":[{"system":"http://h","value":"123"}]}`)},
		store.Create{Resource: parse(t, `{"resourceType":"Observation","status":"final","subject":{"reference":"urn:uuid:1"},
			"code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},"effectiveDateTime":"2020-02-03T10:11:12Z",
			"valueQuantity":{"value":7.2,"unit":"g/dL","system":"http://unitsofmeasure.org","code":"g/dL"}}`)})
	for q, included := range map[string]int{
		"Patient?name=mul": 0, "Patient?identifier=123": 0, "Patient?identifier=http://h|123": 0, "Patient?birthdate=1970": 0, "Patient?active=true": 0,
		"Patient?family:exact=Müller": 0, "Patient?family:contains=LLE": 0, "Observation?code=718-7&date=ge2020&subject:Patient.name=anna": 0,
		"Observation?value-quantity=7.2": 0, "Observation?value-quantity=gt7||g/dL": 0, "Observation?patient=" + res[0].Version.Key.ID: 0,
		"Patient?_has:Observation:patient:code=718-7": 0, "Observation?code-value-quantity=718-7$gt7": 0, "Observation?_sort=-date": 0,
		"Observation?status=final&_include=Observation:subject": 1, "Patient?_revinclude=Observation:patient": 1,
	} {
		parsed := query(t, q)
		parsed.Total = search.TotalAccurate
		view(t, s, anna, func(v store.View) error {
			page, err := v.Search(parsed)
			if err == nil && (len(page.Matches) != 1 || *page.Total != 1 || len(page.Included) != included) {
				t.Errorf("%s: %d matches, total %d, %d included", q, len(page.Matches), *page.Total, len(page.Included))
			}
			return err
		})
	}
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
}
