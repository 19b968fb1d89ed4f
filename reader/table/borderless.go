package table

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"chartlake/document"
	"chartlake/reader/layout"
)

// band is one text line across the page: its phrases from left to right.
type band struct {
	phrases []*layout.Phrase
	layout.Rect
}

// borderless finds tables among the words that no ruled table has.
func (s *sheet) borderless() []document.Table {
	var out []document.Table
	bands := s.bands()
	for i := 0; i < len(bands); {
		n := s.reach(bands[i:])
		if n < 2 {
			i++
			continue
		}
		if t, ok := s.build(bands[i : i+n]); ok {
			out = append(out, t)
			i += n
			continue
		}
		i++
	}
	return out
}

// bands are the rows of phrases of free words, top to bottom, without the page's furniture.
func (s *sheet) bands() []band {
	apart := make([]bool, len(s.page.Words))
	for _, b := range s.page.Blocks {
		if b.Kind != document.BlockHeader && b.Kind != document.BlockFooter {
			continue
		}
		for _, l := range b.Lines {
			for _, w := range s.page.Lines[l].Words {
				apart[w] = true
			}
		}
	}
	var phrases []*layout.Phrase
	for _, l := range s.page.Lines { // which are phrases
		if !slices.ContainsFunc(l.Words, func(w int) bool { return s.taken[w] || apart[w] }) {
			phrases = append(phrases, &layout.Phrase{Words: l.Words, Rect: s.Around(l.Words)})
		}
	}
	slices.SortStableFunc(phrases, func(a, b *layout.Phrase) int { return cmp.Compare(a.MidY(), b.MidY()) })
	var out []band
	for _, p := range phrases {
		placed := false
		for i := len(out) - 1; i >= max(0, len(out)-3) && !placed; i-- {
			b := &out[i]
			if b.OverlapY(p.Rect) < 0.5*min(b.H(), p.H()) || slices.ContainsFunc(b.phrases, func(q *layout.Phrase) bool { return q.OverlapX(p.Rect) > 0 }) {
				continue
			}
			b.phrases = append(b.phrases, p)
			b.Rect = b.Union(p.Rect)
			placed = true
		}
		if !placed {
			out = append(out, band{[]*layout.Phrase{p}, p.Rect})
		}
	}
	for i := range out {
		slices.SortFunc(out[i].phrases, func(a, b *layout.Phrase) int { return cmp.Compare(a.X0, b.X0) })
	}
	return out
}

// reach is how many bands from the first on may be one table: at least two phrases in the
// first, columns that stay apart, no large gap. Between its rows up to two bands of one phrase may
// stand, a heading within the table or a note under a result, unless heads of columns follow.
func (s *sheet) reach(bands []band) int {
	if len(bands[0].phrases) < 2 || s.form(bands[0]) || s.letterhead(bands[0]) {
		return 0
	}
	columns := spans(bands[0])
	n, last, single := 1, 1, 0
	for n < len(bands) {
		b := bands[n]
		if b.Y0-bands[n-1].Y1 > s.reachGap(columns, b) {
			break
		}
		if n++; len(b.phrases) == 1 {
			switch {
			case s.continues(b, bands[n-2]):
				last = n
			case !s.goesOn(b, bands[n-2]):
				single++
			case last == n-1:
				last = n
			}
			if single > 2 {
				break
			}
			continue
		}
		joined, ok := s.join(columns, b)
		if !ok || s.form(b) || s.heads(b) && (single > 0 || n > 2 && 2*s.exact(columns, b) < len(b.phrases)) {
			break
		}
		columns, last, single = joined, n, 0
	}
	return last
}

// letterhead reports whether a band has type so large that it is no row.
func (s *sheet) letterhead(b band) bool {
	return slices.ContainsFunc(b.phrases, func(p *layout.Phrase) bool {
		return slices.ContainsFunc(p.Words, func(w int) bool { return s.Words[w].H() > 1.7*s.Text })
	})
}

// heads reports whether a band names columns, as the first of another table does: words without
// figures, half of them names of columns that are no values of a result ("High", "Total").
func (s *sheet) heads(b band) bool {
	names := 0
	for _, p := range b.phrases {
		named := false
		for _, w := range p.Words {
			t := strings.ToLower(strings.Trim(s.page.Words[w].Text, ".:()#/"))
			if strings.ContainsFunc(t, unicode.IsDigit) {
				return false
			}
			switch t {
			case "high", "low", "normal", "abnormal", "total":
			default:
				named = named || isColumnName(t)
			}
		}
		if named {
			names++
		}
	}
	return names >= 2 && 2*names >= len(b.phrases)
}

// reachGap is the widest gap above a band of the same table: rows may stand far apart where
// at least three phrases begin exactly where columns do.
func (s *sheet) reachGap(columns []span, b band) float64 {
	if exact := s.exact(columns, b); exact >= 3 && 3*exact >= 2*len(b.phrases) {
		return 6 * s.Text
	}
	return 3.2 * s.Text
}

// exact is how many phrases of a band begin or end exactly where columns do.
func (s *sheet) exact(columns []span, b band) int {
	n := 0
	for _, p := range b.phrases {
		if slices.ContainsFunc(columns, func(c span) bool { return math.Abs(c.x0-p.X0) < 0.5*s.Text || math.Abs(c.x1-p.X1) < 0.5*s.Text }) {
			n++
		}
	}
	return n
}

// form reports whether a band is a row of labels with values, which is no table row.
func (s *sheet) form(b band) bool {
	colons := 0
	for _, p := range b.phrases {
		for _, w := range p.Words {
			if t := s.page.Words[w].Text; strings.HasSuffix(t, ":") && utf8.RuneCountInString(t) > 1 {
				colons++
				break
			}
		}
	}
	return 2*colons >= len(b.phrases) && colons > 0
}

// continues reports whether a band of one phrase goes on with a cell of the band above.
func (s *sheet) continues(b, above band) bool {
	if len(b.phrases) != 1 || b.Y0-above.Y1 > 0.9*s.Text {
		return false
	}
	for i, p := range above.phrases {
		if i > 0 && math.Abs(p.X0-b.X0) < 0.8*s.Text {
			return true
		}
	}
	return false
}

// goesOn reports whether a band of one phrase is the end of a text that begins in the line above.
func (s *sheet) goesOn(b, above band) bool {
	r, _ := utf8.DecodeRuneInString(s.page.Words[b.phrases[0].Words[0]].Text)
	return (unicode.IsLower(r) || r == '(') && b.Y0-above.Y1 < 0.9*s.Text && math.Abs(b.X0-above.X0) < 2*s.Text
}

type span struct{ x0, x1 float64 }

func spans(b band) []span {
	out := make([]span, len(b.phrases))
	for i, p := range b.phrases {
		out[i] = span{p.X0, p.X1}
	}
	return out
}

// join adds a band of several phrases to the columns. A phrase widens the one column that it
// touches; one that touches none is a new column; one that touches several is parted between its
// words where these stand in one column each. Else it is a heading over some, or, over more than
// half of all, no part of the table.
func (s *sheet) join(columns []span, b band) ([]span, bool) {
	out := slices.Clone(columns)
	touched := func(r layout.Rect) (hit []int) {
		for i, c := range out {
			if min(c.x1, r.X1)-max(c.x0, r.X0) > -0.15*s.Text {
				hit = append(hit, i)
			}
		}
		return hit
	}
	for _, p := range b.phrases {
		hit := touched(p.Rect)
		parts := []layout.Rect{p.Rect}
		if len(hit) > 1 {
			parts = parts[:0]
			for _, w := range p.Words {
				parts = append(parts, s.Words[w])
			}
			if slices.ContainsFunc(parts, func(r layout.Rect) bool { return len(touched(r)) > 1 }) {
				if 2*len(hit) > len(out) {
					return columns, false
				}
				continue
			}
		}
		for _, r := range parts {
			switch hit := touched(r); len(hit) {
			case 0:
				if len(parts) > 1 {
					continue // between two columns, of a phrase that fills both
				}
				out = append(out, span{r.X0, r.X1})
				slices.SortFunc(out, func(a, b span) int { return cmp.Compare(a.x0, b.x0) })
			case 1:
				out[hit[0]] = span{min(out[hit[0]].x0, r.X0), max(out[hit[0]].x1, r.X1)}
			}
		}
	}
	return out, true
}

// build makes the table of a run of bands, where it is one.
func (s *sheet) build(bands []band) (document.Table, bool) {
	columns := s.splitColumns(bands, s.columns(bands))
	full := 0
	for _, b := range bands {
		if len(b.phrases) >= 2 {
			full++
		}
	}
	if len(columns) < 2 || full < 3 && (len(columns) < 3 || full < 2 || !s.heads(bands[0])) || len(columns) > 40 || s.prose(bands, columns) {
		return document.Table{}, false
	}
	rows := s.mergeRows(bands, columns)
	if len(rows) < 2 {
		return document.Table{}, false
	}
	var around layout.Rect
	for _, b := range bands {
		around = around.Union(b.Rect)
	}
	return s.finish(s.cells(rows, columns, around), len(rows), len(columns), false, around), true
}

// splitColumns parts a column where in most rows a new word starts at one place: value and
// unit, or dates side by side, may stand closer than columns usually do.
func (s *sheet) splitColumns(bands []band, columns []span) []span {
	var out []span
	for _, c := range columns {
		out = append(out, s.splitColumn(bands, c)...)
	}
	return out
}

func (s *sheet) splitColumn(bands []band, c span) []span {
	var rows [][]int
	for _, b := range bands {
		var words []int
		for _, p := range b.phrases {
			if len(b.phrases) == 1 && (p.X0 < c.x0-s.Text || p.X1 > c.x1+s.Text) {
				continue // a heading or a note
			}
			for _, w := range p.Words {
				if x := s.Words[w].MidX(); x >= c.x0 && x <= c.x1 {
					words = append(words, w)
				}
			}
		}
		if len(words) > 0 {
			slices.SortFunc(words, func(a, b int) int { return cmp.Compare(s.Words[a].X0, s.Words[b].X0) })
			rows = append(rows, words)
		}
	}
	if len(rows) < 4 {
		return []span{c}
	}
	for _, cut := range s.candidates(rows) {
		if cut <= c.x0+0.01*s.Text || cut >= c.x1 {
			continue // no narrower than the column itself: it would be cut so for ever
		}
		left, right, clear := 0, 0, true
		var starts []float64
		for _, words := range rows {
			l, r := -1, -1
			for _, w := range words {
				switch {
				case s.Words[w].X1 <= cut:
					l = w
				case s.Words[w].X0 < cut-0.02*s.Text:
					clear = false
				case r < 0:
					r = w
				}
			}
			if l >= 0 {
				left++
			}
			if r >= 0 {
				right++
				starts = append(starts, s.Words[r].X0)
			}
			if l >= 0 && r >= 0 && s.ranges(l, r) {
				clear = false
			}
		}
		if !clear || 5*left < 4*len(rows) || 10*right < 7*len(rows) || !level(starts, 0.35*s.Text) {
			continue
		}
		first := span{c.x0, cut - 0.2*s.Text}
		return append([]span{first}, s.splitColumn(bands, span{cut, c.x1})...)
	}
	return []span{c}
}

// ranges reports whether two words are parts of one range: "70 - 99", "0.5 to 1.2", "< 5".
func (s *sheet) ranges(left, right int) bool {
	joint := func(w int) bool {
		switch s.page.Words[w].Text {
		case "-", "–", "—", "to", "<", ">", "<=", ">=", "≤", "≥":
			return true
		}
		return false
	}
	return joint(left) || joint(right)
}

// candidates are the places at which a word that is not the first of its row starts.
func (s *sheet) candidates(rows [][]int) []float64 {
	var xs []float64
	for _, r := range rows {
		for _, w := range r[1:] {
			xs = append(xs, s.Words[w].X0)
		}
	}
	slices.Sort(xs)
	return slices.Compact(xs)
}

// level reports whether four fifths of the places lie within the tolerance of their median.
func level(xs []float64, tolerance float64) bool {
	slices.Sort(xs)
	mid := xs[len(xs)/2]
	n := 0
	for _, x := range xs {
		if math.Abs(x-mid) <= tolerance {
			n++
		}
	}
	return 5*n >= 4*len(xs)
}

// prose reports whether the bands are running text in columns, or a list of labels.
func (s *sheet) prose(bands []band, columns []span) bool {
	words, phrases, small, long := 0, 0, 0, 0
	for _, b := range bands {
		for _, p := range b.phrases {
			phrases++
			words += len(p.Words)
			if len(p.Words) >= 6 {
				long++
			}
			if r, _ := utf8.DecodeRuneInString(s.page.Words[p.Words[0]].Text); unicode.IsLower(r) {
				small++
			}
		}
	}
	if len(columns) == 2 && 2*long >= phrases {
		return true
	}
	return float64(words)/float64(phrases) > 5 && 3*small > phrases
}
