package layout

import (
	"math"
	"slices"

	"chartlake/document"
)

// Places to tick stand before their labels; groups of them side by side, each under a heading of
// its own, are columns, though their lines share rows as the cells of a table do.

// Measures in text heights.
const (
	tickNear   = 2.5 // from a place to tick to its label
	tickIndent = 5.0 // of the labels under a heading
	headsApart = 0.5 // between the headings of two groups, up and down
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

// groups narrows a gutter to two groups of places to tick, from their headings, which stand in one
// row, to their last lines.
func (g *gutters) groups(r reach) (reach, bool) {
	left, right := g.sides(r.first, r.last, r)
	a, b := heading(left), heading(right)
	if a < 0 || b < 0 || math.Abs(left[a].MidY()-right[b].MidY()) > headsApart*g.Text {
		return r, false
	}
	foot := min(end(left[a:]), end(right[b:]))
	for r.last > r.first && g.byY[r.last].MidY() >= foot {
		r.last--
	}
	left, right = between(left[a:], math.Inf(-1), foot), between(right[b:], math.Inf(-1), foot)
	if !g.group(left) || !g.group(right) {
		return r, false
	}
	top := min(left[0].MidY(), right[0].MidY()) - headsApart*g.Text // a third heading may stand a little higher
	for g.byY[r.first].MidY() < top {
		r.first++
	}
	return r, true
}

// heading is the place of the line over the first place to tick of a column, -1 where there is none.
func heading(items []*item) int {
	return slices.IndexFunc(items, func(it *item) bool { return it.ticked }) - 1
}

// end is where a group under a heading ends: two lines that are no places to tick are something else.
func end(items []*item) float64 {
	for i := 2; i < len(items); i++ {
		if !items[i].ticked && !items[i-1].ticked {
			return items[i-1].Y0
		}
	}
	return math.Inf(1)
}

// group reports whether lines are mostly places to tick, some of them in a column under the first
// line, with names of their own. Where many have the same name, they are answers, which are read
// beside their questions.
func (g *gutters) group(items []*item) bool {
	var under []*item
	ticked := 0
	for _, it := range items {
		if !it.ticked {
			continue
		}
		ticked++
		if in := it.X0 - items[0].X0; in > -g.Text && in < tickIndent*g.Text {
			under = append(under, it)
		}
	}
	return len(items)-ticked <= ticked && len(under) >= groupLeast && g.telling(under) >= len(under)
}
