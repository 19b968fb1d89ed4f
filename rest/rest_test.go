package rest

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/validate"
	"chartlake/smart"
	"chartlake/store"
	"chartlake/store/postgres"
	"chartlake/store/postgres/pgtest"
	"chartlake/store/sqlite"
)

// api is a served API over a fresh store.
type api struct {
	t    testing.TB
	base string
	deny map[string]bool // "write Patient"
}

func serve(t testing.TB, change func(*Config)) *api {
	t.Helper()
	return serveOn(t, openSQLite, change)
}

func openSQLite(t testing.TB, base string) (store.Store, error) {
	return sqlite.Open(context.Background(), sqlite.Config{Folder: t.TempDir(), Base: base})
}

func openPostgres(t testing.TB, base string) (store.Store, error) {
	return postgres.Open(context.Background(), postgres.Config{URL: pgtest.URL(t), Folder: t.TempDir(), Base: base})
}

// TestMain stops the database server that tests may have started.
func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

// onBoth runs a test over each database.
func onBoth(t *testing.T, test func(t *testing.T, a *api)) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, string) (store.Store, error){"sqlite": openSQLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, serveBulkOn(t, open))
		})
	}
}

func serveOn(t testing.TB, open func(t testing.TB, base string) (store.Store, error), change func(*Config)) *api {
	t.Helper()
	a := &api{t: t, deny: map[string]bool{}}
	var handler http.Handler
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if only := r.Header.Get("X-Patient"); only != "" {
			r = r.WithContext(smart.With(r.Context(), smart.Caller{ID: "app", Patients: []string{only}}))
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	a.base = web.URL + "/fhir"
	st, err := open(t, a.base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	config := Config{Store: st, Base: a.base, Version: "test", Actor: func(_ *http.Request, do smart.Action, typ string) (store.Actor, error) {
		if a.deny[string(do)+" "+typ] {
			return store.Actor{}, fault.New(fault.Forbidden, "forbidden", "not for you")
		}
		return store.Actor{ID: "user:test"}, nil
	}}
	if change != nil {
		change(&config)
	}
	handler = New(config)
	return a
}

// answer is a response with its body as a tree.
type answer struct {
	*http.Response
	raw  []byte
	body *fhir.Node
}

// do sends a request; headers are "Name: value".
func (a *api) do(method, path, body string, headers ...string) answer {
	a.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = a.base + path
	}
	req, err := http.NewRequest(method, path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/fhir+json")
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
	out := answer{Response: res, raw: raw}
	if media := res.Header.Get("Content-Type"); strings.Contains(media, "json") && !strings.Contains(media, "ndjson") && len(raw) > 0 {
		if out.body, err = fhir.Parse(raw); err != nil {
			a.t.Fatalf("%s %s: the answer is no JSON: %v", method, path, err)
		}
		for _, i := range (validate.Validator{}).Resource(out.body) {
			a.t.Errorf("%s %s: the answer is not valid: %s %s", method, path, i.Path, i.Message)
		}
	}
	return out
}

// want checks the status and gives the answer.
func (a *api) want(status int, method, path, body string, headers ...string) answer {
	a.t.Helper()
	out := a.do(method, path, body, headers...)
	if out.StatusCode != status {
		a.t.Fatalf("%s %s: %d, want %d: %s", method, path, out.StatusCode, status, out.raw)
	}
	if status >= 400 && method != http.MethodHead && out.body.Type() != "OperationOutcome" {
		a.t.Errorf("%s %s: the error is no OperationOutcome: %s", method, path, out.raw)
	}
	return out
}

const patient = `{"resourceType":"Patient","name":[{"family":"Tester","given":["Ada"]}],"birthDate":"1970-01-02"}`

func (a *api) create(typ, body string) string {
	a.t.Helper()
	return a.want(201, "POST", "/"+typ, body).body.ID()
}

func TestLifeOfAResource(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	made := a.want(201, "POST", "/Patient", `{"resourceType":"Patient","id":"mine","birthDate":"1970-01-02","multipleBirthInteger":1,"extension":[{"url":"http://e","valueDecimal":1.00}]}`)
	id := made.body.ID()
	if id == "mine" {
		t.Error("the client's id was taken")
	}
	if got, want := made.Header.Get("Location"), a.base+"/Patient/"+id+"/_history/1"; got != want {
		t.Errorf("Location %s, want %s", got, want)
	}
	if !bytes.Contains(made.raw, []byte("1.00")) {
		t.Error("a decimal lost its digits")
	}
	read := a.want(200, "GET", "/Patient/"+id, "")
	if read.Header.Get("ETag") != `W/"1"` || read.Header.Get("Last-Modified") == "" || read.body.Str("meta", "versionId") != "1" {
		t.Errorf("headers %v, meta %s", read.Header, read.body.Get("meta").AppendJSON(nil))
	}
	a.want(304, "GET", "/Patient/"+id, "", `If-None-Match: W/"1"`)
	a.want(304, "GET", "/Patient/"+id, "", "If-Modified-Since: "+read.Header.Get("Last-Modified"))
	a.want(200, "HEAD", "/Patient/"+id, "")

	put := `{"resourceType":"Patient","id":"` + id + `","birthDate":"1970-01-03"}`
	a.want(412, "PUT", "/Patient/"+id, put, `If-Match: W/"7"`)
	a.want(400, "PUT", "/Patient/"+id, put, `If-Match: nonsense`)
	a.want(412, "PUT", "/Patient/"+id, put, `If-None-Match: *`)
	if v := a.want(200, "PUT", "/Patient/"+id, put, `If-Match: W/"1"`); v.Header.Get("ETag") != `W/"2"` {
		t.Errorf("ETag %s", v.Header.Get("ETag"))
	}
	if v := a.want(200, "GET", "/Patient/"+id+"/_history/1", ""); v.body.Str("birthDate") != "1970-01-02" {
		t.Errorf("version 1 is %s", v.raw)
	}
	a.want(404, "GET", "/Patient/"+id+"/_history/9", "")
	a.want(404, "GET", "/Patient/"+id+"/_history/x", "")

	a.want(204, "DELETE", "/Patient/"+id, "")
	a.want(410, "GET", "/Patient/"+id, "")
	a.want(410, "GET", "/Patient/"+id+"/_history/3", "")
	a.want(204, "DELETE", "/Patient/"+id, "")
	a.want(404, "GET", "/Patient/never", "")
	a.want(201, "PUT", "/Patient/"+id, put)
	history := a.want(200, "GET", "/Patient/"+id+"/_history", "").body
	var methods []string
	for _, e := range history.Get("entry").Items() {
		methods = append(methods, e.Str("request", "method"))
	}
	if got := strings.Join(methods, " "); got != "PUT DELETE PUT POST" || history.Str("total") != "4" {
		t.Errorf("history is %s of %s", got, history.Str("total"))
	}
	a.want(201, "PUT", "/Patient/own.id-1", `{"resourceType":"Patient","id":"own.id-1"}`)
}

func TestWritesAreChecked(t *testing.T) {
	t.Parallel()
	a := serve(t, func(c *Config) { c.MaxBody = 4096 })
	for name, c := range map[string]struct {
		status       int
		method, path string
		body, header string
		code, where  string
	}{
		"syntax":           {400, "POST", "/Patient", `{"resourceType":`, "", "structure", ""},
		"duplicate member": {400, "POST", "/Patient", `{"resourceType":"Patient","active":true,"active":false}`, "", "structure", ""},
		"other type":       {400, "POST", "/Patient", `{"resourceType":"Group"}`, "", "invalid", ""},
		"unknown element":  {400, "POST", "/Patient", `{"resourceType":"Patient","nmae":[]}`, "", "structure", "Patient.nmae"},
		"format":           {400, "POST", "/Patient", `{"resourceType":"Patient","birthDate":"1.2.1970"}`, "", "value", "Patient.birthDate"},
		"missing":          {400, "POST", "/Observation", `{"resourceType":"Observation","code":{"text":"a"}}`, "", "required", "Observation.status"},
		"unknown type":     {404, "POST", "/Nothing", `{"resourceType":"Nothing"}`, "", "not-supported", ""},
		"no id":            {400, "PUT", "/Patient/a", patient, "", "invalid", "Patient.id"},
		"other id":         {400, "PUT", "/Patient/a", `{"resourceType":"Patient","id":"b"}`, "", "invalid", "Patient.id"},
		"media type":       {415, "POST", "/Patient", patient, "Content-Type: application/fhir+xml", "not-supported", ""},
		"other release":    {415, "POST", "/Patient", patient, "Content-Type: application/fhir+json; fhirVersion=3.0", "not-supported", ""},
		"charset":          {415, "POST", "/Patient", patient, "Content-Type: application/fhir+json; charset=latin1", "not-supported", ""},
		"encoding":         {415, "POST", "/Patient", patient, "Content-Encoding: br", "not-supported", ""},
		"too large":        {413, "POST", "/Patient", `{"resourceType":"Patient","language":"` + strings.Repeat("a", 5000) + `"}`, "", "too-costly", ""},
		"too deep":         {400, "POST", "/Patient", strings.Repeat(`{"a":`, 500), "", "too-costly", ""},
		"accept":           {406, "GET", "/Patient", "", "Accept: application/fhir+xml", "not-supported", ""},
		"format parameter": {406, "GET", "/Patient?_format=xml", "", "", "not-supported", ""},
		"patch":            {404, "PATCH", "/Patient/a", "[]", "Content-Type: application/json-patch+json", "not-found", ""},
		"xml patch":        {415, "PATCH", "/Patient/a", "<diff/>", "Content-Type: application/xml-patch+xml", "not-supported", ""},
		"operation":        {404, "POST", "/Patient/$everything", "", "", "not-supported", ""},
		"no such address":  {404, "GET", "/Patient/a/b/c/d", "", "", "not-found", ""},
		"not a bundle":     {400, "POST", "", patient, "", "invalid", ""},
		"bundle type":      {400, "POST", "", `{"resourceType":"Bundle","type":"collection"}`, "", "invalid", "Bundle.type"},
		"bad escape":       {400, "GET", "/Patient?name=%zz", "", "", "invalid", ""},
	} {
		var headers []string
		if c.header != "" {
			headers = []string{c.header}
		}
		got := a.want(c.status, c.method, c.path, c.body, headers...)
		issue := got.body.Get("issue").Item(0)
		if issue.Str("code") != c.code || issue.Str("expression") != c.where {
			t.Errorf("%s: issue %s", name, issue.AppendJSON(nil))
		}
	}
	if got := a.want(200, "GET", "/Patient?_summary=count", "").body.Str("total"); got != "0" {
		t.Errorf("%s patients were written", got)
	}
}

func TestNegotiation(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	id := a.create("Patient", patient)
	for accept, want := range map[string]string{
		"":                      "application/fhir+json; charset=utf-8",
		"*/*":                   "application/fhir+json; charset=utf-8",
		"application/json":      "application/json; charset=utf-8",
		"application/fhir+json": "application/fhir+json; charset=utf-8",
		"text/html, application/xhtml+xml, application/json;q=0.9, */*;q=0.8": "application/json; charset=utf-8",
		"application/fhir+json; fhirVersion=4.0":                              "application/fhir+json; charset=utf-8",
	} {
		if got := a.want(200, "GET", "/Patient/"+id, "", "Accept: "+accept).Header.Get("Content-Type"); got != want {
			t.Errorf("Accept %q gives %s, want %s", accept, got, want)
		}
	}
	pretty := a.want(200, "GET", "/Patient/"+id+"?_pretty=true&_format=json", "")
	if !bytes.Contains(pretty.raw, []byte("\n  \"id\"")) {
		t.Errorf("not indented: %s", pretty.raw)
	}
}

func TestPrefer(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	if got := a.want(201, "POST", "/Patient", patient, "Prefer: return=minimal"); len(got.raw) != 0 || got.Header.Get("Location") == "" {
		t.Errorf("minimal gave %s", got.raw)
	}
	if got := a.want(201, "POST", "/Patient", patient, "Prefer: return=OperationOutcome"); got.body.Type() != "OperationOutcome" {
		t.Errorf("OperationOutcome gave %s", got.raw)
	}
	a.want(400, "GET", "/Patient?nmae=x", "")
	got := a.want(200, "GET", "/Patient?nmae=x&birthdate=1970-01-02", "", "Prefer: handling=lenient").body
	if self := got.Get("link").Item(0).Str("url"); self != a.base+"/Patient?birthdate=1970-01-02" {
		t.Errorf("self link is %s", self)
	}
	last := got.Get("entry").Items()[2]
	if last.Str("search", "mode") != "outcome" || !strings.Contains(last.Get("resource").Get("issue").Item(0).Str("diagnostics"), "nmae") {
		t.Errorf("no word on the ignored parameter: %s", last.AppendJSON(nil))
	}
	for query, want := range map[string]string{"_elements=nmae,birthDate,Patient.nope": "nmae, Patient.nope", "_elements=name,Patient.birthDate,id": "",
		"_elements=code,nmae&_revinclude=Observation:patient": "nmae", "_elements=<nmae>": "1 not of the form of a name"} {
		said := ""
		for _, e := range a.want(200, "GET", "/Patient?"+query, "").body.Get("entry").Items() {
			if e.Str("search", "mode") == "outcome" {
				said = e.Get("resource").Get("issue").Item(0).Str("diagnostics")
			}
		}
		if want == "" && said != "" || !strings.HasSuffix(said, want) {
			t.Errorf("%s: a warning of %q, want %q", query, said, want)
		}
		status := 200
		if want != "" {
			status = 400
		}
		a.want(status, "GET", "/Patient?"+query, "", "Prefer: handling=strict")
	}
}

func TestConditionalWrites(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	body := func(value, extra string) string {
		return `{"resourceType":"Patient","identifier":[{"system":"http://h","value":"` + value + `"}]` + extra + `}`
	}
	const same = "If-None-Exist: identifier=http://h|1"
	first := a.want(201, "POST", "/Patient", body("1", ""), same).body.ID()
	if again := a.want(200, "POST", "/Patient", body("1", ""), same).body.ID(); again != first {
		t.Errorf("%s and %s", first, again)
	}
	a.want(400, "POST", "/Patient", body("1", ""), "If-None-Exist: nothing=1")
	a.want(400, "POST", "/Patient", body("1", ""), "If-None-Exist: _count=1")
	a.want(200, "PUT", "/Patient?identifier=http://h|1", body("1", `,"active":true`))
	made := a.want(201, "PUT", "/Patient?identifier=http://h|2", body("2", ""))
	if made.body.ID() == first {
		t.Error("a conditional update hit another resource")
	}
	a.want(400, "PUT", "/Patient", body("3", ""))
	a.create("Patient", body("1", ""))
	a.want(412, "POST", "/Patient", body("1", ""), same)
	a.want(412, "PUT", "/Patient?identifier=http://h|1", body("1", ""))
	a.want(412, "DELETE", "/Patient?identifier=http://h|1", "")
	a.want(204, "DELETE", "/Patient?identifier=http://h|2", "")
	a.want(410, "GET", "/Patient/"+made.body.ID(), "")
	a.want(400, "DELETE", "/Patient", "")
}

func TestConditionalCreateRace(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	var wait sync.WaitGroup
	ids := make([]string, 60)
	for i := range ids {
		wait.Go(func() {
			got := a.do("POST", "/Patient", `{"resourceType":"Patient","identifier":[{"system":"http://h","value":"r"}]}`, "If-None-Exist: identifier=http://h|r")
			ids[i] = got.body.ID()
		})
	}
	wait.Wait()
	for _, id := range ids {
		if id == "" || id != ids[0] {
			t.Fatalf("ids differ: %v", ids)
		}
	}
	if n := a.want(200, "GET", "/Patient?_summary=count", "").body.Str("total"); n != "1" {
		t.Errorf("%s resources", n)
	}
}

func TestSearchPages(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	for i := range 7 {
		a.create("Patient", fmt.Sprintf(`{"resourceType":"Patient","birthDate":"1970-01-0%d","text":{"status":"empty","div":"<div xmlns='http://www.w3.org/1999/xhtml'>a</div>"}}`, i+1))
	}
	seen := map[string]bool{}
	var dates []string
	next := "/Patient?_sort=-birthdate&_count=3&_total=accurate"
	for pages := 0; next != ""; pages++ {
		if pages == 4 {
			t.Fatal("the pages do not end")
		}
		got := a.want(200, "GET", next, "").body
		if got.Str("total") != "7" {
			t.Errorf("total %s", got.Str("total"))
		}
		next = ""
		for _, e := range got.Get("entry").Items() {
			seen[e.Str("fullUrl")] = true
			dates = append(dates, e.Str("resource", "birthDate"))
		}
		for _, l := range got.Get("link").Items() {
			if l.Str("relation") == "next" {
				next = l.Str("url")
			}
		}
	}
	if len(seen) != 7 || dates[0] != "1970-01-07" || dates[6] != "1970-01-01" {
		t.Errorf("%d resources, dates %v", len(seen), dates)
	}
	posted := a.want(200, "POST", "/Patient/_search?_count=2", "birthdate=ge1970-01-06", "Content-Type: application/x-www-form-urlencoded").body
	if n := len(posted.Get("entry").Items()); n != 2 {
		t.Errorf("the posted search gave %d", n)
	}
	if n := a.want(200, "GET", "?_type=Patient,Observation&_summary=count", "").body.Str("total"); n != "7" {
		t.Errorf("the system has %s", n)
	}
	for query, want := range map[string]string{
		"_summary=true":       `"birthDate"`,
		"_summary=text":       `"text"`,
		"_summary=data":       `"birthDate"`,
		"_elements=birthDate": `"birthDate"`,
	} {
		first := a.want(200, "GET", "/Patient?_count=1&"+query, "").body.Get("entry").Item(0).Get("resource")
		text := string(first.AppendJSON(nil))
		if !strings.Contains(text, want) || !strings.Contains(text, "SUBSETTED") || strings.Contains(text, `"text"`) == (want != `"text"`) {
			t.Errorf("%s: %s", query, text)
		}
	}
	if got := a.want(200, "GET", "/Patient?_count=0", "").body; got.Get("entry") != nil {
		t.Errorf("_count=0 gave entries")
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	for range 3 {
		a.create("Patient", patient)
	}
	a.create("Group", `{"resourceType":"Group","type":"person","actual":true}`)
	first := a.want(200, "GET", "/Patient/_history?_count=2", "").body
	if first.Str("total") != "3" || len(first.Get("entry").Items()) != 2 || len(first.Get("link").Items()) != 2 {
		t.Fatalf("history is %s", first.AppendJSON(nil))
	}
	second := a.want(200, "GET", first.Get("link").Item(1).Str("url"), "").body
	if len(second.Get("entry").Items()) != 1 || len(second.Get("link").Items()) != 1 {
		t.Errorf("page 2 is %s", second.AppendJSON(nil))
	}
	if got := a.want(200, "GET", "/_history", "").body.Str("total"); got != "4" {
		t.Errorf("the system's history has %s", got)
	}
	if got := a.want(200, "GET", "/_history?_since=2199-01-01", "").body.Str("total"); got != "0" {
		t.Errorf("since 2199: %s", got)
	}
	a.want(400, "GET", "/_history?_since=yesterday", "")
	a.want(400, "GET", "/_history?name=a", "")
	a.want(400, "GET", "/_history?_cursor=abc", "")
}

func TestMay(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	id := a.create("Patient", patient)
	a.deny["read Patient"], a.deny["write Patient"] = true, true
	a.want(403, "GET", "/Patient/"+id, "")
	a.want(403, "GET", "/Patient/"+id+"/_history/1", "")
	a.want(403, "GET", "/Patient/"+id+"/_history", "")
	a.want(403, "GET", "/Patient", "")
	a.want(403, "GET", "?_type=Patient", "")
	a.want(403, "GET", "/Observation?_include=Observation:subject:Patient", "")
	a.want(403, "GET", "/Organization?_revinclude=Patient:organization", "")
	a.want(403, "POST", "/Patient", patient)
	a.want(403, "PUT", "/Patient/"+id, patient)
	a.want(403, "DELETE", "/Patient/"+id, "")
	for _, kind := range []string{"transaction", "batch"} {
		got := a.do("POST", "", `{"resourceType":"Bundle","type":"`+kind+`","entry":[{"resource":`+patient+`,"request":{"method":"POST","url":"Patient"}}]}`)
		if !bytes.Contains(got.raw, []byte("forbidden")) {
			t.Errorf("%s: %s", kind, got.raw)
		}
	}
	delete(a.deny, "read Patient")
	if got := a.want(200, "GET", "/Patient?_summary=count", "").body.Str("total"); got != "1" {
		t.Errorf("%s patients", got)
	}
}

func TestCapabilitiesAreTrue(t *testing.T) {
	t.Parallel()
	a := serve(t, nil)
	statement := a.want(200, "GET", "/metadata", "").body
	rest := statement.Get("rest").Item(0)
	if n := len(rest.Get("resource").Items()); n != 146 {
		t.Errorf("%d types", n)
	}
	id := a.create("Patient", patient)
	try := map[string]func() answer{
		"read":             func() answer { return a.do("GET", "/Patient/"+id, "") },
		"vread":            func() answer { return a.do("GET", "/Patient/"+id+"/_history/1", "") },
		"patch":            func() answer { return a.do("PATCH", "/Patient/"+id, "[]", "Content-Type: application/json-patch+json") },
		"update":           func() answer { return a.do("PUT", "/Patient/x", `{"resourceType":"Patient","id":"x"}`) },
		"delete":           func() answer { return a.do("DELETE", "/Patient/x", "") },
		"history-instance": func() answer { return a.do("GET", "/Patient/"+id+"/_history", "") },
		"history-type":     func() answer { return a.do("GET", "/Patient/_history", "") },
		"create":           func() answer { return a.do("POST", "/Patient", patient) },
		"search-type":      func() answer { return a.do("GET", "/Patient", "") },
		"transaction":      func() answer { return a.do("POST", "", `{"resourceType":"Bundle","type":"transaction"}`) },
		"batch":            func() answer { return a.do("POST", "", `{"resourceType":"Bundle","type":"batch"}`) },
		"search-system":    func() answer { return a.do("GET", "?_type=Patient", "") },
		"history-system":   func() answer { return a.do("GET", "/_history", "") },
	}
	declared := rest.Get("interaction").Items()
	for _, r := range rest.Get("resource").Items() {
		if r.Str("type") == "Patient" {
			declared = append(declared, r.Get("interaction").Items()...)
		}
	}
	if len(declared) != len(try) {
		t.Errorf("%d interactions are declared, %d are tried", len(declared), len(try))
	}
	for _, i := range declared {
		f := try[i.Str("code")]
		if f == nil {
			t.Errorf("%s is declared and not tried", i.Str("code"))
			continue
		}
		if got := f(); got.StatusCode >= 300 {
			t.Errorf("%s: %d %s", i.Str("code"), got.StatusCode, got.raw)
		}
	}
	// Every declared parameter is accepted in its simplest form.
	values := map[string]string{"token": "a", "string": "a", "date": "2020", "reference": "Patient/1", "quantity": "1", "number": "1", "uri": "http://a", "composite": "1$1"}
	tried := 0
	for _, r := range rest.Get("resource").Items() {
		typ := r.Str("type")
		if typ != "Observation" && typ != "Claim" && typ != "Patient" && typ != "ValueSet" && typ != "MolecularSequence" {
			continue
		}
		for _, p := range r.Get("searchParam").Items() {
			tried++
			value := values[p.Str("type")]
			if p.Str("type") == "composite" {
				got := a.do("GET", "/"+typ+"?"+p.Str("name")+"="+value, "")
				if got.StatusCode == 400 && bytes.Contains(got.raw, []byte("unknown_parameter")) {
					t.Errorf("%s of %s is declared and unknown", p.Str("name"), typ)
				}
				continue
			}
			a.want(200, "GET", "/"+typ+"?"+p.Str("name")+"="+value, "")
		}
	}
	if tried < 100 {
		t.Errorf("only %d parameters", tried)
	}
}

func TestBinary(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("%PDF-1.4 "), 1000)
	a := serve(t, func(c *Config) {
		c.Original = func(_ context.Context, id string) (Bytes, error) {
			if id != "file" {
				return nil, fault.New(fault.NotFound, "not_found", "none")
			}
			return memory{bytes.NewReader(content)}, nil
		}
	})
	a.want(201, "PUT", "/Binary/file", `{"resourceType":"Binary","id":"file","contentType":"application/pdf"}`)
	raw := a.want(200, "GET", "/Binary/file", "", "Accept: application/pdf")
	if !bytes.Equal(raw.raw, content) || raw.Header.Get("Content-Type") != "application/pdf" || !strings.Contains(raw.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%d bytes, headers %v", len(raw.raw), raw.Header)
	}
	part := a.want(206, "GET", "/Binary/file", "", "Accept: application/pdf", "Range: bytes=0-4")
	if string(part.raw) != "%PDF-" {
		t.Errorf("range gave %q", part.raw)
	}
	inline := a.want(200, "GET", "/Binary/file", "", "Accept: application/fhir+json").body
	if inline.Str("data") != base64.StdEncoding.EncodeToString(content) {
		t.Error("the resource does not hold the original")
	}
	posted := a.want(201, "POST", "/Binary", "hello", "Content-Type: text/plain")
	id := strings.Split(strings.TrimPrefix(posted.Header.Get("Location"), a.base+"/"), "/")[1]
	if got := a.want(200, "GET", "/Binary/"+id, "", "Accept: text/plain"); string(got.raw) != "hello" {
		t.Errorf("%q", got.raw)
	}
	inBatch := a.want(200, "POST", "", `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Binary/file"}}]}`).body
	if inBatch.Get("entry").Item(0).Str("resource", "data") == "" {
		t.Error("a batch lost the Binary")
	}
}

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }
