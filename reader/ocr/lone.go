package ocr

import (
	"image"
	"math"
	"unicode/utf8"

	"chartlake/reader/pixel"
)

// A letter that stands alone ("H" in a column of flags) is often not seen as text at all by the
// recogniser. It is shown at the end of the line that stands before it on its row, a blank
// away, and taken apart again by its place.

// loneReach is how far away that line may end, in heights of its capitals.
const loneReach = 25

// shown is what the recogniser sees: the strip of one segment, and of the lone letter
// that follows it.
type shown struct {
	img   *image.Gray
	first int // index of the segment
	lone  int // index of the lone letter's segment, -1 for none
	edge  int // where the lone letter's strip begins, in pixels of img
}

// show makes one picture of every segment, with lone letters beside the line before them.
func (p *page) show(segs []*segment, strips []strip) []shown {
	host := make([]int, len(segs)) // host of a lone letter, -1
	guest := make([]int, len(segs))
	for i := range segs {
		host[i], guest[i] = -1, -1
	}
	for i, s := range segs {
		if !s.lone() || strips[i].scale > 3 {
			continue
		}
		for j := max(0, i-8); j < i; j++ { // segments come in rows, each left to right
			t := segs[j]
			high, low := max(s.rise, t.rise), min(s.rise, t.rise)
			if t.lone() || guest[j] >= 0 || host[j] >= 0 || t.x1 > s.x0 || high > 1.4*low || math.Abs(s.base-t.base) > 0.35*high {
				continue
			}
			if float64(s.x0-t.x1) < loneReach*high && (host[i] < 0 || t.x1 > segs[host[i]].x1) {
				host[i] = j
			}
		}
		if j := host[i]; j >= 0 {
			guest[j] = i
		}
	}
	var out []shown
	for i := range segs {
		switch {
		case host[i] >= 0:
		case guest[i] >= 0:
			img := beside(strips[i], strips[guest[i]])
			out = append(out, shown{img, i, guest[i], strips[i].img.Bounds().Dx()})
		default:
			out = append(out, shown{strips[i].img, i, -1, 0})
		}
	}
	return out
}

// lone reports whether a segment is a single letter.
func (s *segment) lone() bool { return len(s.members) == 1 && s.x1-s.x0 < 2*(s.y1-s.y0) }

// beside puts the second strip behind the first, on one baseline.
func beside(a, b strip) *image.Gray {
	up := max(a.base, b.base)
	ab, bb := a.img.Bounds(), b.img.Bounds()
	down := max(ab.Dy()-a.base, bb.Dy()-b.base)
	out := image.NewGray(image.Rect(0, 0, ab.Dx()+bb.Dx(), up+down))
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	pixel.Paste(out, a.img, 0, up-a.base)
	pixel.Paste(out, b.img, ab.Dx(), up-b.base)
	return out
}

// apart gives the readings of a picture back to its segments. letters is how many letters the
// first segment seems to have.
func (s shown) apart(words []reading, letters int, take func(segment int, r reading)) {
	seen, alone := 0, false
	for i, r := range words {
		n := utf8.RuneCountInString(r.text)
		last := i == len(words)-1
		switch {
		case s.lone >= 0 && i > 0 && (2*r.x+r.w > 2*s.edge || last && !alone && seen == letters):
			r.x = max(r.x-s.edge, margin)
			take(s.lone, r)
			alone = true
		case s.lone >= 0 && last && !alone && seen < letters && seen+n > letters: // read as one word
			text := []rune(r.text)
			end := r
			end.x, end.w, end.text = margin, 1, string(text[letters-seen])
			r.text = string(text[:letters-seen])
			r.w = min(r.w, max(s.edge-margin-r.x, 1))
			take(s.first, r)
			take(s.lone, end)
		default:
			take(s.first, r)
		}
		seen += n
	}
}
