package rest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/smart"
	"chartlake/store"
)

// FuzzRequest sends anything to an API whose caller may do nothing: no request may make it
// fail on our side, and every refusal is an OperationOutcome.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/fhir/Patient/1/_history/2?_format=json", "application/fhir+json;q=0.5,*/*", "handling=lenient", "")
	f.Add("POST", "/fhir", "", "return=minimal", `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"%/?"}}]}`)
	f.Add("POST", "/fhir/_search?a=%", "text/html", `return="x";;,=`, "a=b&c=%zz")
	f.Add("PUT", "/fhir/Patient?x", "", "", `{"resourceType":"Patient"}`)
	f.Add("PATCH", "/fhir/Patient/1", "", "", `[{"op":"add","path":"/a~1b/-","value":1.0}]`)
	f.Add("POST", "/fhir/Patient/$validate?mode=profile&profile=http://p", "", "", `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient"}}]}`)
	h := New(Config{Base: "http://here/fhir", Actor: func(*http.Request, smart.Action, string) (store.Actor, error) {
		return store.Actor{}, fault.New(fault.Forbidden, "forbidden", "not for you")
	}})
	f.Fuzz(func(t *testing.T, method, target, accept, prefer, body string) {
		req, err := http.NewRequest(method, "http://here"+target, strings.NewReader(body))
		if err != nil || req.URL.Host != "here" {
			return
		}
		req.Header.Set("Accept", accept)
		req.Header.Set("Prefer", prefer)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if w.Code >= 500 {
			t.Fatalf("%d: %s", w.Code, w.Body)
		}
		if w.Body.Len() == 0 {
			return
		}
		if n, err := fhir.Parse(w.Body.Bytes()); err != nil || n.Type() == "" {
			t.Fatalf("the answer is no resource: %s", w.Body)
		}
	})
}
