package specimen

import (
	"fmt"
	"math/rand/v2"

	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// para sets plain text in lines from the baseline y on and gives the baseline after it.
func para(p *sheet.Sheet, x, y, width, leading float64, text string, st sheet.Style) float64 {
	for _, line := range st.Wrap(text, width) {
		p.Text(x, y, line, st)
		y += st.Size * leading
	}
	return y
}

// articleLetterhead is a letter with the names of a practice's people down the side, an address
// field, two blocks of references side by side, and a foot in three parts.
func articleLetterhead(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	in, stay := s.Intake(), s.Stay()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: fiction.Pick(s, sheet.Serif(), sheet.Medium(), sheet.Typewriter()), Size: 9.5 + float64(s.IntN(3))/2}
	small := sheet.Style{Family: sheet.Sans(), Size: 7 + float64(s.IntN(2))}
	p.Centre(306, 50, in.Practice, st.With(18).Strong())
	p.Centre(306, 66, in.Address.Street+", "+in.Address.CityLine(), small)
	p.Rule(40, 74, 572, 74, 1, sheet.Black)
	side, text := 40.0, 160.0
	if s.Chance(0.5) {
		side, text = 474, 54
	}
	p.Aside(func() {
		y := 104.0
		p.Text(side, y, "Physicians", small.Strong())
		for range 5 + s.IntN(5) {
			y += 2.1 * small.Size
			of := s.Provider()
			p.Text(side, y, of.FirstLast(), small)
			if s.Chance(0.5) {
				y += 1.2 * small.Size
				p.Text(side, y, fiction.Pick(s, "Internal medicine", "Cardiology", "Family practice", "Geriatrics"), small)
			}
		}
		y += 3 * small.Size
		p.Text(side, y, "Telephone", small.Strong())
		p.Text(side, y+1.2*small.Size, fiction.Phone(in.Contact.Phone, 1), small)
	})
	to := s.Provider()
	y := 104.0
	p.Text(text, y, to.FirstLast(), st)
	y = para(p, text, y+1.3*st.Size, 200, 1.3, in.Patient.Street, st)
	p.Text(text, y, in.Patient.CityLine(), st)
	y += 2.4 * st.Size
	p.Text(text, y, in.Visit.Format("January 2, 2006"), st)
	y += 2 * st.Size
	p.Text(text, y, "Re: "+in.Patient.FirstLast()+", born "+in.Patient.Birth.Format("01/02/2006"), st.Strong())
	y += 2 * st.Size
	p.Text(text, y, "Dear Dr. "+to.Last+":", st)
	y += 1.9 * st.Size
	for _, t := range []string{stay.History, stay.Examination, stay.Course, stay.Return} {
		if y < 620 {
			y = para(p, text, y, 392, 1.25, sheet.Printed(t), st) + 0.6*st.Size
		}
	}
	p.Text(text, y+6, "Sincerely,", st)
	p.Text(text, y+6+2.6*st.Size, s.Provider().FirstLast(), st)
	p.Edge(func() {
		p.Text(40, 768, "Page 1 of 1", small)
		p.Centre(306, 768, "Dictated but not read", small)
		p.Right(572, 768, in.Visit.Format("01/02/2006"), small)
	})
}

// articleSummary is a summary with a framed side column and headings that hang in the margin.
func articleSummary(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	stay := s.Stay()
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: fiction.Pick(s, sheet.Sans(), sheet.Go(), sheet.Serif()), Size: 9 + float64(s.IntN(4))/2}
	p.Text(46, 52, stay.Hospital, st.With(15).Strong())
	p.Text(46, 68, "Summary of the hospital stay", st.With(11))
	p.Right(566, 68, stay.Admitted.Format("01/02/2006")+" to "+stay.Discharged.Format("01/02/2006"), st)
	p.Block()
	width := 150.0
	side := 46.0
	text := side + width + 20
	if s.Chance(0.5) {
		side, text = 566-width, 46
	}
	box := st.With(st.Size - 1)
	p.Aside(func() {
		y := 100.0
		section := func(head string, lines []string) {
			p.Text(side+8, y, head, box.Strong())
			y += 1.4 * box.Size
			for _, l := range lines {
				y = para(p, side+8, y, width-16, 1.2, l, box) + 2
			}
			y += box.Size
		}
		var drugs, visits []string
		for _, m := range stay.Discharge {
			drugs = append(drugs, m.Name+" "+m.Strength+" "+m.Sig)
		}
		for _, f := range stay.FollowUp {
			visits = append(visits, sheet.Printed(f))
		}
		section("Your medicines", drugs)
		section("Your visits", visits)
		section("Questions?", []string{"Call the ward at " + fiction.Phone(stay.Phone, 0) + " at any hour."})
		p.Frame(side, 86, width, y-90, 0.8, sheet.Black)
	})
	y := 100.0
	for _, part := range [][2]string{{"Why you were here", stay.History}, {"What we found", stay.Examination}, {"Tests", stay.Results}, {"What we did", stay.Course}, {"At home", stay.Instructions}, {"When to call", stay.Return}} {
		if y > 690 {
			break
		}
		p.Text(text, y, part[0], st.Strong())
		y = para(p, text, y+1.4*st.Size, 340, 1.3, sheet.Printed(part[1]), st) + 0.8*st.Size
	}
	p.Edge(func() {
		p.Centre(306, 770, fmt.Sprintf("%s - MRN %s - page 1", stay.Patient.LastFirst(), stay.MRN), box)
	})
}

// articleFigure has three columns with a framed picture and its caption over two of them.
func articleFigure(d *sheet.Draft, s fiction.Source, r *rand.Rand) {
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st := sheet.Style{Family: fiction.Pick(s, sheet.Serif(), sheet.Sans(), sheet.Medium()), Size: 8.5 + float64(s.IntN(2))/2}
	gap := 14 + float64(s.IntN(8))
	width := (532 - 2*gap) / 3
	column := func(n int) float64 { return 40 + float64(n)*(width+gap) }
	p.Text(40, 54, "Health Notes", st.With(24).Strong())
	p.Right(572, 54, fmt.Sprintf("Number %d", 1+s.IntN(40)), st)
	p.Rule(40, 62, 572, 62, 1.5, sheet.Black)
	headline := fiction.Pick(s, "Sleep and the heart", "When a cough will not go away", "Walking after surgery", "Reading your laboratory results")
	p.Text(40, 88, headline, st.With(16).Strong())
	var texts []string
	for n := range uint64(14) {
		t := fiction.NewSource(uint64(s.IntN(100_000))+n, "figure").Stay()
		texts = append(texts, t.History, t.Course, t.Instructions)
	}
	top, bottom := 110.0, 740.0
	lines := []string{}
	for _, t := range texts {
		lines = append(lines, st.Wrap(sheet.Printed(t), width)...)
	}
	foot := top + 150 + float64(s.IntN(60)) // of the picture, over the second and third column
	picture := func() {
		p.Aside(func() {
			p.Frame(column(1), top-8, 2*width+gap, foot-top, 0.8, sheet.Black)
			x, y := column(1)+30, foot-20
			for range 6 {
				h := 30 + float64(s.IntN(90))
				p.Fill(x, y-h, 24, h, sheet.Grey(uint8(60+s.IntN(120))))
				x += 48
			}
			p.Text(column(1), foot+6, "Figure 1. Visits in each month of the year, all clinics together.", st.With(st.Size-0.5).Strong())
		})
	}
	for n := range 3 {
		if n == 1 {
			picture()
		}
		p.Block()
		y := top
		if n > 0 {
			y = foot + 34
		}
		for y < bottom && len(lines) > 0 {
			p.Text(column(n), y, lines[0], st)
			lines = lines[1:]
			y += 1.25 * st.Size
		}
	}
	p.Edge(func() { p.Centre(306, 768, fmt.Sprint(2+s.IntN(30)), st) })
}
