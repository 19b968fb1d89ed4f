// Package hand tells words that were written by hand from printed ones, by what a picture shows of their
// letters: feet and heads that keep to no common height, a line of their own, a thin pen, strokes that run
// into each other, and a recogniser that was not sure. It reads nothing, and it is careful: a printed word
// that it calls handwritten costs a person a look, so most words of doubt stay printed. Type that looks like
// handwriting is printed where it is set as evenly as type.
package hand

import (
	"image"
	"math"
	"slices"
	"strings"
	"unicode"

	"chartlake/document"
	"chartlake/reader/pixel"
)

// Weights of a logistic regression over the words of generated forms that were filled in with eight script
// typefaces, each letter shaken in size and height, against printed words of the same and other forms in
// eight typefaces, clean, coarse, noisy and faxed. docs/performance/reading.md has what they do on others.
const (
	weighNothing = -4.78
	weighFeet    = 5.33 // of look.feet
	weighHeads   = 6.15
	weighBoth    = 2.1   // of feet times heads
	weighLean    = 8.69  // of the lean in twelfths
	weighThick   = -7.95 // of the logarithm of the thickness against the page's print
	weighJoined  = 0.28
	weighDoubt   = 5.47 // of one less the confidence
)

const (
	sure         = 2.8  // score from which a word, or words side by side together, are handwriting
	likely       = 1.2  // the same on a page that a pen was at
	penned       = 3    // lines with handwriting from which a pen was at the page
	maybe        = -0.5 // least score of a word beside one that is
	lettersLeast = 3    // letters at least that a word is judged by
	lettersMost  = 60   // a word with more is a picture
	printSure    = 0.9  // confidence from which words show what the page's print is like
	scoreMost    = 5.0  // of one word among several
)

// Find gives the words of p that were written by hand, as indexes. img is the upright picture of p, which is
// arranged by layout.Arrange and has the skew p.Skew. A page without printed words to compare with has none.
func Find(img *image.Gray, p *document.Page) []int {
	if img == nil || len(p.Words) == 0 || img.Rect.Dx() < 16 || img.Rect.Dy() < 16 {
		return nil
	}
	dark := max(pixel.Otsu(rows(img)), 1)
	slope := math.Tan(p.Skew * math.Pi / 180)
	looks := make([]*look, len(p.Words))
	var thick []float64
	for i, w := range p.Words {
		if l, ok := measure(img, dark, w.Box, slope); ok {
			looks[i] = &l
			if w.Confidence >= printSure {
				thick = append(thick, l.thick)
			}
		}
	}
	if len(thick) == 0 {
		return nil
	}
	slices.Sort(thick)
	print := thick[len(thick)/2]
	scores := make([]float64, len(p.Words))
	for i, l := range looks {
		scores[i] = math.NaN()
		if l != nil && plain(p.Words[i].Text) && l.spells(p.Words[i].Text) && !coded(p, p.Words[i].Box) {
			scores[i] = l.score(print, p.Words[i].Confidence)
		}
	}
	out, lines := all(p, scores, sure)
	if lines >= penned {
		out, _ = all(p, scores, likely)
	}
	slices.Sort(out)
	return out
}

// all gives the handwriting of all lines, and how many lines have some.
func all(p *document.Page, scores []float64, least float64) (out []int, lines int) {
	for _, l := range p.Lines {
		if w := written(l.Words, scores, least, p); len(w) > 0 {
			out = append(out, w...)
			lines++
		}
	}
	return out, lines
}

// spells reports whether a word has about as many strokes as it was read with letters: a bar code read as
// "I" has more.
func (l look) spells(text string) bool {
	n := len([]rune(text))
	return n >= 2 && l.letters <= 2*n
}

// coded reports whether a word was read from a bar code.
func coded(p *document.Page, b document.Box) bool {
	return slices.ContainsFunc(p.Barcodes, func(c document.Code) bool { return c.Box.Intersect(b).Area() > 0 })
}

// rows is every eighth row of a picture: enough to tell ink from paper.
func rows(img *image.Gray) *image.Gray {
	const step = 8
	out := image.NewGray(image.Rect(0, 0, img.Rect.Dx(), (img.Rect.Dy()+step-1)/step))
	for y := range out.Rect.Dy() {
		copy(out.Pix[y*out.Stride:(y+1)*out.Stride], img.Pix[y*step*img.Stride:])
	}
	return out
}

// score is the logarithm of the odds that a word is handwriting. print is the thickness of the page's print.
func (l look) score(print, confidence float64) float64 {
	return weighNothing + weighFeet*l.feet + weighHeads*l.heads + weighBoth*l.feet*l.heads + weighLean*min(math.Abs(l.lean), 0.08)*12 +
		weighThick*max(-1, min(1, math.Log((l.thick+0.01)/(print+0.01)))) + weighJoined*min(max(l.joined-1, 0), 3) + weighDoubt*(1-confidence)
}

// wordsMost bounds how many words of a line are weighed together.
const wordsMost = 6

// written gives the words of a line that are handwriting: runs of words that are so together, with those
// beside them that may be.
func written(line []int, scores []float64, least float64, p *document.Page) []int {
	from, to, best := 0, 0, 0.0
	for a := range line {
		sum := 0.0
		for b := a; b < len(line) && b < a+wordsMost; b++ {
			z := scores[line[b]]
			if b > a && apart(p, line[b-1], line[b]) || z < maybe || label(p.Words[line[b]].Text) || math.IsNaN(scores[line[a]]) {
				break
			}
			if math.IsNaN(z) {
				continue
			}
			if sum += min(z, scoreMost); sum > best && sum >= least {
				from, to, best = a, b+1, sum
			}
		}
	}
	if to == 0 {
		return nil
	}
	left, right := from, to
	for i := from - 1; i >= 0 && beside(p, scores, line[i], line[i], line[i+1]); i-- {
		if !math.IsNaN(scores[line[i]]) || i == 0 || apart(p, line[i-1], line[i]) || label(p.Words[line[i-1]].Text) {
			left = i
		}
	}
	for i := to; i < len(line) && beside(p, scores, line[i], line[i-1], line[i]); i++ {
		if !math.IsNaN(scores[line[i]]) || i == len(line)-1 || apart(p, line[i], line[i+1]) {
			right = i + 1
		}
	}
	out := slices.Clone(line[left:right])
	out = append(out, written(line[:left], scores, least, p)...)
	return append(out, written(line[right:], scores, least, p)...)
}

// beside reports whether word w goes with the handwriting beside it: a and b are next to each other. A word
// without a score goes only as far as others do, or nothing follows: "of" may belong to the next label.
func beside(p *document.Page, scores []float64, w, a, b int) bool {
	return !apart(p, a, b) && !label(p.Words[w].Text) && !(scores[w] < maybe) && lettered(p.Words[w].Text)
}

// plain reports whether a word has no signs that reach over and under the line as no letter does.
func plain(t string) bool { return !strings.ContainsAny(t, "()[]{}|@/_") }

func lettered(t string) bool {
	return strings.ContainsFunc(t, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// apart reports whether a gap of more than a word's height and a half parts two words.
func apart(p *document.Page, a, b int) bool {
	x, y := p.Words[a].Box, p.Words[b].Box
	return (y.X-x.X-x.W)*p.Width > 1.5*max(x.H, y.H)*p.Height
}

// label reports whether a word ends in a colon: labels are printed.
func label(t string) bool { return t != "" && t[len(t)-1] == ':' }

// look is what the letters of a word look like; lengths are shares of its height.
type look struct {
	letters int     // strokes as high as letters
	feet    float64 // share of their feet that stand neither on the line nor as far below as tails
	heads   float64 // share of their heads at none of the heights of print
	lean    float64 // slope of their feet against the page
	thick   float64 // of the pen
	joined  float64 // width of the widest stroke
}

// measure looks at the ink in a box; darker than dark is ink. ok is false where there is too little to see.
func measure(img *image.Gray, dark uint8, b document.Box, slope float64) (l look, ok bool) {
	w, h := float64(img.Rect.Dx()), float64(img.Rect.Dy())
	x0, y0 := max(0, int(b.X*w)-1), max(0, int(b.Y*h)-1)
	x1, y1 := min(img.Rect.Dx(), int(math.Ceil((b.X+b.W)*w))+1), min(img.Rect.Dy(), int(math.Ceil((b.Y+b.H)*h))+1)
	if x1-x0 < 12 || y1-y0 < 10 || y1-y0 > img.Rect.Dy()/6 {
		return l, false
	}
	ink := pixel.NewInk(x1-x0, y1-y0)
	for y := range ink.H {
		row := img.Pix[(y0+y)*img.Stride+x0 : (y0+y)*img.Stride+x1]
		for x, v := range row {
			if v < dark {
				ink.Pix[y*ink.W+x] = 1
			}
		}
	}
	comps := pixel.Boxes(ink)
	high := 0.0
	for _, c := range comps {
		if c.W() < 4*ink.H {
			high = max(high, float64(c.H()))
		}
	}
	if high < 10 {
		return l, false
	}
	var feet, at, heads []float64
	for _, c := range comps {
		if float64(c.H()) < 0.4*high || float64(c.W()) > 2.5*high || c.W() < 2 {
			l.joined = max(l.joined, float64(c.W())/high)
			continue
		}
		l.joined = max(l.joined, float64(c.W())/high)
		mid := float64(c.X0+c.X1) / 2
		feet = append(feet, float64(c.Y1)-slope*mid)
		heads = append(heads, float64(c.Y0)-slope*mid)
		at = append(at, mid)
	}
	l.letters = len(feet)
	if l.letters < lettersLeast || l.letters > lettersMost {
		return l, false
	}
	l.feet = stray(feet, 2, high)
	l.heads = stray(heads, 3, high)
	l.lean = lean(at, feet, high)
	l.thick = thickness(ink) / high
	return l, true
}

// stray is the share of letters that end at none of a number of heights: the feet of print stand on the line or
// as far below as tails do, its heads at the height of "x", of "t" or of capitals.
func stray(ends []float64, heights int, high float64) float64 {
	near, left := max(0.045*high, 1.01), ends
	for range heights {
		left = level(left, near)
	}
	return float64(len(left)) / float64(len(ends))
}

// level takes away the most ends that lie at one height, and gives the others.
func level(ends []float64, near float64) (left []float64) {
	best, at := 0, 0.0
	for _, f := range ends {
		n := 0
		for _, g := range ends {
			if math.Abs(g-f) <= near {
				n++
			}
		}
		if n > best {
			best, at = n, f
		}
	}
	for _, g := range ends {
		if math.Abs(g-at) > near {
			left = append(left, g)
		}
	}
	return left
}

// lean is the middle slope between letters (Theil 1950).
func lean(at, feet []float64, high float64) float64 {
	var s []float64
	for i := range at {
		for j := range i {
			if d := math.Abs(at[i] - at[j]); d > high && math.Abs(feet[i]-feet[j]) < 0.14*high { // not a tail
				s = append(s, (feet[i]-feet[j])/(at[i]-at[j]))
			}
		}
	}
	if len(s) < 3 {
		return 0
	}
	slices.Sort(s)
	return s[len(s)/2]
}

// thickness is the middle length of the runs of ink across.
func thickness(k *pixel.Ink) float64 {
	var runs []int
	for y := range k.H {
		n := 0
		for x := 0; x <= k.W; x++ {
			if x < k.W && k.Pix[y*k.W+x] != 0 {
				n++
				continue
			}
			if n > 0 {
				runs = append(runs, n)
			}
			n = 0
		}
	}
	if len(runs) == 0 {
		return 0
	}
	slices.Sort(runs)
	return float64(runs[len(runs)/2])
}
