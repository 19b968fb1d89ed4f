package rest

import (
	"context"
	"strings"
	"testing"

	"chartlake/queue"
	"chartlake/store"
)

// A SearchParameter that is posted is declared and searched once its job is done.
func TestSearchParameter(t *testing.T) {
	t.Parallel()
	var st store.Store
	a := serve(t, func(c *Config) { st = c.Store })
	a.create("Patient", `{"resourceType":"Patient","name":[{"use":"nickname","given":["Bo"]}]}`)
	const sp = `{"resourceType":"SearchParameter","id":"nick","url":"http://x/nick","name":"nick","status":"active","description":"d","code":"nick","base":["Patient"],"type":"string","expression":"%"}`
	nick := strings.Replace(sp, "%", "Patient.name.where(use = 'nickname').given", 1)
	declares := func() bool {
		for _, r := range a.want(200, "GET", "/metadata", "").body.Path("rest", "resource").Items() {
			for _, p := range r.Get("searchParam").Items() {
				if r.Str("type") == "Patient" && p.Str("name") == "nick" {
					return true
				}
			}
		}
		return false
	}
	a.want(400, "PUT", "/SearchParameter/nick", strings.Replace(sp, "%", "Patient.name.where(", 1))
	a.want(400, "GET", "/Patient?nick=bo", "")
	a.want(201, "PUT", "/SearchParameter/nick", nick)
	r := a.want(503, "GET", "/Patient?nick=bo", "")
	if r.Header.Get("Retry-After") == "" || declares() {
		t.Error("it is declared before it can be used, or no time is said to come back")
	}
	if n := len(ids(a.want(200, "GET", "/Patient?nick=bo", "", "Prefer: handling=lenient").body, "match")); n != 1 {
		t.Errorf("lenient: %d", n)
	}
	work := func() {
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := st.Jobs().Run(ctx, 1, map[string]queue.Handler{store.ReindexJob: store.Reindexer{Store: st}}); err != nil {
				t.Error(err)
			}
		}()
		for {
			changed := st.Changed()
			body := a.want(200, "GET", "/$reindex", "").body
			if !strings.Contains(string(body.AppendJSON(nil)), `"indexing"`) {
				break
			}
			<-changed
		}
		stop()
		<-done
	}
	work()
	if n := len(ids(a.want(200, "GET", "/Patient?nick=bo", "").body, "match")); n != 1 || !declares() {
		t.Errorf("ready: %d, declared %v", n, declares())
	}
	if r := a.want(202, "POST", "/SearchParameter/nick/$reindex", ""); !strings.Contains(r.Header.Get("Content-Location"), "/$reindex?job=") {
		t.Errorf("no place to look: %v", r.Header)
	}
	work()
	a.want(202, "POST", "/$reindex", `{"resourceType":"Parameters","parameter":[{"name":"type","valueCode":"Patient"}]}`)
	r = a.want(202, "POST", "/Patient/$reindex", "")
	a.want(200, "GET", r.Header.Get("Content-Location"), "")
	work()
	a.want(400, "POST", "/$reindex", `{"resourceType":"Parameters","parameter":[{"name":"type","valueCode":"Person2"}]}`)
	a.want(404, "GET", "/$reindex?job=77", "")
	a.want(404, "POST", "/Patient/none/$reindex", "")
	a.want(405, "GET", "/Patient/$reindex", "")
	a.deny["write "] = true
	a.want(403, "POST", "/$reindex", "")
	a.want(204, "DELETE", "/SearchParameter/nick", "")
	a.want(400, "GET", "/Patient?nick=bo", "")
	if declares() {
		t.Error("it is declared after its end")
	}
}
