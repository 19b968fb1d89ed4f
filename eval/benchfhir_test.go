package eval

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chartlake/fault"
)

// archive writes a tar of one member under each name.
func archive(t *testing.T, data []byte, names ...string) string {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range names {
		body := data
		if strings.HasSuffix(name, ".gz") {
			var z bytes.Buffer
			g := gzip.NewWriter(&z)
			_, _ = g.Write(data)
			_ = g.Close()
			body = z.Bytes()
		}
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(body))}); err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write(body)
	}
	_ = w.Close()
	path := filepath.Join(t.TempDir(), "bundles.tar")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const posted = `{"resourceType":"Bundle","type":"transaction","entry":[
	{"resource":{"resourceType":"Patient","name":[{"family":"Tester"}]}},
	{"resource":{"resourceType":"Organization","name":"a text"}},
	{"resource":{"resourceType":"Observation","code":{"coding":[{"system":"http://loinc.org","code":"1-8"},{"system":"http://other","code":"x"}]}}}]}`

// fakeFHIR makes two resources of every second bundle, and answers every query with two entries.
func fakeFHIR(t *testing.T) (base string, asked *tally) {
	t.Helper()
	asked = &tally{}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && asked.posts.Add(1)%2 == 0:
			w.WriteHeader(http.StatusBadRequest)
		case r.Method == http.MethodPost:
			fmt.Fprint(w, `{"resourceType":"Bundle","entry":[{"response":{"status":"201 Created","location":"http://x/fhir/Patient/p1/_history/1"}},
				{"response":{"status":"201 Created","location":"Observation/o1/_history/1"}},{"response":{"status":"400 Bad Request"}}]}`)
		case strings.HasSuffix(r.URL.Path, "/p1"):
			fmt.Fprint(w, `{"resourceType":"Patient"}`)
		case strings.HasSuffix(r.URL.Path, "$everything"):
			w.WriteHeader(http.StatusNotFound)
		case r.URL.Query().Get("_summary") == "count":
			fmt.Fprint(w, `{"resourceType":"Bundle","total":7}`)
		default:
			if code := r.URL.Query().Get("code"); code != "" && code != "http://loinc.org|1-8" {
				asked.wrong.Add(1)
			}
			fmt.Fprint(w, `{"resourceType":"Bundle","entry":[{},{}]}`)
		}
	}))
	t.Cleanup(web.Close)
	return web.URL, asked
}

// tally counts requests, and those with a code that no bundle has.
type tally struct{ posts, wrong atomic.Int64 }

func TestBenchFHIRMeasures(t *testing.T) {
	t.Parallel()
	base, asked := fakeFHIR(t)
	bundles, err := readBundles(archive(t, []byte(posted), "a.json", "notes.txt", "b.json.gz", "c.json", "d.json"), 3)
	if err != nil || len(bundles) != 3 {
		t.Fatalf("%d bundles, %v", len(bundles), err)
	}
	o := FHIROptions{Clients: 1, Queries: 10}.defaults()
	run := FHIRRun{Server: "fake"}
	if err := o.measure(context.Background(), o.target(base, 0), bundles, &run); err != nil {
		t.Fatal(err)
	}
	if run.Bundles != 3 || run.Refused != 1 || run.Resources != 4 || run.Rate <= 0 || run.BundleP99 < run.BundleP50 {
		t.Errorf("import is %+v", run)
	}
	want := map[string]float64{"Patient by id": 1, "count of a code": 7, "$everything, page of 100": 0}
	for _, q := range run.Queries {
		entries, special := want[q.Query]
		if !special {
			entries = 2
		}
		failed := 0
		if strings.HasPrefix(q.Query, "$everything") {
			failed = 10
		}
		if q.Requests != 10 || q.Failed != failed || q.Entries < entries-1e-9 || q.Entries > entries+1e-9 {
			t.Errorf("%+v, want %v entries and %d failed", q, entries, failed)
		}
	}
	if len(run.Queries) != len(mix) || asked.wrong.Load() > 0 {
		t.Errorf("%d kinds of query, %d with a code that does not occur", len(run.Queries), asked.wrong.Load())
	}
	if table := (&FHIRReport{Servers: []FHIRRun{run}}).Table(); !strings.Contains(table, "1 refused") {
		t.Error("the table hides refused bundles")
	}
}

func TestBenchFHIRRefuses(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"no archive": filepath.Join(t.TempDir(), "none"), "no bundles": archive(t, []byte("x"), "readme.txt")} {
		if _, err := readBundles(path, 5); fault.As(err) == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := FHIROptions{Clients: 2, Queries: 1}.defaults()
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	if err := o.measure(context.Background(), o.target(web.URL, 0), [][]byte{[]byte(posted)}, &FHIRRun{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a server that takes nothing: %v", err)
	}
	web.Close()
	if err := o.measure(context.Background(), o.target(web.URL, 0), [][]byte{[]byte(posted)}, &FHIRRun{}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a server that is gone: %v", err)
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	var list []time.Duration
	for i := 100; i > 0; i-- {
		list = append(list, time.Duration(i)*time.Millisecond)
	}
	if p50, p99 := spread(list); p50 != 50 || p99 != 99 {
		t.Errorf("p50 %v, p99 %v", p50, p99)
	}
	if p50, p99 := spread(nil); p50 != 0 || p99 != 0 {
		t.Errorf("of nothing: %v, %v", p50, p99)
	}
}

// Queries go over lines that stay open; one that a server closes is made anew, and a body is read
// to its end whether or not its length was said.
func TestAskerReadsEveryAnswerWhole(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	long := strings.Repeat("x", 100_000)
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/fhir/closes":
			w.Header().Set("Connection", "close")
		case "/fhir/missing":
			w.WriteHeader(http.StatusNotFound)
		case "/fhir/pieces":
			fmt.Fprint(w, long)
			w.(http.Flusher).Flush()
		}
		fmt.Fprint(w, r.URL.RawQuery)
	}))
	web.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	web.Start()
	t.Cleanup(web.Close)
	a := newAsker(web.URL+"/fhir", 2)
	t.Cleanup(a.close)
	for _, want := range []struct {
		path   string
		status int
		body   string
	}{
		{"/a?b=c%20d", 200, "b=c%20d"}, {"/pieces?e", 200, long + "e"}, {"/missing", 404, ""},
		{"/closes?f", 200, "f"}, {"/a?g", 200, "g"},
	} {
		status, body, err := a.get(t.Context(), want.path)
		if err != nil || status != want.status || string(body) != want.body {
			t.Errorf("%s: %d, %d bytes, %v", want.path, status, len(body), err)
		}
	}
	if n := connections.Load(); n != 2 {
		t.Errorf("%d connections, want one and one after it was closed", n)
	}
	web.CloseClientConnections()
	if status, _, err := a.get(t.Context(), "/a"); err != nil || status != 200 {
		t.Errorf("after the server closed an idle line: %d %v", status, err)
	}
	web.Close()
	if _, _, err := a.get(t.Context(), "/a"); fault.As(err) == nil {
		t.Errorf("a server that is gone: %v", err)
	}
	if newAsker("https://127.0.0.1/fhir", 1) != nil {
		t.Error("TLS is not spoken")
	}
}
