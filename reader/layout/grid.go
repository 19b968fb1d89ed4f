package layout

import (
	"cmp"
	"slices"
)

// Grid is a set of ruling lines that meet, as cells. Xs and Ys are the places of its lines.
type Grid struct {
	Rect
	Xs, Ys []float64
	Cells  []GridCell // row by row
}

// GridCell is a closed cell: rows [Row,Row+RowSpan), columns likewise, of the grid's lines.
type GridCell struct {
	Row, Column, RowSpan, ColumnSpan int
	Rect
}

// linesMax bounds the lines of one grid in each direction: a page full of hatching is no form.
const linesMax = 300

// Grids finds the cells that the rules enclose, one grid for each set of rules that touch, from
// top to bottom.
func (f *Frame) Grids() []Grid {
	tolerance := 0.5 * f.Text
	var grids []Grid
	for _, c := range f.clusters(tolerance) {
		if len(c.flat) < 2 || len(c.steep) < 2 {
			continue
		}
		if g, ok := gridOf(c, tolerance); ok {
			grids = append(grids, g)
		}
	}
	slices.SortStableFunc(grids, func(a, b Grid) int { return cmp.Compare(a.Y0, b.Y0) })
	return grids
}

type cluster struct{ flat, steep []Rect }

// clusters puts rules that touch each other together.
func (f *Frame) clusters(tolerance float64) []cluster {
	n := len(f.Flat)
	all := append(slices.Clone(f.Flat), f.Steep...)
	parent := make([]int, len(all))
	for i := range parent {
		parent[i] = i
	}
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	for i, a := range f.Flat {
		for j, b := range f.Steep {
			if a.OverlapX(b) > -tolerance && a.OverlapY(b) > -tolerance {
				parent[find(i)] = find(n + j)
			}
		}
	}
	byRoot := map[int]*cluster{}
	var order []int
	for i, r := range all {
		t := find(i)
		if byRoot[t] == nil {
			byRoot[t] = &cluster{}
			order = append(order, t)
		}
		if i < n {
			byRoot[t].flat = append(byRoot[t].flat, r)
		} else {
			byRoot[t].steep = append(byRoot[t].steep, r)
		}
	}
	out := make([]cluster, 0, len(order))
	for _, t := range order {
		out = append(out, *byRoot[t])
	}
	return out
}

// gridOf makes cells of touching rules: the lines part the plane into elements, elements
// without a rule between them are one region, and a closed rectangular region is a cell.
func gridOf(c cluster, tolerance float64) (Grid, bool) {
	g := Grid{}
	for _, r := range c.flat {
		g.Ys = append(g.Ys, r.MidY())
	}
	for _, r := range c.steep {
		g.Xs = append(g.Xs, r.MidX())
	}
	g.Xs, g.Ys = places(g.Xs, tolerance), places(g.Ys, tolerance)
	nx, ny := len(g.Xs)-1, len(g.Ys)-1
	if nx < 1 || ny < 1 || nx > linesMax || ny > linesMax {
		return g, false
	}
	g.Rect = Rect{g.Xs[0], g.Ys[0], g.Xs[nx], g.Ys[ny]}
	region := make([]int, nx*ny+1) // the last is the outside
	for i := range region {
		region[i] = i
	}
	outside := nx * ny
	find := func(i int) int {
		for region[i] != i {
			region[i] = region[region[i]]
			i = region[i]
		}
		return i
	}
	element := func(x, y int) int {
		if x < 0 || y < 0 || x >= nx || y >= ny {
			return outside
		}
		return y*nx + x
	}
	for y := range ny + 1 {
		for x := range nx {
			if !covered(c.flat, g.Ys[y], g.Xs[x], g.Xs[x+1], tolerance, false) {
				region[find(element(x, y-1))] = find(element(x, y))
			}
		}
	}
	for x := range nx + 1 {
		for y := range ny {
			if !covered(c.steep, g.Xs[x], g.Ys[y], g.Ys[y+1], tolerance, true) {
				region[find(element(x-1, y))] = find(element(x, y))
			}
		}
	}
	g.Cells = g.collect(nx, ny, find, find(outside))
	return g, len(g.Cells) > 0
}

// collect makes a cell of every closed rectangular region.
func (g *Grid) collect(nx, ny int, find func(int) int, outside int) []GridCell {
	type extent struct{ x0, y0, x1, y1, n int }
	extents := map[int]*extent{}
	var order []int
	for y := range ny {
		for x := range nx {
			r := find(y*nx + x)
			if r == outside {
				continue
			}
			e := extents[r]
			if e == nil {
				e = &extent{x, y, x + 1, y + 1, 0}
				extents[r] = e
				order = append(order, r)
			}
			e.x0, e.y0, e.x1, e.y1 = min(e.x0, x), min(e.y0, y), max(e.x1, x+1), max(e.y1, y+1)
			e.n++
		}
	}
	var cells []GridCell
	for _, r := range order {
		e := extents[r]
		if e.n != (e.x1-e.x0)*(e.y1-e.y0) {
			continue
		}
		cells = append(cells, GridCell{e.y0, e.x0, e.y1 - e.y0, e.x1 - e.x0,
			Rect{g.Xs[e.x0], g.Ys[e.y0], g.Xs[e.x1], g.Ys[e.y1]}})
	}
	return cells
}

// places joins coordinates that are closer than the tolerance into their mean.
func places(v []float64, tolerance float64) []float64 {
	slices.Sort(v)
	var out []float64
	for i := 0; i < len(v); {
		j, sum := i, 0.0
		for j < len(v) && v[j]-v[i] <= tolerance {
			sum += v[j]
			j++
		}
		out = append(out, sum/float64(j-i))
		i = j
	}
	return out
}

// covered reports whether rules run along at least 70 % of an edge: at is its fixed place,
// from..to its extent.
func covered(rules []Rect, at, from, to, tolerance float64, vertical bool) bool {
	type span struct{ a, b float64 }
	var spans []span
	for _, r := range rules {
		mid, a, b := r.MidY(), r.X0, r.X1
		if vertical {
			mid, a, b = r.MidX(), r.Y0, r.Y1
		}
		if mid < at-tolerance || mid > at+tolerance {
			continue
		}
		if a, b = max(a, from), min(b, to); b > a {
			spans = append(spans, span{a, b})
		}
	}
	slices.SortFunc(spans, func(x, y span) int { return cmp.Compare(x.a, y.a) })
	sum, end := 0.0, from
	for _, s := range spans {
		if s.b > end {
			sum += s.b - max(s.a, end)
			end = s.b
		}
	}
	return sum >= 0.7*(to-from)
}
