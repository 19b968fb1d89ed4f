package ocr

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"chartlake/reader/pixel"
)

// The network guesses blanks from the look of a line, the ink shows them. Where both disagree
// clearly the ink is right: "mmo l/L" stands as close as "mmol/L" does, and "lof 2" has two.

// Shares of the height of capitals.
const (
	blankLeast   = 0.30 // the narrowest blank between words that were read as one
	blankPitched = 0.55 // the same where letters stand at one distance
	blankMost    = 0.28 // the widest gap at which two words were one, if one of them has as wide a gap in it
)

// space corrects the words of one segment by the gaps between their components; own gives the
// components of each word from left to right.
func (p *page) space(seg *segment, words []reading, own [][]pixel.Component) ([]reading, [][]pixel.Component) {
	high := seg.rise
	var out []reading
	var comps [][]pixel.Component
	for i, r := range words {
		if n := len(out); n > 0 && len(own[i]) > 0 && len(comps[n-1]) > 0 {
			if gap := float64(own[i][0].X0 - right(comps[n-1])); gap <= blankMost*high && gap <= widest(comps[n-1], own[i]) &&
				min(out[n-1].confidence, r.confidence) < 0.9 {
				last := &out[n-1]
				last.text += r.text
				last.w = r.x + r.w - last.x
				last.confidence = min(last.confidence, r.confidence)
				comps[n-1] = append(comps[n-1], own[i]...)
				continue
			}
		}
		for _, part := range split(r, own[i], high) {
			out, comps = append(out, part.reading), append(comps, part.comps)
		}
	}
	return out, comps
}

func right(comps []pixel.Component) int {
	x := comps[0].X1
	for _, c := range comps {
		x = max(x, c.X1)
	}
	return x
}

// widest is the widest gap within two words.
func widest(words ...[]pixel.Component) float64 {
	most := 0
	for _, comps := range words {
		letters := stacks(comps)
		for i := 1; i < len(letters); i++ {
			most = max(most, letters[i].X0-letters[i-1].X1)
		}
	}
	return float64(most)
}

// stacks joins components that stand above each other, the dot and the stem of an "i".
func stacks(comps []pixel.Component) []pixel.Component {
	sorted := slices.SortedFunc(slices.Values(comps), func(a, b pixel.Component) int { return cmp.Compare(a.X0, b.X0) })
	var out []pixel.Component
	for _, c := range sorted {
		if n := len(out); n > 0 && 2*(min(out[n-1].X1, c.X1)-c.X0) > min(out[n-1].W(), c.W()) {
			out[n-1].X1 = max(out[n-1].X1, c.X1)
			continue
		}
		out = append(out, c)
	}
	return out
}

type part struct {
	reading
	comps []pixel.Component
}

// split cuts a doubtful word at the blanks that its ink shows. It needs one component for each
// letter, to know where the text is cut.
func split(r reading, own []pixel.Component, high float64) []part {
	whole := []part{{r, own}}
	letters := stacks(own)
	if r.confidence >= 0.93 || len(letters) < 3 || len(letters) != utf8.RuneCountInString(r.text) || len(letters) > 4 && pitched(letters) {
		return whole
	}
	gaps := make([]int, 0, len(letters)-1)
	for i := 1; i < len(letters); i++ {
		gaps = append(gaps, letters[i].X0-letters[i-1].X1)
	}
	least, blank := slices.Min(gaps), blankLeast
	if len(letters) <= 4 && pitched(letters) { // perhaps a typewriter's
		blank = blankPitched
	}
	var out []part
	text := []rune(r.text)
	from := 0
	for i := 1; i <= len(letters); i++ {
		if i < len(letters) && (float64(gaps[i-1]) < blank*high || gaps[i-1] < 3*max(least, 1)/2 && len(gaps) > 2) {
			continue
		}
		one := r
		one.text = string(text[from:i])
		one.x, one.w = r.x, r.w // the ink says where it is
		x0, x1 := letters[from].X0, letters[i-1].X1
		var mine []pixel.Component
		for _, c := range own {
			if c.X0 >= x0 && c.X0 < x1 {
				mine = append(mine, c)
			}
		}
		out = append(out, part{one, mine})
		from = i
	}
	return out
}

// pitched reports whether letters stand at one distance, as a typewriter sets them: gaps are
// wide there beside every narrow letter.
func pitched(letters []pixel.Component) bool {
	lowest, highest := 1<<30, 0
	for i := 1; i < len(letters); i++ {
		d := letters[i].X0 + letters[i].X1 - letters[i-1].X0 - letters[i-1].X1
		lowest, highest = min(lowest, d), max(highest, d)
	}
	return 5*highest <= 6*lowest+10
}
