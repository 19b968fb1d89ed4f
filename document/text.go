package document

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// Text is the running text of a range of pages, with the way back from a character to the
// word and page that it came from. Words are joined by one blank, lines by "\n", blocks by
// "\n\n" and pages by "\f". Offsets count Unicode characters (runes), as in FHIR evidence.
type Text struct {
	String string // the text itself
	Runs   []Run  // one per word, ascending by Begin
}

// Run says that characters [Begin,End) are word Word of page Page (numbers from 1, words from 0).
type Run struct {
	Begin, End int
	Page, Word int
	Line       int // index into Page.Lines
}

// Text gives the running text of pages first..last (from 1, inclusive). Failed pages add nothing.
func (d *Document) Text(first, last int) Text {
	var b strings.Builder
	var t Text
	n := 0
	write := func(s string) { b.WriteString(s); n += utf8.RuneCountInString(s) }
	started := false
	for pi := range d.Pages {
		p := &d.Pages[pi]
		if p.Number < first || p.Number > last || p.Failed != nil {
			continue
		}
		if started {
			write("\f")
		}
		started = true
		firstLine := true
		for bi, lines := range p.lineGroups() {
			for li, line := range lines {
				if !firstLine {
					if li == 0 && bi > 0 {
						write("\n\n")
					} else {
						write("\n")
					}
				}
				firstLine = false
				for wi, w := range p.Lines[line].Words {
					if wi > 0 {
						write(" ")
					}
					begin := n
					write(p.Words[w].Text)
					t.Runs = append(t.Runs, Run{begin, n, p.Number, w, line})
				}
			}
		}
	}
	t.String = b.String()
	return t
}

// lineGroups gives line indexes by block, or all lines as one group where there are no blocks.
func (p *Page) lineGroups() [][]int {
	if len(p.Blocks) == 0 {
		all := make([]int, len(p.Lines))
		for i := range all {
			all[i] = i
		}
		return [][]int{all}
	}
	groups := make([][]int, len(p.Blocks))
	for i, b := range p.Blocks {
		groups[i] = b.Lines
	}
	return groups
}

// Page finds a page by its number; nil when there is none.
func (d *Document) Page(number int) *Page {
	for i := range d.Pages {
		if d.Pages[i].Number == number {
			return &d.Pages[i]
		}
	}
	return nil
}

// Words gives the runs that touch characters [begin,end).
func (t Text) Words(begin, end int) []Run {
	i := sort.Search(len(t.Runs), func(i int) bool { return t.Runs[i].End > begin })
	j := i
	for j < len(t.Runs) && t.Runs[j].Begin < end {
		j++
	}
	return t.Runs[i:j]
}

// Span is evidence: characters of a segment's text and the box that they stand in.
// A text that goes over a page break keeps the page and box of its first page.
type Span struct {
	Page       int
	Box        Box
	Begin, End int
}

// Locate turns characters [begin,end) of t into a Span on d's pages. ok is false where no word is touched.
func (d *Document) Locate(t Text, begin, end int) (s Span, ok bool) {
	s.Begin, s.End = begin, end
	for _, r := range t.Words(begin, end) {
		if s.Page == 0 {
			s.Page = r.Page
		}
		if r.Page == s.Page {
			s.Box = s.Box.Union(d.Page(r.Page).Words[r.Word].Box)
		}
	}
	return s, s.Page != 0
}
