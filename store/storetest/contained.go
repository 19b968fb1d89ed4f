package storetest

import (
	"slices"
	"strings"
	"testing"

	"chartlake/store"
)

// testContained evaluates chains inside contained resources: by every kind of value, with what
// lacks a value, and on from there; and they are found by nothing else.
func testContained(t *testing.T, open Open) {
	s := open(t)
	defer s.Close()
	put := func(typ, id, rest string) {
		t.Helper()
		do(t, s, store.Update{Resource: parse(t, "%s", `{"resourceType":"`+typ+`","id":"`+id+`",`+rest+`}`)})
	}
	order := `"status":"active","intent":"order","subject":{"reference":"Patient/p"}`
	med := func(code, more string) string {
		return `"contained":[{"resourceType":"Medication","id":"m","code":{"coding":[{"system":"http://c","code":"` + code + `"}]}` + more + `}],"medicationReference":{"reference":"#m"}`
	}
	put("Patient", "p", `"active":true`)
	put("Organization", "o", `"name":"Acme Remedies"`)
	put("Medication", "m", `"code":{"coding":[{"system":"http://c","code":"a"}]},"status":"active"`)
	put("MedicationRequest", "a", order+`,`+med("b", "")) // replaced below
	put("MedicationRequest", "a", order+`,`+med("a", `,"status":"active"`))
	put("MedicationRequest", "b", order+`,`+med("b", `,"manufacturer":{"reference":"Organization/o"},"ingredient":[{"itemCodeableConcept":{"coding":[{"code":"i"}]}}],"batch":{"expirationDate":"2030-05"}`))
	put("MedicationRequest", "c", order+`,"medicationReference":{"reference":"Medication/m"}`)
	put("MedicationRequest", "d", order+`,"medicationCodeableConcept":{"coding":[{"system":"http://c","code":"a"}]}`)
	put("MedicationRequest", "e", order+`,"contained":[{"resourceType":"Medication","id":"x","code":{"coding":[{"system":"http://c","code":"a"}]}}],"medicationReference":{"reference":"#other"}`)
	put("MedicationRequest", "f", order+`,`+med("a", ""))
	do(t, s, store.Delete{Key: store.Key{Type: "MedicationRequest", ID: "f"}})
	put("Observation", "o", `"status":"final","code":{"text":"x"},"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p","name":[{"family":"Quetzal","given":["Ada"]}],"birthDate":"1961-11-02"}]`)
	for q, want := range map[string]string{
		"MedicationRequest?medication.code=a":                               "ac",
		"MedicationRequest?medication.code=http://c|b":                      "b",
		"MedicationRequest?medication:Medication.code=a,b":                  "abc",
		"MedicationRequest?medication.code:not=a":                           "b",
		"MedicationRequest?medication.status:missing=true":                  "b",
		"MedicationRequest?medication.status:missing=false&patient=p":       "ac",
		"MedicationRequest?medication.expiration-date=2030-05":              "b",
		"MedicationRequest?medication.expiration-date=lt2030":               "",
		"MedicationRequest?medication.ingredient-code=i":                    "b",
		"MedicationRequest?medication.manufacturer.name=acme":               "b",
		"MedicationRequest?medication.manufacturer=Organization/o":          "b",
		"Patient?_has:MedicationRequest:patient:medication.code=http://c|b": "p",
		"Medication?code=a":                                                    "m",
		"Medication?manufacturer.name=acme":                                    "",
		"Organization?_has:Medication:manufacturer:code=b":                     "",
		"Observation?subject.name=quetz":                                       "o",
		"Observation?subject:Patient.name=quetzal":                             "o",
		"Observation?subject:Patient.family:exact=Quetzal":                     "o",
		"Observation?subject:Patient.family:exact=quetzal":                     "",
		"Observation?subject:Patient.name:contains=tza":                        "o",
		"Observation?subject:Patient.birthdate=1961-11-02":                     "o",
		"Observation?subject:Patient.birthdate=ge1961&subject:Patient.name=ad": "o",
		"Observation?subject:Patient.birthdate=gt1962":                         "",
		"Observation?patient.name=quetzal":                                     "o",
		"Patient?name=quetzal":                                                 "",
	} {
		got := all(t, s, anna, q)
		slices.Sort(got)
		if text := strings.Join(got, ""); text != want {
			t.Errorf("%s: %q, want %q", q, text, want)
		}
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
