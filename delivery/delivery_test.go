package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	blobfolder "chartlake/blob/folder"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/record"
	"chartlake/store"
	"chartlake/store/sqlite"
)

var anna = store.Actor{ID: "user:anna"}

type bench struct {
	*Desk
	t     *testing.T
	clock time.Time
}

func newBench(t *testing.T, sinks ...Sink) *bench {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Folder: t.TempDir(), Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	b := &bench{t: t, clock: time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)}
	b.Desk = &Desk{Store: db, Sinks: sinks, Log: slog.New(slog.DiscardHandler), Self: "one", Now: func() time.Time { return b.clock }}
	return b
}

func idOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

func (b *bench) do(steps ...store.Command) {
	b.t.Helper()
	if _, err := b.Store.Transact(context.Background(), anna, steps); err != nil {
		b.t.Fatal(err)
	}
}

// file takes a document to filed with a Bundle of these resources.
func (b *bench) file(name string, keys ...string) string {
	b.t.Helper()
	id := idOf(name)
	b.do(store.Receive{Document: store.Document{ID: id, SHA256: id, MediaType: "image/png", Pages: 1, Bytes: 1}, Arrival: store.Arrival{At: b.clock, Source: "test"}},
		store.Move{ID: id, From: []store.State{store.Received}, To: store.Reading},
		store.Move{ID: id, From: []store.State{store.Reading}, To: store.Understood},
		store.Move{ID: id, From: []store.State{store.Understood}, To: store.Filed, Set: func(d *store.Document) {
			d.Segments = []store.DocumentSegment{{Type: "lab_report", Pages: [2]int{1, 1}}}
		}}, put(id, 0, keys...))
	return id
}

func put(id string, after int, keys ...string) store.Command {
	var entries []string
	for _, key := range keys {
		typ, rid, _ := strings.Cut(key, "/")
		entries = append(entries, fmt.Sprintf(`{"resource":{"resourceType":%q,"id":%q},"request":{"method":"PUT","url":%q}}`, typ, rid, key))
	}
	rec := record.Record{Bundle: json.RawMessage(`{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join(entries, ",") + `]}`)}
	body, err := rec.Encode()
	if err != nil {
		panic(err)
	}
	return store.PutRecord{Document: id, After: after, Action: "machine", Body: body}
}

func (b *bench) once(want string) {
	b.t.Helper()
	_, err := b.Once(b.t.Context(), b.Sinks[0])
	if got := map[bool]string{true: codeOf(err)}[err != nil]; got != want {
		b.t.Fatalf("delivering: %q, want %q", got, want)
	}
}

// receiver is a server that answers with a status and keeps what it got.
type receiver struct {
	*httptest.Server
	status func(body string) int
	got    []string
	heads  []http.Header
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: func(string) int { return 200 }}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		status := r.status(string(body))
		if status == 200 {
			r.got, r.heads = append(r.got, string(body)), append(r.heads, q.Header)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(r.Close)
	return r
}

func open(t *testing.T, name string) Sink {
	t.Helper()
	s, err := Open(name, Secrets{Token: "t0ken", Signature: "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// verbs lists what a Bundle asks for.
func verbs(t *testing.T, bundle string) (out []string) {
	t.Helper()
	var b struct {
		Entry []struct{ Request struct{ Method, URL string } }
	}
	if err := json.Unmarshal([]byte(bundle), &b); err != nil {
		t.Fatalf("%v: %s", err, bundle)
	}
	for _, e := range b.Entry {
		out = append(out, e.Request.Method+" "+e.Request.URL)
	}
	return out
}

// TestServer: what is filed goes once; what is filed anew goes with what has gone; what is rejected is
// taken back, but no patient.
func TestServer(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	b := newBench(t, open(t, "fhir="+r.URL))
	b.once("")
	id := b.file("one", "Patient/p", "Observation/a", "Observation/b")
	b.once("")
	b.once("")
	b.do(put(id, 1, "Patient/p", "Observation/b", "Condition/c"))
	b.once("")
	b.do(store.Move{ID: id, From: []store.State{store.Filed}, To: store.Rejected, Code: "person"})
	b.once("")
	var got [][]string
	for _, bundle := range r.got {
		got = append(got, verbs(t, bundle))
	}
	want := [][]string{{"PUT Patient/p", "PUT Observation/a", "PUT Observation/b"},
		{"PUT Patient/p", "PUT Observation/b", "PUT Condition/c", "DELETE Observation/a"},
		{"DELETE Observation/b", "DELETE Condition/c"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if h := r.heads[0]; h.Get("Authorization") != "Bearer t0ken" || h.Get("Content-Type") != "application/fhir+json" {
		t.Errorf("headers %v", h)
	}
}

// TestTrouble: a receiver that is down keeps the order and loses nothing; a document that is refused
// stands aside, is counted, and goes again when somebody says so.
func TestTrouble(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	b := newBench(t, open(t, "fhir="+r.URL))
	status := 503
	r.status = func(body string) int {
		if strings.Contains(body, "Observation/bad") && status == 200 {
			return 422
		}
		return status
	}
	b.file("one", "Observation/bad")
	b.file("two", "Observation/good")
	b.once("receiver_503")
	b.clock = b.clock.Add(time.Minute)
	b.once("receiver_503")
	seen, err := b.Status(t.Context(), anna)
	if err != nil || len(seen) != 1 || seen[0].Down != "receiver_503" || !seen[0].Since.Equal(b.clock.Add(-time.Minute)) {
		t.Fatalf("status %+v, %v", seen, err)
	}
	status = 200
	b.once("")
	if len(r.got) != 1 || !strings.Contains(r.got[0], "good") {
		t.Fatalf("got %v", r.got)
	}
	if seen, _ = b.Status(t.Context(), anna); seen[0].Down != "" || seen[0].Dead["refused_422"] != 1 {
		t.Errorf("status %+v", seen)
	}
	b.once("")
	if n, err := b.Replay(t.Context(), anna, b.Sinks[0].Name(), ""); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	b.once("")
	if seen, _ = b.Status(t.Context(), anna); seen[0].Dead["refused_422"] != 1 || seen[0].Again != 0 {
		t.Errorf("refused again: %+v", seen)
	}
	if n, err := b.Replay(t.Context(), anna, b.Sinks[0].Name(), ""); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	r.status = func(string) int { return 200 }
	b.once("")
	if seen, _ = b.Status(t.Context(), anna); len(r.got) != 2 || seen[0].Dead != nil || seen[0].Again != 0 {
		t.Errorf("got %d, status %+v", len(r.got), seen)
	}
	// One that was taken goes again, too, when it is named.
	if _, err := b.Replay(t.Context(), anna, b.Sinks[0].Name(), idOf("two")); err != nil {
		t.Fatal(err)
	}
	b.once("")
	if len(r.got) != 3 {
		t.Errorf("%d were sent, want 3", len(r.got))
	}
	if _, err := b.Replay(t.Context(), anna, "fhir=http://elsewhere", ""); !fault.Is(err, fault.NotFound) {
		t.Errorf("no such sink: %v", err)
	}
}

// TestOneProcessDelivers: another one takes over when nothing is heard of the first.
func TestOneProcessDelivers(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	b := newBench(t, open(t, "fhir="+r.URL))
	other := &bench{t: t, Desk: &Desk{Store: b.Store, Sinks: b.Sinks, Log: b.Log, Self: "two", Now: b.Now}}
	b.file("one", "Observation/a")
	b.once("")
	b.file("two", "Observation/b")
	other.once("")
	if len(r.got) != 1 {
		t.Fatalf("%d were sent while the other process delivers", len(r.got))
	}
	b.clock = b.clock.Add(leaseTime + time.Second)
	other.once("")
	b.once("")
	if len(r.got) != 2 {
		t.Errorf("%d were sent, want 2", len(r.got))
	}

	// A process whose lease ran out while it sent does not set back what the next one has written.
	r.status = func(string) int { return 422 }
	late, err := other.lease(t.Context(), b.Sinks[0])
	if err != nil || late == nil {
		t.Fatalf("no lease: %v", err)
	}
	b.file("three", "Observation/c")
	b.clock = b.clock.Add(leaseTime + time.Second)
	b.once("")
	if err := other.keep(t.Context(), b.Sinks[0], *late, nil); err != nil {
		t.Fatal(err)
	}
	if seen, err := b.Status(t.Context(), anna); err != nil || seen[0].Dead["refused_422"] != 1 {
		t.Errorf("dead letters %+v, %v", seen, err)
	}
}

// TestWebhook: notices have ids and states, nothing of a patient, and a signature.
func TestWebhook(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	b := newBench(t, open(t, "webhook="+r.URL))
	id := b.file("one", "Observation/a")
	b.once("")
	if len(r.got) != 1 {
		t.Fatalf("got %v", r.got)
	}
	var n notice
	if err := json.Unmarshal([]byte(r.got[0]), &n); err != nil {
		t.Fatal(err)
	}
	if want := (noticeOfDocs{id, store.Filed, "", 1, 1, []string{"lab_report"}}); n.Type != "document.filed" || !cmp.Equal(n.Data, want) {
		t.Errorf("notice %+v", n)
	}
	b.do(put(id, 1, "Observation/b")) // a person accepted a value: it came to rest before
	b.once("")
	if len(r.got) != 1 {
		t.Errorf("%d notices of one state", len(r.got))
	}
	h := r.heads[0]
	msg := h.Get("webhook-id")
	if want := "v1," + sign([]byte(strings.Repeat("k", 32)), msg, h.Get("webhook-timestamp"), []byte(r.got[0])); h.Get("webhook-signature") != want || !strings.HasPrefix(msg, id+"-") || !strings.HasSuffix(msg, "-filed") {
		t.Errorf("headers %v", h)
	}
	// The example of the standard: https://github.com/standard-webhooks/standard-webhooks, libraries' tests.
	key, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	if got := sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`)); got != "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("signature of the example %s", got)
	}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := newBench(t, open(t, "folder="+dir))
	id := b.file("one", "Observation/a")
	b.once("")
	body, err := os.ReadFile(filepath.Join(dir, id+".json"))
	if err != nil || len(verbs(t, string(body))) != 1 {
		t.Errorf("%s, %v", body, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d files", len(left))
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "fhir=", "fhir=ftp://x", "fhir=http://user:password@x", "mail=x", "folder=/no/such/folder", "http://x"} {
		if _, err := Open(name, Secrets{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := Open("webhook=http://x", Secrets{Signature: "short"}); !fault.Is(err, fault.Invalid) {
		t.Error("a short secret is taken")
	}
}

// withOriginals gives a bench the originals of documents, by their names.
func (b *bench) withOriginals(names ...string) {
	b.t.Helper()
	blobs, err := blobfolder.Open(b.t.TempDir(), blobfolder.Options{Reserve: -1})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, name := range names { // a document's id is the hash of its name here, and so of its bytes
		if _, err := blobs.Put(b.t.Context(), strings.NewReader(name), 1000, nil); err != nil {
			b.t.Fatal(err)
		}
	}
	b.Blobs = blobs
}

// TestOriginals: the bytes go behind their Bundle, which does not empty them again, once; they are
// taken back with the rest.
func TestOriginals(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	b := newBench(t, open(t, "fhir="+r.URL))
	b.withOriginals("one")
	id := idOf("one")
	b.file("one", "Binary/"+id, "Observation/a")
	b.once("")
	b.do(put(id, 1, "Binary/"+id, "Observation/b"))
	b.once("")
	b.do(store.Move{ID: id, From: []store.State{store.Filed}, To: store.Rejected, Code: "person"})
	b.once("")
	if len(r.got) != 4 {
		t.Fatalf("%d were sent: %v", len(r.got), r.got)
	}
	var binary struct {
		ResourceType, ID, ContentType string
		Data                          []byte
	}
	if err := json.Unmarshal([]byte(r.got[1]), &binary); err != nil || binary.ResourceType != "Binary" || binary.ID != id || binary.ContentType != "image/png" || string(binary.Data) != "one" {
		t.Errorf("the original: %s, %v", r.got[1], err)
	}
	got := [][]string{verbs(t, r.got[0]), verbs(t, r.got[2]), verbs(t, r.got[3])}
	want := [][]string{{"PUT Observation/a"}, {"PUT Observation/b", "DELETE Observation/a"}, {"DELETE Binary/" + id, "DELETE Observation/b"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// erasing is a bench with a patient who has a document and an observation.
func erasing(t *testing.T, sink Sink) (b *bench, id string) {
	b = newBench(t, sink)
	if err := b.Store.Erasures(t.Context(), func(context.Context, string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	b.withOriginals("one")
	resource := func(body string) store.Command {
		n, err := fhir.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return store.Update{Resource: n}
	}
	b.once("")
	id = b.file("one", "Patient/p", "Observation/a", "Binary/"+idOf("one"))
	b.do(resource(`{"resourceType":"Patient","id":"p"}`), resource(`{"resourceType":"Observation","id":"a","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"}}`),
		store.Move{ID: id, From: []store.State{store.Filed}, To: store.Filed, Set: func(d *store.Document) {
			d.Segments = []store.DocumentSegment{{Type: "lab_report", Pages: [2]int{1, 1}, Patient: "Patient/p"}}
			d.Resources = []store.Key{{Type: "Patient", ID: "p"}, {Type: "Observation", ID: "a"}}
		}})
	b.once("")
	return b, id
}

func (b *bench) erasePatient() {
	b.do(store.Erase{Key: store.Key{Type: "Patient", ID: "p"}})
}

// TestErasureAtAServer: what is erased here is deleted there; what the receiver refuses to delete
// stands aside and goes again; a receiver that is new is told nothing of what it never had.
func TestErasureAtAServer(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	b, _ := erasing(t, open(t, "fhir="+r.URL))
	b.erasePatient()
	sent := len(r.got)
	r.status = func(string) int { return 409 }
	b.once("")
	if seen, err := b.Status(t.Context(), anna); err != nil || seen[0].Dead["refused_409"] != 1 {
		t.Fatalf("status %+v, %v", seen, err)
	}
	r.status = func(string) int { return 200 }
	b.once("")
	if len(r.got) != sent {
		t.Error("what was refused went again by itself")
	}
	if _, err := b.Replay(t.Context(), anna, b.Sinks[0].Name(), ""); err != nil {
		t.Fatal(err)
	}
	b.once("")
	if len(r.got) != sent+1 {
		t.Fatalf("%d were sent, want %d", len(r.got), sent+1)
	}
	deleted := verbs(t, r.got[sent])
	slices.Sort(deleted)
	if d := cmp.Diff([]string{"DELETE Observation/a", "DELETE Patient/p"}, deleted); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if seen, _ := b.Status(t.Context(), anna); seen[0].Dead != nil {
		t.Errorf("status %+v", seen)
	}
	late := newReceiver(t)
	b.Sinks = append(b.Sinks, open(t, "fhir="+late.URL))
	if _, err := b.Once(t.Context(), b.Sinks[1]); err != nil || len(late.got) != 0 {
		t.Errorf("a new receiver was sent %v, %v", late.got, err)
	}
}

// TestErasureInAFolder takes the files away, and a webhook is told of the document.
func TestErasureInAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b, id := erasing(t, open(t, "folder="+dir))
	for _, ending := range []string{".json", ".png"} {
		if _, err := os.Stat(filepath.Join(dir, id+ending)); err != nil {
			t.Fatal(err)
		}
	}
	b.erasePatient()
	b.once("")
	if left, err := os.ReadDir(dir); len(left) != 0 || err != nil {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}

func TestErasureByNotice(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	b, id := erasing(t, open(t, "webhook="+r.URL))
	b.erasePatient()
	b.once("")
	b.once("")
	var n notice
	if err := json.Unmarshal([]byte(r.got[len(r.got)-1]), &n); err != nil || len(r.got) != 2 || n.Type != "document.erased" || n.Data.Document != id {
		t.Errorf("%d notices, the last %+v, %v", len(r.got), n, err)
	}
}
