package reading

import "chartlake/document"

// grid is a table with the cell of each position, -1 for none.
type grid struct {
	rows, columns int
	at            []int // index into cells
	cells         []Cell
	texts         []string
	filled        int // cells with text
}

func (g *grid) cell(row, column int) int { return g.at[row*g.columns+column] }

func newGrid(rows, columns int, cells []Cell) *grid {
	g := &grid{rows: rows, columns: columns, at: make([]int, rows*columns), cells: cells}
	for i := range g.at {
		g.at[i] = -1
	}
	for i, c := range cells {
		g.texts = append(g.texts, plain(c.Text))
		if g.texts[i] != "" {
			g.filled++
		}
		for y := c.Row; y < min(c.Row+c.RowSpan, rows); y++ {
			for x := c.Column; x < min(c.Column+c.ColumnSpan, columns); x++ {
				g.at[y*columns+x] = i
			}
		}
	}
	return g
}

// readGrid is a table as read; what does not fit into it is left out.
func readGrid(t *document.Table) *grid {
	rows, columns := min(max(t.Rows, 0), spanMax), min(max(t.Columns, 0), spanMax)
	var cells []Cell
	for _, c := range t.Cells {
		if c.Row >= 0 && c.Column >= 0 && c.Row < rows && c.Column < columns {
			cells = append(cells, Cell{c.Row, c.Column, max(c.RowSpan, 1), max(c.ColumnSpan, 1), c.Text, c.Box})
		}
	}
	return newGrid(rows, columns, cells)
}

// tables pairs true tables with those found by place or words and scores cells and structure.
// A table that is not there costs precision, under the rules of the page's true tables where
// they are all the same.
func (r *Result) tables(want []Table, got []document.Table, partial bool) {
	r.Tables = map[Rules]*TableResult{}
	of := func(rules Rules) *TableResult {
		if r.Tables[rules] == nil {
			r.Tables[rules] = &TableResult{}
		}
		return r.Tables[rules]
	}
	var truth, read []*grid
	for i := range want {
		truth = append(truth, newGrid(want[i].Rows, want[i].Columns, want[i].Cells))
		t := of(want[i].Rules)
		t.Cells.There += truth[i].filled
		t.Positions += len(truth[i].at)
	}
	for i := range got {
		read = append(read, readGrid(&got[i]))
	}
	used := make([]bool, len(got))
	matched := make([]bool, len(want))
	for _, m := range match(len(want), len(got), func(i, j int) float64 {
		return max(near(want[i].Box, got[j].Box), shared(truth[i], read[j]))
	}) {
		used[m[1]], matched[m[0]] = true, true
		t := of(want[m[0]].Rules)
		r.table(t, truth[m[0]], read[m[1]])
		t.Headers.add(want[m[0]].Header == got[m[1]].Header)
	}
	for i, is := range matched {
		if !is {
			of(want[i].Rules).Headers.add(false)
		}
	}
	extra := Rules("")
	for i := range want {
		if i > 0 && want[i].Rules != extra {
			extra = ""
			break
		}
		extra = want[i].Rules
	}
	for j := range got {
		if !used[j] && !partial {
			of(extra).Cells.Found += read[j].filled
			of(extra).Positions += len(read[j].at)
		}
	}
}

// shared is the share of words that two grids have in common (Dice), from a fifth on, else 0.
func shared(a, b *grid) float64 {
	left, n, common := map[string]int{}, 0, 0
	for _, s := range a.texts {
		for _, t := range tokens(s) {
			left[t]++
			n++
		}
	}
	for _, s := range b.texts {
		for _, t := range tokens(s) {
			n++
			if left[t] > 0 {
				left[t]--
				common++
			}
		}
	}
	if n == 0 || 2*common*5 < n {
		return 0
	}
	return 2 * float64(common) / float64(n)
}

// table scores a pair of grids: cells by their text at the place that GriTS aligns them to,
// structure by GriTS_Top.
func (r *Result) table(t *TableResult, want, got *grid) {
	t.Cells.Found += got.filled
	t.Positions += len(got.at)
	alike := likeness{}
	rows, columns := substructure(want, got, func(i, j int) float64 {
		a, b := want.at[i], got.at[j]
		if a < 0 || b < 0 {
			return 0
		}
		return alike.of(want.texts[a], got.texts[b])
	})
	seen := map[int]bool{}
	for _, y := range rows {
		for _, x := range columns {
			a, b := want.cell(y[0], x[0]), got.cell(y[1], x[1])
			if a < 0 || b < 0 || seen[a] || want.texts[a] == "" || want.texts[a] != got.texts[b] {
				continue
			}
			seen[a] = true
			t.Cells.Right++
			if box := want.cells[a].Box; !box.Empty() {
				r.ValueBoxes.add(covers(got.cells[b].Box, box))
			}
		}
	}
	span := func(i, j int) float64 { return overlapOf(want, got, i, j) }
	rows, columns = substructure(want, got, span)
	for _, y := range rows {
		for _, x := range columns {
			t.Structure += span(y[0]*want.columns+x[0], y[1]*got.columns+x[1])
		}
	}
}

// covers reports whether a cell, which may be as wide as its column, holds the ink of its text.
func covers(cell, ink document.Box) bool {
	return cell.Intersect(ink).Area() >= 0.9*ink.Area()
}

// overlapOf is GriTS_Top's likeness of two positions: the IoU of their cells' spans, seen
// from the position (section 4.1).
func overlapOf(a, b *grid, i, j int) float64 {
	p, q := relative(a, i), relative(b, j)
	common := max(min(p[2], q[2])-max(p[0], q[0]), 0) * max(min(p[3], q[3])-max(p[1], q[1]), 0)
	all := (p[2]-p[0])*(p[3]-p[1]) + (q[2]-q[0])*(q[3]-q[1]) - common
	return float64(common) / float64(all)
}

// relative is the span of the cell at a position, as top, left, bottom, right from there.
func relative(g *grid, i int) [4]int {
	c := g.at[i]
	if c < 0 {
		return [4]int{0, 0, 1, 1}
	}
	y, x, s := i/g.columns, i%g.columns, g.cells[c]
	return [4]int{s.Row - y, s.Column - x, s.Row + s.RowSpan - y, s.Column + s.ColumnSpan - x}
}

// positionsMax bounds the pairs of positions of two grids that are compared; grids beyond it
// count as unlike.
const positionsMax = 30_000_000

// substructure finds rows and columns of both grids that are most alike, in order: the
// factored two-dimensional most similar substructure of GriTS (section 3.3). like compares
// two positions.
func substructure(a, b *grid, like func(i, j int) float64) (rows, columns [][2]int) {
	if len(a.at)*len(b.at) > positionsMax {
		return nil, nil
	}
	memo := make([]float64, len(a.at)*len(b.at))
	for i := range a.at {
		for j := range b.at {
			memo[i*len(b.at)+j] = like(i, j)
		}
	}
	at := func(ay, ax, by, bx int) float64 {
		return memo[(ay*a.columns+ax)*len(b.at)+by*b.columns+bx]
	}
	rows, _ = alignBy(a.rows, b.rows, func(ay, by int) float64 {
		_, sum := alignBy(a.columns, b.columns, func(ax, bx int) float64 { return at(ay, ax, by, bx) })
		return sum
	})
	columns, _ = alignBy(a.columns, b.columns, func(ax, bx int) float64 {
		_, sum := alignBy(a.rows, b.rows, func(ay, by int) float64 { return at(ay, ax, by, bx) })
		return sum
	})
	return rows, columns
}

// alignBy pairs i of n with j of m in order for the greatest sum of worth.
func alignBy(n, m int, worth func(i, j int) float64) (pairs [][2]int, sum float64) {
	width := m + 1
	best := make([]float64, (n+1)*width)
	for i := 1; i <= n; i++ {
		for j := 1; j <= m; j++ {
			best[i*width+j] = max(best[(i-1)*width+j-1]+worth(i-1, j-1), best[(i-1)*width+j], best[i*width+j-1])
		}
	}
	for i, j := n, m; i > 0 && j > 0; {
		switch best[i*width+j] {
		case best[(i-1)*width+j]:
			i--
		case best[i*width+j-1]:
			j--
		default:
			pairs = append(pairs, [2]int{i - 1, j - 1})
			i, j = i-1, j-1
		}
	}
	return pairs, best[n*width+m]
}

// likeness keeps what was computed once.
type likeness map[[2]string]float64

func (l likeness) of(a, b string) float64 {
	if a == b {
		return 1
	}
	key := [2]string{a, b}
	if v, ok := l[key]; ok {
		return v
	}
	v := 0.0
	if a != "" && b != "" {
		v = 2 * float64(common([]rune(a), []rune(b))) / float64(len([]rune(a))+len([]rune(b)))
	}
	l[key] = v
	return v
}

// common is the length of the longest common subsequence.
func common(a, b []rune) int {
	row := make([]int, len(b)+1)
	for i := range a {
		corner := 0
		for j := range b {
			next := row[j+1]
			if a[i] == b[j] {
				row[j+1] = corner + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			corner = next
		}
	}
	return row[len(b)]
}
