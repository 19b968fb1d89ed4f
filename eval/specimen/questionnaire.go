package specimen

import (
	"fmt"
	"math/rand/v2"

	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// formChecklist has dark bars over its parts, labels under rules, and groups of boxes to tick in
// three columns, each under its question.
func formChecklist(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	in := s.Intake()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	p.Form()
	st := sheet.Style{Family: fiction.Pick(s, sheet.Sans(), sheet.Medium(), sheet.Serif()), Size: 9}
	value := sheet.Style{Family: fiction.Pick(s, sheet.Italic(), sheet.Typewriter(), sheet.Mono()), Size: 10.5}
	p.Text(40, 50, in.Practice, st.With(15).Strong())
	p.Right(572, 50, "Health history", st.With(12))
	bar := func(y float64, text string) {
		p.Fill(40, y, 532, 15, sheet.Grey(uint8(40+s.IntN(60))))
		p.Text(46, y+11, text, st.With(9).Strong().In(sheet.White))
	}
	under := func(x, y, w float64, label, val string) {
		p.Cell(func() {
			p.Pair(label, val, p.Text(x+2, y-3, val, value))
			p.Rule(x, y, x+w, y, 0.6, sheet.Black)
			p.Text(x, y+9, label, st.With(7.5))
		})
	}
	bar(66, "ABOUT YOU")
	p.Block()
	under(40, 104, 240, "Name of patient", in.Patient.FirstLast())
	under(296, 104, 120, "Date of birth", in.Patient.Birth.Format("01/02/2006"))
	under(432, 104, 140, "Telephone", fiction.Phone(in.Patient.Phone, s.IntN(3)))
	under(40, 136, 240, "Street", in.Patient.Street)
	under(296, 136, 276, "City, state and ZIP code", in.Patient.CityLine())
	under(40, 168, 170, "Occupation", in.Occupation)
	under(226, 168, 190, "Employer", in.Employer)
	under(432, 168, 140, "Emergency contact", in.Contact.FirstLast())
	p.Block()
	bar(190, "TICK ALL THAT APPLY")
	group := func(x, y float64, head string, all []string, on func(string) bool) {
		p.Block()
		p.Text(x, y, head, st.Strong())
		for _, o := range all {
			y += 14
			p.Mark(x, y-7.5, 8, sheet.Square, on(o), o, st, r)
			p.Text(x+13, y, o, st)
		}
	}
	any := func(string) bool { return s.Chance(0.35) }
	group(40, 222, "Family history", []string{"Diabetes", "High blood pressure", "Stroke", "Heart disease", "Cancer of the breast", "Kidney disease"}, any)
	group(222, 222, "Do you have now", []string{"Chest pain", "Shortness of breath", "Loss of weight", "Trouble sleeping", "Rash or itching", "Headache"}, any)
	group(404, 222, "How to reach you", fiction.Ways, func(o string) bool { return in.Reach[o] })
	p.Block()
	bar(322, "QUESTIONS")
	p.Block()
	y, shape := 354.0, fiction.Pick(s, sheet.Square, sheet.Square, sheet.Circle)
	for i, q := range in.Questions {
		p.Text(40, y, fmt.Sprintf("%d. %s", i+1, q.Text), st)
		for j, answer := range []string{"Yes", "No"} {
			x := 400 + 60*float64(j)
			p.Mark(x, y-7.5, 8, shape, q.Yes == (j == 0), answer+" "+q.Text, st, r)
			p.Text(x+12, y, answer, st)
		}
		y += 17
	}
	p.Block()
	bar(y, "TODAY")
	p.Block()
	under(40, y+40, 330, "Reason for this visit", in.Reason)
	under(386, y+40, 186, "Date", in.Visit.Format("01/02/2006"))
	under(40, y+80, 330, "Signature of patient or guardian", "")
}

// formNested has numbered boxes of several heights, boxes within boxes, and choices within them,
// as claim forms have.
func formNested(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	in := s.Intake()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	p.Form()
	label := sheet.Style{Family: fiction.Pick(s, sheet.Sans(), sheet.Medium()), Size: 6.5 + float64(s.IntN(3))/4}
	value := sheet.Style{Family: fiction.Pick(s, sheet.Mono(), sheet.Typewriter()), Size: 9.5}
	p.Centre(306, 46, "REQUEST FOR BENEFITS", label.With(13).Strong())
	n := 0
	line := 0.5 + r.Float64()*0.5
	frame := func(x, y, w, h float64) { p.Frame(x, y, w, h, line, sheet.Black) }
	number := func(key string) string {
		n++
		return fmt.Sprintf("%d. %s", n, key)
	}
	box := func(x, y, w, h float64, key string, lines ...string) {
		frame(x, y, w, h)
		p.Cell(func() {
			printed := number(key)
			p.Text(x+3, y+8, printed, label)
			ink, joined := p.Text(x+8, y+20, lines[0], value), lines[0]
			for i, l := range lines[1:] {
				ink, joined = ink.Union(p.Text(x+8, y+20+11*float64(i+1), l, value)), joined+" "+l
			}
			p.Pair(printed, joined, ink)
		})
	}
	choose := func(x, y, w, h float64, key string, all []string, chosen string) {
		frame(x, y, w, h)
		p.Cell(func() {
			p.Text(x+3, y+8, number(key), label)
			at := x + 8
			for _, o := range all {
				p.Mark(at, y+13, 8, sheet.Square, o == chosen, o, label, r)
				p.Text(at+11, y+20, o, label.With(7.5))
				at += 22 + label.With(7.5).Width(o)
			}
		})
	}
	p.Block()
	box(36, 60, 250, 26, "INSURED'S NAME", in.Patient.LastFirst())
	box(286, 60, 170, 26, "MEMBER IDENTIFICATION", in.MemberID)
	box(456, 60, 120, 26, "GROUP NUMBER", in.Group)
	p.Block()
	box(36, 86, 250, 50, "MAILING ADDRESS", in.Patient.Street, in.Patient.CityLine())
	p.Block()
	box(286, 86, 145, 25, "DATE OF BIRTH", in.Patient.Birth.Format("01 02 2006"))
	choose(431, 86, 145, 25, "SEX", []string{"Female", "Male"}, in.Patient.SexWord())
	box(286, 111, 290, 25, "TELEPHONE", fiction.Phone(in.Patient.Phone, 0))
	p.Block()
	choose(36, 136, 270, 26, "MARITAL STATUS", fiction.MaritalStates, in.Marital)
	choose(306, 136, 270, 26, "EMPLOYMENT", fiction.EmploymentStates, in.Employment)
	box(36, 162, 200, 26, "EMPLOYER", in.Employer)
	box(236, 162, 180, 26, "OCCUPATION", in.Occupation)
	box(416, 162, 160, 26, "ACCOUNT", in.MRN)
	p.Block()
	// Two frames side by side with boxes of their own.
	for i, x := range []float64{36, 310} {
		p.Block()
		p.Frame(x, 198, 266, 112, 1.4, sheet.Black)
		who, head := s.Provider(), "REFERRING PROVIDER"
		if i == 1 {
			head = "PLACE OF SERVICE"
		}
		p.Text(x+6, 210, head, label.With(8).Strong())
		box(x+6, 216, 150, 26, "NAME", who.First+" "+who.Last)
		box(x+156, 216, 104, 26, "NPI", who.NPI)
		box(x+6, 242, 254, 26, "STREET ADDRESS", s.Address().Street)
		box(x+6, 268, 150, 26, "CITY", s.Address().City)
		box(x+156, 268, 104, 26, "ZIP CODE", s.Address().ZIP)
	}
	p.Block()
	y := 330.0
	for _, t := range []string{"I authorize the release of any medical information necessary to process this claim and request payment of benefits to myself or to the party who accepts assignment below.", "Any person who knowingly files a statement of claim containing false information is guilty of a crime."} {
		y = para(p, 36, y, 540, 1.25, t, label.With(7.5)) + 4
	}
	p.Block()
	box(36, y, 360, 30, "SIGNED", in.Patient.FirstLast())
	box(396, y, 180, 30, "DATE", in.Visit.Format("01 02 2006"))
	p.Edge(func() { p.Text(36, 770, "Form BR-7 (rev. 02/2019)", label) })
}

// formLeaders has labels whose leaders lead to values at a common edge, in two columns, each
// under its heading.
func formLeaders(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	in := s.Intake()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	p.Form()
	st := sheet.Style{Family: fiction.Pick(s, sheet.Serif(), sheet.Typewriter(), sheet.Go()), Size: 9.5}
	p.Text(48, 54, in.Practice, st.With(14).Strong())
	p.Text(48, 70, in.Address.Street, st)
	p.Right(564, 54, "Admission sheet", st.With(14))
	p.Right(564, 70, in.Visit.Format("01/02/2006 15:04"), st)
	column := func(x float64, head string, pairs [][2]string) {
		p.Cell(func() { leaders(p, x, head, pairs, st) })
	}
	who := s.Provider()
	column(48, "Patient", [][2]string{{"Name", in.Patient.FirstLast()}, {"Date of birth", in.Patient.Birth.Format("01/02/2006")}, {"Sex", in.Patient.SexWord()}, {"Record number", in.MRN},
		{"Home phone", fiction.Phone(in.Patient.Phone, 1)}, {"City", in.Patient.City}, {"State", in.Patient.State}})
	column(318, "Coverage", [][2]string{{"Insurance", in.Payer}, {"Member ID", in.MemberID}, {"Group", in.Group}, {"Employer", in.Employer}, {"Physician", who.First + " " + who.Last}, {"NPI", who.NPI}, {"Pharmacy", in.Pharmacy}})
	p.Block()
	y := 252.0
	p.Text(48, y, "Allergies and habits", st.Strong())
	shape := fiction.Pick(s, sheet.Circle, sheet.Square)
	for _, q := range in.Questions {
		y += 16
		for j, answer := range []string{"Yes", "No"} {
			x := 48 + 40*float64(j)
			p.Mark(x, y-8, 8, shape, q.Yes == (j == 0), answer+" "+q.Text, st, r)
			p.Text(x+11, y, answer, st)
		}
		p.Text(134, y, q.Text, st)
	}
	p.Block()
	y += 26
	stay := s.Stay()
	p.Text(48, y, "Nurse's note", st.Strong())
	para(p, 48, y+15, 516, 1.3, sheet.Printed(stay.History), st)
}

// leaders sets pairs under a heading, each label led to its value by dots.
func leaders(p *sheet.Sheet, x float64, head string, pairs [][2]string, st sheet.Style) {
	y := 100.0
	p.Text(x, y, head, st.Strong())
	p.Rule(x, y+4, x+246, y+4, 0.6, sheet.Black)
	for _, pair := range pairs {
		y += 17
		dots := pair[0] + " "
		for st.Width(dots+".") < 104 {
			dots += "."
		}
		p.Text(x, y, dots, st)
		p.Pair(pair[0], pair[1], p.Text(x+112, y, pair[1], st.Strong()))
	}
}
