package table

import (
	"cmp"
	"math"
	"slices"

	"chartlake/reader/layout"
)

// A gutter between columns is clear of words in all rows, but for texts that run over from one
// column into another in one row of twelve, or in one of five and more; and at least half of the
// rows have a gap there that is wider than their blanks.
const (
	overrunRows  = 12
	overrunLeast = 5
)

// columns are the intervals between the gutters of the bands with several phrases.
func (s *sheet) columns(bands []band) []span {
	var rows [][]part
	for _, b := range bands {
		if len(b.phrases) > 1 {
			rows = append(rows, s.row(b))
		}
	}
	var columns []span
	from := math.Inf(-1)
	for _, g := range append(settle(s.gutters(rows), rows), span{math.Inf(1), math.Inf(1)}) {
		c := span{math.Inf(1), math.Inf(-1)}
		for _, row := range rows {
			for _, p := range row {
				for _, w := range p.words {
					if w.MidX() > from && w.MidX() < g.x0 && w.X0 >= from-s.Text && w.X1 <= g.x1+s.Text {
						c.x0, c.x1 = min(c.x0, w.X0), max(c.x1, w.X1)
					}
				}
			}
		}
		if c.x1 > c.x0 {
			columns = append(columns, c)
		}
		from = g.x1
	}
	return columns
}

// settle drops gutters that only the blanks of a few long texts make: a column between two has
// more texts of its own than texts that go on across one of its gutters.
func settle(gutters []span, rows [][]part) []span {
	for len(gutters) > 0 {
		own, across := make([]int, len(gutters)+1), make([]int, len(gutters)+1) // across the gutter before the column
		column := func(x float64) int {
			n, _ := slices.BinarySearchFunc(gutters, x, func(g span, x float64) int { return cmp.Compare(g.x0, x) })
			return n
		}
		for _, row := range rows {
			for _, p := range row {
				first, last := column(p.words[0].MidX()), column(p.words[len(p.words)-1].MidX())
				if first == last {
					own[first]++
				}
				for c := first + 1; c <= last; c++ {
					across[c]++
				}
			}
		}
		worst := -1
		for c := 1; c < len(own); c++ {
			if across[c] > min(own[c], own[c-1]) && (worst < 0 || across[c] > across[worst]) {
				worst = c
			}
		}
		if worst < 0 {
			break
		}
		gutters = slices.Delete(gutters, worst-1, worst)
	}
	return gutters
}

// part is a run of words of a row with only blanks between them.
type part struct {
	layout.Rect
	words []layout.Rect
}

// row gives the parts of a band from left to right.
func (s *sheet) row(b band) (out []part) {
	for _, p := range b.phrases {
		for _, words := range s.parts(p.Words) {
			at := part{Rect: s.Around(words)}
			for _, w := range words {
				at.words = append(at.words, s.Words[w])
			}
			out = append(out, at)
		}
	}
	slices.SortFunc(out, func(a, b part) int { return cmp.Compare(a.X0, b.X0) })
	return out
}

// parts cuts words from left to right at gaps that are wider than blanks.
func (s *sheet) parts(words []int) (out [][]int) {
	from := 0
	for i := 1; i <= len(words); i++ {
		if i == len(words) || s.Words[words[i]].X0-s.Words[words[i-1]].X1 > s.wide() {
			out = append(out, words[from:i])
			from = i
		}
	}
	return out
}

// wide is a gap between words that is no blank: almost twice the narrow ones, of which no more than
// an eighth are narrower; most gaps of a table may be between its columns.
func (s *sheet) wide() float64 {
	if s.blank == 0 {
		var gaps []float64
		for _, l := range s.page.Lines {
			for i := 1; i < len(l.Words); i++ {
				if g := s.Words[l.Words[i]].X0 - s.Words[l.Words[i-1]].X1; g > 0 && g < 1.5*s.Text {
					gaps = append(gaps, g)
				}
			}
		}
		s.blank = 0.4 * s.Text
		if len(gaps) > 8 {
			slices.Sort(gaps)
			s.blank = gaps[len(gaps)/8]
		}
	}
	return max(1.9*s.blank, 0.55*s.Text)
}

// gutters finds what parts the columns of rows, from left to right.
func (s *sheet) gutters(rows [][]part) (out []span) {
	type edge struct {
		x float64
		n int
	}
	var edges []edge
	var words []layout.Rect
	for _, row := range rows {
		for _, p := range row {
			for _, w := range p.words {
				edges = append(edges, edge{w.X0, 1}, edge{w.X1, -1})
				words = append(words, w)
			}
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.n, b.n)) })
	slices.SortFunc(words, func(a, b layout.Rect) int { return cmp.Compare(a.X0, b.X0) })
	over := len(rows) / overrunRows
	if len(rows) >= overrunLeast {
		over = max(over, 1)
	}
	n, open, at := 0, false, 0.0
	for i, e := range edges {
		n += e.n
		clear := n <= over && i+1 < len(edges)
		if clear && !open && i > 0 {
			open, at = true, e.x
		} else if !clear && open {
			open = false
			for _, g := range between(span{at, e.x}, words) {
				if s.parted(rows, g) {
					out = append(out, g)
				}
			}
		}
	}
	return out
}

// between cuts out of a gutter the words that stand in it: they run over from nowhere. words are
// all of the table, by their left edges.
func between(g span, words []layout.Rect) (out []span) {
	end := g.x1
	first, _ := slices.BinarySearchFunc(words, g.x0, func(w layout.Rect, x float64) int { return cmp.Compare(w.X0, x) })
	for _, w := range words[first:] {
		if w.X0 >= end {
			break
		}
		if w.X0 > g.x0 && w.X1 < end {
			out = append(out, span{g.x0, w.X0})
			g.x0 = w.X1
		}
	}
	return append(out, g)
}

// parted reports whether rows have a gap at a gutter that is wider than their blanks: at least
// two, and half of those with words on both sides.
func (s *sheet) parted(rows [][]part, g span) bool {
	mid := (g.x0 + g.x1) / 2
	both, wide := 0, 0
	for _, row := range rows {
		left, right := math.Inf(-1), math.Inf(1)
		for _, p := range row {
			for _, w := range p.words {
				if w.MidX() < mid {
					left = max(left, w.X1)
				} else {
					right = min(right, w.X0)
				}
			}
		}
		if math.IsInf(left, 0) || math.IsInf(right, 0) {
			continue
		}
		both++
		if right-left > s.wide() {
			wide++
		}
	}
	return wide >= 2 && 2*wide >= both
}
