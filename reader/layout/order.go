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
	ticked bool        // a phrase that names a place to tick
}

// depthMax bounds how often a page is parted: columns within columns within columns.
const depthMax = 16

// arrange puts items into reading order: columns one after the other, all else across the
// page, row by row.
func (f *Frame) arrange(items []*item, depth int) []*item {
	if len(items) < 2 {
		return items
	}
	if depth < depthMax {
		if g, ok := f.gutter(items); ok {
			var out []*item
			for _, part := range [][]*item{g.above, g.left, g.right, g.below} {
				out = append(out, f.arrange(part, depth+1)...)
			}
			return out
		}
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

// running reports whether both sides of a gutter are running text that is read down.
func (f *Frame) running(left, right []*item) bool {
	a, b := f.prose(left), f.prose(right)
	return min(a, b) >= 1 && a+b >= 4
}

// prose judges how much a column looks like running text: long lines that fill it, lines that
// go on in small letters; against it labels with colons, numbers, single words.
func (f *Frame) prose(items []*item) float64 {
	var col Rect
	lines, small, colon, figures, grids := 0, 0, 0, 0, 0
	for _, it := range items {
		if it.phrase == nil {
			grids++
			continue
		}
		col = col.Union(it.Rect)
		lines++
		first := f.page.Words[it.phrase.Words[0]].Text
		last := f.page.Words[it.phrase.Words[len(it.phrase.Words)-1]].Text
		if r, size := utf8.DecodeRuneInString(first); unicode.IsLower(r) && len(first) > size {
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
	n, words := float64(lines), f.telling(items)
	score := math.Min(float64(words)/n/2, 2.5) - 0.5 // five words a line and more count fully
	score += 3*float64(small)/n + 1.2*float64(full)/n
	score -= 3*float64(colon)/n + 2*float64(figures)/float64(max(words, 1))
	return score
}

// telling counts the words of a column that say something: of two letters or figures and more,
// and not the same in most lines, as "Yes" and "No" are beside questions. A box to tick is read
// as a letter or a sign.
func (f *Frame) telling(items []*item) int {
	lines, words := 0, 0
	in := map[string]int{} // word to the lines with it
	for _, it := range items {
		if it.phrase == nil {
			continue
		}
		lines++
		line := map[string]bool{}
		for _, w := range it.phrase.Words {
			if text := f.page.Words[w].Text; says(text) {
				words++
				line[text] = true
			}
		}
		for text := range line {
			in[text]++
		}
	}
	for _, n := range in {
		if lines >= 3 && 2*n > lines {
			words -= n
		}
	}
	return max(words, 0)
}

func says(word string) bool {
	n := 0
	for _, r := range word {
		if letter(r) {
			n++
		}
	}
	return n >= 2
}
