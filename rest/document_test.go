package rest

import (
	"fmt"
	"slices"
	"testing"
)

func TestDocument(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	w := a.ward()
	compose := func(entry string) string {
		return a.create("Composition", fmt.Sprintf(`{"resourceType":"Composition","status":"final","type":{"text":"note"},"date":"2020-02-02","title":"Note","subject":{"reference":"Patient/%s"},
			"author":[{"reference":"Practitioner/%s"}],"custodian":{"reference":"Organization/%s"},"section":[{"title":"s","entry":[{"reference":"%s"},{"reference":"http://elsewhere/Observation/1"}]}]}`, w.ann, w.doctor, w.site, entry))
	}
	whole := compose("Observation/" + w.hers)
	parts := func(got answer) (list []string) {
		for _, e := range got.body.Get("entry").Items() {
			list = append(list, e.Str("resource", "resourceType")+"/"+e.Str("resource", "id"))
		}
		return list
	}
	want := []string{"Composition/" + whole, "Patient/" + w.ann, "Practitioner/" + w.doctor, "Organization/" + w.site, "Observation/" + w.hers, "Organization/" + w.chain}
	got := a.want(200, "GET", "/Composition/"+whole+"/$document", "")
	if !slices.Equal(parts(got), want) || got.body.Str("type") != "document" || got.body.Str("identifier", "value") == "" {
		t.Errorf("%v, want %v", parts(got), want)
	}
	stored := a.want(200, "POST", "/Composition/"+whole+"/$document", `{"resourceType":"Parameters","parameter":[{"name":"persist","valueBoolean":true}]}`)
	if again := a.want(200, "GET", "/Bundle/"+stored.body.ID(), ""); !slices.Equal(parts(again), want) {
		t.Errorf("stored is %v", parts(again))
	}
	a.want(405, "GET", "/Composition/"+whole+"/$document?persist=true", "")
	a.want(400, "GET", "/Composition/"+whole+"/$document?persist=maybe", "")
	a.want(404, "GET", "/Composition/none/$document", "")
	a.want(204, "DELETE", "/Observation/"+w.hers, "")
	a.want(404, "GET", "/Composition/"+whole+"/$document", "")
	a.deny["write Bundle"] = true
	other := compose("Observation/" + w.byHer)
	a.want(403, "POST", "/Composition/"+other+"/$document?persist=true", "")
	a.want(200, "POST", "/Composition/"+other+"/$document", "")
	a.deny["read Observation"] = true
	a.want(404, "GET", "/Composition/"+other+"/$document", "")
}
