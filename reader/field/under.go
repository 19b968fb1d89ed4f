package field

import (
	"cmp"
	"math"
	"slices"

	"chartlake/reader/layout"
)

// underRules takes texts that stand right under a line to write on as its label, and what is written
// on the line as the value.
func (s *sheet) underRules() {
	for _, rule := range s.Flat {
		if rule.W() < 5*s.Text {
			continue
		}
		label, ok := s.labelUnder(rule)
		if !ok {
			continue
		}
		value := slices.DeleteFunc(s.writtenOn(rule), func(p piece) bool { return p.cell != label.cell && (p.cell >= 0 || label.cell >= 0) })
		if len(value) == 0 || !s.captions(rule, label, value) {
			continue
		}
		k := s.keyOf(label)
		for _, p := range value {
			k.value = append(k.value, p.words...)
			s.dropPiece(p)
		}
		k.rule, k.sealed, k.blank = ruleAbove, true, true
		s.secondLine(k)
	}
}

// labelUnder is the only text right under a rule; a label that has its value on its own line is none.
func (s *sheet) labelUnder(rule layout.Rect) (found piece, ok bool) {
	under := func(r layout.Rect) bool {
		return r.Y0 > rule.MidY()-0.3*s.Text && r.Y0 < rule.MidY()+1.4*s.Text && r.MidX() > rule.X0 && r.MidX() < rule.X1
	}
	n := 0
	for _, p := range s.pieces {
		if under(p.rect) {
			found = p
			n++
		}
	}
	known := false
	for _, k := range s.keys {
		if !under(k.rect) {
			continue
		}
		if n++; k.sealed || k.rule != ruleBelow && k.rule != ruleColon {
			return piece{}, false
		}
		found, known = piece{k.words, k.rect, k.cell, k.line}, true
	}
	within := found.rect.X0 > rule.X0-1.5*s.Text && found.rect.X1 < rule.X1+1.5*s.Text
	return found, n == 1 && within && (known || s.labelish(found))
}

// writtenOn are the texts that stand on a rule, left to right.
func (s *sheet) writtenOn(rule layout.Rect) (on []piece) {
	for _, p := range s.pieces {
		if foot := rule.MidY() - p.rect.Y1; foot > -0.6*s.Text && foot < 1.1*s.Text && p.rect.MidY() < rule.MidY() &&
			p.rect.X0 > rule.X0-s.Text && p.rect.X1 < rule.X1+s.Text {
			on = append(on, p)
		}
	}
	if len(on) == 0 {
		for _, k := range slices.Clone(s.keys) { // a value that is worded as a label
			if foot := rule.MidY() - k.rect.Y1; k.rule == ruleBelow && !k.sealed && foot > -0.6*s.Text && foot < 1.1*s.Text && k.rect.MidY() < rule.MidY() &&
				k.rect.X0 > rule.X0-s.Text && k.rect.X1 < rule.X1+s.Text {
				s.demote(k)
				return []piece{s.pieces[len(s.pieces)-1]}
			}
		}
	}
	slices.SortStableFunc(on, func(a, b piece) int { return cmp.Compare(a.rect.X0, b.rect.X0) })
	return on
}

// captions tells a label under its value from a text under a heading that is underlined: it is known, or
// set smaller, or one of several such rules side by side, or the value has figures.
func (s *sheet) captions(rule layout.Rect, label piece, value []piece) bool {
	if _, known := s.lex.lookup(s.text(label.words)); known || s.tallest(label.words) < 0.9*s.tallest(value[0].words) {
		return true
	}
	if k := shape(s.text(value[0].words)); k != KindName && k != KindText {
		return true
	}
	return slices.ContainsFunc(s.Flat, func(o layout.Rect) bool {
		return math.Abs(o.MidY()-rule.MidY()) < 0.5*s.Text && o.OverlapX(rule) < 0 && o.W() > 5*s.Text
	})
}

// keyOf makes a text a label, or finds the label that it is.
func (s *sheet) keyOf(p piece) *key {
	for _, k := range s.keys {
		if k.words[0] == p.words[0] {
			return k
		}
	}
	s.dropPiece(p)
	return s.addKey(p.words, ruleAbove, p.line)
}

// secondLine adds to a label the text right below that goes on with it: at its left edge, as high, and no
// label of its own.
func (s *sheet) secondLine(k *key) {
	for _, p := range s.pieces {
		gap := p.rect.Y0 - k.rect.Y1
		if gap < -0.4*s.Text || gap > 0.45*s.Text || math.Abs(p.rect.X0-k.rect.X0) > 0.4*s.Text || !alikeHigh(p.rect, k.rect) ||
			len(p.words)+len(k.words) > keyWordsMax+4 || s.ruled(k.rect.Y1-0.3*s.Text, p.rect.MidY(), p.rect) {
			continue
		}
		if _, known := s.lex.lookup(s.text(k.words)); known && capital(s.text(p.words)) {
			continue
		}
		k.words = append(slices.Clone(k.words), p.words...)
		k.rect = s.Around(k.words)
		s.dropPiece(p)
		return
	}
}
