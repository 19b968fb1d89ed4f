package field

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"chartlake/reader/layout"
)

// costMax is the cost at which a label rather stays without a value.
const costMax = 9.0

// assign pairs the labels that have no value yet with the pieces around them, so that the
// costs add up to the least.
func (s *sheet) assign() {
	var keys []*key
	for _, k := range s.keys {
		if !k.sealed && len(k.value) == 0 {
			keys = append(keys, k)
		}
	}
	keys = keys[:min(len(keys), pairsMax)]
	pieces := s.pieces[:min(len(s.pieces), pairsMax)]
	if len(keys) == 0 || len(pieces) == 0 {
		return
	}
	cost := make([][]float64, len(keys))
	rules := make([][]string, len(keys))
	for i, k := range keys {
		cost[i], rules[i] = make([]float64, len(pieces)+len(keys)), make([]string, len(pieces))
		for j := range cost[i] {
			cost[i][j] = 1e6
		}
		for j, p := range pieces {
			if c, rule := s.cost(k, p); rule != "" && c < costMax {
				cost[i][j], rules[i][j] = c, rule
			}
		}
		cost[i][len(pieces)+i] = costMax // no value
	}
	var used []int
	for i, j := range cheapest(cost) {
		if j < len(pieces) && rules[i][j] != "" {
			keys[i].value, keys[i].rule = slices.Clone(pieces[j].words), rules[i][j]
			used = append(used, pieces[j].words[0])
		}
	}
	s.pieces = slices.DeleteFunc(s.pieces, func(p piece) bool { return slices.Contains(used, p.words[0]) })
}

// cost is how ill a piece suits a label, and by which rule; no rule: it cannot be its value.
func (s *sheet) cost(k *key, p piece) (float64, string) {
	t := s.Text
	if p.rect.Y0 > k.rect.Y1+2.4*t || p.rect.Y1 < k.rect.Y0-2.2*t || p.rect.X0 > k.rect.X1+30*t || p.rect.X1 < k.rect.X0-t {
		return 0, "" // most are far away
	}
	text := s.text(p.words)
	look := 4 * fits(k.kind, shape(text))
	if k.kind == "" {
		look = 1
	}
	if !says(text) || k.rule == ruleBelow && (s.headline(k, p) || s.overMarks(k.rect)) {
		return 0, ""
	}
	row := k.rect.OverlapY(p.rect) > 0.5*min(k.rect.H(), p.rect.H())
	right := p.rect.X0 - k.rect.X1
	below := p.rect.Y0 - k.rect.Y1
	above := k.rect.Y0 - p.rect.Y1
	sign := k.rule == ruleColon || k.rule == ruleLeader || k.rule == ruleWrite
	switch {
	case row && right > -0.2*t && right < 30*t && !s.between(k, k.rect.X1, p.rect.X0, p.line):
		c := look + right/t*0.18
		if k.cell >= 0 && p.cell >= 0 && k.cell != p.cell {
			return c + 1, ruleCell
		}
		if sign {
			return c, k.rule
		}
		if s.Parted(k.rect.X1, p.rect.X0, k.rect.Y0, k.rect.Y1) {
			return c + 1, ruleCell
		}
		return c + 1.5, ruleRight
	case k.cell >= 0 && p.cell != k.cell:
		return 0, ""
	case below > -0.2*t && below < 2.4*t && s.under(k.rect, p.rect):
		c := look + 2 + below/t*1.2 + math.Abs(p.rect.X0-k.rect.X0)/t*0.3
		if s.ruled(k.rect.Y1, p.rect.Y0, k.rect) {
			c += 3
		}
		if r := s.rightOf(piece{rect: k.rect}); r != nil && r.words[0] != p.words[0] && k.rule != ruleBelow {
			c += 2
		}
		return c, ruleBelow
	case above > -0.2*t && above < 2.2*t && s.under(k.rect, p.rect) && s.ruled(p.rect.MidY(), k.rect.MidY(), k.rect):
		return look + 2.5 + above/t, ruleAbove
	}
	return 0, ""
}

// says reports whether a text may be a value: not a question, nor the number before one.
func says(text string) bool {
	return !strings.HasSuffix(text, "?") && !(len(text) <= 3 && strings.HasSuffix(text, ".") && unicode.IsDigit(rune(text[0])))
}

// headline reports whether a label known by its wording is the heading of a text: set higher, or over a
// sentence or what has labels of its own.
func (s *sheet) headline(k *key, p piece) bool {
	if len(p.words) >= 9 && s.tallest(k.words) > 1.04*s.tallest(p.words) || s.tallest(k.words) > 1.25*s.tallest(p.words) {
		return true
	}
	return slices.ContainsFunc(s.keys, func(o *key) bool {
		return o != k && o.line == p.line && (o.rule == ruleColon || o.rule == ruleLeader)
	})
}

// overMarks reports whether places to mark stand right below a text: it is their question.
func (s *sheet) overMarks(r layout.Rect) bool {
	return slices.ContainsFunc(s.marks, func(m layout.Rect) bool {
		return m.Y0 > r.MidY() && m.Y0 < r.Y1+1.6*s.Text && m.OverlapX(r) > 0
	})
}

// under reports whether two rectangles share a column: they overlap, or begin at one place.
func (s *sheet) under(a, b layout.Rect) bool {
	return a.OverlapX(b) > 0.3*min(a.W(), b.W()) || math.Abs(a.X0-b.X0) < s.Text
}

// ruled reports whether a rule runs between two heights across most of a rectangle's width.
func (s *sheet) ruled(y0, y1 float64, r layout.Rect) bool {
	for _, f := range s.Flat {
		if y := f.MidY(); y > y0 && y < y1 && f.OverlapX(r) > 0.6*r.W() {
			return true
		}
	}
	return false
}

// between reports whether another label or text stands on the row between a label and a place.
func (s *sheet) between(k *key, x0, x1 float64, line int) bool {
	in := func(r layout.Rect) bool {
		return r.OverlapY(k.rect) > 0.5*min(r.H(), k.rect.H()) && r.MidX() > x0 && r.MidX() < x1
	}
	for _, o := range s.keys {
		if o != k && in(o.rect) {
			return true
		}
	}
	for _, p := range s.pieces {
		if p.line != line && in(p.rect) {
			return true
		}
	}
	return false
}

// cheapest solves the assignment problem for a matrix with at least as many columns as rows:
// for each row its column, all different, the sum least. Method: shortest augmenting paths,
// Jonker and Volgenant, Computing 38 (1987) 325.
func cheapest(cost [][]float64) []int {
	n, m := len(cost), len(cost[0])
	u, v := make([]float64, n+1), make([]float64, m+1)
	rowOf, way := make([]int, m+1), make([]int, m+1) // rowOf[j] is the row of column j, both from 1
	for i := 1; i <= n; i++ {
		rowOf[0] = i
		least, done := make([]float64, m+1), make([]bool, m+1)
		for j := range least {
			least[j] = math.Inf(1)
		}
		j0 := 0
		for {
			done[j0] = true
			i0, delta, j1 := rowOf[j0], math.Inf(1), 0
			for j := 1; j <= m; j++ {
				if done[j] {
					continue
				}
				if c := cost[i0-1][j-1] - u[i0] - v[j]; c < least[j] {
					least[j], way[j] = c, j0
				}
				if least[j] < delta {
					delta, j1 = least[j], j
				}
			}
			for j := 0; j <= m; j++ {
				if done[j] {
					u[rowOf[j]] += delta
					v[j] -= delta
				} else {
					least[j] -= delta
				}
			}
			j0 = j1
			if rowOf[j0] == 0 {
				break
			}
		}
		for j0 != 0 {
			rowOf[j0] = rowOf[way[j0]]
			j0 = way[j0]
		}
	}
	out := make([]int, n)
	for j := 1; j <= m; j++ {
		if rowOf[j] > 0 {
			out[rowOf[j]-1] = j - 1
		}
	}
	return out
}
