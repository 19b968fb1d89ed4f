package section

import (
	"regexp"
	"strings"
	"unicode"

	"chartlake/form/sheet"
)

// bullet is what stands before an item of a list.
var bullet = regexp.MustCompile(`^(?:[-–—•·*▪◦‣o»>~¢°+«®©=]|\(?\d{1,2}[.):,]|#\d{1,2}[.:]?|[a-z][.)])$`)

// glued is a bullet that touches the first word of its item ("1.Sepsis").
var glued = regexp.MustCompile(`^(?:\d{1,2}[.)]|[-•*])(\p{L})`)

// Items divides the lines of a section into the items of a list. Where lines begin with
// bullets or numbers these divide; else a line begins a new item unless the one before it
// ran to the right edge. The bullet is not part of an item.
func Items(s Section) [][]sheet.Token {
	right, marked := 0.0, 0
	for _, l := range s.Lines {
		right = max(right, l.X1)
		if startsBullet(l) {
			marked++
		}
	}
	var out [][]sheet.Token
	for i, l := range s.Lines {
		tokens := l.Tokens
		if i > 0 && apart(s.Lines[i-1], l) {
			break // another part of the page whose head was not read
		}
		if startsBullet(l) {
			out = append(out, dropBullet(tokens))
			continue
		}
		if marked > 0 && len(out) > 0 {
			out[len(out)-1] = append(out[len(out)-1], tokens...)
			continue
		}
		last := i - 1
		if last >= 0 && len(out) > 0 && ranOver(s.Lines[last], l, right) {
			out[len(out)-1] = append(out[len(out)-1], tokens...)
			continue
		}
		out = append(out, tokens)
	}
	return out
}

// apart reports a gap that lists do not have inside.
func apart(a, b Line) bool {
	return a.Page == b.Page && b.Y0-a.Y1 > 2.2*(a.Y1-a.Y0)
}

// Doubt says why an item may not be whole: it begins in the middle of a sentence, holds a
// list sign inside, or odd signs among its letters and digits.
func Doubt(item []sheet.Token) string {
	first := []rune(item[0].Text)[0]
	switch {
	case unicode.IsLower(first):
		return "the item begins in the middle of a sentence"
	case !unicode.IsLetter(first) && !unicode.IsDigit(first) && first != '(':
		return "the item begins with a sign"
	}
	for i, t := range item {
		if i > 0 && t.Line != item[i-1].Line && bullet.MatchString(t.Text) && i+1 < len(item) {
			return "the item may be two"
		}
	}
	return ""
}

func startsBullet(l Line) bool {
	return len(l.Tokens) > 1 && bullet.MatchString(l.Tokens[0].Text) || glued.MatchString(l.Tokens[0].Text)
}

func dropBullet(tokens []sheet.Token) []sheet.Token {
	if m := glued.FindStringSubmatchIndex(tokens[0].Text); m != nil {
		runes := len([]rune(tokens[0].Text))
		cut := len([]rune(tokens[0].Text[:m[2]]))
		return append([]sheet.Token{tokens[0].Sub(cut, runes)}, tokens[1:]...)
	}
	return tokens[1:]
}

// ranOver reports that the first word of a line would not have fitted on the line before:
// then the item goes on. Sentences that end and a capital start a new item.
func ranOver(before, line Line, right float64) bool {
	if before.Page != line.Page {
		return false
	}
	room := right - before.X1
	need := line.Tokens[0].X1 - line.Tokens[0].X0
	last := before.Tokens[len(before.Tokens)-1].Text
	if strings.HasSuffix(last, ".") && room > need {
		return false
	}
	return room < 1.3*need || line.X0 > before.X0+0.5*(before.Y1-before.Y0)
}

// Text is all words of a section.
func Text(s Section) []sheet.Token {
	var out []sheet.Token
	for _, l := range s.Lines {
		out = append(out, l.Tokens...)
	}
	return out
}
