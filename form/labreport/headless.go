package labreport

import (
	"regexp"
	"strings"
	"unicode"

	"chartlake/form/sheet"
	"chartlake/value"
)

// headlessMin is how many rows of results make a table that has no heads.
const headlessMin = 3

var (
	resultNumber = regexp.MustCompile(`^[<>]?=?\d[\d,]*\.?\d*$`)
	flagWord     = regexp.MustCompile(`^(?:H|L|HH|LL|A|\*)$`)
)

// headless finds rows of results by their content where no head names columns: words, a number,
// perhaps a flag, a known unit and a range. Every cell of them is a question, since nothing on
// the paper says what the columns hold.
func headless(s *sheet.Sheet, labelled Labelled) []Row {
	var out []Row
	for i := range s.Pages {
		p := &s.Pages[i]
		for r, row := range p.Rows {
			if labelled(p.Number, r) {
				continue
			}
			if found, ok := byContent(row); ok {
				found.Doubt = "no heads say what the columns hold"
				out = append(out, found)
			}
		}
	}
	if len(out) < headlessMin {
		return nil
	}
	return out
}

func byContent(row sheet.Row) (Row, bool) {
	var tokens []sheet.Token
	for _, ph := range row.Phrases {
		tokens = append(tokens, ph.Tokens...)
	}
	n := 0
	for n < len(tokens) && !resultNumber.MatchString(tokens[n].Text) {
		n++
	}
	if n == 0 || n > 6 || n+2 >= len(tokens) || !strings.ContainsFunc(tokens[0].Text, unicode.IsLetter) {
		return Row{}, false
	}
	found := Row{Test: tokens[:n], Value: tokens[n : n+1], Panel: -1}
	rest := tokens[n+1:]
	if flagWord.MatchString(rest[0].Text) {
		found.Flag, rest = rest[:1], rest[1:]
	}
	if len(rest) < 2 {
		return Row{}, false
	}
	if _, ok := value.ParseUnit(rest[0].Text); !ok || resultNumber.MatchString(rest[0].Text) {
		return Row{}, false
	}
	found.Unit, rest = rest[:1], rest[1:]
	if last := len(rest) - 1; last > 0 && flagWord.MatchString(rest[last].Text) {
		found.Flag, rest = rest[last:], rest[:last]
	}
	if _, ok := value.ParseInterval(sheet.Join(rest)); !ok {
		return Row{}, false
	}
	found.Range = rest
	return found, true
}
