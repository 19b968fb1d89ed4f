package sheet

import (
	"image/color"

	"chartlake/document"
	"chartlake/eval/reading"
)

// Grid is a table to draw. Widths are of its columns, in points.
type Grid struct {
	X, Y    float64 // top left corner
	Widths  []float64
	Rows    [][]Entry
	Header  int // leading rows in Head's style
	Style   Style
	Head    Style
	Leading float64 // from baseline to baseline within a cell, in points; 0: 1.2 times the type
	Pad     float64 // around the text of a cell, in points
	Rules   reading.Rules
	Frame   bool       // a half-ruled table has a frame, too
	Shade   color.RGBA // behind the header; zero: none
	Zebra   color.RGBA // behind every second row; zero: none
}

// Entry is a cell of a Grid. Spans of 0 are 1; a position under a span has no entry. A
// row's entries stand from left to right.
type Entry struct {
	Text           string
	Columns, Rows  int
	Right, Centred bool
	Strong         bool
}

// laid is an entry in its place.
type laid struct {
	Entry
	row, column int
	lines       []string
	style       Style
}

// Grid draws a table, writes it down, and gives its lower edge. It is a block by itself.
func (s *Sheet) Grid(g Grid) float64 {
	s.Block()
	s.Tabular()
	if g.Leading == 0 {
		g.Leading = 1.2 * g.Style.Size
	}
	cells := g.lay()
	tops := g.tops(cells)
	left := []float64{g.X}
	for _, w := range g.Widths {
		left = append(left, left[len(left)-1]+w)
	}
	g.paint(s, left, tops)
	t := reading.Table{Rules: g.Rules, Rows: len(g.Rows), Columns: len(g.Widths), Header: g.Header,
		Box: s.fraction(g.X, g.Y, left[len(left)-1]-g.X, tops[len(tops)-1]-g.Y)}
	for _, c := range cells {
		x0, x1, y0, y1 := left[c.column], left[c.column+c.Columns], tops[c.row], tops[c.row+c.Rows]
		var ink document.Box
		s.Cell(func() { ink = c.draw(s, x0, x1, y0, y1, g.Pad, g.Leading) })
		if g.Rules == reading.Ruled {
			s.Frame(x0, y0, x1-x0, y1-y0, 0.6, Grey(40))
		}
		text := ""
		for i, l := range c.lines {
			if i > 0 {
				text += " "
			}
			text += l
		}
		t.Cells = append(t.Cells, reading.Cell{Row: c.row, Column: c.column, RowSpan: c.Rows, ColumnSpan: c.Columns, Text: text, Box: ink})
	}
	s.truth.tables = append(s.truth.tables, t)
	s.Block()
	return tops[len(tops)-1]
}

// lay gives each entry its place and breaks its text into lines.
func (g *Grid) lay() []laid {
	taken := map[[2]int]bool{}
	var out []laid
	for y, row := range g.Rows {
		x := 0
		for _, e := range row {
			for taken[[2]int{y, x}] {
				x++
			}
			e.Columns, e.Rows = max(e.Columns, 1), max(e.Rows, 1)
			width := 0.0
			for i := range e.Columns {
				width += g.Widths[x+i]
				for j := range e.Rows {
					taken[[2]int{y + j, x + i}] = true
				}
			}
			st := g.Style
			if y < g.Header {
				st = g.Head
			}
			if e.Strong {
				st = st.Strong()
			}
			out = append(out, laid{e, y, x, st.Wrap(e.Text, width-2*g.Pad), st})
			x += e.Columns
		}
	}
	return out
}

// tops are the upper edges of the rows and the lower edge of the last.
func (g *Grid) tops(cells []laid) []float64 {
	heights := make([]float64, len(g.Rows))
	for _, c := range cells {
		if c.Rows == 1 {
			heights[c.row] = max(heights[c.row], float64(max(len(c.lines), 1))*g.Leading+2*g.Pad)
		}
	}
	tops := []float64{g.Y}
	for _, h := range heights {
		tops = append(tops, tops[len(tops)-1]+max(h, g.Leading+2*g.Pad))
	}
	return tops
}

// paint draws shades and the rules of a half-ruled table.
func (g *Grid) paint(s *Sheet, left, tops []float64) {
	x0, width := left[0], left[len(left)-1]-left[0]
	for y := range g.Rows {
		switch {
		case y < g.Header && g.Shade.A != 0:
			s.Fill(x0, tops[y], width, tops[y+1]-tops[y], g.Shade)
		case y >= g.Header && g.Zebra.A != 0 && (y-g.Header)%2 == 1:
			s.Fill(x0, tops[y], width, tops[y+1]-tops[y], g.Zebra)
		}
	}
	if g.Rules != reading.HalfRuled {
		return
	}
	for y := 1; y < len(g.Rows); y++ {
		thick := 0.4
		if y == g.Header {
			thick = 0.9
		}
		s.Rule(x0, tops[y], x0+width, tops[y], thick, Grey(70))
	}
	if g.Frame {
		s.Frame(x0, g.Y, width, tops[len(tops)-1]-g.Y, 0.9, Black)
	}
}

// draw prints the lines of a cell and gives the box of their ink.
func (c *laid) draw(s *Sheet, x0, x1, y0, y1, pad, leading float64) (ink document.Box) {
	base := y0 + pad + c.style.Size*0.85
	if c.Rows > 1 {
		base = (y0+y1)/2 - float64(len(c.lines)-1)*leading/2 + c.style.Size*0.35
	}
	for i, line := range c.lines {
		y := base + float64(i)*leading
		switch {
		case c.Right:
			ink = ink.Union(s.Right(x1-pad, y, line, c.style))
		case c.Centred:
			ink = ink.Union(s.Centre((x0+x1)/2, y, line, c.style))
		default:
			ink = ink.Union(s.Text(x0+pad, y, line, c.style))
		}
	}
	return ink
}

// fraction is a rectangle in points as a share of the sheet.
func (s *Sheet) fraction(x, y, w, h float64) document.Box {
	return document.Box{X: x / s.Width, Y: y / s.Height, W: w / s.Width, H: h / s.Height}
}
