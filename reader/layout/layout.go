// Package layout puts what stands on a page in order: pose and skew, ruling lines and the
// cells that they enclose, lines, blocks and reading order. It knows geometry and a little of
// what words look like, no form and no language.
//
// All measures are taken on the level page (see Frame); what is given back is in fractions of
// the upright page. Nothing is dropped: n words in are n words out, each in exactly one line.
package layout

import (
	"cmp"
	"slices"

	"chartlake/document"
)

// Arrange reorders p.Words into reading order and fills p.Lines and p.Blocks. p.Width, p.Height
// and p.Skew must be set: they say how far words are apart. Every word is in exactly one line
// and every line in exactly one block. Columns (running text, lines out of step with those
// beside them, or groups of p.Marks under headings) are read one after the other; cells of ruled
// grids one after the other, row by row; all else across the page. Where marks are known only
// after a first arrangement a second one takes them into account.
func Arrange(p *document.Page, rules []Rule) {
	p.Lines, p.Blocks = nil, nil
	if len(p.Words) == 0 {
		return
	}
	f := NewFrame(p, rules)
	grids := f.Grids()
	items := f.items(f.Phrases(), grids)
	var lines []line
	for _, it := range f.arrange(items, 0) {
		if it.phrase != nil {
			lines = append(lines, line{it.phrase, -1})
			continue
		}
		for _, cell := range it.inside {
			for _, ph := range cell {
				lines = append(lines, line{ph, it.grid})
			}
		}
	}
	f.write(lines)
}

// line is a phrase in its place in the reading order; grid is the grid that it stands in or -1.
type line struct {
	*Phrase
	grid int
}

// items makes one item of each free phrase and one of each grid with phrases in its cells.
func (f *Frame) items(phrases []*Phrase, grids []Grid) []*item {
	var out []*item
	taken := map[*Phrase]bool{}
	ticks := f.ticks(f.page.Marks)
	for gi := len(grids) - 1; gi >= 0; gi-- { // inner grids start lower than outer ones
		g := grids[gi]
		it := &item{grid: gi} // as large as the cells that are read in it: the rest may be rows of its own
		for _, c := range g.Cells {
			if c.W()*c.H() > 0.25*f.w*f.h { // a frame around the page, not a cell
				continue
			}
			var in []*item
			for _, ph := range phrases {
				if !taken[ph] && c.Holds(ph.Rect) {
					taken[ph] = true
					in = append(in, f.item(ph, ticks))
				}
			}
			if len(in) == 0 {
				continue
			}
			var cell []*Phrase
			for _, i := range f.arrange(in, 1) {
				cell = append(cell, i.phrase)
			}
			it.inside = append(it.inside, cell)
			it.Rect = it.Rect.Union(c.Rect)
		}
		if len(it.inside) > 0 {
			out = append(out, it)
		}
	}
	for _, ph := range phrases {
		if !taken[ph] {
			out = append(out, f.item(ph, ticks))
		}
	}
	return out
}

func (f *Frame) item(p *Phrase, ticks []Rect) *item {
	return &item{Rect: p.Rect, phrase: p, grid: -1, ticked: f.ticked(p, ticks)}
}

// write renumbers the words in the order of the lines and fills the page.
func (f *Frame) write(lines []line) {
	p := f.page
	words := make([]document.Word, 0, len(p.Words))
	rects := make([]Rect, 0, len(p.Words))
	for i := range lines {
		slices.SortStableFunc(lines[i].Words, func(a, b int) int { return cmp.Compare(f.Words[a].X0, f.Words[b].X0) })
		numbers := make([]int, len(lines[i].Words))
		var box document.Box
		for k, w := range lines[i].Words {
			numbers[k] = len(words)
			words = append(words, p.Words[w])
			rects = append(rects, f.Words[w])
			box = box.Union(p.Words[w].Box)
		}
		lines[i].Phrase = &Phrase{numbers, lines[i].Rect}
		p.Lines = append(p.Lines, document.Line{Words: numbers, Box: box})
	}
	p.Words, f.Words = words, rects
	p.Blocks = f.blocks(lines)
}
