package fhirmap

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/record"
)

// TestAllergiesOfAList files each allergen that a field names, once, and no statement that none is
// known beside one that is.
func TestAllergiesOfAList(t *testing.T) {
	t.Parallel()
	f := accepted("allergies", "Sulfa drugs, penicillin (rash), PCN")
	f.Begin, f.End = 100, 135
	reaction := func(e *record.Entity) { e.Attributes = map[string]string{"reaction": "rash"} }
	for _, c := range []struct {
		name     string
		fields   []record.Field
		entities []record.Entity
		want     map[string]string
	}{
		{"list", []record.Field{f}, []record.Entity{mention("Sulfa drugs", record.Allergy, 100), mention("penicillin", record.Allergy, 113, reaction),
			mention("PCN", record.Allergy, 132), mention("sulfa drugs", record.Allergy, 300)}, map[string]string{"Sulfa drugs": "", "penicillin": "rash", "PCN": ""}},
		{"none and one", nil, []record.Entity{mention("No known allergies", record.Allergy, 10), mention("latex", record.Allergy, 40)}, map[string]string{"latex": ""}},
		{"no drug and one", nil, []record.Entity{mention("NKDA", record.Allergy, 10), mention("peanuts", record.Allergy, 40)},
			map[string]string{"peanuts": "", "NKDA": ""}},
		{"none", nil, []record.Entity{mention("No known drug allergies", record.Allergy, 10)}, map[string]string{"No known drug allergies": ""}},
	} {
		b := bundle(record.Segment{Type: "discharge_summary", Pages: [2]int{1, 1}, Fields: append(person(), c.fields...), Entities: c.entities})
		got, n := map[string]string{}, 0
		for _, a := range resources(b, "AllergyIntolerance") {
			got[a.Str("code", "text")] = a.Get("reaction").Item(0).Get("manifestation").Item(0).Str("text")
			n++
		}
		if d := cmp.Diff(c.want, got); d != "" || n != len(c.want) {
			t.Errorf("%s: %d resources, %s", c.name, n, d)
		}
	}
}
