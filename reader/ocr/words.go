package ocr

import (
	"context"
	"image"
	"math"
	"unicode"
)

// found is a word on the level base picture, in its pixels.
type found struct {
	x0, y0, x1, y1 float64
	text           string
	confidence     float64
}

// recognise has every row read and gives the words, row by row, left to right.
func (e *Engine) recognise(ctx context.Context, p *page, rows [][]*segment) ([]found, error) {
	strips := p.strips(rows)
	if len(strips) == 0 {
		return nil, nil
	}
	pictures := make([]*image.Gray, len(strips))
	for i := range strips {
		pictures[i] = strips[i].img
	}
	answer, err := e.child(ctx, encode(pictures), e.modelArgs("stdin", "stdout", "-l", e.config.Language, "--oem", "1",
		"--psm", "13", "-c", "tessedit_create_tsv=1", "-c", "tessedit_do_invert=0")...)
	if err != nil {
		return nil, err
	}
	byPart := map[*segment][]reading{}
	order := []*segment{}
	for _, r := range parse(answer, len(strips)) {
		seg := strips[r.picture].take(&r)
		if byPart[seg] == nil {
			order = append(order, seg)
		}
		byPart[seg] = append(byPart[seg], r)
	}
	var words []found
	for _, seg := range order {
		words = append(words, p.place(seg, byPart[seg])...)
	}
	return words, nil
}

// take finds the segment that a word stands in and moves the word's x and w to working pixels
// times the base factor, that is to base pixels.
func (s *strip) take(r *reading) *segment {
	best, away := 0, math.MaxInt
	centre := r.x + r.w/2
	for i, p := range s.parts {
		if d := max(p.at-centre, centre-p.at-p.width, 0); d < away {
			best, away = i, d
		}
	}
	p := s.parts[best]
	x0 := p.x0 + float64(r.x-p.at)/p.scale
	x1 := p.x0 + float64(r.x+r.w-p.at)/p.scale
	r.x, r.w = int(math.Round(x0)), int(math.Round(x1-x0))
	return p.seg
}

// place gives the words of one segment their boxes. The recogniser knows roughly where along
// the line a word is; the ink says exactly. Every letter goes to the word that it overlaps
// most, and a word's box is the box of its letters.
func (p *page) place(seg *segment, readings []reading) []found {
	f := float64(p.factor)
	out := make([]found, len(readings))
	for i, r := range readings {
		out[i] = found{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1), r.text, r.confidence}
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
		if best < 0 {
			continue
		}
		w := &out[best]
		w.x0, w.x1 = min(w.x0, x0), max(w.x1, x1)
		w.y0, w.y1 = min(w.y0, float64(c.Y0)*f), max(w.y1, float64(c.Y1)*f)
	}
	for i, r := range readings {
		w := &out[i]
		if math.IsInf(w.x0, 0) { // no letter of its own: one component spans several words
			w.x0, w.x1 = float64(r.x), float64(r.x+r.w)
			w.y0, w.y1 = (seg.base-seg.rise)*f, seg.base*f
		}
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
