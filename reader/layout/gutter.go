package layout

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// split is a page area parted by a gutter.
type split struct{ above, left, right, below []*item }

// gutters looks for the white space between two columns among the items of an area.
type gutters struct {
	*Frame
	byY    []*item
	white  []float64 // behind each item: the height of the empty strip across the area, 0 where there is none
	wide   float64   // from this height on a strip parts the area
	ticked bool      // there are places to tick
}

// gutterMax bounds the gutters that are tried in one area, besideMax the lines that are compared
// with one line beside them: no page that people print has as many.
const (
	gutterMax = 400
	besideMax = 60
)

// gutter finds the white space between two columns, the one with most text beside it. A gutter
// goes up and down until something crosses it, and is tried twice: over empty strips, as columns
// of running text go on over them, and from strip to strip.
func (f *Frame) gutter(items []*item) (split, bool) {
	g := gutters{Frame: f, byY: slices.Clone(items)}
	slices.SortStableFunc(g.byY, func(a, b *item) int { return cmp.Compare(a.MidY(), b.MidY()) })
	g.strips()
	g.ticked = slices.ContainsFunc(items, func(it *item) bool { return it.ticked })
	best, bestSize := split{}, 0
	var tried []reach
	for i, s := range g.byY {
		if len(tried) == gutterMax {
			break
		}
		t := rightOf(g.byY, i)
		if t == nil || t.X0-s.X1 < 0.9*f.Text {
			continue
		}
		x := (s.X1 + t.X0) / 2
		if slices.ContainsFunc(tried, func(r reach) bool { return r.first <= i && i <= r.last && x > r.x0 && x < r.x1 }) {
			continue // neighbours in one gutter give one answer
		}
		r := g.trim(g.grow(i, s.X1, t.X0, math.Inf(1)))
		sp, ok := g.split(r), false
		if ok = g.columns(sp) && !slices.ContainsFunc(g.parts(r), g.across); !ok {
			r = g.grow(i, s.X1, t.X0, g.wide)
			sp = g.split(r)
			ok = g.columns(sp)
		}
		for _, strip := range [...]float64{g.wide, math.Inf(1)} {
			if ok || !g.ticked {
				break
			}
			if r, ok = g.groups(g.grow(i, s.X1, t.X0, strip)); ok {
				sp = g.split(r)
			}
		}
		tried = append(tried, r)
		if n := min(len(sp.left), len(sp.right)); ok && n > bestSize {
			best, bestSize = sp, n
		}
	}
	return best, bestSize > 0
}

// strips measures the white behind each item. A strip is wide that is well above what is usual
// between the rows of the area.
func (g *gutters) strips() {
	n := len(g.byY)
	g.white = make([]float64, n)
	top := make([]float64, n+1) // of all items from here on
	top[n] = math.Inf(1)
	for i := n - 1; i >= 0; i-- {
		top[i] = min(top[i+1], g.byY[i].Y0)
	}
	var usual []float64
	low := math.Inf(-1)
	for i := range n - 1 {
		low = max(low, g.byY[i].Y1)
		if gap := top[i+1] - low; gap > -0.2*g.Text {
			g.white[i] = max(gap, 0.01*g.Text)
			usual = append(usual, g.white[i])
		}
	}
	g.wide = 1.4 * g.Text
	if len(usual) > 0 {
		slices.Sort(usual)
		g.wide = min(max(g.wide, 1.7*usual[len(usual)/2]), 1.8*g.Text) // few strips are clear beside a frame
	}
}

// reach is a gutter: items first to last stand beside it, and x0 to x1 are free. At head and
// foot it may end because the next item crosses it.
type reach struct {
	first, last int
	x0, x1      float64
	head, foot  bool
}

// grow follows a gutter up and down until something crosses it: a line of text, a rule, or an
// empty strip of the given height.
func (g *gutters) grow(at int, x0, x1, strip float64) reach {
	r := reach{first: at, last: at, x0: x0, x1: x1}
	for r.first > 0 && g.white[r.first-1] < strip && !g.ruled(r.first-1, r) && !r.head {
		if r.head = !g.takes(&r, g.byY[r.first-1]); !r.head {
			r.first--
		}
	}
	for r.last+1 < len(g.byY) && g.white[r.last] < strip && !g.ruled(r.last, r) && !r.foot {
		if r.foot = !g.takes(&r, g.byY[r.last+1]); !r.foot {
			r.last++
		}
	}
	return r
}

// takes narrows a gutter to what an item leaves free, if that is enough.
func (g *gutters) takes(r *reach, it *item) bool {
	x0, x1 := r.x0, r.x1
	if it.MidX() < (x0+x1)/2 {
		x0 = max(x0, it.X1)
	} else {
		x1 = min(x1, it.X0)
	}
	if x1-x0 < 0.8*g.Text {
		return false
	}
	r.x0, r.x1 = x0, x1
	return true
}

// ruled reports whether a rule crosses the gutter in the strip behind an item.
func (g *gutters) ruled(i int, r reach) bool {
	if g.white[i] == 0 {
		return false
	}
	y0, y1 := g.byY[i].MidY(), g.byY[i+1].MidY()
	from, _ := slices.BinarySearchFunc(g.Flat, y0, func(f Rect, y float64) int { return cmp.Compare(f.Y0, y) })
	for _, f := range g.Flat[from:] {
		if f.Y0 > y1 {
			break
		}
		if f.X0 < r.x0-3*g.Text && f.X1 > r.x1+3*g.Text {
			return true
		}
	}
	return false
}

// split parts the area by a gutter. A few items at an end, far from all others and on one side
// only, are no part of the column: a page number, a heading.
func (g *gutters) split(r reach) split {
	const few = 3
	for i := r.last - 1; i >= r.first && i >= r.last-few; i-- {
		if g.white[i] > 2*g.wide && g.oneSided(i+1, r.last, r) {
			r.last = i
			break
		}
	}
	for i := r.first; i < r.last && i < r.first+few; i++ {
		if g.white[i] > 2*g.wide && g.oneSided(r.first, i, r) {
			r.first = i + 1
			break
		}
	}
	sp := split{above: g.byY[:r.first], below: g.byY[r.last+1:]}
	sp.left, sp.right = g.sides(r.first, r.last, r)
	return sp
}

func (g *gutters) sides(first, last int, r reach) (left, right []*item) {
	for _, it := range g.byY[first : last+1] {
		if it.MidX() < (r.x0+r.x1)/2 {
			left = append(left, it)
		} else {
			right = append(right, it)
		}
	}
	return left, right
}

func (g *gutters) oneSided(first, last int, r reach) bool {
	left, right := g.sides(first, last, r)
	return len(left) == 0 || len(right) == 0
}

// columns reports whether the two sides of a gutter are read one after the other: both are
// running text, or their lines do not stand in common rows.
func (g *gutters) columns(sp split) bool {
	return g.running(sp.left, sp.right) || g.outOfStep(sp.left, sp.right)
}

// parts cuts a gutter at wide strips.
func (g *gutters) parts(r reach) []reach {
	var out []reach
	from := r.first
	for i := r.first; i <= r.last; i++ {
		if i == r.last || g.white[i] >= g.wide {
			part := r
			part.first, part.last = from, i
			out, from = append(out, part), i+1
		}
	}
	return out
}

// across reports whether a part of a gutter is read across: the names on both sides of a
// letter's head, the parts of a page's foot.
func (g *gutters) across(r reach) bool {
	left, right := g.sides(r.first, r.last, r)
	if len(left) == 0 || len(right) == 0 || g.long(left) && g.long(right) {
		return false
	}
	n, tight, _ := g.inRows(left, right)
	return n > 0 && 10*tight >= 7*n
}

// long reports whether the lines of a column have the length of running text.
func (g *gutters) long(items []*item) bool {
	return g.telling(items) >= 4*len(items)
}

// trim takes the parts at the ends of a gutter off that are read across, and those on one side
// only that belong to what crosses it.
func (g *gutters) trim(r reach) reach {
	parts := g.parts(r)
	for len(parts) > 1 && (g.across(parts[0]) || r.head && g.oneSided(parts[0].first, parts[0].last, r)) {
		parts = parts[1:]
	}
	for n := len(parts); n > 1 && (g.across(parts[n-1]) || r.foot && g.oneSided(parts[n-1].first, parts[n-1].last, r)); n-- {
		parts = parts[:n-1]
	}
	r.first, r.last = parts[0].first, parts[len(parts)-1].last
	return r
}

// outOfStep reports whether lines stand side by side at heights of their own, as a side column
// beside a text does; labels and their values, and the cells of a table, share their rows.
func (g *gutters) outOfStep(left, right []*item) bool {
	const least = 4 // lines: fewer may be out of step by accident
	n, tight, loose := g.inRows(left, right)
	return n >= least && 20*tight < 9*n && 20*loose < 17*n
}

// inRows counts the lines of the side with fewer lines, where both sides have some, and those
// that share their row with a line of the other side: tight, on one base;
// loose, side by side with it.
func (g *gutters) inRows(left, right []*item) (n, tight, loose int) {
	left, right = lines(left), lines(right)
	if len(left) == 0 || len(right) == 0 {
		return 0, 0, 0
	}
	top := max(left[0].Y0, right[0].Y0) - g.Text
	foot := min(left[len(left)-1].Y1, right[len(right)-1].Y1) + g.Text
	left, right = between(left, top, foot), between(right, top, foot)
	if len(left) > len(right) {
		left, right = right, left
	}
	at := 0
	for _, l := range left {
		n++
		for at < len(right) && right[at].MidY() < l.MidY()-2*g.Text {
			at++
		}
		isTight, isLoose := false, false
		for _, r := range right[at:min(at+besideMax, len(right))] {
			if r.MidY() > l.MidY()+2*g.Text {
				break
			}
			isTight = isTight || math.Abs(g.base(l.phrase)-g.base(r.phrase)) < 0.18*g.Text
			isLoose = isLoose || l.OverlapY(r.Rect) > 0.6*min(l.H(), r.H())
		}
		if isTight {
			tight++
		}
		if isLoose {
			loose++
		}
	}
	return n, tight, loose
}

// lines are the phrases of a column, with those in its frames, top to bottom.
func lines(items []*item) []*item {
	var out []*item
	for _, it := range items {
		if it.phrase != nil {
			out = append(out, it)
		}
		for _, cell := range it.inside {
			for _, p := range cell {
				out = append(out, &item{Rect: p.Rect, phrase: p, grid: it.grid})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *item) int { return cmp.Compare(a.MidY(), b.MidY()) })
	return out
}

func between(items []*item, top, foot float64) []*item {
	return slices.DeleteFunc(items, func(it *item) bool { return it.MidY() < top || it.MidY() > foot })
}

// base is the height of the line that a phrase stands on: the lower edge of its words without
// letters and signs that reach below it.
func (f *Frame) base(p *Phrase) float64 {
	var feet []float64
	for _, w := range p.Words {
		if !strings.ContainsAny(f.page.Words[w].Text, "gjpqyQ,;()[]{}|_$@") {
			feet = append(feet, f.Words[w].Y1)
		}
	}
	if len(feet) == 0 {
		return p.Y1 - 0.2*p.H()
	}
	slices.Sort(feet)
	return feet[len(feet)/2]
}
