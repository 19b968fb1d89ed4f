package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"chartlake/eval/specimen"
	"chartlake/reader/readertest"
	"chartlake/store"
)

// running is a whole server with workers, behind real HTTP.
type running struct {
	t *testing.T
	*httptest.Server
	s *server
}

func serveForTest(t *testing.T) *running {
	t.Helper()
	return serveSetting(t, setting{dataFolder: dataFolder{Data: t.TempDir()}, Mode: "commit"}, 2)
}

// serveSetting starts a server with so many workers.
func serveSetting(t *testing.T, set setting, workers int) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var cli commands
	cli.CacheDir = readertest.Cache()
	e := &env{ctx: ctx, cli: &cli, log: slog.New(slog.DiscardHandler)}
	s, err := e.newServer(ctx, set, max(1, workers), "http://127.0.0.1/fhir")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	s.work(ctx, workers, &group)
	web := httptest.NewServer(s.handler("", "http://127.0.0.1/fhir"))
	t.Cleanup(func() {
		web.Close()
		cancel()
		group.Wait()
		s.close()
	})
	return &running{t, web, s}
}

// post sends a file and gives the status and the answer's code and id.
func (r *running) post(body io.Reader, length int64) (status int, code, id string) {
	r.t.Helper()
	req, err := http.NewRequest("POST", r.URL+"/documents", body)
	if err != nil {
		r.t.Fatal(err)
	}
	if length > 0 {
		req.ContentLength = length
	}
	resp, err := r.Client().Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	var a struct{ Code, ID string }
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		r.t.Fatalf("the answer is not JSON: %v", err)
	}
	return resp.StatusCode, a.Code, a.ID
}

// named sends a file under a name, then again without one, which tells its id.
func (r *running) named(body []byte, name string) (id string) {
	r.t.Helper()
	req, err := http.NewRequest("POST", r.URL+"/documents", bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("X-Filename", name)
	resp, err := r.Client().Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	resp.Body.Close()
	_, _, id = r.post(bytes.NewReader(body), 0)
	return id
}

// settled waits for a document on the store's own signal.
func (r *running) settled(id string) *store.Document {
	r.t.Helper()
	for {
		changed := r.s.store.Changed()
		row, err := r.s.pipeline.Row(context.Background(), operator, id)
		if err != nil {
			r.t.Fatal(err)
		}
		if row.State.Settled() {
			return row
		}
		<-changed
	}
}

// hugePNG is the head of a picture of 65,000 by 65,000 pixels; no more of it is needed to refuse it.
func hugePNG() []byte {
	head := []byte("IHDR\x00\x00\xfd\xe8\x00\x00\xfd\xe8\x10\x06\x00\x00\x00")
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

// encryptedPDF asks for a password that nobody gave: a standard security handler whose
// hashes fit none.
func encryptedPDF() []byte {
	pdf := readertest.PDF("", readertest.Letter(readertest.Line(72, 700, 12, "secret")))
	encrypt := fmt.Sprintf("/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <%s> /U <%s> >> /ID [<00> <00>]",
		strings.Repeat("ab", 32), strings.Repeat("cd", 32))
	return bytes.Replace(pdf, []byte("trailer\n<<"), []byte("trailer\n<< "+encrypt), 1)
}

// TestDoor sends what a door must refuse, and what it must take although it is damaged, and
// looks whether the server still does its work afterwards.
func TestDoor(t *testing.T) {
	t.Parallel()
	r := serveForTest(t)
	manyPages := make([]readertest.Page, 10_000)
	for i := range manyPages {
		manyPages[i] = readertest.Letter("")
	}
	page := readertest.PDF("", readertest.Letter(readertest.Line(72, 700, 12, "a page")))
	for name, tt := range map[string]struct {
		body   []byte
		length int64 // announced; the body is never asked for
		status int
		code   string
	}{
		"empty":                      {nil, 0, 400, "empty"},
		"text named .pdf":            {[]byte("this is plain text\n"), 0, 415, "unsupported_type"},
		"encrypted":                  {encryptedPDF(), 0, 422, "encrypted"},
		"65,000 by 65,000 pixels":    {hugePNG(), 0, 413, "too_many_pixels"},
		"10,000 pages":               {readertest.PDF("", manyPages...), 0, 413, "too_many_pages"},
		"more than 500 MB announced": {page, 700_000_000, 413, "too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			var body io.Reader = bytes.NewReader(tt.body)
			if tt.length > 0 {
				body = io.MultiReader(body, neverEnds{})
			}
			if status, code, _ := r.post(body, tt.length); status != tt.status || code != tt.code {
				t.Errorf("got %d %s, want %d %s", status, code, tt.status, tt.code)
			}
		})
	}
	if docs := r.documents(); len(docs) != 0 {
		t.Errorf("the door kept %d refused documents", len(docs))
	}
	for name, body := range map[string][]byte{
		"truncated":          page[:len(page)/2],
		"a bomb in a stream": readertest.Bomb(4 << 30),
	} {
		t.Run(name, func(t *testing.T) {
			status, code, id := r.post(bytes.NewReader(body), 0)
			if status != 202 {
				t.Fatalf("got %d %s, want 202", status, code)
			}
			if d := r.settled(id); d.State != store.Failed && d.State != store.NeedsReview && d.State != store.Held || d.State == store.Failed && d.Code == "" {
				t.Errorf("settled as %s %q", d.State, d.Code)
			}
		})
	}
	good, err := specimen.Make(3, specimen.LabReport, specimen.Layouts(specimen.LabReport)[0], specimen.PDF)
	if err != nil {
		t.Fatal(err)
	}
	status, _, id := r.post(bytes.NewReader(good.Bytes), 0)
	if status != 202 {
		t.Fatalf("a good document after the bad ones: %d", status)
	}
	if d := r.settled(id); d.State != store.Filed && d.State != store.NeedsReview {
		t.Errorf("a good document after the bad ones settled as %s %s", d.State, d.Code)
	}
}

func (r *running) documents() []store.Document {
	var docs []store.Document
	err := r.s.store.View(context.Background(), operator, func(v store.View) (err error) {
		docs, _, err = v.Documents(store.DocumentQuery{})
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return docs
}

// neverEnds gives zeros for as long as somebody reads.
type neverEnds struct{}

func (neverEnds) Read(p []byte) (int, error) { return len(p), nil }

// TestFiledWithEvidence takes a born-digital report over the whole way and follows a value
// back: Observation, its Provenance of that very version, page and box.
func TestFiledWithEvidence(t *testing.T) {
	t.Parallel()
	r := serveForTest(t)
	doc, err := specimen.Make(11, specimen.LabReport, specimen.Layouts(specimen.LabReport)[0], specimen.PDF)
	if err != nil {
		t.Fatal(err)
	}
	_, _, id := r.post(bytes.NewReader(doc.Bytes), 0)
	r.settled(id)
	resp, err := r.Client().Get(r.URL + "/fhir/Observation?category=laboratory&_count=1&_revinclude=Provenance:target")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var bundle struct {
		Entry []struct {
			Resource struct {
				ResourceType, ID string
				Target           []struct{ Reference string }
				Entity           []struct {
					Extension []struct {
						URL       string
						Extension []struct{ URL, ValueString string }
					}
				}
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&bundle); err != nil {
		t.Fatal(err)
	}
	if len(bundle.Entry) != 2 {
		t.Fatalf("%d entries, want an Observation and its Provenance", len(bundle.Entry))
	}
	observation, provenance := bundle.Entry[0].Resource, bundle.Entry[1].Resource
	if got, want := provenance.Target[0].Reference, "Observation/"+observation.ID+"/_history/1"; got != want {
		t.Errorf("the Provenance is of %s, want %s", got, want)
	}
	boxes := 0
	for _, e := range provenance.Entity[0].Extension {
		for _, part := range e.Extension {
			var x, y, w, h float64
			if part.URL != "box" {
				continue
			}
			if n, _ := fmt.Sscan(part.ValueString, &x, &y, &w, &h); n != 4 || w <= 0 || h <= 0 || x+w > 1 || y+h > 1 {
				t.Errorf("box %q", part.ValueString)
			}
			boxes++
		}
	}
	if boxes < 3 {
		t.Errorf("%d boxes for test, value and unit", boxes)
	}
}
