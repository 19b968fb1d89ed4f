package search_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/fhir"
	"chartlake/search"
)

func TestPatients(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`{"resourceType":"Patient","id":"a"}`: {"a"},
		`{"resourceType":"Patient","id":"a","link":[{"other":{"reference":"Patient/b"},"type":"seealso"}]}`:                                                                   {"a", "b"},
		`{"resourceType":"Observation","subject":{"reference":"Patient/a"},"performer":[{"reference":"Patient/b"},{"reference":"Patient/a"},{"reference":"Practitioner/c"}]}`: {"a", "b"},
		`{"resourceType":"Observation","subject":{"reference":"http://here/fhir/Patient/a/_history/3"}}`:                                                                      {"a"},
		`{"resourceType":"Observation","subject":{"reference":"http://there/fhir/Patient/a"}}`:                                                                                nil,
		`{"resourceType":"Observation","subject":{"reference":"Group/a"},"device":{"reference":"Device/a"}}`:                                                                  nil,
		`{"resourceType":"Claim","patient":{"reference":"Patient/a"},"insurance":[{"coverage":{"reference":"Coverage/x"}}]}`:                                                  {"a"},
		`{"resourceType":"Organization","id":"a"}`:                                                         nil,
		`{"resourceType":"Provenance","target":[{"reference":"Patient/a"},{"reference":"Observation/o"}]}`: {"a"},
	} {
		n, err := fhir.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got, err := search.R4().Patients(n, "http://here/fhir")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", text, d)
		}
	}
}

// Every type of the patient compartment has its patients found as its index does.
func TestPatientsOfExamples(t *testing.T) {
	t.Parallel()
	found := 0
	for _, typ := range search.R4().Types() {
		for _, code := range search.R4().PatientParams(typ) {
			p := search.R4().Param(typ, code)
			if p == nil {
				continue
			}
			n := fhir.NewObject("resourceType", typ, "id", "x")
			path := strings.Split(strings.NewReplacer(".where(resolve() is Patient)", "", "("+typ, typ).Replace(strings.Split(p.Expression, "|")[0]), ".")[1:]
			var value *fhir.Node = fhir.NewObject("reference", "Patient/p")
			for i := len(path) - 1; i >= 0; i-- {
				name := strings.TrimSpace(path[i])
				if i == 0 {
					n.Set(name, value)
				} else {
					value = fhir.NewObject(name, value)
				}
			}
			values, err := search.R4().ExtractReferences(n, "")
			if err != nil {
				t.Fatal(err)
			}
			want := []string(nil)
			for i := range values {
				if values[i].Param.Code == code && values[i].Patient() != "" {
					want = []string{values[i].Patient()}
					found++
				}
			}
			got, err := search.R4().Patients(n, "")
			if err != nil {
				t.Fatal(err)
			}
			if typ == "Patient" {
				want = append([]string{"x"}, want...)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s.%s (%s): %s", typ, code, p.Expression, d)
			}
		}
	}
	if found < 80 {
		t.Errorf("only %d parameters found a patient", found)
	}
}

func BenchmarkPatients(b *testing.B) {
	n, err := fhir.Parse([]byte(`{"resourceType":"Observation","status":"final","code":{"coding":[{"code":"x"}]},"subject":{"reference":"Patient/a"},"encounter":{"reference":"Encounter/e"}}`))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if ids, err := search.R4().Patients(n, ""); err != nil || len(ids) != 1 {
			b.Fatal(ids, err)
		}
	}
}
