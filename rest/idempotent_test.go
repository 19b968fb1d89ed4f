package rest

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"testing"

	"chartlake/smart"
	"chartlake/store"
)

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	who := "user:anna"
	a := serve(t, func(c *Config) {
		c.Actor = func(*http.Request, smart.Action, string) (store.Actor, error) { return store.Actor{ID: who}, nil }
	})
	count := func() string { return a.want(200, "GET", "/Patient?_summary=count", "").body.Str("total") }
	const key = "Idempotency-Key: a key/1"
	first := a.want(201, "POST", "/Patient", patient, key)
	id := first.body.ID()
	a.want(200, "PUT", "/Patient/"+id, strings.Replace(patient, `"Patient",`, `"Patient","id":"`+id+`","active":true,`, 1))
	if again := a.want(201, "POST", "/Patient", patient, key); !bytes.Equal(again.raw, first.raw) || again.Header.Get("Location") != first.Header.Get("Location") || again.Header.Get("ETag") != `W/"1"` {
		t.Errorf("again: %s", again.raw)
	}
	a.want(409, "POST", "/Patient", strings.Replace(patient, "Ada", "Eve", 1), key)
	a.want(409, "POST", "/Person", `{"resourceType":"Person"}`, key)
	if got := count(); got != "1" {
		t.Errorf("%s patients", got)
	}
	who = "user:bob" // a key belongs to its actor
	a.want(201, "POST", "/Patient", patient, key)
	if got := count(); got != "2" {
		t.Errorf("%s patients", got)
	}
	a.want(400, "POST", "/Patient", `{"resourceType":"Patient","nmae":1}`, "Idempotency-Key: b")
	a.want(201, "POST", "/Patient", patient, "Idempotency-Key: b") // what failed left no receipt
	a.want(204, "DELETE", "/Patient/"+id, "", "Idempotency-Key: c")
	a.want(201, "PUT", "/Patient/"+id, strings.Replace(patient, `"Patient",`, `"Patient","id":"`+id+`",`, 1))
	a.want(204, "DELETE", "/Patient/"+id, "", "Idempotency-Key: c")
	a.want(200, "GET", "/Patient/"+id, "")
	a.want(400, "POST", "/Patient", patient, "Idempotency-Key: "+strings.Repeat("a", 256))
	a.want(400, "POST", "/Patient", patient, "Idempotency-Key: \u00e4")
	a.want(415, "POST", "/", `{"resourceType":"Bundle","type":"batch"}`, "Idempotency-Key: d")
}

func TestIdempotentTransaction(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	gone := a.create("Person", `{"resourceType":"Person"}`)
	bundle := `{"resourceType":"Bundle","type":"transaction","entry":[
		{"request":{"method":"DELETE","url":"Person/` + gone + `"}},
		{"request":{"method":"DELETE","url":"Person/none"}},
		{"fullUrl":"urn:uuid:c2bff3f0-1f3d-4d2c-9d0a-7c7ab1b5b001","resource":` + patient + `,"request":{"method":"POST","url":"Patient"}},
		{"resource":{"resourceType":"Person","link":[{"target":{"reference":"urn:uuid:c2bff3f0-1f3d-4d2c-9d0a-7c7ab1b5b001"}}]},"request":{"method":"POST","url":"Person"}}]}`
	entries := func(n answer) string {
		return string(n.body.Get("entry").Item(0).AppendJSON(nil)) + string(n.body.Get("entry").Item(2).AppendJSON(nil)) + string(n.body.Get("entry").Item(3).AppendJSON(nil))
	}
	var wait sync.WaitGroup
	answers := make([]answer, 8)
	for i := range answers {
		wait.Go(func() {
			answers[i] = a.do("POST", "/", bundle, "Idempotency-Key: once", "Prefer: return=representation")
		})
	}
	wait.Wait()
	for i, got := range answers {
		if got.StatusCode != 200 || entries(got) != entries(answers[0]) {
			t.Errorf("%d: %d %s, want what the first has: %s", i, got.StatusCode, got.raw, answers[0].raw)
		}
	}
	for _, typ := range []string{"Patient", "Person"} {
		if n := a.want(200, "GET", "/"+typ+"?_summary=count", "").body.Str("total"); n != "1" {
			t.Errorf("%s of %s", n, typ)
		}
	}
	if !strings.Contains(string(answers[0].raw), `"201 Created"`) || !strings.Contains(string(answers[0].raw), "Tester") {
		t.Errorf("%s", answers[0].raw)
	}
}
