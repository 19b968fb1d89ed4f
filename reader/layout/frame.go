package layout

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"chartlake/document"
	"chartlake/reader/pixel"
)

// Rect is a rectangle on the level page, in page units (p.Width × p.Height, so that both
// directions have one scale). X1 and Y1 are its right and lower edges.
type Rect struct{ X0, Y0, X1, Y1 float64 }

func (r Rect) W() float64    { return r.X1 - r.X0 }
func (r Rect) H() float64    { return r.Y1 - r.Y0 }
func (r Rect) MidX() float64 { return (r.X0 + r.X1) / 2 }
func (r Rect) MidY() float64 { return (r.Y0 + r.Y1) / 2 }

// Holds reports whether the middle of s lies in r.
func (r Rect) Holds(s Rect) bool {
	x, y := s.MidX(), s.MidY()
	return x >= r.X0 && x <= r.X1 && y >= r.Y0 && y <= r.Y1
}

// Union is the smallest rectangle around both; the zero Rect adds nothing.
func (r Rect) Union(s Rect) Rect {
	if r == (Rect{}) {
		return s
	}
	if s == (Rect{}) {
		return r
	}
	return Rect{min(r.X0, s.X0), min(r.Y0, s.Y0), max(r.X1, s.X1), max(r.Y1, s.Y1)}
}

// OverlapX and OverlapY are the common lengths; negative is the distance.
func (r Rect) OverlapX(s Rect) float64 { return min(r.X1, s.X1) - max(r.X0, s.X0) }
func (r Rect) OverlapY(s Rect) float64 { return min(r.Y1, s.Y1) - max(r.Y0, s.Y0) }

// Frame is a page made level, for geometry: all words and rules in page units.
type Frame struct {
	Words []Rect  // as p.Words
	Flat  []Rect  // horizontal rules, top to bottom; height is their thickness or 0
	Steep []Rect  // vertical rules, left to right
	Text  float64 // usual height of a word in page units
	page  *document.Page
	level pixel.Level
	w, h  float64
}

// NewFrame makes the page level.
func NewFrame(p *document.Page, rules []Rule) *Frame {
	f := &Frame{page: p, w: p.Width, h: p.Height}
	if !(f.w > 0) || !(f.h > 0) { // not known: US letter
		f.w, f.h = 612, 792
	}
	f.level = pixel.NewLevel(f.w, f.h, p.Skew)
	heights := []float64{}
	for _, w := range p.Words {
		r := f.Rect(w.Box)
		f.Words = append(f.Words, r)
		if len(w.Text) > 1 && strings.ContainsFunc(w.Text, letter) {
			heights = append(heights, r.H())
		}
	}
	f.Text = f.h / 80
	if len(heights) > 0 {
		slices.Sort(heights)
		f.Text = max(heights[len(heights)/2], f.h/500)
	}
	for _, r := range rules {
		f.addRule(r)
	}
	slices.SortStableFunc(f.Flat, func(a, b Rect) int { return cmp.Compare(a.Y0, b.Y0) })
	slices.SortStableFunc(f.Steep, func(a, b Rect) int { return cmp.Compare(a.X0, b.X0) })
	return f
}

func letter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func (f *Frame) addRule(r Rule) {
	x0, y0 := f.level.To(r.X0*f.w, r.Y0*f.h)
	x1, y1 := f.level.To(r.X1*f.w, r.Y1*f.h)
	if math.IsNaN(x0+y0+x1+y1) || math.IsInf(x0+y0+x1+y1, 0) {
		return
	}
	if math.Abs(y1-y0) > math.Abs(x1-x0) {
		half := r.Width * f.w / 2
		f.Steep = append(f.Steep, Rect{(x0+x1)/2 - half, min(y0, y1), (x0+x1)/2 + half, max(y0, y1)})
	} else {
		half := r.Width * f.h / 2
		f.Flat = append(f.Flat, Rect{min(x0, x1), (y0+y1)/2 - half, max(x0, x1), (y0+y1)/2 + half})
	}
}

// Rect makes a box of the upright page level.
func (f *Frame) Rect(b document.Box) Rect {
	x0, y0, x1, y1 := f.level.BoxTo(b.X*f.w, b.Y*f.h, (b.X+b.W)*f.w, (b.Y+b.H)*f.h)
	return Rect{x0, y0, x1, y1}
}

// Box maps a level rectangle back to the upright page.
func (f *Frame) Box(r Rect) document.Box {
	x0, y0, x1, y1 := f.level.BoxFrom(r.X0, r.Y0, r.X1, r.Y1)
	return document.Box{X: x0 / f.w, Y: y0 / f.h, W: (x1 - x0) / f.w, H: (y1 - y0) / f.h}.Clamp()
}

// Around is the level rectangle around the given words.
func (f *Frame) Around(words []int) Rect {
	var r Rect
	for _, w := range words {
		r = r.Union(f.Words[w])
	}
	return r
}

// BoxAround is the box around the given words on the upright page: the union of their boxes.
func (f *Frame) BoxAround(words []int) document.Box {
	var b document.Box
	for _, w := range words {
		b = b.Union(f.page.Words[w].Box)
	}
	return b
}

// Parted reports whether a vertical rule stands between x0 and x1 through at least half of y0..y1.
func (f *Frame) Parted(x0, x1, y0, y1 float64) bool {
	for _, r := range f.Steep {
		if m := r.MidX(); m >= x0-f.Text*0.3 && m <= x1+f.Text*0.3 && min(r.Y1, y1)-max(r.Y0, y0) > (y1-y0)/2 {
			return true
		}
	}
	return false
}

// JoinText joins words by blanks, and lines by "\n" where a word starts a new line.
func (f *Frame) JoinText(words []int) string {
	var out []byte
	for i, w := range words {
		if i > 0 {
			prev, this := f.Words[words[i-1]], f.Words[w]
			if prev.OverlapY(this) < 0.3*min(prev.H(), this.H()) && this.MidY() > prev.MidY() {
				out = append(out, '\n')
			} else {
				out = append(out, ' ')
			}
		}
		out = append(out, f.page.Words[w].Text...)
	}
	return string(out)
}

// PageWidth is the width of the level page in page units.
func (f *Frame) PageWidth() float64 { return f.level.LevelWidth }
