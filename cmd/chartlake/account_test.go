package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"chartlake/audit"
	"chartlake/eval/specimen"
	"chartlake/store"
)

// Every request, however it ends, is in the audit trail by its id: once, with its outcome, and
// with nothing of what it said.
func TestEveryRequestIsAccountedFor(t *testing.T) {
	t.Parallel()
	r := serveForTest(t)
	behind := *r.s // the same server behind a token
	behind.registry = prometheus.NewRegistry()
	guarded := httptest.NewServer(behind.handler("a-token", "http://127.0.0.1/fhir"))
	defer guarded.Close()
	const canary = "Kanarienvogel"
	doc, err := specimen.Make(12, specimen.LabReport, specimen.Layouts(specimen.LabReport)[0], specimen.PDF)
	if err != nil {
		t.Fatal(err)
	}
	_, _, id := r.post(bytes.NewReader(doc.Bytes), 0)
	r.settled(id)
	patient := `{"resourceType":"Patient","id":"p","name":[{"family":"` + canary + `"}]}`
	type request struct {
		method, path, body string
		header             string
		status             int
		outcome            audit.Outcome
		says               string // in the event's line
	}
	requests := []request{
		{"PUT", "/fhir/Patient/p", patient, "", 201, "0", "create Patient/p"},
		{"GET", "/fhir/Patient/p", "", "", 200, "0", "read Patient/p"},
		{"HEAD", "/fhir/Patient/p", "", "", 200, "0", "read Patient/p"},
		{"GET", "/fhir/Patient/p", "", "If-None-Match: W/\"1\"", 304, "0", "read Patient/p"},
		{"GET", "/fhir/Patient/p/_history/1", "", "", 200, "0", "vread Patient/p"},
		{"GET", "/fhir/Patient/p/_history", "", "", 200, "0", "history(_id) Patient/p"},
		{"GET", "/fhir/Patient?name=" + canary, "", "", 200, "0", "search(name) Patient/p"},
		{"POST", "/fhir/Patient/_search", "name=" + canary, "Content-Type: application/x-www-form-urlencoded", 200, "0", "search(name) Patient/p"},
		{"GET", "/fhir/Patient/p/$everything", "", "", 200, "0", "$everything"},
		{"POST", "/fhir/Patient/$validate", patient, "", 200, "0", "$validate"},
		{"GET", "/fhir/Patient/" + canary, "", "", 404, "4", "not_found"},
		{"GET", "/fhir/Patient/p/_history/9", "", "", 404, "4", "version_not_found"},
		{"GET", "/fhir/" + canary + "/x", "", "", 404, "4", "unknown_type"},
		{"GET", "/fhir/Patient?" + canary + "=x", "", "", 400, "4", "unknown_parameter"},
		{"GET", "/fhir/Patient?birthdate=" + canary, "", "", 400, "4", "bad_value"},
		{"POST", "/fhir/Patient", `{"resourceType":"` + canary + `"}`, "", 400, "4", ""},
		{"POST", "/fhir/Patient", `{"` + canary, "", 400, "4", "json_syntax"},
		{"POST", "/fhir/Patient", `<x/>`, "Content-Type: application/xml", 415, "4", "media_type_unsupported"},
		{"PUT", "/fhir/Patient/p", patient, "If-Match: W/\"7\"", 412, "4", "version_conflict"},
		{"DELETE", "/fhir/_history", "", "", 405, "4", "method_not_allowed"},
		{"GET", "/fhir/Patient/p", "", "Accept: text/plain", 406, "4", "not_acceptable"},
		{"DELETE", "/fhir/Patient/p", "", "", 204, "0", "delete Patient/p"},
		{"GET", "/fhir/Patient/p", "", "", 410, "4", "deleted"},
		{"GET", "/documents", "", "", 200, "0", "search document/" + id},
		{"GET", "/documents/" + id, "", "", 200, "0", "read document/" + id},
		{"GET", "/documents/" + id + "/record", "", "", 200, "0", "read record/" + id},
		{"GET", "/documents/" + id + "/pages/1.png", "", "", 200, "0", "pages/1"},
		{"GET", "/documents/" + canary, "", "", 404, "4", "document_not_found"},
		{"GET", "/documents?" + canary + "=1", "", "", 400, "4", "unknown_parameter"},
		{"POST", "/documents", canary, "", 415, "4", ""},
		{"POST", "/review/" + id + "/actions", `{"` + canary + `":1}`, "Content-Type: application/json", 400, "4", ""},
		{"DELETE", "/documents", "", "", 405, "4", "method_not_allowed"},
		{"GET", "/fhir/Patient/p", "", "Origin: https://evil.example", 403, "4", "forbidden"},
	}
	send := func(base string, i int, q request) {
		t.Helper()
		req, err := http.NewRequest(q.method, base+q.path, strings.NewReader(q.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Request-Id", fmt.Sprintf("request-%03d", i))
		if name, value, ok := strings.Cut(q.header, ": "); ok {
			req.Header.Set(name, value)
		}
		resp, err := r.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != q.status {
			t.Errorf("%s %s: %d, want %d: %s", q.method, q.path, resp.StatusCode, q.status, text)
		}
	}
	for i, q := range requests {
		send(r.URL, i, q)
	}
	requests = append(requests, request{"GET", "/fhir/Patient/p", "", "", 401, "4", "unauthorized"})
	send(guarded.URL, len(requests)-1, requests[len(requests)-1])
	batch := `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient/p"}},{"request":{"method":"GET","url":"Nothing/p"}},
		{"request":{"method":"GET","url":"Patient?x=` + canary + `"}},{"request":{"method":"GET","url":"Patient"}}]}`
	requests = append(requests, request{"POST", "/fhir", batch, "", 200, "", ""})
	send(r.URL, len(requests)-1, requests[len(requests)-1])

	if err := r.s.store.Trail().Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	found := map[string][]audit.Event{}
	err = r.s.store.View(context.Background(), operator, func(v store.View) error {
		page, err := v.Events(audit.Query{Limit: 1000})
		for _, e := range page.Events {
			text, err := json.Marshal(e)
			if err != nil {
				return err
			}
			if strings.Contains(strings.ToLower(string(text)), strings.ToLower(canary)) {
				t.Errorf("the trail says %s", text)
			}
			found[e.RequestID] = append(found[e.RequestID], e)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range requests {
		events := found[fmt.Sprintf("request-%03d", i)]
		if q.outcome == "" { // the batch: one for each entry
			if len(events) != 4 {
				t.Errorf("%d events of a batch of 4", len(events))
			}
			continue
		}
		if len(events) != 1 {
			t.Errorf("%s %s (%d): %d events: %+v", q.method, q.path, q.status, len(events), events)
			continue
		}
		e := events[0]
		if text := told(e); e.Outcome != q.outcome || !strings.Contains(text, q.says) {
			t.Errorf("%s %s (%d): outcome %s, %s; want %s, %s", q.method, q.path, q.status, e.Outcome, text, q.outcome, q.says)
		}
		want := "user:local"
		switch q.status {
		case 401, 403:
			want = "anonymous"
		}
		if e.Actor != want {
			t.Errorf("%s %s: actor %s", q.method, q.path, e.Actor)
		}
	}
	if report, err := r.s.store.Trail().Verify(context.Background(), nil); err != nil || report.Broken > 0 {
		t.Errorf("%+v %v", report, err)
	}
}

// told is an event in a line.
func told(e audit.Event) string {
	parts := []string{e.Code, e.Via}
	for _, s := range e.Steps {
		what := string(s.Action)
		if len(s.Names) > 0 {
			what += "(" + strings.Join(s.Names, ",") + ")"
		}
		for _, t := range s.Targets {
			what += " " + t.String()
		}
		parts = append(parts, what)
	}
	return strings.Join(parts, " ")
}
