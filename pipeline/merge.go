package pipeline

import (
	"chartlake/record"
)

// Merge puts what people decided in an older record over a new machine record: their values
// stay and the new machine's stand beside them. A decision whose place the new record does
// not have any more (another split, a value that is not found again) is carried over whole:
// what a person said is never dropped because a machine sees something else.
func Merge(old, new *record.Record) {
	new.Approved, new.Held = old.Approved, old.Held
	for i := range old.Segments {
		o := &old.Segments[i]
		n := counterpart(new, o)
		if n == nil {
			continue
		}
		mergeSegment(o, n)
		for _, f := range o.Flags {
			if ofComparison(f) { // Compare makes it anew, with what a person said of it
				n.Flags = append(n.Flags, f)
			}
		}
	}
}

// counterpart finds the segment that starts on the same page, else the one that holds the page.
func counterpart(rec *record.Record, o *record.Segment) *record.Segment {
	var holds *record.Segment
	for i := range rec.Segments {
		n := &rec.Segments[i]
		if n.Pages[0] == o.Pages[0] {
			return n
		}
		if n.Pages[0] <= o.Pages[0] && o.Pages[0] <= n.Pages[1] {
			holds = n
		}
	}
	return holds
}

func mergeSegment(o, n *record.Segment) {
	if o.Human != nil {
		n.MachineType, n.Type, n.TypeConfidence, n.Human, n.LOINC = n.Type, o.Type, o.TypeConfidence, o.Human, o.LOINC
	}
	if o.Subject != nil && o.Subject.Human != nil {
		n.Subject = o.Subject
	}
	for i := range o.Fields {
		if f := &o.Fields[i]; f.Human != nil {
			mergeField(n, f)
		}
	}
	for i, line := range o.Lines {
		for name, cell := range line {
			if cell.Human != nil {
				mergeCell(n, i, name, cell)
			}
		}
	}
	for i := range o.Entities {
		if e := &o.Entities[i]; e.Human != nil {
			mergeEntity(n, e)
		}
	}
	lookedAt(o.Flags, n.Flags)
}

func mergeField(n *record.Segment, f *record.Field) {
	for i := range n.Fields {
		if g := &n.Fields[i]; g.Name == f.Name && g.Human == nil {
			machine := *g
			*g = *f
			g.Machine = &machine
			return
		}
	}
	n.Fields = append(n.Fields, *f)
}

// mergeCell finds the row by the machine's reading on the same place of the page, since a
// row found more or less shifts the numbers.
func mergeCell(n *record.Segment, row int, name string, cell record.Field) {
	best, overlap := -1, 0.0
	for i, line := range n.Lines {
		c, ok := line[name]
		if !ok || c.Human != nil || c.Page != cell.Page {
			continue
		}
		if o := c.Box.IoU(cell.Box); o > overlap {
			best, overlap = i, o
		}
	}
	if best < 0 && row < len(n.Lines) {
		best = row
	}
	if best < 0 {
		n.Lines = append(n.Lines, map[string]record.Field{name: cell})
		return
	}
	if machine, ok := n.Lines[best][name]; ok {
		cell.Machine = &machine
	}
	n.Lines[best][name] = cell
}

// mergeEntity finds the mention by type and overlapping characters of the machine's reading.
func mergeEntity(n *record.Segment, e *record.Entity) {
	was := e
	if e.Machine != nil {
		was = e.Machine
	}
	for i := range n.Entities {
		g := &n.Entities[i]
		if g.Human == nil && g.Type == was.Type && g.Begin < was.End && was.Begin < g.End {
			machine := *g
			*g = *e
			g.Machine = &machine
			return
		}
	}
	n.Entities = append(n.Entities, *e)
}
