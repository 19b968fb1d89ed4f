package sheet

import (
	"cmp"
	"slices"
	"strings"

	"chartlake/document"
	"chartlake/eval/reading"
)

// truth is what a sheet says beside its text: fields, marks, tables and bar codes, which stay nil on
// sheets whose layout does not write them down.
type truth struct {
	fields []reading.Field
	marks  []reading.Mark
	tables []reading.Table
	codes  []reading.Code
}

// group is where a text stands in reading order: a block of the sheet, and a cell of it, 0
// for none.
type group struct{ block, cell int }

// Block begins what is read after everything before it: a column of running text, a table.
// Within a block people read row by row.
func (s *Sheet) Block() {
	s.blocks++
	s.at = group{block: s.blocks}
}

// Aside draws what stands beside the block that comes next, such as a side column: it is read
// before that block or after it.
func (s *Sheet) Aside(draw func()) {
	s.Block()
	s.asides = append(s.asides, s.at.block)
	draw()
	s.Block()
}

// Edge draws what belongs to the paper and not to its text, such as the line that a fax
// machine prints: it is read before everything else or after it.
func (s *Sheet) Edge(draw func()) {
	was := s.at
	s.Block()
	s.edges = append(s.edges, s.at.block)
	draw()
	s.at = was
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
	p := reading.Page{Page: s.Number, Words: []reading.Word{}, Fields: s.truth.fields, Marks: s.truth.marks, Tables: s.truth.tables, Codes: s.truth.codes}
	members := blocks(words)
	place := make([]int, len(words))
	var orders [][]int
	for i, sequence := range s.sequences(len(members)) {
		for j, inside := range []func([]printed, []int) []int{byRows, byCells, byGrid, byRowsButGrids} {
			var order []int
			for _, b := range sequence {
				order = append(order, inside(words, members[b])...)
			}
			if i+j == 0 {
				for at, w := range order {
					p.Words = append(p.Words, words[w].Word)
					place[w] = at
				}
			}
			for at, w := range order {
				order[at] = place[w]
			}
			if !slices.IsSorted(order) && !slices.ContainsFunc(orders, func(o []int) bool { return slices.Equal(o, order) }) {
				orders = append(orders, order)
			}
		}
	}
	p.Orders = orders
	return p
}

// sequences gives the orders in which n blocks may be read: as they were begun, asides behind
// the block after them, edges at the other end. First is the one with edges where they stand.
func (s *Sheet) sequences(n int) [][]int {
	var text, head, foot []int
	for b := range n {
		switch {
		case !slices.Contains(s.edges, b):
			text = append(text, b)
		case s.high(b):
			head = append(head, b)
		default:
			foot = append(foot, b)
		}
	}
	out := [][]int{text}
	for _, a := range s.asides {
		for _, o := range out {
			if i := slices.Index(o, a); i >= 0 && i+1 < len(o) {
				o = slices.Clone(o)
				o[i], o[i+1] = o[i+1], o[i]
				out = append(out, o)
			}
		}
	}
	var all [][]int
	for _, ends := range [][2][]int{{head, foot}, {nil, slices.Concat(head, foot)}, {slices.Concat(head, foot), nil}, {foot, head}} {
		for _, o := range out {
			all = append(all, slices.Concat(ends[0], o, ends[1]))
		}
	}
	return all
}

// high reports whether a block stands in the upper half of the sheet.
func (s *Sheet) high(block int) bool {
	for _, it := range s.items {
		if it.text != nil && it.text.block == block {
			return it.text.y < s.Height/2
		}
	}
	return false
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

// byRowsButGrids sorts tables by their cells and all else by rows.
func byRowsButGrids(words []printed, of []int) []int {
	if slices.ContainsFunc(of, func(w int) bool { return words[w].cell == 0 }) {
		return byRows(words, of)
	}
	return byGrid(words, of)
}
