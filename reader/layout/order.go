package layout

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// item is what is put in order: a phrase, or a grid with everything in its cells.
type item struct {
	Rect
	phrase *Phrase
	grid   int         // index of the grid, -1 for a phrase
	inside [][]*Phrase // phrases of the grid's cells in reading order, cell by cell
}

// arrange puts items into reading order: columns of running text one after the other, all
// else across the page, row by row.
func (f *Frame) arrange(items []*item, depth int) []*item {
	if len(items) < 2 || depth > 12 {
		return items
	}
	if g, ok := f.gutter(items); ok {
		var out []*item
		for _, part := range [][]*item{g.above, g.left, g.right, g.below} {
			out = append(out, f.arrange(part, depth+1)...)
		}
		return out
	}
	return acrossRows(items)
}

// acrossRows orders by rows. A grid stands after what is left of it and before what is right of it.
func acrossRows(items []*item) []*item {
	var phrases []*Phrase
	back := map[*Phrase]*item{}
	var grids []*item
	for _, it := range items {
		if it.phrase == nil {
			grids = append(grids, it)
			continue
		}
		phrases = append(phrases, it.phrase)
		back[it.phrase] = it
	}
	var out []*item
	for _, row := range rowsOf(phrases) {
		for _, p := range row {
			out = append(out, back[p])
		}
	}
	slices.SortStableFunc(grids, func(a, b *item) int {
		if a.OverlapY(b.Rect) > 0.5*min(a.H(), b.H()) {
			return cmp.Compare(a.X0, b.X0)
		}
		return cmp.Compare(a.Y0, b.Y0)
	})
	for _, g := range grids {
		at := len(out)
		for i, it := range out {
			if it.MidY() > g.Y1 || it.MidY() > g.Y0 && it.MidX() > g.X1 || it.phrase == nil && it.Y0 > g.Y1 {
				at = i
				break
			}
		}
		out = slices.Insert(out, at, g)
	}
	return out
}

// split is a page area parted by a gutter.
type split struct{ above, left, right, below []*item }

// gutter finds the white space between two columns of running text, the one with most text
// beside it.
func (f *Frame) gutter(items []*item) (split, bool) {
	byY := slices.Clone(items)
	slices.SortStableFunc(byY, func(a, b *item) int { return cmp.Compare(a.MidY(), b.MidY()) })
	best, bestSize := split{}, 0
	tried := map[int]bool{}
	for i, s := range byY {
		t := rightOf(byY, i)
		if t == nil || t.X0-s.X1 < 0.9*f.Text {
			continue
		}
		key := int((s.X1+t.X0)/2/f.Text)*100000 + i/4 // neighbours in one gutter give one answer
		if tried[key] {
			continue
		}
		tried[key] = true
		g := f.grow(byY, i, s.X1, t.X0)
		if n := min(len(g.left), len(g.right)); n > bestSize && f.running(g.left, g.right) {
			best, bestSize = g, n
		}
	}
	return best, bestSize > 0
}

// rightOf is the nearest item to the right of the i-th that shares its height.
func rightOf(byY []*item, i int) *item {
	s := byY[i]
	var best *item
	for d := 1; d < 40; d++ {
		for _, j := range [2]int{i - d, i + d} {
			if j < 0 || j >= len(byY) {
				continue
			}
			t := byY[j]
			if t.X0 >= s.X1 && t.OverlapY(s.Rect) > 0.2*min(t.H(), s.H()) && (best == nil || t.X0 < best.X0) {
				best = t
			}
		}
	}
	return best
}

// grow follows a gutter up and down until something crosses it.
func (f *Frame) grow(byY []*item, at int, x0, x1 float64) split {
	least := 0.8 * f.Text
	left, right := x0, x1
	takes := func(it *item) bool {
		l, r := left, right
		if it.MidX() < (left+right)/2 {
			l = max(l, it.X1)
		} else {
			r = min(r, it.X0)
		}
		if r-l < least {
			return false
		}
		left, right = l, r
		return true
	}
	first, last := at, at
	for first > 0 && takes(byY[first-1]) {
		first--
	}
	for last+1 < len(byY) && takes(byY[last+1]) {
		last++
	}
	g := split{above: byY[:first], below: byY[last+1:]}
	for _, it := range byY[first : last+1] {
		if it.MidX() < (left+right)/2 {
			g.left = append(g.left, it)
		} else {
			g.right = append(g.right, it)
		}
	}
	return g
}

// running reports whether both sides of a gutter are running text that is read down.
func (f *Frame) running(left, right []*item) bool {
	a, b := f.prose(left), f.prose(right)
	return min(a, b) >= 1 && a+b >= 4
}

// prose judges how much a column looks like running text: long lines that fill it, lines that
// go on in small letters; against it labels with colons, numbers, single words.
func (f *Frame) prose(items []*item) float64 {
	var col Rect
	lines, words, small, colon, figures, grids := 0, 0, 0, 0, 0, 0
	for _, it := range items {
		if it.phrase == nil {
			grids++
			continue
		}
		col = col.Union(it.Rect)
		lines++
		words += len(it.phrase.Words)
		first := f.page.Words[it.phrase.Words[0]].Text
		last := f.page.Words[it.phrase.Words[len(it.phrase.Words)-1]].Text
		if r, _ := utf8.DecodeRuneInString(first); unicode.IsLower(r) {
			small++
		}
		if strings.HasSuffix(last, ":") || strings.HasSuffix(first, ":") {
			colon++
		}
		for _, w := range it.phrase.Words {
			if strings.IndexFunc(f.page.Words[w].Text, unicode.IsDigit) >= 0 {
				figures++
			}
		}
	}
	if lines < 3 || grids > lines {
		return 0
	}
	full := 0
	for _, it := range items {
		if it.phrase != nil && it.W() >= 0.7*col.W() {
			full++
		}
	}
	n := float64(lines)
	score := math.Min(float64(words)/n/2, 2.5) - 0.5 // five words a line and more count fully
	score += 3*float64(small)/n + 1.2*float64(full)/n
	score -= 3*float64(colon)/n + 2*float64(figures)/float64(max(words, 1))
	return score
}
