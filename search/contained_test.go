package search_test

import (
	"fmt"
	"strings"
	"testing"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
)

// What is contained is extracted once for each parameter that leads to it, and so often at most.
func TestContained(t *testing.T) {
	t.Parallel()
	med := `{"resourceType":"Medication","id":"%s","code":{"coding":[{"code":"c"}]},"manufacturer":{"reference":"Organization/o"}}`
	res := func(contained, medication string) *fhir.Node {
		return definition(t, `{"resourceType":"MedicationAdministration","id":"a","contained":[%s],"medicationReference":{"reference":"%s"}}`, contained, medication)
	}
	for name, c := range map[string]struct {
		res  *fhir.Node
		want string
	}{
		"referred to":      {res(fmt.Sprintf(med, "m"), "#m"), "medication.Medication medication.Medication.code medication.Medication.manufacturer"},
		"not referred to":  {res(fmt.Sprintf(med, "m"), "#n"), ""},
		"an unknown type":  {res(`{"resourceType":"Spaceship","id":"m"}`, "#m"), ""},
		"another type":     {res(`{"resourceType":"Patient","id":"m","gender":"male"}`, "#m"), ""},
		"the whole itself": {res(fmt.Sprintf(med, "m"), "#"), ""},
	} {
		values, err := search.R4().Extract(c.res, "")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range values {
			if strings.Contains(v.Param.Code, ".") {
				got = append(got, v.Param.Code)
			}
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %q, want %q", name, text, c.want)
		}
	}
	p := search.R4().Param("MedicationAdministration", "medication")
	within := search.R4().Within(p, search.R4().Param("Medication", "code"))
	one, err := search.R4().ExtractOne(res(fmt.Sprintf(med, "m"), "#m"), "", within.IndexName())
	if err != nil || len(one) != 1 || one[0].Param != within {
		t.Errorf("one index: %v, %v", one, err)
	}
	var contained, refs []string
	for i := range 10_001 {
		id := fmt.Sprintf("m%d", i)
		contained = append(contained, fmt.Sprintf(`{"resourceType":"Basic","id":"%s"}`, id))
		refs = append(refs, fmt.Sprintf(`{"reference":"#%s"}`, id))
	}
	many := definition(t, `{"resourceType":"List","id":"l","contained":[%s],"entry":[%s]}`, strings.Join(contained, ","), `{"item":`+strings.Join(refs, `},{"item":`)+`}`)
	if _, err := search.R4().Extract(many, ""); !fault.Is(err, fault.TooLarge) {
		t.Errorf("ten thousand and one: %v", err)
	}
}
