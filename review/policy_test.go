package review

import (
	"fmt"
	"testing"

	"chartlake/fault"
	"chartlake/record"
	"chartlake/store"
)

func TestPolicy(t *testing.T) {
	t.Parallel()
	p, err := ParsePolicy([]byte(`{"below":{"id":0.95,"number":0.5},"missing":{"lab_report":["collected","mrn"],"eob":["payer"]},"sample":0.25}`))
	if err != nil {
		t.Fatal(err)
	}
	rec := &record.Record{Segments: report()}
	seg := &rec.Segments[0]
	p.Apply(rec)
	if f := findField(seg, "mrn"); f.State != record.Review || len(f.Reasons) != 1 {
		t.Errorf("an id of confidence 0.9: %+v", f)
	}
	if f := findField(seg, "patient"); f.State != record.Accepted {
		t.Errorf("a name, of which nothing is asked: %+v", f)
	}
	if cell := seg.Lines[1]["value"]; cell.State != record.Accepted {
		t.Errorf("a number above what is asked: %+v", cell)
	}
	if len(seg.Flags) != 1 || seg.Flags[0].Code != keyMissing || seg.Flags[0].Fields[0] != "collected" {
		t.Errorf("flags %+v", seg.Flags)
	}
	seg.Fields[2].State, seg.Fields[2].Human = record.Accepted, &record.Human{}
	p.Apply(rec)
	if seg.Fields[2].State != record.Accepted {
		t.Error("what a person settled is doubted again")
	}
	n := 0
	for i := range 4000 {
		if p.Sampled(fmt.Sprint(i)) {
			n++
		}
	}
	if n < 900 || n > 1100 {
		t.Errorf("%d of 4000 are sampled, want about 1000", n)
	}
}

func TestPoliciesThatMeanNothing(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `[]`, `{"below":{"colour":0.5}}`, `{"below":{"id":2}}`, `{"missing":{"Lab Report":["a"]}}`, `{"missing":{"eob":[""]}}`, `{"sample":-1}`, `{"sampel":1}`} {
		if _, err := ParsePolicy([]byte(body)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(`{"below":{"id":0.95},"missing":{"eob":["payer"]},"sample":0.25}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := ParsePolicy(body)
		if err == nil {
			p.Apply(&record.Record{Segments: report()})
		} else if fault.As(err) == nil {
			t.Fatal(err)
		}
	})
}

// TestTwoReaders: what one person has approved waits for another one.
func TestTwoReaders(t *testing.T) {
	t.Parallel()
	b := newBench(t, report, store.NeedsReview)
	b.Policy.Two = []record.Type{"lab_report"}
	b.Pipeline.Adjust = b.Adjust
	b.id, b.at = b.file("for two", store.NeedsReview), 1
	b.act(Action{Kind: Approve, Value: AsShown}, store.NeedsReview)
	b.act(Action{Kind: Approve}, store.NeedsReview)
	b.refuse(Action{Kind: Accept, Target: "flag:1"}, fault.Conflict, "same_reader")
	r, err := b.Act(t.Context(), store.Actor{ID: "user:boris"}, Action{Document: b.id, After: b.at, Kind: Approve})
	if err != nil || r.State != store.Filed {
		t.Fatalf("the second reader: %+v, %v", r, err)
	}
	b.at = r.Version
	b.act(Action{Kind: Undo}, store.NeedsReview)
}
