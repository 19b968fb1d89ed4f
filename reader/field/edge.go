package field

import (
	"cmp"
	"math"
	"slices"
	"unicode"
	"unicode/utf8"

	"chartlake/reader/layout"
)

// rows are the runs of words between wide gaps and rules, in reading order. The lines of the page may
// end at the gutter of a column that a form does not have. A run is parted where values of one column
// begin, though the label before is as near as a blank.
func (s *sheet) rows() [][]int {
	phrases := s.Phrases()
	slices.SortStableFunc(phrases, func(a, b *layout.Phrase) int { return cmp.Compare(slices.Min(a.Words), slices.Min(b.Words)) })
	level := slices.Clone(phrases)
	slices.SortStableFunc(level, func(a, b *layout.Phrase) int { return cmp.Compare(a.MidY(), b.MidY()) })
	var out [][]int
	for _, p := range phrases {
		from := 0
		for k := 1; k < len(p.Words); k++ {
			if s.edge(p, k, level) {
				out = append(out, p.Words[from:k])
				from = k
			}
		}
		out = append(out, p.Words[from:])
	}
	return out
}

// edgeReach is how far apart two rows of a column are, in heights of the print.
const edgeReach = 3.6

// edge reports whether a column of values begins at word k of a phrase: in the rows next to it, too, texts
// begin there behind others.
func (s *sheet) edge(p *layout.Phrase, k int, level []*layout.Phrase) bool {
	first, _ := utf8.DecodeRuneInString(s.page.Words[p.Words[k]].Text)
	at, before := s.Words[p.Words[k]], s.Words[p.Words[k-1]]
	least, styled := 2, s.restyled(p.Words, k)
	if styled {
		least = 1
	}
	if k > keyWordsMax || at.X0-before.X1 < 0.4*s.Text || unicode.IsLower(first) || !lettered(s.page.Words[p.Words[k-1]].Text) {
		return false
	}
	for j := 1; j < len(p.Words); j++ {
		if j != k && !styled && s.gap(p.Words, j) > 0.8*(at.X0-before.X1) {
			return false // within a text: its words are as far apart
		}
	}
	mid, seen := p.MidY(), 0
	for _, step := range [2]int{-1, 1} {
		y := mid
		i, _ := slices.BinarySearchFunc(level, mid, func(q *layout.Phrase, y float64) int { return cmp.Compare(q.MidY(), y) })
		for ; i >= 0 && i < len(level) && math.Abs(level[i].MidY()-y) < edgeReach*s.Text && seen < 4; i += step {
			q := level[i]
			if math.Abs(q.MidY()-y) < 0.6*s.Text {
				continue // the same row
			}
			if s.beginsAt(q, at.X0, before.X1, level, i) {
				y = q.MidY()
				seen++
			}
		}
	}
	return seen >= least
}

// restyled reports whether all words from k on are set in another weight or size than all before, as far
// as the page knows.
func (s *sheet) restyled(words []int, k int) bool {
	style := func(w int) (bool, int) {
		return s.page.Words[w].Bold, int(math.Round(s.page.Words[w].FontSize * 10))
	}
	same := func(words []int) bool {
		return !slices.ContainsFunc(words, func(w int) bool {
			b, z := style(w)
			b0, z0 := style(words[0])
			return b != b0 || z != z0
		})
	}
	b, z := style(words[k-1])
	b2, z2 := style(words[k])
	return (b != b2 || z != z2) && same(words[:k]) && same(words[k:])
}

// beginsAt reports whether phrase i of level, or its second part, begins at x behind another text; a part
// must begin where this other text ends at the same place, too.
func (s *sheet) beginsAt(q *layout.Phrase, x, end float64, level []*layout.Phrase, i int) bool {
	near := 0.3 * s.Text
	if math.Abs(q.X0-x) < near {
		for j := max(0, i-6); j < min(len(level), i+7); j++ {
			if l := level[j]; j != i && l.X1 < q.X0 && q.X0-l.X1 < 12*s.Text && l.OverlapY(q.Rect) > 0.5*min(l.H(), q.H()) {
				return true
			}
		}
		return false
	}
	for k := 1; k < min(len(q.Words), keyWordsMax+1); k++ {
		if math.Abs(s.Words[q.Words[k]].X0-x) < near && math.Abs(s.Words[q.Words[k-1]].X1-end) < near {
			return true
		}
	}
	return false
}
