package field

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"chartlake/reader/layout"
)

// Labels that no sign and no wording tells are known by their kin: a form asks for things that
// stand in a column or a row in one way.

// kinMax bounds the texts of a page among which kin are looked for: a form has some hundreds.
const kinMax = 1500

// kinReach is how far apart kin stand, in heights of the print.
const kinReach = 7.0

// kin makes labels of texts that stand to labels as these do to each other: at one edge of a column,
// with values at another edge; then in one row over values. What has its value beside it is no kin of
// what has it below.
func (s *sheet) kin() {
	if len(s.pieces)+len(s.keys) > kinMax {
		return
	}
	s.spread(ruleRight, func(p piece) bool {
		v := s.rightOf(p)
		return v != nil && slices.ContainsFunc(s.keys, func(k *key) bool { return s.besideKin(k, p.rect, v.rect) })
	})
	s.spread(ruleBelow, func(p piece) bool {
		v := s.below(p.rect)
		return v != nil && (slices.ContainsFunc(s.keys, func(k *key) bool { return s.overKin(k, p.rect, v.rect) }) || s.headed(p, v))
	})
}

// spread makes labels of the texts that are kin, until there are no more: each round reaches the
// neighbours of the last.
func (s *sheet) spread(rule string, kin func(piece) bool) {
	for range 12 {
		n := len(s.keys)
		for _, p := range slices.Clone(s.pieces) {
			if s.labelish(p) && kin(p) {
				s.dropPiece(p)
				s.addKey(p.words, rule, p.line)
			}
		}
		if len(s.keys) == n {
			return
		}
	}
}

// labelish reports whether a text may be a label: few words, that begin with a capital and are mostly
// letters.
func (s *sheet) labelish(p piece) bool {
	text := s.text(p.words)
	if text == "" || len(p.words) > keyWordsMax+2 || s.isComb(p.words) || strings.HasSuffix(text, ".") && len(p.words) > 4 || strings.ContainsAny(text, "@$") ||
		unicode.IsDigit(rune(text[0])) && number.FindString(text) == "" {
		return false
	}
	letters, digits := 0, 0
	for _, r := range text {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsDigit(r):
			digits++
		}
	}
	return letters >= 2 && letters > 2*digits && says(text) && capital(strings.TrimLeft(text, "0123456789.()#* "))
}

func alikeHigh(a, b layout.Rect) bool {
	return min(a.H(), b.H()) > 0.68*max(a.H(), b.H())
}

// besideKin reports whether a text and what stands to its right are at the edges of a label in the
// same column and its value.
func (s *sheet) besideKin(k *key, p, v layout.Rect) bool {
	near := 0.7 * s.Text
	if !alikeHigh(k.rect, p) || math.Abs(k.rect.MidY()-p.MidY()) > kinReach*s.Text || k.rect.OverlapY(p) > 0 ||
		math.Abs(k.rect.X0-p.X0) > near && math.Abs(k.rect.X1-p.X1) > near {
		return false
	}
	var at layout.Rect
	switch {
	case k.sealed:
		if at = s.Words[k.value[0]]; at.OverlapY(k.rect) < 0.4*min(at.H(), k.rect.H()) {
			return false
		}
	default:
		r := s.rightOf(piece{rect: k.rect, cell: k.cell, line: k.line})
		if r == nil {
			return false
		}
		at = r.rect
	}
	return math.Abs(at.X0-v.X0) < near
}

// overKin reports whether a text over another stands in one row with a label over its value.
func (s *sheet) overKin(k *key, p, v layout.Rect) bool {
	if k.sealed || k.rule == ruleRight || !alikeHigh(k.rect, p) || k.rect.OverlapY(p) < 0.6*min(k.rect.H(), p.H()) {
		return false
	}
	under := s.below(k.rect)
	return under != nil && math.Abs(under.rect.MidY()-v.MidY()) < 0.6*s.Text && !s.tabular(k.rect, p)
}

// headed reports whether a text over another, and a text beside it over another, are labels: they have no
// figures and stand over a date, a number or the like.
func (s *sheet) headed(p piece, v *piece) bool {
	plain := func(q piece) bool {
		return s.labelish(q) && strings.IndexFunc(s.text(q.words), unicode.IsDigit) < 0
	}
	typed := func(q *piece) bool {
		k := shape(s.text(q.words))
		return k != KindName && k != KindText && k != KindAddress && k != KindNumber
	}
	if !plain(p) || s.tallest(p.words) > 1.1*s.tallest(v.words) {
		return false
	}
	return slices.ContainsFunc(s.pieces, func(q piece) bool {
		if q.words[0] == p.words[0] || !plain(q) || q.rect.OverlapY(p.rect) < 0.6*min(q.rect.H(), p.rect.H()) || !alikeHigh(q.rect, p.rect) {
			return false
		}
		u := s.below(q.rect)
		return u != nil && u.words[0] != v.words[0] && math.Abs(u.rect.MidY()-v.rect.MidY()) < 0.6*s.Text && (typed(u) || typed(v)) && !s.tabular(p.rect, q.rect)
	})
}

// tabular reports whether two texts side by side head columns: several rows stand below.
func (s *sheet) tabular(a, b layout.Rect) bool {
	x, y := s.stack(a), s.stack(b)
	return x.rows > 1 || y.rows > 1 || x.lines > 1 && y.lines > 1
}

// rightOf is the next text to the right on the row of a piece, nil where a label or nothing is.
func (s *sheet) rightOf(p piece) *piece {
	row := func(r layout.Rect) bool {
		return r.OverlapY(p.rect) > 0.5*min(r.H(), p.rect.H()) && r.X0 > p.rect.X1-0.2*s.Text
	}
	var best *piece
	for i := range s.pieces {
		q := &s.pieces[i]
		if row(q.rect) && q.rect.X0 < p.rect.X1+30*s.Text && (best == nil || q.rect.X0 < best.rect.X0) {
			best = q
		}
	}
	if best == nil || slices.ContainsFunc(s.keys, func(k *key) bool { return row(k.rect) && k.rect.X0 < best.rect.X0 }) {
		return nil
	}
	return best
}

// below is the text right under a rectangle that begins at its left edge, nil where a label or
// nothing is.
func (s *sheet) below(r layout.Rect) *piece {
	var best *piece
	for i := range s.pieces {
		q := &s.pieces[i]
		if gap := q.rect.Y0 - r.Y1; gap > -0.2*s.Text && gap < 2.4*s.Text && math.Abs(q.rect.X0-r.X0) < 0.9*s.Text &&
			(best == nil || q.rect.Y0 < best.rect.Y0) {
			best = q
		}
	}
	if best == nil || slices.ContainsFunc(s.keys, func(k *key) bool {
		return k.rect.Y0 > r.Y1-0.2*s.Text && k.rect.MidY() < best.rect.MidY() && k.rect.OverlapX(r) > 0
	}) {
		return nil
	}
	return best
}
