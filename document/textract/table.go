package textract

import (
	"strings"

	"chartlake/document"
)

// tables writes each table with a CELL for every position of its grid; a cell that spans
// several is a MERGED_CELL over them, whose text stands in its first.
func (w *writer) tables() {
	for i := range w.page.Tables {
		t := &w.page.Tables[i]
		if t.Rows <= 0 || t.Columns <= 0 {
			continue
		}
		at := len(w.blocks)
		id := w.add(Block{BlockType: "TABLE", EntityTypes: []string{"STRUCTURED_TABLE"}, Confidence: percent(sure(t)), Geometry: w.place.geometry(t.Box)})
		w.children = append(w.children, id)
		cells, merged := w.cells(t)
		relations := related("CHILD", cells)
		relations = append(relations, related("MERGED_CELL", merged)...)
		if title := w.title(t); title != "" {
			relations = append(relations, related("TABLE_TITLE", []string{title})...)
		}
		w.blocks[at].Relationships = relations
	}
}

// sure is the mean confidence of a table's cells.
func sure(t *document.Table) float64 {
	sum := 0.0
	for _, c := range t.Cells {
		sum += c.Confidence
	}
	return sum / float64(max(len(t.Cells), 1))
}

func (w *writer) cells(t *document.Table) (ids, merged []string) {
	over := cover(t)
	edges := edgesOf(t)
	byCell := make([][]string, len(t.Cells))
	for y := range t.Rows {
		for x := range t.Columns {
			b := Block{BlockType: "CELL", RowIndex: y + 1, ColumnIndex: x + 1, RowSpan: 1, ColumnSpan: 1}
			if y < t.Header {
				b.EntityTypes = []string{"COLUMN_HEADER"}
			}
			box := edges.box(y, x, 1, 1)
			i := over[y*t.Columns+x]
			if i >= 0 {
				c := t.Cells[i]
				if spans(c) == 1 && !c.Box.Empty() {
					box = c.Box
				}
				b.Confidence = percent(c.Confidence)
				if c.Row == y && c.Column == x {
					b.Relationships = related("CHILD", append(w.ids(c.Words), w.marksIn(c.Box)...))
				}
			}
			if b.Confidence == nil {
				b.Confidence = percent(1)
			}
			b.Geometry = w.place.geometry(box)
			id := w.add(b)
			ids = append(ids, id)
			if i >= 0 {
				byCell[i] = append(byCell[i], id)
			}
		}
	}
	for i, c := range t.Cells {
		if len(byCell[i]) < 2 {
			continue
		}
		b := Block{BlockType: "MERGED_CELL", RowIndex: c.Row + 1, ColumnIndex: c.Column + 1, RowSpan: max(c.RowSpan, 1), ColumnSpan: max(c.ColumnSpan, 1),
			Confidence: percent(c.Confidence), Geometry: w.place.geometry(c.Box), Relationships: related("CHILD", byCell[i])}
		if c.Row < t.Header {
			b.EntityTypes = []string{"COLUMN_HEADER"}
		}
		merged = append(merged, w.add(b))
	}
	return ids, merged
}

func spans(c document.Cell) int { return max(c.RowSpan, 1) * max(c.ColumnSpan, 1) }

// cover names the cell of every position of the grid, -1 for none.
func cover(t *document.Table) []int {
	at := make([]int, t.Rows*t.Columns)
	for i := range at {
		at[i] = -1
	}
	for i, c := range t.Cells {
		for y := max(c.Row, 0); y < min(c.Row+max(c.RowSpan, 1), t.Rows); y++ {
			for x := max(c.Column, 0); x < min(c.Column+max(c.ColumnSpan, 1), t.Columns); x++ {
				at[y*t.Columns+x] = i
			}
		}
	}
	return at
}

// edges are the rows' upper and the columns' left edges, with the last lower and right one.
type edges struct{ rows, columns []float64 }

// edgesOf takes edges from the cells and spreads evenly those that no cell begins at.
func edgesOf(t *document.Table) edges {
	e := edges{make([]float64, t.Rows+1), make([]float64, t.Columns+1)}
	for i := range e.rows {
		e.rows[i] = -1
	}
	for i := range e.columns {
		e.columns[i] = -1
	}
	for _, c := range t.Cells {
		if c.Box.Empty() || c.Row < 0 || c.Column < 0 || c.Row >= t.Rows || c.Column >= t.Columns {
			continue
		}
		if v := &e.rows[c.Row]; *v < 0 || c.Box.Y < *v {
			*v = c.Box.Y
		}
		if v := &e.columns[c.Column]; *v < 0 || c.Box.X < *v {
			*v = c.Box.X
		}
	}
	e.rows[0], e.columns[0] = t.Box.Y, t.Box.X
	e.rows[t.Rows], e.columns[t.Columns] = t.Box.Y+t.Box.H, t.Box.X+t.Box.W
	spread(e.rows)
	spread(e.columns)
	return e
}

// spread fills in edges that are not known, and keeps them in order.
func spread(edges []float64) {
	last := 0
	for i := 1; i < len(edges); i++ {
		if edges[i] < 0 {
			continue
		}
		edges[i] = max(edges[i], edges[last])
		for k := last + 1; k < i; k++ {
			edges[k] = edges[last] + (edges[i]-edges[last])*float64(k-last)/float64(i-last)
		}
		last = i
	}
}

func (e edges) box(row, column, rows, columns int) document.Box {
	return document.Box{X: e.columns[column], Y: e.rows[row], W: e.columns[column+columns] - e.columns[column], H: e.rows[row+rows] - e.rows[row]}
}

// marksIn are the marks in a cell.
func (w *writer) marksIn(cell document.Box) (ids []string) {
	for i, m := range w.page.Marks {
		if !cell.Empty() && holds(cell, m.Box) {
			ids = append(ids, w.mark(i))
		}
	}
	return ids
}

// title writes the title of a table over the line that says it; "" where no line does.
func (w *writer) title(t *document.Table) string {
	if t.Title == "" {
		return ""
	}
	for _, line := range w.page.Lines {
		text, confidence, box := w.said(line.Words)
		if strings.Join(strings.Fields(t.Title), " ") != text {
			continue
		}
		return w.add(Block{BlockType: "TABLE_TITLE", Confidence: percent(confidence), Geometry: w.place.geometry(box), Relationships: related("CHILD", w.ids(line.Words))})
	}
	return ""
}
