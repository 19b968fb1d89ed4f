package barcode

import (
	"cmp"
	"image"
	"math"
	"slices"
)

// The eye of a QR code is seen along any line through its middle as dark, light, dark, light,
// dark in the widths 1:1:3:1:1 (ISO/IEC 18004 section 6.3.3).

const (
	eyeRows  = 4   // every fourth row is looked at; an eye of two-pixel modules is six rows high in its middle
	eyesMax  = 400 // more is a texture, not an eye
	eyeLeast = 10  // pixels across an eye
)

type eye struct {
	x, y, module float64
	seen         int
}

// eyes gives the places that three eyes span, the smallest first: eyes of several codes span
// places too.
func eyes(img *image.Gray) []place {
	found := look(img)
	found = slices.DeleteFunc(found, func(e eye) bool { return e.seen < 2 })
	var out []place
	for a := range found {
		for b := a + 1; b < len(found); b++ {
			for c := b + 1; c < len(found); c++ {
				if p, ok := corner(found[a], found[b], found[c], img.Rect); ok {
					out = append(out, p)
				}
			}
		}
		if len(out) >= placesMax {
			break
		}
	}
	slices.SortStableFunc(out, func(a, b place) int { return cmp.Compare(a.Dx()*a.Dy(), b.Dx()*b.Dy()) })
	return out
}

// look finds the eyes: where a row and the column through its middle both show one.
func look(img *image.Gray) []eye {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	ink := middle(img)
	var found []eye
	for y := eyeRows / 2; y < h; y += eyeRows {
		row := img.Pix[y*img.Stride : y*img.Stride+w]
		var run [5]int // the last five runs, the newest last, which is dark
		start, dark := 0, false
		for x := 0; x <= w; x++ {
			is := x < w && row[x] < ink
			if is == dark && x < w {
				continue
			}
			copy(run[:], run[1:])
			run[4] = x - start
			if dark && ratio(run) {
				mid := x - run[4] - run[3] - run[2]/2 - 1
				if e, ok := confirm(img, mid, y, run, ink); ok {
					found = add(found, e)
					if len(found) > eyesMax {
						return nil
					}
				}
			}
			start, dark = x, is
		}
	}
	return found
}

// middle is the grey half way between the paper and the ink of a page, from a part of its pixels.
func middle(img *image.Gray) uint8 {
	var count [256]int
	n := 0
	for y := 0; y < img.Rect.Dy(); y += 16 {
		for x := 0; x < img.Rect.Dx(); x += 8 {
			count[img.Pix[y*img.Stride+x]]++
			n++
		}
	}
	paper, sum := 255, 0
	for v := 255; v >= 0; v-- { // the median of the lighter half
		if sum += count[v]; 4*sum >= n {
			paper = v
			break
		}
	}
	return uint8(paper * 11 / 20)
}

// ratio reports whether five runs are 1:1:3:1:1, each within half a module, or within a pixel where
// modules are small.
func ratio(run [5]int) bool {
	all := 0
	for _, n := range run {
		if n == 0 {
			return false
		}
		all += n
	}
	if all < eyeLeast {
		return false
	}
	m := float64(all) / 7
	near := max(m/2, 1.2)
	for i, n := range run {
		want := m
		if i == 2 {
			want = 3 * m
		}
		if d := math.Abs(float64(n) - want); d > near && (i != 2 || d > 1.5*near) {
			return false
		}
	}
	return true
}

// confirm looks up and down from the middle of an eye that a row shows.
func confirm(img *image.Gray, x, y int, across [5]int, ink uint8) (eye, bool) {
	all := 0
	for _, n := range across {
		all += n
	}
	h := img.Rect.Dy()
	at := func(y int) bool { return img.Pix[y*img.Stride+x] < ink }
	if x < 0 || x >= img.Rect.Dx() || !at(y) {
		return eye{}, false
	}
	top, bottom := y, y
	for top > 0 && at(top-1) {
		top--
	}
	for bottom < h-1 && at(bottom+1) {
		bottom++
	}
	run := [5]int{2: bottom - top + 1}
	runs := func(from, step int, out ...*int) {
		dark := false
		for _, n := range out {
			for from >= 0 && from < h && at(from) == dark && *n <= all {
				*n++
				from += step
			}
			dark = !dark
		}
	}
	runs(top-1, -1, &run[1], &run[0])
	runs(bottom+1, 1, &run[3], &run[4])
	if !ratio(run) {
		return eye{}, false
	}
	high := 0
	for _, n := range run {
		high += n
	}
	if 5*high < 3*all || 5*all < 3*high {
		return eye{}, false
	}
	return eye{float64(x), float64(top+bottom) / 2, float64(all+high) / 14, 1}, true
}

// add joins an eye to one that was seen in a row before.
func add(found []eye, e eye) []eye {
	for i := range found {
		o := &found[i]
		if math.Abs(o.x-e.x) <= 2*o.module && math.Abs(o.y-e.y) <= 2*o.module && e.module < 1.6*o.module && o.module < 1.6*e.module {
			n := float64(o.seen)
			o.x, o.y, o.module = (o.x*n+e.x)/(n+1), (o.y*n+e.y)/(n+1), (o.module*n+e.module)/(n+1)
			o.seen++
			return found
		}
	}
	return append(found, e)
}

// corner reports whether three eyes are the corners of a QR code: of one size, at a right
// angle, both sides alike and as long as a code of 21 to 177 modules has them.
func corner(a, b, c eye, page image.Rectangle) (place, bool) {
	module := (a.module + b.module + c.module) / 3
	for _, e := range [3]eye{a, b, c} {
		if e.module > 1.4*module || module > 1.4*e.module {
			return place{}, false
		}
	}
	far := func(p, q eye) float64 { return math.Hypot(p.x-q.x, p.y-q.y) }
	for range 3 { // a is the corner: opposite to the longest side
		if far(b, c) >= far(a, b) && far(b, c) >= far(a, c) {
			break
		}
		a, b, c = b, c, a
	}
	ab, ac, bc := far(a, b), far(a, c), far(b, c)
	if ab > 1.35*ac || ac > 1.35*ab || math.Abs(bc*bc-ab*ab-ac*ac) > 0.25*bc*bc ||
		ab < 11*module || ab > 190*module {
		return place{}, false
	}
	d := eye{x: b.x + c.x - a.x, y: b.y + c.y - a.y}
	x0, x1 := min(a.x, b.x, c.x, d.x), max(a.x, b.x, c.x, d.x)
	y0, y1 := min(a.y, b.y, c.y, d.y), max(a.y, b.y, c.y, d.y)
	out := 3.5 * module
	r := image.Rect(int(x0-out), int(y0-out), int(x1+out)+1, int(y1+out)+1).Intersect(page)
	return place{kind: eyed, Rectangle: r, margin: int(5*module) + 1}, !r.Empty()
}
