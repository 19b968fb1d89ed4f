package search

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold makes the form in which strings are compared: compatibility decomposition (NFKD),
// lower case, combining marks removed, runs of white space as one blank, none at the ends.
// R4 §3.1.1.4.8 asks for matching without regard to case and accents.
func Fold(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	blank := false
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case unicode.IsSpace(r):
			blank = b.Len() > 0
			continue
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		for _, l := range lower(r) {
			b.WriteRune(l)
		}
	}
	return b.String()
}

// lower gives the lower case of a rune; sharp s and final sigma are written out so that
// upper and lower spellings of one word meet.
func lower(r rune) string {
	switch r {
	case 'ß', 'ẞ':
		return "ss"
	case 'ς':
		return "σ"
	}
	return string(unicode.ToLower(r))
}

// plain reports whether the text is its own folded form: printable lower-case ASCII with
// single blanks inside.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x7f || c < ' ' || c >= 'A' && c <= 'Z' {
			return false
		}
		if c == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' ') {
			return false
		}
	}
	return true
}

// FoldCode is the form in which codes of systems that ignore case are compared.
func FoldCode(s string) string { return strings.ToLower(s) }

// CaseSensitive reports whether codes of a system differ by case alone. Source: UCUM §3.1
// (the c/s variant that FHIR uses); every other system is treated without regard to case, as
// R4 §3.1.1.4.10 asks when in doubt.
func CaseSensitive(system string) bool { return system == "http://unitsofmeasure.org" }
