// Package labreport reads laboratory result tables: ruled, half-ruled or by alignment alone,
// with several panels, wrapped names, and going on over pages. Columns are named by their
// heads; each row is then checked by the kind of its contents, so that a shifted column is
// seen and not filed. Without a head no table is read.
package labreport

import (
	"math"
	"slices"
	"strings"
	"sync"

	"chartlake/form/lexicon"
	"chartlake/form/sheet"
)

// heads are the printed heads of result columns. "-" is a column that is known and not read.
var heads = []struct{ cell, words string }{
	{"test", "test|tests|test name|test description|analyte|analytes|component|examination|investigation|parameter|assay|procedure|determination|test procedure|laboratory test|test component|tests performed|name of test|constituent|observation|description|component name"},
	{"value", "result|results|value|your result|your value|current result|observed value|result value|patient result|test result|finding|findings|measured value|your results|current value|patient value|in range|out of range|measurement|obtained value"},
	{"flag", "flag|flags|abnormal flag|abn|fl|abnl|h l|interp|alert|abnormal|abn flag|flg|indicator|interpretation"},
	{"unit", "unit|units|uom|unit of measure|units of measure|measurement unit|result unit|unit of measurement"},
	{"range", "reference range|reference interval|ref range|ref interval|normal range|normal|reference|range|biological reference|biological reference interval|expected range|normal values|reference values|standard range|ref|normals|ref values|desired range|limits|normal limits|reference limits|expected values|expected|reference range units|ref rng|normal value|reference value|therapeutic range|reference ranges|normal interval"},
	{"status", "status|result status|stat"},
	{"note", "comment|comments|note|notes|remarks"},
	{"-", "lab|site|method|code|loinc|previous result|previous|prior result|prior|previous value|last result|prior value|date|time|specimen|methodology|performing lab|id|no|test code|order|trend|previous results|delta"},
}

type headWords struct {
	cell   string
	tokens []string
}

// headList is the heads by the initial of their first word.
var headList = sync.OnceValue(func() map[byte][]headWords {
	out := map[byte][]headWords{}
	for _, h := range heads {
		for _, w := range strings.Split(h.words, "|") {
			tokens := lexicon.Tokens(w)
			at := lexicon.Initial(tokens[0])
			out[at] = append(out[at], headWords{h.cell, tokens})
		}
	}
	return out
})

// column is a head with the width it stands over; x0 and x1 are later moved to the gutters.
type column struct {
	cell        string
	x0, x1      float64 // of the head's words
	left, right float64 // of the column
}

type table struct {
	columns []column
}

// findHead reads a row as heads of a result table. It must name a value column and at least
// one of unit, range and test beside it, and nearly all of its words must be heads.
func findHead(words map[byte][]headWords, row sheet.Row) (table, bool) {
	var t table
	var tokens []sheet.Token
	for _, p := range row.Phrases {
		tokens = append(tokens, p.Tokens...)
	}
	if len(tokens) > 24 {
		return t, false
	}
	strange := 0
	for i := 0; i < len(tokens); {
		cell, used := headAt(words, tokens[i:])
		if used == 0 {
			if len(lexicon.Tokens(tokens[i].Text)) > 0 {
				strange++
			}
			i++
			continue
		}
		p := sheet.NewPhrase(0, tokens[i:i+used])
		if n := len(t.columns); n > 0 && t.columns[n-1].cell == cell && cell != "value" && cell != "-" {
			t.columns[n-1].x1 = p.X1
		} else {
			t.columns = append(t.columns, column{cell: cell, x0: p.X0, x1: p.X1})
		}
		i += used
	}
	if strange > 1 || strange > len(tokens)/4 {
		return t, false
	}
	has := func(cell string) bool {
		return slices.ContainsFunc(t.columns, func(c column) bool { return c.cell == cell })
	}
	kinds := 0
	for _, c := range []string{"test", "unit", "range", "flag"} {
		if has(c) {
			kinds++
		}
	}
	return t, has("value") && kinds >= 2 || has("value") && has("test") && len(row.Phrases) >= 2 && kinds >= 1
}

// headAt finds the longest head that the tokens begin with; words of one head stand close.
func headAt(words map[byte][]headWords, tokens []sheet.Token) (cell string, used int) {
	longest := 0
	begin := lexicon.Tokens(tokens[0].Text)
	if len(begin) == 0 {
		return "", 0
	}
	for _, h := range words[lexicon.Initial(begin[0])] {
		if len(h.tokens) <= longest {
			continue
		}
		n, k := 0, 0
		ok := true
		for k < len(h.tokens) && ok {
			if n >= len(tokens) {
				ok = false
				break
			}
			if n > 0 && tokens[n].X0-tokens[n-1].X1 > 1.4*(tokens[n].Y1-tokens[n].Y0) {
				ok = false
				break
			}
			parts := lexicon.Tokens(tokens[n].Text)
			if len(parts) == 0 && n > 0 {
				n++
				continue
			}
			for _, p := range parts {
				if k >= len(h.tokens) {
					ok = false
					break
				}
				same, _ := lexicon.Alike(p, h.tokens[k])
				ok = ok && same
				k++
			}
			ok = ok && len(parts) > 0
			n++
		}
		if ok && k == len(h.tokens) {
			cell, used, longest = h.cell, n, len(h.tokens)
		}
	}
	return cell, used
}

// gutters moves the edges of the columns to where the rows have white space between them.
// rows are those of the table's body with at least two phrases.
func (t *table) gutters(rows []sheet.Row, pageRight float64) {
	n := len(t.columns)
	t.columns[0].left, t.columns[n-1].right = 0, pageRight
	for i := 0; i+1 < n; i++ {
		a, b := &t.columns[i], &t.columns[i+1]
		edge := gutter(rows, a.x0, (a.x0+a.x1)/2, (b.x0+b.x1)/2, b.x0, a.x1)
		a.right, b.left = edge, edge
	}
}

// gutter is the middle of the widest strip between from and to that the fewest tokens cross;
// strips near the next head's left edge win when equal, because cells begin under heads.
func gutter(rows []sheet.Row, _, from, to, nextLeft, headRight float64) float64 {
	const bins = 160
	if to <= from {
		return (headRight + nextLeft) / 2
	}
	var crossed [bins]int
	at := func(x float64) int { return int(math.Floor((x - from) / (to - from) * bins)) }
	for _, r := range rows {
		for _, p := range r.Phrases {
			for k, t := range p.Tokens {
				x1 := t.X1
				if k+1 < len(p.Tokens) && p.Tokens[k+1].X0-t.X1 < 0.5*(t.Y1-t.Y0) {
					x1 = p.Tokens[k+1].X0 // a blank inside a cell is no gutter
				}
				for b := max(at(t.X0), 0); b <= min(at(x1), bins-1); b++ {
					crossed[b]++
				}
			}
		}
	}
	// the heads themselves bound the strip too
	for b := range crossed {
		x := from + (float64(b)+0.5)/bins*(to-from)
		if x < headRight || x > nextLeft {
			crossed[b]++
		}
	}
	least := slices.Min(crossed[:])
	bestFrom, bestLen, start := 0, 0, -1
	for b := 0; b <= bins; b++ {
		free := b < bins && crossed[b] == least
		if free && start < 0 {
			start = b
		}
		if !free && start >= 0 {
			if b-start >= bestLen {
				bestFrom, bestLen = start, b-start
			}
			start = -1
		}
	}
	return from + (float64(bestFrom)+float64(bestLen)/2)/bins*(to-from)
}

// cells divides the tokens of a row among the columns by their middles.
func (t *table) cells(row sheet.Row) [][]sheet.Token {
	out := make([][]sheet.Token, len(t.columns))
	for _, p := range row.Phrases {
		for _, tok := range p.Tokens {
			mid := (tok.X0 + tok.X1) / 2
			i := slices.IndexFunc(t.columns, func(c column) bool { return mid < c.right })
			if i < 0 {
				i = len(t.columns) - 1
			}
			out[i] = append(out[i], tok)
		}
	}
	return out
}
