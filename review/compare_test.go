package review

import (
	"slices"
	"testing"

	"chartlake/queue"
	"chartlake/record"
	"chartlake/store"
)

// TestEarlierDocumentsOfThePatient: a report that contradicts an earlier one waits for a person, with
// evidence in both; what the person said of that stays over another run, and goes with the patient.
func TestEarlierDocumentsOfThePatient(t *testing.T) {
	t.Parallel()
	sodium := func(value string) func() []record.Segment {
		return func() []record.Segment {
			s := report()
			s[0].Fields = append(s[0].Fields, field("collected", record.KindDate, "2026-04-17", record.Accepted))
			s[0].Lines = []map[string]record.Field{row("Sodium", value, record.Accepted)}
			return s
		}
	}
	b := newBench(t, sodium("140"), store.Filed)
	first := b.id
	b.form = sodium("131")
	b.id = b.file("a second document", store.NeedsReview)
	conflict := func() *record.Flag {
		rec, _, err := b.Pipeline.Newest(t.Context(), anna, b.id)
		if err != nil {
			t.Fatal(err)
		}
		for i := range rec.Segments[0].Flags {
			if f := &rec.Segments[0].Flags[i]; f.Code == "result_conflict" {
				return f
			}
		}
		return nil
	}
	f := conflict()
	if f == nil || !slices.ContainsFunc(f.Evidence, func(e record.Evidence) bool { return e.Document == first }) {
		t.Fatalf("flag %+v", f)
	}
	b.act(Action{Kind: Accept, Target: "flag:0"}, store.NeedsReview)
	b.act(Action{Kind: Accept, Target: "line:0:value"}, store.Filed)
	b.reader.version = "fake 2"
	if err := b.Pipeline.Rerun(t.Context(), anna, b.id); err != nil {
		t.Fatal(err)
	}
	if err := b.Pipeline.Work(t.Context(), queue.Job{Kind: queue.Document, Subject: b.id}); err != nil {
		t.Fatal(err)
	}
	b.at++
	if f := conflict(); f == nil || f.Human == nil {
		t.Errorf("after another run: %+v", f)
	}
	b.act(Action{Kind: Answer, Target: "patient", Value: "new"}, store.Filed)
	if f := conflict(); f != nil {
		t.Errorf("of another patient: %+v", f)
	}
}
