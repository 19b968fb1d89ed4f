package ocr

import (
	"image"
	"math"
)

// inkBelow are the greys below which a pixel of the even base picture may be ink: where a face
// is bold or small, the gaps beside the slash are only a little lighter than it.
var inkBelow = [...]uint8{140, 110, 80}

// openZero takes the slash or the dot out of a zero that stands alone in r: the recogniser
// knows empty zeros only and reads others as "8", "@" or "Q". Old terminals, typewriter faces
// and many laboratory systems print them.
func openZero(img *image.Gray, r image.Rectangle) {
	for _, below := range inkBelow {
		z := zero{img, trim(img, r.Intersect(img.Rect), below), below}
		w, h := z.r.Dx(), z.r.Dy()
		if w < 6 || 4*h < 5*w || h > 3*w || !z.closed() {
			continue
		}
		wall, ok := z.divided()
		if !ok {
			wall, ok = z.slashed()
		}
		if ok {
			z.open(wall)
			return
		}
	}
}

// zero is what may be a divided zero: the ink of img within r.
type zero struct {
	img   *image.Gray
	r     image.Rectangle
	below uint8
}

// ink reports whether there is ink at a place of r, counted from its corner.
func (z zero) ink(x, y int) bool {
	return z.img.Pix[z.img.PixOffset(z.r.Min.X+x, z.r.Min.Y+y)] < z.below
}

// open whitens the inside, an ellipse within the walls.
func (z zero) open(wall float64) {
	w, h := float64(z.r.Dx()), float64(z.r.Dy())
	a, b := w/2-wall-0.5, h/2-wall-0.5
	for y := range z.r.Dy() {
		v := (float64(y) + 0.5 - h/2) / b
		if v*v >= 1 {
			continue
		}
		reach := a * math.Sqrt(1-v*v)
		for x := int(math.Ceil(w/2 - reach - 0.5)); float64(x)+0.5 <= w/2+reach; x++ {
			z.img.Pix[z.img.PixOffset(z.r.Min.X+x, z.r.Min.Y+y)] = 255
		}
	}
}

// trim is the smallest rectangle within r that has all its ink.
func trim(img *image.Gray, r image.Rectangle, below uint8) image.Rectangle {
	out := image.Rectangle{r.Max, r.Min}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x, v := range img.Pix[img.PixOffset(r.Min.X, y):img.PixOffset(r.Max.X, y)] {
			if v < below {
				out.Min.X, out.Max.X = min(out.Min.X, r.Min.X+x), max(out.Max.X, r.Min.X+x+1)
				out.Min.Y, out.Max.Y = min(out.Min.Y, y), y+1
			}
		}
	}
	return out
}

// closed reports whether the outer edge is that of a ring, all around: no corner as of "B" and
// "D", no waist as of "8", no gap as of "G" and "6".
func (z zero) closed() bool {
	w, h := z.r.Dx(), z.r.Dy()
	slack := max(1.2, 0.11*float64(w))
	for y := h / 8; y < h-h/8; y++ {
		v := (float64(y) + 0.5 - float64(h)/2) / (float64(h) / 2)
		side := float64(w) / 2 * (1 - math.Sqrt(1-v*v)) // where an ellipse begins
		left, right := 0, 0
		for left < w && !z.ink(left, y) {
			left++
		}
		for right < w && !z.ink(w-1-right, y) {
			right++
		}
		if math.Abs(float64(left)-side) > slack || math.Abs(float64(right)-side) > slack {
			return false
		}
	}
	head, foot := false, false
	for x := w/2 - 1; x <= w/2; x++ {
		for y := range h/4 + 1 {
			head, foot = head || z.ink(x, y), foot || z.ink(x, h-1-y)
		}
	}
	return head && foot
}

// divided reports whether, across its middle, the ring holds one piece of ink that stands free
// of both walls, and how thick the walls are. An "8" is full across its waist and free beside it.
func (z zero) divided() (wall float64, ok bool) {
	w, h := z.r.Dx(), z.r.Dy()
	hit, rows := 0, 0
	for y := h/2 - h/10; y <= (h-1)/2+h/10; y++ {
		rows++
		if first, last, ok := between3(w, func(i int) bool { return z.ink(i, y) }); ok {
			hit++
			wall += float64(first+last) / 2
		}
	}
	return wall / float64(max(hit, 1)), 3*hit >= 2*rows
}

// slashed reports whether a stroke from the lower left to the upper right fills the middle of the
// ring, however thick, and how thick the walls are: above it there is paper on the left, below it
// on the right. The bowls of an "8" stand over each other, and lean the other way where it is slanted.
func (z zero) slashed() (wall float64, ok bool) {
	const lean = 0.1 // of the width, from the paper above to that below
	w, h := z.r.Dx(), z.r.Dy()
	if !z.ink((w-1)/2, (h-1)/2) && !z.ink(w/2, h/2) {
		return 0, false
	}
	head, n := z.paper(h/3, h/2)
	foot, m := z.paper((h+1)/2, h-h/3)
	if n == 0 || m == 0 || foot-head < lean*float64(w) {
		return 0, false
	}
	left := thick(w, func(i int) bool { return z.ink(i, h/3) })
	right := thick(w, func(i int) bool { return z.ink(w-1-i, h-1-h/3) })
	return float64(left+right) / 2, left+right < w
}

// thick is how much ink stands together from one end of a line of n pixels, behind its margin.
func thick(n int, ink func(i int) bool) int {
	from := 0
	for from < n && !ink(from) {
		from++
	}
	to := from
	for to < n && ink(to) {
		to++
	}
	return to - from
}

// paper is the mean place along the rows from y0 to y1 of what is paper within the ring, and how
// many pixels that are.
func (z zero) paper(y0, y1 int) (x float64, n int) {
	sum := 0.0
	for y := y0; y < y1; y++ {
		first, last := -1, -1
		for x := range z.r.Dx() {
			if z.ink(x, y) {
				if first < 0 {
					first = x
				}
				last = x
			}
		}
		for x := first; x < last; x++ {
			if !z.ink(x, y) {
				sum += float64(x) + 0.5
				n++
			}
		}
	}
	return sum / float64(max(n, 1)), n
}

// between3 reports whether a line of n pixels is wall, paper, ink, paper, wall, with the ink
// about in the middle, and gives the thickness of the walls.
func between3(n int, ink func(i int) bool) (first, last int, ok bool) {
	var runs [3][2]int
	k := 0
	for i := 0; i < n; {
		if !ink(i) {
			i++
			continue
		}
		from := i
		for i < n && ink(i) {
			i++
		}
		if k == 3 {
			return 0, 0, false
		}
		runs[k] = [2]int{from, i}
		k++
	}
	if k != 3 {
		return 0, 0, false
	}
	mid := float64(runs[1][0]+runs[1][1]) / 2 / float64(n)
	return runs[0][1] - runs[0][0], runs[2][1] - runs[2][0], mid > 0.33 && mid < 0.67
}
