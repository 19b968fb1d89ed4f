package layout

import (
	"regexp"
	"slices"
	"strings"

	"chartlake/document"
)

// blocks groups lines in reading order: a block ends where the distance to the next line is
// more than the text's own spacing, where the type changes its size, and where a grid begins.
func (f *Frame) blocks(lines []line) []document.Block {
	var out []document.Block
	var rects []Rect
	start := 0
	for i := range lines {
		if i+1 < len(lines) && f.together(lines[start:i+1], lines[i+1]) {
			continue
		}
		b := document.Block{Kind: document.BlockText}
		var r Rect
		for k := start; k <= i; k++ {
			b.Lines = append(b.Lines, k)
			b.Box = b.Box.Union(f.page.Lines[k].Box)
			r = r.Union(lines[k].Rect)
		}
		b.Kind = f.kind(lines[start:i+1], r)
		out, rects = append(out, b), append(rects, r)
		start = i + 1
	}
	f.furniture(out, rects)
	return out
}

// together reports whether the next line belongs to the block so far.
func (f *Frame) together(block []line, next line) bool {
	last := block[len(block)-1]
	if last.grid != next.grid {
		return false
	}
	if last.grid >= 0 {
		return true
	}
	if last.OverlapY(next.Rect) > 0.4*min(last.H(), next.H()) { // the same row, further right
		return next.X0 >= last.X0
	}
	low := min(last.H(), next.H())
	if next.Y0-last.Y1 > 1.3*max(low, 0.8*f.Text) || next.Y1 < last.Y0 {
		return false
	}
	if a, b := f.height(last), f.height(next); a > 1.35*b || b > 1.35*a {
		return false
	}
	var around Rect
	for _, l := range block {
		around = around.Union(l.Rect)
	}
	return around.OverlapX(next.Rect) > 0
}

// height is the type size of a line: the usual height of its words with more than two letters.
func (f *Frame) height(l line) float64 {
	var h []float64
	for _, w := range l.Words {
		if len(f.page.Words[w].Text) > 2 {
			h = append(h, f.Words[w].H())
		}
	}
	if len(h) == 0 {
		return f.Text
	}
	slices.Sort(h)
	return h[len(h)/2]
}

// kind names a block by its shape.
func (f *Frame) kind(lines []line, r Rect) document.BlockKind {
	if lines[0].grid >= 0 {
		return document.BlockTable
	}
	if len(lines) <= 2 && f.height(lines[0]) > 1.4*f.Text {
		return document.BlockTitle
	}
	sideBySide := 0
	for i := 1; i < len(lines); i++ {
		if lines[i].OverlapY(lines[i-1].Rect) > 0.4*min(lines[i].H(), lines[i-1].H()) {
			sideBySide++
		}
	}
	if 3*sideBySide >= len(lines) && sideBySide > 0 {
		return document.BlockForm
	}
	return document.BlockText
}

// pageNumber is how furniture counts pages: "Page 3 of 40", "P. 02/05", "3 / 40".
var pageNumber = regexp.MustCompile(`(?i)(\bpage\b|\bpg\b|\bp\.?)\s*[:#]?\s*\d+|^\s*\d+\s*(/|of)\s*\d+\s*$`)

// faxLine is the line that a fax machine prints at the top: a date or time, and a number or the word.
var faxLine = regexp.MustCompile(`(?i)\bfax\b.*\d|\d{1,2}:\d{2}.*\b(from|to|p\.?\s*\d)`)

// furniture marks headers and footers: blocks of at most three lines within a narrow strip at
// the top or bottom edge that count pages, stem from a fax machine or stand apart.
func (f *Frame) furniture(blocks []document.Block, rects []Rect) {
	const strip = 0.065 // share of the page's height
	var all Rect
	for _, r := range rects {
		all = all.Union(r)
	}
	for i := range blocks {
		b, r := &blocks[i], rects[i]
		if len(b.Lines) > 3 || b.Kind == document.BlockTable || b.Kind == document.BlockTitle {
			continue
		}
		top := r.Y1 < strip*f.h
		bottom := r.Y0 > (1-strip)*f.h
		if !top && !bottom {
			continue
		}
		text := f.blockText(*b)
		cue := pageNumber.MatchString(text) || faxLine.MatchString(text)
		apart := f.apart(rects, i)
		switch {
		case top && (cue || apart && r.Y1 < 0.035*f.h):
			b.Kind = document.BlockHeader
		case bottom && (cue || apart):
			b.Kind = document.BlockFooter
		}
	}
}

func (f *Frame) blockText(b document.Block) string {
	var parts []string
	for _, l := range b.Lines {
		for _, w := range f.page.Lines[l].Words {
			parts = append(parts, f.page.Words[w].Text)
		}
	}
	return strings.Join(parts, " ")
}

// apart reports whether a block keeps two text heights from every other.
func (f *Frame) apart(rects []Rect, i int) bool {
	for j, r := range rects {
		if j != i && r.OverlapY(rects[i]) > -2*f.Text && r.OverlapX(rects[i]) > 0 {
			return false
		}
	}
	return true
}
