package layout

import (
	"cmp"
	"slices"
)

// Phrase is a run of words on one baseline without a wide gap or a rule in it.
type Phrase struct {
	Words []int // left to right
	Rect
}

// phraseGap is the widest gap within a phrase in heights of its words (which are about 0.7 em):
// wider than a blank of justified text, narrower than the space between two cells.
const phraseGap = 1.5

// Phrases groups the words of a frame into phrases, by their left edges.
func (f *Frame) Phrases() []*Phrase {
	order := make([]int, len(f.Words))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if x, y := f.Words[a].X0, f.Words[b].X0; x != y {
			return cmp.Compare(x, y)
		}
		return a - b
	})
	var open []*Phrase
	var bands []Rect // of open: the height of its line where it ends
	for _, i := range order {
		w := f.Words[i]
		best := -1
		cost := 0.0
		for k, b := range bands {
			if b.Y1 <= w.Y0 || b.Y0 >= w.Y1 { // most are on other lines
				continue
			}
			if c, ok := f.follows(open[k], b, w); ok && (best < 0 || c < cost) {
				best, cost = k, c
			}
		}
		if best < 0 {
			open, bands = append(open, &Phrase{[]int{i}, w}), append(bands, w)
			continue
		}
		p := open[best]
		p.Words = append(p.Words, i)
		p.Rect = p.Union(w)
		bands[best] = f.band(p)
	}
	return open
}

// band is the last word of a phrase, as high as the last three: a dash or "on" is lower than
// its line.
func (f *Frame) band(p *Phrase) Rect {
	band := f.Words[p.Words[len(p.Words)-1]]
	for _, i := range p.Words[max(0, len(p.Words)-3):] {
		band.Y0, band.Y1 = min(band.Y0, f.Words[i].Y0), max(band.Y1, f.Words[i].Y1)
	}
	return band
}

// follows reports whether a word continues a phrase that ends in a band, and how ill it fits.
func (f *Frame) follows(p *Phrase, band, w Rect) (cost float64, ok bool) {
	gap := w.X0 - p.X1
	high := max(band.H(), w.H())
	low := min(band.H(), w.H())
	if gap > phraseGap*max(high, 0.6*f.Text) || gap < -0.8*high {
		return 0, false
	}
	overlap := band.OverlapY(w)
	if overlap < 0.5*low || high > 3*max(low, 0.7*f.Text) {
		return 0, false
	}
	if f.Parted(p.X1, w.X0, max(band.Y0, w.Y0), min(band.Y1, w.Y1)) {
		return 0, false
	}
	return max(gap, 0) + 2*(high-overlap), true
}

// rowsOf puts phrases that stand side by side into rows, top to bottom, each left to right.
func rowsOf(phrases []*Phrase) [][]*Phrase {
	sorted := slices.Clone(phrases)
	slices.SortStableFunc(sorted, func(a, b *Phrase) int { return cmp.Compare(a.MidY(), b.MidY()) })
	var rows [][]*Phrase
	for _, p := range sorted {
		placed := false
		for i := len(rows) - 1; i >= max(0, len(rows)-4) && !placed; i-- {
			if placed = fits(rows[i], p); placed {
				rows[i] = append(rows[i], p)
			}
		}
		if !placed {
			rows = append(rows, []*Phrase{p})
		}
	}
	for _, r := range rows {
		slices.SortStableFunc(r, func(a, b *Phrase) int { return cmp.Compare(a.X0, b.X0) })
	}
	slices.SortStableFunc(rows, func(a, b []*Phrase) int { return cmp.Compare(a[0].MidY(), b[0].MidY()) })
	return rows
}

// fits reports whether a phrase stands on the row: beside all, at the height of the nearest.
func fits(row []*Phrase, p *Phrase) bool {
	near, away := row[0], 0.0
	for i, q := range row {
		if q.OverlapX(p.Rect) > 0.1*min(q.W(), p.W()) {
			return false
		}
		if d := -q.OverlapX(p.Rect); i == 0 || d < away {
			near, away = q, d
		}
	}
	low := min(near.H(), p.H())
	return near.OverlapY(p.Rect) >= 0.55*low
}
