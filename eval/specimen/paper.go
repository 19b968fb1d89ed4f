package specimen

import (
	"fmt"
	"math/rand/v2"

	"chartlake/eval/reading"
	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// formLayouts, tableLayouts and articleLayouts are the development layouts of what reading
// is measured on.
func formLayouts() []sheet.Layout[fiction.Source] {
	return []sheet.Layout[fiction.Source]{{Name: "two-column", Draw: formTwoColumn}, {Name: "boxed", Draw: formBoxed}, {Name: "ruled-line", Draw: formRuledLine},
		{Name: "checklist", Draw: formChecklist}, {Name: "nested", Draw: formNested}, {Name: "leaders", Draw: formLeaders}, {Name: "mixed", Draw: formMixed}}
}

func tableLayouts() []sheet.Layout[fiction.Source] {
	return []sheet.Layout[fiction.Source]{{Name: "merged", Draw: tableMerged}, {Name: "statement", Draw: tableStatement}, {Name: "plain", Draw: tablePlain},
		{Name: "banner", Draw: tableBanner}, {Name: "benefits", Draw: tableBenefits}}
}

func articleLayouts() []sheet.Layout[fiction.Source] {
	return []sheet.Layout[fiction.Source]{{Name: "newsletter", Draw: articleNewsletter}, {Name: "small-print", Draw: articleSmallPrint},
		{Name: "letterhead", Draw: articleLetterhead}, {Name: "summary", Draw: articleSummary}, {Name: "figure", Draw: articleFigure}}
}

// formTwoColumn has labels with a colon in two columns, square boxes to tick and a list of
// questions with boxes behind.
func formTwoColumn(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	in := s.Intake()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	p.Form()
	st := sheet.Style{Family: sheet.Sans(), Size: 10}
	p.Text(50, 56, in.Practice, st.With(16).Strong())
	p.Text(50, 72, "New patient form", st)
	pair := func(x, y, at float64, label, value string) {
		p.Text(x, y, label+":", st)
		p.Pair(label, value, p.Text(at, y, value, st.Strong()))
	}
	rows := [][4]string{
		{"Patient name", in.Patient.FirstLast(), "Visit date", in.Visit.Format("01/02/2006")}, {"DOB", in.Patient.Birth.Format("01/02/2006"), "Chart number", in.MRN},
		{"Address", in.Patient.Street, "Home phone", fiction.Phone(in.Patient.Phone, 0)}, {"City/State/ZIP", in.Patient.CityLine(), "E-mail", in.Email},
		{"Employer", in.Employer, "Occupation", in.Occupation}, {"Primary insurance", in.Payer, "Member ID", in.MemberID},
		{"Emergency contact", in.Contact.FirstLast(), "Relationship", in.Relation},
	}
	y := 100.0
	for _, row := range rows {
		pair(50, y, 150, row[0], row[1])
		pair(340, y, 425, row[2], row[3])
		y += 18
	}
	y += 10
	options := func(label string, all []string, on func(string) bool) {
		p.Text(50, y, label+":", st)
		x := 160.0
		for _, o := range all {
			p.Mark(x, y-8, 9, sheet.Square, on(o), o, st, r)
			p.Text(x+13, y, o, st)
			x += 34 + st.Width(o)
		}
		y += 20
	}
	options("Sex", []string{"Male", "Female"}, func(o string) bool { return o == in.Patient.SexWord() })
	options("Marital status", fiction.MaritalStates, func(o string) bool { return o == in.Marital })
	options("Contact me by", fiction.Ways, func(o string) bool { return in.Reach[o] })
	p.Text(50, y+8, "HEALTH QUESTIONS", st.Strong())
	p.Text(430, y+8, "Yes", st.Strong())
	p.Text(480, y+8, "No", st.Strong())
	y += 28
	for _, q := range in.Questions {
		p.Text(50, y, q.Text, st)
		p.Mark(434, y-8, 9, sheet.Square, q.Yes, "Yes "+q.Text, st, r)
		p.Mark(484, y-8, 9, sheet.Square, !q.Yes, "No "+q.Text, st, r)
		y += 18
	}
	y += 12
	pair(50, y, 150, "Reason for visit", in.Reason)
	p.Text(50, y+40, "Signature:", st)
	p.Rule(110, y+42, 300, y+42, 0.6, sheet.Black)
	p.Pair("Signature", "", p.Text(110, y+40, "", st))
}

// formBoxed is ruled into boxes with the label above the value.
func formBoxed(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	in := s.Intake()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	p.Form()
	label := sheet.Style{Family: sheet.Sans(), Size: 7}
	value := sheet.Style{Family: sheet.Mono(), Size: 10}
	p.Centre(306, 48, "PATIENT REGISTRATION", label.With(14).Strong())
	box := func(x, y, w float64, key, val string) {
		p.Frame(x, y, w, 32, 0.7, sheet.Black)
		p.Cell(func() {
			p.Text(x+4, y+9, key, label)
			p.Pair(key, val, p.Text(x+6, y+25, val, value))
		})
	}
	box(36, 60, 260, "LAST NAME, FIRST NAME", in.Patient.LastFirst())
	box(296, 60, 120, "DATE OF BIRTH", in.Patient.Birth.Format("01/02/2006"))
	box(416, 60, 160, "RECORD NO.", in.MRN)
	box(36, 92, 260, "STREET ADDRESS", in.Patient.Street)
	box(296, 92, 160, "CITY", in.Patient.City)
	box(456, 92, 40, "STATE", in.Patient.State)
	box(496, 92, 80, "ZIP", in.Patient.ZIP)
	box(36, 124, 180, "TELEPHONE", fiction.Phone(in.Patient.Phone, 1))
	box(216, 124, 200, "EMPLOYER", in.Employer)
	box(416, 124, 160, "OCCUPATION", in.Occupation)
	box(36, 156, 220, "INSURANCE", in.Payer)
	box(256, 156, 180, "POLICY NUMBER", in.MemberID)
	box(436, 156, 140, "GROUP", in.Group)
	box(36, 188, 260, "EMERGENCY CONTACT", in.Contact.FirstLast())
	box(296, 188, 280, "PHARMACY", in.Pharmacy)
	p.Frame(36, 220, 270, 32, 0.7, sheet.Black)
	p.Frame(306, 220, 270, 32, 0.7, sheet.Black)
	choose := func(x float64, key string, all []string, chosen string) {
		p.Cell(func() {
			p.Text(x+4, 229, key, label)
			at := x + 6
			for _, o := range all {
				p.Mark(at, 236, 9, sheet.Square, o == chosen, o, label, r)
				p.Text(at+12, 244, o, label.With(8))
				at += 24 + label.With(8).Width(o)
			}
		})
	}
	choose(36, "MARITAL STATUS", fiction.MaritalStates, in.Marital)
	choose(306, "EMPLOYMENT", fiction.EmploymentStates, in.Employment)
	y := 280.0
	for i, q := range in.Questions {
		p.Text(40, y, fmt.Sprintf("%d.", i+1), label.With(9))
		p.Text(58, y, q.Text, label.With(9))
		for j, answer := range []string{"Yes", "No"} {
			x := 440 + 60*float64(j)
			p.Mark(x, y-8, 9, sheet.Circle, q.Yes == (j == 0), answer+" "+q.Text, label, r)
			p.Text(x+13, y, answer, label.With(9))
		}
		p.Rule(36, y+5, 576, y+5, 0.3, sheet.Grey(120))
		y += 20
	}
	box(36, y, 540, "REASON FOR VISIT", in.Reason)
}

// formRuledLine has values on rules behind their labels, and brackets.
func formRuledLine(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	in := s.Intake()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	p.Form()
	st := sheet.Style{Family: sheet.Serif(), Size: 11}
	hand := sheet.Style{Family: sheet.Go(), Size: 10.5}
	p.Centre(306, 60, in.Practice, st.With(17).Strong())
	p.Centre(306, 78, in.Address.Street+", "+in.Address.CityLine(), st.With(9))
	line := func(x, y, end float64, label, val string) {
		p.Text(x, y, label, st)
		from := x + st.Width(label) + 4
		p.Rule(from, y+2, end, y+2, 0.5, sheet.Black)
		p.Pair(label, val, p.Text(from+5, y, val, hand))
	}
	line(54, 112, 360, "Name", in.Patient.FirstLast())
	line(370, 112, 558, "Date of birth", in.Patient.Birth.Format("1/2/2006"))
	line(54, 136, 300, "Address", in.Patient.Street)
	line(310, 136, 558, "City", in.Patient.CityLine())
	line(54, 160, 260, "Telephone", fiction.Phone(in.Patient.Phone, 2))
	line(270, 160, 558, "Physician", in.Physician)
	line(54, 184, 180, "Height", in.Height)
	line(190, 184, 310, "Weight", in.Weight)
	line(320, 184, 558, "Pharmacy", in.Pharmacy)
	line(54, 208, 558, "What brings you here today?", in.Reason)
	y := 244.0
	p.Text(54, y, "You are", st)
	x := 110.0
	for _, e := range fiction.EmploymentStates {
		box := p.Mark(x, y-8, 8, sheet.Brackets, e == in.Employment, e, st, r)
		p.Text(x+box.W*p.Width+6, y, e, st)
		x += 50 + st.Width(e)
	}
	y += 26
	for _, q := range in.Questions[:9] {
		for i, answer := range []string{"Yes", "No"} {
			x := 54 + 52*float64(i)
			p.Mark(x, y-8, 8, sheet.Brackets, q.Yes == (i == 0), answer+" "+q.Text, st, r)
			p.Text(x+19, y, answer, st)
		}
		p.Text(166, y, q.Text, st)
		y += 21
	}
	y += 20
	line(54, y, 320, "Signed", in.Patient.FirstLast())
	line(330, y, 558, "Date", in.Visit.Format("1/2/2006"))
}

// tableMerged is fully ruled with a head over two columns and cells that span rows.
func tableMerged(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: sheet.Sans(), Size: 9}
	p.Text(60, 60, "Medication administration record", st.With(14).Strong())
	p.Text(60, 78, "Patient: "+s.Person().FirstLast(), st)
	g := sheet.Grid{X: 60, Y: 94, Widths: []float64{130, 80, 60, 60, 60, 100}, Header: 2, Style: st, Head: st.Strong(), Pad: 3.5, Rules: reading.Ruled}
	if r.IntN(2) == 0 {
		g.Shade = sheet.Grey(220)
	}
	g.Rows = append(g.Rows,
		[]sheet.Entry{{Text: "Medication", Rows: 2}, {Text: "Route", Rows: 2}, {Text: "Doses given", Columns: 3, Centred: true}, {Text: "Note", Rows: 2}},
		[]sheet.Entry{{Text: "Morning"}, {Text: "Noon"}, {Text: "Night"}})
	for _, drug := range s.Stay().Discharge {
		given := func() string { return fiction.Pick(s, "given", "given", "held", "") }
		g.Rows = append(g.Rows, []sheet.Entry{{Text: drug.Name + " " + drug.Strength}, {Text: fiction.Pick(s, "by mouth", "injected", "on the skin")}, {Text: given()}, {Text: given()}, {Text: given()}, {Text: fiction.Pick(s, "", "refused once", "with food", "check pulse first")}})
	}
	for ward := range 2 {
		for i := range 3 {
			row := []sheet.Entry{{Text: fmt.Sprint(10 + s.IntN(80)), Right: true}, {Text: fmt.Sprint(s.IntN(9)), Right: true}, {Text: fmt.Sprint(s.IntN(9)), Right: true}, {Text: fmt.Sprint(s.IntN(9)), Right: true}, {Text: fiction.Pick(s, "counted", "not counted")}}
			if i == 0 {
				row = append([]sheet.Entry{{Text: fmt.Sprintf("Stock of ward %d", ward+1), Rows: 3}}, row...)
			}
			g.Rows = append(g.Rows, row)
		}
	}
	y := p.Grid(g)
	p.Text(60, y+22, "Checked at the end of the shift by "+s.Provider().FirstLast(), st)
}

// tableStatement has rules between rows and lines that go on within their cell.
func tableStatement(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	l := s.Ledger(8 + s.IntN(8))
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: sheet.Serif(), Size: 10}
	p.Text(54, 60, "Statement of account", st.With(16).Strong())
	p.Text(54, 78, l.Patient.FirstLast()+", account "+l.Account, st)
	g := sheet.Grid{X: 54, Y: 94, Widths: []float64{72, 190, 82, 80, 80}, Header: 1, Style: st, Head: st.Strong(), Pad: 4, Rules: reading.HalfRuled, Frame: r.IntN(2) == 0}
	if r.IntN(2) == 0 {
		g.Zebra = sheet.Grey(235)
	}
	g.Rows = append(g.Rows, []sheet.Entry{{Text: "Date"}, {Text: "Service"}, {Text: "Provider"}, {Text: "Amount", Right: true}, {Text: "Balance", Right: true}})
	balance := 0
	for _, e := range l.Entries {
		balance += e.Charge - e.Payment
		g.Rows = append(g.Rows, []sheet.Entry{{Text: e.On.Format("01/02/2006")}, {Text: e.What}, {Text: e.Provider}, {Text: fiction.Money(e.Charge), Right: true}, {Text: fiction.Money(balance), Right: true}})
	}
	y := p.Grid(g)
	p.Right(558, y+22, "Please pay "+fiction.Money(balance)+" within 30 days.", st.Strong())
}

// tablePlain is a laboratory table without rules.
func tablePlain(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	l := s.Lab()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: fiction.Pick(s, sheet.Sans(), sheet.Go(), sheet.Mono()), Size: 9}
	p.Text(50, 56, l.Laboratory, st.With(14).Strong())
	p.Text(50, 74, "Patient: "+l.Patient.FirstLast(), st)
	p.Text(330, 74, "Collected: "+l.Collected.Format("01/02/2006 15:04"), st)
	g := sheet.Grid{X: 50, Y: 92, Widths: []float64{200, 80, 50, 110, 80}, Header: 1, Style: st, Head: st.Strong(), Pad: 3, Rules: reading.Borderless}
	g.Rows = append(g.Rows, []sheet.Entry{{Text: "Test"}, {Text: "Result"}, {Text: "Flag"}, {Text: "Reference range"}, {Text: "Units"}})
	for _, panel := range l.Panels {
		for _, row := range panel.Rows {
			if len(g.Rows) < 28 {
				g.Rows = append(g.Rows, []sheet.Entry{{Text: row.Test}, {Text: row.Value}, {Text: row.Flag, Strong: true}, {Text: row.Range}, {Text: row.Unit}})
			}
		}
	}
	y := p.Grid(g)
	p.Text(50, y+22, "Released by "+l.Released.FirstLast(), st)
}

// columnOf sets marked-up texts down a column until it is full, as a block to be read at once.
func columnOf(p *sheet.Sheet, x, y, width, bottom float64, texts []string, st sheet.Style) {
	p.Block()
	for _, t := range texts {
		for _, line := range st.Wrap(sheet.Printed(t), width) {
			if y > bottom {
				return
			}
			p.Text(x, y, line, st)
			y += st.Size * 1.3
		}
		y += st.Size * 0.6
	}
}

// articleNewsletter has a title across and two columns of running text.
func articleNewsletter(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	a, b := s.Stay(), fiction.NewSource(uint64(s.IntN(100_000)), "newsletter").Stay()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: fiction.Pick(s, sheet.Serif(), sheet.Sans()), Size: 9.5 + float64(s.IntN(2))}
	p.Centre(306, 62, "Notes from the ward", st.With(20).Strong())
	p.Centre(306, 80, a.Hospital, st)
	columnOf(p, 50, 106, 245, 735, []string{a.History, a.Review, a.Examination, a.Results, a.Course, a.Return}, st)
	columnOf(p, 317, 106, 245, 735, []string{b.History, b.Review, b.Examination, b.Results, b.Course, b.Instructions}, st)
	p.Block()
	p.Centre(306, 765, fmt.Sprintf("page %d", 1+s.IntN(9)), st.With(8))
}

// articleSmallPrint is one column in small type, as consent forms have on the back.
func articleSmallPrint(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: fiction.Pick(s, sheet.Sans(), sheet.Go(), sheet.Serif()), Size: 7.5 + float64(s.IntN(3))*0.5}
	p.Text(54, 56, "Information for patients", st.With(13).Strong())
	var texts []string
	for n := range uint64(6) {
		t := fiction.NewSource(uint64(s.IntN(100_000))+n, "small print").Stay()
		texts = append(texts, t.History, t.Course, t.Instructions)
	}
	columnOf(p, 54, 78, 504, 740, texts, st)
}
