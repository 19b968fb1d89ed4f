package rest

import (
	"net/http"
	"strings"
	"testing"

	"chartlake/smart"
	"chartlake/store"
)

// TestPostedSearchStaysOutOfAddresses: the next page of a search whose parameters came in a
// body is an address without them, for the same actor and address only.
func TestPostedSearchStaysOutOfAddresses(t *testing.T) {
	t.Parallel()
	who := "user:anna"
	a := serve(t, func(c *Config) {
		c.Actor = func(*http.Request, smart.Action, string) (store.Actor, error) { return store.Actor{ID: who}, nil }
	})
	want := map[string]bool{}
	for range 5 {
		want[a.create("Patient", patient)] = true
	}
	a.create("Patient", `{"resourceType":"Patient","name":[{"family":"Other"}]}`)
	body := a.want(200, "POST", "/Patient/_search", "family=tester&_count=2&_sort=birthdate", "Content-Type: application/x-www-form-urlencoded").body
	var first string
	for pages := 1; ; pages++ {
		for _, e := range body.Get("entry").Items() {
			id := e.Str("resource", "id")
			if !want[id] {
				t.Errorf("page %d has what was not asked for, or once more", pages)
			}
			delete(want, id)
		}
		next := ""
		for _, l := range body.Get("link").Items() {
			if l.Str("relation") == "next" {
				next = l.Str("url")
			}
		}
		if next == "" {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
		if first == "" {
			first = next
		}
		if strings.Contains(strings.ToLower(next), "tester") || strings.Contains(next, "family") || !strings.HasPrefix(next, a.base+"/Patient?_page=") {
			t.Errorf("the next page is %s", next)
		}
		body = a.want(200, "GET", next, "").body
	}
	if len(want) > 0 {
		t.Errorf("%d were not found", len(want))
	}
	a.want(400, "GET", first+"x", "")
	a.want(400, "GET", strings.Replace(first, "/Patient?", "/Person?", 1), "")
	a.want(400, "GET", "/Patient?_page=", "")
	who = "user:bob"
	a.want(400, "GET", first, "")
}
