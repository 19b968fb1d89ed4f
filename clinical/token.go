package clinical

import (
	"unicode"

	"chartlake/terminology"
)

// token is a word or a mark of punctuation. begin and end count runes.
type token struct {
	text       string // as written
	lower      string
	norm       string // terminology.NormalWord of lower; "" for punctuation
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
		t := token{text: string(text[i:j]), begin: i, end: j, newlines: newlines, pageBreak: page}
		t.lower = lower(t.text)
		if wordRune(r) {
			t.norm = terminology.NormalWord(t.lower)
		}
		out = append(out, t)
		newlines, page = 0, false
		i = j
	}
	return out
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
func (t token) word() bool { return t.norm != "" || len(t.lower) > 0 && wordRune([]rune(t.lower)[0]) }

func (t token) number() bool { return t.text != "" && t.text[0] >= '0' && t.text[0] <= '9' }
