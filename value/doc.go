// Package value turns printed values into typed ones and checks their shape: dates, money,
// names, phones, addresses, identifiers with check digits, clinical codes by form, numbers,
// reference ranges and units.
//
// Every parser gives the value in its canonical form, the reasons for doubt in words, and
// ok. ok=false means that the text is not such a value; ok with reasons means that it is one
// but that a person should look. A parser never repairs: a letter where a digit belongs is
// not turned into the digit, a year is not padded, a check digit is not corrected.
//
// Shapes follow document-types.md §2.5–2.7; the sources of single rules stand at the rules.
// The package does no I/O.
package value

import "strings"

// LengthMax is the longest text, in bytes, that any parser looks at; longer is no value.
const LengthMax = 4096

// fold trims s and makes each run of blanks one blank.
func fold(s string) string { return strings.Join(strings.Fields(s), " ") }

// digits gives the ASCII digits of s and whether everything else in s is in extra.
func digits(s, extra string) (string, bool) {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case strings.ContainsRune(extra, r):
		default:
			return "", false
		}
	}
	return b.String(), true
}
