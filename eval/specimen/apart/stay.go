package apart

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// boxed has its identity in a framed table with labels left, and heads in capitals on a
// grey bar.
func boxed(d *sheet.Draft, t *fiction.Stay, r *rand.Rand) {
	st := sheet.Style{Family: stayType(), Size: 8.5}
	small := st.With(7.5)
	var f *sheet.Flow
	turn := func() (*sheet.Sheet, float64) {
		s := d.Add(sheet.LetterWidth, sheet.LetterHeight)
		s.Text(45, 766, "Discharge Summary   "+t.Patient.LastFirst()+"   MRN "+t.MRN, small)
		s.Right(567, 766, fmt.Sprintf("Page %d", s.Number), small)
		return s, 60
	}
	s, _ := turn()
	d.Value(s, 45, 50, "facility", t.Hospital, st.With(14).Strong())
	d.Label(s, 45, 62, "Telephone", small, 4, "facility.phone", fiction.Phone(t.Phone, 2), small)
	d.ValueRight(s, 567, 50, "title", "DISCHARGE SUMMARY", st.With(12).Strong())
	cells := [][3]string{
		{"Name", "patient", t.Patient.LastFirst()}, {"Admission Date", "admitted", t.Admitted.Format("01/02/2006")},
		{"DOB", "dob", t.Patient.Birth.Format("01/02/2006")}, {"Discharge Date", "discharged", t.Discharged.Format("01/02/2006")},
		{"Sex", "sex", t.Patient.Sex}, {"Attending", "attending", t.Attending.FirstLast()},
		{"MRN", "mrn", t.MRN}, {"Primary Care", "pcp", t.PCP.FirstLast()},
		{"Account", "account", t.Account}, {"Disposition", "disposition", t.Disposition},
	}
	for i, c := range cells {
		x, y := 45+float64(i%2)*261, 74+float64(i/2)*16
		s.Frame(x, y, 261, 16, 0.5, sheet.Grey(60))
		s.Text(x+4, y+11, c[0], small.Strong())
		d.Value(s, x+80, y+11, c[1], c[2], st)
	}
	f = &sheet.Flow{Draft: d, Sheet: s, X: 45, Y: 176, Width: 522, Bottom: 745, Leading: 1.38, Turn: turn}
	head := func(h string) {
		f.Room(40)
		f.Skip(5)
		f.Sheet.Fill(45, f.Y-10, 522, 13, sheet.Grey(222))
		f.Sheet.Text(49, f.Y, strings.ToUpper(h), st.Strong())
		f.Skip(16)
	}
	head("Diagnoses")
	f.Room(0)
	f.Sheet.Text(45, f.Y, "Principal:", st)
	f.Value("diagnosis.principal", t.Principal, 55, "p", st)
	f.Sheet.Text(45, f.Y, "Secondary:", st)
	for _, name := range t.Secondary {
		f.Value("diagnosis.secondary", name, 55, "p", st)
	}
	head("Reason for admission")
	f.Prose(t.History, 0, st)
	head("Past history")
	f.Prose(strings.Join(t.PastHistory, ". ")+".", 0, st)
	head("Family and social history")
	f.Prose(t.Family, 0, st)
	f.Prose(t.Social, 0, st)
	head("Allergies")
	allergies(f, t, st, ";")
	head("Review of systems")
	f.Prose(t.Review, 0, st)
	head("Physical exam")
	f.Prose(t.Vitals, 0, st)
	f.Prose(t.Examination, 0, st)
	head("Laboratory data")
	f.Prose(t.Results, 0, st)
	head("Hospital course")
	f.Prose(t.Course, 0, st)
	if len(t.Procedures) > 0 {
		head("Procedures")
		for _, p := range t.Procedures {
			f.Items("procedures", []string{"[x " + p.Name + "], " + p.On.Format("01/02/2006")}, "", 0, st)
		}
	}
	head("Medications at discharge")
	for _, m := range t.Discharge {
		if m.Change != "stopped" {
			f.Items("medications.discharge", []string{"[m " + m.Name + "] " + m.Strength + " " + m.Form + " - " + m.Sig + " (" + m.Change + ")"}, "", 0, st)
		}
	}
	stopped(f, t, head, st)
	head("Patient instructions")
	f.Prose(t.Instructions+" "+t.Return, 0, st)
	head("Follow up")
	f.Prose(strings.Join(t.FollowUp, " "), 0, st)
	f.Skip(10)
	sign(f, t, st, "Electronically signed by", "01/02/2006")
}

// runIn has labels and values in two loose columns, heads that run into their text, and
// numbered lists.
func runIn(d *sheet.Draft, t *fiction.Stay, r *rand.Rand) {
	st := sheet.Style{Family: stayType(), Size: 9}
	bold := st.Strong()
	turn := func() (*sheet.Sheet, float64) {
		s := d.Add(sheet.LetterWidth, sheet.LetterHeight)
		s.Text(60, 40, t.Patient.LastFirst()+" / "+t.MRN, st.With(7.5))
		return s, 66
	}
	s := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	d.ValueCentre(s, 306, 52, "facility", t.Hospital, bold.With(13))
	d.ValueCentre(s, 306, 66, "title", "SUMMARY OF HOSPITALIZATION", bold.With(10))
	for i, c := range [][3]string{
		{"Patient:", "patient", t.Patient.FirstLast()}, {"MR Number:", "mrn", t.MRN}, {"Born:", "dob", t.Patient.Birth.Format("January 2, 2006")},
		{"Gender:", "sex", t.Patient.SexWord()}, {"Date of Admission:", "admitted", t.Admitted.Format("January 2, 2006")},
		{"Date of Discharge:", "discharged", t.Discharged.Format("January 2, 2006")}, {"Attending Physician:", "attending", t.Attending.FirstLast()},
		{"Discharged to:", "disposition", t.Disposition},
	} {
		x, y := 60+float64(i%2)*270, 92+float64(i/2)*14
		d.Label(s, x, y, c[0], bold, 5, c[1], c[2], st)
	}
	f := &sheet.Flow{Draft: d, Sheet: s, X: 60, Y: 164, Width: 492, Bottom: 740, Leading: 1.42, Turn: turn}
	runOn := func(head string, body func()) {
		f.Room(24)
		f.Skip(4)
		w := bold.Width(head + " ")
		f.Sheet.Text(f.X, f.Y, head, bold)
		f.X, f.Width = f.X+w, f.Width-w
		body()
		f.X, f.Width = f.X-w, f.Width+w
	}
	section := func(head, text string) { runOn(head, func() { f.Prose(text, 0, st) }) }
	f.Sheet.Text(60, f.Y, "PRINCIPAL DIAGNOSIS:", bold)
	f.Value("diagnosis.principal", t.Principal, bold.Width("PRINCIPAL DIAGNOSIS: "), "p", st)
	f.Skip(3)
	f.Line("SECONDARY DIAGNOSES:", bold)
	for i, name := range t.Secondary {
		n := fmt.Sprintf("%d. ", i+1)
		f.Sheet.Text(72, f.Y, n, st)
		f.Value("diagnosis.secondary", name, 12+st.Width(n), "p", st)
	}
	section("PRESENT ILLNESS:", t.History)
	section("PMH:", strings.Join(t.PastHistory, "; ")+".")
	runOn("ALLERGIES:", func() { allergies(f, t, st, ",") })
	section("FAMILY HX:", t.Family)
	section("SOCIAL HX:", t.Social)
	section("ROS:", t.Review)
	section("EXAM:", t.Vitals+" "+t.Examination)
	section("LABS:", t.Results)
	section("COURSE:", t.Course)
	if len(t.Procedures) > 0 {
		var names []string
		for _, p := range t.Procedures {
			names = append(names, "[x "+p.Name+"]")
		}
		runOn("PROCEDURES:", func() { f.Items("procedures", names, ";", 0, st) })
	}
	f.Skip(4)
	f.Room(30)
	f.Line("DISCHARGE MEDICATIONS:", bold)
	n := 0
	for _, m := range t.Discharge {
		if m.Change != "stopped" {
			n++
			number := fmt.Sprintf("%d. ", n)
			f.Room(0)
			f.Sheet.Text(f.X+12, f.Y, number, st)
			f.Items("medications.discharge", []string{"[m " + m.Name + "] " + m.Strength + ", " + strings.ToLower(m.Sig[:1]) + m.Sig[1:] + "."}, "", 12+st.Width(number), st)
		}
	}
	stopped(f, t, func(h string) { f.Line(strings.ToUpper(h)+":", bold) }, st)
	section("INSTRUCTIONS:", t.Instructions+" "+t.Return)
	section("FOLLOW-UP:", strings.Join(t.FollowUp, " "))
	f.Skip(14)
	sign(f, t, st, "Signed:", "January 2, 2006")
}

// allergies prints the list, or that there is none.
func allergies(f *sheet.Flow, t *fiction.Stay, st sheet.Style, between string) {
	if len(t.Allergies) == 0 {
		f.Value("allergies", "NKDA", 0, "a*", st)
		return
	}
	var list []string
	for _, a := range t.Allergies {
		list = append(list, "[a "+a.To+"] ("+a.Reaction+")")
	}
	f.Items("allergies", list, between, 0, st)
}

// stopped lists the drugs that were stopped.
func stopped(f *sheet.Flow, t *fiction.Stay, head func(string), st sheet.Style) {
	begun := false
	for _, m := range t.Discharge {
		if m.Change == "stopped" {
			if !begun {
				head("Stop taking")
			}
			begun = true
			f.Prose("[m "+m.Name+"] "+m.Strength, 12, st)
		}
	}
}

func sign(f *sheet.Flow, t *fiction.Stay, st sheet.Style, label, date string) {
	f.Room(14)
	if !t.Signed {
		f.Line("DICTATED BUT NOT READ", st)
		return
	}
	f.Draft.Label(f.Sheet, f.X, f.Y, label, st, 4, "signed", t.Attending.FirstLast(), st)
	f.Draft.Label(f.Sheet, f.X+300, f.Y, "Date", st, 4, "signed.date", t.SignedAt.Format(date), st)
}
