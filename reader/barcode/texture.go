package barcode

import (
	"image"
	"slices"
)

// The page is looked at in square cells of a 200th of its longer side: 1.4 mm of a letter page.
// The narrowest code that people print on paper, eight dots of 0.4 mm, has two to three.
const (
	cells     = 200
	cellLeast = 8 // pixels
	every     = 3 // steps across are looked at in every third row, steps down in every third column
)

// Steps of grey are counted above the grain of scanners. The means over a cell that tell bars
// and dots were measured on generated pages: bars of three pixels give 40 to 90 across and
// less than 5 along, of a blurred photograph 12 and 3; print 8 to 40 both ways.
const (
	grain     = 16
	stepLeast = 7
	barRatio  = 3 // steps across bars to steps along them
)

// cell sums the steps of grey in it, and the grey, with how many there are of each.
type cell struct {
	across, light, n int
	down, m          int
}

func (c cell) kind() kind {
	if c.n == 0 || c.m == 0 {
		return none
	}
	x, y, mean := c.across/c.n, c.down/c.m, c.light/c.n
	switch {
	case x >= stepLeast && x >= barRatio*max(y, 1):
		return across
	case y >= stepLeast && y >= barRatio*max(x, 1):
		return down
	case x >= stepLeast && y >= stepLeast && x <= 3*y && y <= 3*x && mean > 50 && mean < 200:
		return dots
	}
	return none
}

// texture gives the places that look like bars or dots, the largest first.
func texture(img *image.Gray) []place {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	side := max(cellLeast, (max(w, h)+cells/2)/cells)
	g := grid{w: (w + side - 1) / side, h: (h + side - 1) / side, side: side}
	g.kinds = measure(img, g)
	var out []place
	for _, k := range []kind{across, down, dots} {
		out = append(out, g.places(k, img.Rect)...)
	}
	slices.SortStableFunc(out, func(a, b place) int { return b.Dx()*b.Dy() - a.Dx()*a.Dy() })
	return out
}

type grid struct {
	w, h, side int
	kinds      []kind
}

func measure(img *image.Gray, g grid) []kind {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	var step [511]uint8 // what a difference counts for, by difference + 255
	for d := range step {
		step[d] = uint8(max(0, max(d-255, 255-d)-grain))
	}
	sums := make([]cell, g.w*g.h)
	for y := range h - 1 {
		row, next := img.Pix[y*img.Stride:y*img.Stride+w], img.Pix[(y+1)*img.Stride:(y+1)*img.Stride+w]
		line := sums[y/g.side*g.w : (y/g.side+1)*g.w]
		for cx := range line {
			from, to := cx*g.side, min((cx+1)*g.side, w-1)
			c := &line[cx]
			for x := from; x < to; x += every {
				c.down += int(step[int(next[x])-int(row[x])+255])
				c.m++
			}
			if y%every != 0 || from >= to {
				continue
			}
			last := int(row[from])
			for _, v := range row[from+1 : to+1] {
				c.light += last
				c.across += int(step[int(v)-last+255])
				last = int(v)
			}
			c.n += to - from
		}
	}
	kinds := make([]kind, len(sums))
	for i, c := range sums {
		kinds[i] = c.kind()
	}
	return kinds
}

// Sizes of places in cells.
const (
	barsLong = 6
	barsHigh = 2
	dotsSide = 3
)

// places joins the cells of a kind to rectangles. A cell between two of the kind belongs to them: a
// wide bar may fill it.
func (g grid) places(k kind, page image.Rectangle) []place {
	on := make([]bool, len(g.kinds))
	for y := range g.h {
		for x := range g.w {
			i := y*g.w + x
			is := func(dx, dy int) bool {
				return x+dx >= 0 && x+dx < g.w && y+dy >= 0 && y+dy < g.h && g.kinds[i+dy*g.w+dx] == k
			}
			on[i] = is(0, 0) || k != down && is(-1, 0) && is(1, 0) || k != across && is(0, -1) && is(0, 1)
		}
	}
	var out []place
	var stack []int
	for start := range on {
		if !on[start] {
			continue
		}
		on[start] = false
		stack = append(stack[:0], start)
		r, n := image.Rectangle{image.Pt(g.w, g.h), image.Pt(0, 0)}, 0
		for len(stack) > 0 {
			i := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			x, y := i%g.w, i/g.w
			n++
			r.Min.X, r.Min.Y, r.Max.X, r.Max.Y = min(r.Min.X, x), min(r.Min.Y, y), max(r.Max.X, x+1), max(r.Max.Y, y+1)
			for _, d := range [4][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
				if nx, ny := x+d[0], y+d[1]; nx >= 0 && nx < g.w && ny >= 0 && ny < g.h && on[ny*g.w+nx] {
					on[ny*g.w+nx] = false
					stack = append(stack, ny*g.w+nx)
				}
			}
		}
		if !sized(k, r, n) {
			continue
		}
		p := place{kind: k, margin: 3 * g.side,
			Rectangle: image.Rect(r.Min.X*g.side, r.Min.Y*g.side, r.Max.X*g.side, r.Max.Y*g.side).Intersect(page)}
		out = append(out, p)
	}
	return out
}

// sized reports whether n cells within a rectangle of cells may be a code of this kind.
func sized(k kind, r image.Rectangle, n int) bool {
	long, high := r.Dx(), r.Dy()
	switch k {
	case down:
		long, high = high, long
		fallthrough
	case across:
		return long >= barsLong && high >= barsHigh && 2*n >= long*high
	}
	return long >= dotsSide && high >= dotsSide && long <= 5*high && high <= 5*long && 10*n >= 6*long*high
}
