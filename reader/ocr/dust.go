package ocr

import (
	"math"
	"slices"
)

// Dust beside a letter of a fax is read as its stop, dash or quote. Punctuation has its places:
// stops stand close behind a letter at the foot of the line, dots over a stem or over each other.

// Shares of the height of capitals.
const (
	dustMost  = 0.22 // the side of a speck; a comma, quote or dash is longer one way
	dustFoot  = 0.2  // from the line up and down: a stop stands here
	dustClose = 0.5  // between a stop and the letter that it stands behind, or the figure that it leads
)

// dust gives the members of a segment that are specks where no punctuation stands.
func (p *page) dust(s *segment) []int {
	var out []int
	most := max(dustMost*s.rise, 2)
	for k, m := range s.members {
		c := p.comps[m]
		if w, h := float64(c.W()), float64(c.H()); max(w, h) > most || w > 1.5*h || h > 1.5*w {
			continue
		}
		if p.footed(s, k) || p.stacked(s, k) {
			continue
		}
		out = append(out, m)
	}
	return out
}

// footed reports whether a speck stands at the foot of the line, close behind another member or close
// before one: without its point, ".5" would be ten times as much.
func (p *page) footed(s *segment, k int) bool {
	c := p.comps[s.members[k]]
	if math.Abs(float64(c.Y1)-s.base) > dustFoot*s.rise {
		return false
	}
	return slices.ContainsFunc(s.members, func(m int) bool {
		d := p.comps[m]
		if m == s.members[k] || 2*d.Y1 <= int(2*s.base-s.rise) {
			return false
		}
		behind, before := float64(c.X0-d.X1), float64(d.X0-c.X1)
		return c.X0 > d.X0 && behind < dustClose*s.rise || c.X1 < d.X1 && before < dustClose*s.rise && 2*float64(d.H()) > s.rise
	})
}

// stacked reports whether a speck stands in the column of another member that goes down to the line,
// as the dot of an "i" does, or over another speck, as in a colon.
func (p *page) stacked(s *segment, k int) bool {
	c := p.comps[s.members[k]]
	mid := float64(c.X0+c.X1) / 2
	return slices.ContainsFunc(s.members, func(m int) bool {
		d := p.comps[m]
		return m != s.members[k] && d.Y1 > c.Y1 && mid > float64(d.X0)-1 && mid < float64(d.X1)+1 && float64(d.Y1) > s.base-dustFoot*s.rise
	})
}
