package pdf

import (
	"math"
	"strings"

	"chartlake/document"
	"chartlake/reader/layout"
)

// A bar code that a page draws is seen from its strokes without rendering: many bars of one
// height side by side, or many dots in a small place. So only such pages are rendered to read
// them. Sizes are points.
const (
	barLeast   = 8   // length of a bar
	barMost    = 200 //
	barsLeast  = 20  // edges of bars: a code of three characters has more
	barPitch   = 6   // mean distance of the edges at most; the columns of a table are wider
	dotMost    = 8   // side of a dot
	dotCell    = 36  // side of the place
	dotsLeast  = 25  // in it: check boxes and combs have fewer strokes
	barredMost = 4000
)

// barred collects the strokes that may be a bar code's.
type barred struct {
	bars map[[3]int]*stretch
	dots map[[2]int]int
}

type stretch struct {
	n         int
	low, high float64
}

// bar takes a rule of the page, in points.
func (b *barred) bar(r layout.Rule, width, height float64) {
	across, from, to := r.X0*width, r.Y0*height, r.Y1*height
	key := [3]int{1}
	if !r.Vertical() {
		across, from, to, key[0] = r.Y0*height, r.X0*width, r.X1*width, 0
	}
	if long := math.Abs(to - from); long < barLeast || long > barMost || len(b.bars) > barredMost {
		return
	}
	key[1], key[2] = int(math.Round(from)), int(math.Round(to))
	s := b.bars[key]
	if s == nil {
		if b.bars == nil {
			b.bars = map[[3]int]*stretch{}
		}
		s = &stretch{low: across, high: across}
		b.bars[key] = s
	}
	s.n, s.low, s.high = s.n+1, math.Min(s.low, across), math.Max(s.high, across)
}

// dot takes a small filled shape.
func (b *barred) dot(box document.Box, width, height float64) {
	if box.W*width > dotMost || box.H*height > dotMost || len(b.dots) > barredMost {
		return
	}
	if b.dots == nil {
		b.dots = map[[2]int]int{}
	}
	b.dots[[2]int{int(box.X * width / dotCell), int(box.Y * height / dotCell)}]++
}

// found reports whether the strokes are those of a bar code.
func (b *barred) found() bool {
	for _, s := range b.bars {
		if s.n >= barsLeast && s.high-s.low <= barPitch*float64(s.n) {
			return true
		}
	}
	for _, n := range b.dots {
		if n >= dotsLeast {
			return true
		}
	}
	return false
}

// barFonts are parts of the names of fonts whose letters are bars, in lower case.
var barFonts = []string{"barcode", "code39", "code 39", "code-39", "code128", "code 128", "code-128", "3of9", "3 of 9", "idautomation", "c39hr", "c128", "qrcode", "datamatrix"}

func barFont(name string) bool {
	name = strings.ToLower(name)
	for _, part := range barFonts {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
