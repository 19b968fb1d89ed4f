package body

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"chartlake/fhir"
)

// resourcesOf makes resources with a canary in every place that may hold patient data.
func canaryResources(t testing.TB, n int) []*fhir.Node {
	var list []*fhir.Node
	for i := range n {
		patient := fmt.Sprint("canary", i%8)
		text := fmt.Sprintf(`{"resourceType":"Observation","id":"canary%d","status":"final","language":"canaryP%s","code":{"coding":[{"system":"http://loinc.org","code":"718-7","display":"Hemoglobin"}],"text":"canaryT"},
			"subject":{"reference":"Patient/%s","display":"canaryD %s"},"performer":[{"identifier":{"value":"canaryI"}}],"effectiveDateTime":"2020-01-0%dT10:11:12Z",
			"valueQuantity":{"value":%d.5,"unit":"g/dL","system":"http://unitsofmeasure.org","code":"g/dL"},"note":[{"text":"canaryN"}],
			"contained":[{"resourceType":"Patient","name":[{"family":"canaryF","given":["canaryG"]}],"address":[{"line":["canaryA"]}],"birthDate":"1999-09-09"}]}`, i, patient, patient, patient, i%9+1, i)
		n, err := fhir.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}

// A text that only resources of few patients share is theirs, however many these are: a name beside a
// reference, say. A sample of few patients tells nothing.
func TestDictionaryHoldsNothingOfPatients(t *testing.T) {
	t.Parallel()
	list := canaryResources(t, 600)
	built, err := Dictionary(list)
	if err != nil {
		t.Fatal(err)
	}
	if s := strings.ToLower(string(built)); strings.Contains(s, "canary") || strings.Contains(s, "1999-09") {
		t.Errorf("the dictionary holds patient data")
	}
	var few []*fhir.Node
	for i, n := range list {
		if i%8 < Patients-1 {
			few = append(few, n)
		}
	}
	if _, err := Dictionary(few); !errors.Is(err, ErrFew) {
		t.Errorf("of few patients: %v", err)
	}
	if !strings.Contains(string(built), "unitsofmeasure") || !strings.Contains(string(built), "Hemoglobin") {
		t.Error("the dictionary holds nothing of the form either")
	}
	e, err := zstd.NewWriter(nil, zstd.WithEncoderDict(built))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	body := list[7].AppendJSON(nil)
	with, without := len(e.EncodeAll(body, nil)), len(plain.EncodeAll(body, nil))
	t.Logf("%d bytes: %d with, %d without the dictionary", len(body), with, without)
	if with*3 > without*2 {
		t.Errorf("%d bytes with the dictionary, %d without: too little gain", with, without)
	}
}
