// Package table finds tables on a page: ruled ones by the cells that their lines enclose,
// half-ruled and borderless ones by columns that stay clear of each other over several rows.
//
// It gives a grid of cells with spans, header rows and the title above. It does not know what
// a column means; lab tables are simply tables. Refused as tables: forms (rows of labels with
// colons), running text in columns, and grids that are nearly empty.
package table

import (
	"cmp"
	"slices"

	"chartlake/document"
	"chartlake/reader/layout"
)

// Find gives the tables of a page from top to bottom. p was arranged by layout.Arrange; it is
// not changed. No two tables share a word.
func Find(p *document.Page, rules []layout.Rule) []document.Table {
	s := &sheet{page: p, Frame: layout.NewFrame(p, rules), taken: make([]bool, len(p.Words))}
	var out []document.Table
	grids := s.Grids()
	for i := len(grids) - 1; i >= 0; i-- { // inner before outer, so that none is found twice
		if t, ok := s.ruled(grids[i]); ok {
			out = append(out, t)
		}
	}
	out = append(out, s.borderless()...)
	slices.SortStableFunc(out, func(a, b document.Table) int { return cmp.Compare(a.Box.Y, b.Box.Y) })
	return out
}

// sheet is the page at work.
type sheet struct {
	*layout.Frame
	page  *document.Page
	taken []bool  // words that are in a table already
	blank float64 // usual space between words; 0: not measured
}

// cell is a cell in the making.
type cell struct {
	row, column, rows, columns int
	words                      []int
	rect                       layout.Rect
}

// finish writes the cells in row order, marks their words as taken and finds header and title.
func (s *sheet) finish(cells []cell, rows, columns int, ruled bool, around layout.Rect) document.Table {
	t := document.Table{Rows: rows, Columns: columns, Ruled: ruled}
	slices.SortStableFunc(cells, func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.column, b.column))
	})
	for _, c := range cells {
		s.sortWords(c.words)
		sum := 0.0
		for _, w := range c.words {
			s.taken[w] = true
			sum += s.page.Words[w].Confidence
		}
		d := document.Cell{Row: c.row, Column: c.column, RowSpan: c.rows, ColumnSpan: c.columns,
			Text: s.JoinText(c.words), Words: c.words, Box: s.Box(c.rect)}
		if len(c.words) > 0 {
			d.Confidence = sum / float64(len(c.words))
		}
		t.Cells = append(t.Cells, d)
	}
	t.Box = s.Box(around)
	t.Header = header(t, s, around)
	t.Title = s.title(around)
	return t
}

// sortWords puts the words of a cell into lines, top to bottom, each left to right.
func (s *sheet) sortWords(words []int) {
	slices.SortStableFunc(words, func(a, b int) int {
		ra, rb := s.Words[a], s.Words[b]
		if ra.OverlapY(rb) > 0.4*min(ra.H(), rb.H()) {
			return cmp.Compare(ra.X0, rb.X0)
		}
		return cmp.Compare(ra.MidY(), rb.MidY())
	})
}
