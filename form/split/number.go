package split

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"chartlake/form/sheet"
)

// Number is a printed page number "n of m"; Of is 0 where only n is printed.
type Number struct {
	N, Of  int
	Tokens []sheet.Token
}

type sequence int

const (
	numberUnknown sequence = iota
	numberGoesOn
	numberRestarts
)

// follows compares printed numbers of a page with those of the open document. A number that
// has not come yet, of the same count, goes on, in order or not; a first page only where it
// names the same patient. A restart is "1" after any number of the same style.
func (s *Splitter) follows(f *Facts) sequence {
	for _, x := range s.last.Numbers {
		for _, y := range f.Numbers {
			next := y.N == x.N+1
			missing := x.Of > 1 && !s.seen[y.N] && (y.N > 1 || samePatient(s.last, f))
			if y.Of == x.Of && (next || missing) {
				return numberGoesOn
			}
		}
	}
	if begins(s.last.Numbers, f.Numbers) {
		return numberRestarts
	}
	return numberUnknown
}

// begins reports a first page after another one of the same style.
func begins(a, b []Number) bool {
	for _, x := range a {
		for _, y := range b {
			if y.N == 1 && (x.Of > 0) == (y.Of > 0) && (x.Of == 0 || x.N >= 1) {
				return true
			}
		}
	}
	return false
}

// first reports a page that says it is the first of its document.
func first(numbers []Number) bool {
	return len(numbers) > 0 && !slices.ContainsFunc(numbers, func(n Number) bool { return n.N != 1 })
}

// complete reports the last page of a count.
func complete(numbers []Number) bool {
	for _, n := range numbers {
		if n.Of > 0 && n.N == n.Of {
			return true
		}
	}
	return false
}

var (
	paged  = regexp.MustCompile(`(?i)\b(?:page|pg|p)[.:]?\s*(\d{1,3})\s*(?:of|/)\s*(\d{1,3})\b`)
	bare   = regexp.MustCompile(`(?i)^(\d{1,3})\s*(?:of|/)\s*(\d{1,3})$`)
	single = regexp.MustCompile(`(?i)^(?:page|pg)[.:]?\s*(\d{1,3})$|^-\s*(\d{1,3})\s*-$`)
)

// Numbers reads the printed page numbers of a page: "page n of m" anywhere in the margins,
// bare numbers only as a phrase of their own there. Those of a fax machine are given apart.
func Numbers(p *sheet.Page) (printed, sent []Number) {
	for _, r := range p.Rows {
		if r.Y0 > 0.14 && r.Y1 < 0.9 {
			continue
		}
		for _, ph := range r.Phrases {
			n, ok := number(ph)
			switch {
			case !ok:
			case r.Transmitted():
				sent = append(sent, n)
			default:
				printed = append(printed, n)
			}
		}
	}
	return printed, sent
}

func number(ph sheet.Phrase) (Number, bool) {
	text := strings.TrimSpace(ph.Text())
	m := paged.FindStringSubmatch(text)
	if m == nil {
		m = bare.FindStringSubmatch(text)
	}
	if m != nil {
		n, _ := strconv.Atoi(m[1])
		of, _ := strconv.Atoi(m[2])
		return Number{n, of, ph.Tokens}, n >= 1 && of >= 1 && n <= of
	}
	if m := single.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1] + m[2])
		return Number{n, 0, ph.Tokens}, true
	}
	return Number{}, false
}
