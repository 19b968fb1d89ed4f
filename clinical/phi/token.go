package phi

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"chartlake/clinical/phi/wordlist"
)

// shape is how a word is written.
type shape uint8

const (
	lowerCase   shape = 1 << iota // begins small
	capital                       // begins with a capital
	allCapitals                   // two capitals or more, no small letter
	hasDigit
	hasLetter
)

// word is a run of letters and digits, apostrophes between letters included. Offsets are bytes.
type word struct {
	begin, end int
	fold       string // wordlist.Fold
	is         wordlist.Flags
	shape      shape
	line       int // how many line ends lie before it in the text
}

func (w word) has(s shape) bool { return w.shape&s == s }

// name reports a word that is written as names are: a capital, letters only.
func (w word) name() bool { return w.has(capital) && !w.has(hasDigit) }

func (w word) initial() bool { return w.name() && len(w.fold) == 1 }

// words cuts a text.
func words(text string, list *wordlist.List) []word {
	out := make([]word, 0, len(text)/6)
	line := 0
	for i := 0; i < len(text); {
		r, size := runeAt(text, i)
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			if r == '\n' || r == '\f' {
				line++
			}
			i += size
			continue
		}
		w := word{begin: i, line: line}
		upper, lower, marks := 0, 0, false
		for i < len(text) {
			switch {
			case unicode.IsUpper(r):
				upper++
				w.shape |= hasLetter
				if i == w.begin {
					w.shape |= capital
				}
			case unicode.IsDigit(r):
				w.shape |= hasDigit
			case unicode.IsLetter(r):
				lower++
				w.shape |= hasLetter
			case unicode.Is(unicode.Mn, r) || apostrophe(text, i, r):
				marks = true
			default:
				goto done
			}
			i += size
			r, size = runeAt(text, i)
		}
	done:
		w.end = i
		if upper > 1 && lower == 0 {
			w.shape |= allCapitals
		}
		if w.shape&(capital|hasDigit) == 0 {
			w.shape |= lowerCase
		}
		w.fold = text[w.begin:w.end]
		if upper > 0 || marks || !ascii(w.fold) {
			w.fold = wordlist.Fold(w.fold)
		}
		if n := len(w.fold); n > 2 && w.fold[n-2:] == "'s" {
			w.fold, w.end = w.fold[:n-2], w.end-len(text[w.begin:w.end])+lastApostrophe(text[w.begin:w.end])
		}
		if w.is = list.Of(w.fold); marks {
			w.is |= list.Of(strings.ReplaceAll(w.fold, "'", "")) // the Census writes OBRIEN
		}
		out = append(out, w)
	}
	return out
}

// runeAt is utf8.DecodeRuneInString without its cost for ASCII; past the end it gives a blank.
func runeAt(text string, i int) (rune, int) {
	if i >= len(text) {
		return ' ', 0
	}
	if c := text[i]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRuneInString(text[i:])
}

// apostrophe reports one between two letters.
func apostrophe(text string, i int, r rune) bool {
	if r != '\'' && r != '’' {
		return false
	}
	next, _ := runeAt(text, i+utf8.RuneLen(r))
	return i > 0 && unicode.IsLetter(next)
}

func lastApostrophe(s string) int {
	for i := len(s) - 1; i > 0; i-- {
		if s[i] == '\'' || s[i] == 0xE2 { // the first byte of ’
			return i
		}
	}
	return len(s)
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
