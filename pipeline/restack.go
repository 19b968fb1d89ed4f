package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"chartlake/document"
	"chartlake/fhirmap"
	"chartlake/form"
	"chartlake/record"
)

// Restack gives the segments of a record when its pages are divided anew: ranges are first and
// last pages, ascending and apart. A range that the record already has stays as it is; another is
// read again, and what people said of the values on its pages is carried over. Whose a new range
// is stays where it begins as before, and is asked anew elsewhere: a stack is often divided
// because a page is another patient's. The error is the annotator's.
func (s *Stages) Restack(ctx context.Context, doc *document.Document, old *record.Record, ranges [][2]int) ([]record.Segment, error) {
	out := make([]record.Segment, 0, len(ranges))
	for i, pages := range ranges {
		at := slices.IndexFunc(old.Segments, func(o record.Segment) bool { return o.Pages == pages })
		if at >= 0 {
			kept := old.Segments[at]
			if at != i {
				kept.Entities = renumbered(kept.Entities, at, i)
			}
			out = append(out, kept)
			continue
		}
		n := form.Range(doc, pages[0], pages[1], s.Us)
		if err := s.annotate(ctx, doc, &n, i); err != nil {
			return nil, err
		}
		for j := range old.Segments {
			if o := &old.Segments[j]; o.Pages[0] <= pages[1] && pages[0] <= o.Pages[1] {
				carry(doc, o, &n)
			}
		}
		out = append(out, n)
	}
	return out, nil
}

// renumbered gives mentions the ids that annotate would give them in another place of the stack.
func renumbered(mentions []record.Entity, from, to int) []record.Entity {
	out := slices.Clone(mentions)
	was, is := fmt.Sprintf("%d-", from), fmt.Sprintf("%d-", to)
	for i := range out {
		if rest, ok := strings.CutPrefix(out[i].ID, was); ok {
			out[i].ID = is + rest
		}
	}
	return out
}

// carry takes what people said of one segment over to another that has some of its pages.
func carry(doc *document.Document, o, n *record.Segment) {
	begins := func(page int) bool {
		return page >= n.Pages[0] && page <= n.Pages[1] || page == 0 && o.Pages[0] == n.Pages[0]
	}
	moved := *o
	moved.Fields, moved.Lines, moved.Entities = nil, nil, nil
	if o.Pages[0] != n.Pages[0] {
		moved.Human, moved.Subject = nil, nil
	}
	for _, f := range o.Fields {
		if begins(f.Page) {
			moved.Fields = append(moved.Fields, shifted(doc, f, o.Pages, n.Pages))
		}
	}
	for _, line := range o.Lines {
		cells := map[string]record.Field{}
		for name, cell := range line {
			if begins(cell.Page) {
				cells[name] = shifted(doc, cell, o.Pages, n.Pages)
			}
		}
		moved.Lines = append(moved.Lines, cells)
	}
	for _, e := range o.Entities {
		if begins(e.Page) {
			by := shift(doc, e.Page, o.Pages, n.Pages)
			e.Begin, e.End = e.Begin+by, e.End+by
			if e.Machine != nil {
				m := *e.Machine
				m.Begin, m.End = m.Begin+by, m.End+by
				e.Machine = &m
			}
			moved.Entities = append(moved.Entities, e)
		}
	}
	new := n.Subject
	mergeSegment(&moved, n)
	if n.Subject == nil {
		n.Subject = new
	}
	if o.Pages[0] == n.Pages[0] && n.Subject == nil && o.Subject != nil && o.Subject.New {
		n.Subject = o.Subject // so that the patient that it made keeps the id; see Identify
	}
}

// shifted is a field whose characters are counted from the begin of another range of pages.
func shifted(doc *document.Document, f record.Field, from, to [2]int) record.Field {
	by := shift(doc, f.Page, from, to)
	if f.End > 0 {
		f.Begin, f.End = f.Begin+by, f.End+by
	}
	if f.Machine != nil && f.Machine.End > 0 {
		m := *f.Machine
		m.Begin, m.End = m.Begin+by, m.End+by
		f.Machine = &m
	}
	return f
}

// shift is how far the characters of a page move when the text begins with another page.
func shift(doc *document.Document, page int, from, to [2]int) int {
	if from[0] == to[0] || page == 0 {
		return 0
	}
	return begin(doc, page, to) - begin(doc, page, from)
}

// begin is the first character of a page's words in the text of a range; 0 where it has none.
func begin(doc *document.Document, page int, pages [2]int) int {
	for _, r := range doc.Text(pages[0], pages[1]).Runs {
		if r.Page == page {
			return r.Begin
		}
	}
	return 0
}

// OwnPatient is the id of the patient that a segment makes: the one that it has made, else one
// that no other segment of the record has. Segments change places when a stack is divided anew.
func OwnPatient(rec *record.Record, index int) string {
	taken := map[string]bool{}
	for i := range rec.Segments {
		switch s := rec.Segments[i].Subject; {
		case s == nil || !s.New:
		case i == index:
			return s.Patient
		default:
			taken[s.Patient] = true
		}
	}
	for n := index; ; n++ {
		if id := fhirmap.NewPatientID(rec.Document.SHA256, n); !taken[id] {
			return id
		}
	}
}

// restacked divides a machine's record as a person divided the one before.
func (p *Pipeline) restacked(ctx context.Context, id string, doc *document.Document, machine *record.Record) (*record.Record, error) {
	old, _, err := p.Newest(ctx, Actor, id)
	if err != nil || old.Stacked == nil {
		return machine, nil // what is wrong with it, filing says
	}
	rec := *machine
	rec.Stacked = old.Stacked
	var ranges [][2]int
	for i := range old.Segments {
		ranges = append(ranges, old.Segments[i].Pages)
	}
	if rec.Segments, err = p.Restack(ctx, doc, machine, ranges); err != nil {
		return nil, err
	}
	for i := range rec.Segments {
		if s := old.Segments[i].Subject; s != nil && s.New {
			rec.Segments[i].Subject = s
		}
	}
	return &rec, nil
}
