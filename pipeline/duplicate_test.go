package pipeline

import (
	"testing"

	"chartlake/document"
	"chartlake/record"
	"chartlake/store"
)

// TestScannedAgain: the same sheet with other bytes waits for a person; another day's report does not.
func TestScannedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	report := func(day, sodium, lab string) {
		b.form = func(*document.Document) []record.Segment {
			seg := labReport("778-1")
			seg.Fields = append(seg.Fields, field("collected", record.KindDate, day), field("lab", record.KindText, lab), field("provider", record.KindText, "Tobias Fenn"),
				field("accession", record.KindID, "A-17"), field("title", record.KindText, "Chemistry"))
			value := seg.Lines[0]["value"]
			value.Value = text(sodium)
			seg.Lines[0]["value"] = value
			return []record.Segment{seg}
		}
	}
	flagged := func(id string) bool {
		rec, _ := b.record(id)
		for _, f := range rec.Segments[0].Flags {
			if f.Code == duplicatePossible {
				return true
			}
		}
		return false
	}
	report("2026-04-17", "140", "Lakeside")
	first := b.receive()
	b.work(first, store.Filed)
	report("2026-04-17", "140", "Lakeslde") // what a second scan reads otherwise
	again := b.receive()
	b.work(again, store.NeedsReview)
	report("2026-04-18", "140", "Lakeside")
	other := b.receive()
	b.work(other, store.Filed)
	report("2026-04-17", "151", "Hillside") // of the same day, and not the same
	corrected := b.receive()
	b.work(corrected, store.NeedsReview) // one test of one collection with two values: result_conflict
	if flagged(first) || !flagged(again) || flagged(other) || flagged(corrected) {
		t.Errorf("flagged: %v %v %v %v, want the second alone", flagged(first), flagged(again), flagged(other), flagged(corrected))
	}
}
