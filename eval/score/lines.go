package score

import (
	"fmt"
	"sort"
	"strings"

	"chartlake/eval/expected"
	"chartlake/record"
)

// rowEnough is the share of its cells that must be right for a row to count as found.
const rowEnough = 0.5

type recordRow map[string]record.Field

// cell finds the field of a row under a name; nil when there is none that states anything.
func (row recordRow) cell(names []string) *record.Field {
	for key := range row {
		for _, n := range names {
			if f := row[key]; baseName(key) == n && (stated(&f) || f.Raw != "" && f.State != record.Missing) {
				return &f
			}
		}
	}
	return nil
}

// lines scores the repeated rows: each expected row with the row of the record that has most of its cells.
func (c *comparison) lines() {
	var rows []recordRow
	for _, s := range c.got.Segments {
		for _, row := range s.Lines {
			rows = append(rows, row)
		}
	}
	if len(c.want.Lines) == 0 {
		return
	}
	match := c.matchRows(rows)
	names := map[string]bool{}
	for _, want := range c.want.Lines {
		for key := range want {
			for _, n := range strings.Split(key, "|") {
				names[n] = true
			}
		}
	}
	used := map[int]bool{}
	for i, want := range c.want.Lines {
		j, ok := match[i]
		used[j] = used[j] || ok
		var row recordRow
		if ok {
			row = rows[j]
		}
		c.row(i, want, row)
		c.strayCells(want, row, names)
	}
	for j, row := range rows {
		if !used[j] {
			c.r.RowsExtra++
			c.strayCells(nil, row, names)
		}
	}
}

// matchRows pairs rows, the best pairs first, then in reading order.
func (c *comparison) matchRows(rows []recordRow) map[int]int {
	type pair struct{ i, j, score int }
	var pairs []pair
	for i, want := range c.want.Lines {
		for j, row := range rows {
			n := 0
			for key, v := range want {
				if f := row.cell(strings.Split(key, "|")); f != nil && !v.Blank && sameCell(v, f) {
					n++
				}
			}
			if n > 0 {
				pairs = append(pairs, pair{i, j, n})
			}
		}
	}
	sort.SliceStable(pairs, func(a, b int) bool { return pairs[a].score > pairs[b].score })
	match, taken := map[int]int{}, map[int]bool{}
	for _, p := range pairs {
		if _, ok := match[p.i]; !ok && !taken[p.j] {
			match[p.i], taken[p.j] = p.j, true
		}
	}
	return match
}

// sameCell reports whether a cell of the record is the expected one.
func sameCell(v expected.Value, f *record.Field) bool {
	e := &entry{value: v, values: []*record.Field{f}, right: map[*record.Field]bool{}}
	for _, ok := range e.match() {
		if !ok {
			return false
		}
	}
	return true
}

// row scores the cells of one expected row; row is nil where the record has none for it.
func (c *comparison) row(i int, want map[string]expected.Value, row recordRow) {
	right, of := 0, 0
	keys := make([]string, 0, len(want))
	for key := range want {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		v := want[key]
		f := row.cell(strings.Split(key, "|"))
		if v.Blank {
			filled := f != nil && stated(f)
			c.r.Blanks.count(!filled)
			if filled {
				c.r.CellsPrecise.count(false)
				c.accept(f, false)
			}
			continue
		}
		of++
		same := f != nil && sameCell(v, f)
		c.r.Cells.count(same)
		switch {
		case f == nil:
			c.r.Accepted.count(false)
		case stated(f):
			c.r.CellsPrecise.count(same)
			c.accept(f, same)
		}
		name := fmt.Sprintf("lines[%d].%s", i, key)
		if !same {
			got := ""
			if f != nil {
				got = text(f)
			}
			e := &entry{value: v}
			c.miss(name, e.want(0), got)
			continue
		}
		right++
		if at, ok := c.want.Boxes[name]; ok {
			c.boxes(f, []expected.Place{at})
		}
	}
	c.r.Rows.count(row != nil && float64(right) >= rowEnough*float64(of))
}

// strayCells counts cells of a row of the record that the expected row does not have,
// where their name is one of the table's.
func (c *comparison) strayCells(want map[string]expected.Value, row recordRow, names map[string]bool) {
	expectedHere := map[string]bool{}
	for key := range want {
		for _, n := range strings.Split(key, "|") {
			expectedHere[n] = true
		}
	}
	for key := range row {
		f := row[key]
		if name := baseName(key); names[name] && !expectedHere[name] && stated(&f) {
			c.r.CellsPrecise.count(false)
			c.accept(&f, false)
		}
	}
}
