package apart

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/go-fonts/dejavu/dejavusansmono"
	"github.com/go-fonts/dejavu/dejavusansmonobold"
	"github.com/go-fonts/dejavu/dejavuserif"
	"github.com/go-fonts/dejavu/dejavuserifbold"

	"chartlake/eval/reading"
	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

var (
	formType = sync.OnceValue(func() *sheet.Family {
		return sheet.NewFamily("DejaVuSerif", dejavuserif.TTF, dejavuserifbold.TTF)
	})
	typewriter = sync.OnceValue(func() *sheet.Family {
		return sheet.NewFamily("DejaVuSansMono", dejavusansmono.TTF, dejavusansmonobold.TTF)
	})
)

// Forms, Tables and Articles are the layouts that reading is measured on.
func Forms() []sheet.Layout[fiction.Source] {
	return []sheet.Layout[fiction.Source]{{Name: "apart-leaders", Draw: leaders}, {Name: "apart-cells", Draw: boxes}, {Name: "apart-below", Draw: below}}
}

// Tables are layouts of tables.
func Tables() []sheet.Layout[fiction.Source] {
	return []sheet.Layout[fiction.Source]{{Name: "apart-spans", Draw: spans}, {Name: "apart-plain-lab", Draw: plainLab}, {Name: "apart-ledger", Draw: ledger}}
}

// Articles are layouts of running text.
func Articles() []sheet.Layout[fiction.Source] {
	return []sheet.Layout[fiction.Source]{{Name: "apart-sidebar", Draw: sidebar}, {Name: "apart-letter", Draw: letter}}
}

// leaders has dots from each label to its value, brackets to mark, and answers behind the words.
func leaders(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	in := s.Intake()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	p.Form()
	st := sheet.Style{Family: formType(), Size: 9.5}
	p.Centre(306, 52, in.Practice, st.With(15).Strong())
	p.Centre(306, 68, "Patient information", st.With(11))
	line := func(x, y, to float64, label, value string) {
		p.Text(x, y, label, st)
		from, dot := x+st.Width(label)+3, st.Width(".")
		dots := ""
		for n := from; n+dot < to-3; n += dot {
			dots += "."
		}
		p.Text(from, y, dots, st)
		p.Pair(label, value, p.Text(to, y, value, st.Strong()))
	}
	y := 100.0
	for _, f := range [][2]string{
		{"Full name", in.Patient.FirstLast()}, {"Date of birth", in.Patient.Birth.Format("January 2, 2006")}, {"Street address", in.Patient.Street},
		{"City, state, ZIP", in.Patient.CityLine()}, {"Home telephone", fiction.Phone(in.Patient.Phone, 1)}, {"Occupation", in.Occupation}, {"Employer", in.Employer},
	} {
		line(60, y, 200, f[0], f[1])
		y += 17
	}
	y += 8
	p.Text(60, y, "Marital status", st)
	x := 200.0
	for _, m := range fiction.MaritalStates {
		p.Mark(x, y-8, 8, sheet.Brackets, in.Marital == m, m, st, r)
		p.Text(x+20, y, m, st)
		x += 88
	}
	y += 26
	p.Text(60, y, "Insurance", st.With(11).Strong())
	y += 18
	for _, f := range [][4]string{{"Company", in.Payer, "Group", in.Group}, {"Member ID", in.MemberID, "Sex", in.Patient.SexWord()}} {
		line(60, y, 140, f[0], f[1])
		line(350, y, 430, f[2], f[3])
		y += 17
	}
	y += 14
	p.Text(60, y, "Medical history", st.With(11).Strong())
	y += 18
	for i, q := range in.Questions[:10] {
		p.Text(60, y, fmt.Sprintf("%d. %s", i+1, q.Text), st)
		p.Text(400, y, "Yes", st)
		p.Mark(422, y-8, 8, sheet.Brackets, q.Yes, q.Text+" Yes", st, r)
		p.Text(470, y, "No", st)
		p.Mark(488, y-8, 8, sheet.Brackets, !q.Yes, q.Text+" No", st, r)
		y += 17
	}
	y += 16
	line(60, y, 200, "Reason for visit", in.Reason)
	line(60, y+20, 200, "Referred by", in.Physician)
	p.Centre(306, 760, "Please return this sheet to the front desk.", st.With(8))
}

// boxes is a sheet ruled into boxes with a small label in the corner of each and typed values.
func boxes(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	in := s.Intake()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	p.Form()
	label := sheet.Style{Family: cardType(), Size: 6.5}
	value := sheet.Style{Family: typewriter(), Size: 9.5}
	p.Fill(40, 36, 532, 26, sheet.Grey(60))
	p.Text(48, 54, "REGISTRATION AND HISTORY", label.With(13).Strong().In(sheet.White))
	box := func(x, y, w, h float64, key, val string) {
		p.Frame(x, y, w, h, 0.6, sheet.Black)
		p.Cell(func() {
			p.Text(x+3, y+8, key, label)
			p.Pair(key, val, p.Text(x+5, y+h-6, val, value))
		})
	}
	choice := func(x, y, w, h float64, key string, options []string, on func(string) bool) {
		p.Frame(x, y, w, h, 0.6, sheet.Black)
		p.Cell(func() {
			p.Text(x+3, y+8, key, label)
			step := (w - 8) / float64(len(options))
			for i, o := range options {
				at := x + 6 + float64(i)*step
				p.Mark(at, y+h-14, 8.5, sheet.Square, on(o), o, label, r)
				p.Text(at+12, y+h-7, o, label.With(8))
			}
		})
	}
	is := func(v string) func(string) bool { return func(o string) bool { return o == v } }
	box(40, 62, 240, 30, "1. Patient's last name, first name, initial", in.Patient.LastFirst())
	box(280, 62, 110, 30, "2. Date of birth", in.Patient.Birth.Format("01/02/2006"))
	choice(390, 62, 182, 30, "3. Sex", []string{"Female", "Male"}, is(in.Patient.SexWord()))
	box(40, 92, 240, 30, "4. Address (number and street)", in.Patient.Street)
	box(280, 92, 160, 30, "5. City", in.Patient.City)
	box(440, 92, 50, 30, "6. State", in.Patient.State)
	box(490, 92, 82, 30, "7. ZIP code", in.Patient.ZIP)
	choice(40, 122, 300, 30, "8. Marital status", fiction.MaritalStates, is(in.Marital))
	box(340, 122, 232, 30, "9. Employer", in.Employer)
	box(40, 152, 200, 30, "10. Telephone", fiction.Phone(in.Patient.Phone, 0))
	choice(240, 152, 332, 30, "11. You may reach me by", fiction.Ways, func(o string) bool { return in.Reach[o] })
	box(40, 182, 200, 30, "12. Emergency contact", in.Contact.FirstLast())
	box(240, 182, 120, 30, "13. Relationship", in.Relation)
	box(360, 182, 212, 30, "14. Contact's telephone", fiction.Phone(in.Contact.Phone, 0))
	box(40, 212, 220, 30, "15. Insurance company", in.Payer)
	box(260, 212, 180, 30, "16. Member number", in.MemberID)
	box(440, 212, 132, 30, "17. Group number", in.Group)
	p.Text(40, 268, "Answer every question. Y = yes, N = no", label.With(8).Strong())
	p.Block() // questions are cells: down the columns or across, both are right
	for i, q := range in.Questions {
		x, y := 40+float64(i/6)*270, 290+float64(i%6)*20
		p.Cell(func() {
			p.Mark(x, y-8, 9, sheet.Square, q.Yes, "Y "+q.Text, label, r)
			p.Text(x+12, y, "Y", label.With(8))
			p.Mark(x+24, y-8, 9, sheet.Square, !q.Yes, "N "+q.Text, label, r)
			p.Text(x+36, y, "N", label.With(8))
			p.Text(x+52, y, q.Text, label.With(8))
		})
	}
	p.Block()
	box(40, 430, 532, 34, "18. Reason for today's visit", in.Reason)
	p.Text(40, 760, "Form R-7 revised 03/2024", label)
}

// below has values on rules with the label under each, and circles to mark.
func below(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	in := s.Intake()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	p.Form()
	st := sheet.Style{Family: formType(), Size: 10.5}
	label := sheet.Style{Family: formType(), Size: 7}
	p.Text(54, 60, in.Practice, st.With(14).Strong())
	p.Right(558, 60, "Health questionnaire", st)
	p.Rule(54, 68, 558, 68, 1.2, sheet.Black)
	field := func(x, y, w float64, key, val string) {
		p.Cell(func() {
			box := p.Text(x+4, y, val, st)
			p.Rule(x, y+3, x+w, y+3, 0.6, sheet.Black)
			p.Text(x+2, y+12, key, label)
			p.Pair(key, val, box)
		})
	}
	field(54, 100, 250, "Name of patient", in.Patient.FirstLast())
	field(320, 100, 110, "Birth date", in.Patient.Birth.Format("02 Jan 2006"))
	field(446, 100, 112, "Record number", in.MRN)
	field(54, 138, 250, "Street", in.Patient.Street)
	field(320, 138, 238, "City and ZIP code", in.Patient.CityLine())
	field(54, 176, 160, "Daytime telephone", fiction.Phone(in.Patient.Phone, 2))
	field(230, 176, 180, "Physician", in.Physician)
	field(426, 176, 132, "Pharmacy", in.Pharmacy)
	field(54, 214, 120, "Height", in.Height)
	field(190, 214, 120, "Weight", in.Weight)
	field(326, 214, 232, "Main complaint", in.Reason)
	y := 260.0
	p.Text(54, y, "Employment:", st)
	x := 140.0
	for _, e := range fiction.EmploymentStates {
		p.Mark(x, y-8.5, 9, sheet.Circle, in.Employment == e, e, st, r)
		p.Text(x+13, y, e, st)
		x += 30 + st.Width(e)
	}
	y += 30
	for _, q := range in.Questions[:9] {
		p.Mark(54, y-8.5, 9, sheet.Circle, q.Yes, "Yes "+q.Text, st, r)
		p.Text(67, y, "Yes", st)
		p.Mark(96, y-8.5, 9, sheet.Circle, !q.Yes, "No "+q.Text, st, r)
		p.Text(109, y, "No", st)
		p.Text(140, y, q.Text, st)
		y += 21
	}
	field(54, 560, 250, "Completed by", in.Contact.FirstLast())
	field(320, 560, 110, "Relation to patient", in.Relation)
	field(446, 560, 112, "Date", in.Visit.Format("02 Jan 2006"))
}

// spans is a fully ruled table with a head of two rows and groups that span rows.
func spans(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: stayType(), Size: 8.5}
	person := s.Person()
	p.Text(50, 60, "Vital signs flow sheet", st.With(14).Strong())
	p.Text(50, 80, "Patient "+person.FirstLast(), st)
	g := sheet.Grid{X: 50, Y: 100, Widths: []float64{70, 60, 60, 60, 60, 60, 142}, Header: 2, Style: st, Head: st.Strong(), Pad: 3, Rules: reading.Ruled, Shade: sheet.Grey(215)}
	g.Rows = append(g.Rows,
		[]sheet.Entry{{Text: "Date", Rows: 2}, {Text: "Time", Rows: 2}, {Text: "Blood pressure", Columns: 2, Centred: true}, {Text: "Pulse", Rows: 2}, {Text: "Temp", Rows: 2}, {Text: "Remarks", Rows: 2}},
		[]sheet.Entry{{Text: "Systolic"}, {Text: "Diastolic"}})
	for day := range 4 {
		n := 2 + s.IntN(3)
		for i := range n {
			row := []sheet.Entry{{Text: fmt.Sprintf("%02d:%02d", 6+4*i, s.IntN(60))}, {Text: fmt.Sprint(100 + s.IntN(70)), Right: true}, {Text: fmt.Sprint(55 + s.IntN(40)), Right: true},
				{Text: fmt.Sprint(58 + s.IntN(50)), Right: true}, {Text: fmt.Sprintf("%.1f", 97+3*s.Float64()), Right: true},
				{Text: fiction.Pick(s, "Resting", "After walking in the hall", "Patient asleep", "", "Taken on the left arm, seated")}}
			if i == 0 {
				row = append([]sheet.Entry{{Text: fmt.Sprintf("%02d/%02d/2025", 3, 4+day), Rows: n}}, row...)
			}
			g.Rows = append(g.Rows, row)
		}
	}
	y := p.Grid(g)
	p.Text(50, y+24, "Values are entered by the nurse on duty.", st)
}

// plainLab is a result table without any rule, values on the right of their column.
func plainLab(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	l := s.Lab()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: formType(), Size: 9}
	p.Text(60, 56, l.Laboratory, st.With(13).Strong())
	p.Text(60, 76, "Results for "+l.Patient.FirstLast()+" born "+l.Patient.Birth.Format("01/02/2006"), st)
	g := sheet.Grid{X: 60, Y: 96, Widths: []float64{190, 70, 40, 90, 100}, Header: 1, Style: st, Head: st.Strong(), Pad: 3, Rules: reading.Borderless}
	g.Rows = append(g.Rows, []sheet.Entry{{Text: "Component"}, {Text: "Value", Right: true}, {Text: ""}, {Text: "Units"}, {Text: "Expected range"}})
	for _, panel := range l.Panels {
		for _, row := range panel.Rows {
			if len(g.Rows) < 26 {
				g.Rows = append(g.Rows, []sheet.Entry{{Text: row.Test}, {Text: row.Value, Right: true}, {Text: row.Flag, Strong: true}, {Text: row.Unit}, {Text: row.Range}})
			}
		}
	}
	y := p.Grid(g)
	p.Text(60, y+22, "Ordered by "+l.Ordering.FirstLast(), st)
}

// ledger has rules between rows only, and descriptions of several lines.
func ledger(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	l := s.Ledger(9 + s.IntN(6))
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: cardType(), Size: 9}
	p.Text(48, 60, l.Practice, st.With(15).Strong())
	p.Text(48, 78, "Account "+l.Account, st)
	p.Right(564, 78, l.Patient.LastFirst(), st)
	g := sheet.Grid{X: 48, Y: 96, Widths: []float64{66, 210, 90, 75, 75}, Header: 1, Style: st, Head: st.Strong(), Pad: 4, Rules: reading.HalfRuled}
	g.Rows = append(g.Rows, []sheet.Entry{{Text: "Date"}, {Text: "Description of service"}, {Text: "Clinician"}, {Text: "Charge", Right: true}, {Text: "Paid", Right: true}})
	charge, paid := 0, 0
	for _, e := range l.Entries {
		charge, paid = charge+e.Charge, paid+e.Payment
		g.Rows = append(g.Rows, []sheet.Entry{{Text: e.On.Format("01/02/06")}, {Text: e.What}, {Text: e.Provider}, {Text: fiction.Money(e.Charge), Right: true}, {Text: fiction.Money(e.Payment), Right: true}})
	}
	g.Rows = append(g.Rows, []sheet.Entry{{Text: "Total", Columns: 3, Strong: true}, {Text: fiction.Money(charge), Right: true, Strong: true}, {Text: fiction.Money(paid), Right: true, Strong: true}})
	y := p.Grid(g)
	p.Text(48, y+24, "Amount due: $"+fiction.Money(charge-paid), st.With(11).Strong())
}

// column sets marked-up text down a column of a sheet until it is full.
func column(p *sheet.Sheet, x, y, width, bottom float64, texts []string, st sheet.Style) {
	p.Block()
	for _, t := range texts {
		for _, line := range st.Wrap(sheet.Printed(t), width) {
			if y > bottom {
				return
			}
			p.Text(x, y, line, st)
			y += st.Size * 1.35
		}
		y += st.Size * 0.7
	}
}

// sidebar has a heading across, two columns of text and a shaded column of small print.
func sidebar(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	st := s.Stay()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	text := sheet.Style{Family: formType(), Size: 9}
	p.Text(50, 64, "Case conference", text.With(20).Strong())
	p.Text(50, 84, st.Hospital+", "+st.Admitted.Format("January 2, 2006"), text.With(10))
	p.Rule(50, 92, 562, 92, 1, sheet.Black)
	column(p, 50, 112, 185, 730, []string{st.History, st.Review, st.Family, st.Course}, text)
	column(p, 250, 112, 185, 730, []string{st.Examination, st.Results, st.Vitals, st.Instructions, st.Return}, text)
	p.Fill(450, 104, 118, 400, sheet.Grey(228))
	column(p, 456, 118, 106, 495, []string{st.Social, st.Condition, fiction.NewSource(uint64(s.IntN(1000)), "sidebar").Stay().History}, text.With(7.5))
	p.Block()
	p.Centre(306, 765, "Page 1", text.With(8))
}

// letter is one column with letterhead, address and signature line.
func letter(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	st := s.Stay()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	text := sheet.Style{Family: typewriter(), Size: 8.5}
	p.Centre(306, 54, st.Hospital, sheet.Style{Family: stayType(), Size: 16}.Strong())
	p.Centre(306, 68, st.Address.Street+", "+st.Address.CityLine(), sheet.Style{Family: stayType(), Size: 8})
	p.Text(72, 104, st.Discharged.Format("January 2, 2006"), text)
	p.Text(72, 128, "RE: "+st.Patient.FirstLast()+", born "+st.Patient.Birth.Format("01/02/2006"), text)
	p.Text(72, 150, "Dear Dr. "+st.PCP.Last+",", text)
	column(p, 72, 172, 468, 660, []string{st.History, st.Examination, st.Results, st.Course, st.Condition, st.Instructions}, text)
	p.Block()
	p.Text(72, 700, "Sincerely,", text)
	p.Text(72, 736, st.Attending.FirstLast(), text)
}
