package barcode

import (
	"image"
	"math"
	"slices"

	"chartlake/document"
)

// Patch codes part stacks for document scanners: four bars, two of them wide, 0.8 inches in all and
// at least 2 inches long (Kodak A-61599, Patch Code Information). In narrow widths of 0.08 inches
// a wide bar is 2.5 and the whole is 10.
var patches = map[[4]bool]string{ // wide bars, from the nearest edge of the page on
	{true, true, false, false}: "PATCH1",
	{true, false, false, true}: "PATCH2",
	{true, false, true, false}: "PATCH3",
	{false, true, true, false}: "PATCH4",
	{false, true, false, true}: "PATCHT",
	{false, false, true, true}: "PATCH6",
}

// A narrow bar as a share of the page's shorter side: 0.08 inches are 0.0094 of letter paper and 0.016
// of a half sheet; copiers reduce. Bars must be patchLong narrow widths long: half of what is demanded,
// since sheets are cut and torn.
const (
	patchLeast = 0.006
	patchMost  = 0.018
	patchLong  = 14
)

// crossing is four bars as one line across them shows them: where they begin and how wide they are
// together, in pixels.
type crossing struct {
	line, from, size int
	wide             [4]bool
}

// patch follows crossings from line to line.
type patch struct {
	first, last crossing
}

// findPatches gives the patch codes of a picture whose bars lie level or stand.
func findPatches(img *image.Gray) (out []document.Code) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	ink := middle(img)
	side := float64(min(w, h))
	step := max(1, int(2*patchLeast*side)) // between the lines that are looked at
	for _, level := range []bool{true, false} {
		lines, length, next, along := h, w, img.Stride, 1
		if level { // bars lie: lines across them go down the page
			lines, length, next, along = w, h, 1, img.Stride
		}
		var open, done []patch
		for line := step / 2; line < lines; line += step {
			crossings := cross(img.Pix[line*next:], length, along, ink, side)
			var going []patch
			for _, c := range crossings {
				c.line = line
				at := slices.IndexFunc(open, func(p patch) bool { return p.goesOn(c, 2*step) })
				if at < 0 {
					going = append(going, patch{c, c})
					continue
				}
				p := open[at]
				p.last = c
				going = append(going, p)
				open = slices.Delete(open, at, at+1)
			}
			for _, p := range open { // a line may miss the bars where dirt lies on them
				if line-p.last.line < 2*step {
					going = append(going, p)
				} else {
					done = append(done, p)
				}
			}
			open = going
		}
		for _, p := range append(done, open...) {
			if 10*(p.last.line-p.first.line) < patchLong*p.last.size {
				continue
			}
			r := image.Rect(min(p.first.from, p.last.from), p.first.line, max(p.first.from+p.first.size, p.last.from+p.last.size), p.last.line)
			if level {
				r = image.Rect(r.Min.Y, r.Min.X, r.Max.Y, r.Max.X)
			}
			wide := p.first.wide
			if p.first.from+p.first.size/2 > length/2 {
				slices.Reverse(wide[:])
			}
			out = append(out, document.Code{Symbology: Patch, Text: patches[wide], Box: fraction(r, w, h)})
		}
	}
	return out
}

// goesOn reports whether a crossing is of the same bars, some lines on: up to 12 degrees askew.
func (p patch) goesOn(c crossing, within int) bool {
	move := math.Abs(float64(c.from - p.last.from))
	return c.wide == p.last.wide && c.line-p.last.line <= within && move <= 1+0.21*float64(c.line-p.last.line) &&
		math.Abs(float64(c.size-p.last.size)) <= 2+0.05*float64(c.size)
}

// cross finds four bars in a row of pixels that are along apart.
func cross(pix []uint8, n, along int, ink uint8, side float64) (out []crossing) {
	var runs [9]int // the last ones, the latest last: paper, bar, paper, bar, paper, bar, paper, bar, paper
	dark, at := false, 0
	for i := 0; i <= n; i++ {
		now := i < n && pix[i*along] < ink
		if now == dark && i < n {
			continue
		}
		copy(runs[:], runs[1:])
		runs[8] = i - at
		if at = i; !dark { // paper ends: perhaps after four bars
			if c, ok := bars(runs, side); ok {
				c.from = i - runs[8] - c.size
				out = append(out, c)
			}
		}
		dark = now
	}
	return out
}

// bars reports whether seven runs between two of paper are the bars and spaces of a patch code.
func bars(runs [9]int, side float64) (c crossing, ok bool) {
	for _, n := range runs[1:8] {
		c.size += n
	}
	unit := float64(c.size) / 10
	if unit < patchLeast*side || unit > patchMost*side || float64(min(runs[0], runs[8])) < 1.5*unit {
		return c, false
	}
	wide := 0
	for i, n := range runs[1:8] {
		switch v := float64(n) / unit; {
		case v >= 0.65 && v <= 1.4:
		case i%2 == 0 && v >= 2.1 && v <= 2.95:
			c.wide[i/2] = true
			wide++
		default:
			return c, false
		}
	}
	return c, wide == 2
}
