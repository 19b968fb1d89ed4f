package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"chartlake/blob"
	"chartlake/blob/folder"
	"chartlake/document"
	"chartlake/form"
	"chartlake/queue"
	"chartlake/reader"
	"chartlake/record"
	"chartlake/store"
	"chartlake/store/sqlite"
)

// bench is a pipeline on a real store and real blobs, with a reader and a form stage that
// the test directs.
type bench struct {
	*Pipeline
	t      *testing.T
	dir    string
	reader *fakeReader
	log    *bytes.Buffer
	mu     sync.Mutex
	form   func(*document.Document) []record.Segment
	serial int
}

// fakeReader reads pages of words; page decides what happens at each of them.
type fakeReader struct {
	mu      sync.Mutex
	version string
	pages   int
	page    func(ctx context.Context, n int) (*document.Failure, error)
	read    []int  // pages read, in order
	opened  string // password of the last reading
}

func (r *fakeReader) Version() string { return r.version }

func (r *fakeReader) Read(ctx context.Context, file io.ReaderAt, size int64, o reader.Options) (*document.Document, error) {
	r.opened = o.Password
	doc := &document.Document{SHA256: o.SHA256, MediaType: "image/tiff"}
	for n := 1; n <= r.pages; n++ {
		if p := o.Known(n); p != nil {
			doc.Pages = append(doc.Pages, *p)
			continue
		}
		p := pageOf(n)
		if r.page != nil {
			failed, err := r.page(ctx, n)
			if err != nil {
				return nil, err
			}
			if failed != nil {
				p = document.Page{Number: n, Failed: failed}
			}
		}
		r.mu.Lock()
		r.read = append(r.read, n)
		r.mu.Unlock()
		if err := o.OnPage(&p, r.pages); err != nil {
			return nil, err
		}
		doc.Pages = append(doc.Pages, p)
	}
	return doc, nil
}

// pageOf is a page with the words "Sodium 140 of page n".
func pageOf(n int) document.Page {
	p := document.Page{Number: n, Width: 612, Height: 792, Source: document.SourceOCR, Confidence: 0.9}
	for i, w := range strings.Fields(fmt.Sprintf("Sodium 140 of page %d", n)) {
		p.Words = append(p.Words, document.Word{Text: w, Box: document.Box{X: 0.1 + 0.1*float64(i), Y: 0.1, W: 0.08, H: 0.02}, Confidence: 0.9})
	}
	p.Lines = []document.Line{{Words: []int{0, 1, 2, 3, 4}, Box: document.Box{X: 0.1, Y: 0.1, W: 0.5, H: 0.02}}}
	return p
}

func newBench(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	blobs, err := folder.Open(dir+"/blobs", folder.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, dir: dir, reader: &fakeReader{version: "fake 1", pages: 1}, log: &bytes.Buffer{}}
	b.form = func(doc *document.Document) []record.Segment { return []record.Segment{labReport("778-1")} }
	b.Pipeline = New(Config{Store: db, Blobs: blobs, Log: slog.New(slog.NewTextHandler(&locked{b: b}, nil)),
		Stages: Stages{Reader: b.reader, Program: "test",
			Form: func(doc *document.Document, _ form.Us) []record.Segment { return b.form(doc) }}})
	return b
}

// locked lets many goroutines write one log.
type locked struct{ b *bench }

func (l *locked) Write(p []byte) (int, error) {
	l.b.mu.Lock()
	defer l.b.mu.Unlock()
	return l.b.log.Write(p)
}

func text(s string) *string { return &s }

func field(name string, kind record.Kind, value string) record.Field {
	return record.Field{Name: name, Value: text(value), Raw: value, Kind: kind, Confidence: 0.97, Page: 1,
		Box: document.Box{X: 0.1, Y: 0.1, W: 0.2, H: 0.02}, Source: "ocr", State: record.Accepted}
}

// labReport is a segment that names a person in full.
func labReport(mrn string) record.Segment {
	return record.Segment{Type: "lab_report", TypeConfidence: 0.9, Pages: [2]int{1, 1},
		Fields: []record.Field{field("patient", record.KindName, "Ada Fairweather"), field("dob", record.KindDate, "1961-11-02"),
			field("mrn", record.KindID, mrn), field("sex", record.KindText, "F")},
		Lines: []map[string]record.Field{{"test": field("test", record.KindText, "Sodium"), "value": field("value", record.KindNumber, "140"),
			"unit": field("unit", record.KindText, "mmol/L")}},
	}
}

// receive takes a new document in and gives its id.
func (b *bench) receive() string {
	b.t.Helper()
	b.serial++
	info, err := b.Blobs.Put(b.t.Context(), strings.NewReader(fmt.Sprintf("document %d", b.serial)), 1000, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.arrive(info)
}

func (b *bench) arrive(info blob.Info) string {
	b.t.Helper()
	_, err := b.Store.Transact(b.t.Context(), store.Actor{ID: "user:test"}, []store.Command{
		store.Receive{Document: store.Document{ID: info.Hash, SHA256: info.Hash, State: store.Received, MediaType: "image/tiff", Bytes: info.Size},
			Arrival: store.Arrival{At: b.Now(), Source: "http", Name: "scan.tif"}},
		store.Enqueue{Job: queue.Job{Kind: queue.Document, Subject: info.Hash}}})
	if err != nil {
		b.t.Fatal(err)
	}
	return info.Hash
}

func job(id string) queue.Job { return queue.Job{Kind: queue.Document, Subject: id, Attempt: 1} }

// work runs a document and expects it to settle in a state.
func (b *bench) work(id string, want store.State) *store.Document {
	b.t.Helper()
	if err := b.Work(b.t.Context(), job(id)); err != nil {
		b.t.Fatalf("work: %v", err)
	}
	return b.rests(id, want)
}

func (b *bench) rests(id string, want store.State) *store.Document {
	b.t.Helper()
	row, err := b.Row(b.t.Context(), Actor, id)
	if err != nil {
		b.t.Fatal(err)
	}
	if row.State != want {
		b.t.Fatalf("the document is %s (%s), want %s\n%s", row.State, row.Code, want, b.log)
	}
	return row
}

func (b *bench) record(id string) (*record.Record, int) {
	b.t.Helper()
	rec, version, err := b.Newest(b.t.Context(), Actor, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return rec, version
}

// resources gives the resources of a type that the document's row lists and that are there.
func (b *bench) resources(row *store.Document, typ string) []*store.Version {
	b.t.Helper()
	var out []*store.Version
	err := b.Store.View(b.t.Context(), Actor, func(v store.View) error {
		for _, key := range row.Resources {
			if key.Type != typ {
				continue
			}
			if r, err := v.Read(key); err == nil {
				out = append(out, r)
			}
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}
