package fiction

import (
	"fmt"
	"time"
)

// Asked is what a form asks for: its label, the value that somebody filled in ("" where the blank is
// left empty), and the value in lines where it has several.
type Asked struct {
	Label string
	Lines []string
}

// Value is the lines joined by blanks.
func (a Asked) Value() string {
	out := ""
	for i, l := range a.Lines {
		if i > 0 {
			out += " "
		}
		out += l
	}
	return out
}

// askedLabels are labels of forms by what is written behind them: usual ones and those that only one
// institution has.
var askedLabels = map[string][]string{
	"name": {"Patient name", "Name", "Last name", "First name", "Preferred name", "Name of insured", "Guarantor", "Emergency contact", "Next of kin", "Referring physician",
		"Attending physician", "Primary care provider", "Escort", "Case manager", "Interpreter", "Person completing this form", "Filled in by", "Bill to", "Surgeon", "Dietitian",
		"Room mate", "Caregiver at home", "Name of the person who brought the patient"},
	"date": {"Date of birth", "DOB", "Date", "Admit date", "Discharge date", "Date of service", "Date of injury", "Last seen", "Date of last tetanus shot", "Onset", "Due back",
		"Effective date", "Expires", "Received", "Date last worked", "Last menstrual period", "Next appointment", "Stitches out on", "Date of last eye exam"},
	"phone": {"Phone", "Home phone", "Cell", "Work phone", "Fax", "Telephone", "Daytime number", "Night number", "Call back number", "Contact no."},
	"id": {"MRN", "Member ID", "Group number", "Policy no.", "Account #", "Claim number", "SSN", "Subscriber ID", "Chart no.", "Authorization number", "Tray number", "Locker",
		"Case ref.", "Serial no.", "Lot", "Batch", "Visit number", "Wristband no.", "Badge"},
	"money": {"Total charges", "Amount due", "Copay", "Deductible", "Deposit", "Balance forward", "Paid today", "Fee", "Estimated cost", "Monthly income"},
	"word": {"Sex", "Race", "Preferred language", "Marital status", "Occupation", "Employer", "Relationship to patient", "Mode of arrival", "Ward", "Diet", "Transport", "Hair color",
		"Religion", "Plan type", "Interpreter needed", "Code status", "Department", "Isolation", "Pain scale used", "Left or right handed", "Shoe size", "Gown size", "Parking level"},
	"text": {"Reason for visit", "Chief complaint", "Diagnosis", "Allergies", "Current medications", "Procedure", "Comments", "Mobility aids", "Special instructions",
		"Belongings kept", "Goals of care", "Triggers", "What brings you in today", "Home remedies tried"},
	"address": {"Address", "Home address", "Mailing address", "Address of employer", "Deliver to", "Send results to"},
	"city":    {"City", "County", "Town", "Place of birth"},
	"measure": {"Height", "Weight", "Temperature", "Pulse", "Blood pressure", "Age", "BMI", "Oxygen saturation", "Cigarettes a day", "Hours of sleep", "Number of children"},
	"email":   {"Email", "E-mail", "E-mail address"},
}

// askedKinds weighs the kinds of a form's blanks.
var askedKinds = []string{"name", "name", "name", "date", "date", "date", "phone", "id", "id", "id", "money", "word", "word", "word", "text", "text", "address", "city", "measure", "email"}

// Blanks invents n things that a form asks for, with labels that are all different.
func (s Source) Blanks(n int, blank float64) []Asked {
	var out []Asked
	used := map[string]bool{}
	for len(out) < n {
		kind := pick(s, askedKinds)
		label := pick(s, askedLabels[kind])
		if used[label] {
			continue
		}
		used[label] = true
		a := Asked{Label: label}
		if !s.Chance(blank) {
			a.Lines = s.answer(kind)
		}
		out = append(out, a)
	}
	return out
}

func (s Source) answer(kind string) []string {
	who := s.Provider()
	on := time.Date(1938+s.IntN(87), time.Month(1+s.IntN(12)), 1+s.IntN(28), 0, 0, 0, 0, time.UTC)
	at := s.Address()
	switch kind {
	case "name":
		return []string{Pick(s, who.First+" "+who.Last, who.Last+", "+who.First, who.First+" "+s.Letters(1)+". "+who.Last, "Dr. "+who.Last)}
	case "date":
		return []string{on.Format(Pick(s, "01/02/2006", "1/2/06", "Jan 2, 2006", "2006-01-02", "01-02-2006", "2 January 2006"))}
	case "phone":
		return []string{Phone(s.Phone(), s.IntN(3))}
	case "id":
		return []string{Pick(s, s.Digits(7), s.Letters(2)+s.Digits(6), s.Letters(1)+"-"+s.Digits(4), s.Digits(3)+"-"+s.Digits(2)+"-"+s.Digits(4), s.Digits(4))}
	case "money":
		cents := 500 + s.IntN(400_000)
		return []string{Pick(s, "$", "$", "") + Money(cents)}
	case "word":
		return []string{Pick(s, "Female", "Male", "Yes", "No", "None", "Unknown", "Spanish", "Married", "Single", "Teacher", "Ambulance", "North 3", "Regular", "Spouse", "Other", "Vegetarian", "Walk-in", "Blue Plus", "Left")}
	case "text":
		return []string{Pick(s, "Annual physical examination", "Cough for three weeks", "Penicillin, latex", "None known", "Lisinopril 10 mg daily", "Pain in the left knee", "Type 2 diabetes", "Walker",
			"Follow-up of blood pressure", "Knee replacement, right", "Watch, glasses and keys", "Fever since Monday, 101 F")}
	case "address":
		return []string{at.Street, at.CityLine()}
	case "city":
		return []string{at.City}
	case "measure":
		return []string{Pick(s, fmt.Sprint(40+s.IntN(80)), fmt.Sprintf("%d lb", 100+s.IntN(160)), fmt.Sprintf("%d/%d", 100+s.IntN(60), 60+s.IntN(35)), fmt.Sprintf("%d ft %d in", 5, s.IntN(12)), fmt.Sprintf("9%d.%d F", 7+s.IntN(3), s.IntN(10)))}
	case "email":
		return []string{fmt.Sprintf("%c%s@example.com", who.First[0]|0x20, pick(s, families))}
	}
	return nil
}
