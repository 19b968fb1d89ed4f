package tagger

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// shortForms finds "long form (SF)": a bracketed word of capitals whose letters begin the
// words before the bracket, or stand within them (after Schwartz and Hearst 2003). It gives
// the first word of the long form for each short one; the long form ends two words before it.
func shortForms(words []Word) map[int]int {
	var out map[int]int
	for i := 2; i+1 < len(words); i++ {
		if words[i-1].Text != "(" || words[i+1].Text != ")" && words[i+1].Text != "," && words[i+1].Text != ";" {
			continue
		}
		letters, capitals := initials(words[i].Text)
		if len(letters) < 2 || len(letters) > 8 || capitals < 2 {
			continue
		}
		if j := explained(words, i-2, letters); j >= 0 {
			if out == nil {
				out = map[int]int{}
			}
			out[i] = j
		}
	}
	return out
}

// initials gives the letters of a short form in lower case, without the s of a plural.
func initials(w string) (letters []byte, capitals int) {
	for _, r := range w {
		if unicode.IsUpper(r) {
			capitals++
		}
		if r < utf8.RuneSelf && unicode.IsLetter(r) {
			letters = append(letters, byte(unicode.ToLower(r)))
		}
	}
	if n := len(letters); n > 2 && strings.HasSuffix(w, "s") {
		letters = letters[:n-1]
	}
	return letters, capitals
}

// explained gives the first word of the long form that ends at word last; -1 where the
// letters do not fit, each word taking the last ones left that it begins with and holds.
func explained(words []Word, last int, letters []byte) int {
	n := len(letters) - 1
	for j := last; j >= 0 && last-j < 2*len(letters)+3; j-- {
		w := words[j].Lower
		if w == "" || w == "(" || w == ")" {
			return -1
		}
		for k := 0; k <= n; k++ {
			if w[0] != letters[k] || !holds(w[1:], letters[k+1:n+1]) {
				continue
			}
			if k == 0 {
				return j
			}
			n = k - 1
			break
		}
	}
	return -1
}

// holds reports that the letters stand in a word in their order.
func holds(w string, letters []byte) bool {
	for _, l := range letters {
		i := strings.IndexByte(w, l)
		if i < 0 {
			return false
		}
		w = w[i+1:]
	}
	return true
}
