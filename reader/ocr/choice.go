package ocr

import (
	"slices"

	"chartlake/reader/layout"
	"chartlake/reader/mark"
	"chartlake/reader/pixel"
)

// The frames of places to tick would be read as letters of their labels ("OYes", "(Retired"), and
// a label beside a taller frame as a word of small letters. They are no part of any line, and
// lines end at them.

// Measures of a frame, in heights of it.
const (
	boxNear    = 0.1  // free on either side
	circleNear = 0.18 // the same; within a word no letter has it
	frameApart = 0.4  // free on one side at least
	frameReach = 10.0 // how far away what is written in its row is compared
)

// How tall a frame is at least, in heights of the capitals beside it. An "O" is a little taller
// than the others; nothing but a frame has four corners.
const (
	boxTall    = 1.0
	circleTall = 1.1
)

// choicesMax bounds the shapes of a page that are looked at further: a halftone is no form.
const choicesMax = 600

// choice is a place to tick.
type choice struct {
	component int
	frame     pixel.Component
	round     bool
}

// choices finds the frames to tick among the components of the page by their shape and by what
// stands in their row: letters are as tall as their neighbours.
func (p *page) choices(size int) []choice {
	var all []choice
	shaped := map[int]bool{}
	for i, c := range p.comps {
		w, h := c.W(), c.H()
		if 10*h < 9*size || 10*w < 9*size || h > 4*size || w > 5*size || h < 9 || w > 2*h {
			continue
		}
		if frame, round, ok := mark.Frame(p.ink, p.labels, int32(i+1), c, float64(size)); ok {
			all = append(all, choice{i, frame, round})
			shaped[i] = true
		}
	}
	if len(all) > choicesMax {
		return nil
	}
	var free, sure []choice
	for _, m := range all {
		if room, tall := p.apart(m, shaped, size); room && !comb(all, m) {
			free = append(free, m)
			if tall {
				sure = append(sure, m)
			}
		}
	}
	out := slices.DeleteFunc(free, func(m choice) bool {
		return !slices.ContainsFunc(sure, func(s choice) bool { return s == m || inColumn(s, m) })
	})
	return append(out, p.struck(sure, shaped, size)...)
}

// struck finds the frames that a mark has made unlike one: what stands free in a column of frames,
// as large as they are or a little larger.
func (p *page) struck(sure []choice, shaped map[int]bool, size int) []choice {
	const column = 2 // frames that make one
	var out []choice
	for i, c := range p.comps {
		n := 0
		for _, s := range sure {
			h := s.frame.H()
			if 10*c.H() >= 9*h && 10*c.H() <= 14*h && 10*c.W() >= 9*h && 10*c.W() <= 15*h && 3*abs(c.X0-s.frame.X0) <= h {
				n++
			}
		}
		if n < column || shaped[i] {
			continue
		}
		if room, _ := p.apart(choice{i, c, true}, shaped, size); room {
			out = append(out, choice{i, c, true})
		}
	}
	return out
}

// inColumn reports whether a frame stands in one column with another of its size: then what is tall
// in its own row, a letter that hangs below the line or a mark, does not matter.
func inColumn(a, b choice) bool {
	h := a.frame.H()
	return a.round == b.round && 10*abs(h-b.frame.H()) <= h && 10*abs(a.frame.W()-b.frame.W()) <= h && 3*abs(a.frame.X0-b.frame.X0) <= h
}

// apart reports whether a frame is no letter: it has room on its sides, and is taller than the
// capitals of its row.
func (p *page) apart(m choice, shaped map[int]bool, size int) (room, big bool) {
	c, frame, h := p.comps[m.component], m.frame, m.frame.H()
	left, right := h, h
	capital := size
	for j, d := range p.comps {
		if j == m.component || 2*(min(frame.Y1, d.Y1)-max(frame.Y0, d.Y0)) < min(h, d.H()) || d.X0 >= c.X0 && d.X1 <= c.X1 {
			continue
		}
		gap := max(d.X0-c.X1, c.X0-d.X1)
		if float64(gap) > frameReach*float64(h) || d.H() > 3*h {
			continue
		}
		if d.X0 >= c.X1 {
			right = min(right, gap)
		} else {
			left = min(left, gap)
		}
		if !shaped[j] && d.W() < 2*d.H() {
			capital = max(capital, d.H())
		}
	}
	tall, near := boxTall, boxNear
	if m.round {
		tall, near = circleTall, circleNear
	}
	return float64(min(left, right)) >= near*float64(h) && float64(max(left, right)) >= frameApart*float64(h),
		float64(h) >= tall*float64(capital)
}

// comb reports whether a frame is one of a row that is written into, a letter in each: another
// of its size stands right beside it.
func comb(all []choice, m choice) bool {
	return slices.ContainsFunc(all, func(o choice) bool {
		gap := max(o.frame.X0-m.frame.X1, m.frame.X0-o.frame.X1)
		return o.component != m.component && 2*gap < m.frame.W() && 5*abs(o.frame.H()-m.frame.H()) < m.frame.H() &&
			min(o.frame.Y1, m.frame.Y1)-max(o.frame.Y0, m.frame.Y0) > m.frame.H()/2
	})
}

func abs(v int) int { return max(v, -v) }

// leave takes the frames out of what is read: skip are the components that are no letters. What
// stands in a circle is its mark, and goes with it. The sides of the frames are given as strokes
// that no line crosses.
func (p *page) leave(choices []choice, skip []bool) []layout.Stroke {
	var sides []layout.Stroke
	for _, m := range choices {
		skip[m.component] = true
		c := p.comps[m.component]
		for i, d := range p.comps {
			if m.round && d.X0 >= c.X0 && d.X1 <= c.X1 && d.Y0 >= c.Y0 && d.Y1 <= c.Y1 {
				skip[i] = true
			}
		}
		sides = append(sides, layout.Stroke{X0: c.X0, Y0: c.Y0, X1: c.X0 + 1, Y1: c.Y1, Vertical: true},
			layout.Stroke{X0: c.X1 - 1, Y0: c.Y0, X1: c.X1, Y1: c.Y1, Vertical: true})
	}
	return sides
}
