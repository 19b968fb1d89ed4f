package ocr

import (
	"context"
	"image"
	"math"
	"unicode"

	"chartlake/reader/pixel"
)

// found is a word on the level base picture, in its pixels.
type found struct {
	x0, y0, x1, y1 float64
	text           string
	confidence     float64
}

// recognise has every segment read as a line of its own and gives the words in the order of the
// segments, each left to right, and how many children it took.
func (e *Engine) recognise(ctx context.Context, p *page, segs []*segment) (words []found, passes int, err error) {
	if len(segs) == 0 {
		return nil, 1, nil
	}
	strips := make([]strip, len(segs))
	for i, s := range segs {
		strips[i] = p.strip(s)
	}
	shows := p.show(segs, strips)
	pictures := make([]*image.Gray, len(shows))
	for i, s := range shows {
		pictures[i] = s.img
	}
	answers, err := e.lines(ctx, pictures)
	if err != nil {
		return nil, 1, err
	}
	more, err := e.again(ctx, pictures, answers)
	if err != nil {
		return nil, 1 + more, err
	}
	readings := make([][]reading, len(segs))
	for i, s := range shows {
		s.apart(answers[i], p.letters(segs[s.first]), func(k int, r reading) { readings[k] = append(readings[k], strips[k].back(r)) })
	}
	for i, s := range segs {
		words = append(words, p.place(s, readings[i])...)
	}
	return words, 1 + more, nil
}

// lines reads pictures of one line each; the answer has the words of each from left to right.
func (e *Engine) lines(ctx context.Context, pictures []*image.Gray) ([][]reading, error) {
	// Page segmentation mode 7 is a single line. Light print was inverted here already.
	out, err := e.child(ctx, encode(pictures), e.modelArgs("stdin", "stdout", "-l", e.config.Language, "--oem", "1",
		"--psm", "7", "-c", "tessedit_create_tsv=1", "-c", "tessedit_do_invert=0")...)
	if err != nil {
		return nil, err
	}
	answers := make([][]reading, len(pictures))
	for _, r := range parse(out, len(pictures)) {
		answers[r.picture] = append(answers[r.picture], r)
	}
	return answers, nil
}

// letters is how many letters a segment seems to have.
func (p *page) letters(s *segment) int {
	comps := make([]pixel.Component, len(s.members))
	for i, m := range s.members {
		comps[i] = p.comps[m]
	}
	return len(stacks(comps))
}

// back moves a word from its strip to the base picture.
func (s strip) back(r reading) reading {
	x0 := s.x0 + float64(r.x-margin)/s.scale
	x1 := s.x0 + float64(r.x+r.w-margin)/s.scale
	r.x, r.w = int(math.Round(x0)), int(math.Round(x1-x0))
	return r
}

// place gives the words of one segment their boxes. The recogniser knows roughly where along
// the line a word is; the ink says exactly. Every letter goes to the word that it overlaps
// most, and a word's box is the box of its letters.
func (p *page) place(seg *segment, readings []reading) []found {
	f := float64(p.factor)
	own := make([][]pixel.Component, len(readings))
	for i := 1; i < len(readings); i++ { // the recogniser sometimes lets a word reach over the next ones
		if before, r := &readings[i-1], readings[i]; r.x > before.x && before.x+before.w > r.x {
			before.w = r.x - before.x
		}
	}
	for _, m := range seg.members {
		c := p.comps[m]
		x0, x1 := float64(c.X0)*f, float64(c.X1)*f
		best, most := -1, math.Inf(-1)
		for i, r := range readings {
			if o := min(x1, float64(r.x+r.w)) - max(x0, float64(r.x)); o > most {
				best, most = i, o
			}
		}
		if best >= 0 {
			own[best] = append(own[best], c)
		}
	}
	readings, own = p.space(seg, readings, own)
	spell(readings, p.reshape(seg, readings, own))
	out := make([]found, len(readings))
	for i, r := range readings {
		w := found{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1), r.text, r.confidence}
		for _, c := range own[i] {
			w.x0, w.x1 = min(w.x0, float64(c.X0)*f), max(w.x1, float64(c.X1)*f)
			w.y0, w.y1 = min(w.y0, float64(c.Y0)*f), max(w.y1, float64(c.Y1)*f)
		}
		if len(own[i]) == 0 { // no letter of its own: one component spans several words
			w.x0, w.x1 = float64(r.x), float64(r.x+r.w)
			w.y0, w.y1 = (seg.base-seg.rise)*f, seg.base*f
		}
		out[i] = w
	}
	return out
}

// score is the mean confidence of words that hold letters or digits, by length.
func score(words []found) float64 {
	sum, n := 0.0, 0.0
	for _, w := range words {
		k := 0.0
		for _, r := range w.text {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				k++
			}
		}
		sum += k * w.confidence
		n += k
	}
	if n == 0 {
		return 0
	}
	return sum / n
}
