package body

import (
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
		text := fmt.Sprintf(`{"resourceType":"Observation","id":"canary%d","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"718-7","display":"Hemoglobin"}],"text":"canaryT"},
			"subject":{"reference":"Patient/canary0123456789","display":"canaryD%d"},"performer":[{"identifier":{"value":"canaryI"}}],"effectiveDateTime":"2020-01-0%dT10:11:12Z",
			"valueQuantity":{"value":%d.5,"unit":"g/dL","system":"http://unitsofmeasure.org","code":"g/dL"},"note":[{"text":"canaryN"}],
			"contained":[{"resourceType":"Patient","name":[{"family":"canaryF","given":["canaryG"]}],"address":[{"line":["canaryA"]}],"birthDate":"1999-09-09"}]}`, i, i, i%9+1, i)
		n, err := fhir.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}

func TestDictionaryHoldsNothingOfPatients(t *testing.T) {
	t.Parallel()
	list := canaryResources(t, 600)
	built, err := Dictionary(list)
	if err != nil {
		t.Fatal(err)
	}
	if s := strings.ToLower(string(built)); strings.Contains(s, "canary") || strings.Contains(s, "1999-09") || strings.Contains(s, "0123456789") {
		t.Errorf("the dictionary holds patient data")
	}
	if !strings.Contains(string(built), "unitsofmeasure") {
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
