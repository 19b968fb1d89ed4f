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

// bands are the rows of phrases of free words, top to bottom.
func (s *sheet) bands() []band {
	var phrases []*layout.Phrase
	for _, p := range s.Phrases() {
		if !slices.ContainsFunc(p.Words, func(w int) bool { return s.taken[w] }) {
			phrases = append(phrases, p)
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
// first, columns that stay apart, no large gap, and no more than two bands in a row of one phrase.
func (s *sheet) reach(bands []band) int {
	if len(bands[0].phrases) < 2 || s.form(bands[0]) {
		return 0
	}
	columns := spans(bands[0])
	n, last, single := 1, 1, 0
	for n < len(bands) {
		b := bands[n]
		if gap := b.Y0 - bands[n-1].Y1; gap > s.reachGap(columns, b) || s.form(b) {
			break
		}
		joined, ok := s.join(columns, b)
		if !ok {
			break
		}
		if len(b.phrases) == 1 {
			if single++; single > 2 {
				break
			}
		} else {
			single = 0
		}
		columns = joined
		n++
		if len(b.phrases) > 1 || s.continues(b, bands[n-2]) {
			last = n
		}
	}
	return last
}

// reachGap is the widest gap above a band of the same table: rows may stand far apart where
// at least three phrases begin exactly where columns do.
func (s *sheet) reachGap(columns []span, b band) float64 {
	exact := 0
	for _, p := range b.phrases {
		if slices.ContainsFunc(columns, func(c span) bool { return math.Abs(c.x0-p.X0) < 0.5*s.Text || math.Abs(c.x1-p.X1) < 0.5*s.Text }) {
			exact++
		}
	}
	if exact >= 3 && 3*exact >= 2*len(b.phrases) {
		return 6 * s.Text
	}
	return 3.2 * s.Text
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

type span struct{ x0, x1 float64 }

func spans(b band) []span {
	out := make([]span, len(b.phrases))
	for i, p := range b.phrases {
		out[i] = span{p.X0, p.X1}
	}
	return out
}

// join adds a band's phrases to the columns. A phrase widens the one column that it touches;
// one that touches none is a new column. A band in which a phrase touches several columns is
// taken only when it is alone in its band (a heading within the table) or touches at most half
// of them (a heading over some).
func (s *sheet) join(columns []span, b band) ([]span, bool) {
	out := slices.Clone(columns)
	for _, p := range b.phrases {
		var hit []int
		for i, c := range out {
			if min(c.x1, p.X1)-max(c.x0, p.X0) > -0.15*s.Text {
				hit = append(hit, i)
			}
		}
		switch {
		case len(hit) == 0:
			out = append(out, span{p.X0, p.X1})
			slices.SortFunc(out, func(a, b span) int { return cmp.Compare(a.x0, b.x0) })
		case len(hit) == 1:
			out[hit[0]] = span{min(out[hit[0]].x0, p.X0), max(out[hit[0]].x1, p.X1)}
		case len(b.phrases) > 1 && 2*len(hit) > len(out):
			return columns, false
		case len(b.phrases) == 1 && len(p.Words) > 7:
			return columns, false
		}
	}
	return out, true
}

// build makes the table of a run of bands, where it is one.
func (s *sheet) build(bands []band) (document.Table, bool) {
	columns := s.columns(bands)
	columns = s.splitColumns(bands, columns)
	full := 0
	for _, b := range bands {
		if len(b.phrases) >= 2 {
			full++
		}
	}
	if len(columns) < 2 || full < 3 && (len(columns) < 3 || full < 2) || len(columns) > 40 || s.prose(bands, columns) {
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

// columns are the clear column intervals of all bands; phrases over several columns do not count.
func (s *sheet) columns(bands []band) []span {
	var columns []span
	most := 0
	for _, b := range bands {
		most = max(most, len(b.phrases))
	}
	for _, b := range bands { // the fullest bands show the columns, the others fill in
		if len(b.phrases) == most {
			if columns == nil {
				columns = spans(b)
			} else if j, ok := s.join(columns, b); ok {
				columns = j
			}
		}
	}
	for _, b := range bands {
		if len(b.phrases) > 1 && len(b.phrases) < most {
			if j, ok := s.join(columns, b); ok {
				columns = j
			}
		}
	}
	return columns
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
	var rows [][]layout.Rect
	for _, b := range bands {
		var words []layout.Rect
		for _, p := range b.phrases {
			if p.X0 < c.x0-s.Text || p.X1 > c.x1+s.Text {
				continue
			}
			for _, w := range p.Words {
				words = append(words, s.Words[w])
			}
		}
		if len(words) > 0 {
			slices.SortFunc(words, func(a, b layout.Rect) int { return cmp.Compare(a.X0, b.X0) })
			rows = append(rows, words)
		}
	}
	if len(rows) < 4 {
		return []span{c}
	}
	for _, cut := range candidates(rows) {
		if cut <= c.x0+0.01*s.Text || cut >= c.x1 {
			continue // no narrower than the column itself: it would be cut so for ever
		}
		left, right, clear := 0, 0, true
		var starts []float64
		for _, words := range rows {
			l, r := false, math.Inf(1)
			for _, w := range words {
				switch {
				case w.X1 <= cut:
					l = true
				case w.X0 >= cut-0.02*s.Text:
					r = min(r, w.X0)
				default:
					clear = false
				}
			}
			if l {
				left++
			}
			if !math.IsInf(r, 0) {
				right++
				starts = append(starts, r)
			}
		}
		if !clear || 5*left < 4*len(rows) || 10*right < 7*len(rows) || !aligned(starts, 0.35*s.Text) {
			continue
		}
		first := span{c.x0, cut - 0.2*s.Text}
		return append([]span{first}, s.splitColumn(bands, span{cut, c.x1})...)
	}
	return []span{c}
}

// candidates are the places at which a word that is not the first of its row starts, most
// often used first.
func candidates(rows [][]layout.Rect) []float64 {
	var xs []float64
	for _, r := range rows {
		for _, w := range r[1:] {
			xs = append(xs, w.X0)
		}
	}
	slices.Sort(xs)
	return slices.Compact(xs)
}

// aligned reports whether four fifths of the places lie within the tolerance of their median.
func aligned(xs []float64, tolerance float64) bool {
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

// mergeRows joins bands that go on with the cells of the band above: the first column is
// empty, the distance is that of lines within a cell, and only few cells have text.
func (s *sheet) mergeRows(bands []band, columns []span) [][]band {
	pitch := []float64{}
	for i := 1; i < len(bands); i++ {
		pitch = append(pitch, bands[i].MidY()-bands[i-1].MidY())
	}
	slices.Sort(pitch)
	usual := pitch[len(pitch)/2]
	var rows [][]band
	for i, b := range bands {
		if i > 0 && len(rows) > 0 {
			first := b.phrases[0].MidX() <= columns[0].x1
			near := b.MidY()-bands[i-1].MidY() < 1.15*usual && b.Y0-bands[i-1].Y1 < 1.1*s.Text
			if !first && near && 2*len(b.phrases) <= len(columns) {
				rows[len(rows)-1] = append(rows[len(rows)-1], b)
				continue
			}
			if first && len(b.phrases) == 1 && near && len(columns) > 2 && s.wrapped(b, bands[i-1], columns) {
				rows[len(rows)-1] = append(rows[len(rows)-1], b)
				continue
			}
		}
		rows = append(rows, []band{b})
	}
	return rows
}

// wrapped reports whether a lone first cell is the end of the name above: it starts with a
// small letter or a bracket.
func (s *sheet) wrapped(b, above band, columns []span) bool {
	if above.phrases[0].X0 > columns[0].x1 {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s.page.Words[b.phrases[0].Words[0]].Text)
	return unicode.IsLower(r) || r == '('
}

// cells puts every word of the rows into its column; a phrase over several columns spans them
// where its row has nothing else there.
func (s *sheet) cells(rows [][]band, columns []span, around layout.Rect) []cell {
	grid := make([]cell, 0, len(rows)*len(columns))
	for r, bands := range rows {
		row := make([]cell, len(columns))
		for c := range row {
			row[c] = cell{row: r, column: c, rows: 1, columns: 1}
		}
		for _, b := range bands {
			for _, p := range b.phrases {
				s.spread(row, p, columns)
			}
		}
		top, bottom := edges(rows, r, around)
		for c := range row {
			if row[c].columns == 0 {
				continue
			}
			x0, x1 := columnEdges(columns, c, row[c].columns, around)
			row[c].rect = layout.Rect{X0: x0, Y0: top, X1: x1, Y1: bottom}
			grid = append(grid, row[c])
		}
	}
	return grid
}

// spread puts the words of a phrase into the columns of a row.
func (s *sheet) spread(row []cell, p *layout.Phrase, columns []span) {
	first, last := nearest(columns, p.X0), nearest(columns, p.X1)
	whole := 0
	for c := first; c <= last; c++ {
		if columns[c].x1 <= p.X1+0.3*s.Text && columns[c].x0 >= p.X0-0.3*s.Text {
			whole++
		}
	}
	if last > first && whole <= last-first && s.unbroken(p, columns[first:last+1]) {
		free := true
		for c := first; c <= last; c++ {
			free = free && len(row[c].words) == 0 && row[c].columns == 1
		}
		if free {
			row[first].columns = last - first + 1
			row[first].words = append(row[first].words, p.Words...)
			for c := first + 1; c <= last; c++ {
				row[c].columns = 0
			}
			return
		}
	}
	for _, w := range p.Words {
		c := nearest(columns, s.Words[w].MidX())
		for c > 0 && row[c].columns == 0 {
			c--
		}
		row[c].words = append(row[c].words, w)
	}
}

// unbroken reports whether a phrase has a word across the gap between two of the columns.
func (s *sheet) unbroken(p *layout.Phrase, columns []span) bool {
	for i := 1; i < len(columns); i++ {
		gap := (columns[i-1].x1 + columns[i].x0) / 2
		for _, w := range p.Words {
			if s.Words[w].X0 < gap && s.Words[w].X1 > gap {
				return true
			}
		}
	}
	return false
}

func nearest(columns []span, x float64) int {
	best, away := 0, math.Inf(1)
	for i, c := range columns {
		if d := max(c.x0-x, x-c.x1, 0); d < away {
			best, away = i, d
		}
	}
	return best
}

func edges(rows [][]band, r int, around layout.Rect) (top, bottom float64) {
	whole := func(bands []band) layout.Rect {
		var out layout.Rect
		for _, b := range bands {
			out = out.Union(b.Rect)
		}
		return out
	}
	this := whole(rows[r])
	top, bottom = around.Y0, around.Y1
	if r > 0 {
		top = (whole(rows[r-1]).Y1 + this.Y0) / 2
	}
	if r+1 < len(rows) {
		bottom = (this.Y1 + whole(rows[r+1]).Y0) / 2
	}
	return top, bottom
}

func columnEdges(columns []span, c, n int, around layout.Rect) (x0, x1 float64) {
	x0, x1 = around.X0, around.X1
	if c > 0 {
		x0 = (columns[c-1].x1 + columns[c].x0) / 2
	}
	if c+n < len(columns) {
		x1 = (columns[c+n-1].x1 + columns[c+n].x0) / 2
	}
	return x0, x1
}
