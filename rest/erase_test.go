package rest

import (
	"context"
	"strings"
	"testing"
)

func TestErase(t *testing.T) {
	t.Parallel()
	a := serve(t, func(c *Config) {
		if err := c.Store.Erasures(context.Background(), func(context.Context, string) error { return nil }); err != nil {
			t.Fatal(err)
		}
	})
	observe := func(id, patients string) {
		a.want(201, "PUT", "/Observation/"+id, `{"resourceType":"Observation","id":"`+id+`","status":"final","code":{"text":"x"},`+patients+`}`)
	}
	for _, id := range []string{"p", "q"} {
		a.want(201, "PUT", "/Patient/"+id, `{"resourceType":"Patient","id":"`+id+`","birthDate":"1931-07-09"}`)
	}
	observe("alone", `"subject":{"reference":"Patient/p"}`)
	observe("one", `"subject":{"reference":"Patient/p"}`)
	observe("both", `"subject":{"reference":"Patient/p"},"performer":[{"reference":"Patient/q"}]`)
	shared := func(value string) string {
		return `{"resourceType":"Parameters","parameter":[{"name":"shared","valueCode":"` + value + `"}]}`
	}
	a.want(405, "GET", "/Patient/p/$erase", "")
	a.want(400, "POST", "/Patient/p/$erase", shared("perhaps"))
	a.want(400, "POST", "/Observation/one/$erase", shared("keep"))
	a.want(404, "POST", "/Patient/nobody/$erase", "")
	a.want(404, "POST", "/Observation/one/$purge", "")
	a.deny["manage Patient"] = true
	a.want(403, "POST", "/Patient/p/$erase", "")
	delete(a.deny, "manage Patient")
	if got := a.want(409, "POST", "/Patient/p/$erase", ""); !strings.Contains(string(got.raw), "shared_with_others") {
		t.Errorf("%s", got.raw)
	}
	counts := func(got answer) (list []string) {
		for _, p := range got.body.Get("parameter").Items() {
			list = append(list, p.Str("name")+" "+p.Get("valueInteger").Text())
		}
		return list
	}
	if got := strings.Join(counts(a.want(200, "POST", "/Observation/one/$erase", "")), ", "); got != "resources 1, documents 0, kept 0" {
		t.Error(got)
	}
	a.want(410, "GET", "/Observation/one", "")
	a.want(200, "GET", "/Observation/alone", "")
	if got := strings.Join(counts(a.want(200, "POST", "/Patient/p/$purge", shared("keep"))), ", "); got != "resources 2, documents 0, kept 1" {
		t.Error(got)
	}
	for _, path := range []string{"/Patient/p", "/Patient/p/_history", "/Patient/p/_history/1", "/Observation/alone"} {
		a.want(410, "GET", path, "")
	}
	a.want(200, "GET", "/Observation/both", "")
	a.want(200, "GET", "/Patient/q", "")
	a.want(200, "POST", "/Patient/p/$erase?shared=keep", "")
}
