package table

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mergeRows joins the bands that are lines of the same row.
func (s *sheet) mergeRows(bands []band, columns []span) [][]band {
	for _, starts := range [][]bool{s.underRules(bands), s.spacedOut(bands)} {
		if s.rows(bands, columns, starts) {
			var rows [][]band
			for i, b := range bands {
				if starts[i] {
					rows = append(rows, nil)
				}
				rows[len(rows)-1] = append(rows[len(rows)-1], b)
			}
			return rows
		}
	}
	return s.mergeLines(bands, columns)
}

// underRules gives the bands right under a rule across the table.
func (s *sheet) underRules(bands []band) []bool {
	starts := make([]bool, len(bands))
	around := bands[0].Rect
	for _, b := range bands {
		around = around.Union(b.Rect)
	}
	for _, r := range s.Flat {
		if r.OverlapX(around) < 0.6*around.W() {
			continue
		}
		for i := 1; i < len(bands); i++ {
			starts[i] = starts[i] || r.MidY() > bands[i-1].MidY() && r.MidY() < bands[i].MidY()
		}
	}
	starts[0] = true
	return starts
}

// spacedOut gives the bands above which the distance is wider than between lines of a cell, nil
// where there are not two kinds of distances: the wider is at least an eighth more.
func (s *sheet) spacedOut(bands []band) []bool {
	var steps []float64
	descent := s.descent()
	for i := 1; i < len(bands); i++ {
		steps = append(steps, s.base(bands[i], descent)-s.base(bands[i-1], descent))
	}
	sorted := slices.Sorted(slices.Values(steps))
	limit, most := 0.0, 1.125
	for i := 1; i < len(sorted) && sorted[i-1] < 1.5*sorted[0]; i++ {
		if ratio := sorted[i] / sorted[i-1]; ratio > most {
			limit, most = (sorted[i]+sorted[i-1])/2, ratio
		}
	}
	if limit == 0 || sorted[0] <= 0 {
		return nil
	}
	starts := []bool{true}
	for _, v := range steps {
		starts = append(starts, v > limit)
	}
	return starts
}

// descending are the signs that reach below the base line.
const descending = "gjpqyQ,;()[]{}/|@$_"

// descent is how much higher words with descenders are than others: nothing where boxes are as high
// as lines are.
func (s *sheet) descent() float64 {
	var sum [2]float64
	var n [2]int
	for w, r := range s.Words {
		kind := 0
		if strings.ContainsAny(s.page.Words[w].Text, descending) {
			kind = 1
		}
		sum[kind], n[kind] = sum[kind]+r.H(), n[kind]+1
	}
	if n[0] == 0 || n[1] == 0 {
		return 0
	}
	return min(max(sum[1]/float64(n[1])-sum[0]/float64(n[0]), 0), 0.4*s.Text)
}

// base is the base line of a band, where descenders reach so far below it.
func (s *sheet) base(b band, descent float64) float64 {
	y := math.Inf(1)
	for _, p := range b.phrases {
		for _, w := range p.Words {
			r := s.Words[w]
			if strings.ContainsAny(s.page.Words[w].Text, descending) {
				r.Y1 -= descent
			}
			if r.H() >= 0.5*s.Text {
				y = min(y, r.Y1)
			}
		}
	}
	if math.IsInf(y, 1) {
		return b.Y1
	}
	return y
}

// rows reports whether bands that start rows tell them from lines that go on with cells: there are
// some of both, most rows have something in the first column, and the lines fill fewer columns.
func (s *sheet) rows(bands []band, columns []span, starts []bool) bool {
	rows, first, lines := 0, 0, 0
	var inRows, inLines int // columns that are filled
	for i := range starts {
		filled := map[int]bool{}
		for _, p := range bands[i].phrases {
			for _, w := range p.Words {
				filled[nearest(columns, s.Words[w].MidX())] = true
			}
		}
		if !starts[i] {
			lines, inLines = lines+1, inLines+len(filled)
			continue
		}
		rows, inRows = rows+1, inRows+len(filled)
		if filled[0] {
			first++
		}
	}
	return rows >= 3 && lines > 0 && 10*first >= 7*rows && 4*inLines*rows <= 3*inRows*lines
}

// mergeLines joins bands that go on with the cells of the band above: the first column is
// empty, the distance is that of lines within a cell, and only few cells have text.
func (s *sheet) mergeLines(bands []band, columns []span) [][]band {
	pitch := []float64{}
	for i := 1; i < len(bands); i++ {
		pitch = append(pitch, bands[i].MidY()-bands[i-1].MidY())
	}
	slices.Sort(pitch)
	usual := pitch[len(pitch)/2]
	var rows [][]band
	for i, b := range bands {
		if i > 0 && len(rows) > 0 {
			first := b.phrases[0].X0 <= columns[0].x1
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
