package fiction

import (
	"fmt"
	"time"
)

// Intake is the facts of a form that a patient fills in before a visit.
type Intake struct {
	Practice        string
	Address         Address
	Patient         Person
	MRN             string
	Visit           time.Time
	Marital         string // one of MaritalStates
	Employment      string // one of EmploymentStates
	Occupation      string
	Employer        string
	Email           string
	Contact         Person // in an emergency
	Relation        string
	Payer           string
	MemberID, Group string
	Physician       string
	Reason          string
	Pharmacy        string
	Height, Weight  string
	Reach           map[string]bool // of Ways: may be chosen together
	Questions       []Question
}

// Question is answered by one of two boxes.
type Question struct {
	Text string
	Yes  bool
}

// The choices that intake forms print.
var (
	MaritalStates    = []string{"Single", "Married", "Divorced", "Widowed"}
	EmploymentStates = []string{"Full time", "Part time", "Retired", "Student"}
	Ways             = []string{"Telephone", "Text message", "E-mail", "Letter"}
)

var questions = []string{
	"Have you had surgery in the past five years?", "Do you have high blood pressure?", "Do you have diabetes?",
	"Have you ever had a heart attack?", "Do you smoke or use tobacco?", "Do you drink alcohol every day?",
	"Are you allergic to any medicine?", "Are you allergic to latex?", "Do you take a blood thinner?",
	"Have you had a blood transfusion?", "Do you have trouble sleeping?", "Have you fallen in the last year?",
	"Do you have asthma or use an inhaler?", "Do you have a pacemaker?", "Are you or could you be pregnant?",
	"Has a parent had cancer?", "Do you wear glasses or contact lenses?", "Do you get short of breath on stairs?",
}

var reasons = []string{
	"Annual physical examination", "Pain in the left knee", "Follow-up of blood pressure", "Cough for three weeks", "New patient visit",
	"Refill of medication", "Rash on both arms", "Headache and dizziness", "Diabetes check", "Numbness of the right hand",
}

// Intake invents a filled form.
func (s Source) Intake() *Intake {
	in := &Intake{
		Practice: pick(s, practices), Address: s.Address(), Patient: s.Person(), MRN: s.Digits(7),
		Visit:   time.Date(2025, time.Month(1+s.IntN(12)), 1+s.IntN(28), 8+s.IntN(9), 15*s.IntN(4), 0, 0, time.UTC),
		Marital: pick(s, MaritalStates), Employment: pick(s, EmploymentStates), Employer: pick(s, employers),
		Occupation: Pick(s, "Teacher", "Electrician", "Bookkeeper", "Nurse", "Driver", "Carpenter", "Cook", "Librarian"),
		Contact:    NewSource(s.seed+500_000, "contact").Person(), Relation: Pick(s, "Spouse", "Sister", "Brother", "Daughter", "Son", "Friend"),
		Payer: pick(s, payers), MemberID: s.Letters(3) + s.Digits(9), Group: s.Digits(6), Physician: s.Provider().FirstLast(),
		Reason: pick(s, reasons), Pharmacy: pick(s, streets) + " Pharmacy",
		Height: fmt.Sprintf("%d ft %d in", 5+s.IntN(2), s.IntN(12)), Weight: fmt.Sprintf("%d lb", 110+s.IntN(150)), Reach: map[string]bool{},
	}
	in.Email = fmt.Sprintf("%c%s%d@example.com", in.Patient.First[0]|0x20, s.Letters(4), s.IntN(90)+10)
	for _, w := range Ways {
		in.Reach[w] = s.Chance(0.4)
	}
	for _, i := range s.Perm(len(questions))[:12] {
		in.Questions = append(in.Questions, Question{questions[i], s.Chance(0.35)})
	}
	return in
}

// Ledger is a statement of an account: what was done, charged and paid.
type Ledger struct {
	Practice string
	Patient  Person
	Account  string
	Entries  []Entry
}

// Entry is a line of a statement; amounts are in cents.
type Entry struct {
	On              time.Time
	What            string
	Provider        string
	Charge, Payment int
}

var services = []string{
	"Office visit, established patient, moderate complexity", "Complete blood count", "Electrocardiogram with interpretation", "Injection, influenza vaccine",
	"Removal of sutures", "Telephone consultation, 15 minutes", "X-ray of the chest, two views", "Physical therapy, therapeutic exercise", "Urinalysis, automated",
	"Comprehensive metabolic panel", "Spirometry before and after bronchodilator", "Preventive visit, age 40 to 64",
}

// Ledger invents a statement with n lines.
func (s Source) Ledger(n int) *Ledger {
	l := &Ledger{Practice: pick(s, practices), Patient: s.Person(), Account: s.Digits(8)}
	on := time.Date(2025, time.Month(1+s.IntN(6)), 1+s.IntN(28), 0, 0, 0, 0, time.UTC)
	for range n {
		charge := 1500 + s.IntN(40000)
		l.Entries = append(l.Entries, Entry{on, pick(s, services), s.Provider().Last, charge, charge * s.IntN(100) / 100})
		on = on.AddDate(0, 0, 1+s.IntN(20))
	}
	return l
}

// Money prints cents as "1,234.56".
func Money(cents int) string {
	whole := fmt.Sprint(cents / 100)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return fmt.Sprintf("%s.%02d", whole, cents%100)
}
