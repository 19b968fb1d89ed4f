package reading

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"chartlake/document"
)

// same folds characters that look alike and mean the same on paper.
var same = strings.NewReplacer("‘", "'", "’", "'", "“", `"`, "”", `"`, "–", "-", "—", "-", "−", "-", "‐", "-", "‑", "-", "\u00ad", "")

// tokens are the words of a text as they are compared: Unicode NFKC, typewriter quotes and
// dashes, cut at white space, without runs of three or more leader signs at their ends
// (a rule of underscores or dots to write on), and without words of nothing but signs that
// draw (rules, leaders, bullets, boxes). Case and punctuation count.
func tokens(s string) []string {
	var out []string
	for _, w := range strings.Fields(same.Replace(norm.NFKC.String(s))) {
		if w = unlead(w); strings.ContainsFunc(w, written) {
			out = append(out, w)
		}
	}
	return out
}

func leads(r rune) bool { return strings.ContainsRune("._-=*·•", r) }

// unlead takes leaders off the ends of a word.
func unlead(w string) string {
	if t := strings.TrimRightFunc(w, leads); len(w)-len(t) >= 3 {
		w = t
	}
	if t := strings.TrimLeftFunc(w, leads); len(w)-len(t) >= 3 {
		w = t
	}
	return w
}

// written reports whether a sign says something, other than drawing.
func written(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("%$#&@+<>?!", r)
}

// token is a word with its place.
type token struct {
	text string
	box  document.Box
}

// place cuts words into tokens and leaves out those that stand in the frame of a mark, which
// are how a reader spells the mark itself ("[X]", "O") and are measured as marks.
func place[W any](words []W, text func(W) (string, document.Box), marks []Mark) []token {
	var out []token
	for _, w := range words {
		s, box := text(w)
		if inMark(box, marks) {
			continue
		}
		for _, t := range tokens(s) {
			out = append(out, token{t, box})
		}
	}
	return out
}

func inMark(b document.Box, marks []Mark) bool {
	x, y := b.X+b.W/2, b.Y+b.H/2
	for _, m := range marks {
		grow := 0.25 * max(m.Box.W, m.Box.H)
		if !b.Empty() && x > m.Box.X-grow && x < m.Box.X+m.Box.W+grow && y > m.Box.Y-grow && y < m.Box.Y+m.Box.H+grow && b.W < 3*m.Box.W {
			return true
		}
	}
	return false
}

// align finds the least number of words to change, leave out or put in that makes want of
// got, and the pairs of equal words on that way.
func align(want, got []token) (errors int, equal [][2]int) {
	n, m := len(want), len(got)
	width := m + 1
	cost := make([]int32, (n+1)*width)
	for j := range width {
		cost[j] = int32(j)
	}
	for i := 1; i <= n; i++ {
		row, above := cost[i*width:(i+1)*width], cost[(i-1)*width:i*width]
		row[0] = int32(i)
		for j := 1; j <= m; j++ {
			change := above[j-1]
			if want[i-1].text != got[j-1].text {
				change++
			}
			row[j] = min(change, above[j]+1, row[j-1]+1)
		}
	}
	for i, j := n, m; i > 0 && j > 0; {
		here := cost[i*width+j]
		switch {
		case want[i-1].text == got[j-1].text && here == cost[(i-1)*width+j-1]:
			equal = append(equal, [2]int{i - 1, j - 1})
			i, j = i-1, j-1
		case here == cost[(i-1)*width+j-1]+1:
			i, j = i-1, j-1
		case here == cost[(i-1)*width+j]+1:
			i--
		default:
			j--
		}
	}
	return int(cost[n*width+m]), equal
}

// bag is the position-independent error: words that are missing or too many, whichever is more.
func bag(want, got []token) int {
	left := map[string]int{}
	for _, t := range got {
		left[t.text]++
	}
	common := 0
	for _, t := range want {
		if left[t.text] > 0 {
			left[t.text]--
			common++
		}
	}
	return max(len(want), len(got)) - common
}

// inZones gives the words whose middle lies in a zone, zone by zone; all where there are none.
func inZones(words []document.Word, zones []document.Box) []document.Word {
	if len(zones) == 0 {
		return words
	}
	var out []document.Word
	for _, z := range zones {
		for _, w := range words {
			x, y := w.Box.X+w.Box.W/2, w.Box.Y+w.Box.H/2
			if x >= z.X && x < z.X+z.W && y >= z.Y && y < z.Y+z.H {
				out = append(out, w)
			}
		}
	}
	return out
}

// wordsMax bounds the words of a page that are compared: the table of edit distances is of
// their product.
const wordsMax = 8000

// words scores the words of a page in the order that suits the reader best of those allowed.
func (r *Result) words(want *Page, got *document.Page) {
	heard := place(inZones(got.Words, want.Zones), func(w document.Word) (string, document.Box) { return w.Text, w.Box }, want.Marks)
	heard = heard[:min(len(heard), wordsMax)]
	asIs := make([]int, len(want.Words))
	for i := range asIs {
		asIs[i] = i
	}
	best := -1
	var truth []token
	var equal [][2]int
	for _, order := range append([][]int{asIs}, want.Orders...) {
		said := place(order, func(i int) (string, document.Box) { return want.Words[i].Text, want.Words[i].Box }, want.Marks)
		said = said[:min(len(said), wordsMax)]
		if errors, pairs := align(said, heard); best < 0 || errors < best {
			best, truth, equal = errors, said, pairs
		}
	}
	r.Words, r.Errors, r.BagErrors = len(truth), best, bag(truth, heard)
	for _, p := range equal {
		if a, b := truth[p[0]].box, heard[p[1]].box; !a.Empty() {
			r.WordBoxes.add(a.IoU(b) >= overlap)
		}
	}
}

// overlap is the intersection over union from which a box counts as right.
const overlap = 0.7
