// Package split finds the documents in a file. Each page says for itself what it is, whose it
// is, who wrote it and which number it bears; a document begins where that changes. The signs
// are weighed together: a separator sheet and numbers that begin again say it alone, a new
// letterhead or a blank page only beside another sign. Without a sign pages stay together: a
// wrong cut loses context, a missing one is seen when the patients differ.
//
// It refuses to put pages in order: a document that was scanned out of order keeps its pages
// as they came and is flagged by package check.
package split

import (
	"regexp"
	"strings"

	"chartlake/document"
)

// Facts is what one page says for itself.
type Facts struct {
	Page      int
	Type      string            // type by its own words, "" where not sure
	Kind      string            // the likeliest type by its own words, sure or not
	Form      string            // the user's form that the page is a print of
	Titled    bool              // a title names the type
	Whole     bool              // pages of the type are documents of their own, titled or not: a claim form, a card
	Sender    string            // folded name in its letterhead, "" where none
	Patient   string            // folded name, "" where none
	Birth     string            // ISO
	Record    string            // folded record or member number
	Keys      map[string]string // what a document has one of by the label's name: its number, its date
	Numbers   []Number          // printed by who wrote it
	Sent      []Number          // printed by a fax machine
	Separator bool              // a sheet that only divides
	Blank     bool
	Failed    bool
}

// Range is one document with the confidence of its first boundary.
type Range struct {
	First, Last int
	Confidence  float64
	Reason      string
	Doubts      []Doubt
}

// Doubt is a page inside a document that may begin another.
type Doubt struct {
	Page   int
	Reason string
}

// Splitter divides pages that come one after the other into documents. Blank and failed pages
// and separators at the edges of a document belong to none.
type Splitter struct {
	open    Range        // the document that is not at its end yet
	last    *Facts       // what is known of it; nil: there is none
	seen    map[int]bool // numbers of its pages that came
	blank   bool         // a blank page came since its last page
	divided bool         // a separator came since its last page
}

// Next takes the next page and gives the document that ended before it, if one did.
func (s *Splitter) Next(f *Facts) (ended Range, ok bool) {
	switch {
	case f.Separator:
		s.divided = true
		return Range{}, false
	case f.Blank:
		s.blank = true
		return Range{}, false
	case f.Failed:
		return Range{}, false
	}
	cut, confidence, why := false, 1.0, ""
	if s.last != nil {
		if cut, confidence, why = s.boundary(f); !cut {
			s.open.Last = f.Page
			if confidence >= doubtMin {
				s.open.Doubts = append(s.open.Doubts, Doubt{f.Page, why})
			}
			s.last = merged(s.last, f)
			s.note(f)
			return Range{}, false
		}
		ended, ok = s.open, true
	}
	s.open, s.last, s.seen = Range{First: f.Page, Last: f.Page, Confidence: confidence, Reason: why}, f, map[int]bool{}
	s.note(f)
	return ended, ok
}

// note remembers the number of a page of the open document.
func (s *Splitter) note(f *Facts) {
	s.blank, s.divided = false, false
	for _, n := range f.Numbers {
		s.seen[n.N] = true
	}
}

// End gives the last document, if there was a page.
func (s *Splitter) End() (Range, bool) { return s.open, s.last != nil }

// merged is what is known of a document after another page of it.
func merged(a, b *Facts) *Facts {
	m := *b
	if m.Type == "" || !b.Titled {
		m.Type, m.Titled, m.Whole = a.Type, a.Titled, a.Whole
		if a.Type != "" {
			m.Kind = a.Kind
		}
	}
	for _, p := range []struct{ to, from *string }{{&m.Patient, &a.Patient}, {&m.Birth, &a.Birth}, {&m.Record, &a.Record}, {&m.Sender, &a.Sender}} {
		if *p.to == "" {
			*p.to = *p.from
		}
	}
	if len(m.Keys) == 0 {
		m.Keys = a.Keys
	}
	if len(m.Numbers) == 0 {
		m.Numbers = a.Numbers
	}
	return &m
}

// Weights of the signs that another document begins. They are chances that a page with the
// sign alone begins one, set by hand on stacks of the development layouts; signs that agree
// are taken as independent. cutMin is what they must reach together.
const (
	bySeparator = 0.99
	byNumber    = 0.95 // printed numbers begin again
	byForm      = 0.85 // a print of another form
	byAgain     = 0.8  // a page of a form that came already
	byPatient   = 0.9  // two identifiers of the patient differ
	byCover     = 0.9  // the page before was a cover sheet
	byKey       = 0.85 // the same title with another number or date of the document
	byTitle     = 0.85 // a title of another kind
	byWhole     = 0.85 // another kind that is never the second page of something
	byName      = 0.6  // only the patient's name differs
	byComplete  = 0.7  // the pages before were complete by their own count
	bySender    = 0.6  // another letterhead
	bySent      = 0.6  // a fax machine's numbers begin again
	byKind      = 0.4  // other words than those of the kind before, without a title
	byFirst     = 0.7  // it says that it is the first page, and the pages before had no numbers
	byTitleOnly = 0.7  // a title behind pages of no known kind
	byBlank     = 0.4
	cutMin      = 0.68
	doubtMin    = 0.6 // from here on a page that stays is shown as doubtful
)

// boundary decides whether f begins another document after the open one.
func (s *Splitter) boundary(f *Facts) (cut bool, confidence float64, reason string) {
	if s.divided {
		return true, bySeparator, "a separator sheet stands before it"
	}
	doubt, strongest := 1.0, 0.0
	sign := func(there bool, weight float64, words string) {
		if !there {
			return
		}
		doubt *= 1 - weight
		if weight > strongest {
			strongest, reason = weight, words
		}
	}
	last := s.last
	otherPatient := other(last.Record, f.Record) && (other(last.Patient, f.Patient) || other(last.Birth, f.Birth)) ||
		other(last.Patient, f.Patient) && other(last.Birth, f.Birth)
	sequence := s.follows(f)
	if sequence == numberGoesOn && !(last.Type == cover && f.Titled && f.Type != cover) {
		return false, 0, ""
	}
	otherKind := last.Type != "" && f.Type != "" && f.Type != last.Type
	sign(sequence == numberRestarts, byNumber, "page numbers begin again")
	sign(sequence == numberUnknown && first(f.Numbers), byFirst, "its own first page")
	sign(f.Form != "" && last.Form != f.Form, byForm, "a form begins")
	sign(f.Form != "" && last.Form == f.Form, byAgain, "the same form again")
	sign(last.Type == cover && f.Type != cover, byCover, "a cover sheet ends")
	sign(otherPatient, byPatient, "the patient changes")
	sign(!otherPatient && other(last.Patient, f.Patient), byName, "the patient's name changes")
	sign(f.Titled && otherKind, byTitle, "another kind of document begins")
	sign(f.Titled && last.Titled && !otherKind && differ(last.Keys, f.Keys), byKey, "the same kind of document with another number or date begins")
	sign(!f.Titled && f.Whole && otherKind, byWhole, "another kind of document begins")
	sign(f.Titled && last.Type == "", byTitleOnly, "a document with a title begins")
	sign(!(f.Titled || f.Whole) && other(last.Kind, f.Kind), byKind, "another kind of document begins")
	sign(complete(last.Numbers) && len(f.Numbers) == 0, byComplete, "the pages before are complete")
	sign(f.Sender != "" && last.Sender != "" && !alike(last.Sender, f.Sender), bySender, "another letterhead")
	sign(begins(last.Sent, f.Sent), bySent, "another transmission begins")
	sign(s.blank, byBlank, "a blank page stands before it")
	return 1-doubt >= cutMin, 1 - doubt, reason
}

// cover is the type of the sheets that only lead to what follows.
const cover = "fax_cover_sheet"

func samePatient(a, b *Facts) bool {
	same := func(a, b string) bool { return a != "" && a == b }
	return same(a.Record, b.Record) || same(a.Patient, b.Patient) && !other(a.Birth, b.Birth)
}

func other(a, b string) bool { return a != "" && b != "" && a != b }

// differ reports a key that both have with different values, and none with the same.
func differ(a, b map[string]string) bool {
	some := false
	for name, v := range a {
		w, both := b[name]
		if both && v == w && name != "date" {
			return false
		}
		some = some || both && v != w
	}
	return some
}

// alike reports that most words of one letterhead are those of the other: a page may print
// less of it.
func alike(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	same := 0
	for _, w := range x {
		for _, v := range y {
			if w == v {
				same++
				break
			}
		}
	}
	return 2*same > len(x)
}

// Plain tells blank and failed pages before anything is laid out, and sheets that divide.
func Plain(p *document.Page) Facts {
	f := Facts{Page: p.Number, Blank: p.Blank || len(p.Words) == 0, Failed: p.Failed != nil}
	f.Separator = !f.Failed && divides(p)
	f.Blank = f.Blank && !f.Separator
	return f
}

// separatorWords is the most words of a sheet that only divides: its name and how to use it.
const separatorWords = 40

// dividing is what separator sheets say of themselves, at the beginning of their few words.
var dividing = regexp.MustCompile(`(?i)\b(separator (sheet|page)|(document|batch|patient|file) separator|patch[- ]?(code )?t)\b`)

// divides reports a separator sheet: a page with few words and a code or a line that says so.
// "PATCHT" is what the software of document scanners prints for the patch code T.
func divides(p *document.Page) bool {
	if len(p.Words) > separatorWords {
		return false
	}
	for _, c := range p.Barcodes {
		text := strings.Map(letter, c.Text)
		if c.Symbology == "patch" || text == "PATCHT" || strings.HasPrefix(text, "SEPARATOR") || strings.HasSuffix(text, "SEPARATOR") {
			return true
		}
	}
	words := make([]string, len(p.Words))
	for i, w := range p.Words {
		words[i] = w.Text
	}
	return len(words) > 0 && dividing.MatchString(strings.Join(words, " "))
}

// letter keeps letters, as capitals.
func letter(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z':
		return r - 32
	case r >= 'A' && r <= 'Z':
		return r
	}
	return -1
}
