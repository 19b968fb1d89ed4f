package rest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"chartlake/audit"
	"chartlake/fhir"
	"chartlake/fhir/validate"
)

// seen gives what the entries of a searchset of the trail say: action, outcome, what was touched.
func seen(set *fhir.Node) (list []string) {
	for _, e := range set.Get("entry").Items() {
		n := e.Get("resource")
		text := n.Str("action") + n.Str("outcome") + " " + n.Get("subtype").Item(0).Str("code")
		for _, entity := range n.Get("entity").Items() {
			if ref := entity.Str("what", "reference"); ref != "" {
				text += " " + ref
			}
		}
		list = append(list, text)
	}
	return list
}

func TestAuditEvents(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	a.want(201, "PUT", "/Patient/a", `{"resourceType":"Patient","id":"a","name":[{"family":"Zzyzx"}]}`)
	a.want(201, "PUT", "/Patient/b", `{"resourceType":"Patient","id":"b"}`)
	a.want(201, "PUT", "/Observation/o", `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"}}`)
	a.want(200, "GET", "/Observation/o", "")
	a.want(200, "GET", "/Patient?family=zzyzx", "")
	a.want(412, "PUT", "/Patient/b", `{"resourceType":"Patient","id":"b"}`, `If-Match: W/"7"`)
	a.want(404, "GET", "/Patient/Mustermann.Max", "")
	all := seen(a.want(200, "GET", "/AuditEvent", "").body)
	if len(all) != 7 {
		t.Fatalf("%d events: %q", len(all), all)
	}
	for path, want := range map[string][]string{
		"/AuditEvent?patient=Patient/a&action=C,R":  {"R0 read Patient/a Observation/o/_history/1", "C0 create Patient/a Observation/o/_history/1", "C0 create Patient/a Patient/a/_history/1"},
		"/AuditEvent?patient=a&action=C":            {"C0 create Patient/a Observation/o/_history/1", "C0 create Patient/a Patient/a/_history/1"},
		"/Patient/a/AuditEvent?action=D":            nil,
		"/AuditEvent?entity=Observation/o&action=R": {"R0 read Patient/a Observation/o/_history/1"},
		"/AuditEvent?entity=" + a.base + "/Patient/b&action=http://hl7.org/fhir/audit-event-action|C": {"C0 create Patient/b Patient/b/_history/1"},
		"/AuditEvent?outcome=4,8&entity=Patient/b":                                                    nil,
		"/AuditEvent?date=ge2100":                                                                     nil,
		"/AuditEvent?date=lt2000&date=ge1990":                                                         nil,
		"/AuditEvent?agent=user:test&date=ge2000&action=D":                                            nil,
		"/AuditEvent?altid=user:nobody":                                                               nil,
		"/AuditEvent?patient=a&entity=Patient/b":                                                      nil,
		"/AuditEvent?_id=x":                                                                           nil,
		"/AuditEvent?_count=0":                                                                        nil,
		"/AuditEvent?agent:identifier=|user:test&_id=1&_sort=-date":                                   {"C0 create Patient/a Patient/a/_history/1"},
	} {
		if got := seen(a.want(200, "GET", strings.ReplaceAll(path, "|", "%7C"), "").body); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if got := seen(a.want(200, "POST", "/AuditEvent/_search", "patient=b&action=C", "Content-Type: application/x-www-form-urlencoded").body); len(got) != 1 {
		t.Errorf("posted: %q", got)
	}
	if got := a.want(200, "GET", "/AuditEvent?outcome=4", "").raw; !strings.Contains(string(got), `"outcomeDesc":"version_conflict"`) || strings.Contains(string(got), "Mustermann") {
		t.Errorf("refusals: %s", got)
	}
	if got := string(a.want(200, "GET", "/AuditEvent?_count=1000", "").raw); strings.Contains(strings.ToLower(got), "zzyzx") {
		t.Error("the trail has a value")
	}
	one := a.want(200, "GET", "/AuditEvent/1", "")
	if one.body.ID() != "1" || one.Header.Get("ETag") != `W/"1"` {
		t.Errorf("%s", one.raw)
	}
	for _, path := range []string{"/AuditEvent/0", "/AuditEvent/x", "/AuditEvent/99999", "/AuditEvent/1/_history", "/AuditEvent/1/_history/2", "/AuditEvent/1/x"} {
		a.want(404, "GET", path, "")
	}
	for _, bad := range []string{"date=yesterday", "date=ap2020", "action=X", "outcome=1", "patient=/", "entity=o", "agent=a,b", "_count=x", "_summary=count", "name=x", "agent="} {
		a.want(400, "GET", "/AuditEvent?"+bad, "")
	}
	a.want(200, "GET", "/AuditEvent?name=x", "", "Prefer: handling=lenient")
	a.deny["audit AuditEvent"] = true
	for _, path := range []string{"/AuditEvent", "/AuditEvent/1", "/Patient/a/AuditEvent"} {
		a.want(403, "GET", path, "")
	}
}

// Pages give every event once, in order, while others are added.
func TestAuditEventPages(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	for range 5 {
		a.create("Patient", patient)
	}
	next, got := "/AuditEvent?action=C&_count=2", []string{}
	for next != "" {
		set := a.want(200, "GET", next, "").body
		for _, e := range set.Get("entry").Items() {
			got = append(got, e.Str("resource", "id"))
		}
		next = ""
		for _, l := range set.Get("link").Items() {
			if l.Str("relation") == "next" {
				next = l.Str("url")
			}
		}
		a.create("Patient", patient)
	}
	if fmt.Sprint(got) != "[5 4 3 2 1]" {
		t.Errorf("pages gave %v", got)
	}
	a.want(400, "GET", "/AuditEvent?_cursor=AAAA", "")
	// What was asked in a body does not come up in an address.
	set := a.want(200, "POST", "/AuditEvent/_search", "agent=user:test&action=C&_count=3", "Content-Type: application/x-www-form-urlencoded").body
	for _, l := range set.Get("link").Items() {
		if l.Str("relation") == "next" {
			next = l.Str("url")
		}
	}
	if next == "" || strings.Contains(next, "user") {
		t.Errorf("the next page is at %s", next)
	}
	if got := a.want(200, "GET", next, "").body; len(got.Get("entry").Items()) != 3 || got.Get("entry").Item(0).Str("resource", "action") != "C" {
		t.Errorf("the next page: %s", got.AppendJSON(nil))
	}
}

// Nobody writes the trail, whichever way.
func TestAuditEventIsReadOnly(t *testing.T) {
	t.Parallel()
	a := serveBulk(t)
	event := string(auditEvent(&audit.Event{Seq: 1, Actor: "user:eve", Outcome: audit.Success, Steps: []audit.Step{{Action: audit.Read, Of: "Patient"}}}).AppendJSON(nil))
	entry := func(kind, resource, request string) string {
		return `{"resourceType":"Bundle","type":"` + kind + `","entry":[{` + resource + `"request":{` + request + `}}]}`
	}
	whole := `"resource":` + event + `,`
	for _, r := range [][]string{
		{"POST", "/AuditEvent", event}, {"PUT", "/AuditEvent/1", event}, {"PUT", "/AuditEvent?_id=1", event}, {"DELETE", "/AuditEvent/1", ""}, {"DELETE", "/AuditEvent?_id=1", ""}, {"PATCH", "/AuditEvent/1", "[]", "Content-Type: application/json-patch+json"},
		{"POST", "", entry("transaction", whole, `"method":"POST","url":"AuditEvent"`)}, {"POST", "", entry("transaction", whole, `"method":"PUT","url":"AuditEvent/1"`)}, {"POST", "", entry("transaction", "", `"method":"DELETE","url":"AuditEvent/1"`)},
		{"POST", "/AuditEvent/1/$meta-add", `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"x"}]}}]}`},
	} {
		if got := a.do(r[0], r[1], r[2], r[3:]...); got.StatusCode != 405 || !strings.Contains(string(got.raw), "audit_read_only") || got.Header.Get("Allow") != "GET" {
			t.Errorf("%v: %d %s", r, got.StatusCode, got.raw)
		}
	}
	batch := a.want(200, "POST", "", entry("batch", whole, `"method":"POST","url":"AuditEvent"`))
	if !strings.Contains(string(batch.raw), "audit_read_only") {
		t.Errorf("batch: %s", batch.raw)
	}
	m := a.manifest(a.want(202, "POST", "/$import?mode=minimal", event, "Content-Type: application/fhir+ndjson"))
	for _, n := range a.lines(m.Error) {
		if !strings.Contains(string(n.AppendJSON(nil)), "audit_read_only") {
			t.Errorf("import: %s", n.AppendJSON(nil))
		}
	}
	if len(m.Error) != 1 {
		t.Errorf("import: %+v", m)
	}
	a.want(403, "GET", "/AuditEvent", "", "X-Patient: a")
	batch = a.want(200, "POST", "", `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"AuditEvent?action=U"}}]}`)
	if got := batch.body.Get("entry").Item(0).Str("resource", "type"); got != "searchset" {
		t.Errorf("in a batch: %s", batch.raw)
	}
}

// Every action, outcome and shape of an event is an AuditEvent that all rules of R4 hold for.
func TestAuditEventsAreValid(t *testing.T) {
	t.Parallel()
	targets := []audit.Target{{Type: "Patient", ID: "a", Version: 3}, {Type: "Observation", ID: "~0123456789abcdef"}, {Type: "document", ID: strings.Repeat("ab", 32)}, {Type: "Encounter"}}
	full := validate.Validator{Unresolved: true, Level: validate.Full}
	for _, action := range []audit.Action{audit.Create, audit.Update, audit.Delete, audit.Read, audit.VRead, audit.History, audit.Search, audit.Receive, audit.Move, audit.Record, audit.Operate, audit.Refuse, audit.Erase} {
		for _, outcome := range []audit.Outcome{audit.Success, audit.Minor, audit.Serious} {
			n := auditEvent(&audit.Event{Seq: 7, Actor: "user:anna", RequestID: "r", Via: "$everything", Outcome: outcome, Code: "x", Patients: []string{"a"},
				Steps: []audit.Step{{Action: action, Of: "Patient", Names: []string{"family"}, Targets: targets}, {Action: audit.Read, Of: "Patient"}}})
			for _, i := range full.Resource(n) {
				if i.Severity == "error" {
					t.Errorf("%s: %s %s", action, i.Path, i.Message)
				}
			}
		}
		if interactionsOf[action] == "" {
			continue
		}
		// Without what R4 has no codes for there is nothing to warn of, either.
		plain := auditEvent(&audit.Event{Seq: 7, Actor: "user:anna", Patients: []string{"a"}, Outcome: audit.Success, Steps: []audit.Step{{Action: action, Of: "Patient", Names: []string{"family"}, Targets: targets}}})
		for _, i := range full.Resource(plain) {
			if i.Severity != "information" && !strings.Contains(i.Path+i.Message, "dom-6") {
				t.Errorf("%s: %s %s %s", action, i.Severity, i.Path, i.Message)
			}
		}
	}
	empty := auditEvent(&audit.Event{Seq: 1, Outcome: audit.Minor})
	for _, i := range (validate.Validator{Unresolved: true}).Resource(empty) {
		t.Errorf("%s %s", i.Path, i.Message)
	}
}
