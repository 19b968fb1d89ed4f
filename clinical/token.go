package clinical

import (
	"unicode"
	"unicode/utf8"

	"chartlake/terminology"
)

// spelling is what a word or a mark of punctuation is by itself: the same for all tokens of a
// text that are written alike.
type spelling struct {
	text  string // as written
	lower string
	norm  string // terminology.NormalWord of lower; "" for punctuation
	// numbers of lower and norm, for keys of phrases
	lowerKey, normKey uint64
	first             rune
	isWord            bool // no punctuation
	composes          bool // a cue that is made of parts may begin with it
}

// token is a word or a mark of punctuation at its place. begin and end count runes.
type token struct {
	*spelling
	begin, end int
	newlines   int // line ends before it
	pageBreak  bool
}

// maxRunes is how much of a text is annotated: a segment of 3,000 dense pages has under 12
// million characters.
const maxRunes = 16 << 20

// tokens splits a text into words (letters, digits, inner apostrophes) and single marks.
func tokens(text []rune) []token {
	out := make([]token, 0, len(text)/5)
	known := map[string]*spelling{}
	var written []byte
	newlines, page := 0, false
	for i := 0; i < len(text); {
		r := text[i]
		switch {
		case r == '\n':
			newlines++
			i++
			continue
		case r == '\f':
			newlines += 2
			page = true
			i++
			continue
		case unicode.IsSpace(r) || unicode.IsControl(r):
			i++
			continue
		}
		j := i + 1
		if wordRune(r) {
			for j < len(text) && (wordRune(text[j]) || inner(text, j)) {
				j++
			}
		}
		written = written[:0]
		for _, c := range text[i:j] {
			written = utf8.AppendRune(written, c)
		}
		w := known[string(written)]
		if w == nil {
			w = spell(string(written), r)
			known[w.text] = w
		}
		out = append(out, token{spelling: w, begin: i, end: j, newlines: newlines, pageBreak: page})
		newlines, page = 0, false
		i = j
	}
	return out
}

func spell(text string, first rune) *spelling {
	w := &spelling{text: text, lower: lower(text), first: first}
	if wordRune(first) {
		w.norm = terminology.NormalWord(w.lower)
	}
	w.lowerKey, w.normKey = wordKey(w.lower), wordKey(w.norm)
	low, _ := utf8.DecodeRuneInString(w.lower)
	w.composes = composes(w)
	w.isWord = w.norm != "" || w.lower != "" && wordRune(low)
	return w
}

func wordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

// inner reports an apostrophe between letters, or a point or comma between digits.
func inner(text []rune, i int) bool {
	if i+1 >= len(text) {
		return false
	}
	before, after := text[i-1], text[i+1]
	switch text[i] {
	case '\'', '’':
		return unicode.IsLetter(before) && unicode.IsLetter(after)
	case '.', ',':
		return unicode.IsDigit(before) && unicode.IsDigit(after)
	}
	return false
}

func lower(s string) string {
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 || 'A' <= s[i] && s[i] <= 'Z' {
			ascii = false
			break
		}
	}
	if ascii {
		return s
	}
	out := []rune(s)
	for i, r := range out {
		out[i] = unicode.ToLower(r)
	}
	return string(out)
}

// word reports a token that is no punctuation.
func (t token) word() bool { return t.isWord }

func (t token) number() bool { return t.text != "" && t.text[0] >= '0' && t.text[0] <= '9' }
