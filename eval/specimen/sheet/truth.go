package sheet

import (
	"cmp"
	"slices"
	"strings"

	"chartlake/document"
	"chartlake/eval/reading"
)

// truth is what a sheet says beside its text: fields, marks and tables, which stay nil on
// sheets whose layout does not write them down.
type truth struct {
	fields []reading.Field
	marks  []reading.Mark
	tables []reading.Table
}

// group is where a text stands in reading order: a block of the sheet, and a cell of it, 0
// for none.
type group struct{ block, cell int }

// Block begins what is read after everything before it: a column of running text, a table.
// Within a block people read row by row.
func (s *Sheet) Block() {
	s.at.block++
	s.at.cell = 0
}

// Cell draws what belongs together, such as a label above its value in a box. A reader may
// take a cell at a time or row by row.
func (s *Sheet) Cell(draw func()) {
	s.cells++
	s.at.cell = s.cells
	draw()
	s.at.cell = 0
}

// Form says that all fields and marks of the sheet are written down.
func (s *Sheet) Form() {
	if s.truth.fields == nil {
		s.truth.fields, s.truth.marks = []reading.Field{}, []reading.Mark{}
	}
}

// Tabular says that all tables of the sheet are written down.
func (s *Sheet) Tabular() {
	if s.truth.tables == nil {
		s.truth.tables = []reading.Table{}
	}
}

// Pair writes down a field; box is of its value's ink. A name that has a colon or leaders
// behind it is given without.
func (s *Sheet) Pair(key, value string, box document.Box) {
	s.Form()
	s.truth.fields = append(s.truth.fields, reading.Field{Key: key, Value: value, Box: box})
}

// printed is a word on the sheet.
type printed struct {
	reading.Word
	base, size, x float64
	group
}

// Reading is what is truly on the sheet, in fractions of it.
func (s *Sheet) Reading() reading.Page {
	var words []printed
	for _, it := range s.items {
		if it.text != nil {
			words = append(words, s.wordsOf(it.text)...)
		}
	}
	p := reading.Page{Page: s.Number, Words: []reading.Word{}, Fields: s.truth.fields, Marks: s.truth.marks, Tables: s.truth.tables}
	var rows, cells, grid []int
	for _, block := range blocks(words) {
		rows = append(rows, byRows(words, block)...)
		cells = append(cells, byCells(words, block)...)
		grid = append(grid, byGrid(words, block)...)
	}
	place := make([]int, len(words))
	for i, w := range rows {
		p.Words = append(p.Words, words[w].Word)
		place[w] = i
	}
	for _, order := range [][]int{cells, grid} {
		if slices.Equal(rows, order) {
			continue
		}
		var other []int
		for _, w := range order {
			other = append(other, place[w])
		}
		p.Orders = append(p.Orders, other)
	}
	return p
}

// wordsOf cuts a drawn text at its blanks.
func (s *Sheet) wordsOf(t *text) (out []printed) {
	rest, x := t.s, t.x
	run := func(part string) float64 { return t.face.advance(part) * t.size }
	for {
		lead := len(rest) - len(strings.TrimLeft(rest, " "))
		x, rest = x+run(rest[:lead]), rest[lead:]
		if rest == "" {
			return out
		}
		word, _, _ := strings.Cut(rest, " ")
		out = append(out, printed{reading.Word{Text: word, Box: s.inkAt(x, t.y, word, t.face, t.size)}, t.y, t.size, x, t.group})
		x, rest = x+run(word), rest[len(word):]
	}
}

// blocks gives the words of each block, in the order of the blocks.
func blocks(words []printed) (out [][]int) {
	for i, w := range words {
		for len(out) <= w.block {
			out = append(out, nil)
		}
		out[w.block] = append(out[w.block], i)
	}
	return out
}

// byRows sorts words by baseline, then from left to right. Baselines that differ by less than
// a third of the smaller type are one row, as a superscript or a larger value beside its label.
func byRows(words []printed, of []int) []int {
	of = slices.Clone(of)
	slices.SortStableFunc(of, func(a, b int) int { return cmp.Compare(words[a].base, words[b].base) })
	for from := 0; from < len(of); {
		to := from + 1
		for to < len(of) && words[of[to]].base-words[of[from]].base < 0.35*min(words[of[to]].size, words[of[from]].size) {
			to++
		}
		slices.SortStableFunc(of[from:to], func(a, b int) int { return cmp.Compare(words[a].x, words[b].x) })
		from = to
	}
	return of
}

// byCells sorts cells, and words that stand alone, by their first row, and reads each cell
// to its end.
func byCells(words []printed, of []int) []int {
	first := map[int]int{} // cell to its first word
	members := map[int][]int{}
	var heads []int
	for _, w := range byRows(words, of) {
		c := words[w].cell
		if c == 0 {
			heads = append(heads, w)
			continue
		}
		if _, seen := first[c]; !seen {
			first[c] = w
			heads = append(heads, w)
		}
		members[c] = append(members[c], w)
	}
	var out []int
	for _, h := range byRows(words, heads) {
		if c := words[h].cell; c != 0 {
			out = append(out, members[c]...)
			continue
		}
		out = append(out, h)
	}
	return out
}

// byGrid sorts the cells of a table by row and column, as they were drawn, whatever the
// height at which their text stands; a block with words outside cells is sorted by cells.
func byGrid(words []printed, of []int) []int {
	if slices.ContainsFunc(of, func(w int) bool { return words[w].cell == 0 }) {
		return byCells(words, of)
	}
	of = byRows(words, of)
	slices.SortStableFunc(of, func(a, b int) int { return cmp.Compare(words[a].cell, words[b].cell) })
	return of
}
