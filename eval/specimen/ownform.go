package specimen

import (
	"fmt"
	"strings"
	"time"

	"chartlake/eval/expected"
	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// OwnForm is a form of one institution's own, which no lexicon knows: the loan of equipment to
// a patient's home. It is for measuring templates that are learned from a blank and a filled
// print; its expected result uses the names that learning gives.
const OwnForm Kind = "own_form"

// MakeOwnForm makes the form, blank or filled in.
func MakeOwnForm(seed uint64, blank bool, condition Condition) (*Specimen, error) {
	d := sheet.NewDraft("consent", "59284-0")
	s := fiction.NewSource(seed, "own form")
	layout := "filled"
	if blank {
		layout = "blank"
	}
	loan(d, s, blank)
	d.Finish()
	return finish(d, seed, OwnForm, layout, condition)
}

// loan draws the form: labels with a colon, labels on rules, labels in boxes, and three questions.
func loan(d *sheet.Draft, s fiction.Source, blank bool) {
	p := d.Add(sheet.LetterWidth, sheet.LetterHeight)
	st, small := sheet.Style{Family: sheet.Sans(), Size: 10}, sheet.Style{Family: sheet.Sans(), Size: 7}
	ink := sheet.Style{Family: sheet.Mono(), Size: 10}
	put := func(x, y float64, name, text string) {
		if !blank {
			d.Value(p, x, y, name, text, ink)
		}
	}
	who, giver := s.Person(), s.Provider()
	in := s.Intake()
	p.Text(48, 50, "Home Equipment Loan Agreement", st.With(16).Strong())
	p.Text(48, 66, "Fill in one form for each device. Keep the yellow copy.", st)
	y := 100.0
	colon := func(x float64, label, name, text string) {
		p.Text(x, y, label+":", st)
		put(x+st.Width(label+":")+6, y, name, text)
	}
	colon(48, "Borrower", "q.borrower", who.FirstLast())
	colon(330, "Date of Birth", "dob", who.Birth.Format("01/02/2006"))
	y += 20
	colon(48, "Phone", "phone", fiction.Phone(who.Phone, 0))
	colon(330, "Second contact", "q.second_contact", in.Contact.FirstLast())
	y += 30
	rule := func(label, name, text string) {
		p.Text(48, y, label, st)
		from := 48 + st.Width(label) + 6
		p.Rule(from, y+2, 420, y+2, 0.5, sheet.Black)
		put(from+6, y, name, text)
		y += 22
	}
	out := time.Date(2026, time.Month(1+s.IntN(9)), 1+s.IntN(28), 0, 0, 0, 0, time.UTC)
	rule("Loaned item", "q.loaned_item", fiction.Pick(s, "Folding walker", "Bath chair", "Infusion pump", "Oxygen concentrator", "Hospital bed"))
	rule("Serial no.", "q.serial_no", s.Letters(2)+s.Digits(6))
	rule("Leaves the store on", "q.leaves_the_store_on", out.Format("01/02/2006"))
	rule("To be returned by", "q.to_be_returned_by", out.AddDate(0, 3, 0).Format("01/02/2006"))
	y += 16
	box := func(x, w float64, label, name, text string) {
		p.Frame(x, y, w, 30, 0.6, sheet.Black)
		p.Text(x+4, y+9, label, small)
		put(x+6, y+24, name, text)
	}
	box(48, 170, "DEPOSIT TAKEN", "q.deposit_taken", fmt.Sprintf("$%d.00", 20+5*s.IntN(20)))
	box(218, 170, "STATE OF THE DEVICE", "q.state_of_the_device", fiction.Pick(s, "New", "Good", "Used, working", "Scratched"))
	box(388, 170, "HANDED OUT BY", "q.handed_out_by", giver.FirstLast())
	y += 30
	box(48, 255, "WARD OR CLINIC", "q.ward_or_clinic", fiction.Pick(s, "Orthopedics 3", "Day surgery", "Geriatrics", "Home care team"))
	box(303, 255, "COST CENTRE", "q.cost_centre", s.Digits(5))
	y += 60
	ask := func(question, name string, options ...string) {
		p.Text(48, y, question, st)
		x, chosen := 300.0, fiction.Pick(s, options...)
		for _, o := range options {
			on := !blank && o == chosen
			at := p.Mark(x, y-9, 10, sheet.Square, on, o, st, s.Rand)
			if on {
				d.Expected.Fields[name] = expected.Text(o)
				d.Expected.Boxes[name] = expected.Place{Page: 1, Box: at}
				d.Expected.Ticks = append(d.Expected.Ticks, name)
			}
			p.Text(x+15, y, o, st)
			x += 40 + st.Width(o)
		}
		y += 22
	}
	ask("Delivered to the door?", "q.delivered_to_the_door", "Yes", "No")
	ask("Shown how to use it?", "q.shown_how_to_use_it", "Yes", "No", "Later")
	d.Expected.Flags = append(d.Expected.Flags, expected.Flag{Code: expected.Names{"identity_weak"}, Note: "who borrows is not said to be the patient"})
	y += 12
	for _, line := range st.Wrap(strings.Repeat("The device stays the property of the hospital. Damage is to be told at once. ", 2), 500) {
		p.Text(48, y, line, st)
		y += 14
	}
}
