// Package table reads the tables of forms by the heads of their columns, which are data by
// type of document (heads.txt). A head may stand on several lines; the edge between two
// columns lies in the white strip that the fewest words cross. A row whose words only go on
// with the text of the row above belongs to it.
//
// It refuses a table with fewer than three heads or with many words in the head that it does
// not know, and ends a table where a row has no value of its column's kind.
package table

import (
	"cmp"
	_ "embed"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"chartlake/form/lexicon"
	"chartlake/form/sheet"
	"chartlake/record"
)

//go:embed heads.txt
var headData string

// Column is a column that a table of a type may have.
type Column struct {
	Cell, Kind string
	spellings  [][]string
}

// Row is one row: the words of each cell, and the kinds of the cells.
type Row struct {
	Page  int
	Cells map[string][]sheet.Token
	Kinds map[string]string
	Heads map[string]string // as printed
}

var types = sync.OnceValue(func() map[record.Type][]Column {
	out := map[record.Type][]Column{}
	var at []string
	for line := range strings.Lines(headData) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			at = strings.Fields(strings.Trim(line, "[]"))
		default:
			w := strings.Split(line, "\t")
			c := Column{Cell: w[0], Kind: w[1]}
			for _, s := range strings.Split(w[2], "|") {
				c.spellings = append(c.spellings, lexicon.Tokens(s))
			}
			for _, t := range at {
				out[record.Type(t)] = append(out[record.Type(t)], c)
			}
		}
	}
	return out
})

// Has reports whether tables of the type are known.
func Has(t record.Type) bool { return len(types()[t]) > 0 }

// headsMin is the least number of heads that make a table.
const headsMin = 3

// rowsMax bounds the rows of a document.
const rowsMax = 2000

// head is a column of one table with its place.
type head struct {
	Column
	tokens []sheet.Token
	x0, x1 float64
}

// grid is the columns of a table that was read, to go on with on the next page.
type grid struct {
	heads []head
	edges []float64
}

// Read gives the rows of all tables of the sheet. stop tells rows that hold labels of the
// form, which end a table. A table that reaches the foot of a page goes on at the top of the
// next one, where rows of the same columns stand there without heads.
func Read(s *sheet.Sheet, t record.Type, stop func(page, row int) bool) []Row {
	var out []Row
	var open *grid
	for i := range s.Pages {
		p := &s.Pages[i]
		r := 0
		if open != nil {
			more, next := goOn(p, *open, stop, types()[t])
			out, r = append(out, more...), next
		}
		for open = nil; r < len(p.Rows) && len(out) < rowsMax; {
			heads, lines := headsAt(p, r, types()[t])
			if len(heads) == 0 {
				r++
				continue
			}
			end := bodyEnd(p, r+lines, stop, types()[t])
			g := grid{heads, edges(p, heads, r, end)}
			found, last := g.rows(p, r+lines, end)
			out = append(out, found...)
			r = max(end, r+lines)
			if len(found) > 0 && last >= len(p.Rows)-footRows {
				open = &g
			}
		}
	}
	return out
}

// footRows is how many rows a page may have below a table that goes on: its number, a notice.
const footRows = 2

// goOn reads the rows with which a table goes on at the top of a page, and gives the row
// behind them. They must fit the columns: no word crosses an edge, and what has a shape in
// the table has it here.
func goOn(p *sheet.Page, g grid, stop func(page, row int) bool, columns []Column) ([]Row, int) {
	const runningHeadRows = 3
	for r := 0; r < len(p.Rows) && r < runningHeadRows; r++ {
		if h, _ := headsAt(p, r, columns); len(h) > 0 || stop(p.Number, r) {
			return nil, r
		}
		if !g.fits(p.Rows[r]) {
			continue
		}
		end := bodyEnd(p, r, stop, columns)
		found, _ := g.rows(p, r, end)
		return found, max(end, r)
	}
	return nil, 0
}

// fits reports a row of the grid's columns.
func (g grid) fits(row sheet.Row) bool {
	cells := map[string][]sheet.Token{}
	for _, ph := range row.Phrases {
		for _, t := range ph.Tokens {
			for _, e := range g.edges {
				if t.X0 < e && t.X1 > e {
					return false
				}
			}
			c := g.cell(t)
			cells[c] = append(cells[c], t)
		}
	}
	shaped := 0
	for _, h := range g.heads {
		if long(h.Kind) || len(cells[h.Cell]) == 0 {
			continue
		}
		if !strings.ContainsAny(sheet.Join(cells[h.Cell]), "0123456789") {
			return false
		}
		shaped++
	}
	return shaped > 0 && 2*len(cells) > len(g.heads)
}

// cell is the column in which a word stands.
func (g grid) cell(t sheet.Token) string {
	k := 0
	for k < len(g.edges) && (t.X0+t.X1)/2 > g.edges[k] {
		k++
	}
	return g.heads[k].Cell
}

// headsAt finds the heads that begin in a row and go on over at most two more.
func headsAt(p *sheet.Page, r int, columns []Column) (best []head, lines int) {
	most, words := 0, 0
	for n := 1; n <= 3 && r+n <= len(p.Rows); n++ {
		if n > 1 && p.Rows[r+n-1].Y0-p.Rows[r+n-2].Y1 > 0.9*p.Height {
			break
		}
		var found, others []head
		known, all := 0, 0
		for k, stack := range stacks(p.Rows[r : r+n]) {
			all += len(stack)
			heads := matches(stack, columns)
			if len(heads) == 0 { // a column all the same: its values are no neighbour's
				other := head{Column: Column{Cell: strangeCell(k), Kind: "text"}, tokens: stack}
				other.x0, other.x1 = span(stack)
				others = append(others, other)
			}
			for _, h := range heads {
				if !slices.ContainsFunc(found, func(o head) bool { return o.Cell == h.Cell }) {
					found, known = append(found, h), known+len(h.tokens)
				}
			}
		}
		if len(found) >= headsMin && 3*known >= 2*all && (len(found) > most || len(found) == most && known > words) {
			best, lines, most, words = append(found, others...), n, len(found), known
		}
	}
	slices.SortFunc(best, func(a, b head) int { return cmp.Compare(a.x0, b.x0) })
	for i := 1; i < len(best); i++ {
		if best[i].x0 < best[i-1].x1 {
			return nil, 0 // one head over another: two values stand in one cell
		}
	}
	if below := r + lines; len(best) > 0 && below < len(p.Rows) {
		for _, ph := range p.Rows[below].Phrases {
			if n, _ := longest(ph.Tokens, columns); n == len(ph.Tokens) && !strings.ContainsAny(ph.Text(), "0123456789") {
				return nil, 0
			}
		}
	}
	return best, lines
}

// strangeCell names the cell of a column whose head is not known; such cells are not given.
func strangeCell(k int) string { return "?" + string(rune('a'+k)) }

func strange(cell string) bool { return cell[0] == '?' }

// stacks are the phrases of neighbouring rows that stand over each other, left to right.
func stacks(rows []sheet.Row) [][]sheet.Token {
	var out [][]sheet.Token
	for _, row := range rows {
	next:
		for _, ph := range row.Phrases {
			for i := range out {
				x0, x1 := span(out[i])
				if math.Min(x1, ph.X1)-math.Max(x0, ph.X0) > 0 {
					out[i] = append(out[i], ph.Tokens...)
					continue next
				}
			}
			out = append(out, slices.Clone(ph.Tokens))
		}
	}
	return out
}

func span(tokens []sheet.Token) (x0, x1 float64) {
	x0, x1 = math.Inf(1), math.Inf(-1)
	for _, t := range tokens {
		x0, x1 = math.Min(x0, t.X0), math.Max(x1, t.X1)
	}
	return x0, x1
}

// matches reads a stack as heads: one, or several that stand so close that they are one phrase.
func matches(stack []sheet.Token, columns []Column) []head {
	var out []head
	for i := 0; i < len(stack); {
		n, c := longest(stack[i:], columns)
		if n == 0 {
			i++
			continue
		}
		h := head{Column: c, tokens: stack[i : i+n]}
		h.x0, h.x1 = span(h.tokens)
		out = append(out, h)
		i += n
	}
	return out
}

func longest(tokens []sheet.Token, columns []Column) (n int, best Column) {
	for _, c := range columns {
		for _, want := range c.spellings {
			if k := begins(tokens, want); k > n {
				n, best = k, c
			}
		}
	}
	return n, best
}

// begins reports how many tokens a spelling takes; 0 where they do not begin with it.
func begins(tokens []sheet.Token, want []string) int {
	k := 0
	for i, t := range tokens {
		for _, w := range lexicon.Tokens(t.Text) {
			if k == len(want) {
				return 0 // the token has more words than the spelling
			}
			if same, _ := lexicon.Alike(w, want[k]); !same {
				return 0
			}
			k++
		}
		if k == len(want) {
			return i + 1
		}
	}
	return 0
}

// bodyEnd is the first row behind the table: a wide gap, a row of labels, or further heads.
func bodyEnd(p *sheet.Page, from int, stop func(page, row int) bool, columns []Column) int {
	for r := from; r < len(p.Rows); r++ {
		if r > from && p.Rows[r].Y0-p.Rows[r-1].Y1 > 2.6*p.Height || stop(p.Number, r) || total(p.Rows[r]) {
			return r
		}
		if h, _ := headsAt(p, r, columns); len(h) > 0 {
			return r
		}
	}
	return len(p.Rows)
}

// total reports a row of sums.
func total(r sheet.Row) bool {
	w := lexicon.Tokens(r.Phrases[0].Text())
	return len(w) > 0 && (w[0] == "total" || w[0] == "totals" || w[0] == "subtotal" || len(w) > 1 && w[1] == "total")
}

// rows divides the body into rows of cells; end is the row behind the last of them.
func (g grid) rows(p *sheet.Page, from, to int) (out []Row, end int) {
	heads := g.heads
	last := 0.0
	for r := from; r < to && len(out) < rowsMax; r++ {
		cells := map[string][]sheet.Token{}
		for _, ph := range p.Rows[r].Phrases {
			for _, t := range ph.Tokens {
				c := g.cell(t)
				cells[c] = append(cells[c], t)
			}
		}
		near := len(out) > 0 && p.Rows[r].Y0-last < 0.9*p.Height
		last = p.Rows[r].Y1
		if near && goesOn(heads, cells, out[len(out)-1].Cells) {
			for c, tokens := range cells {
				out[len(out)-1].Cells[c] = append(out[len(out)-1].Cells[c], tokens...)
			}
			end = r + 1
			continue
		}
		if !begun(heads, cells) || len(p.Rows[r].Phrases)*2 <= len(cells) { // a sentence runs over the columns
			if len(out) > 0 {
				break
			}
			continue
		}
		row := Row{Page: p.Number, Cells: cells, Kinds: map[string]string{}, Heads: map[string]string{}}
		for _, h := range heads {
			row.Kinds[h.Cell], row.Heads[h.Cell] = h.Kind, strings.ReplaceAll(sheet.Join(h.tokens), "\n", " ")
		}
		out, end = append(out, row), r+1
	}
	for _, row := range out {
		maps.DeleteFunc(row.Cells, func(c string, _ []sheet.Token) bool { return strange(c) })
	}
	return out, end
}

// long reports a kind whose value may go on over lines.
func long(kind string) bool { return kind == "text" || kind == "adjustments" }

// goesOn reports words that only go on with cells of the row above.
func goesOn(heads []head, cells, above map[string][]sheet.Token) bool {
	for _, h := range heads {
		if len(cells[h.Cell]) > 0 && (!long(h.Kind) || len(above[h.Cell]) == 0) {
			return false
		}
	}
	filled := 0
	for _, c := range cells {
		if len(c) > 0 {
			filled++
		}
	}
	if first := heads[0].Cell; len(cells[first]) > 0 && len(above[first]) > 0 && filled >= rowLeast {
		return false // a row of its own with a cell that was not read
	}
	return filled < len(above)
}

// rowLeast is how many filled cells, the first among them, make a row and no continuation.
const rowLeast = 3

// begun reports words that make a row: at least two cells, and a third of the columns.
func begun(heads []head, cells map[string][]sheet.Token) bool {
	return len(cells) >= 2 && 3*len(cells) >= len(heads)
}

// sentence reports one run of words over most of the table's width: no row of it.
func sentence(row sheet.Row, heads []head) bool {
	ph := row.Phrases[0]
	return len(row.Phrases) == 1 && ph.X1-ph.X0 > 0.6*(heads[len(heads)-1].x1-heads[0].x0)
}

// edges are the places between columns: the middle of the widest strip between the middles of
// two heads that the fewest words cross.
func edges(p *sheet.Page, heads []head, from, to int) []float64 {
	var out []float64
	for k := 0; k+1 < len(heads); k++ {
		a, b := (heads[k].x0+heads[k].x1)/2, (heads[k+1].x0+heads[k+1].x1)/2
		const steps = 80
		cost := make([]int, steps)
		for i := range cost {
			x := a + (b-a)*(float64(i)+0.5)/steps
			for _, row := range p.Rows[from:to] {
				if sentence(row, heads) {
					continue
				}
				for _, ph := range row.Phrases {
					if x <= ph.X0 || x >= ph.X1 {
						continue
					}
					crossed := slices.ContainsFunc(ph.Tokens, func(t sheet.Token) bool { return x > t.X0 && x < t.X1 })
					if crossed {
						cost[i] += 3
					} else {
						cost[i]++ // a blank within a phrase divides less well than white space
					}
				}
			}
		}
		least := slices.Min(cost)
		best, size, weight := 0, 0, 0
		for i := 0; i < steps; {
			j := i
			for j < steps && cost[j] == least {
				j++
			}
			wide := j - i
			if end := a + (b-a)*float64(j)/steps; wide > 0 && math.Abs(end-heads[k+1].x0) < 0.5*p.Height {
				wide *= 3 // the values begin under the beginning of their head
			}
			if wide > weight {
				best, size, weight = i, j-i, wide
			}
			i = max(j, i+1)
		}
		out = append(out, a+(b-a)*(float64(best)+float64(size)/2)/steps)
	}
	return out
}
