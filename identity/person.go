// Package identity decides whose record a document is: a known patient with reasons, a new
// one, or a question for a person. It never chooses silently and never rewrites what is
// printed. Candidates come from the caller; the package reads no store.
//
// The rules are those of docs/design/identity.md: a match needs two identifiers that agree, of which
// one may be the whole name, and nothing that differs; a slip is told from a difference; a new
// patient needs name, birth date and one more identifier.
package identity

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"chartlake/record"
	"chartlake/value"
)

// Version names this stage's rules in Provenance.
const Version = "identity/3"

// Person is what a document or a Patient resource says about one human being. Empty strings
// are things not said.
type Person struct {
	Family      string
	Given       []string
	Name        string // as printed
	BirthDate   string // ISO, full date
	Sex         string // male, female, other
	Phone       string
	Postal      string // ZIP
	Street      string
	Identifiers []Identifier
	// Doubtful lists the fields that were read without confidence: they are compared, but
	// do not carry a decision.
	Doubtful []string
}

// IdentifierKind says who gave a number: codes of HL7 v2 table 0203 as far as they are used.
type IdentifierKind string

const (
	MedicalRecord IdentifierKind = "MR"
	Member        IdentifierKind = "MB"
	PatientNumber IdentifierKind = "PI"
)

// Identifier is a number that names a person within its assigner.
type Identifier struct {
	Kind     IdentifierKind
	Value    string
	Assigner string // organisation as printed; may be empty
	System   string // URI of its name space; paper has none
}

// fieldNames gives, for each detail of a person, the names of record fields that hold it,
// first found wins. Source: the field tables of docs/format/record.md.
var fieldNames = map[string][]string{
	"name":    {"patient", "patient.name", "member", "2", "FL8b"},
	"family":  {"patient.last", "last"},
	"given":   {"patient.first", "first"},
	"middle":  {"patient.middle", "mi"},
	"dob":     {"dob", "patient.dob", "3.dob", "FL10"},
	"sex":     {"sex", "3.sex", "FL11"},
	"phone":   {"patient.phone", "5.phone"},
	"zip":     {"patient.zip", "5.zip", "FL9d"},
	"street":  {"patient.street", "5.street", "FL9a"},
	"mrn":     {"mrn", "FL3b"},
	"member":  {"member_id", "1a"},
	"patient": {"patient_id", "patient_number"},
}

// Detail is which detail of the patient a field of this name holds (name, family, given, dob, sex,
// phone, zip, street, mrn, member, patient); empty for a field about something else.
func Detail(field string) string {
	for detail, names := range fieldNames {
		if slices.Contains(names, field) {
			return detail
		}
	}
	return ""
}

// Says is what is known of a detail, in the words of a document.
func (p Person) Says(detail string) (out []string) {
	switch detail {
	case "name":
		return []string{strings.TrimSpace(strings.Join(append(slices.Clone(p.Given), p.Family), " "))}
	case "family":
		return []string{p.Family}
	case "given":
		return p.Given[:min(1, len(p.Given))]
	case "middle":
		return p.Given[min(1, len(p.Given)):]
	case "dob":
		return []string{p.BirthDate}
	case "sex":
		return []string{p.Sex}
	case "phone":
		return []string{p.Phone}
	case "zip":
		return []string{p.Postal}
	case "street":
		return []string{p.Street}
	}
	kind := map[string]IdentifierKind{"mrn": MedicalRecord, "member": Member, "patient": PatientNumber}[detail]
	for _, id := range p.Identifiers {
		if id.Kind == kind {
			out = append(out, id.Value)
		}
	}
	return out
}

// FromSegment gathers what a segment says about its patient. Fields in state review are
// taken over and named in Doubtful.
func FromSegment(seg *record.Segment) Person {
	var p Person
	get := func(detail string) string {
		for _, name := range fieldNames[detail] {
			if name == "1a" && !insuredIsPatient(seg) {
				continue // the insured's number, and the patient is somebody else
			}
			for i := range seg.Fields {
				f := &seg.Fields[i]
				if detail == "family" && f.Kind == record.KindDate {
					continue // "last" of a refill request is when it was last filled
				}
				if f.Name == name && f.Value != nil && *f.Value != "" {
					if f.State != record.Accepted {
						p.Doubtful = append(p.Doubtful, detail)
					}
					return *f.Value
				}
			}
		}
		return ""
	}
	p.Name = get("name")
	p.Family = get("family")
	if given := get("given"); given != "" {
		p.Given = append(strings.Fields(given), strings.Fields(get("middle"))...)
	}
	if p.Family == "" && p.Name != "" {
		p.Family, p.Given = value.SplitName(p.Name)
	}
	if p.Name == "" && p.Family != "" {
		p.Name = strings.Join(append(append([]string{}, p.Given...), p.Family), " ")
	}
	p.BirthDate = get("dob")
	p.Sex = normalSex(get("sex"))
	p.Phone, p.Postal, p.Street = get("phone"), get("zip"), get("street")
	for detail, kind := range map[string]IdentifierKind{"mrn": MedicalRecord, "member": Member, "patient": PatientNumber} {
		if v := get(detail); v != "" {
			p.Identifiers = append(p.Identifiers, Identifier{Kind: kind, Value: v, Assigner: assigner(seg, kind)})
		}
	}
	sortIdentifiers(p.Identifiers)
	return p
}

// insuredIsPatient reports that box 6 of a claim form says Self: only then is the insured's
// number in box 1a one of the patient's.
func insuredIsPatient(seg *record.Segment) bool {
	for i := range seg.Fields {
		if f := &seg.Fields[i]; f.Name == "6" && f.Value != nil {
			return f.State == record.Accepted && strings.EqualFold(strings.TrimSpace(*f.Value), "self")
		}
	}
	return false
}

// assigner is the organisation whose number it is: the payer of a card, the facility of a chart.
func assigner(seg *record.Segment, kind IdentifierKind) string {
	names := []string{"facility", "lab"}
	if kind == Member {
		names = []string{"payer", "11c"}
	}
	for _, name := range names {
		for i := range seg.Fields {
			if f := &seg.Fields[i]; f.Name == name && f.Value != nil && f.State == record.Accepted {
				return *f.Value
			}
		}
	}
	return ""
}

func sortIdentifiers(ids []Identifier) {
	for i := 1; i < len(ids); i++ {
		for j := i; j > 0 && ids[j].Kind < ids[j-1].Kind; j-- {
			ids[j], ids[j-1] = ids[j-1], ids[j]
		}
	}
}

func normalSex(s string) string {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "m", "male":
		return "male"
	case "f", "female":
		return "female"
	case "":
		return ""
	}
	return "other"
}

// fold makes a name or number comparable: no marks, case, spaces or punctuation.
func fold(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return foldASCII(s)
	}
	t := transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)))
	out, _, err := transform.String(t, s)
	if err != nil {
		out = s
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, out)
}

// foldASCII is fold where nothing has marks: a file of a thousand documents compares a million
// pairs of people.
func foldASCII(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z':
			out = append(out, c|0x20)
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			out = append(out, c)
		}
	}
	return string(out)
}
