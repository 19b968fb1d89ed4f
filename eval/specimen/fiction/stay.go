package fiction

import (
	"fmt"
	"strings"
	"time"
)

// Stay is the facts of a hospital stay as a discharge summary tells them. Texts are marked
// up: [p fever] is a problem, [p- fever] one that is denied; see package prose.
type Stay struct {
	Hospital       string
	Address        Address
	Phone          string
	Patient        Person
	MRN, Account   string
	Attending, PCP Provider
	Admitted       time.Time
	Discharged     time.Time
	Disposition    string
	Principal      string
	Secondary      []string
	History        string // of present illness
	PastHistory    []string
	Family, Social string
	Allergies      []Allergy // none means NKDA is printed
	Review         string    // of systems
	Vitals         string
	Examination    string
	Results        string
	Procedures     []Procedure
	Course         string
	Admission      []Drug
	Discharge      []Drug
	Condition      string
	Instructions   string
	Return         string
	FollowUp       []string
	Signed         bool
	SignedAt       time.Time
	Planted        []Planted
}

// Allergy is a listed allergy.
type Allergy struct{ To, Reaction string }

// Procedure is done on a day of the stay.
type Procedure struct {
	Name string
	On   time.Time
}

// Drug is a line of a medication list. Change is new, changed, continued or stopped.
type Drug struct{ Name, Strength, Form, Sig, Change string }

// Stay invents a hospital stay.
func (s Source) Stay() *Stay {
	admitted := time.Date(2025, time.Month(1+s.IntN(12)), 1+s.IntN(28), 0, 0, 0, 0, time.UTC)
	st := &Stay{
		Hospital: pick(s, hospitals), Address: s.Address(), Phone: s.Phone(), MRN: s.Digits(7), Account: s.Digits(9),
		Attending: s.Provider(), PCP: s.Provider(), Admitted: admitted, Discharged: admitted.AddDate(0, 0, 2+s.IntN(6)),
		Signed: true,
	}
	st.Patient = s.Person()
	st.SignedAt = st.Discharged.AddDate(0, 0, s.IntN(3))
	st.Disposition = Pick(s, "Home", "Home with home health services", "Skilled nursing facility", "Home, self-care")
	i := illness(s)
	st.Principal = plain(i.principal)
	st.tell(s, i)
	st.plant(s)
	return st
}

// words fills in who, age and pronouns: {age} {sex} {man} {he} {He} {his} {him}.
func (st *Stay) words(text string) string {
	he, his, him := st.Patient.Pronouns()
	man := "man"
	if st.Patient.Sex == "F" {
		man = "woman"
	}
	return strings.NewReplacer("{age}", fmt.Sprint(st.Patient.Age(st.Admitted)), "{sex}", strings.ToLower(st.Patient.SexWord()),
		"{man}", man, "{he}", he, "{He}", strings.ToUpper(he[:1])+he[1:], "{his}", his, "{him}", him,
		"{His}", strings.ToUpper(his[:1])+his[1:]).Replace(text)
}

func (st *Stay) tell(s Source, i story) {
	comorbid := s.Perm(len(comorbidities))[:2+s.IntN(3)]
	for _, k := range comorbid {
		c := comorbidities[k]
		st.Secondary = append(st.Secondary, c.name)
		st.PastHistory = append(st.PastHistory, "[p "+c.name+"]")
		d := c.drug
		d.Change = "continued"
		if s.Chance(0.2) {
			d.Change = "stopped"
		}
		st.Admission = append(st.Admission, d)
		st.Discharge = append(st.Discharge, d)
	}
	st.PastHistory = append(st.PastHistory, pick(s, pasts))
	for _, d := range i.drugs {
		d.Change = "new"
		st.Discharge = append(st.Discharge, d)
	}
	if s.Chance(0.6) {
		for _, k := range s.Perm(len(allergies))[:1+s.IntN(2)] {
			st.Allergies = append(st.Allergies, allergies[k])
		}
	}
	st.History = st.words(pick(s, i.histories))
	st.Family = pick(s, families2)
	st.Social = st.words(pick(s, socials))
	st.Review = pick(s, i.denials)
	st.Vitals = fmt.Sprintf("Temp %.1f F, BP %d/%d, HR %d, RR %d, SpO2 %d%% on room air.",
		97.4+2*s.Float64(), 104+s.IntN(56), 58+s.IntN(34), 60+s.IntN(50), 14+s.IntN(8), 92+s.IntN(8))
	st.Examination = i.examination
	st.Results = fmt.Sprintf("WBC %.1f, Hgb %.1f, platelets %d, sodium %d, potassium %.1f, creatinine %.2f.",
		5+10*s.Float64(), 9+6*s.Float64(), 140+s.IntN(240), 131+s.IntN(13), 3.3+1.8*s.Float64(), 0.6+1.3*s.Float64())
	st.Course = st.words(strings.Join(i.course, " "))
	for n, p := range i.procedures {
		st.Procedures = append(st.Procedures, Procedure{p, st.Admitted.AddDate(0, 0, min(n, 1))})
	}
	st.Condition = Pick(s, "Stable", "Good", "Improved and stable")
	st.Instructions = pick(s, instructions)
	st.Return = st.words(i.returns)
	st.FollowUp = []string{fmt.Sprintf("%s in %d weeks.", st.PCP.FirstLast(), 1+s.IntN(3)), i.followUp}
}

// plant puts a contradiction into one of four stays.
func (st *Stay) plant(s Source) {
	if !s.Chance(0.25) {
		return
	}
	switch s.IntN(3) {
	case 0:
		for k := range st.Discharge {
			if st.Discharge[k].Change == "continued" {
				st.Course += " [m " + st.Discharge[k].Name + "] was stopped because of side effects and should not be resumed."
				st.Planted = append(st.Planted, Planted{"section_conflict", []string{"medications.discharge", "course"},
					"the hospital course stops a drug that is on the discharge list"})
				return
			}
		}
	case 1:
		st.Signed = false
		st.Planted = append(st.Planted, Planted{"unsigned", []string{"signed"}, "dictated but not read"})
	case 2:
		st.Discharged, st.Admitted = st.Admitted, st.Discharged
		st.SignedAt = st.Admitted.AddDate(0, 0, 1)
		st.Procedures = nil
		st.Planted = append(st.Planted, Planted{"date_order", []string{"admitted", "discharged"}, "discharged before admitted"})
	}
}

// plain takes the marks out of a text.
func plain(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, rest, _ = strings.Cut(rest, " ")
		inside, after, _ := strings.Cut(rest, "]")
		b.WriteString(inside)
		text = after
	}
}
