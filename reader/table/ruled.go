package table

import (
	"slices"

	"chartlake/document"
	"chartlake/reader/layout"
)

// ruled makes a table of a grid: at least two rows or columns, most of its cells single, and
// not nearly empty.
func (s *sheet) ruled(g layout.Grid) (document.Table, bool) {
	cells := make([]cell, 0, len(g.Cells))
	for _, c := range g.Cells {
		cells = append(cells, cell{c.Row, c.Column, c.RowSpan, c.ColumnSpan, nil, c.Rect})
	}
	filled := s.fill(cells)
	rows, columns := compress(cells)
	if rows*columns < 2 || rows < 2 && columns < 3 || columns < 2 || filled == 0 {
		return document.Table{}, false
	}
	if 10*filled < len(cells) || !regular(cells, rows, columns) {
		return document.Table{}, false
	}
	cells, rows = s.splitRows(cells, rows)
	return s.finish(cells, rows, columns, true, g.Rect), true
}

// fill gives every free word to the cell that holds its middle and counts the cells with words.
func (s *sheet) fill(cells []cell) int {
	filled := 0
	for i := range cells {
		for w, r := range s.Words {
			if !s.taken[w] && cells[i].rect.Holds(r) {
				cells[i].words = append(cells[i].words, w)
			}
		}
		if len(cells[i].words) > 0 {
			filled++
		}
	}
	return filled
}

// compress renumbers rows and columns so that only lines at which a cell begins count.
func compress(cells []cell) (rows, columns int) {
	var ys, xs []int
	for _, c := range cells {
		ys, xs = append(ys, c.row), append(xs, c.column)
	}
	slices.Sort(ys)
	slices.Sort(xs)
	ys, xs = slices.Compact(ys), slices.Compact(xs)
	at := func(v []int, n int) int { i, _ := slices.BinarySearch(v, n); return i }
	for i := range cells {
		c := &cells[i]
		endRow, endColumn := at(ys, c.row+c.rows), at(xs, c.column+c.columns)
		c.row, c.column = at(ys, c.row), at(xs, c.column)
		c.rows, c.columns = max(endRow-c.row, 1), max(endColumn-c.column, 1)
	}
	return len(ys), len(xs)
}

// regular tells a table from a form of boxes: most rows have the same cells. Half of the cells
// are single, or they fill the grid with few spans.
func regular(cells []cell, rows, columns int) bool {
	single := 0
	for _, c := range cells {
		if c.rows == 1 && c.columns == 1 {
			single++
		}
	}
	return 2*single >= len(cells) && 10*single >= 3*rows*columns
}

// splitRows parts rows that hold several lines side by side: a table with ruled columns whose
// rows have no lines between them. A row is parted where the lines of its cells stand at the
// same heights in at least two columns.
func (s *sheet) splitRows(cells []cell, rows int) ([]cell, int) {
	shift := 0
	var out []cell
	for r := range rows {
		var in []cell
		for _, c := range cells {
			if c.row == r {
				in = append(in, c)
			}
		}
		levels := s.levels(in)
		for _, c := range in {
			c.row += shift
			if len(levels) < 2 || c.rows > 1 {
				out = append(out, c)
				continue
			}
			out = append(out, s.part(c, levels)...)
		}
		if len(levels) >= 2 {
			for i := range out { // cells that span this row from above grow with it
				if c := &out[i]; c.row < r+shift && c.row+c.rows > r+shift {
					c.rows += len(levels) - 1
				}
			}
			shift += len(levels) - 1
		}
	}
	return out, rows + shift
}

// levels gives the upper edges of the lines that all cells of a row share, nil where they do not.
func (s *sheet) levels(in []cell) []layout.Rect {
	type column struct{ lines []layout.Rect }
	var columns []column
	for _, c := range in {
		if c.rows > 1 {
			return nil
		}
		if len(c.words) > 0 {
			columns = append(columns, column{s.lines(c.words)})
		}
	}
	if len(columns) < 2 {
		return nil
	}
	most := columns[0]
	for _, c := range columns {
		if len(c.lines) > len(most.lines) {
			most = c
		}
	}
	if len(most.lines) < 3 {
		return nil
	}
	agree, many := 0, 0
	for _, c := range columns {
		hits := 0
		for _, l := range c.lines {
			for _, m := range most.lines {
				if l.OverlapY(m) > 0.6*min(l.H(), m.H()) {
					hits++
					break
				}
			}
		}
		if hits == len(c.lines) {
			agree++
		}
		if 3*len(c.lines) >= 2*len(most.lines) {
			many++
		}
	}
	if agree < len(columns) || many < 2 || 2*many < len(columns) {
		return nil
	}
	return most.lines
}

// lines are the rectangles of the text lines that words make.
func (s *sheet) lines(words []int) []layout.Rect {
	sorted := slices.Clone(words)
	s.sortWords(sorted)
	var out []layout.Rect
	for _, w := range sorted {
		r := s.Words[w]
		if n := len(out); n > 0 && out[n-1].OverlapY(r) > 0.4*min(out[n-1].H(), r.H()) {
			out[n-1] = out[n-1].Union(r)
			continue
		}
		out = append(out, r)
	}
	return out
}

// part cuts one cell at the levels.
func (s *sheet) part(c cell, levels []layout.Rect) []cell {
	out := make([]cell, len(levels))
	for i := range out {
		out[i] = cell{c.row + i, c.column, 1, c.columns, nil, c.rect}
		if i > 0 {
			out[i].rect.Y0 = (levels[i-1].Y1 + levels[i].Y0) / 2
			out[i-1].rect.Y1 = out[i].rect.Y0
		}
	}
	for _, w := range c.words {
		best := 0
		for i := range levels {
			if levels[i].OverlapY(s.Words[w]) > levels[best].OverlapY(s.Words[w]) {
				best = i
			}
		}
		out[best].words = append(out[best].words, w)
	}
	return out
}
