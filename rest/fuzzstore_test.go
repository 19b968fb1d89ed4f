package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"chartlake/bulk"
	"chartlake/fhir"
	"chartlake/fhir/validate"
	"chartlake/smart"
	"chartlake/store"
	"chartlake/store/sqlite"
)

// fuzzed is an API over a real store with a few resources, whose caller may do everything.
type fuzzed struct {
	http.Handler
	desk *bulk.Desk
}

func newFuzzed(f *testing.F) *fuzzed {
	f.Helper()
	st, err := sqlite.Open(context.Background(), sqlite.Config{Folder: f.TempDir(), Base: "http://here/fhir"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = st.Close() })
	if err := st.Erasures(context.Background(), func(context.Context, string) error { return nil }); err != nil {
		f.Fatal(err)
	}
	desk := bulk.New(bulk.Config{Store: st, Shelf: bulk.Folder(f.TempDir()), Elements: Elements})
	z := &fuzzed{desk: desk}
	z.Handler = New(Config{Store: st, Base: "http://here/fhir", Bulk: desk, Actor: func(*http.Request, smart.Action, string) (store.Actor, error) {
		return store.Actor{ID: "user:fuzz"}, nil
	}})
	z.fill()
	return z
}

func (z *fuzzed) fill() {
	for key, rest := range map[string]string{
		"Patient/a":     `,"name":[{"family":"x","given":["y","z"]}],"birthDate":"1961-11-02","identifier":[{"system":"http://h","value":"1"}]`,
		"Encounter/e":   `,"status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/a"}`,
		"Observation/o": `,"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"1-8"}]},"subject":{"reference":"Patient/a"},"encounter":{"reference":"Encounter/e"},"valueQuantity":{"value":1.50,"unit":"mg"}`,
		"Group/g":       `,"type":"person","actual":true,"member":[{"entity":{"reference":"Patient/a"}}]`,
		"Composition/c": `,"status":"final","type":{"text":"x"},"date":"2020","title":"x","author":[{"reference":"Patient/a"}],"section":[{"title":"x","entry":[{"reference":"Observation/o"}]}]`,
		"ValueSet/v":    `,"url":"http://v","status":"active","compose":{"include":[{"system":"http://s","concept":[{"code":"b"}]}]}`,
		"CodeSystem/s":  `,"url":"http://s","status":"active","content":"complete","concept":[{"code":"b","display":"B","concept":[{"code":"c"}]}]`,
	} {
		typ, id, _ := strings.Cut(key, "/")
		z.send("PUT", "/fhir/"+key, "", `{"resourceType":"`+typ+`","id":"`+id+`"`+rest+`}`)
	}
}

// send asks for something; headers are lines "Name: value". nil: it is no request.
func (z *fuzzed) send(method, target, headers, body string) *httptest.ResponseRecorder {
	req, err := http.NewRequest(method, "http://here"+target, strings.NewReader(body))
	if err != nil || req.URL.Host != "here" {
		return nil
	}
	for _, line := range strings.Split(headers, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	z.ServeHTTP(w, req)
	return w
}

// check asks and looks at the answer: never a failure of ours, and whatever is FHIR is valid. Jobs
// that were begun are forgotten.
func (z *fuzzed) check(t *testing.T, method, target, headers, body string) {
	w := z.send(method, target, headers, body)
	if w == nil {
		return
	}
	if w.Code >= 500 {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	if w.Code == http.StatusAccepted && w.Header().Get("Content-Location") != "" {
		z.send("DELETE", strings.TrimPrefix(w.Header().Get("Content-Location"), "http://here"), "", "")
		if err := z.desk.Clean(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if w.Body.Len() == 0 || !strings.Contains(w.Header().Get("Content-Type"), "json") || w.Header().Get("Content-Encoding") != "" {
		return
	}
	n, err := fhir.Parse(w.Body.Bytes())
	if err != nil || n.Type() == "" {
		t.Fatalf("the answer is no resource: %s", w.Body)
	}
	if w.Code >= 400 && n.Type() != "OperationOutcome" {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	for _, i := range (validate.Validator{Unresolved: true}).Resource(n) {
		t.Fatalf("the answer is not valid: %s %s: %s", i.Path, i.Message, w.Body)
	}
}

// FuzzAllowed sends anything anywhere.
func FuzzAllowed(f *testing.F) {
	for _, seed := range [][4]string{
		{"GET", "/fhir/Patient/a/$everything?_type=Observation,Organization&_count=1&_since=2020"},
		{"GET", "/fhir/Encounter/e/$everything?_cursor=x"},
		{"GET", "/fhir/Observation/$lastn?patient=a&category=x&max=2"},
		{"GET", "/fhir/Observation/$lastn?subject:Patient.name=x&code:not=y&date=ge2020"},
		{"GET", "/fhir/Patient/a/Observation?_sort=-date&_include=*&performer.name=b&_count=0"},
		{"GET", "/fhir/Patient?_has:Observation:patient:code=1-8&_sort=-birthdate,_id&_total=accurate&_elements=id&_summary=true&_explain=true"},
		{"GET", "/fhir/Observation?value-quantity=gt1.5||mg&code:in=http://v&code:text=x&_revinclude:iterate=*"},
		{"POST", "/fhir/Patient/a/Observation/_search", "Content-Type: application/x-www-form-urlencoded", "a=b"},
		{"POST", "/fhir/_search", "Content-Type: application/x-www-form-urlencoded", "_type=Patient&_count=1"},
		{"GET", "/fhir/Patient?_page=AAAA"}, {"GET", "/fhir/Patient/a/_history/1/$meta"}, {"GET", "/fhir/_history?_total=none&_at=2020&_count=1"},
		{"GET", "/fhir/Patient/a", "If-None-Match: W/\"1\"\nAccept: application/fhir+json;q=0.5, */*\nIf-Modified-Since: Mon, 02 Jan 2006 15:04:05 GMT\nAccept-Encoding: zstd"},
		{"PUT", "/fhir/Patient/a", "If-Match: W/\"1\"\nPrefer: return=minimal", `{"resourceType":"Patient","id":"a"}`},
		{"PUT", "/fhir/Patient?identifier=http://h|1", "If-None-Match: *\nIdempotency-Key: k", `{"resourceType":"Patient"}`},
		{"POST", "/fhir/Patient", "If-None-Exist: ?family=x&birthdate=ge1960", `{"resourceType":"Patient"}`},
		{"DELETE", "/fhir/Patient?family=q", "If-Match: W/\"2\""}, {"GET", "/fhir/metadata?_format=application/json"},
		{"GET", "/fhir/$export?_type=Patient&_typeFilter=Patient?family=x&_since=2020-01-01T00:00:00Z", "Prefer: respond-async, handling=lenient"},
		{"GET", "/fhir/Group/g/$export"}, {"GET", "/fhir/_job/x/y"}, {"GET", "/fhir/$reindex"}, {"POST", "/fhir/Patient/a/$reindex"}, {"POST", "/fhir/Observation/o/$erase"},
		{"GET", "/fhir/Composition/c/$document?persist=true"}, {"GET", "/fhir/Patient?family=x", "Prefer: respond-async"},
		{"GET", "/fhir/AuditEvent?date=ge2020&patient=Patient/a&agent=user:fuzz&entity=Observation/o&action=R,U&outcome=0&_count=2&_elements=agent"}, {"GET", "/fhir/AuditEvent/1"}, {"GET", "/fhir/Patient/a/AuditEvent?entity:identifier=x|y&_cursor=AAAA"},
		{"POST", "/fhir/Binary", "Content-Type: text/plain;charset=utf-8", "x"}, {"POST", "/fhir/Patient", "Content-Encoding: gzip", "\x1f\x8b\x08"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	z := newFuzzed(f)
	f.Fuzz(z.check)
}

// FuzzBundle sends anything as a Bundle.
func FuzzBundle(f *testing.F) {
	for _, entry := range []string{
		`"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=http://h|1"}`,
		`"fullUrl":"urn:uuid:a","resource":{"resourceType":"Patient","link":[{"other":{"reference":"urn:uuid:a"},"type":"seealso"}]},"request":{"method":"PUT","url":"Patient?family=x"}`,
		`"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?identifier=http://h|1"}},"request":{"method":"POST","url":"Observation"}`,
		`"request":{"method":"DELETE","url":"Observation?status=final","ifMatch":"W/\"1\""}`,
		`"request":{"method":"GET","url":"Patient?_id=a&_revinclude=*","ifNoneMatch":"*","ifModifiedSince":"2020-01-01T00:00:00Z"}`,
		`"request":{"method":"GET","url":"/Patient/a/$everything"}},{"request":{"method":"HEAD","url":"metadata"}`,
		`"resource":{"resourceType":"Binary","contentType":"application/json-patch+json","data":"W10="},"request":{"method":"PATCH","url":"Patient/a"}`,
		`"resource":{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient"}}]},"request":{"method":"POST","url":"Patient/$match"}`,
	} {
		for _, kind := range []string{"transaction", "batch"} {
			f.Add(`{"resourceType":"Bundle","type":"`+kind+`","entry":[{`+entry+`}]}`, "")
		}
	}
	z := newFuzzed(f)
	f.Fuzz(func(t *testing.T, body, prefer string) { z.check(t, "POST", "/fhir", "Prefer: "+prefer, body) })
}

// FuzzPatched sends anything as a patch of a resource, and by criteria.
func FuzzPatched(f *testing.F) {
	f.Add(true, `[{"op":"test","path":"/valueQuantity/value","value":1.50},{"op":"move","from":"/status","path":"/code/text"},{"op":"add","path":"/note/-","value":{"text":"x"}}]`)
	f.Add(true, `[{"op":"copy","from":"","path":"/contained"},{"op":"remove","path":"/meta"},{"op":"replace","path":"/id","value":"b"}]`)
	for _, op := range []string{
		`{"name":"type","valueCode":"add"},{"name":"path","valueString":"Observation"},{"name":"name","valueString":"note"},{"name":"value","part":[{"name":"text","valueMarkdown":"x"}]}`,
		`{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Observation.value.where($this is Quantity)"}`,
		`{"name":"type","valueCode":"move"},{"name":"path","valueString":"Observation.code.coding"},{"name":"source","valueInteger":0},{"name":"destination","valueInteger":1}`,
		`{"name":"type","valueCode":"insert"},{"name":"path","valueString":"Observation.code.coding"},{"name":"index","valueInteger":-1},{"name":"value","valueCoding":{"code":"b"}}`,
	} {
		f.Add(false, `{"resourceType":"Parameters","parameter":[{"name":"operation","part":[`+op+`]}]}`)
	}
	z := newFuzzed(f)
	f.Fuzz(func(t *testing.T, pointers bool, body string) {
		media := "Content-Type: application/fhir+json"
		if pointers {
			media = "Content-Type: application/json-patch+json"
		}
		z.check(t, "PATCH", "/fhir/Observation/o", media, body)
		z.check(t, "PATCH", "/fhir/Observation?status=final", media, body)
		z.check(t, "GET", "/fhir/Observation/o", "", "")
	})
}

// operationBodies are addresses of operations that take a body.
var operationBodies = []string{
	"/fhir/ValueSet/$expand", "/fhir/ValueSet/$validate-code", "/fhir/CodeSystem/$validate-code", "/fhir/CodeSystem/$lookup", "/fhir/Patient/$match", "/fhir/Observation/$validate", "/fhir/Patient/a/$validate",
	"/fhir/$import", "/fhir/$export", "/fhir/Patient/$export", "/fhir/Patient/a/$everything", "/fhir/Observation/$lastn", "/fhir/Patient/a/$meta-add", "/fhir/Patient/a/$meta-delete", "/fhir/Composition/c/$document", "/fhir/Observation/$reindex",
}

// FuzzParameters sends anything as the input of an operation.
func FuzzParameters(f *testing.F) {
	for i, parameters := range []string{
		`{"name":"url","valueUri":"http://v"},{"name":"filter","valueString":"b"},{"name":"count","valueInteger":1},{"name":"offset","valueInteger":1}`,
		`{"name":"url","valueUri":"http://v"},{"name":"coding","valueCoding":{"system":"http://s","code":"b","display":"B"}}`,
		`{"name":"url","valueUri":"http://s"},{"name":"code","valueCode":"c"}`,
		`{"name":"system","valueUri":"http://s"},{"name":"code","valueCode":"b"},{"name":"property","valueCode":"child"}`,
		`{"name":"resource","resource":{"resourceType":"Patient","birthDate":"1961-11-02","name":[{"family":"x"}],"identifier":[{"value":"a,b|$"}]}},{"name":"count","valueInteger":3},{"name":"onlyCertainMatches","valueBoolean":true}`,
		`{"name":"resource","resource":{"resourceType":"Observation","status":"final"}},{"name":"mode","valueCode":"profile"},{"name":"profile","valueUri":"http://hl7.org/fhir/StructureDefinition/vitalsigns"}`,
		`{"name":"resource","resource":{"resourceType":"Patient","id":"a"}}`,
		`{"name":"inputFormat","valueCode":"application/fhir+ndjson"},{"name":"mode","valueCode":"strict"},{"name":"input","part":[{"name":"type","valueCode":"Patient"},{"name":"url","valueUrl":"http://127.0.0.1/a"}]}`,
		`{"name":"_type","valueString":"Patient,Group"},{"name":"_since","valueInstant":"2020-01-01T00:00:00Z"},{"name":"_typeFilter","valueString":"Patient?family=x"},{"name":"_elements","valueString":"name"}`,
		`{"name":"_outputFormat","valueString":"ndjson"}`, `{"name":"_type","valueCode":"Observation"},{"name":"_count","valueInteger":1}`, `{"name":"patient","valueString":"a"},{"name":"max","valueInteger":2}`,
		`{"name":"meta","valueMeta":{"tag":[{"code":"x"}],"profile":["http://p"]}}`, `{"name":"meta","valueMeta":{"tag":[{"code":"x"}]}}`, `{"name":"persist","valueBoolean":true}`, `{"name":"x"}`,
	} {
		f.Add(uint8(i), `{"resourceType":"Parameters","parameter":[`+parameters+`]}`)
	}
	f.Add(uint8(0), `{"resourceType":"Parameters","parameter":[{"name":"valueSet","resource":{"resourceType":"ValueSet","status":"active","compose":{"include":[{"valueSet":["http://v"]},{"system":"http://s","filter":[{"property":"concept","op":"is-a","value":"b"}]}]}}}]}`)
	f.Add(uint8(0), `{"resourceType":"Parameters","parameter":[{"name":"valueSet","resource":{"resourceType":"ValueSet","":"","compose":{}}}]}`) // was given back as it is
	f.Add(uint8(7), `{"inputFormat":"application/fhir+ndjson","input":[{"type":"Patient","url":"s3://b/a"}]}`)
	z := newFuzzed(f)
	f.Fuzz(func(t *testing.T, operation uint8, body string) {
		z.check(t, "POST", operationBodies[int(operation)%len(operationBodies)], "", body)
	})
}

// FuzzCursor changes page tokens and asks for more with them.
func FuzzCursor(f *testing.F) {
	z := newFuzzed(f)
	for i := range 3 {
		z.send("POST", "/fhir/Patient", "", `{"resourceType":"Patient","birthDate":"200`+string(rune('0'+i))+`"}`)
	}
	pages := []string{"/fhir/Patient?_count=1", "/fhir/Patient?_sort=-birthdate&_count=1", "/fhir/_history?_count=1", "/fhir/Patient/a/$everything?_count=1"}
	for i, page := range pages {
		var set struct {
			Link []struct{ Relation, URL string }
		}
		_ = json.Unmarshal(z.send("GET", page, "", "").Body.Bytes(), &set)
		for _, l := range set.Link {
			if _, token, ok := strings.Cut(l.URL, "_cursor="); ok {
				f.Add(uint8(i), token)
			}
		}
	}
	f.Fuzz(func(t *testing.T, page uint8, token string) {
		at := pages[int(page)%len(pages)]
		z.check(t, "GET", at+"&_cursor="+token, "", "")
		z.check(t, "GET", "/fhir/Patient?_page="+token, "", "")
	})
}
