// Package draft makes record fields of what was found on a page, and decides their state:
// a value is accepted only when the words were read well, the rule that named it is strong
// and the validator of its kind has no doubt. All else goes to review with reasons in words.
package draft

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"chartlake/form/sheet"
	"chartlake/record"
	"chartlake/value"
)

// ReadMin is the least confidence of the reading of an accepted value, by kind: a wrong digit
// in an identifier and a wrong letter in a name do more harm than one in a sentence.
// Calibrated on generated documents, see DESIGN.md of package form.
func ReadMin(k record.Kind) float64 {
	switch k {
	case record.KindName:
		return 0.91
	case record.KindPhone:
		return 0.82
	case record.KindDate, record.KindDatetime:
		return 0.70 // words that make a day are hardly misread: below, as above, none of 300 was wrong
	case record.KindText, record.KindAddress:
		return 0.87
	}
	return 0.86
}

// StrengthMin is the least strength of the rule that named an accepted value.
const StrengthMin = 0.74

// checkedLess is how much lower a reading may be when a closed list confirms the value.
const checkedLess = 0.2

// Finding is a value on the page before it is a field.
type Finding struct {
	Name, Label string
	Kind        string // kind of package value, or one of package pair
	Tokens      []sheet.Token
	Read        value.Reading
	Rule        string
	Strength    float64
	Reasons     []string
	Checked     bool // the value is one of a closed list, such as a unit; a check digit that fits does as much
}

// Kind gives the record's kind for a finer one.
func Kind(k string) record.Kind {
	switch k {
	case "name", "date", "datetime", "money", "number", "quantity", "code", "id", "phone", "address", "tick", "signature":
		return record.Kind(k)
	case "npi", "dea", "clia", "bin", "zip", "ein", "ssn", "state":
		return record.KindID
	case "sex":
		return record.KindCode
	}
	return record.KindText
}

// Field decides the state of a finding.
func Field(f Finding) record.Field {
	e := sheet.Of(f.Tokens)
	raw := strings.TrimRight(sheet.Join(f.Tokens), " ,;|")
	v := f.Read.Value
	out := record.Field{Name: f.Name, Label: f.Label, Value: &v, Raw: raw, Kind: Kind(f.Kind),
		Page: e.Page, Box: e.Box, Begin: e.Begin, End: e.End, Source: "text", Rule: f.Rule, State: record.Accepted}
	read := 1.0
	if e.OCR {
		out.Source = "ocr"
		if read = e.Least; out.Kind == record.KindText || out.Kind == record.KindAddress {
			read = (e.Least + e.Mean) / 2
		}
	}
	out.Confidence = read * f.Strength
	out.Reasons = append(out.Reasons, f.Reasons...)
	out.Reasons = append(out.Reasons, f.Read.Reasons...)
	if !f.Read.OK {
		out.Confidence = min(out.Confidence, 0.4)
		out.Reasons = append(out.Reasons, fmt.Sprintf("the text does not read as %s", words(f.Kind)))
		if v == "" {
			v = raw
		}
	}
	if e.Handwritten {
		out.Confidence = min(out.Confidence, 0.4)
		out.Reasons = append(out.Reasons, "written by hand")
	}
	if e.OCR && odd(raw) {
		out.Reasons = append(out.Reasons, "an odd sign stands among letters or digits")
	}
	if e.OCR && stray(f, raw) {
		out.Reasons = append(out.Reasons, "a point stands behind a word of a name")
	}
	if e.OCR && (out.Kind == record.KindText || out.Kind == record.KindAddress) {
		if w, is := misread(raw); is {
			out.Reasons = append(out.Reasons, "no word is "+w+", and one that looks like it is")
		}
	}
	if e.OCR && exact(out.Kind) && mixed(raw) {
		out.Reasons = append(out.Reasons, "a letter among digits may be a digit")
	}
	if e.Struck {
		out.Value = nil
		out.Reasons = append(out.Reasons, "crossed out on the page")
	}
	if len(out.Reasons) > 0 {
		out.Confidence = min(out.Confidence, 0.6)
	}
	least := ReadMin(out.Kind)
	if f.Checked || (f.Kind == "npi" || f.Kind == "dea") && f.Read.OK && len(f.Read.Reasons) == 0 {
		least -= checkedLess
	}
	if len(out.Reasons) > 0 || read < least || f.Strength < StrengthMin {
		out.State = record.Review
		if len(out.Reasons) == 0 || read < least && checkedKind[f.Kind] {
			out.Reasons = append(out.Reasons, low(f.Tokens, read < least))
		}
	}
	out.Confidence = float64(int(out.Confidence*1000+0.5)) / 1000
	return out
}

// checkedKind are the kinds whose form tells a misreading: a rule blames the number only where the
// reading is sure.
var checkedKind = map[string]bool{"npi": true, "dea": true, "clia": true, "ein": true}

// low says what is weak: the reading of some words, or the way the value was found.
func low(tokens []sheet.Token, reading bool) string {
	if !reading {
		return "the place of the value does not show its label surely"
	}
	n := 0
	for _, t := range tokens {
		if t.OCR && t.Confidence < 0.8 {
			n++
		}
	}
	if n <= 1 {
		return "low reading confidence on one word"
	}
	return fmt.Sprintf("low reading confidence on %d words", n)
}

func exact(k record.Kind) bool {
	return k != record.KindText && k != record.KindName && k != record.KindAddress
}

// odd finds signs that OCR writes for letters and digits it cannot tell.
func odd(s string) bool {
	for _, w := range strings.Fields(s) {
		if _, ok := value.ParseEmail(strings.Trim(w, ",;.()<>")); strings.Contains(w, "@") && !ok {
			return true
		}
	}
	return strings.ContainsAny(s, "{}|\\~^`") || strings.Count(s, "[") != strings.Count(s, "]") || strings.ContainsAny(s, "¢£€¥§©®«»")
}

var (
	strayInName = regexp.MustCompile(`\pL{4,}\.\s+\pL`)
	titles      = regexp.MustCompile(`(?i)\b(?:prof|capt|supt|assoc|corp|hosp|dept|univ|bros|ctr|med|intl|natl)\.`)
)

// organisations are the fields of texts that are names.
var organisations = []string{"lab", "facility", "practice", "clinic", "payer", "pharmacy", "sender", "manufacturer", "employer"}

// stray finds a point behind a word of a name that is no abbreviation: a speck.
func stray(f Finding, raw string) bool {
	if f.Kind != "name" && !slices.Contains(organisations, f.Name) {
		return false
	}
	return strayInName.MatchString(titles.ReplaceAllString(raw, ""))
}

// mixed finds a letter that OCR takes for a digit standing between two digits.
func mixed(s string) bool {
	for i := 1; i+1 < len(s); i++ {
		if strings.IndexByte("OoIlSBZ", s[i]) >= 0 && digit(s[i-1]) && digit(s[i+1]) {
			return true
		}
	}
	return false
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

// Doubt moves a field to review for a reason. What a person settled stays.
func Doubt(f *record.Field, reason string) {
	if f.State == record.Missing || f.Human != nil {
		return
	}
	f.State = record.Review
	f.Confidence = min(f.Confidence, 0.6)
	for i, r := range f.Reasons {
		if strings.Contains(reason, r) {
			f.Reasons[i] = reason
			return
		}
	}
	f.Reasons = append(f.Reasons, reason)
}

// Missing is a field that the type expects and the page did not give.
func Missing(name, kind string) record.Field {
	return record.Field{Name: name, Kind: Kind(kind), State: record.Missing, Source: "derived", Reasons: []string{"expected on this kind of document, nothing read"}}
}

func words(kind string) string {
	switch kind {
	case "datetime", "date":
		return "a date"
	case "name":
		return "a person's name"
	case "id":
		return "an identifier"
	case "phone":
		return "a telephone number"
	case "money":
		return "an amount"
	case "npi", "dea", "clia":
		return "a " + strings.ToUpper(kind) + " number"
	case "sex":
		return "a sex"
	}
	return "a value of the kind " + kind
}
