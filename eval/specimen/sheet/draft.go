package sheet

import (
	"fmt"
	"strings"

	"chartlake/document"
	"chartlake/eval/expected"
)

// Draft is a document in the making: its sheets, and what a careful human reads on them.
type Draft struct {
	Sheets   []*Sheet
	Expected expected.Document
	later    []func(pages int)
	counts   bool
}

// NewDraft begins a document of this type.
func NewDraft(docType, loinc string) *Draft {
	return &Draft{Expected: expected.Document{
		DocType: docType, LOINC: loinc,
		Fields: map[string]expected.Value{}, Boxes: map[string]expected.Place{},
	}}
}

// Add begins a new sheet.
func (d *Draft) Add(width, height float64) *Sheet {
	s := &Sheet{Number: len(d.Sheets) + 1, Width: width, Height: height}
	d.Sheets = append(d.Sheets, s)
	return s
}

// Field writes down a value that stands at a box of a sheet. A name that has a value
// already gets another one beside it, unless it is the same again (a running head). The
// place of value i, from 1, is kept under name[i].
func (d *Draft) Field(name, printed string, s *Sheet, box document.Box) {
	d.value(name, printed, expected.Place{Page: s.Number, Box: box})
}

func (d *Draft) value(name, printed string, at expected.Place) {
	old := d.Expected.Fields[name].Parts
	for _, p := range old {
		if p == printed {
			return
		}
	}
	d.Expected.Fields[name] = expected.List(append(old, printed)...)
	d.Expected.Boxes[expected.PartName(name, len(old))] = at
}

// Unnamed writes down a printed value for which there is no field name.
func (d *Draft) Unnamed(slug, printed string) {
	if d.Expected.Unnamed == nil {
		d.Expected.Unnamed = map[string]expected.Value{}
	}
	d.Expected.Unnamed[slug] = expected.Text(printed)
}

func (d *Draft) place(name string, s *Sheet, box document.Box) {
	d.Expected.Boxes[name] = expected.Place{Page: s.Number, Box: box}
}

// Later keeps what can be drawn only once the number of sheets is known: "page 1 of 3".
func (d *Draft) Later(draw func(pages int)) { d.later = append(d.later, draw) }

// Finish draws what was kept for later.
func (d *Draft) Finish() {
	d.counts = len(d.later) > 0
	for _, draw := range d.later {
		draw(len(d.Sheets))
	}
	d.later = nil
}

// Row begins a row and gives its number.
func (d *Draft) Row() int {
	d.Expected.Lines = append(d.Expected.Lines, map[string]expected.Value{})
	return len(d.Expected.Lines) - 1
}

// Cell writes down a cell of a row; an empty text is a blank cell and is left out.
func (d *Draft) Cell(row int, name, printed string, s *Sheet, box document.Box) {
	if strings.TrimSpace(printed) == "" {
		return
	}
	key := fmt.Sprintf("lines[%d].%s", row, name)
	cells := d.Expected.Lines[row]
	if old, there := cells[name]; there && len(old.Parts) == 1 {
		printed = old.Parts[0] + " " + printed
		box = box.Union(d.Expected.Boxes[key].Box)
	}
	cells[name] = expected.Text(printed)
	d.place(key, s, box)
}

// Label draws a label and, gap points behind it, a value that is written down as a field.
func (d *Draft) Label(s *Sheet, x, y float64, label string, lst Style, gap float64, name, value string, vst Style) {
	s.Text(x, y, label, lst)
	d.Value(s, x+lst.Width(label)+gap, y, name, value, vst)
}

// Value draws a value at a place and writes it down; nothing is drawn for an empty one.
func (d *Draft) Value(s *Sheet, x, y float64, name, value string, st Style) {
	if value == "" {
		return
	}
	d.Field(name, value, s, s.Text(x, y, value, st))
}

// ValueRight is Value with text that ends at x, ValueCentre with text around x.
func (d *Draft) ValueRight(s *Sheet, x, y float64, name, value string, st Style) {
	d.Value(s, x-st.Width(value), y, name, value, st)
}

// ValueCentre is Value with text around x.
func (d *Draft) ValueCentre(s *Sheet, x, y float64, name, value string, st Style) {
	d.Value(s, x-st.Width(value)/2, y, name, value, st)
}
