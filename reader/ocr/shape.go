package ocr

import (
	"slices"
	"strings"
	"unicode"

	"chartlake/reader/pixel"
)

// The network guesses from the look of a whole line what is large and what is small; the ink of a
// letter shows it. Only letters and the colon are looked at, never figures, and no word becomes surer for it.

const (
	small    = "acemnorsuvwxz" // letters without ascender and descender
	likeness = "COSZ"          // capitals that differ from their small letters by size alone, and are full at their top
	vowels   = "aeiouy"
)

// Shares of a measure of the line.
const (
	smallMost = 1.14 // of the height of small letters: no capital is so low
	stemLeast = 1.2  // of the same: a stem with a dot, or a capital
	slimMost  = 0.45 // of its height: a stroke with serifs
)

// sign is the ink of one letter.
type sign struct {
	pixel.Component
	pieces int
}

// signs joins the components of a word that stand above each other.
func signs(comps []pixel.Component) []sign {
	var out []sign
	for _, c := range comps {
		if n := len(out); n > 0 && 2*(min(out[n-1].X1, c.X1)-c.X0) > min(out[n-1].W(), c.W()) {
			last := &out[n-1]
			last.X1, last.Y0, last.Y1 = max(last.X1, c.X1), min(last.Y0, c.Y0), max(last.Y1, c.Y1)
			last.pieces++
			continue
		}
		out = append(out, sign{c, 1})
	}
	return out
}

// reshape corrects the words of one segment by the shapes of their letters; own gives the
// components of each word from left to right. It gives how many signs each word has.
func (p *page) reshape(seg *segment, words []reading, own [][]pixel.Component) []int {
	all := make([][]sign, len(words))
	counts := make([]int, len(words))
	var heights []int
	for i, w := range words {
		all[i] = signs(own[i])
		counts[i] = len(all[i])
		text := []rune(w.text)
		if len(text) != len(all[i]) {
			continue
		}
		for k, r := range text {
			if strings.ContainsRune(small, r) {
				heights = append(heights, all[i][k].H())
			}
		}
	}
	slices.Sort(heights)
	for i := range words {
		if len(heights) >= 3 {
			words[i].text = p.initial(words[i].text, all[i], float64(heights[len(heights)/2]))
		}
		words[i].text = colon(words[i].text, all[i], seg)
	}
	return counts
}

// colon tells a semicolon at the end of a word from a colon: its lower piece hangs below the line.
func colon(text string, ink []sign, seg *segment) string {
	const hang = 0.12 // of the height of capitals
	n := len(ink)
	if n < 2 || !strings.HasSuffix(text, ";") || ink[n-1].pieces != 2 || float64(ink[n-1].Y1) > seg.base+hang*seg.rise {
		return text
	}
	return text[:len(text)-1] + ":"
}

// initial corrects the first letter of a word of small letters by its ink; x is the height of small
// letters. The first sign is that of the first letter, or of more that run into each other, unless
// letters fell apart.
func (p *page) initial(text string, ink []sign, x float64) string {
	r := []rune(text)
	if len(r) < 2 || len(ink) == 0 || len(ink) > len(r) || !unicode.IsLower(r[1]) {
		return text
	}
	first := ink[0]
	high := float64(first.H())
	upright := first.pieces == 1 && high > stemLeast*x && float64(first.W()) < slimMost*high
	switch c := r[0]; {
	case strings.ContainsRune(likeness, c) && high < smallMost*x && high*smallMost > x:
		r[0] = unicode.ToLower(c)
	case c == 'i' && upright && p.plain(first.Component):
		r[0] = 'I'
		if strings.ContainsRune(vowels, r[1]) {
			r[0] = 'l'
		}
	case c == 'l' && upright && !strings.ContainsRune(vowels+"l", r[1]):
		if n := letters(r); n > 3 || n == 2 && strings.ContainsRune("fnst", r[1]) { // not "lb", "lbs", "lpm"
			r[0] = 'I'
		}
	}
	return string(r)
}

// letters is how many letters a word begins with.
func letters(r []rune) int {
	n := slices.IndexFunc(r, func(c rune) bool { return !unicode.IsLetter(c) })
	if n < 0 {
		return len(r)
	}
	return n
}

// plain reports whether a stroke has no gap below its top, as an "i" has, even where it is filled
// with grey.
func (p *page) plain(c pixel.Component) bool {
	const gap, least = 40, 10 // greys; pixels, of the height
	f := p.factor
	if c.H()*f < least {
		return false
	}
	darkest := make([]int, c.H()*f)
	for y := range darkest {
		darkest[y] = 255
		for x := c.X0 * f; x < min(c.X1*f, p.base.Bounds().Dx()); x++ {
			if at := c.Y0*f + y; at < p.base.Bounds().Dy() {
				darkest[y] = min(darkest[y], int(p.base.Pix[at*p.base.Stride+x]))
			}
		}
	}
	n := len(darkest)
	return slices.Max(darkest[n/10:n*9/20]) < slices.Max(darkest[n/2:n*9/10])+gap
}
