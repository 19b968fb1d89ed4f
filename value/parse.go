package value

import "strings"

// Reading is a printed value in canonical form. OK is false where the text is no value of
// the kind; Reasons are doubts in words.
type Reading struct {
	Value   string
	Reasons []string
	OK      bool
}

// Kinds that Parse knows, by the names of the record format, and finer ones of this package.
const (
	Text, PersonName, DateKind, MomentKind, Money = "text", "name", "date", "datetime", "money"
	NumberKind, Quantity, Code, ID, Phone, Postal = "number", "quantity", "code", "id", "phone", "address"
	NPI, DEA, EIN, SSN, CLIA, ZIP, State, Sex     = "npi", "dea", "ein", "ssn", "clia", "zip", "state", "sex"
	AgeKind, Email, BIN                           = "age", "email", "bin"
)

// Parse reads raw as a value of the kind. A kind it does not know is text.
func Parse(kind, raw string, h Hint) Reading {
	if len(raw) > LengthMax {
		return Reading{Reasons: []string{"the text is too long for one value"}}
	}
	switch kind {
	case PersonName:
		n, why, ok := ParseName(raw)
		return Reading{n.String(), why, ok}
	case DateKind:
		d, why, ok := ParseDate(raw, h)
		return Reading{d.String(), why, ok}
	case MomentKind:
		m, why, ok := ParseMoment(raw, h)
		return Reading{m.String(), why, ok}
	case Money:
		v, why, ok := ParseMoney(raw)
		return Reading{v, why, ok}
	case NumberKind:
		n, why, ok := ParseNumber(raw)
		return Reading{n.String(), why, ok}
	case Quantity:
		n, unit, why, ok := ParseQuantity(raw)
		return Reading{strings.TrimSpace(n.String() + " " + unit), why, ok}
	case Code:
		v, _, ok := ParseCode(raw, FormICD10CM, FormICD9CM, FormCPT, FormHCPCS, FormICD10PCS)
		return Reading{v, nil, ok}
	case Phone:
		v, ext, why, ok := ParsePhone(raw)
		if ext != "" {
			v += ";ext=" + ext
		}
		return Reading{v, why, ok}
	case Postal:
		a, why, ok := ParseAddress(raw)
		if ok && a.State == "" {
			return Reading{lines(raw), why, true}
		}
		return Reading{a.String(), why, ok}
	}
	return parseFine(kind, raw)
}

// parseFine reads the kinds that are identifiers or single words.
func parseFine(kind, raw string) Reading {
	var r Reading
	switch kind {
	case ID:
		r.Value, r.Reasons, r.OK = ParseID(raw)
	case NPI:
		r.Value, r.Reasons, r.OK = ParseNPI(raw)
	case DEA:
		r.Value, r.Reasons, r.OK = ParseDEA(raw)
	case EIN:
		r.Value, r.Reasons, r.OK = ParseEIN(raw)
	case SSN:
		r.Value, r.Reasons, r.OK = ParseSSN(raw)
	case CLIA:
		r.Value, r.Reasons, r.OK = ParseCLIA(raw)
	case ZIP:
		r.Value, r.OK = ParseZIP(raw)
	case State:
		r.Value, r.OK = strings.ToUpper(strings.TrimSpace(raw)), IsState(strings.TrimSpace(raw))
	case Sex:
		r.Value, r.OK = ParseSex(raw)
	case Email:
		r.Value, r.OK = ParseEmail(raw)
	case AgeKind:
		_, r.OK = ParseAge(raw)
		r.Value = fold(raw)
	case BIN:
		r = parseBIN(raw)
	default:
		r.Value, r.OK = lines(raw), strings.TrimSpace(raw) != ""
	}
	return r
}

// parseBIN reads a pharmacy bank identification number: six digits, or eight for an issuer
// number (document-types.md §2.6).
func parseBIN(raw string) Reading {
	v, clean := digits(fold(raw), " ")
	if !clean || v == "" || len(v) > 10 {
		return Reading{}
	}
	if len(v) != 6 && len(v) != 8 {
		return Reading{v, []string{"a pharmacy BIN has six digits"}, true}
	}
	return Reading{v, nil, true}
}

// lines folds blanks and keeps line breaks.
func lines(s string) string {
	var out []string
	for _, l := range strings.Split(s, "\n") {
		if l = fold(l); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}
