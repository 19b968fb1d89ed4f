package specimen

import (
	"fmt"
	"image/color"
	"math/rand/v2"
	"strings"

	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// labLayouts are the laboratory report layouts for development.
func labLayouts() []sheet.Layout[*fiction.Lab] {
	return []sheet.Layout[*fiction.Lab]{
		{Name: "grid", Draw: labGrid}, {Name: "half-ruled", Draw: labHalfRuled},
		{Name: "typewriter", Draw: labTypewriter}, {Name: "two-up", Draw: labTwoUp},
	}
}

// column is a column of a result table: which cell, its head, left edge and width.
type column struct {
	cell, head string
	x, width   float64
}

// results is a table of results in the making.
type results struct {
	d       *sheet.Draft
	s       *sheet.Sheet
	y       float64
	bottom  float64
	columns []column
	style   sheet.Style
	head    sheet.Style
	leading float64
	grid    bool       // rules around every cell
	level   bool       // rules between rows only
	zebra   color.RGBA // shade of every second row, zero for none
	shade   color.RGBA // behind the head
	flags   map[string]string
	turn    func() (*sheet.Sheet, float64)
	n       int
}

func (t *results) cellText(r fiction.Result, cell string) string {
	switch cell {
	case "test":
		return r.Test
	case "value":
		return r.Value
	case "unit":
		return r.Unit
	case "range":
		return r.Range
	}
	if t.flags == nil || r.Flag == "" {
		return r.Flag
	}
	return t.flags[r.Flag]
}

func (t *results) left() float64 { return t.columns[0].x }
func (t *results) right() float64 {
	last := t.columns[len(t.columns)-1]
	return last.x + last.width
}

func (t *results) heading() {
	h := t.leading + 2
	if t.shade.A != 0 {
		t.s.Fill(t.left(), t.y-h+6, t.right()-t.left(), h, t.shade)
	}
	for _, c := range t.columns {
		t.s.Text(c.x+3, t.y, c.head, t.head)
	}
	t.border(t.y-h+6, h)
	if t.level {
		t.s.Rule(t.left(), t.y+4, t.right(), t.y+4, 0.8, sheet.Black)
	}
	t.y += t.leading + 2
}

// border rules the cells of a row of height h that begins at top.
func (t *results) border(top, h float64) {
	if !t.grid {
		return
	}
	for _, c := range t.columns {
		t.s.Frame(c.x, top, c.width, h, 0.5, sheet.Grey(50))
	}
}

func (t *results) row(r fiction.Result) {
	wrapped := map[string][]string{}
	lines := 1
	for _, c := range t.columns {
		wrapped[c.cell] = t.style.Wrap(t.cellText(r, c.cell), c.width-6)
		lines = max(lines, len(wrapped[c.cell]))
	}
	h := t.leading + float64(lines-1)*t.style.Size*1.2
	if t.y+h > t.bottom {
		t.s, t.y = t.turn()
		t.heading()
	}
	top := t.y - t.leading + 4
	if t.zebra.A != 0 && t.n%2 == 1 {
		t.s.Fill(t.left(), top, t.right()-t.left(), h, t.zebra)
	}
	n := t.d.Row()
	for _, c := range t.columns {
		st := t.style
		if c.cell == "flag" || c.cell == "value" && r.Flag != "" {
			st = st.Strong()
		}
		for i, line := range wrapped[c.cell] {
			t.d.Cell(n, c.cell, line, t.s, t.s.Text(c.x+3, t.y+float64(i)*t.style.Size*1.2, line, st))
		}
	}
	t.border(top, h)
	if t.level {
		t.s.Rule(t.left(), top+h, t.right(), top+h, 0.35, sheet.Grey(140))
	}
	t.y += h
	t.n++
}

// panel prints a title across the table.
func (t *results) panel(name string, st sheet.Style) {
	if t.y+2*t.leading > t.bottom {
		t.s, t.y = t.turn()
		t.heading()
	}
	t.d.Value(t.s, t.left()+3, t.y, "panel", name, st)
	if t.grid {
		t.s.Frame(t.left(), t.y-t.leading+4, t.right()-t.left(), t.leading, 0.5, sheet.Grey(50))
	}
	t.y += t.leading
	t.n = 0
}

// labGrid is a fully ruled table below a header in two columns with the labels left.
func labGrid(d *sheet.Draft, l *fiction.Lab, r *rand.Rand) {
	st := sheet.Style{Family: sheet.Sans(), Size: 9}
	small := st.With(8)
	turn := func() (*sheet.Sheet, float64) {
		s := d.Add(sheet.LetterWidth, sheet.LetterHeight)
		d.Later(func(pages int) { s.Right(576, 770, fmt.Sprintf("Page %d of %d", s.Number, pages), small) })
		d.Value(s, 36, 50, "lab", l.Laboratory, st.With(16).Strong().In(sheet.RGB(20, 60, 110)))
		if s.Number > 1 {
			d.Label(s, 36, 66, "Patient:", small, 4, "patient", l.Patient.LastFirst(), small.Strong())
			d.Label(s, 300, 66, "Accession:", small, 4, "account", l.Accession, small)
			return s, 90
		}
		d.Value(s, 36, 62, "lab.address", l.Address.Street+", "+l.Address.CityLine(), small)
		s.Text(36, 73, "Phone: "+fiction.Phone(l.Phone, 0)+"   Fax: "+fiction.Phone(l.Fax, 0), small)
		d.Label(s, 430, 62, "CLIA #:", small, 4, "clia", l.CLIA, small)
		d.Value(s, 430, 73, "title", "LABORATORY REPORT", small.Strong())
		s.Rule(36, 80, 576, 80, 1.5, sheet.RGB(20, 60, 110))
		left := [][3]string{{"Patient:", "patient", l.Patient.LastFirst()}, {"DOB:", "dob", l.Patient.Birth.Format("01/02/2006")},
			{"Sex:", "sex", l.Patient.Sex}, {"MRN:", "mrn", l.MRN}, {"Ordering Provider:", "ordering", l.Ordering.FirstLast()}, {"NPI:", "ordering.npi", l.Ordering.NPI}}
		right := [][3]string{{"Accession:", "account", l.Accession}, {"Collected:", "collected", l.Collected.Format("01/02/2006 15:04")},
			{"Received:", "received", l.Received.Format("01/02/2006 15:04")}, {"Reported:", "reported", l.Reported.Format("01/02/2006 15:04")},
			{"Specimen:", "specimen", l.Specimen}, {"Status:", "status", l.Status}}
		for i := range left {
			y := 96 + 13*float64(i)
			s.Text(36, y, left[i][0], st.Strong())
			d.Value(s, 130, y, left[i][1], left[i][2], st)
			s.Text(330, y, right[i][0], st.Strong())
			d.Value(s, 400, y, right[i][1], right[i][2], st)
		}
		return s, 190
	}
	s, y := turn()
	t := &results{d: d, s: s, y: y, bottom: 740, style: st, head: st.Strong(), leading: 15.5, grid: true, shade: sheet.Grey(225), turn: turn,
		columns: []column{{"test", "Test", 36, 200}, {"value", "Result", 236, 80}, {"flag", "Flag", 316, 44}, {"unit", "Units", 360, 96}, {"range", "Reference Range", 456, 120}}}
	t.heading()
	for _, p := range l.Panels {
		t.panel(strings.ToUpper(p.Name), st.Strong())
		for _, row := range p.Rows {
			t.row(row)
		}
	}
	if l.Comment != "" {
		d.Label(t.s, 36, t.y+8, "Comment:", st.Strong(), 5, "comment", l.Comment, st)
	}
	d.Label(t.s, 36, 770, "Released by:", small, 4, "released_by", l.Released.FirstLast(), small)
}

// labHalfRuled has rules between rows and labels above the values of its header.
func labHalfRuled(d *sheet.Draft, l *fiction.Lab, r *rand.Rand) {
	st := sheet.Style{Family: sheet.Serif(), Size: 10}
	label := sheet.Style{Family: sheet.Sans(), Size: 6.5, Ink: sheet.Grey(80)}
	turn := func() (*sheet.Sheet, float64) {
		s := d.Add(sheet.LetterWidth, sheet.LetterHeight)
		s.Centre(306, 768, fmt.Sprintf("- %d -", s.Number), st.With(8))
		if s.Number > 1 {
			d.Value(s, 54, 56, "patient", l.Patient.FirstLast(), st.Strong())
			d.ValueRight(s, 558, 56, "mrn", l.MRN, st)
			return s, 84
		}
		d.ValueCentre(s, 306, 56, "lab", l.Laboratory, st.With(18).Strong())
		d.ValueCentre(s, 306, 70, "lab.address", l.Address.Street+", "+l.Address.CityLine(), st.With(9))
		s.Centre(306, 81, fiction.Phone(l.Phone, 1), st.With(9))
		s.Rule(54, 88, 558, 88, 0.8, sheet.Black)
		fields := [][]string{
			{"Patient name", "patient", l.Patient.FirstLast()}, {"Date of birth", "dob", l.Patient.Birth.Format("Jan 2, 2006")}, {"Sex", "sex", l.Patient.SexWord()}, {"Record number", "mrn", l.MRN},
			{"Ordered by", "ordering", l.Ordering.FirstLast()}, {"Collection date", "collected", l.Collected.Format("Jan 2, 2006 3:04 PM")}, {"Report date", "reported", l.Reported.Format("Jan 2, 2006 3:04 PM")}, {"Accession", "account", l.Accession},
		}
		for i, f := range fields {
			x, y := 54+float64(i%4)*128, 100+float64(i/4)*28
			s.Text(x, y, f[0], label)
			d.Value(s, x, y+12, f[1], f[2], st)
		}
		s.Rule(54, 148, 558, 148, 0.8, sheet.Black)
		return s, 168
	}
	s, y := turn()
	t := &results{d: d, s: s, y: y, bottom: 735, style: st, head: label.With(7.5).Strong(), leading: 16, level: true, turn: turn,
		flags:   map[string]string{"H": "HIGH", "L": "LOW", "HH": "HIGH!", "LL": "LOW!", "A": "ABNORMAL"},
		columns: []column{{"test", "TEST", 54, 168}, {"value", "RESULT", 222, 74}, {"unit", "UNIT", 296, 92}, {"flag", "FLAG", 388, 70}, {"range", "REFERENCE", 458, 100}}}
	for i, p := range l.Panels {
		if i > 0 {
			t.y += 8
		}
		t.panel(p.Name, st.With(11).Strong())
		t.heading()
		for _, row := range p.Rows {
			t.row(row)
		}
	}
	t.y += 6
	d.Label(t.s, 54, t.y, "Report status:", st.With(9), 4, "status", strings.ToLower(l.Status), st.With(9).Strong())
	d.Label(t.s, 300, t.y, "CLIA ID", st.With(9), 4, "clia", l.CLIA, st.With(9))
	if l.Comment != "" {
		d.Label(t.s, 54, t.y+14, "Comment:", st.With(9), 4, "comment", l.Comment, st.With(9))
	}
}

// labTypewriter is a page of one fixed pitch, as older systems print and fax it.
func labTypewriter(d *sheet.Draft, l *fiction.Lab, r *rand.Rand) {
	st := sheet.Style{Family: sheet.Mono(), Size: 9}
	turn := func() (*sheet.Sheet, float64) {
		s := d.Add(sheet.LetterWidth, sheet.LetterHeight)
		d.Value(s, 40, 48, "lab", strings.ToUpper(l.Laboratory), st.Strong())
		d.Later(func(pages int) { s.Right(572, 48, fmt.Sprintf("PAGE %d OF %d", s.Number, pages), st) })
		rows := [][6]string{
			{"PATIENT:", "patient", strings.ToUpper(l.Patient.LastFirst()), "ACCESSION:", "account", l.Accession},
			{"DOB:", "dob", l.Patient.Birth.Format("01/02/06"), "COLLECTED:", "collected", l.Collected.Format("01/02/06 1504")},
			{"SEX:", "sex", l.Patient.Sex, "RECEIVED:", "received", l.Received.Format("01/02/06 1504")},
			{"MED REC #:", "mrn", l.MRN, "REPORTED:", "reported", l.Reported.Format("01/02/06 1504")},
			{"PHYSICIAN:", "ordering", strings.ToUpper(l.Ordering.LastFirst()), "STATUS:", "status", l.Status},
		}
		for i, row := range rows {
			y := 72 + 12*float64(i)
			s.Text(40, y, row[0], st)
			d.Value(s, 110, y, row[1], row[2], st)
			s.Text(340, y, row[3], st)
			d.Value(s, 410, y, row[4], row[5], st)
		}
		s.Text(40, 136, strings.Repeat("-", 98), st)
		return s, 152
	}
	s, y := turn()
	t := &results{d: d, s: s, y: y, bottom: 730, style: st, head: st.Strong(), leading: 12.5, turn: turn,
		columns: []column{{"test", "TEST", 40, 190}, {"value", "RESULT", 230, 86}, {"flag", "FL", 316, 30}, {"range", "REF RANGE", 350, 90}, {"unit", "UNITS", 440, 132}}}
	t.heading()
	for _, p := range l.Panels {
		t.y += 6
		t.panel("** "+strings.ToUpper(p.Name)+" **", st.Strong())
		for _, row := range p.Rows {
			t.row(row)
		}
	}
	t.s.Text(40, t.y+8, strings.Repeat("-", 98), st)
	if l.Comment != "" {
		for i, line := range st.Wrap(l.Comment, 430) {
			d.Field("comment", line, t.s, t.s.Text(110, t.y+20+11*float64(i), line, st))
		}
		t.s.Text(40, t.y+20, "COMMENT:", st)
	}
	t.s.Text(40, 760, "CLIA:", st)
	d.Value(t.s, 76, 760, "clia", l.CLIA, st)
}

// labTwoUp shades every second row and has a header of two framed boxes with labels left
// and values on a common edge; result and unit stand in one column each, the range before them.
func labTwoUp(d *sheet.Draft, l *fiction.Lab, r *rand.Rand) {
	st := sheet.Style{Family: sheet.Go(), Size: 8.5}
	small := st.With(7.5)
	blue := sheet.RGB(0, 92, 120)
	turn := func() (*sheet.Sheet, float64) {
		s := d.Add(sheet.LetterWidth, sheet.LetterHeight)
		s.Polygon(blue, sheet.Point{X: 40, Y: 58}, sheet.Point{X: 54, Y: 34}, sheet.Point{X: 68, Y: 58})
		d.Value(s, 76, 48, "lab", l.Laboratory, st.With(15).Strong().In(blue))
		d.Value(s, 76, 59, "lab.address", l.Address.Street+", "+l.Address.CityLine(), small)
		s.Frame(40, 70, 262, 74, 0.7, blue)
		s.Frame(310, 70, 262, 74, 0.7, blue)
		left := [][3]string{{"Name", "patient", l.Patient.FirstLast()}, {"Birthdate", "dob", l.Patient.Birth.Format("01-02-2006")}, {"Gender", "sex", l.Patient.SexWord()},
			{"Chart no.", "mrn", l.MRN}, {"Fasting", "", l.Fasting}}
		right := [][3]string{{"Provider", "ordering", l.Ordering.FirstLast()}, {"Lab no.", "account", l.Accession}, {"Date collected", "collected", l.Collected.Format("01-02-2006 15:04")},
			{"Date reported", "reported", l.Reported.Format("01-02-2006 15:04")}, {"Specimen", "specimen", l.Specimen}}
		for i := range left {
			y := 84 + 13*float64(i)
			if left[i][2] != "" {
				s.Text(46, y, left[i][0], small.In(blue))
			}
			if left[i][1] != "" {
				d.Value(s, 110, y, left[i][1], left[i][2], st.Strong())
			} else if left[i][2] != "" {
				d.Unnamed("fasting", left[i][2])
				s.Text(110, y, left[i][2], st)
			}
			s.Text(316, y, right[i][0], small.In(blue))
			d.Value(s, 390, y, right[i][1], right[i][2], st)
		}
		s.Text(40, 770, "Results marked H or L are outside the reference range.", small)
		d.Later(func(pages int) { s.Right(572, 770, fmt.Sprintf("%d/%d", s.Number, pages), small) })
		return s, 166
	}
	s, y := turn()
	t := &results{d: d, s: s, y: y, bottom: 735, style: st, head: small.Strong().In(sheet.White), leading: 15, shade: blue, zebra: sheet.RGB(228, 240, 244), turn: turn,
		columns: []column{{"test", "Analyte", 40, 196}, {"range", "Normal range", 236, 92}, {"value", "Your result", 328, 88}, {"unit", "Unit", 416, 100}, {"flag", "Flag", 516, 56}}}
	for _, p := range l.Panels {
		t.y += 4
		t.panel(p.Name, st.With(10).Strong().In(blue))
		t.heading()
		for _, row := range p.Rows {
			t.row(row)
		}
		t.y += 4
	}
	if l.Comment != "" {
		d.Label(t.s, 40, t.y+8, "Comments", small.In(blue), 6, "comment", l.Comment, st)
	}
	d.Label(t.s, 400, 59, "CLIA", small, 4, "clia", l.CLIA, small)
}
