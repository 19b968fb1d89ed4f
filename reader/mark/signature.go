package mark

import (
	"math"
	"slices"
	"strings"

	"chartlake/document"
	"chartlake/reader/layout"
	"chartlake/reader/pixel"
)

// A signature is ink where the page asks for one, not explained by words or rules, and written in
// one go: its letters hang together, as those of print do not. All lengths are in heights of the
// print.
const (
	signedWide   = 3.0  // of the ink, at least
	signedMost   = 28.0 // of the ink, at most
	signedHigh   = 1.1  //
	signedJoined = 1.8  // of its widest stroke
	signedDense  = 0.45 // share of ink in its bounds at most: more is a stamp or a bar
	emptyInk     = 0.003
	above        = 3.5 // how far writing rises over the line
	reach        = 30.0
	sureWord     = 0.75 // confidence of words that explain their ink
)

// signatures gives the places to sign, each with ink (on) or without (off). What has some ink that may
// be a signature or not is left out: it is no answer.
func (s *scene) signatures() (out []document.Mark) {
	for i, w := range s.p.Words {
		if !asks(s.p, i, w.Text) {
			continue
		}
		place, ruled := s.place(i)
		if place.W() < signedWide*s.f.Text || slices.ContainsFunc(out, func(m document.Mark) bool { return s.f.Rect(m.Box).Holds(place) }) {
			continue
		}
		ink, share, joined := s.written(place)
		m := document.Mark{Shape: "signature", Label: strings.Trim(w.Text, ":_ "), LabelWords: []int{i}, Fill: share}
		switch {
		case ink.W() >= signedWide*s.f.Text && ink.W() <= signedMost*s.f.Text && ink.H() >= signedHigh*s.f.Text && joined >= signedJoined*s.f.Text && share <= signedDense:
			m.State, m.Box, m.Confidence = document.MarkOn, s.f.Box(ink), 0.8
		case share < emptyInk && ruled:
			m.State, m.Box, m.Confidence = document.MarkOff, s.f.Box(place), 0.8
		default:
			continue
		}
		out = append(out, m)
	}
	return out
}

// asks reports whether word i asks for a signature: not "signature on file", "electronically signed".
func asks(p *document.Page, i int, text string) bool {
	word := strings.ToLower(strings.Trim(text, ":._ "))
	if word != "signature" && word != "signed" && word != "signatures" {
		return false
	}
	near := func(k int) string {
		if k < 0 || k >= len(p.Words) {
			return ""
		}
		return strings.ToLower(strings.Trim(p.Words[k].Text, ":.,_ "))
	}
	switch near(i - 1) {
	case "electronically", "digitally", "electronic", "digital", "was", "been", "and", "dictated":
		return false
	}
	switch near(i + 1) {
	case "on", "by", "electronically", "digitally", "and":
		return false
	}
	return true
}

// place is where the signature is expected that word i asks for: on the rule over its line, else to its
// right, up to the next sure word. ruled says that there is a rule to sign on.
func (s *scene) place(i int) (place layout.Rect, ruled bool) {
	f, t := s.f, s.f.Text
	phrase := f.Words[i]
	for grown := true; grown; { // the words of its label
		grown = false
		for k, w := range f.Words {
			if s.sure(k) && row2(phrase, w) && w.X0 < phrase.X1+1.2*t && w.X1 > phrase.X0-1.2*t && (w.X0 < phrase.X0 || w.X1 > phrase.X1) {
				phrase, grown = phrase.Union(w), true
			}
		}
	}
	for _, r := range f.Flat {
		if y := r.MidY(); y <= phrase.Y0+0.2*t && phrase.Y0-y < 1.6*t && r.OverlapX(phrase) > 0.6*min(phrase.W(), r.W()) && r.W() > 6*t && !s.cell(r, phrase) {
			return s.free(layout.Rect{X0: r.X0, Y0: y - above*t, X1: r.X1, Y1: y + 0.8*t}, y), true
		}
	}
	end := min(phrase.X1+reach*t, f.PageWidth())
	for k, w := range f.Words {
		if s.sure(k) && row2(phrase, w) && w.X0 >= phrase.X1 {
			end = min(end, w.X0-0.3*t)
		}
	}
	for _, r := range f.Flat { // a line to sign on
		if y := r.MidY(); y > phrase.MidY() && y < phrase.Y1+0.8*t && r.X1 > phrase.X1+6*t && r.X0 < phrase.X1+4*t {
			end, ruled = min(end, r.X1), true
		}
	}
	return s.free(layout.Rect{X0: phrase.X1 + 0.3*t, Y0: phrase.Y1 - above*t, X1: end, Y1: phrase.Y1 + 0.9*t}, phrase.Y1), ruled
}

// cell reports whether the rule over a label is the edge of a cell that the label stands in: another
// rule closes it below. What is over it belongs to another cell.
func (s *scene) cell(top, phrase layout.Rect) bool {
	return slices.ContainsFunc(s.f.Flat, func(r layout.Rect) bool {
		return r.MidY() > phrase.MidY() && r.MidY() < phrase.Y1+4.5*s.f.Text && r.OverlapX(phrase) > 0.6*phrase.W() && r.OverlapX(top) > 0.5*min(r.W(), top.W())
	})
}

// free lowers the top of a place under the print and the rules that stand over its line.
func (s *scene) free(r layout.Rect, line float64) layout.Rect {
	for k, w := range s.f.Words {
		if s.sure(k) && w.OverlapX(r) > 0 && w.Y1 < line-1.2*s.f.Text {
			r.Y0 = max(r.Y0, w.Y1)
		}
	}
	for _, w := range s.f.Flat {
		if w.OverlapX(r) > 0 && w.Y1 < line-1.2*s.f.Text {
			r.Y0 = max(r.Y0, w.Y1+0.15*s.f.Text)
		}
	}
	return r
}

func row2(a, b layout.Rect) bool { return a.OverlapY(b) > 0.5*min(a.H(), b.H()) }

// sure reports whether word k was read well enough to explain its ink.
func (s *scene) sure(k int) bool {
	w := s.p.Words[k]
	return w.Confidence >= sureWord && len([]rune(w.Text)) > 1 && s.f.Words[k].H() < 2.5*s.f.Text
}

// written measures the ink of a place: its bounds, its share of them, and the width of its widest stroke
// that hangs together.
func (s *scene) written(place layout.Rect) (bounds layout.Rect, share, joined float64) {
	at := func(r layout.Rect) pixel.Component {
		return pixel.Component{X0: max(0, int(r.X0/s.unit)), Y0: max(0, int(r.Y0/s.unit)),
			X1: min(s.ink.W, int(math.Ceil(r.X1/s.unit))), Y1: min(s.ink.H, int(math.Ceil(r.Y1/s.unit)))}
	}
	in := at(place)
	if in.W() < 4 || in.H() < 4 {
		return layout.Rect{}, 0, 0
	}
	own := pixel.NewInk(in.W(), in.H())
	for y := range in.H() {
		copy(own.Pix[y*own.W:(y+1)*own.W], s.ink.Pix[(in.Y0+y)*s.ink.W+in.X0:(in.Y0+y)*s.ink.W+in.X1])
	}
	wipe := func(r layout.Rect, pad int) {
		c := at(r)
		for y := max(0, c.Y0-in.Y0-pad); y < min(own.H, c.Y1-in.Y0+pad); y++ {
			for x := max(0, c.X0-in.X0-pad); x < min(own.W, c.X1-in.X0+pad); x++ {
				own.Pix[y*own.W+x] = 0
			}
		}
	}
	for k := range s.p.Words {
		if s.sure(k) && s.f.Words[k].OverlapX(place) > 0 && s.f.Words[k].OverlapY(place) > 0 {
			wipe(s.f.Words[k], 1)
		}
	}
	for _, rules := range [2][]layout.Rect{s.f.Flat, s.f.Steep} {
		for _, r := range rules {
			wipe(r, 2)
		}
	}
	straight(own, int(3*s.f.Text/s.unit), int(2.2*s.f.Text/s.unit))
	comps := pixel.Boxes(own)
	n := 0
	for _, c := range comps {
		if c.Area < 6 {
			continue // specks
		}
		n += c.Area
		r := layout.Rect{X0: float64(in.X0+c.X0) * s.unit, Y0: float64(in.Y0+c.Y0) * s.unit, X1: float64(in.X0+c.X1) * s.unit, Y1: float64(in.Y0+c.Y1) * s.unit}
		bounds = bounds.Union(r)
		if r.H() > 0.5*s.f.Text {
			joined = max(joined, r.W())
		}
	}
	if bounds == (layout.Rect{}) {
		return place, 0, 0
	}
	return bounds, float64(n) * s.unit * s.unit / (bounds.W() * bounds.H()), joined
}

// straight takes out of a picture what runs straight for longer than handwriting does: rules that
// were not seen as such, and frames.
func straight(k *pixel.Ink, across, down int) {
	gone := make([]bool, len(k.Pix))
	runs := func(lines, length, step, next, least int) {
		for line := range lines {
			n := 0
			for i := 0; i <= length; i++ {
				at := line*next + i*step
				if i < length && k.Pix[at] != 0 {
					n++
					continue
				}
				for b := 1; n >= least && b <= n; b++ {
					gone[at-b*step] = true
				}
				n = 0
			}
		}
	}
	runs(k.H, k.W, 1, k.W, max(across, 8))
	runs(k.W, k.H, k.W, 1, max(down, 8))
	for i, g := range gone {
		if g {
			k.Pix[i] = 0
		}
	}
}
