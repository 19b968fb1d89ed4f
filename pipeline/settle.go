package pipeline

import (
	"chartlake/record"
	"chartlake/store"
)

// Settled is the state that a document with this record comes to rest in, with the code and
// the question of a held one. Open is how many things wait for a person.
type Settled struct {
	State    store.State
	Code     string
	Question string
	Open     int
}

// heldByPerson is the code of a document that a person put aside.
const heldByPerson = "person"

// Settle decides the state: held while a person has put it aside or nobody knows whose it is,
// needs_review while something waits for a person, else filed.
func (s *Stages) Settle(rec *record.Record) Settled {
	open := Open(rec)
	if rec.Held != nil {
		return Settled{State: store.Held, Code: heldByPerson, Question: rec.Held.Reason, Open: open + 1}
	}
	if code, text, asks := question(rec); asks && len(rec.Segments) > 0 && s.Mode != Annotate {
		return Settled{State: store.Held, Code: code, Question: text, Open: open + 1}
	}
	if open > 0 || s.Mode == Draft && rec.Approved == nil {
		return Settled{State: store.NeedsReview, Open: open}
	}
	return Settled{State: store.Filed}
}

// Open counts what waits for a person: values in state review, errors and warnings that no
// person has looked at, and, in a document that nobody approved, pages that could not be read and
// segments of no known type: what stands on them is not read by name.
func Open(rec *record.Record) int {
	n := 0
	for i := range rec.Segments {
		seg := &rec.Segments[i]
		for j := range seg.Fields {
			n += count(seg.Fields[j].State == record.Review)
		}
		for _, line := range seg.Lines {
			for _, cell := range line {
				n += count(cell.State == record.Review)
			}
		}
		for j := range seg.Entities {
			n += count(seg.Entities[j].State == record.Review)
		}
		for j := range seg.Flags {
			n += count(flagOpen(seg, &seg.Flags[j]))
		}
		n += count(seg.Type == record.Unknown && seg.Human == nil && rec.Approved == nil)
	}
	if rec.Approved == nil {
		for _, p := range rec.Pages {
			n += count(p.Failed != nil)
		}
		n += count(len(rec.Segments) == 0) // nothing but blank or failed pages
	}
	return n
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// flagOpen reports an error or warning that holds the document back: nobody has looked at it,
// and not every field that it names was settled by a person.
func flagOpen(seg *record.Segment, f *record.Flag) bool {
	if f.Severity == record.SeverityInfo || f.Human != nil {
		return false
	}
	if len(f.Fields) == 0 {
		return true
	}
	for _, name := range f.Fields {
		if !settledByPerson(seg, name) {
			return true
		}
	}
	return false
}

func settledByPerson(seg *record.Segment, name string) bool {
	found := false
	for i := range seg.Fields {
		if seg.Fields[i].Name == name {
			if seg.Fields[i].Human == nil {
				return false
			}
			found = true
		}
	}
	for _, line := range seg.Lines {
		if cell, ok := line[name]; ok {
			if cell.Human == nil {
				return false
			}
			found = true
		}
	}
	return found
}
