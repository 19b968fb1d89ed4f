package specimen

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// stayLayouts are the discharge summary layouts for development.
func stayLayouts() []sheet.Layout[*fiction.Stay] {
	return []sheet.Layout[*fiction.Stay]{{Name: "classic", Draw: stayClassic}, {Name: "letter", Draw: stayLetter}, {Name: "panels", Draw: stayPanels}}
}

// narrative writes the headed sections of a summary; how a head and a list item look is
// the layout's choice.
type narrative struct {
	f    *sheet.Flow
	t    *fiction.Stay
	st   sheet.Style
	date string
	head func(title string)
	item func(n int) string // what stands before item n of a list
}

func (n *narrative) section(title, text string) {
	n.head(title)
	n.f.Prose(text, 0, n.st)
}

// list prints items below each other; name is their field, "" for items that are none.
func (n *narrative) list(name string, items []string) {
	for i, text := range items {
		n.bullet(i, func(x float64) {
			f := n.f
			old, width := f.X, f.Width
			f.Width -= x - f.X
			f.X = x
			if name == "" {
				f.Prose(text, 0, n.st)
			} else {
				f.Items(name, []string{text}, "", 0, n.st)
			}
			f.X, f.Width = old, width
		})
	}
}

// bullet draws the sign of item i and hands on where the item begins.
func (n *narrative) bullet(i int, draw func(x float64)) {
	n.f.Room(0)
	sign := n.item(i + 1)
	n.f.Sheet.Text(n.f.X+8, n.f.Y, sign, n.st)
	draw(n.f.X + 8 + n.st.Width(sign+" "))
}

func (n *narrative) diagnoses(principal, secondary string) {
	n.head(principal)
	n.f.Value("diagnosis.principal", n.t.Principal, 0, "p", n.st)
	n.head(secondary)
	var list []string
	for _, name := range n.t.Secondary {
		list = append(list, "[p "+name+"]")
	}
	n.list("diagnosis.secondary", list)
}

func (n *narrative) allergies(title string) {
	n.head(title)
	if len(n.t.Allergies) == 0 {
		n.f.Value("allergies", "NKDA", 0, "a*", n.st)
		return
	}
	var list []string
	for _, a := range n.t.Allergies {
		list = append(list, "[a "+a.To+"] - "+a.Reaction)
	}
	n.list("allergies", list)
}

func (n *narrative) procedures(title string) {
	if len(n.t.Procedures) == 0 {
		return
	}
	n.head(title)
	var list []string
	for _, p := range n.t.Procedures {
		list = append(list, "[x "+p.Name+"] ("+p.On.Format(n.date)+")")
	}
	n.list("procedures", list)
}

func (n *narrative) medications(title, stopped string, withChange bool) {
	var kept, gone []string
	for _, m := range n.t.Discharge {
		line := "[m " + m.Name + "] " + m.Strength + " " + m.Form
		if m.Change == "stopped" {
			gone = append(gone, line)
			continue
		}
		line += ": " + m.Sig
		if withChange {
			line = strings.ToUpper(m.Change) + " " + line
		}
		kept = append(kept, line)
	}
	n.head(title)
	n.list("medications.discharge", kept)
	if len(gone) > 0 {
		n.head(stopped)
		n.list("", gone)
	}
}

func (n *narrative) signature(label string) {
	n.f.Skip(12)
	n.f.Room(16)
	if !n.t.Signed {
		n.f.Line("Dictated but not read.", n.st)
		return
	}
	d := n.f.Draft
	d.Label(n.f.Sheet, n.f.X, n.f.Y, label, n.st, 4, "signed", n.t.Attending.FirstLast(), n.st)
	d.Label(n.f.Sheet, n.f.X+320, n.f.Y, "Date:", n.st, 4, "signed.date", n.t.SignedAt.Format(n.date), n.st)
}

// stayClassic has heads in capitals on lines of their own and labels left in two columns.
func stayClassic(d *sheet.Draft, t *fiction.Stay, r *rand.Rand) {
	st := sheet.Style{Family: sheet.Sans(), Size: 9.5}
	small := st.With(8)
	turn := func() (*sheet.Sheet, float64) {
		s := d.Add(sheet.LetterWidth, sheet.LetterHeight)
		d.Later(func(pages int) { s.Right(562, 768, fmt.Sprintf("Page %d of %d", s.Number, pages), small) })
		if s.Number > 1 {
			s.Text(50, 44, t.Patient.LastFirst()+"    MRN: "+t.MRN, small)
			s.Rule(50, 49, 562, 49, 0.5, sheet.Grey(120))
		}
		return s, 68
	}
	s, _ := turn()
	d.ValueCentre(s, 306, 50, "facility", t.Hospital, st.With(16).Strong())
	s.Centre(306, 63, t.Address.Street+", "+t.Address.CityLine(), small)
	d.ValueCentre(s, 306, 73, "facility.phone", fiction.Phone(t.Phone, 0), small)
	d.ValueCentre(s, 306, 94, "title", "DISCHARGE SUMMARY", st.With(12).Strong())
	rows := [][6]string{
		{"Patient Name:", "patient", t.Patient.LastFirst(), "MRN:", "mrn", t.MRN}, {"Date of Birth:", "dob", t.Patient.Birth.Format("01/02/2006"), "Account #:", "account", t.Account},
		{"Sex:", "sex", t.Patient.SexWord(), "Attending:", "attending", t.Attending.FirstLast()}, {"Admit Date:", "admitted", t.Admitted.Format("01/02/2006"), "PCP:", "pcp", t.PCP.FirstLast()},
		{"Discharge Date:", "discharged", t.Discharged.Format("01/02/2006"), "Disposition:", "disposition", t.Disposition},
	}
	for i, row := range rows {
		y := 114 + 14*float64(i)
		s.Text(50, y, row[0], st.Strong())
		d.Value(s, 135, y, row[1], row[2], st)
		s.Text(320, y, row[3], st.Strong())
		d.Value(s, 390, y, row[4], row[5], st)
	}
	s.Rule(50, 178, 562, 178, 1, sheet.Black)
	f := &sheet.Flow{Draft: d, Sheet: s, X: 50, Y: 186, Width: 512, Bottom: 748, Leading: 1.35, Turn: turn}
	n := &narrative{f: f, t: t, st: st, date: "01/02/2006", item: func(n int) string { return fmt.Sprintf("%d.", n) }}
	n.head = func(title string) {
		f.Room(34)
		f.Skip(7)
		f.Line(strings.ToUpper(title), st.Strong())
	}
	n.diagnoses("Principal Diagnosis", "Secondary Diagnoses")
	n.section("History of Present Illness", t.History)
	n.section("Past Medical History", strings.Join(t.PastHistory, ". ")+".")
	n.section("Family History", t.Family)
	n.section("Social History", t.Social)
	n.allergies("Allergies")
	n.section("Review of Systems", t.Review)
	n.section("Vital Signs", t.Vitals)
	n.section("Physical Examination", t.Examination)
	n.section("Pertinent Results", t.Results)
	n.procedures("Procedures")
	n.section("Hospital Course", t.Course)
	n.medications("Discharge Medications", "Medications Stopped", false)
	n.section("Condition at Discharge", t.Condition)
	n.section("Discharge Instructions", t.Instructions+" "+t.Return)
	n.section("Follow-up", strings.Join(t.FollowUp, " "))
	n.signature("Electronically signed by:")
}

// stayLetter is set in a serif face with heads that run into the text after a colon.
func stayLetter(d *sheet.Draft, t *fiction.Stay, r *rand.Rand) {
	st := sheet.Style{Family: sheet.Serif(), Size: 10.5}
	turn := func() (*sheet.Sheet, float64) {
		s := d.Add(sheet.LetterWidth, sheet.LetterHeight)
		s.Centre(306, 765, fmt.Sprintf("%d", s.Number), st.With(9))
		return s, 76
	}
	s, _ := turn()
	d.Value(s, 72, 60, "facility", t.Hospital, st.With(17).Strong())
	d.ValueRight(s, 540, 60, "facility.phone", fiction.Phone(t.Phone, 1), st.With(9))
	s.Rule(72, 66, 540, 66, 2, sheet.RGB(110, 20, 30))
	d.Value(s, 72, 88, "title", "Discharge Summary", st.With(14).Strong())
	y := 108.0
	for _, row := range [][3]string{
		{"Patient:", "patient", t.Patient.FirstLast()}, {"Born:", "dob", t.Patient.Birth.Format("January 2, 2006")}, {"Medical record number:", "mrn", t.MRN},
		{"Sex:", "sex", t.Patient.Sex}, {"Admitted:", "admitted", t.Admitted.Format("January 2, 2006")}, {"Discharged:", "discharged", t.Discharged.Format("January 2, 2006")},
		{"Attending physician:", "attending", t.Attending.FirstLast()}, {"Discharge disposition:", "disposition", t.Disposition},
	} {
		s.Text(72, y, row[0], st)
		d.Value(s, 205, y, row[1], row[2], st.Strong())
		y += 14
	}
	f := &sheet.Flow{Draft: d, Sheet: s, X: 72, Y: y + 8, Width: 468, Bottom: 742, Leading: 1.28, Turn: turn}
	n := &narrative{f: f, t: t, st: st, date: "January 2, 2006", item: func(int) string { return "-" }}
	n.head = func(title string) {
		f.Room(34)
		f.Skip(6)
		f.Sheet.Text(f.X, f.Y, title+":", st.Strong())
		f.Sheet.Rule(f.X, f.Y+2, f.X+st.Strong().Width(title), f.Y+2, 0.5, sheet.Black)
		f.Skip(st.Size * f.Leading)
	}
	n.diagnoses("Discharge Diagnosis", "Other Diagnoses")
	n.section("Brief History", t.History)
	n.section("Past Medical History", strings.Join(t.PastHistory, "; ")+".")
	n.allergies("Allergies")
	n.section("Family History", t.Family)
	n.section("Social History", t.Social)
	n.section("Review of Systems", t.Review)
	n.section("Examination", t.Vitals+" "+t.Examination)
	n.section("Laboratory", t.Results)
	n.section("Hospital Course", t.Course)
	n.procedures("Procedures Performed")
	n.medications("Medications on Discharge", "Discontinued Medications", true)
	n.section("Instructions to Patient", t.Instructions+" "+t.Return)
	n.section("Follow-up Appointments", strings.Join(t.FollowUp, " "))
	n.signature("Signed by")
}

// stayPanels has its identity in framed cells with the labels above, and heads on shaded bars.
func stayPanels(d *sheet.Draft, t *fiction.Stay, r *rand.Rand) {
	st := sheet.Style{Family: sheet.Go(), Size: 9}
	label := st.With(6.5).In(sheet.Grey(90))
	green := sheet.RGB(38, 92, 70)
	turn := func() (*sheet.Sheet, float64) {
		s := d.Add(sheet.LetterWidth, sheet.LetterHeight)
		s.Text(40, 772, t.Hospital+"  |  "+t.Patient.FirstLast()+"  |  "+t.MRN, label)
		d.Later(func(pages int) { s.Right(572, 772, fmt.Sprintf("%d of %d", s.Number, pages), label) })
		return s, 56
	}
	s, _ := turn()
	s.Fill(40, 30, 532, 30, green)
	d.Value(s, 50, 50, "facility", t.Hospital, st.With(14).Strong().In(sheet.White))
	d.ValueRight(s, 562, 50, "title", "Inpatient Discharge Summary", st.With(10).In(sheet.White))
	cells := [][3]string{
		{"PATIENT NAME", "patient", t.Patient.FirstLast()}, {"DATE OF BIRTH", "dob", t.Patient.Birth.Format("2006-01-02")}, {"SEX", "sex", t.Patient.SexWord()}, {"MRN", "mrn", t.MRN},
		{"ATTENDING", "attending", t.Attending.FirstLast()}, {"ADMISSION DATE", "admitted", t.Admitted.Format("2006-01-02")}, {"DISCHARGE DATE", "discharged", t.Discharged.Format("2006-01-02")}, {"ACCOUNT", "account", t.Account},
	}
	widths := []float64{190, 118, 112, 112}
	for i, c := range cells {
		x := 40.0
		for _, w := range widths[:i%4] {
			x += w
		}
		y := 66 + 28*float64(i/4)
		s.Frame(x, y, widths[i%4], 28, 0.5, sheet.Grey(130))
		s.Text(x+4, y+9, c[0], label)
		d.Value(s, x+4, y+22, c[1], c[2], st)
	}
	f := &sheet.Flow{Draft: d, Sheet: s, X: 46, Y: 132, Width: 520, Bottom: 748, Leading: 1.42, Turn: turn}
	n := &narrative{f: f, t: t, st: st, date: "2006-01-02", item: func(int) string { return "•" }}
	n.head = func(title string) {
		f.Room(38)
		f.Skip(6)
		f.Sheet.Fill(40, f.Y-10, 532, 14, sheet.RGB(222, 235, 228))
		f.Sheet.Text(46, f.Y, title, st.Strong().In(green))
		f.Skip(17)
	}
	n.diagnoses("Principal diagnosis", "Secondary diagnoses")
	n.allergies("Allergies and intolerances")
	n.section("Reason for admission", t.History)
	n.section("Hospital course", t.Course)
	n.procedures("Procedures")
	n.section("Medical history", strings.Join(t.PastHistory, ". ")+".")
	n.section("Family history", t.Family)
	n.section("Social history", t.Social)
	n.section("Review of systems", t.Review)
	n.section("Vitals and examination on discharge", t.Vitals+" "+t.Examination)
	n.section("Results", t.Results)
	n.medications("Medications at discharge", "Stop taking these medications", true)
	n.section("Instructions", t.Instructions+" "+t.Return)
	n.section("Follow up", strings.Join(t.FollowUp, " "))
	n.head("Disposition")
	d.Field("disposition", t.Disposition, f.Sheet, f.Line(t.Disposition, st))
	n.signature("Authenticated by")
}
