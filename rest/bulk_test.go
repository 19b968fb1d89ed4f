package rest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"chartlake/bulk"
	"chartlake/fhir"
	"chartlake/smart"
	"chartlake/store"
)

// serveBulk serves with a desk whose jobs are worked on, for actors that a request names.
func serveBulk(t *testing.T) *api {
	t.Helper()
	return serveBulkOn(t, openSQLite)
}

func serveBulkOn(t *testing.T, open func(testing.TB, string) (store.Store, error)) *api {
	t.Helper()
	var desk *bulk.Desk
	var st store.Store
	a := serveOn(t, open, func(c *Config) {
		st = c.Store
		err := st.Erasures(context.Background(), func(context.Context, string) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		desk = bulk.New(bulk.Config{Store: c.Store, Shelf: bulk.Folder(t.TempDir()), Elements: Elements})
		c.Bulk = desk
		permit := c.Actor
		c.Actor = func(r *http.Request, do smart.Action, typ string) (store.Actor, error) {
			actor, err := permit(r, do, typ)
			if who := r.Header.Get("X-Who"); who != "" && err == nil {
				actor.ID = "user:" + who
				if do == smart.Manage {
					_, err = permit(r, smart.Manage, who)
				}
			}
			if caller, ok := smart.From(r.Context()); ok {
				actor.Patients = caller.Patients
			}
			return actor, err
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = st.Jobs().Run(ctx, 2, desk.Handlers()) }()
	t.Cleanup(func() { cancel(); <-ended })
	return a
}

// plain gets what need not be a resource.
func (a *api) plain(at string, headers ...string) answer {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), "GET", at, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return answer{Response: res, raw: raw}
}

// finish asks how a job is until it is over, and gives the last answer.
func (a *api) finish(kickoff answer, headers ...string) answer {
	a.t.Helper()
	at := kickoff.Header.Get("Content-Location")
	if kickoff.StatusCode != http.StatusAccepted || at == "" {
		a.t.Fatalf("kick-off: %d %s %s", kickoff.StatusCode, at, kickoff.raw)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		res := a.plain(at, headers...)
		if res.StatusCode != http.StatusAccepted {
			return res
		}
		if res.Header.Get("X-Progress") == "" || res.Header.Get("Retry-After") == "" {
			a.t.Errorf("a job under way says nothing: %v", res.Header)
		}
		<-tick.C
	}
}

type manifest struct {
	bulk.Manifest
	at string
}

func (a *api) manifest(kickoff answer, headers ...string) manifest {
	a.t.Helper()
	out := a.finish(kickoff, headers...)
	m := manifest{at: kickoff.Header.Get("Content-Location")}
	if out.StatusCode != 200 || json.Unmarshal(out.raw, &m.Manifest) != nil || out.Header.Get("Expires") == "" {
		a.t.Fatalf("%d %s", out.StatusCode, out.raw)
	}
	return m
}

// lines downloads files and gives their resources by Type/id, each once.
func (a *api) lines(files []bulk.ManifestFile, headers ...string) map[string]*fhir.Node {
	a.t.Helper()
	all := map[string]*fhir.Node{}
	for _, f := range files {
		out := a.plain(f.URL, append([]string{"Accept: application/fhir+ndjson"}, headers...)...)
		if out.StatusCode != 200 || out.Header.Get("Content-Type") != "application/fhir+ndjson" {
			a.t.Fatalf("%d %v", out.StatusCode, out.Header)
		}
		rows := strings.Split(strings.TrimSuffix(string(out.raw), "\n"), "\n")
		if len(rows) != f.Count {
			a.t.Errorf("%s has %d lines, the manifest says %d", f.Type, len(rows), f.Count)
		}
		for i, row := range rows {
			n, err := fhir.Parse([]byte(row))
			if err != nil || n.Type() != f.Type {
				a.t.Fatalf("a line of %s: %v", f.Type, err)
			}
			key := n.Type() + "/" + n.ID()
			if n.ID() == "" {
				key = fmt.Sprint(n.Type(), i)
			}
			if all[key] != nil {
				a.t.Errorf("%s comes twice", key)
			}
			all[key] = n
		}
	}
	return all
}

func keys(m map[string]*fhir.Node) []string { return slices.Sorted(maps.Keys(m)) }

func (a *api) fill() {
	put := func(key, more string) {
		typ, id, _ := strings.Cut(key, "/")
		a.want(201, "PUT", "/"+key, fmt.Sprintf(`{"resourceType":%q,"id":%q%s}`, typ, id, more))
	}
	put("Patient/a", `,"birthDate":"1970-01-01","name":[{"family":"A"}]`)
	put("Patient/b", ``)
	put("Practitioner/d", ``)
	observed := `,"status":%q,"code":{"text":"x"},"subject":{"reference":"Patient/%s"}`
	put("Observation/a1", fmt.Sprintf(observed, "final", "a"))
	put("Observation/a2", fmt.Sprintf(observed, "preliminary", "a"))
	put("Observation/b1", fmt.Sprintf(observed, "final", "b"))
	put("Group/g", `,"type":"person","actual":true,"member":[{"entity":{"reference":"Patient/b"}},{"entity":{"reference":"Patient/a"},"inactive":true}]`)
}

func TestExport(t *testing.T) { onBoth(t, tryExport) }

func tryExport(t *testing.T, a *api) {
	a.fill()
	for path, want := range map[string][]string{
		"/$export":                           {"Group/g", "Observation/a1", "Observation/a2", "Observation/b1", "Patient/a", "Patient/b", "Practitioner/d"},
		"/$export?_type=Patient,Observation": {"Observation/a1", "Observation/a2", "Observation/b1", "Patient/a", "Patient/b"},
		"/Patient/$export":                   {"Group/g", "Observation/a1", "Observation/a2", "Observation/b1", "Patient/a", "Patient/b"},
		"/Group/g/$export":                   {"Group/g", "Observation/b1", "Patient/b"},
		"/$export?_type=Observation,Practitioner&_typeFilter=Observation%3Fstatus%3Dfinal%26subject%3DPatient/a,Observation%3Fstatus%3Dpreliminary": {"Observation/a1", "Observation/a2", "Practitioner/d"},
		"/Group/g/$export?_type=Observation&_typeFilter=Observation%3Fstatus%3Dpreliminary":                                                         nil,
	} {
		m := a.manifest(a.want(202, "GET", path, "", "Prefer: respond-async"))
		if got := keys(a.lines(m.Output)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
		if m.Request != a.base+path || m.Token || len(m.Deleted)+len(m.Error) > 0 {
			t.Errorf("%+v", m)
		}
	}
	m := a.manifest(a.want(202, "POST", "/$export", `{"resourceType":"Parameters","parameter":[{"name":"_type","valueString":"Patient"},{"name":"_elements","valueString":"birthDate"}]}`))
	shown := a.lines(m.Output)["Patient/a"]
	if shown.Str("birthDate") != "1970-01-01" || shown.Get("name") != nil || shown.Get("meta").Get("tag").Item(0).Str("code") != "SUBSETTED" {
		t.Errorf("%s", shown.AppendJSON(nil))
	}
	since := m.TransactionTime
	a.want(200, "PUT", "/Patient/a", `{"resourceType":"Patient","id":"a","birthDate":"1970-01-02"}`)
	a.want(204, "DELETE", "/Observation/b1", "")
	m = a.manifest(a.want(202, "GET", "/$export?_since="+since, ""))
	if got := keys(a.lines(m.Output)); !slices.Equal(got, []string{"Patient/a"}) {
		t.Errorf("since: %v", got)
	}
	gone := a.lines(m.Deleted)["Bundle0"]
	if gone.Get("entry").Item(0).Str("request", "url") != "Observation/b1" || gone.Get("entry").Item(0).Str("request", "method") != "DELETE" {
		t.Errorf("deleted: %s", gone.AppendJSON(nil))
	}
	if m = a.manifest(a.want(202, "GET", "/$export?_since="+m.TransactionTime, "")); len(m.Output)+len(m.Deleted) > 0 {
		t.Errorf("nothing was written since: %+v", m)
	}
}

func TestExportRefused(t *testing.T) {
	t.Parallel()
	a := serveBulk(t)
	a.fill()
	for path, status := range map[string]int{
		"/$export?_type=Nobody": 400, "/$export?_since=yesterday": 400, "/$export?_outputFormat=text/csv": 400, "/$export?unknown=1": 400,
		"/$export?_typeFilter=Patient": 400, "/$export?_typeFilter=Patient%3Fnonsense%3D1": 400, "/$export?_typeFilter=Patient%3F_include%3D*": 400,
		"/$export?_type=Patient&_typeFilter=Observation%3Fstatus%3Dfinal": 400, "/Group/none/$export": 404, "/Observation/$export": 404,
		"/Patient/$export?_type=Practitioner": 400, "/_job/none": 404, "/_job": 404,
	} {
		a.want(status, "GET", path, "")
	}
	a.want(202, "GET", "/$export?unknown=1", "", "Prefer: respond-async, handling=lenient")
	a.deny["export "] = true
	a.want(403, "GET", "/$export", "")
	delete(a.deny, "export ")
	a.deny["read Observation"] = true
	a.want(403, "GET", "/$export?_type=Observation", "")
	m := a.manifest(a.want(202, "GET", "/Patient/$export", ""))
	if got := keys(a.lines(m.Output)); !slices.Equal(got, []string{"Group/g", "Patient/a", "Patient/b"}) {
		t.Errorf("%v", got)
	}
}

// A job and its files are for who began it and who manages the server; what a confined caller
// exports is confined; a job that was given up is gone.
func TestJobsAreTheirOwners(t *testing.T) { onBoth(t, tryJobsAreTheirOwners) }

func tryJobsAreTheirOwners(t *testing.T, a *api) {
	a.fill()
	a.deny["manage eve"], a.deny["manage anna"] = true, true
	m := a.manifest(a.want(202, "GET", "/$export", "", "X-Who: anna", "X-Patient: a"), "X-Who: anna")
	if got := keys(a.lines(m.Output, "X-Who: anna")); !slices.Equal(got, []string{"Group/g", "Observation/a1", "Observation/a2", "Patient/a"}) {
		t.Errorf("confined: %v", got)
	}
	file := m.Output[0].URL
	a.want(404, "GET", m.at, "", "X-Who: eve")
	a.want(404, "GET", file, "", "X-Who: eve")
	a.want(404, "DELETE", m.at, "", "X-Who: eve")
	a.want(404, "GET", file, "", "X-Who: anna", "X-Patient: b") // sees less than when it began
	if out := a.plain(file, "X-Who: boss"); out.StatusCode != 200 {
		t.Errorf("who manages: %d", out.StatusCode)
	}
	a.want(404, "GET", m.at+"/99.ndjson", "", "X-Who: anna")
	a.want(404, "GET", m.at+"/match", "", "X-Who: anna")
	a.want(405, "POST", m.at, "{}", "X-Who: anna")
	if out := a.do("DELETE", m.at, "", "X-Who: anna"); out.StatusCode != 202 {
		t.Errorf("canceling: %d", out.StatusCode)
	}
	a.want(404, "GET", m.at, "", "X-Who: anna")
	a.want(404, "GET", file, "", "X-Who: anna")
}

const imported = `{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p1"}}

{"resourceType":"Patient","id":"p1","birthDate":"1970-01-01"}
{"resourceType":"Patient","id":"p2","birthDate":"not a date"}
{"resourceType":"Patient","id":"p1","birthDate":"1970-01-02"}
{"resourceType":"Patient"
{"resourceType":"Patient","birthDate":"1970-01-02"}
{"resourceType":"Nobody","id":"x"}`

func TestImportUpload(t *testing.T) { onBoth(t, tryImportUpload) }

func tryImportUpload(t *testing.T, a *api) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(imported))
	z.Close()
	m := a.manifest(a.want(202, "POST", "/$import", packed.String(), "Content-Type: application/fhir+ndjson"))
	if m.Extension["created"] != 2.0 || m.Extension["updated"] != 1.0 || m.Extension["refused"] != 4.0 {
		t.Errorf("%+v", m)
	}
	var at []string
	for _, n := range a.lines(m.Error) {
		part := n.Get("extension").Item(0).Get("extension")
		issue := n.Get("issue").Item(0)
		at = append(at, part.Item(1).Get("valueInteger").Text()+" "+issue.Get("details").Get("coding").Item(0).Str("code"))
		if text := issue.Str("diagnostics"); !strings.HasPrefix(text, "file 1, line ") || strings.Contains(text, "not a date") {
			t.Errorf("diagnostics %q", text)
		}
	}
	slices.Sort(at)
	if want := []string{"4 invalid_resource", "6 json_syntax", "7 no_id", "8 unknown_type"}; !slices.Equal(at, want) {
		t.Errorf("refused: %q, want %q", at, want)
	}
	if p := a.want(200, "GET", "/Patient/p1", ""); p.body.Str("birthDate") != "1970-01-02" || p.Header.Get("ETag") != `W/"2"` {
		t.Errorf("the later line does not count: %s", p.raw)
	}
	if found := a.want(200, "GET", "/Observation?subject:Patient.birthdate=1970-01-02", ""); len(found.body.Get("entry").Items()) != 1 {
		t.Error("the reference to a later line is not found")
	}
	once := strings.ReplaceAll(imported, `"1970-01-01"}`, `"1970-01-02"}`)
	m = a.manifest(a.want(202, "POST", "/$import?mode=minimal", once, "Content-Type: application/fhir+ndjson"))
	if m.Extension["unchanged"] != 3.0 || m.Extension["created"] != 1.0 || m.Extension["refused"] != 3.0 {
		t.Errorf("again: %+v", m)
	}
	a.want(400, "POST", "/$import?mode=wild", once, "Content-Type: application/fhir+ndjson")
	a.want(400, "POST", "/$import", `{"resourceType":"Parameters","parameter":[{"name":"input","part":[{"name":"url","valueUri":"gopher://x"}]}]}`)
	a.want(403, "POST", "/$import", `{"resourceType":"Parameters","parameter":[{"name":"input","part":[{"name":"url","valueUri":"file:///etc/passwd"}]}]}`)
	a.want(403, "POST", "/$import", `{"inputFormat":"application/fhir+ndjson","input":[{"type":"Patient","url":"s3://bucket/a.ndjson"}]}`)
	a.want(400, "POST", "/$import", `{"resourceType":"Parameters"}`)
	a.want(405, "GET", "/$import", "")
	a.deny["write "] = true
	a.want(403, "POST", "/$import", once, "Content-Type: application/fhir+ndjson")
}

// What a confined caller imports stays in the compartment, and tells nothing of ids outside of it.
func TestImportConfined(t *testing.T) { onBoth(t, tryImportConfined) }

func tryImportConfined(t *testing.T, a *api) {
	a.want(201, "PUT", "/Patient/a", `{"resourceType":"Patient","id":"a"}`)
	a.want(201, "PUT", "/Observation/o3", `{"resourceType":"Observation","id":"o3","status":"preliminary","code":{"text":"x"},"subject":{"reference":"Patient/a"}}`)
	body := `{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"}}
{"resourceType":"Observation","id":"o2","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/b"}}
{"resourceType":"Observation","id":"o3","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"}}`
	m := a.manifest(a.want(202, "POST", "/$import", body, "Content-Type: application/fhir+ndjson", "X-Patient: a"), "X-Patient: a")
	if m.Extension["created"] != 0.0 || m.Extension["updated"] != 1.0 || m.Extension["refused"] != 2.0 {
		t.Errorf("%+v", m)
	}
	a.want(404, "GET", "/Observation/o2", "")
	if got := a.want(200, "GET", "/Observation/o3", "").body.Str("status"); got != "final" {
		t.Error(got)
	}
}

func TestRespondAsync(t *testing.T) { onBoth(t, tryRespondAsync) }

func tryRespondAsync(t *testing.T, a *api) {
	a.fill()
	const async = "Prefer: respond-async"
	m := a.manifest(a.want(202, "GET", "/Observation?status=final", "", async))
	if set := a.lines(m.Output)["Bundle0"]; set.Str("type") != "searchset" || len(set.Get("entry").Items()) != 2 {
		t.Errorf("%s", set.AppendJSON(nil))
	}
	m = a.manifest(a.want(202, "POST", "/Observation/_search", "status=preliminary", async, "Content-Type: application/x-www-form-urlencoded"))
	if set := a.lines(m.Output)["Bundle0"]; len(set.Get("entry").Items()) != 1 {
		t.Errorf("%s", set.AppendJSON(nil))
	}
	m = a.manifest(a.want(202, "POST", "/", `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Patient","birthDate":"2001-01-01"}}]}`, async))
	if set := a.lines(m.Output)["Bundle0"]; set.Str("type") != "transaction-response" {
		t.Errorf("%s", set.AppendJSON(nil))
	}
	if got := a.want(200, "GET", "/Patient?birthdate=2001-01-01", ""); len(got.body.Get("entry").Items()) != 1 {
		t.Error("the transaction was not done once")
	}
	m = a.manifest(a.want(202, "GET", "/Observation?nonsense=1", "", async))
	if bad := a.lines(m.Error)["OperationOutcome0"]; bad == nil || len(m.Output) != 0 {
		t.Errorf("%+v", m)
	}
	a.want(200, "GET", "/Patient/a", "", async)
	a.want(200, "GET", "/metadata", "", async)
}

// What was exported before an erasure cannot be fetched after it.
func TestEraseForgetsExports(t *testing.T) { onBoth(t, tryEraseForgetsExports) }

func tryEraseForgetsExports(t *testing.T, a *api) {
	a.fill()
	m := a.manifest(a.want(202, "GET", "/$export", ""))
	a.want(200, "POST", "/Patient/a/$erase?shared=keep", "")
	a.want(404, "GET", m.at, "")
	a.want(404, "GET", m.Output[0].URL, "")
	m = a.manifest(a.want(202, "GET", "/$export", ""))
	if got := keys(a.lines(m.Output)); !slices.Equal(got, []string{"Group/g", "Observation/b1", "Patient/b", "Practitioner/d"}) {
		t.Errorf("after the erasure: %v", got)
	}
}
