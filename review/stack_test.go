package review

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/form"
	"chartlake/pipeline"
	"chartlake/queue"
	"chartlake/reader"
	"chartlake/record"
	"chartlake/store"
)

// fourPages reads every file as four pages of two lines, the last of them blank.
type fourPages struct{ version string }

func (r *fourPages) Version() string { return r.version }

func (r *fourPages) Read(_ context.Context, _ io.ReaderAt, _ int64, o reader.Options) (*document.Document, error) {
	doc := &document.Document{SHA256: o.SHA256, MediaType: "image/tiff"}
	for n := 1; n <= 4; n++ {
		p := document.Page{Number: n, Width: 612, Height: 792, Source: document.SourceOCR, Confidence: 0.95, Blank: n == 4}
		for i, text := range []string{fmt.Sprintf("Patient: Person%d Fairweather", n), fmt.Sprintf("Glucose %d mg/dL", 100+n)} {
			if p.Blank {
				break
			}
			line := document.Line{}
			for j, w := range strings.Fields(text) {
				line.Words = append(line.Words, len(p.Words))
				p.Words = append(p.Words, document.Word{Text: w, Box: document.Box{X: 0.1 + 0.2*float64(j), Y: 0.1 + 0.05*float64(i), W: 0.15, H: 0.02}, Confidence: 0.95})
			}
			p.Lines = append(p.Lines, line)
		}
		if err := o.OnPage(&p, 4); err != nil {
			return nil, err
		}
		doc.Pages = append(doc.Pages, p)
	}
	return doc, nil
}

// newStack is a desk with a stack that the machine took for one document of three pages.
func newStack(t *testing.T) *bench {
	b := newBench(t, report, store.NeedsReview)
	b.Pipeline = pipeline.New(pipeline.Config{Store: b.Pipeline.Store, Blobs: b.Pipeline.Blobs, Stages: pipeline.Stages{Reader: &fourPages{"four 1"},
		Form: func(doc *document.Document, _ form.Us) []record.Segment {
			seg := report()[0]
			seg.Pages = [2]int{1, 3}
			note := field("note", record.KindText, "third page", record.Review)
			text := doc.Text(1, 3)
			note.Page = 3
			for _, r := range text.Runs {
				if r.Page == 3 {
					note.Begin, note.End = r.Begin, r.End
					break
				}
			}
			seg.Fields = append(seg.Fields, note)
			return []record.Segment{seg}
		}}})
	b.id, b.at = b.file("the stack", store.NeedsReview), 1
	return b
}

func ranges(rec *record.Record) (out [][2]int) {
	for i := range rec.Segments {
		out = append(out, rec.Segments[i].Pages)
	}
	return out
}

func (b *bench) divided(want ...[2]int) *record.Record {
	b.t.Helper()
	rec, version, err := b.Pipeline.Newest(b.t.Context(), anna, b.id)
	if err != nil {
		b.t.Fatal(err)
	}
	b.at = version
	if d := cmp.Diff(want, ranges(rec)); d != "" {
		b.t.Fatalf("the stack (-want +got)\n%s", d)
	}
	return rec
}

// divide acts on the stack; the state that follows depends on what the pages say.
func (b *bench) divide(a Action) {
	b.t.Helper()
	a.Document, a.After = b.id, b.at
	if _, err := b.Act(b.t.Context(), anna, a); err != nil {
		b.t.Fatalf("%s: %v", a.Kind, err)
	}
}

func TestDivide(t *testing.T) {
	t.Parallel()
	b := newStack(t)
	b.act(Action{Kind: Correct, Target: "field:note", Value: "what a person read"}, store.NeedsReview)
	b.divide(Action{Kind: Split, Page: 2})
	rec := b.divided([2]int{1, 1}, [2]int{2, 3})
	if rec.Stacked == nil || rec.Stacked.Who != anna.ID {
		t.Errorf("stacked by %+v", rec.Stacked)
	}
	note := findField(&rec.Segments[1], "note")
	if note == nil || *note.Value != "what a person read" || note.Human == nil {
		t.Fatalf("the person's value did not go with its page: %+v", note)
	}
	read, err := b.Pipeline.Reading(t.Context(), anna, &store.Document{ID: b.id, SHA256: b.id, Pages: 4})
	if err != nil {
		t.Fatal(err)
	}
	if got := string([]rune(read.Text(2, 3).String)[note.Begin:note.End]); got != "Patient:" {
		t.Errorf("its characters are %q now, want the first word of page 3", got)
	}
	b.divide(Action{Kind: Shift, Page: 2, Value: "previous"})
	b.divided([2]int{1, 2}, [2]int{3, 3})
	b.divide(Action{Kind: Shift, Page: 2, Value: "next"})
	b.divided([2]int{1, 1}, [2]int{2, 3})
	b.divide(Action{Kind: Shift, Page: 1, Value: "next"}) // its only page: the document is no more
	b.divided([2]int{1, 3})
}

func TestDivideAndBack(t *testing.T) {
	t.Parallel()
	b := newStack(t)
	before := b.divided([2]int{1, 3})
	b.divide(Action{Kind: Split, Page: 3})
	b.divided([2]int{1, 2}, [2]int{3, 3})
	b.divide(Action{Kind: Join, Segment: 1})
	b.divided([2]int{1, 3})
	b.divide(Action{Kind: Undo})
	b.divided([2]int{1, 2}, [2]int{3, 3})
	b.divide(Action{Kind: Undo})
	after := b.divided([2]int{1, 3})
	if d := cmp.Diff(before.Segments, after.Segments); d != "" {
		t.Errorf("undo (-before +after)\n%s", d)
	}
	if after.Stacked != nil {
		t.Error("the machine's division is said to be a person's")
	}
	b.refuse(Action{Kind: Split, Page: 1}, fault.Invalid, "bad_place")
	b.refuse(Action{Kind: Split, Page: 9}, fault.Invalid, "bad_place")
	b.refuse(Action{Kind: Join, Segment: 0}, fault.Invalid, "bad_place")
	b.refuse(Action{Kind: Shift, Page: 1, Value: "previous"}, fault.Invalid, "bad_place")
	b.refuse(Action{Kind: Shift, Page: 1, Value: "somewhere"}, fault.Invalid, "bad_place")
	b.refuse(Action{Kind: Split, Page: 2, After: 1}, fault.Conflict, "record_changed")
}

// TestDivisionStays: a run with another reader keeps the documents that a person made.
func TestDivisionStays(t *testing.T) {
	t.Parallel()
	b := newStack(t)
	b.divide(Action{Kind: Split, Page: 3})
	rec := b.divided([2]int{1, 2}, [2]int{3, 3})
	b.Pipeline.Stages.Reader = &fourPages{"four 2"}
	row, err := b.Pipeline.Row(t.Context(), anna, b.id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Pipeline.Store.Transact(t.Context(), anna, []store.Command{store.Move{ID: b.id, From: []store.State{row.State}, To: store.Received}}); err != nil {
		t.Fatal(err)
	}
	if err := b.Pipeline.Work(t.Context(), queue.Job{Kind: queue.Document, Subject: b.id}); err != nil {
		t.Fatal(err)
	}
	again := b.divided([2]int{1, 2}, [2]int{3, 3})
	if again.Stacked == nil || again.Segments[0].Subject.Patient != rec.Segments[0].Subject.Patient {
		t.Errorf("after the run: stacked %v, subject %+v, before %+v", again.Stacked, again.Segments[0].Subject, rec.Segments[0].Subject)
	}
}
