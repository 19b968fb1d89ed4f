package value

import (
	"regexp"
	"strings"
)

// Reasons an identifier may be doubtful.
const (
	ReasonCheckDigit = "the check digit does not fit"
	ReasonDigits     = "the number of digits is wrong"
	ReasonShape      = "the printed form is not the usual one"
)

// luhn is the sum of the Luhn algorithm (ISO/IEC 7812-1 annex B) over digits; the number
// is right when it is a multiple of ten.
func luhn(d string) int {
	sum := 0
	for i := range len(d) {
		v := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum
}

// NPISystem names national provider identifiers (FHIR R4, Known Identifier Systems).
const NPISystem = "http://hl7.org/fhir/sid/us-npi"

// ParseNPI reads a national provider identifier: ten digits, the first 1 or 2, Luhn over
// "80840" and the digits (45 CFR 162.406). Digits that fail keep ok with a reason.
func ParseNPI(s string) (v string, reasons []string, ok bool) {
	v, clean := digits(s, " -")
	if !clean || len(v) < 8 || len(v) > 12 {
		return "", nil, false
	}
	if len(v) != 10 {
		return v, []string{"an NPI has ten digits"}, true
	}
	if v[0] != '1' && v[0] != '2' || luhn("80840"+v)%10 != 0 {
		return v, []string{ReasonCheckDigit}, true
	}
	return v, nil, true
}

var dea = regexp.MustCompile(`^[A-Z][A-Z9]\d{7}$`)

// ParseDEA reads a drug enforcement registration: two letters and seven digits, where
// (d1+d3+d5)+2(d2+d4+d6) ends in d7.
func ParseDEA(s string) (v string, reasons []string, ok bool) {
	v = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(s))
	if !dea.MatchString(v) {
		return "", nil, false
	}
	d := func(i int) int { return int(v[1+i] - '0') }
	if (d(1)+d(3)+d(5)+2*(d(2)+d(4)+d(6)))%10 != d(7) {
		return v, []string{ReasonCheckDigit}, true
	}
	return v, nil, true
}

// ParseEIN reads an employer identification number, printed NN-NNNNNNN or as nine digits.
func ParseEIN(s string) (v string, reasons []string, ok bool) {
	v, clean := digits(fold(s), "- ")
	if !clean || v == "" {
		return "", nil, false
	}
	if len(v) != 9 {
		return v, []string{"an EIN has nine digits"}, true
	}
	return v[:2] + "-" + v[2:], nil, true
}

// ParseSSN reads a social security number. Area 000, 666 and 900–999, group 00 and serial
// 0000 are never issued.
func ParseSSN(s string) (v string, reasons []string, ok bool) {
	v, clean := digits(fold(s), "- ")
	if !clean || len(v) != 9 {
		return "", nil, false
	}
	if v[:3] == "000" || v[:3] == "666" || v[0] == '9' || v[3:5] == "00" || v[5:] == "0000" {
		reasons = []string{"no such social security number is issued"}
	}
	return v[:3] + "-" + v[3:5] + "-" + v[5:], reasons, true
}

var mbi = regexp.MustCompile(`^[1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y][0-9][AC-HJKMNP-RT-Y]` +
	`[0-9AC-HJKMNP-RT-Y][0-9][AC-HJKMNP-RT-Y]{2}[0-9]{2}$`)

// ParseMBI reads a Medicare beneficiary identifier (11 characters, C A AN N A AN N A A N N,
// letters without S L O I B Z; CMS "Understanding the MBI").
func ParseMBI(s string) (v string, reasons []string, ok bool) {
	v = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(s))
	return v, nil, mbi.MatchString(v)
}

var clia = regexp.MustCompile(`^\d{2}D\d{7}$`)

// ParseCLIA reads a laboratory certificate number, NNDNNNNNNN.
func ParseCLIA(s string) (v string, reasons []string, ok bool) {
	v = strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "#", "").Replace(s))
	if clia.MatchString(v) {
		return v, nil, true
	}
	if len(v) < 8 || len(v) > 12 || strings.Trim(v, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "", nil, false
	}
	return v, []string{"a CLIA number is two digits, D and seven digits"}, true
}

var ndc = regexp.MustCompile(`^(\d{4,5})-(\d{3,4})-(\d{1,2})$`)

// ParseNDC reads a national drug code into its 11-digit form 5-4-2. Ten digits without
// hyphens fit three layouts and stay doubtful.
func ParseNDC(s string) (v string, reasons []string, ok bool) {
	s = strings.ReplaceAll(fold(s), " ", "")
	if m := ndc.FindStringSubmatch(s); m != nil {
		n := len(m[1]) + len(m[2]) + len(m[3])
		if n == 10 || n == 11 {
			return pad(m[1], 5) + pad(m[2], 4) + pad(m[3], 2), nil, true
		}
	}
	v, clean := digits(s, "")
	switch {
	case clean && len(v) == 11:
		return v, nil, true
	case clean && len(v) == 10:
		return v, []string{"ten digits without hyphens fit three layouts"}, true
	}
	return "", nil, false
}

func pad(s string, n int) string { return strings.Repeat("0", max(0, n-len(s))) + s }

var (
	identifier = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ./_#*-]*$`)
	allLetters = regexp.MustCompile(`^[A-Za-z ]+$`)
)

// ParseID reads an identifier without a public format. It is kept as printed, blanks folded;
// it has at least one digit, or is one short word of capitals.
func ParseID(s string) (v string, reasons []string, ok bool) {
	v = strings.Trim(fold(s), ".,;: ")
	if len(v) < 1 || len(v) > 40 || !identifier.MatchString(v) || strings.Count(v, " ") > 3 {
		return "", nil, false
	}
	if allLetters.MatchString(v) && (v != strings.ToUpper(v) || strings.Contains(v, " ") || len(v) > 12) {
		return "", nil, false
	}
	return v, nil, true
}

// IsHealthPlan80840 reports a card issuer id of a health plan: ten digits or more beginning
// with 80840 and with a right Luhn sum (ISO/IEC 7812-1, INCITS 284).
func IsHealthPlan80840(s string) bool {
	v, clean := digits(s, " -()")
	return clean && len(v) >= 10 && len(v) <= 15 && strings.HasPrefix(v, "80840")
}
