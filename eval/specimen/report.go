package specimen

import (
	"fmt"
	"math/rand/v2"

	"chartlake/eval/reading"
	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// tableBanner is a laboratory report with who and when in four columns over it, labels above
// values, and a borderless table whose panels have headings.
func tableBanner(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	l := s.Lab()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: fiction.Pick(s, sheet.Sans(), sheet.Medium(), sheet.Typewriter()), Size: 8 + float64(s.IntN(3))/2}
	p.Text(40, 48, l.Laboratory, st.With(14).Strong())
	p.Right(572, 48, fiction.Phone(l.Phone, 0), st)
	p.Rule(40, 58, 572, 58, 0.8, sheet.Black)
	p.Block()
	banner := [][2]string{{"Patient", l.Patient.LastFirst()}, {"Date of birth", l.Patient.Birth.Format("01/02/2006")}, {"Collected", l.Collected.Format("01/02/2006 15:04")}, {"Ordered by", l.Ordering.First + " " + l.Ordering.Last},
		{"MRN", l.MRN}, {"Sex", l.Patient.SexWord()}, {"Received", l.Received.Format("01/02/2006 15:04")}, {"NPI", l.Ordering.NPI},
		{"Accession", l.Accession}, {"Age", fmt.Sprint(l.Patient.Age(l.Collected))}, {"Reported", l.Reported.Format("01/02/2006 15:04")}, {"Status", l.Status}}
	for i, pair := range banner {
		x, y := 40+133*float64(i%4), 72+27*float64(i/4)
		p.Cell(func() {
			p.Text(x, y, pair[0], st.With(7))
			p.Pair(pair[0], pair[1], p.Text(x, y+10, pair[1], st.Strong()))
		})
	}
	p.Rule(40, 146, 572, 146, 0.8, sheet.Black)
	g := sheet.Grid{X: 36, Y: 156, Widths: []float64{190, 84, 60, 130, 76}, Header: 1, Style: st, Head: st.Strong(), Pad: 2.5 + r.Float64()*2, Rules: reading.Borderless}
	g.Rows = append(g.Rows, []sheet.Entry{{Text: "Component"}, {Text: "Value", Right: true}, {Text: "Flag", Centred: true}, {Text: "Reference interval"}, {Text: "Units"}})
	for _, panel := range l.Panels {
		for _, row := range panel.Rows {
			if len(g.Rows) < 26 {
				g.Rows = append(g.Rows, []sheet.Entry{{Text: row.Test}, {Text: row.Value, Right: true}, {Text: row.Flag, Centred: true}, {Text: row.Range}, {Text: row.Unit}})
			}
		}
	}
	y := p.Grid(g) + 18
	p.Text(40, y, "Comment", st.Strong())
	para(p, 40, y+13, 532, 1.3, "Results should be read together with the findings at the bedside. A value outside its reference interval is not always a sign of disease.", st)
	p.Edge(func() {
		p.Text(40, 766, "CLIA "+l.CLIA, st.With(7))
		p.Centre(306, 766, l.Address.Street+", "+l.Address.CityLine(), st.With(7))
		p.Right(572, 766, "Page 1 of 1", st.With(7))
	})
}

// tableBenefits is a notice of an insurer: an address field on the left, a framed summary on the
// right, a table with a double head and a total, and two framed notes side by side.
func tableBenefits(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	in, l := s.Intake(), s.Ledger(4+s.IntN(5))
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: fiction.Pick(s, sheet.Sans(), sheet.Serif(), sheet.Medium()), Size: 9}
	p.Text(44, 52, in.Payer, st.With(16).Strong())
	p.Right(568, 52, "Explanation of benefits", st.With(12))
	p.Block()
	y := 92.0
	for _, line := range []string{in.Patient.FirstLast(), in.Patient.Street, in.Patient.CityLine()} {
		p.Text(60, y, line, st)
		y += 12
	}
	p.Block()
	p.Frame(330, 74, 238, 76, 0.8, sheet.Black)
	y = 90
	for _, pair := range [][2]string{{"Member ID", in.MemberID}, {"Group", in.Group}, {"Claim number", s.Digits(10)}, {"Date of notice", in.Visit.Format("01/02/2006")}} {
		p.Text(338, y, pair[0], st)
		p.Pair(pair[0], pair[1], p.Right(560, y, pair[1], st.Strong()))
		y += 15
	}
	p.Block()
	p.Text(44, 174, "This is not a bill. Your provider may bill you for the amount that you owe.", st.With(10).Strong())
	g := sheet.Grid{X: 44, Y: 186, Widths: []float64{66, 176, 70, 70, 70, 72}, Header: 2, Style: st.With(8.5), Head: st.With(8.5).Strong(), Pad: 3, Rules: reading.Ruled}
	g.Rows = append(g.Rows,
		[]sheet.Entry{{Text: "Date", Rows: 2}, {Text: "Service", Rows: 2}, {Text: "Billed", Rows: 2}, {Text: "We paid", Columns: 2, Centred: true}, {Text: "You owe", Rows: 2}},
		[]sheet.Entry{{Text: "Allowed"}, {Text: "Payment"}})
	billed, owed := 0, 0
	for _, e := range l.Entries {
		allowed := e.Charge * 3 / 4
		billed, owed = billed+e.Charge, owed+allowed-min(e.Payment, allowed)
		g.Rows = append(g.Rows, []sheet.Entry{{Text: e.On.Format("01/02/2006")}, {Text: e.What}, {Text: fiction.Money(e.Charge), Right: true}, {Text: fiction.Money(allowed), Right: true}, {Text: fiction.Money(min(e.Payment, allowed)), Right: true}, {Text: fiction.Money(allowed - min(e.Payment, allowed)), Right: true}})
	}
	g.Rows = append(g.Rows, []sheet.Entry{{Text: "Total", Columns: 2, Strong: true}, {Text: fiction.Money(billed), Right: true}, {Text: ""}, {Text: ""}, {Text: fiction.Money(owed), Right: true, Strong: true}})
	y = p.Grid(g) + 24
	for i, text := range []string{"If you disagree with this decision you may appeal within 180 days. Send your letter and any records that support it to the address on your card.", "An amount that your plan does not cover may be owed to the provider. Ask for an itemized statement before you pay."} {
		x := 44 + 272*float64(i)
		p.Block()
		p.Frame(x, y, 252, 88, 0.8, sheet.Black)
		p.Text(x+8, y+16, []string{"Your right to appeal", "What you may owe"}[i], st.Strong())
		para(p, x+8, y+32, 236, 1.25, text, st)
	}
	p.Block()
	p.Text(44, y+116, "Questions? Call "+fiction.Phone(in.Patient.Phone, 1)+" from 8 to 5.", st)
	p.Edge(func() { p.Right(568, 768, "Page 1 of 2", st.With(8)) })
}
