package review

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/fault"
	"chartlake/record"
	"chartlake/store"
)

// TestSample: values that were filed without a person are asked for blind, judged once, and counted.
func TestSample(t *testing.T) {
	t.Parallel()
	b := newBench(t, func() []record.Segment {
		segs := report()
		segs[0].Lines = segs[0].Lines[1:]
		return segs
	}, store.Filed)
	if s, err := b.NextSample(t.Context(), anna); s != nil || err != nil {
		t.Fatalf("a sample of nothing: %+v, %v", s, err)
	}
	b.Policy.Sample = 1
	s, err := b.NextSample(t.Context(), anna)
	if err != nil || s == nil || s.Document != b.id || len(s.Questions) != 6 {
		t.Fatalf("%+v, %v", s, err)
	}
	said := map[string]string{"field:patient": "ada FAIRWEATHER", "field:dob": "11/02/1961", "field:mrn": "778-2", "line:0:test": "Potassium", "line:0:value": "4.1", "line:0:unit": ""}
	var replies []Reply
	for _, q := range s.Questions {
		replies = append(replies, Reply{q.Segment, q.Target, said[q.Target]})
	}
	if _, err := b.Judge(t.Context(), anna, b.id, append([]Reply{{0, "field:none", "x"}}, replies[1:]...)); !fault.Is(err, fault.Invalid) {
		t.Errorf("a reply to what was not asked: %v", err)
	}
	judged, err := b.Judge(t.Context(), anna, b.id, replies)
	if err != nil {
		t.Fatal(err)
	}
	wrong := map[string]bool{}
	for _, j := range judged {
		if !j.Right {
			wrong[j.Target] = true
		}
	}
	if d := cmp.Diff(map[string]bool{"field:mrn": true, "line:0:unit": true}, wrong); d != "" {
		t.Errorf("wrong (-want +got)\n%s", d)
	}
	if _, err := b.Judge(t.Context(), anna, b.id, replies); !fault.Is(err, fault.Conflict) {
		t.Errorf("judged twice: %v", err)
	}
	q, err := b.Quality(t.Context(), anna)
	if err != nil {
		t.Fatal(err)
	}
	if q.Documents != 1 || q.Values != (Sum{6, 2}) || q.Kinds["id"] != (Sum{1, 1}) || q.Types["lab_report"] != (Sum{6, 2}) || q.Bins["0.9"] != (Sum{6, 2}) {
		t.Errorf("quality %+v", q)
	}
	if s, err := b.NextSample(t.Context(), anna); s != nil || err != nil {
		t.Errorf("asked again: %+v, %v", s, err)
	}
	// What a person had a hand in says nothing of the machine.
	other := b.read("another")
	if _, err := b.Act(t.Context(), anna, Action{Document: other, After: 1, Kind: Correct, Target: "field:mrn", Value: "9"}); err != nil {
		t.Fatal(err)
	}
	if s, err := b.NextSample(t.Context(), anna); s != nil || err != nil {
		t.Errorf("a person's document is asked for: %+v, %v", s, err)
	}
}
