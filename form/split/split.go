// Package split finds the documents in a file: where printed page numbers begin again, where
// a page has the title of another kind of document, and where the patient changes. Without
// such a sign pages stay together: a wrong cut loses context, a missing one is seen when the
// patients differ.
package split

import (
	"regexp"
	"strconv"
	"strings"

	"chartlake/document"
	"chartlake/form/sheet"
)

// Number is a printed page number "n of m"; Of is 0 where only n is printed.
type Number struct {
	N, Of  int
	Tokens []sheet.Token
}

// Facts is what one page says for itself.
type Facts struct {
	Page    int
	Type    string // type by its own words, "" where not sure
	Titled  bool   // a title names the type
	Patient string // folded name, "" where none
	Birth   string // ISO
	Record  string // folded record or member number
	Numbers []Number
	Blank   bool
	Failed  bool
}

// Range is one document with the confidence of its first boundary.
type Range struct {
	First, Last int
	Confidence  float64
	Reason      string
}

// Splitter divides pages that come one after the other into documents. Blank and failed pages
// at the edges of a document belong to none.
type Splitter struct {
	open Range  // the document that is not at its end yet
	last *Facts // what is known of it; nil: there is none
}

// Next takes the next page and gives the document that ended before it, if one did.
func (s *Splitter) Next(f *Facts) (ended Range, ok bool) {
	if f.Failed || f.Blank {
		return Range{}, false
	}
	if s.last == nil {
		s.open, s.last = Range{f.Page, f.Page, 1, ""}, f
		return Range{}, false
	}
	cut, confidence, why := boundary(s.last, f)
	if !cut {
		s.open.Last = f.Page
		s.last = merged(s.last, f)
		return Range{}, false
	}
	ended = s.open
	s.open, s.last = Range{f.Page, f.Page, confidence, why}, f
	return ended, true
}

// End gives the last document, if there was a page.
func (s *Splitter) End() (Range, bool) { return s.open, s.last != nil }

// merged is what is known of a document after another page of it.
func merged(a, b *Facts) *Facts {
	m := *b
	if m.Type == "" || !b.Titled {
		m.Type = a.Type
	}
	for _, p := range []struct{ to, from *string }{{&m.Patient, &a.Patient}, {&m.Birth, &a.Birth}, {&m.Record, &a.Record}} {
		if *p.to == "" {
			*p.to = *p.from
		}
	}
	return &m
}

// boundary decides whether f begins another document after last.
func boundary(last, f *Facts) (cut bool, confidence float64, reason string) {
	switch follows(last.Numbers, f.Numbers) {
	case numberGoesOn:
		return false, 0, ""
	case numberRestarts:
		return true, 0.95, "page numbers begin again"
	}
	if other(last.Record, f.Record) && (other(last.Patient, f.Patient) || other(last.Birth, f.Birth)) ||
		other(last.Patient, f.Patient) && other(last.Birth, f.Birth) {
		return true, 0.9, "the patient changes"
	}
	if f.Titled && last.Type != "" && f.Type != "" && f.Type != last.Type {
		return true, 0.85, "another kind of document begins"
	}
	return false, 0, ""
}

func other(a, b string) bool { return a != "" && b != "" && a != b }

type sequence int

const (
	numberUnknown sequence = iota
	numberGoesOn
	numberRestarts
)

// follows compares printed numbers of two pages that follow each other. A restart is "1"
// after any number of the same style; "2 of 3" after "1 of 3" goes on.
func follows(a, b []Number) sequence {
	for _, x := range a {
		for _, y := range b {
			if y.N == x.N+1 && y.Of == x.Of {
				return numberGoesOn
			}
		}
	}
	for _, x := range a {
		for _, y := range b {
			if y.N == 1 && (x.Of > 0) == (y.Of > 0) && (x.Of == 0 || x.N >= 1) {
				return numberRestarts
			}
		}
	}
	return numberUnknown
}

var (
	paged  = regexp.MustCompile(`(?i)\b(?:page|pg|p)[.:]?\s*(\d{1,3})\s*(?:of|/)\s*(\d{1,3})\b`)
	bare   = regexp.MustCompile(`(?i)^(\d{1,3})\s*(?:of|/)\s*(\d{1,3})$`)
	single = regexp.MustCompile(`(?i)^(?:page|pg)[.:]?\s*(\d{1,3})$|^-\s*(\d{1,3})\s*-$`)
)

// Numbers reads the printed page numbers of a page: "page n of m" anywhere in the margins,
// bare numbers only as a phrase of their own there.
func Numbers(p *sheet.Page) []Number {
	var out []Number
	for _, r := range p.Rows {
		if r.Y0 > 0.14 && r.Y1 < 0.9 {
			continue
		}
		for _, ph := range r.Phrases {
			text := strings.TrimSpace(ph.Text())
			m := paged.FindStringSubmatch(text)
			if m == nil {
				m = bare.FindStringSubmatch(text)
			}
			if m != nil {
				n, _ := strconv.Atoi(m[1])
				of, _ := strconv.Atoi(m[2])
				if n >= 1 && of >= 1 && n <= of {
					out = append(out, Number{n, of, ph.Tokens})
				}
				continue
			}
			if m := single.FindStringSubmatch(text); m != nil {
				n, _ := strconv.Atoi(m[1] + m[2])
				out = append(out, Number{n, 0, ph.Tokens})
			}
		}
	}
	return out
}

// Plain tells blank and failed pages before anything is laid out.
func Plain(p *document.Page) Facts {
	return Facts{Page: p.Number, Blank: p.Blank || len(p.Words) == 0, Failed: p.Failed != nil}
}
