package mark

import (
	"math"
	"slices"

	"chartlake/reader/pixel"
)

// shape is one component of the working picture.
type shape struct {
	ink    *pixel.Ink
	labels []int32
	label  int32
	box    pixel.Component
}

func (s shape) has(x, y int) bool {
	return x >= 0 && y >= 0 && x < s.ink.W && y < s.ink.H && s.labels[y*s.ink.W+x] == s.label
}

// frame finds the frame of a component: its own box, or, where a stroke goes over the frame,
// the rectangle of its longest lines. kind is box or circle.
func (s shape) frame(size float64) (pixel.Component, string, bool) {
	inner, lined := s.lines()
	for _, round := range [2]int{2, max(2, s.box.H()/8)} { // pixels to which blur may round a corner
		if square(s.box) && s.edged(s.box, round) {
			return s.box, "box", true
		}
		if lined && square(inner) && s.edged(inner, round) && float64(inner.H()) > 0.6*size {
			return inner, "box", true
		}
	}
	if s.round(s.box) || s.disc() {
		return s.box, "circle", true
	}
	return pixel.Component{}, "", false
}

func square(c pixel.Component) bool {
	return 10*c.W() >= 7*c.H() && 10*c.H() >= 7*c.W()
}

// edged reports whether ink runs along all four sides of a rectangle and into its corners,
// which letters do not have, and its inside is not solid. A corner may be round by some pixels.
func (s shape) edged(c pixel.Component, round int) bool {
	deep := 2 + c.H()/16 // how far a side may stray into the box
	side := func(n int, at func(i, d int) bool) bool {
		hit := 0
		for i := range n {
			for d := range deep {
				if at(i, d) {
					hit++
					break
				}
			}
		}
		return 100*hit >= 92*n
	}
	corner := func(x, y, dx, dy int) bool {
		for i := range round {
			for j := range round {
				if s.has(x+i*dx, y+j*dy) {
					return true
				}
			}
		}
		return false
	}
	if !corner(c.X0, c.Y0, 1, 1) || !corner(c.X1-1, c.Y0, -1, 1) || !corner(c.X0, c.Y1-1, 1, -1) || !corner(c.X1-1, c.Y1-1, -1, -1) {
		return false
	}
	return side(c.W(), func(i, d int) bool { return s.has(c.X0+i, c.Y0+d) }) &&
		side(c.W(), func(i, d int) bool { return s.has(c.X0+i, c.Y1-1-d) }) &&
		side(c.H(), func(i, d int) bool { return s.has(c.X0+d, c.Y0+i) }) &&
		side(c.H(), func(i, d int) bool { return s.has(c.X1-1-d, c.Y0+i) }) &&
		s.ink.Share(c.X0+c.W()/4, c.Y0+c.H()/4, c.X1-c.W()/4, c.Y1-c.H()/4) < 0.97
}

// lines finds the frame within a component that is larger than it: its straight lines are the
// longest runs of ink, two of them across and two down, and they bound it.
func (s shape) lines() (pixel.Component, bool) {
	c := s.box
	across := outer(c.Y0, c.Y1, c.X0, c.X1, func(y, x int) bool { return s.has(x, y) })
	down := outer(c.X0, c.X1, c.Y0, c.Y1, s.has)
	in := pixel.Component{X0: down[0], X1: down[1] + 1, Y0: across[0], Y1: across[1] + 1}
	return in, in.W() >= 8 && in.H() >= 8
}

// outer gives the first and the last row whose longest run of ink is more than half of the longest of all.
func outer(r0, r1, p0, p1 int, ink func(r, p int) bool) [2]int {
	longest := make([]int, r1-r0)
	most := 0
	for r := range longest {
		run := 0
		for p := p0; p < p1; p++ {
			if !ink(r0+r, p) {
				run = 0
				continue
			}
			run++
			longest[r] = max(longest[r], run)
		}
		most = max(most, longest[r])
	}
	out := [2]int{r1, r0}
	for r, n := range longest {
		if 100*n >= 55*most { // a stroke that goes on from a side makes it longer
			out[0], out[1] = min(out[0], r0+r), max(out[1], r0+r)
		}
	}
	return out
}

// ring finds a circle within a component that is larger than it, because a stroke goes over it: of
// the size of a circle that stands alone on the page.
func (s shape) ring(alone []pixel.Component) (pixel.Component, bool) {
	var sides []int
	for _, a := range alone {
		if side := (a.W() + a.H() + 1) / 2; !slices.Contains(sides, side) {
			sides = append(sides, side)
		}
	}
	for _, side := range sides {
		if c, ok := s.within(side, s.round); ok {
			return c, true
		}
	}
	for _, d := range [3]int{0, 1, -1} { // blurred strokes across it
		for _, side := range sides {
			if c, ok := s.within(side+d, s.rim); ok {
				return c, true
			}
		}
	}
	return pixel.Component{}, false
}

// within looks for a square of this side in a component that is a ring.
func (s shape) within(side int, ring func(pixel.Component) bool) (pixel.Component, bool) {
	if s.box.W() < side || s.box.H() < side || s.box.W() > 5*side/2 || s.box.H() > 5*side/2 {
		return pixel.Component{}, false
	}
	for y := s.box.Y0; y+side <= s.box.Y1; y++ {
		for x := s.box.X0; x+side <= s.box.X1; x++ {
			if c := (pixel.Component{X0: x, Y0: y, X1: x + side, Y1: y + side}); ring(c) {
				return c, true
			}
		}
	}
	return pixel.Component{}, false
}

// round reports whether a component has a ring: seen from its middle, its outer edge lies on
// the circle of the box c in all directions, its line is thin and the inside next to it is free.
func (s shape) round(c pixel.Component) bool {
	if 100*c.W() < 88*c.H() || 100*c.H() < 88*c.W() || c.H() < 10 {
		return false
	}
	cx, cy := float64(c.X0+c.X1-1)/2, float64(c.Y0+c.Y1-1)/2
	r := float64(c.W()+c.H()) / 4
	const directions = 32
	on, thin := 0, 0
	free := 0.68 // of the radius: just inside of the line
	if wall := s.wall(c); wall > 0.2*r {
		free = 0.56 // a blurred line is thick
	}
	for i := range directions {
		sin, cos := math.Sincos(float64(i) * 2 * math.Pi / directions)
		hit := false
		for d := 0.82; d <= 1.06; d += 0.04 {
			if s.has(int(math.Round(cx+cos*r*d)), int(math.Round(cy+sin*r*d))) {
				hit = true
				break
			}
		}
		if hit {
			on++
		}
		if !s.has(int(math.Round(cx+cos*r*free)), int(math.Round(cy+sin*r*free))) {
			thin++
		}
	}
	return on >= directions-1 && thin >= directions*5/8
}

// rim reports whether a component has a ring at c with strokes across it, as blur makes them: its outer edge
// lies on the circle in all directions, and most is free outside of it and a quarter inside.
func (s shape) rim(c pixel.Component) bool {
	if c.H() < 10 {
		return false
	}
	cx, cy := float64(c.X0+c.X1-1)/2, float64(c.Y0+c.Y1-1)/2
	r := float64(c.W()+c.H()) / 4
	const directions = 32
	on, inside, outside := 0, 0, 0
	for i := range directions {
		sin, cos := math.Sincos(float64(i) * 2 * math.Pi / directions)
		at := func(d float64) bool {
			return s.has(int(math.Round(cx+cos*r*d)), int(math.Round(cy+sin*r*d)))
		}
		if at(0.88) || at(0.94) || at(1) {
			on++
		}
		if !at(0.6) {
			inside++
		}
		if !at(1.2) {
			outside++
		}
	}
	return on == directions && 4*inside >= directions && 8*outside >= 7*directions
}

// wall is the thickness of the line of a ring in pixels, where its middle line enters it.
func (s shape) wall(c pixel.Component) float64 {
	y, n := (c.Y0+c.Y1)/2, 0
	for x := c.X0; x < c.X1 && n < c.W(); x++ {
		if !s.has(x, y) {
			if n > 0 {
				break
			}
			continue
		}
		n++
	}
	return float64(n)
}

// disc reports whether a component is a round blot: a radio circle that was filled in. It
// counts only beside hollow circles of its size.
func (s shape) disc() bool {
	c := s.box
	if 100*c.W() < 85*c.H() || 100*c.H() < 85*c.W() || c.H() < 10 {
		return false
	}
	cx, cy, r := float64(c.X0+c.X1-1)/2, float64(c.Y0+c.Y1-1)/2, float64(c.W()+c.H())/4
	in, inked, out, outked := 0, 0, 0, 0
	for y := c.Y0; y < c.Y1; y++ {
		for x := c.X0; x < c.X1; x++ {
			d := math.Hypot(float64(x)-cx, float64(y)-cy) / r
			switch {
			case d < 0.9:
				in++
				if s.has(x, y) {
					inked++
				}
			case d > 1.12:
				out++
				if s.has(x, y) {
					outked++
				}
			}
		}
	}
	return 100*inked > 88*in && 10*outked <= out
}

// fill is the share of ink within the inner 64 % of a frame (of a circle: its inscribed square).
func (s shape) fill(c pixel.Component, kind string) float64 {
	inset := 0.18
	if kind == "circle" {
		inset = 0.27
	}
	dx, dy := int(math.Ceil(float64(c.W())*inset)), int(math.Ceil(float64(c.H())*inset))
	return s.ink.Share(c.X0+dx, c.Y0+dy, c.X1-dx, c.Y1-dy)
}

// crossed reports whether the component goes on outside its frame: a hand drew over it.
func (s shape) crossed(c pixel.Component) bool {
	return s.box.X0 < c.X0-2 || s.box.Y0 < c.Y0-2 || s.box.X1 > c.X1+2 || s.box.Y1 > c.Y1+2
}
