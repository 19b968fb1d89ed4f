package apart

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// splitRange prints results in one of two columns, in range and out of range, as some
// national laboratories do; labels stand left of the values in two columns.
func splitRange(d *sheet.Draft, l *fiction.Lab, r *rand.Rand) {
	st := sheet.Style{Family: labType(), Size: 8.5}
	small := st.With(7)
	var s *sheet.Sheet
	y := 0.0
	turn := func() {
		s = d.Add(sheet.LetterWidth, sheet.LetterHeight)
		d.Value(s, 40, 48, "lab", l.Laboratory, st.With(15).Strong())
		d.Value(s, 40, 60, "lab.address", l.Address.Street+", "+l.Address.CityLine(), small)
		s.Text(40, 70, "Tel "+fiction.Phone(l.Phone, 1), small)
		s.Text(470, 48, "Page", small)
		here := s
		d.Later(func(pages int) {
			here.Text(470+small.Width("Page "), 48, fmt.Sprintf("%d of %d", here.Number, pages), small)
		})
		d.Label(s, 470, 60, "Report status:", small, 4, "status", title(l.Status), small.Strong())
		s.Rule(40, 78, 572, 78, 1.2, sheet.Black)
		left := [][3]string{{"Patient Name", "patient", l.Patient.LastFirst()}, {"Date of Birth", "dob", l.Patient.Birth.Format("01/02/2006")},
			{"Gender", "sex", l.Patient.Sex}, {"Patient ID", "mrn", l.MRN}}
		right := [][3]string{{"Accession No.", "account", l.Accession}, {"Collected", "collected", l.Collected.Format("01/02/2006 15:04")},
			{"Received", "received", l.Received.Format("01/02/2006 15:04")}, {"Reported", "reported", l.Reported.Format("01/02/2006 15:04")}}
		for i := range left {
			at := 92 + 12*float64(i)
			s.Text(40, at, left[i][0], small)
			d.Value(s, 110, at, left[i][1], left[i][2], st.Strong())
			s.Text(320, at, right[i][0], small)
			d.Value(s, 395, at, right[i][1], right[i][2], st)
		}
		s.Text(40, 140, "Ordering MD", small)
		d.Value(s, 110, 140, "ordering", l.Ordering.LastFirst(), st)
		s.Text(320, 140, "NPI", small)
		d.Value(s, 395, 140, "ordering.npi", l.Ordering.NPI, st)
		s.Rule(40, 147, 572, 147, 0.6, sheet.Black)
		head := small.Strong()
		s.Text(40, 158, "TEST NAME", head)
		s.Text(230, 158, "IN RANGE", head)
		s.Text(300, 158, "OUT OF RANGE", head)
		s.Text(385, 158, "REFERENCE RANGE", head)
		s.Text(490, 158, "UNITS", head)
		s.Rule(40, 162, 572, 162, 0.6, sheet.Black)
		y = 176
	}
	turn()
	for _, p := range l.Panels {
		if y > 690 {
			turn()
		}
		d.Value(s, 40, y, "panel", strings.ToUpper(p.Name), st.Strong())
		y += 13
		for _, row := range p.Rows {
			if y > 722 {
				turn()
			}
			n := d.Row()
			lines := st.Wrap(row.Test, 175)
			for i, line := range lines {
				d.Cell(n, "test", line, s, s.Text(50, y+11*float64(i), line, st))
			}
			at := 230.0
			if row.Flag != "" {
				at = 300
			}
			d.Cell(n, "value", row.Value, s, s.Text(at, y, row.Value, st))
			if row.Flag != "" {
				d.Cell(n, "flag", row.Flag, s, s.Text(at+st.Width(row.Value)+6, y, row.Flag, st.Strong()))
			}
			d.Cell(n, "range", row.Range, s, s.Text(385, y, row.Range, st))
			if row.Unit != "" {
				d.Cell(n, "unit", row.Unit, s, s.Text(490, y, row.Unit, st))
			}
			y += 12.5 + 11*float64(len(lines)-1)
		}
		y += 6
	}
	if l.Comment != "" {
		d.Label(s, 40, y+8, "Comment:", small.Strong(), 4, "comment", l.Comment, small)
	}
	d.Label(s, 40, 760, "CLIA", small, 4, "clia", l.CLIA, small)
	d.Label(s, 250, 760, "Laboratory director", small, 4, "released_by", l.Released.FirstLast(), small)
}

// interval is a page with a boxed header whose labels stand above the values, and a table
// without rules in the order test, flag, result, units, reference interval.
func interval(d *sheet.Draft, l *fiction.Lab, r *rand.Rand) {
	st := sheet.Style{Family: labType(), Size: 9}
	tiny := st.With(6.5).In(sheet.Grey(70))
	s := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	d.ValueCentre(s, 306, 50, "lab", strings.ToUpper(l.Laboratory), st.With(14).Strong())
	d.ValueCentre(s, 306, 63, "lab.address", l.Address.Street+" • "+l.Address.CityLine(), tiny.With(8))
	s.Centre(306, 73, "Phone "+fiction.Phone(l.Phone, 0)+"  Fax "+fiction.Phone(l.Fax, 0), tiny.With(8))
	cells := [][]string{
		{"PATIENT", "patient", l.Patient.FirstLast()}, {"BIRTH DATE", "dob", l.Patient.Birth.Format("02-Jan-2006")}, {"SEX", "sex", l.Patient.SexWord()},
		{"MEDICAL RECORD #", "mrn", l.MRN}, {"SPECIMEN #", "account", l.Accession}, {"SPECIMEN TYPE", "specimen", l.Specimen},
		{"PHYSICIAN", "ordering", l.Ordering.FirstLast()}, {"DRAWN", "collected", l.Collected.Format("02-Jan-2006 15:04")}, {"REPORTED", "reported", l.Reported.Format("02-Jan-2006 15:04")},
	}
	for i, c := range cells {
		x, y := 40+float64(i%3)*178, 86+float64(i/3)*28
		s.Frame(x, y, 178, 28, 0.5, sheet.Grey(90))
		s.Text(x+4, y+9, c[0], tiny)
		d.Value(s, x+4, y+22, c[1], c[2], st)
	}
	y := 190.0
	head := st.With(8).Strong()
	columns := []float64{40, 262, 300, 375, 455}
	heading := func() {
		for i, h := range []string{"Test", "Flag", "Result", "Units", "Reference Interval"} {
			s.Text(columns[i], y, h, head)
		}
		y += 16
	}
	heading()
	for _, p := range l.Panels {
		if y > 700 {
			s = d.Add(sheet.LetterWidth, sheet.LetterHeight)
			s.Text(40, 50, "Continued:", tiny.With(8))
			d.Value(s, 90, 50, "patient", l.Patient.FirstLast(), st)
			y = 74
			heading()
		}
		d.Value(s, 40, y, "panel", p.Name, st.Strong())
		s.Rule(40, y+2.5, 40+st.Strong().Width(p.Name), y+2.5, 0.6, sheet.Black)
		y += 14
		for _, row := range p.Rows {
			if y > 730 {
				s = d.Add(sheet.LetterWidth, sheet.LetterHeight)
				s.Text(40, 50, "Continued:", tiny.With(8))
				d.Value(s, 90, 50, "patient", l.Patient.FirstLast(), st)
				y = 74
				heading()
			}
			n := d.Row()
			lines := st.Wrap(row.Test, 210)
			for i, line := range lines {
				d.Cell(n, "test", line, s, s.Text(columns[0]+8, y+11*float64(i), line, st))
			}
			flag := map[string]string{"H": "High", "L": "Low", "HH": "Crit High", "LL": "Crit Low", "A": "Abn"}[row.Flag]
			if flag != "" {
				d.Cell(n, "flag", flag, s, s.Text(columns[1], y, flag, st.With(8).Strong()))
			}
			d.Cell(n, "value", row.Value, s, s.Text(columns[2], y, row.Value, st))
			if row.Unit != "" {
				d.Cell(n, "unit", row.Unit, s, s.Text(columns[3], y, row.Unit, st.With(8)))
			}
			d.Cell(n, "range", row.Range, s, s.Text(columns[4], y, row.Range, st))
			y += 13 + 11*float64(len(lines)-1)
		}
		y += 7
	}
	if l.Comment != "" {
		d.Label(s, 40, y+4, "Notes:", head, 5, "comment", l.Comment, st.With(8))
	}
	d.Label(s, 40, 758, "Status of report:", tiny.With(7.5), 4, "status", title(l.Status), st.With(8))
	d.Label(s, 430, 758, "CLIA #", tiny.With(7.5), 4, "clia", l.CLIA, st.With(8))
}

// title prints FINAL as Final.
func title(s string) string { return s[:1] + strings.ToLower(s[1:]) }
