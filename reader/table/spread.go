package table

import (
	"math"

	"chartlake/reader/layout"
)

// cells puts every word of the rows into its column; a phrase over several columns spans them
// where its row has nothing else there.
func (s *sheet) cells(rows [][]band, columns []span, around layout.Rect) []cell {
	grid := make([]cell, 0, len(rows)*len(columns))
	for r, bands := range rows {
		row := make([]cell, len(columns))
		for c := range row {
			row[c] = cell{row: r, column: c, rows: 1, columns: 1}
		}
		for _, b := range bands {
			s.spread(row, b, columns)
		}
		top, bottom := edges(rows, r, around)
		for c := range row {
			if row[c].columns == 0 {
				continue
			}
			x0, x1 := columnEdges(columns, c, row[c].columns, around)
			row[c].rect = layout.Rect{X0: x0, Y0: top, X1: x1, Y1: bottom}
			grid = append(grid, row[c])
		}
	}
	return grid
}

// spread puts the words of a row into its columns, part by part: a part with a word across the
// gap between two columns stands over both, where nothing else does. The only phrase of a band is
// a heading or a note: it is not parted by columns that end in it.
func (s *sheet) spread(row []cell, b band, columns []span) {
	for _, p := range b.phrases {
		for _, part := range s.parts(p.Words) {
			if len(b.phrases) == 1 {
				s.place(row, part, columns, true)
				continue
			}
			for _, piece := range s.aligned(part, columns) {
				s.place(row, piece, columns, false)
			}
		}
	}
}

// aligned cuts a part where a word begins exactly where a column does, or ends so: heads are often
// wider than what stands under them.
func (s *sheet) aligned(words []int, columns []span) (out [][]int) {
	from := 0
	for i := 1; i < len(words); i++ {
		left, right := s.Words[words[i-1]], s.Words[words[i]]
		for c := 1; c < len(columns); c++ {
			if near := 0.4 * s.Text; left.X0 < columns[c-1].x1 && right.X1 > columns[c].x0 &&
				(math.Abs(right.X0-columns[c].x0) < near || math.Abs(left.X1-columns[c-1].x1) < near) {
				out, from = append(out, words[from:i]), i
				break
			}
		}
	}
	return append(out, words[from:])
}

// place puts a part of a phrase into the columns of a row.
func (s *sheet) place(row []cell, words []int, columns []span, whole bool) {
	r := s.Around(words)
	first, last := nearest(columns, r.X0), nearest(columns, r.X1)
	if last > first && (whole || s.unbroken(words, columns[first:last+1])) {
		free := true
		for c := first; c <= last; c++ {
			free = free && len(row[c].words) == 0 && row[c].columns == 1
		}
		if !free || !whole && s.intrudes(r, columns[first:last+1]) {
			first, last = most(r, columns), 0
		}
		for first > 0 && row[first].columns == 0 {
			first--
		}
		row[first].words = append(row[first].words, words...)
		for c := first + 1; c <= last; c++ {
			row[first].columns++
			row[c].columns = 0
		}
		return
	}
	for _, w := range words {
		c := nearest(columns, s.Words[w].MidX())
		for c > 0 && row[c].columns == 0 {
			c--
		}
		row[c].words = append(row[c].words, w)
	}
}

// intrudes reports whether a text only runs over from one column into others: it covers less
// than a third of each other one.
func (s *sheet) intrudes(r layout.Rect, columns []span) bool {
	covered := 0
	for _, c := range columns {
		if 3*(min(c.x1, r.X1)-max(c.x0, r.X0)) >= c.x1-c.x0 {
			covered++
		}
	}
	return covered < 2
}

// most is the column that a text covers most of.
func most(r layout.Rect, columns []span) int {
	best, share := 0, math.Inf(-1)
	for i, c := range columns {
		if v := min(c.x1, r.X1) - max(c.x0, r.X0); v > share {
			best, share = i, v
		}
	}
	return best
}

// unbroken reports whether words have one across the gap between two of the columns.
func (s *sheet) unbroken(words []int, columns []span) bool {
	for i := 1; i < len(columns); i++ {
		gap := (columns[i-1].x1 + columns[i].x0) / 2
		for _, w := range words {
			if s.Words[w].X0 < gap && s.Words[w].X1 > gap {
				return true
			}
		}
	}
	return false
}

func nearest(columns []span, x float64) int {
	best, away := 0, math.Inf(1)
	for i, c := range columns {
		if d := max(c.x0-x, x-c.x1, 0); d < away {
			best, away = i, d
		}
	}
	return best
}

func edges(rows [][]band, r int, around layout.Rect) (top, bottom float64) {
	whole := func(bands []band) layout.Rect {
		var out layout.Rect
		for _, b := range bands {
			out = out.Union(b.Rect)
		}
		return out
	}
	this := whole(rows[r])
	top, bottom = around.Y0, around.Y1
	if r > 0 {
		top = (whole(rows[r-1]).Y1 + this.Y0) / 2
	}
	if r+1 < len(rows) {
		bottom = (this.Y1 + whole(rows[r+1]).Y0) / 2
	}
	return top, bottom
}

func columnEdges(columns []span, c, n int, around layout.Rect) (x0, x1 float64) {
	x0, x1 = around.X0, around.X1
	if c > 0 {
		x0 = (columns[c-1].x1 + columns[c].x0) / 2
	}
	if c+n < len(columns) {
		x1 = (columns[c+n-1].x1 + columns[c+n].x0) / 2
	}
	return x0, x1
}
