package review

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chartlake/document"
	"chartlake/record"
	"chartlake/store"
)

// newSchool is a desk whose documents are reports of one laboratory that writes Kal for potassium.
func newSchool(t *testing.T) *bench {
	b := newBench(t, func() []record.Segment {
		segs := report()
		segs[0].Lines = []map[string]record.Field{row("Kal", "4.1", record.Accepted)}
		segs[0].Fields = append(segs[0].Fields, field("lab", record.KindText, "Lakeside  LABORATORY", record.Accepted))
		return segs
	}, store.Filed)
	b.Pipeline.Adjust = b.Adjust
	return b
}

// next files another document and works on it.
func (b *bench) next(name string) *record.Record {
	b.t.Helper()
	b.id, b.at = b.file(name, store.Filed), 1
	rec, _, err := b.Pipeline.Newest(b.t.Context(), anna, b.id)
	if err != nil {
		b.t.Fatal(err)
	}
	return rec
}

func (b *bench) teach(name string) {
	b.t.Helper()
	b.next(name)
	b.act(Action{Kind: Correct, Target: "line:0:test", Value: "Potassium"}, store.Filed)
}

func (b *bench) learned() (out []string) {
	b.t.Helper()
	all, err := b.Lessons(b.t.Context(), anna)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, l := range all {
		out = append(out, fmt.Sprintf("%s of %s: %s %s is %s, %d, %v", l.Type, l.Sender, l.Field, l.Text, l.Value, l.Documents, l.Used))
	}
	return out
}

// TestLessons: two documents teach, three are believed; what is taken back is unlearned.
func TestLessons(t *testing.T) {
	t.Parallel()
	b := newSchool(t)
	cell := func(rec *record.Record) record.Field { return rec.Segments[0].Lines[0]["test"] }
	b.teach("one")
	b.act(Action{Kind: Correct, Target: "line:0:test", Value: "Potassium"}, store.Filed) // the same document again
	if f := cell(b.next("two, before")); *f.Value != "Kal" {
		t.Fatalf("learned from one: %+v", f)
	}
	b.act(Action{Kind: Correct, Target: "line:0:test", Value: "Potassium"}, store.Filed)
	b.id, b.at = b.file("three", store.NeedsReview), 1
	rec, _, _ := b.Pipeline.Newest(t.Context(), anna, b.id)
	f := cell(rec)
	if *f.Value != "Potassium" || f.State != record.Review || f.Machine == nil || *f.Machine.Value != "Kal" || len(f.Reasons) != 1 || f.Reasons[0] != "learned from 2 corrections" {
		t.Fatalf("from two: %+v", f)
	}
	if d := cmp.Diff([]string{"lab_report of lakeside laboratory: test kal is Potassium, 2, true"}, b.learned()); d != "" {
		t.Error(d)
	}
	b.act(Action{Kind: Correct, Target: "line:0:test", Value: "Potassium"}, store.Filed)
	if f := cell(b.next("four")); *f.Value != "Potassium" || f.State != record.Accepted || f.Reasons[0] != "learned from 3 corrections" {
		t.Fatalf("from three: %+v", f)
	}
	all, _ := b.Lessons(t.Context(), anna)
	if err := b.Unsay(t.Context(), anna, all[0].Lesson, true); err != nil {
		t.Fatal(err)
	}
	if f := cell(b.next("five")); *f.Value != "Kal" {
		t.Errorf("a lesson that was taken back is used: %+v", f)
	}
	if err := b.Unsay(t.Context(), anna, all[0].Lesson, false); err != nil {
		t.Fatal(err)
	}
	// One document says the contrary: then nobody is believed.
	b.next("six")
	b.act(Action{Kind: Correct, Target: "line:0:test", Value: "Calcium"}, store.Filed)
	if f := cell(b.next("seven")); *f.Value != "Kal" {
		t.Errorf("contradicted, and used: %+v", f)
	}
	b.id, b.at = idOfName(b, "six"), 2
	b.act(Action{Kind: Undo}, store.Filed)
	if f := cell(b.next("eight")); *f.Value != "Potassium" {
		t.Errorf("the contradiction was taken back, and it is not used: %+v", f)
	}
}

func idOfName(b *bench, name string) string {
	info, err := b.Pipeline.Blobs.Put(b.t.Context(), newText(name), 1000, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return info.Hash
}

// TestPeopleAreNotLearned: what a page says of its patient is no vocabulary.
func TestPeopleAreNotLearned(t *testing.T) {
	t.Parallel()
	b := newSchool(t)
	for _, name := range []string{"one", "two", "three"} {
		b.id, b.at = b.read(name), 1
		b.divide(Action{Kind: Correct, Target: "field:patient", Value: "Ada Brook"})
	}
	if got := b.learned(); got != nil {
		t.Errorf("learned %v", got)
	}
}

// TestPlaces: a label that two documents point at is read in the third.
func TestPlaces(t *testing.T) {
	t.Parallel()
	page := func(number string) *document.Document {
		p := document.Page{Number: 1, Width: 612, Height: 792, Source: document.SourceOCR}
		line := document.Line{}
		for i, w := range []string{"Name", "Ada", "Chart", "No:", number, "MRI"} {
			x := []float64{0.05, 0.12, 0.4, 0.46, 0.52, 0.8}[i]
			p.Words = append(p.Words, document.Word{Text: w, Box: document.Box{X: x, Y: 0.1, W: 0.05, H: 0.012}, Confidence: 0.9})
			line.Words = append(line.Words, i)
		}
		p.Lines = []document.Line{line}
		return &document.Document{Pages: []document.Page{p}}
	}
	missing := func() *record.Record {
		return &record.Record{Segments: []record.Segment{{Type: "referral", Pages: [2]int{1, 1}, Fields: []record.Field{{Name: "mrn", Kind: record.KindID, State: record.Missing}}}}}
	}
	l := &lessons{}
	for i, number := range []string{"A-778", "B-779"} {
		rec, read := missing(), page(number)
		was := rec.Segments[0].Fields[0]
		f := &rec.Segments[0].Fields[0]
		f.Value, f.Page, f.Box, f.Raw, f.Human, f.Machine = text(number), 1, read.Pages[0].Words[4].Box, number, &record.Human{Action: "corrected"}, &was
		l.Votes = append(l.Votes, votes(fmt.Sprint(i), anyTime, rec, read)...)
	}
	if len(l.Votes) != 2 || l.Votes[0].Label != "chart no:" || l.Votes[0].Text != "" {
		t.Fatalf("votes %+v", l.Votes)
	}
	rec := missing()
	l.apply(rec, page("C-780"))
	f := rec.Segments[0].Fields[0]
	if f.Value == nil || *f.Value != "C-780" || f.State != record.Review || f.Page != 1 || f.Box.X < 0.5 || f.Box.X+f.Box.W > 0.6 || f.Machine == nil || f.Machine.State != record.Missing {
		t.Errorf("read by the label: %+v", f)
	}
	other := missing()
	other.Segments[0].Type = "eob"
	l.apply(other, page("C-780"))
	if other.Segments[0].Fields[0].Value != nil {
		t.Error("a lesson of another type is used")
	}
}

var anyTime = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

func newText(s string) *strings.Reader { return strings.NewReader(s) }
