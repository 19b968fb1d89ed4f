package layout

import (
	"math"

	"chartlake/document"
)

// Places to tick stand before their labels; groups of them side by side, each under a heading of
// its own, are columns, though their lines share rows as the cells of a table do.

// Measures in text heights: how far before its label a place to tick ends, and how far apart the
// headings of two groups may stand.
const (
	tickNear   = 2.5
	headsApart = 0.5
)

// groupLeast is how many places to tick a group has at least.
const groupLeast = 2

// ticks are the places to tick of a page, level.
func (f *Frame) ticks(marks []document.Mark) []Rect {
	out := make([]Rect, len(marks))
	for i, m := range marks {
		out[i] = f.Rect(m.Box)
	}
	return out
}

// ticked reports whether a phrase stands behind a place to tick, or begins with one.
func (f *Frame) ticked(p *Phrase, ticks []Rect) bool {
	for _, t := range ticks {
		if t.X0 < p.X0+0.5*t.W() && t.X1 > p.X0-tickNear*f.Text && t.OverlapY(p.Rect) > 0.35*min(t.H(), p.H()) {
			return true
		}
	}
	return false
}

// groups reports whether both sides of a gutter are groups of places to tick, under headings that
// stand in one row.
func (g *gutters) groups(left, right []*item) bool {
	a, b := g.heading(left), g.heading(right)
	return a != nil && b != nil && math.Abs(a.MidY()-b.MidY()) < headsApart*g.Text
}

// heading is the line over the first place to tick of a column, nil if that has no line over it,
// if the column is not mostly places to tick, or if these have the same names, as the answers to
// questions have: such are read beside their questions.
func (g *gutters) heading(items []*item) *item {
	var heading *item
	var options []*item
	for i, it := range items { // top to bottom
		if !it.ticked {
			continue
		}
		if len(options) == 0 && i > 0 {
			heading = items[i-1]
		}
		options = append(options, it)
	}
	if n := len(options); n < groupLeast || len(items)-n > n || g.telling(options) < n {
		return nil
	}
	return heading
}
