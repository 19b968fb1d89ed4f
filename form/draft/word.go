package draft

import (
	"strings"

	"chartlake/form/lexicon"
	"chartlake/terminology"
)

// lookalikes are letters and signs that readers take for each other, as read and as printed
// (document-types.md §2.6, and what faxes made of development documents).
var lookalikes = [][2]string{{"i", "l"}, {"l", "i"}, {"1", "l"}, {"1", "i"}, {"!", "l"}, {"]", "l"}, {"|", "l"}, {"0", "o"}, {"5", "s"}, {"$", "s"}, {"8", "b"}, {"6", "b"},
	{"j", "l"}, {"c", "e"}, {"e", "c"}, {"rn", "m"}, {"m", "rn"}, {"cl", "d"}, {"d", "cl"}, {"vv", "w"}, {"f", "t"}, {"t", "f"}, {"q", "g"}, {"u", "n"}, {"n", "u"}}

// wordMin is the length from which words are compared: shorter ones look like too many others.
const wordMin = 4

// misread finds a word that no vocabulary has and that a single lookalike makes a known one. Names
// of people and places are in none and seldom so near to a word.
func misread(text string) (word string, ok bool) {
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("!]|$", r))
	}) {
		if len(w) < wordMin || strings.IndexFunc(w, func(r rune) bool { return r >= 'a' && r <= 'z' }) < 0 || known(w) || known(strings.Trim(w, "!]|$")) {
			continue
		}
		for _, pair := range lookalikes {
			for at := 0; ; {
				i := strings.Index(w[at:], pair[0])
				if i < 0 {
					break
				}
				at += i
				if known(w[:at] + pair[1] + w[at+len(pair[0]):]) {
					return w, true
				}
				at += len(pair[0])
			}
		}
	}
	return "", false
}

// known knows a plural by its singular, too.
func known(word string) bool {
	one := strings.TrimSuffix(word, "s")
	return terminology.HasWord(word) || lexicon.HasWord(word) || terminology.HasWord(one) || lexicon.HasWord(one)
}
