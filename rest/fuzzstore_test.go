package rest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"chartlake/fhir"
	"chartlake/smart"
	"chartlake/store"
	"chartlake/store/sqlite"
)

// FuzzAllowed sends anything to an API over a real store whose caller may do everything: no
// request may make it fail on our side, and every answer with a body is a resource.
func FuzzAllowed(f *testing.F) {
	for _, seed := range [][3]string{
		{"GET", "/fhir/Patient/a/$everything?_type=Observation,Organization&_count=1&_since=2020", ""},
		{"POST", "/fhir/Patient/a/$everything", `{"resourceType":"Parameters","parameter":[{"name":"_type","valueCode":"Patient"}]}`},
		{"GET", "/fhir/Encounter/e/$everything?_cursor=x", ""},
		{"GET", "/fhir/Observation/$lastn?patient=a&category=x&max=2", ""},
		{"POST", "/fhir/Patient/$match", `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient","birthDate":"1961-11-02","identifier":[{"value":"a,b|$"}]}},{"name":"count","valueInteger":3}]}`},
		{"GET", "/fhir/Observation/$lastn?subject:Patient.name=x&code:not=y&date=ge2020", ""},
		{"GET", "/fhir/Patient/a/Observation?_sort=-date&_include=*&performer.name=b&_count=0", ""},
		{"POST", "/fhir/Patient/a/Observation/_search", "a=b"},
		{"GET", "/fhir/Patient?_page=AAAA", ""},
		{"GET", "/fhir/Patient/a/_history/1/$meta", ""},
		{"POST", "/fhir/Patient/a/$meta-add", `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"a"}]}}]}`},
		{"POST", "/fhir/Patient/a/$meta-delete", `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"a"}]}}]}`},
		{"GET", "/fhir/_history?_total=none&_at=2020&_count=1", ""},
		{"POST", "/fhir", `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}]}`},
		{"DELETE", "/fhir/Patient?family=x", ""},
	} {
		f.Add(seed[0], seed[1], "k", seed[2])
	}
	st, err := sqlite.Open(context.Background(), sqlite.Config{Folder: f.TempDir(), Base: "http://here/fhir"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = st.Close() })
	h := New(Config{Store: st, Base: "http://here/fhir", Actor: func(*http.Request, smart.Action, string) (store.Actor, error) {
		return store.Actor{ID: "user:fuzz"}, nil
	}})
	send := func(method, target, key, body string) *httptest.ResponseRecorder {
		req, err := http.NewRequest(method, "http://here"+target, strings.NewReader(body))
		if err != nil || req.URL.Host != "here" {
			return nil
		}
		if key != "" {
			req.Header.Set("Idempotency-Key", key)
		}
		if strings.HasSuffix(req.URL.Path, "_search") {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		return w
	}
	send("PUT", "/fhir/Patient/a", "", `{"resourceType":"Patient","id":"a","name":[{"family":"x"}]}`)
	send("PUT", "/fhir/Encounter/e", "", `{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/a"}}`)
	send("PUT", "/fhir/Observation/o", "", `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"y"},"subject":{"reference":"Patient/a"},"encounter":{"reference":"Encounter/e"}}`)
	f.Fuzz(func(t *testing.T, method, target, key, body string) {
		w := send(method, target, key, body)
		if w == nil {
			return
		}
		if w.Code >= 500 {
			t.Fatalf("%d: %s", w.Code, w.Body)
		}
		if w.Body.Len() == 0 || !strings.Contains(w.Header().Get("Content-Type"), "json") {
			return
		}
		if n, err := fhir.Parse(w.Body.Bytes()); err != nil || n.Type() == "" {
			t.Fatalf("the answer is no resource: %s", w.Body)
		}
	})
}
