package mark

import (
	"slices"
	"strings"
	"unicode"

	"chartlake/document"
	"chartlake/reader/layout"
)

// label finds the words that name each mark and the question that a row of marks answers.
func label(found []candidate, f *layout.Frame, p *document.Page) {
	var own []int
	for _, m := range found {
		own = append(own, m.own...)
	}
	lines := free(f, p, own)
	for i := range found {
		found[i].label = append(slices.Clone(found[i].stuck), right(found, i, f, lines)...)
	}
	for i := range found {
		if len(found[i].label) == 0 {
			found[i].label = column(found[i], f, p)
		}
	}
	for i := range found {
		if len(found[i].label) == 0 {
			found[i].label = left(found, i, f, lines)
		}
	}
	questions(found, f, p, lines)
}

// run is what is left of a line without the marks' own words.
type run struct {
	words []int
	layout.Rect
}

func free(f *layout.Frame, p *document.Page, own []int) []run {
	var out []run
	for _, l := range p.Lines {
		var words []int
		for _, w := range l.Words {
			if !slices.Contains(own, w) {
				words = append(words, w)
			}
		}
		if len(words) > 0 {
			out = append(out, run{words, f.Around(words)})
		}
	}
	return out
}

// row reports whether a rectangle stands at the height of a mark.
func row(m candidate, r layout.Rect) bool {
	return r.OverlapY(m.Rect) > 0.35*min(r.H(), m.H())
}

// right takes the words behind a mark up to the next mark or a wide gap.
func right(found []candidate, i int, f *layout.Frame, lines []run) []int {
	m := found[i]
	limit := m.X1 + 1e9
	for j, o := range found {
		if j != i && o.X0 > m.X0 && row(m, o.Rect) {
			limit = min(limit, o.X0)
		}
	}
	var words []int
	for _, l := range lines {
		if !row(m, l.Rect) || l.X1 < m.X1 {
			continue
		}
		for _, w := range l.words {
			if r := f.Words[w]; r.X0 > m.X1-0.3*m.W() && r.X1 <= limit+0.2*f.Text && row(m, r) {
				words = append(words, w)
			}
		}
	}
	slices.SortFunc(words, func(a, b int) int {
		if f.Words[a].X0 < f.Words[b].X0 {
			return -1
		}
		return 1
	})
	edge, from := m.X1, m.X1+0.5*f.Text // the side of the frame itself may be a rule
	for k, w := range words {
		r := f.Words[w]
		wide := 1.6 * f.Text
		if k == 0 {
			wide = 2.5 * f.Text
		}
		if r.X0-edge > wide || f.Parted(from, r.X0, r.Y0, r.Y1) {
			return words[:k]
		}
		edge, from = r.X1, r.X1
	}
	return words
}

// left takes the words before a mark that has none behind it, back to the mark before.
func left(found []candidate, i int, f *layout.Frame, lines []run) []int {
	m := found[i]
	for _, l := range lines {
		if !row(m, l.Rect) {
			continue
		}
		var words []int
		edge := m.X0
		for k := len(l.words) - 1; k >= 0; k-- {
			w := l.words[k]
			r := f.Words[w]
			if r.X0 > m.X0 {
				continue
			}
			if edge-r.X1 > 2*f.Text || taken(found, w) {
				break
			}
			words = append([]int{w}, words...)
			edge = r.X0
		}
		if len(words) > 0 {
			return words
		}
	}
	return nil
}

// column is the answer that heads a column of marks: "Yes", "No", "N/A", the nearest above.
func column(m candidate, f *layout.Frame, p *document.Page) []int {
	best := -1
	for i, r := range f.Words {
		switch strings.ToLower(strings.Trim(p.Words[i].Text, ".:|()")) {
		case "yes", "no", "n/a", "na", "unknown", "unsure", "y", "n":
		default:
			continue
		}
		if r.Y1 <= m.Y0+0.2*f.Text && r.X1 > m.X0-0.5*m.W() && r.X0 < m.X1+0.5*m.W() && (best < 0 || r.Y1 > f.Words[best].Y1) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	return []int{best}
}

func taken(found []candidate, w int) bool {
	return slices.ContainsFunc(found, func(c candidate) bool { return slices.Contains(c.label, w) || slices.Contains(c.own, w) })
}

// questions gives each mark the text that its row of options answers: the words left of the
// first mark of the row, else the line above that ends in a colon or question mark.
func questions(found []candidate, f *layout.Frame, p *document.Page, lines []run) {
	for i := range found {
		m := &found[i]
		first := m.Rect
		for _, o := range found {
			if row(*m, o.Rect) && o.X0 < first.X0 && !between(o.Rect, first, f, lines, found) {
				first = o.Rect
			}
		}
		var group []int
		edge := first.X0
		for _, w := range before(first, f, lines) {
			r := f.Words[w]
			if taken(found, w) || edge-r.X1 > 40*f.Text || len(group) > 0 && f.Parted(r.X1, edge, first.Y0, first.Y1) {
				break
			}
			group = append([]int{w}, group...)
			edge = r.X0
		}
		if !named(group, p) {
			group = aboveLine(first, f, p, lines, found)
		}
		if !named(group, p) {
			group = ruledRow(first, f, lines, found)
		}
		m.group = group
	}
}

// before are the words left of a place on its row, from right to left.
func before(at layout.Rect, f *layout.Frame, lines []run) []int {
	var words []int
	for _, l := range lines {
		for _, w := range l.words {
			if r := f.Words[w]; r.X1 <= at.X0+0.2*f.Text && r.OverlapY(at) > 0.35*min(r.H(), at.H()) {
				words = append(words, w)
			}
		}
	}
	slices.SortFunc(words, func(a, b int) int {
		if f.Words[a].X1 > f.Words[b].X1 {
			return -1
		}
		return 1
	})
	return words
}

// between reports whether words that label no mark stand between two marks of a row: then they
// answer different questions.
func between(a, b layout.Rect, f *layout.Frame, lines []run, found []candidate) bool {
	for _, l := range lines {
		for _, w := range l.words {
			r := f.Words[w]
			if r.X0 >= a.X1 && r.X1 <= b.X0 && r.OverlapY(a) > 0.35*min(r.H(), a.H()) && !taken(found, w) {
				return true
			}
		}
	}
	return false
}

func aboveLine(at layout.Rect, f *layout.Frame, p *document.Page, lines []run, found []candidate) []int {
	var best []int
	gap := 2.5 * f.Text
	for _, l := range lines {
		g := at.Y0 - l.Y1
		last := p.Words[l.words[len(l.words)-1]].Text
		if g < -0.2*f.Text || g >= gap || l.X0 > at.X1 || l.X1 < at.X0-2*f.Text || taken(found, l.words[0]) ||
			!strings.HasSuffix(last, ":") && !strings.HasSuffix(last, "?") {
			continue
		}
		best, gap = l.words, g
	}
	return best
}

// named reports whether words have letters: a bare number is no question.
func named(words []int, p *document.Page) bool {
	return slices.ContainsFunc(words, func(w int) bool {
		return len(p.Words[w].Text) > 1 && strings.IndexFunc(p.Words[w].Text, unicode.IsLetter) >= 0
	})
}

// ruledRow is the text left of a mark between the rules above and below it: a question of
// several lines in a ruled row.
func ruledRow(at layout.Rect, f *layout.Frame, lines []run, found []candidate) []int {
	top, bottom := at.Y0-8*f.Text, at.Y1+8*f.Text
	above, below := false, false
	for _, r := range f.Flat {
		if r.OverlapX(at) < 0.5*at.W() {
			continue
		}
		if y := r.MidY(); y < at.MidY() && y > top {
			top, above = y, true
		} else if y > at.MidY() && y < bottom {
			bottom, below = y, true
		}
	}
	if !above || !below {
		return nil
	}
	var words []int
	for _, l := range lines {
		for _, w := range l.words {
			if r := f.Words[w]; r.MidY() > top && r.MidY() < bottom && r.X1 < at.X0 && !taken(found, w) {
				words = append(words, w)
			}
		}
	}
	slices.Sort(words) // words are numbered in reading order
	return words
}
