package ocr

import (
	"cmp"
	"slices"

	"chartlake/reader/layout"
	"chartlake/reader/pixel"
)

// segment is a run of letters on one baseline without a wide gap or a ruling line in it. All
// places are pixels of the level working picture.
type segment struct {
	x0, y0, x1, y1 int
	members        []int // components, left to right
	base           float64
	rise           float64 // from the baseline to the top of its capitals
}

// joinGap is the widest gap within a segment, in letter heights: wider than the blanks of
// justified text, narrower than a gutter between columns.
const joinGap = 1.3

// segments groups the components of a page into segments. size is the usual letter size and
// strokes are the ruling lines, across which nothing is joined. The components named by skip
// (frames, pictures) are left out.
func segments(comps []pixel.Component, skip []bool, size int, strokes []layout.Stroke) []*segment {
	letters, small := sortOut(comps, skip, size)
	slices.SortFunc(letters, func(a, b int) int { return cmp.Compare(comps[a].X0, comps[b].X0) })
	g := grouper{comps: comps, strokes: strokes}
	for _, i := range letters {
		g.add(i)
	}
	g.merge()
	g.attach(small, size)
	for _, s := range g.open {
		s.measure(comps)
	}
	return g.open
}

// sortOut parts letters from small pieces (dots, commas, dashes) and drops what is neither.
func sortOut(comps []pixel.Component, skip []bool, size int) (letters, small []int) {
	for i, c := range comps {
		w, h := c.W(), c.H()
		switch {
		case skip[i] || h > 8*size || w > 60*size || h > 4*size && w > 8*size:
		case 5*h < 2*size && 5*w < 5*size || 5*h < 2*size && w < 2*size:
			if c.Area >= 2 {
				small = append(small, i)
			}
		case 3*h < size: // a long flat piece: rest of a rule, a dash
			small = append(small, i)
		default:
			letters = append(letters, i)
		}
	}
	return letters, small
}

type grouper struct {
	comps   []pixel.Component
	strokes []layout.Stroke
	open    []*segment
}

// add puts a letter at the end of the segment that it continues, or starts a new one. Letters
// come from left to right.
func (g *grouper) add(i int) {
	c := g.comps[i]
	var best *segment
	bestCost := 1e9
	for k := len(g.open) - 1; k >= 0; k-- {
		s := g.open[k]
		y0, y1 := g.band(s)
		gap := c.X0 - s.x1
		h := max(y1-y0, c.H())
		if float64(gap) > joinGap*float64(h) || gap < -h {
			continue
		}
		overlap := min(y1, c.Y1) - max(y0, c.Y0)
		if 2*overlap < min(y1-y0, c.H()) || h > 3*min(y1-y0, c.H()) || g.parted(s.x1, c.X0, max(y0, c.Y0), min(y1, c.Y1)) {
			continue
		}
		if cost := float64(max(gap, 0)) + 2*float64(h-overlap); cost < bestCost {
			best, bestCost = s, cost
		}
	}
	if best == nil {
		g.open = append(g.open, &segment{x0: c.X0, y0: c.Y0, x1: c.X1, y1: c.Y1, members: []int{i}})
		return
	}
	best.take(c, i)
}

func (s *segment) take(c pixel.Component, i int) {
	s.x0, s.y0, s.x1, s.y1 = min(s.x0, c.X0), min(s.y0, c.Y0), max(s.x1, c.X1), max(s.y1, c.Y1)
	s.members = append(s.members, i)
}

// band is the height range of the last letters of a segment: a line may climb slowly.
func (g *grouper) band(s *segment) (y0, y1 int) {
	const last = 6
	m := s.members[max(0, len(s.members)-last):]
	tops, bottoms := make([]int, len(m)), make([]int, len(m))
	for i, k := range m {
		tops[i], bottoms[i] = g.comps[k].Y0, g.comps[k].Y1
	}
	slices.Sort(tops)
	slices.Sort(bottoms)
	return tops[len(m)/4], bottoms[len(m)-1-len(m)/4]
}

// parted reports whether a vertical rule stands between x0 and x1 at the height y0..y1.
func (g *grouper) parted(x0, x1, y0, y1 int) bool {
	for _, r := range g.strokes {
		if r.Vertical && r.X0 >= x0-1 && r.X1 <= x1+1 && min(r.Y1, y1)-max(r.Y0, y0) > (y1-y0)/2 {
			return true
		}
	}
	return false
}

// merge joins segments that are one line after all: they overlap in height, and in width they
// overlap or stand close.
func (g *grouper) merge() {
	for changed := true; changed; {
		changed = false
		slices.SortFunc(g.open, func(a, b *segment) int { return cmp.Compare(a.x0, b.x0) })
		for i := 0; i < len(g.open); i++ {
			a := g.open[i]
			for j := i + 1; j < len(g.open); j++ {
				b := g.open[j]
				ha, hb := a.y1-a.y0, b.y1-b.y0
				low, high := min(ha, hb), max(ha, hb)
				if float64(b.x0-a.x1) > joinGap*float64(high) {
					break
				}
				overlap := min(a.y1, b.y1) - max(a.y0, b.y0)
				inside := b.x1 <= a.x1
				if !inside && g.stop(a, b) && !g.parted(a.x1, b.x0, b.y0, b.y1) {
					overlap = low
				}
				if 10*overlap < 6*low || !inside && high > 3*low ||
					g.parted(a.x1, b.x0, max(a.y0, b.y0), min(a.y1, b.y1)) {
					continue
				}
				for _, m := range b.members {
					a.take(g.comps[m], m)
				}
				slices.SortFunc(a.members, func(x, y int) int { return cmp.Compare(g.comps[x].X0, g.comps[y].X0) })
				g.open = slices.Delete(g.open, j, j+1)
				j--
				changed = true
			}
		}
	}
}

// stop reports whether b is a comma, stop or quote that was taken for a letter: one piece, much
// lower than the line before it, close behind it, at its foot or at its head.
func (g *grouper) stop(a, b *segment) bool {
	ha, hb := a.y1-a.y0, b.y1-b.y0
	return len(b.members) == 1 && len(a.members) > 1 && 10*hb < 7*ha && 2*(b.x1-b.x0) < ha && 10*(b.x0-a.x1) < 6*ha &&
		b.y1 > a.y0 && b.y0 < a.y1 && b.y1 < a.y1+ha/2
}

// attach gives every small piece to the segment that it stands in or right beside.
func (g *grouper) attach(small []int, size int) {
	boxes := make([]segment, len(g.open))
	for k, s := range g.open {
		boxes[k] = *s
	}
	for _, i := range small {
		c := g.comps[i]
		cx, cy := (c.X0+c.X1)/2, (c.Y0+c.Y1)/2
		best, bestAway := -1, 1<<30
		for k := range boxes {
			s := &boxes[k]
			h := s.y1 - s.y0
			away := max(s.x0-cx, cx-s.x1, 0)
			off := max(s.y0-cy, cy-s.y1, 0)
			if away > h || off > h/3 || c.W() > 3*h {
				continue
			}
			if d := away + 2*off; d < bestAway {
				best, bestAway = k, d
			}
		}
		if best >= 0 {
			g.open[best].take(c, i)
		}
	}
	for _, s := range g.open {
		slices.SortFunc(s.members, func(x, y int) int { return cmp.Compare(g.comps[x].X0, g.comps[y].X0) })
	}
}

// measure finds the baseline and the height of the capitals.
func (s *segment) measure(comps []pixel.Component) {
	tops, bottoms := []int{}, []int{}
	tallest := 0
	for _, m := range s.members {
		tallest = max(tallest, comps[m].H())
	}
	for _, m := range s.members {
		if c := comps[m]; 2*c.H() >= tallest {
			tops, bottoms = append(tops, c.Y0), append(bottoms, c.Y1)
		}
	}
	slices.Sort(tops)
	slices.Sort(bottoms)
	s.base = float64(bottoms[len(bottoms)/2])
	s.rise = max(s.base-float64(tops[len(tops)/10]), 3)
}

// frames marks the components that are hollow rectangles: check boxes and cells whose edges
// are too short for a ruling line. They would be read as letters.
func frames(k *pixel.Ink, comps []pixel.Component, labels []int32, size int) []bool {
	out := make([]bool, len(comps))
	for i, c := range comps {
		w, h := c.W(), c.H()
		if w < 9 || h < 9 || 10*w < 9*size || 10*h < 9*size || w > 8*h || h > 3*w {
			continue
		}
		out[i] = edge(k, labels, int32(i+1), c) && !crowded(comps, i, size)
	}
	return out
}

// crowded reports whether another letter stands right beside a component, as in a word.
func crowded(comps []pixel.Component, i, size int) bool {
	c := comps[i]
	for j, d := range comps {
		gap := max(d.X0-c.X1, c.X0-d.X1)
		if j != i && gap >= 0 && 10*gap < 3*size && 2*d.H() > c.H() && d.H() < 2*c.H() && d.W() < 3*size &&
			2*(min(c.Y1, d.Y1)-max(c.Y0, d.Y0)) > d.H() {
			return true
		}
	}
	return false
}

// edge reports whether a component runs along all four sides of its box.
func edge(k *pixel.Ink, labels []int32, label int32, c pixel.Component) bool {
	const deep = 2 // pixels into the box: frames are drawn askew
	side := func(n int, at func(i, d int) int) bool {
		hit := 0
		for i := range n {
			for d := range deep {
				if labels[at(i, d)] == label {
					hit++
					break
				}
			}
		}
		return 100*hit >= 94*n
	}
	w := k.W
	corner := func(x, y, dx, dy int) bool { // letters are round there
		return labels[y*w+x] == label || labels[y*w+x+dx] == label || labels[(y+dy)*w+x] == label
	}
	if !corner(c.X0, c.Y0, 1, 1) || !corner(c.X1-1, c.Y0, -1, 1) ||
		!corner(c.X0, c.Y1-1, 1, -1) || !corner(c.X1-1, c.Y1-1, -1, -1) {
		return false
	}
	return side(c.W(), func(i, d int) int { return (c.Y0+d)*w + c.X0 + i }) &&
		side(c.W(), func(i, d int) int { return (c.Y1-1-d)*w + c.X0 + i }) &&
		side(c.H(), func(i, d int) int { return (c.Y0+i)*w + c.X0 + d }) &&
		side(c.H(), func(i, d int) int { return (c.Y0+i)*w + c.X1 - 1 - d })
}
