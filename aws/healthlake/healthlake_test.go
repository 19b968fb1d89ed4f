package healthlake

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chartlake/aws/awstest"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/identity"
	"chartlake/rest"
	"chartlake/smart"
	"chartlake/store"
	"chartlake/store/sqlite"
)

// lake is a FHIR server with HealthLake's limits and signatures: our own, so that transactions are
// what they are in FHIR.
type lake struct {
	http.Handler
	api    http.Handler
	limit  int // entries
	mu     sync.Mutex
	posts  int
	bodies []int // size of each transaction that was taken
}

func newLake(t *testing.T) *lake {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	l := &lake{limit: entriesMax}
	l.api = rest.New(rest.Config{Store: db, Base: "http://lake/datastore/abc/r4", Version: "test",
		Actor: func(*http.Request, smart.Action, string) (store.Actor, error) { return store.Actor{ID: "test"}, nil }})
	l.Handler = awstest.Signed("healthlake", http.HandlerFunc(l.serve))
	return l
}

func (l *lake) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.Method == http.MethodPost && !strings.HasSuffix(r.URL.Path, "_search") {
		bundle, err := fhir.Parse(body)
		switch {
		case len(body) > bytesMax:
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		case err != nil || len(bundle.Get("entry").Items()) > l.limit:
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		l.mu.Lock()
		l.posts++
		l.bodies = append(l.bodies, len(body))
		l.mu.Unlock()
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	l.api.ServeHTTP(w, r)
}

// ask asks the server behind the proxy.
func (l *lake) ask(t *testing.T, path string) (int, *fhir.Node) {
	t.Helper()
	rec := httptest.NewRecorder()
	l.api.ServeHTTP(rec, httptest.NewRequest("GET", "http://lake/datastore/abc/r4/"+path, nil))
	n, _ := fhir.Parse(rec.Body.Bytes())
	return rec.Code, n
}

// versions counts the versions of a resource.
func (l *lake) versions(t *testing.T, ref string) int {
	t.Helper()
	_, n := l.ask(t, ref+"/_history")
	return len(n.Get("entry").Items())
}

// document is a Bundle as fhirmap makes them, with n observations of a size.
func document(name string, n, size int) []byte {
	put := func(resource *fhir.Node) *fhir.Node {
		ref := resource.Type() + "/" + resource.ID()
		return fhir.NewObject("fullUrl", "https://chartlake.dev/fhir/"+ref, "resource", resource, "request", fhir.NewObject("method", "PUT", "url", ref))
	}
	text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", size)))
	entries := []*fhir.Node{
		put(fhir.NewObject("resourceType", "Binary", "id", name, "contentType", "application/pdf")),
		put(fhir.NewObject("resourceType", "Patient", "id", name+"-p", "name", []*fhir.Node{fhir.NewObject("family", "Patient-Canary", "given", []*fhir.Node{fhir.NewString("Ada")})}, "birthDate", "1950-03-01")),
		put(fhir.NewObject("resourceType", "DocumentReference", "id", name+"-d", "status", "current", "subject", fhir.NewObject("reference", "Patient/"+name+"-p"),
			"content", []*fhir.Node{fhir.NewObject("attachment", fhir.NewObject("contentType", "application/pdf", "url", "Binary/"+name))})),
	}
	for i := range n {
		entries = append(entries, put(fhir.NewObject("resourceType", "Binary", "id", fmt.Sprintf("%s-%d", name, i), "contentType", "text/plain", "data", text)))
	}
	return fhir.NewObject("resourceType", "Bundle", "type", "transaction", "entry", entries).AppendJSON(nil)
}

func sink(t *testing.T, p *awstest.Proxy) *Sink {
	t.Helper()
	c := awstest.Config(t, "")
	s, err := New(Config{URL: p.URL + "/datastore/abc/r4/", AWS: &c, Tries: 5, Pause: time.Millisecond, PauseMax: 4 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		entries, size int
		limit         int
		transactions  int
	}{
		"one":            {entries: 1, size: 10, transactions: 1},
		"exactly":        {entries: 97, size: 10, transactions: 1},
		"one more":       {entries: 98, size: 10, transactions: 2},
		"many":           {entries: 397, size: 10, transactions: 4},
		"large ones":     {entries: 5, size: 1_500_000, transactions: 3},
		"a lower limit":  {entries: 60, size: 10, limit: 40, transactions: 2},
		"a limit of one": {entries: 2, size: 10, limit: 1, transactions: 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLake(t)
			if c.limit > 0 {
				l.limit = c.limit
			}
			s := sink(t, awstest.New(t, l, awstest.FHIR, nil))
			got, err := s.File(t.Context(), Document{Bundle: document("doc", c.entries, c.size)})
			if err != nil {
				t.Fatal(err)
			}
			if want := (Filed{Resources: c.entries + 3, Transactions: c.transactions}); got != want || l.posts != c.transactions {
				t.Errorf("%+v in %d transactions, want %+v", got, l.posts, want)
			}
			l.all(t, "doc", c.entries, 1)
			// The same event again: nothing is written over what people may have changed since.
			if got, err := s.File(t.Context(), Document{Bundle: document("doc", c.entries, c.size)}); err != nil || !got.Known || l.posts != c.transactions {
				t.Errorf("again: %+v, %v, %d transactions", got, err, l.posts)
			}
		})
	}
}

// all checks that every resource is there, each in so many versions at most.
func (l *lake) all(t *testing.T, name string, entries, versions int) {
	t.Helper()
	refs := []string{"Binary/" + name, "Patient/" + name + "-p", "DocumentReference/" + name + "-d"}
	for i := range entries {
		refs = append(refs, fmt.Sprintf("Binary/%s-%d", name, i))
	}
	for _, ref := range refs {
		if code, _ := l.ask(t, ref); code != 200 {
			t.Errorf("%s: %d", ref, code)
		}
	}
	for _, ref := range refs[:3] {
		if n := l.versions(t, ref); n < 1 || n > versions {
			t.Errorf("%s has %d versions, at most %d", ref, n, versions)
		}
	}
}

func TestAgain(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	s := sink(t, awstest.New(t, l, awstest.FHIR, nil))
	for range 2 {
		if f, err := s.File(t.Context(), Document{Bundle: document("doc", 1, 10), Again: true}); err != nil || f.Known {
			t.Fatal(f, err)
		}
	}
	if l.posts != 2 {
		t.Errorf("%d transactions", l.posts)
	}
}

// TestThroughIllness: whatever happens to answers, all is there, nothing twice, after bounded tries.
func TestThroughIllness(t *testing.T) {
	t.Parallel()
	for name, ill := range awstest.All {
		if ill == awstest.Stall {
			continue // TestStall
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLake(t)
			proxy := awstest.New(t, l, awstest.FHIR, awstest.Every(2, ill))
			s := sink(t, proxy)
			if _, err := s.File(t.Context(), Document{Bundle: document("doc", 250, 10)}); err != nil {
				t.Fatal(err)
			}
			l.all(t, "doc", 250, 3)
			if _, n := l.ask(t, "Patient?family=Patient-Canary"); len(n.Get("entry").Items()) != 1 {
				t.Errorf("%d patients", len(n.Get("entry").Items()))
			}
			if n := proxy.Count(); n > 2*4 || proxy.Had(ill) == 0 {
				t.Errorf("asked %d times, %d of them ill", n, proxy.Had(ill))
			}
		})
	}
}

func TestStall(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	proxy := awstest.New(t, l, awstest.FHIR, awstest.First(1, awstest.Stall))
	s := sink(t, proxy)
	s.Client = awstest.Hasty(t, "").HTTPClient
	if _, err := s.File(t.Context(), Document{Bundle: document("doc", 1, 10)}); err != nil {
		t.Fatal(err)
	}
	l.all(t, "doc", 1, awstest.Tries)
}

// TestServerDown: the tries are counted, and nothing is told of what was sent or answered.
func TestServerDown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ill  awstest.Ill
		code string
	}{"throttled": {awstest.Throttle, "fhir_throttled"}, "500": {awstest.Fail, "fhir_status_500"}, "lost": {awstest.Lost, "fhir_unreachable"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := awstest.New(t, newLake(t), awstest.FHIR, awstest.Every(1, c.ill))
			_, err := sink(t, proxy).File(t.Context(), Document{Bundle: document("doc", 1, 10)})
			if f := fault.As(err); f == nil || f.Kind != fault.Unavailable || f.Code != c.code || strings.Contains(strings.ToLower(err.Error()), "canary") {
				t.Errorf("%v, want %s", err, c.code)
			}
			if n := proxy.Count(); n != 5 {
				t.Errorf("asked %d times", n)
			}
		})
	}
	t.Run("told to wait long", func(t *testing.T) {
		t.Parallel()
		n := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			n++
			w.Header().Set("Retry-After", "3000")
			w.WriteHeader(429)
		}))
		defer server.Close()
		s, err := New(Config{URL: server.URL, Tries: 3, Pause: time.Millisecond, PauseMax: 2 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.File(t.Context(), Document{Bundle: document("doc", 1, 10)}); !fault.Is(err, fault.Unavailable) || n != 3 {
			t.Errorf("%v after %d", err, n)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.File(ctx, Document{Bundle: document("doc", 1, 10)}); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

// TestAnswers: a transaction is done only where the answer says so of every entry.
func TestAnswers(t *testing.T) {
	t.Parallel()
	good := `{"resourceType":"Bundle","type":"transaction-response","entry":[` + strings.TrimSuffix(strings.Repeat(`{"response":{"status":"201 Created"}},`, 4), ",") + `]}`
	for name, c := range map[string]struct {
		status int
		answer string
		kind   fault.Kind
		ok     bool
	}{
		"good":             {200, good, 0, true},
		"one less":         {200, strings.Replace(good, `{"response":{"status":"201 Created"}},`, "", 1), fault.Unavailable, false},
		"one refused":      {200, strings.Replace(good, "201 Created", "412 Precondition Failed", 1), fault.Unavailable, false},
		"another Bundle":   {200, strings.Replace(good, "transaction-response", "searchset", 1), fault.Unavailable, false},
		"no JSON":          {200, "<html>", fault.Unavailable, false},
		"nothing":          {200, "", fault.Unavailable, false},
		"signature":        {403, "patient-canary", fault.Forbidden, false},
		"no such store":    {404, "patient-canary", fault.NotFound, false},
		"resource refused": {400, "patient-canary", fault.Invalid, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == "GET" {
					w.WriteHeader(404)
					return
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.answer)
			}))
			defer server.Close()
			s, err := New(Config{URL: server.URL, Tries: 1})
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.File(t.Context(), Document{Bundle: document("doc", 1, 10)})
			if (err == nil) != c.ok || !c.ok && fault.KindOf(err) != c.kind || err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestRefusesBundles(t *testing.T) {
	t.Parallel()
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer server.Close()
	s, err := New(Config{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	good := string(document("doc", 1, 1))
	for name, bundle := range map[string]string{
		"nothing": "", "no JSON": "{", "a batch": strings.Replace(good, `"transaction"`, `"batch"`, 1), "a POST": strings.Replace(good, `"PUT"`, `"POST"`, 1),
		"another id": strings.Replace(good, `"url":"Patient/doc-p"}`, `"url":"Patient/other"}`, 1), "conditional": strings.Replace(good, `"url":"Patient/doc-p"}`, `"url":"Patient?x=1"}`, 1),
		"no entries": `{"resourceType":"Bundle","type":"transaction"}`, "a path": strings.ReplaceAll(good, "doc-p", "../doc"),
	} {
		if _, err := s.File(t.Context(), Document{Bundle: []byte(bundle)}); err == nil || asked {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, u := range []string{"", "ftp://x", "http://example.org/fhir", "https://healthlake.us-east-1.amazonaws.com/datastore/x/r4/", "https://u:p@x/"} {
		if _, err := New(Config{URL: u}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", u, err)
		}
	}
}

// TestOriginal: the file itself lies in S3, and that is where the DocumentReference points.
func TestOriginal(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	s := sink(t, awstest.New(t, l, awstest.FHIR, nil))
	if _, err := s.File(t.Context(), Document{Bundle: document("doc", 1, 1), Original: "s3://in/a%20b.pdf"}); err != nil {
		t.Fatal(err)
	}
	if code, _ := l.ask(t, "Binary/doc"); code != 404 {
		t.Errorf("a Binary without data was filed: %d", code)
	}
	_, n := l.ask(t, "DocumentReference/doc-d")
	if got := n.Get("content").Item(0).Str("attachment", "url"); got != "s3://in/a%20b.pdf" {
		t.Errorf("points to %q", got)
	}
}

// TestKnown: a patient who was filed is a candidate for the next document.
func TestKnown(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	proxy := awstest.New(t, l, awstest.FHIR, awstest.Every(2, awstest.Throttle))
	s := sink(t, proxy)
	if _, err := s.File(t.Context(), Document{Bundle: document("doc", 1, 1)}); err != nil {
		t.Fatal(err)
	}
	_, filed := l.ask(t, "Patient/doc-p")
	person := identity.FromPatient(filed).Person
	if len(identity.Criteria(person)) == 0 {
		t.Fatal("the person has no criteria")
	}
	got, err := s.Known(t.Context())(person)
	if err != nil || len(got) != 1 || !strings.HasSuffix(got[0].ID, "doc-p") {
		t.Errorf("%+v, %v", got, err)
	}
	for _, c := range identity.Criteria(person) {
		if _, err := url.ParseQuery(c); err != nil {
			t.Errorf("criteria %q", c)
		}
	}
	nobody, err := s.Known(t.Context())(identity.Person{})
	if diff := cmp.Diff(0, len(nobody)); err != nil || diff != "" {
		t.Error(err, diff)
	}
}
