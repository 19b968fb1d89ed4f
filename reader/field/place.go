package field

import (
	"math"
	"slices"

	"chartlake/reader/layout"
)

// inCells takes the first line of a ruled cell as its label, where it is a known wording, clearly
// smaller than the lines below it, or stands as the labels of other cells do, and these lines as its value.
func (s *sheet) inCells() {
	var tops []layout.Rect // of labels that were found, from the corners of their cells
	var filled []int
	for _, p := range s.pieces {
		filled = append(filled, p.cell)
	}
	for _, k := range s.keys {
		filled = append(filled, k.cell)
	}
	slices.Sort(filled)
	filled = slices.DeleteFunc(slices.Compact(filled), func(c int) bool { return c < 0 })
	for _, c := range filled {
		if k := s.inCell(c, s.smaller); k != nil {
			tops = append(tops, s.corner(k.rect, c))
		}
	}
	for _, c := range filled {
		s.inCell(c, func(first piece, _ []piece) bool {
			at := s.corner(first.rect, c)
			return s.labelish(first) && slices.ContainsFunc(tops, func(t layout.Rect) bool {
				return math.Abs(t.X0-at.X0) < 0.4*s.Text && math.Abs(t.MidY()-at.MidY()) < 0.4*s.Text && alikeHigh(t, at)
			})
		})
	}
}

// corner is a rectangle as it stands from the top left corner of a cell.
func (s *sheet) corner(r layout.Rect, cell int) layout.Rect {
	c := s.cells[cell]
	return layout.Rect{X0: r.X0 - c.X0, Y0: r.Y0 - c.Y0, X1: r.X1 - c.X0, Y1: r.Y1 - c.Y0}
}

// inCell pairs the label of a cell with the lines below it; nil where it has none, or was paired before.
func (s *sheet) inCell(c int, label func(first piece, rest []piece) bool) *key {
	var in []piece
	for _, p := range s.pieces {
		if p.cell == c {
			in = append(in, p)
		}
	}
	var k *key
	for _, o := range slices.Clone(s.keys) {
		switch {
		case o.cell != c:
		case k == nil && !o.sealed:
			k = o
		case k == nil || len(in) > 0 || o.sealed || o.rule != ruleBelow || o.rect.Y0 < k.rect.MidY():
			return nil
		default: // a value that is worded as a label
			s.demote(o)
			in = append(in, s.pieces[len(s.pieces)-1])
		}
	}
	if k == nil && len(in) >= 2 && in[0].rect.Y1 < in[1].rect.Y0+0.4*s.Text && !s.wordy(in[1:]) && label(in[0], in[1:]) {
		s.dropPiece(in[0])
		k = s.addKey(in[0].words, ruleCell, in[0].line)
		in = in[1:]
	}
	if k == nil {
		return nil
	}
	if len(in) >= 2 && in[0].rect.Y0 > k.rect.MidY() && s.tallest(in[0].words) < 0.86*s.tallest(in[1].words) && small(s.text(in[0].words)) {
		s.dropPiece(in[0]) // the label has two lines
		k.words = append(slices.Clone(k.words), in[0].words...)
		k.rect = s.Around(k.words)
		in = in[1:]
	}
	for _, p := range in {
		if p.rect.MidY() >= k.rect.MidY() {
			k.value = append(k.value, p.words...)
			s.dropPiece(p)
		}
	}
	if len(k.value) == 0 {
		return nil
	}
	k.sealed, k.rule = true, ruleCell
	if k.kind == "" {
		k.kind = KindText
	}
	return k
}

// wordy reports whether texts are a paragraph: what stands over it is its heading.
func (s *sheet) wordy(texts []piece) bool {
	n := 0
	for _, p := range texts {
		n += len(p.words)
	}
	return n > 16
}

// smaller reports whether the first line of a cell is set smaller than the rest, at its top left.
func (s *sheet) smaller(first piece, rest []piece) bool {
	if len(first.words) > 8 || !s.labelish(first) || first.rect.Y1 > rest[0].rect.Y0+0.4*s.Text {
		return false
	}
	high := 0.0
	for _, p := range rest {
		high = max(high, s.tallest(p.words))
	}
	if f, r := s.page.Words[first.words[0]].FontSize, s.page.Words[rest[0].words[0]].FontSize; f > 0 && r > 0 {
		return f < 0.93*r
	}
	return s.tallest(first.words) < 0.86*high && first.rect.MidY() < rest[0].rect.MidY()
}

func (s *sheet) tallest(words []int) float64 {
	h := 0.0
	for _, w := range words {
		h = max(h, s.Words[w].H())
	}
	return h
}

func (s *sheet) dropPiece(p piece) {
	s.pieces = slices.DeleteFunc(s.pieces, func(q piece) bool { return q.words[0] == p.words[0] })
}

// onRules gives labels that are followed by a rule at the height of their feet what is written
// on it, and makes texts before such a rule labels.
func (s *sheet) onRules() {
	for i := len(s.pieces) - 1; i >= 0; i-- {
		p := s.pieces[i]
		if r, ok := s.ruleAfter(p.rect); ok && len(p.words) <= keyWordsMax && !s.above(r, p.rect) {
			s.dropPiece(p)
			s.addKey(p.words, ruleWrite, p.line)
		}
	}
	for _, p := range slices.Clone(s.pieces) {
		s.splitAtRule(p)
	}
	for _, k := range s.keys {
		r, ok := s.ruleAfter(k.rect)
		if !ok || k.sealed {
			continue
		}
		k.blank = true
		for _, p := range slices.Clone(s.pieces) {
			if p.rect.MidX() > r.X0 && p.rect.MidX() < r.X1 && p.rect.Y1 < r.MidY()+0.6*s.Text && p.rect.Y1 > r.MidY()-1.2*s.Text {
				k.value = append(k.value, p.words...)
				s.dropPiece(p)
			}
		}
		if len(k.value) > 0 {
			k.rule, k.sealed = ruleWrite, true
		}
	}
}

// splitAtRule parts a text that goes on over a rule which begins within it: what stands before
// the rule is its label.
func (s *sheet) splitAtRule(p piece) {
	for _, f := range s.Flat {
		if y := f.MidY(); s.broken(f, p.rect.X0) || y < p.rect.MidY() || y > p.rect.Y1+0.8*s.Text || f.X0 < p.rect.X0+s.Text || f.X0 > p.rect.X1 || f.W() < 3*s.Text {
			continue
		}
		n := 0
		for n < len(p.words) && s.Words[p.words[n]].MidX() < f.X0 {
			n++
		}
		if n == 0 || n == len(p.words) || n > keyWordsMax {
			continue
		}
		s.dropPiece(p)
		k := s.addKey(p.words[:n], ruleWrite, p.line)
		k.value, k.sealed, k.blank = p.words[n:], true, true
		return
	}
}

// broken reports whether a rule is the rest of a line that begins further left, before x.
func (s *sheet) broken(rule layout.Rect, x float64) bool {
	return slices.ContainsFunc(s.Flat, func(f layout.Rect) bool {
		return f.X0 < rule.X0-s.Text && f.X1 > x+0.5*s.Text && math.Abs(f.MidY()-rule.MidY()) < 0.4*s.Text
	})
}

// above reports whether a text stands on the rule itself.
func (s *sheet) above(rule, r layout.Rect) bool { return rule.OverlapX(r) > 0.5*r.W() }

// ruleAfter finds the rule to write on that begins where a label ends.
func (s *sheet) ruleAfter(r layout.Rect) (layout.Rect, bool) {
	for _, f := range s.Flat {
		if y := f.MidY(); y > r.MidY() && y < r.Y1+0.8*s.Text && f.X0 > r.X1-1.0*s.Text && f.X0 < r.X1+2*s.Text && f.W() > 3*s.Text {
			return f, true
		}
	}
	return layout.Rect{}, false
}

// dropHeaders takes away labels that head the columns of a table. They are known by their
// wording only, and several values of one look stand below (dates, amounts, figures), or texts
// do and other such labels stand beside.
func (s *sheet) dropHeaders() {
	s.keys = slices.DeleteFunc(s.keys, func(k *key) bool {
		if k.rule != ruleBelow || k.sealed {
			return false
		}
		beside, lone, texts := 0, false, 0
		for _, p := range s.pieces {
			if p.rect.OverlapY(k.rect) > 0.5*min(p.rect.H(), k.rect.H()) && s.stack(p.rect).rows >= 2 {
				texts++
			}
		}
		for _, o := range s.keys {
			if o != k && !o.sealed && o.rule == ruleBelow && o.rect.OverlapY(k.rect) > 0.5*min(o.rect.H(), k.rect.H()) {
				beside++
				lone = lone || s.stack(o.rect).lines < 2
			}
		}
		c := s.stack(k.rect)
		return c.rows >= 2 && (beside >= 2 || beside+texts >= 3 || c.alike) || c.rows >= 3 && beside+texts >= 2 || c.lines >= 2 && beside >= 2 && !lone
	})
}

// rowSpace is the least space between two rows of texts, in heights of the print; the lines of an
// address are closer.
const rowSpace = 0.72

// column is what stands below a rectangle.
type column struct {
	lines int  // of text
	rows  int  // the same, lines that may go on with the one above left out
	alike bool // all have figures and one look
}

// stack looks at up to five lines of texts that stand below a rectangle in its column.
func (s *sheet) stack(r layout.Rect) column {
	edge, look := r.Y1, Kind("")
	c := column{alike: true}
	for c.lines < 5 {
		i := slices.IndexFunc(s.pieces, func(p piece) bool {
			return p.rect.Y0 >= edge-0.2*s.Text && p.rect.Y0 < edge+2.2*s.Text && p.rect.OverlapX(r) > 0
		})
		if i < 0 {
			break
		}
		p := s.pieces[i]
		k := shape(s.text(p.words))
		if figures := k != KindName && k != KindText && k != KindAddress; c.rows == 0 || figures || p.rect.Y0 > edge+rowSpace*s.Text {
			c.alike = c.alike && figures && (c.rows == 0 || k == look)
			c.rows++
		}
		edge, look = p.rect.Y1, k
		c.lines++
	}
	return c
}

// extend adds to a value the lines that go on with it: right below, beginning at the same
// place, with nothing of their own to their left.
func (s *sheet) extend() {
	for _, k := range s.keys {
		if len(k.value) == 0 || k.rule == ruleCell {
			continue
		}
		for range 3 { // an address has four lines at most
			r := s.Around(k.value)
			i := slices.IndexFunc(s.pieces, func(p piece) bool { return s.goesOn(k, r, p) })
			if i < 0 {
				break
			}
			k.value = append(k.value, s.pieces[i].words...)
			s.pieces = slices.Delete(s.pieces, i, i+1)
		}
	}
}

func (s *sheet) goesOn(k *key, r layout.Rect, p piece) bool {
	first := s.Words[k.value[0]]
	gap := p.rect.Y0 - r.Y1
	if gap < -0.3*s.Text || gap > 0.9*s.Text || p.cell != k.cell && k.cell >= 0 {
		return false
	}
	left := func(r layout.Rect) bool { // what stands in the label's column has this text as its own
		return r.OverlapY(p.rect) > 0.5*min(r.H(), p.rect.H()) && r.X1 <= p.rect.X0 && r.OverlapX(k.rect) > 0 && k.rect.X1 < p.rect.X0
	}
	if slices.ContainsFunc(s.pieces, func(q piece) bool { return left(q.rect) }) || slices.ContainsFunc(s.keys, func(o *key) bool { return left(o.rect) }) {
		return false
	}
	dx := p.rect.X0 - first.X0
	if dx < -0.6*s.Text || dx > 0.6*s.Text {
		return false
	}
	for _, f := range s.Flat { // a rule ends a value
		if f.MidY() > r.MidY() && f.MidY() < p.rect.MidY() && f.OverlapX(p.rect) > 0 {
			return false
		}
	}
	return k.kind == KindAddress || k.kind == KindText || k.kind == KindName || k.kind == ""
}
