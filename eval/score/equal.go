package score

import (
	"strings"
	"unicode"
)

// equal reports whether a value of the record is the expected one: after folding case,
// white space and punctuation, or as the same date (with its time), telephone number or
// amount. A decimal point between digits and a sign before a number are kept, so that 1.63
// is not 163; leading zeros count.
func equal(want, got string) bool {
	if fold(want) == fold(got) {
		return true
	}
	if w, ok := dateOf(want); ok {
		g, ok := dateOf(got)
		return ok && w.same(g)
	}
	if w, ok := phoneOf(want); ok {
		g, ok := phoneOf(got)
		return ok && w == g
	}
	return sameAmount(want, got)
}

// fold is the text that is compared.
func fold(s string) string {
	var b strings.Builder
	rs := []rune(s)
	digit := func(i int) bool { return i >= 0 && i < len(rs) && unicode.IsDigit(rs[i]) }
	for i, r := range rs {
		switch {
		case unicode.IsSpace(r):
		case r == '.' && digit(i-1) && digit(i+1):
			b.WriteRune('.')
		case r == '-' && i == 0 && digit(1):
			b.WriteRune('-')
		case unicode.IsPunct(r) || unicode.Is(unicode.Sc, r):
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// words is a text as folded words, for what is contained in what.
func words(s string) []string {
	var list []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsPunct(r) && r != '.' && r != '\'' && r != '%'
	}) {
		if w = fold(w); w != "" {
			list = append(list, w)
		}
	}
	return list
}

// contains reports whether the words of part stand together in those of whole; no words are in nothing.
func contains(whole, part []string) bool {
	if len(part) == 0 {
		return false
	}
	for i := 0; i+len(part) <= len(whole); i++ {
		j := 0
		for j < len(part) && whole[i+j] == part[j] {
			j++
		}
		if j == len(part) {
			return true
		}
	}
	return false
}

// phoneOf gives the ten digits of a North American number written in one of the usual ways.
func phoneOf(s string) (string, bool) {
	var digits []byte
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits = append(digits, byte(r))
		case !strings.ContainsRune("+()-. \u00a0", r):
			return "", false
		}
	}
	if len(digits) == 11 && digits[0] == '1' {
		digits = digits[1:]
	}
	return string(digits), len(digits) == 10
}

// amount is a sum of money in canonical form: no sign of currency, no grouping, two decimals.
type amount struct {
	text     string
	currency bool
	decimals int
}

func amountOf(s string) (amount, bool) {
	var a amount
	s = strings.TrimSpace(s)
	negative := strings.HasPrefix(s, "-") || strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")")
	s = strings.Trim(s, "-() ")
	s, a.currency = strings.CutPrefix(s, "$")
	s = strings.ReplaceAll(strings.TrimSpace(s), ",", "")
	whole, rest, point := strings.Cut(s, ".")
	for _, r := range whole + rest {
		if r < '0' || r > '9' {
			return a, false
		}
	}
	a.decimals = len(rest)
	if whole == "" || point && a.decimals != 2 {
		return a, false
	}
	if !point {
		rest = "00"
	}
	a.text = whole + "." + rest
	if negative {
		a.text = "-" + a.text
	}
	return a, true
}

// sameAmount compares as money only where a side is plainly money, with a currency sign or
// two decimals, so that the zip code 01902 is not 1902.
func sameAmount(want, got string) bool {
	w, ok := amountOf(want)
	if !ok {
		return false
	}
	g, ok := amountOf(got)
	money := w.currency || g.currency || w.decimals == 2 || g.decimals == 2
	return ok && money && w.text == g.text
}

// alike is the similarity of two texts from 0 to 1: one less the share of edits in the longer.
func alike(a, b string) float64 {
	x, y := []rune(fold(a)), []rune(fold(b))
	if len(x) < len(y) {
		x, y = y, x
	}
	if len(x) == 0 {
		return 1
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := diagonal
			if y[j] != r {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return 1 - float64(row[len(y)])/float64(len(x))
}

// tick folds the ways to say yes and no of a mark.
func tick(s string) string {
	switch f := fold(s); f {
	case "yes", "y", "true", "x", "checked":
		return "yes"
	case "no", "n", "false":
		return "no"
	default:
		return f
	}
}
