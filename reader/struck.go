package reader

import (
	"image"
	"math"

	"chartlake/document"
	"chartlake/reader/layout"
	"chartlake/reader/pixel"
)

// A word is struck where a line goes through its middle from end to end and ends with the words
// that it goes through. A line that goes on is a rule of the form that print fell onto, and one
// at the foot of the letters underlines them.
const (
	struckLetters = 3   // fewer are signs, dashes and ticks
	struckTop     = 0.3 // of a word's height, from its top: where the line may run
	struckBottom  = 0.72
	struckCover   = 0.95 // of its width, at least, where rules are known
	struckShare   = 0.45 // the same on a picture, where a struck word runs into the next
	struckLong    = 1.8  // heights that a line is long at least; a dash has 1.4
	struckThick   = 0.2  // of its height, at most
	struckBeyond  = 1.0  // heights by which the line may go on after the last word
)

// strike marks the words of a page that a line goes through: one of its rules, where img is
// nil, else what the upright picture shows.
func strike(page *document.Page, img *image.Gray, rules []layout.Rule) {
	if len(page.Words) == 0 || page.Width <= 0 || page.Height <= 0 {
		return
	}
	s := striker{page: page, w: page.Width, h: page.Height, slope: math.Tan(page.Skew * math.Pi / 180)}
	if img != nil {
		s.w, s.h = float64(img.Rect.Dx()), float64(img.Rect.Dy())
		s.img, s.dark = img, max(pixel.Otsu(everyRow(img, otsuRows)), 1)
	}
	for i := range page.Words {
		w := &page.Words[i]
		if len([]rune(w.Text)) < struckLetters || w.Struck {
			continue
		}
		var from, to float64 // of the line
		found := false
		if s.img != nil {
			from, to, found = s.inked(w.Box)
		} else {
			from, to, found = s.ruled(w.Box, rules)
		}
		w.Struck = found && s.ends(w.Box, from, to)
	}
}

// striker looks for lines through words; places are pixels of the picture or units of the page.
type striker struct {
	page  *document.Page
	w, h  float64
	slope float64     // rows to a column by which lines of text climb down
	img   *image.Gray // nil: only rules are looked at
	dark  uint8       // darker is ink
}

// otsuRows: every so many-th row is enough to tell ink from paper.
const otsuRows = 8

// everyRow is a picture of every n-th row.
func everyRow(img *image.Gray, n int) *image.Gray {
	w, h := img.Rect.Dx(), (img.Rect.Dy()+n-1)/n
	out := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		copy(out.Pix[y*w:(y+1)*w], img.Pix[y*n*img.Stride:])
	}
	return out
}

// ruled finds a rule through a word.
func (s striker) ruled(b document.Box, rules []layout.Rule) (from, to float64, found bool) {
	x0, x1 := b.X*s.w, (b.X+b.W)*s.w
	for _, r := range rules {
		if r.Vertical() || r.Width*s.h > struckThick*b.H*s.h {
			continue
		}
		y := ((r.Y0+r.Y1)/2 - b.Y) / b.H
		rx0, rx1 := min(r.X0, r.X1)*s.w, max(r.X0, r.X1)*s.w
		if y >= struckTop && y <= struckBottom && min(rx1, x1)-max(rx0, x0) >= struckCover*(x1-x0) {
			return rx0, rx1, true
		}
	}
	return 0, 0, false
}

// inked finds a line in the ink of a word: longer than a stroke of a letter, thin, with rows above
// and below that letters leave gaps in.
func (s striker) inked(b document.Box) (from, to float64, found bool) {
	x0, x1 := int(b.X*s.w), int(math.Ceil((b.X+b.W)*s.w))
	top, high := b.Y*s.h, b.H*s.h
	if high < 8 || x1-x0 < 12 {
		return 0, 0, false
	}
	// A box around a slanted word is higher than the word.
	lean := math.Abs(s.slope) * float64(x1-x0)
	top, high = top+lean/2, max(high-lean, high/2)
	first, last, longest := -1, -1, [2]int{}
	for y := int(top + 0.1*high); y <= int(top+0.9*high); y++ {
		a, z := s.longest(y, x0, x1)
		if float64(z-a) < max(struckLong*high, struckShare*float64(x1-x0)) {
			continue
		}
		if first < 0 {
			first = y
		}
		if last = y; z-a > longest[1]-longest[0] {
			longest = [2]int{a, z}
		}
	}
	if first < 0 || float64(last-first+1) > max(struckThick*high, 3) {
		return 0, 0, false
	}
	if mid := (float64(first+last)/2 - top) / high; mid < struckTop || mid > struckBottom {
		return 0, 0, false
	}
	mid := float64(x0+x1) / 2
	for _, y := range [2]int{first - 3, last + 3} {
		if s.cover(y, longest[0], longest[1], mid) > 0.85 {
			return 0, 0, false
		}
	}
	a, z := s.run(first, last, longest[0], longest[1], mid)
	return a, z, true
}

// longest is the longest run of ink of a row between two columns; a gap of a pixel does not end it.
func (s striker) longest(y, x0, x1 int) (from, to int) {
	mid := float64(x0+x1) / 2
	start, end := x0, x0 // of the run that goes on
	for x := x0; x < x1; x++ {
		switch {
		case !s.at(x, y, mid):
		case x-end > 1:
			start, end = x, x+1
		default:
			end = x + 1
		}
		if end-start > to-from {
			from, to = start, end
		}
	}
	return from, to
}

// at reports ink at column x of the line whose height at column mid is y.
func (s striker) at(x, y int, mid float64) bool {
	row := y + int(math.Round(s.slope*(float64(x)-mid)))
	return x >= 0 && x < s.img.Rect.Dx() && row >= 0 && row < s.img.Rect.Dy() && s.img.Pix[row*s.img.Stride+x] < s.dark
}

// cover is the share of a row between two columns that is ink.
func (s striker) cover(y, x0, x1 int, mid float64) float64 {
	n := 0
	for x := x0; x < x1; x++ {
		if s.at(x, y, mid) {
			n++
		}
	}
	return float64(n) / float64(x1-x0)
}

// run is how far the line of rows first to last goes on to both sides; a gap of a few pixels does
// not end it.
func (s striker) run(first, last, x0, x1 int, mid float64) (from, to float64) {
	const gap = 4
	on := func(x int) bool {
		for y := first - 1; y <= last+1; y++ {
			if s.at(x, y, mid) {
				return true
			}
		}
		return false
	}
	reach := func(x, step int) int {
		end := x
		for miss := 0; miss <= gap && x >= 0 && x < s.img.Rect.Dx(); x += step {
			if on(x) {
				end, miss = x, 0
			} else {
				miss++
			}
		}
		return end
	}
	return float64(reach(x0, -1)), float64(reach(x1-1, 1))
}

// ends reports whether a line ends with the words that it goes through.
func (s striker) ends(b document.Box, from, to float64) bool {
	left, right, middle := b.X*s.w, (b.X+b.W)*s.w, b.Y+b.H/2
	for _, w := range s.page.Words {
		x0, x1 := w.Box.X*s.w, (w.Box.X+w.Box.W)*s.w
		y := middle + s.slope*((x0+x1)/2-(left+right)/2)/s.h
		if w.Box.Y < y && y < w.Box.Y+w.Box.H && x1 > from && x0 < to {
			left, right = min(left, x0), max(right, x1)
		}
	}
	beyond := struckBeyond * b.H * s.h
	return from >= left-beyond && to <= right+beyond
}
