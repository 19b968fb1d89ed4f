package specimen

import (
	"fmt"
	"slices"

	"chartlake/eval/expected"
	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// CompositeStack is a stack of several documents of several patients in one file, as a scanner
// or a fax machine delivers it. What is measured on it are boundaries, types and flags; values
// are measured on documents by themselves.
const CompositeStack Kind = "stack"

// OurFax is the number that the covers of stacks are sent to; a stack with another one is
// misdirected. `chartlake eval documents --us-fax` takes it.
const OurFax = "5552010100"

// Shares of stacks with each planted defect. One stack has at most one.
const (
	misplacedShare = 0.15 // pages of one document out of order
	strangerShare  = 0.15 // a page of another patient's document in the place of one
	gapShare       = 0.15 // a page is missing
	astrayShare    = 0.1  // sent to another fax number
	shortShare     = 0.1  // the cover sheet announces more pages
)

// stackKinds are what stacks are made of: all kinds but covers, which begin a stack, and what
// is nobody's ("unknown"), which nobody could tell from a loose last page.
func stackKinds() []Kind {
	return slices.DeleteFunc(append(Kinds(), PaperKinds()...), func(k Kind) bool { return k == "fax_cover_sheet" || k == "unknown" })
}

// member is one document of a stack.
type member struct {
	*sheet.Draft
	seed   uint64
	kind   Kind
	layout string
}

// MakeStack makes a stack of three to seven documents. kept takes the layouts that are kept
// apart.
func MakeStack(seed uint64, kept bool, condition Condition) (*Specimen, error) {
	s := fiction.NewSource(seed, "stack")
	var list []member
	person := seed * 1000
	for n := range 3 + s.IntN(5) {
		if n == 0 || s.Chance(0.55) {
			person++
		}
		kind := fiction.Pick(s, stackKinds()...)
		if n == 1 { // one that can have several numbered pages
			kind = fiction.Pick(s, DischargeSummary, LabReport)
		}
		if slices.ContainsFunc(list, func(m member) bool { return m.seed == person && m.kind == kind }) {
			person++ // the same facts again would be a copy
		}
		m, err := drawMember(s, person, kind, kept)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	d := sheet.NewDraft("", "")
	d.Expected.Checks = map[string]bool{}
	defect := plantInStack(d, s, list)
	covered := s.Chance(0.5) || defect == "misdirected" || defect == "page_missing on cover"
	if covered {
		m, err := drawCover(s, seed, kept, list, defect)
		if err != nil {
			return nil, err
		}
		list = append([]member{m}, list...)
	}
	assemble(d, s, list)
	name := "stack"
	if kept {
		name = "apart-stack"
	}
	return finish(d, seed, CompositeStack, name, condition)
}

func drawMember(s fiction.Source, person uint64, kind Kind, kept bool) (member, error) {
	layout := fiction.Pick(s, layoutNames(kind, kept)...)
	draft, err := draw(person, kind, layout, nil, false)
	return member{draft, person, kind, layout}, err
}

// drawCover makes the cover sheet of a fax to us, or to somebody else.
func drawCover(s fiction.Source, seed uint64, kept bool, list []member, defect string) (member, error) {
	pages := 1
	for _, m := range list {
		pages += len(m.Sheets)
	}
	to := fiction.Tel(OurFax)
	switch defect {
	case "misdirected":
		to = fiction.Tel(s.Phone())
	case "page_missing on cover":
		pages += 2
	}
	layout := fiction.Pick(s, layoutNames("fax_cover_sheet", kept)...)
	draft, err := draw(seed*1000, "fax_cover_sheet", layout, func(p *fiction.Paper) {
		p.Values["to.fax"], p.Values["pages_claimed"] = to, fmt.Sprint(pages)
	}, false)
	return member{draft, seed * 1000, "fax_cover_sheet", layout}, err
}

// plantInStack spoils one document, or names what its cover sheet has to spoil.
func plantInStack(d *sheet.Draft, s fiction.Source, list []member) string {
	var several []int
	for i, m := range list {
		if len(m.Sheets) > 1 && m.Counts() {
			several = append(several, i)
		}
	}
	flag := func(code, note string) {
		d.Expected.Flags = append(d.Expected.Flags, expected.Flag{Code: expected.Names{code}, Note: note})
	}
	turn := s.Float64()
	if len(several) == 0 {
		turn += misplacedShare + strangerShare + gapShare
	}
	var m *member
	if len(several) > 0 {
		m = &list[several[s.IntN(len(several))]]
	}
	last := func(share float64) bool { turn -= share; return turn < 0 }
	switch {
	case last(misplacedShare):
		slices.Reverse(m.Sheets)
		flag("page_order", "the pages of a document stand in the wrong order")
	case last(strangerShare):
		other, err := draw(m.seed+500, m.kind, m.layout, nil, false)
		if err != nil || len(other.Sheets) != len(m.Sheets) {
			return ""
		}
		m.Sheets[len(m.Sheets)-1] = other.Sheets[len(m.Sheets)-1]
		flag("identity_conflict", "a page is of another patient's document")
	case last(gapShare):
		m.Lose(len(m.Sheets))
		flag("page_missing", "the last page of a document is not here")
	case last(astrayShare):
		flag("misdirected", "the fax was sent to another number")
		return "misdirected"
	case last(shortShare):
		flag("page_missing", "the cover sheet announces more pages")
		return "page_missing on cover"
	}
	return ""
}

// assemble puts the documents one behind the other, some behind a blank page or a separator.
func assemble(d *sheet.Draft, s fiction.Source, list []member) {
	silent := map[string]bool{}
	for i, m := range list {
		if i > 0 && s.Chance(0.15) {
			d.Add(sheet.LetterWidth, sheet.LetterHeight)
		} else if i > 0 && s.Chance(0.15) {
			divider(d.Add(sheet.LetterWidth, sheet.LetterHeight), s)
		}
		first := len(d.Sheets) + 1
		for _, sh := range m.Sheets {
			sh.Number = len(d.Sheets) + 1
			d.Sheets = append(d.Sheets, sh)
		}
		d.Expected.Segments = append(d.Expected.Segments, expected.Segment{Type: expected.Names{string(m.kind)}, Pages: [2]int{first, len(d.Sheets)}})
		for _, f := range m.Expected.Flags {
			f.Fields = nil // a name of several documents has no one place
			d.Expected.Flags = append(d.Expected.Flags, f)
		}
		for code, may := range m.Expected.Checks {
			silent[code] = may
		}
	}
	for code := range silent {
		if !slices.ContainsFunc(d.Expected.Flags, func(f expected.Flag) bool { return f.Code.Has(code) }) {
			d.Expected.Checks[code] = false
		}
	}
}

// divider is a sheet with a code that divides documents.
func divider(p *sheet.Sheet, s fiction.Source) {
	st := sheet.Style{Family: sheet.Sans(), Size: 20}
	p.Centre(306, 120, "SEPARATOR SHEET", st.Strong())
	p.Centre(306, 150, "Put between documents", st.With(12))
	if s.Chance(0.5) {
		p.Code(256, 250, "qr", "PATCHT", 4.5, 0)
	} else {
		p.Code(150, 250, "code128", "PATCHT", 1.6, 60)
	}
}
