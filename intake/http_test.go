package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"

	"chartlake/blob"
	"chartlake/fault"
	"chartlake/store"
)

func (b *bench) handler() http.Handler {
	return b.Handler(func(r *http.Request) (store.Actor, error) {
		if r.Header.Get("Authorization") == "no" {
			return store.Actor{}, fault.New(fault.Forbidden, "forbidden", "not for you")
		}
		return ehr, nil
	})
}

type answered struct {
	Receipt
	Code    string
	Message string
}

func (b *bench) send(r *http.Request) (int, http.Header, answered) {
	b.t.Helper()
	w := httptest.NewRecorder()
	b.handler().ServeHTTP(w, r)
	var a answered
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		b.t.Fatalf("answer %q: %v", w.Body, err)
	}
	return w.Code, w.Header(), a
}

func post(body string, headers ...string) *http.Request {
	r := httptest.NewRequest("POST", "/documents", strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func TestAnUploadIsADocumentAndAJob(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	status, header, a := b.send(post("%PDF one", "X-Filename", "M%C3%BCller%20chart.pdf", "Content-Type", "text/plain"))
	if status != http.StatusAccepted || a.ID == "" || a.ID != a.SHA256 || a.State != store.Received || a.DuplicateOf != nil || header.Get("Location") != "/documents/"+a.ID {
		t.Fatalf("%d %+v", status, a)
	}
	doc := b.documents()[0]
	if doc.ID != a.ID || doc.MediaType != "application/pdf" || doc.Pages != 2 || doc.Bytes != 8 || doc.Arrivals[0].Name != "Müller chart.pdf" || doc.Arrivals[0].Source != "http" {
		t.Errorf("document %+v", doc)
	}
	if err := blob.Verify(t.Context(), b.blobs, a.ID); err != nil {
		t.Error(err)
	}
	if depth, err := b.Store.Jobs().Depth(t.Context()); err != nil || depth["document"].Waiting != 1 {
		t.Errorf("jobs %v, %v", depth, err)
	}
}

func TestTheSameBytesAreOneDocument(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	_, _, first := b.send(post("%PDF one", "Idempotency-Key", "k1"))
	if status, _, again := b.send(post("%PDF one", "Idempotency-Key", "k1")); status != 202 || again != first {
		t.Errorf("same key: %d %+v, first %+v", status, again, first)
	}
	if n := len(b.documents()[0].Arrivals); n != 1 {
		t.Errorf("%d arrivals after a repeat with the key", n)
	}
	for range 2 {
		if status, _, again := b.send(post("%PDF one")); status != 202 || again.DuplicateOf == nil || *again.DuplicateOf != first.ID || again.ID != first.ID {
			t.Errorf("no key: %d %+v", status, again)
		}
	}
	docs := b.documents()
	if len(docs) != 1 || len(docs[0].Arrivals) != 3 {
		t.Errorf("%d documents, %d arrivals", len(docs), len(docs[0].Arrivals))
	}
	status, _, a := b.send(post("%PDF two", "Idempotency-Key", "k1"))
	if status != http.StatusConflict || a.Code != KeyReused || len(b.documents()) != 1 || b.blobCount() != 1 {
		t.Errorf("other bytes: %d %+v", status, a)
	}
}

func TestManyAtTheSameMomentAreOneDocument(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	var wg sync.WaitGroup
	var mu sync.Mutex
	fresh := 0
	for range 12 {
		wg.Go(func() {
			r, err := b.Accept(t.Context(), ehr, strings.NewReader("%PDF one"), Offer{Source: "http"})
			if err != nil {
				t.Errorf("accept: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			if r.DuplicateOf == nil {
				fresh++
			}
		})
	}
	wg.Wait()
	docs := b.documents()
	if fresh != 1 || len(docs) != 1 || len(docs[0].Arrivals) != 12 {
		t.Errorf("%d were told that theirs is new; %d documents, %d arrivals", fresh, len(docs), len(docs[0].Arrivals))
	}
}

func TestRefusedAtTheDoor(t *testing.T) {
	t.Parallel()
	form := func(parts ...string) *http.Request {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for i := 0; i < len(parts); i += 2 {
			p, err := w.CreateFormFile("file", parts[i])
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(p, parts[i+1])
		}
		w.Close()
		r := httptest.NewRequest("POST", "/documents", &body)
		r.Header.Set("Content-Type", w.FormDataContentType())
		return r
	}
	cut := httptest.NewRequest("POST", "/documents", io.MultiReader(strings.NewReader("%PDF ninety-nine per cent"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	cutForm := form("a.pdf", "%PDF one")
	whole, err := io.ReadAll(cutForm.Body)
	if err != nil {
		t.Fatal(err)
	}
	cutForm.Body = io.NopCloser(bytes.NewReader(whole[:len(whole)-10]))
	unlike := post("%PDF x")
	unlike.URL.RawQuery = "typo=1"
	tests := []struct {
		name   string
		r      *http.Request
		status int
		code   string
	}{
		{"empty", post(""), 400, "empty"},
		{"unsupported", post("PK zip"), 415, "unsupported_type"},
		{"encrypted", post("%PDF locked"), 422, "encrypted"},
		{"too large", post("%PDF" + strings.Repeat("x", 1000)), 413, "too_large"},
		{"too large and said so", func() *http.Request { r := post("%PDF"); r.ContentLength = 1 << 40; return r }(), 413, "too_large"},
		{"cut off", cut, 400, "upload_cut"},
		{"form cut off in its last boundary", cutForm, 400, "upload_cut"},
		{"form of two files", form("a.pdf", "%PDF one", "b.pdf", "%PDF two"), 400, "several_files"},
		{"form of no file", form(), 400, "no_file"},
		{"form without boundary", post("x", "Content-Type", "multipart/form-data"), 400, "bad_form"},
		{"bad key", post("%PDF x", "Idempotency-Key", strings.Repeat("k", 256)), 400, "bad_idempotency_key"},
		{"unknown parameter", unlike, 400, "unknown_parameter"},
		{"not allowed", post("%PDF x", "Authorization", "no"), 403, "forbidden"},
	}
	b := newBench(t, nil)
	for _, tt := range tests {
		if status, _, a := b.send(tt.r); status != tt.status || a.Code != tt.code || a.Message == "" {
			t.Errorf("%s: %d %+v, want %d %s", tt.name, status, a, tt.status, tt.code)
		}
	}
	b.empty()
}

func TestFormWithWhatIsStated(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	w.WriteField("type", "lab_report")
	w.WriteField("patient", "p1")
	p, err := w.CreateFormFile("file", "dir/scan\u202e.pdf")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(p, "%PDF one")
	w.WriteField("after", "is not read")
	w.Close()
	r := httptest.NewRequest("POST", "/documents", &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	if status, _, a := b.send(r); status != 202 {
		t.Fatalf("%d %+v", status, a)
	}
	if d := b.documents()[0]; d.Type != "lab_report" || d.Patient != "p1" || strings.ContainsAny(d.Arrivals[0].Name, "/\u202e") {
		t.Errorf("document %+v", d)
	}
}

func TestOverload(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.WaitingMax = 1 })
	if status, _, _ := b.send(post("%PDF one")); status != 202 {
		t.Fatal(status)
	}
	b.depth.at = b.depth.at.Add(-2 * depthAge)
	status, header, a := b.send(post("%PDF two"))
	if status != http.StatusTooManyRequests || a.Code != Busy || header.Get("Retry-After") == "" {
		t.Errorf("%d %+v %v", status, a, header)
	}
	if len(b.documents()) != 1 || b.blobCount() != 1 {
		t.Error("something was stored")
	}
}

// brokenBlobs gives an error on every Put.
type brokenBlobs struct {
	blob.Store
	err error
}

func (b *brokenBlobs) Put(ctx context.Context, r io.Reader, limit int64, check blob.Check) (blob.Info, error) {
	return blob.Info{}, b.err
}

func TestNotDurableIsNotNow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		err    error
		status int
		halts  bool
	}{
		{"disk full", fault.New(fault.Full, "disk_full", "no space"), 507, false},
		{"input/output", fault.New(fault.Unavailable, "blob_disk", "write: %w", syscall.EIO), 503, false},
		{"a sync failed", fault.New(fault.Unavailable, blob.SyncFailed, "sync"), 503, true},
		{"the database's sync failed", fault.New(fault.Unavailable, store.Unhealthy, "sync"), 503, true},
	}
	for _, tt := range tests {
		b := newBench(t, func(c *Config) { c.Blobs = &brokenBlobs{c.Blobs, tt.err} })
		for range 2 {
			status, header, a := b.send(post("%PDF one"))
			if status != tt.status || header.Get("Retry-After") == "" || a.Code == "" {
				t.Errorf("%s: %d %+v %v", tt.name, status, a, header)
			}
		}
		if (len(b.halted) == 1) != tt.halts || (b.Healthy() != nil) != tt.halts {
			t.Errorf("%s: halted %v, healthy %v", tt.name, b.halted, b.Healthy())
		}
	}
}

func TestTheSenderIsToBlameForItsOwnError(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	gone := errors.New("reset")
	if _, err := b.Accept(t.Context(), ehr, iotest.ErrReader(gone), Offer{}); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
	b.empty()
}

func TestCleanName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain.pdf": "plain.pdf", "a\x00b\nc": "abc", "gpj\u202Efdp.exe": "gpjfdp.exe", "bad\xff": "bad\uFFFD",
	} {
		if got := cleanName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if n := len(cleanName(strings.Repeat("é", 4096))); n > nameMax || n < nameMax-1 {
		t.Errorf("cut to %d bytes", n)
	}
}

func FuzzCleanName(f *testing.F) {
	f.Add("scan.pdf")
	f.Add("\u202E\xff\x00")
	f.Fuzz(func(t *testing.T, s string) {
		once := cleanName(s)
		if len(once) > nameMax || cleanName(once) != once || strings.ContainsAny(once, "\x00\n\r") {
			t.Errorf("%q → %q", s, once)
		}
	})
}

// FuzzForm sends any bytes as a form: no answer but 202 and 4xx, and what is taken is stored whole.
func FuzzForm(f *testing.F) {
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n%PDF one\r\n--b--\r\n"))
	f.Add([]byte("--b\r\n\r\n--b--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		b := newBench(t, nil)
		r := httptest.NewRequest("POST", "/documents", bytes.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		status, _, a := b.send(r)
		if status != 202 && (status < 400 || status >= 500) {
			t.Errorf("status %d %+v", status, a)
		}
		if (status == 202) != (len(b.documents()) == 1) {
			t.Errorf("status %d with %d documents", status, len(b.documents()))
		}
	})
}
