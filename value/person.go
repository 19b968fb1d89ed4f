package value

import (
	"regexp"
	"strings"
)

// ParseSex reads an administrative sex as printed: the value is "F", "M", "X" or "U".
func ParseSex(s string) (v string, ok bool) {
	switch strings.ToLower(strings.Trim(fold(s), ".,;:()")) {
	case "f", "female", "woman", "girl":
		return "F", true
	case "m", "male", "man", "boy":
		return "M", true
	case "x", "other", "nonbinary", "non-binary":
		return "X", true
	case "u", "unknown", "unspecified":
		return "U", true
	}
	return "", false
}

// Age is an age as printed; Unit is "a" (years), "mo", "wk" or "d".
type Age struct {
	Count int
	Unit  string
}

var age = regexp.MustCompile(`^(?i)(\d{1,3})[ -]?(years?|yrs?|y|yo|y/o|y\.o\.|months?|mos?|m|weeks?|wks?|w|days?|d)?(?:[ -]?old)?\.?$`)

// ParseAge reads "35 yo", "35-year-old", "6 months". A bare number is years. Over 130 years
// is no age.
func ParseAge(s string) (a Age, ok bool) {
	m := age.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return Age{}, false
	}
	for _, r := range m[1] {
		a.Count = a.Count*10 + int(r-'0')
	}
	a.Unit = "a"
	if m[2] != "" {
		switch m[2][0] | 0x20 {
		case 'm':
			a.Unit = "mo"
		case 'w':
			a.Unit = "wk"
		case 'd':
			a.Unit = "d"
		}
	}
	return a, a.Unit != "a" || a.Count <= 130
}
