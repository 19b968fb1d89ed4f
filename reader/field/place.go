package field

import (
	"slices"

	"chartlake/reader/layout"
)

// inCells takes the first line of a ruled cell as its label, where it is a known wording or
// clearly smaller than the lines below it, and these lines as its value.
func (s *sheet) inCells() {
	for c := range s.cells {
		var in []piece
		for _, p := range s.pieces {
			if p.cell == c {
				in = append(in, p)
			}
		}
		labels := []*key{}
		for _, k := range s.keys {
			if k.cell == c && !k.sealed {
				labels = append(labels, k)
			}
		}
		if len(labels) == 0 && len(in) >= 2 && s.small(in[0], in[1:]) {
			s.dropPiece(in[0])
			labels = append(labels, s.addKey(in[0].words, ruleCell, in[0].line))
			in = in[1:]
		}
		if len(labels) != 1 {
			continue
		}
		k := labels[0]
		for _, p := range in {
			if p.rect.MidY() >= k.rect.MidY() {
				k.value = append(k.value, p.words...)
				s.dropPiece(p)
			}
		}
		if len(k.value) > 0 {
			k.sealed, k.rule = true, ruleCell
			if k.kind == "" {
				k.kind = KindText
			}
		}
	}
}

// small reports whether the first line of a cell is set smaller than the rest, at its top left.
func (s *sheet) small(first piece, rest []piece) bool {
	if len(first.words) > 8 {
		return false
	}
	high := 0.0
	for _, p := range rest {
		high = max(high, s.tallest(p.words))
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
		if y := f.MidY(); y < p.rect.MidY() || y > p.rect.Y1+0.8*s.Text || f.X0 < p.rect.X0+s.Text || f.X0 > p.rect.X1 || f.W() < 3*s.Text {
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
		beside := 0
		for _, o := range s.keys {
			if o != k && !o.sealed && o.rule == ruleBelow && o.rect.OverlapY(k.rect) > 0.5*min(o.rect.H(), k.rect.H()) {
				beside++
			}
		}
		rows, alike := s.stack(k.rect)
		return rows >= 2 && (beside >= 2 || alike)
	})
}

// stack counts the rows of texts that stand below a rectangle in its column, and says whether
// all have figures and one look.
func (s *sheet) stack(r layout.Rect) (rows int, alike bool) {
	edge, look := r.Y1, Kind("")
	alike = true
	for rows < 5 {
		found := false
		for _, p := range s.pieces {
			if p.rect.Y0 >= edge-0.2*s.Text && p.rect.Y0 < edge+2.2*s.Text && p.rect.OverlapX(r) > 0 {
				k := shape(s.text(p.words))
				alike = alike && (rows == 0 || k == look) && k != KindName && k != KindText && k != KindAddress
				edge, look, found = p.rect.Y1, k, true
				break
			}
		}
		if !found {
			break
		}
		rows++
	}
	return rows, alike
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
