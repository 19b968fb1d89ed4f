// Package field finds generic key-value pairs on a page: a label and what was written for it.
//
// Cues of a label: a colon, leader dots or underscores, a rule to write on, the first small
// line of a ruled cell, a line over it that was written on, its wording (labels.txt), or its kin: it
// stands as labels do that are known. Its value stands behind it on the line,
// to the right, below, in the cell or, for labels under a line, above. Labels whose value is
// not on their own line compete for the texts around: the pairing with the least total cost
// wins, where distance, alignment and the look of the value (date, phone, money, id) count.
//
// It knows no form and makes no value: what it cannot pair stays unpaired. A label with an
// empty place to write in is given with an empty value.
package field

import (
	"cmp"
	"slices"
	"strings"

	"chartlake/document"
	"chartlake/reader/layout"
)

// Names of the rules that paired a key with its value.
const (
	ruleColon  = "colon"       // behind the colon
	ruleLeader = "leader"      // behind dots or underscores
	ruleWrite  = "rule"        // on a ruling line that begins at the label
	ruleCell   = "cell"        // in the label's cell, or in the next cell
	ruleRight  = "right"       // to the right, no sign between
	ruleBelow  = "label_above" // the label stands above
	ruleAbove  = "label_below" // the label stands below, under a line
	ruleWords  = "lexicon"     // behind a label known by its wording
)

// trust is the confidence of a pairing that fits in every way.
var trust = map[string]float64{ruleColon: 0.95, ruleLeader: 0.92, ruleWrite: 0.92, ruleCell: 0.9,
	ruleRight: 0.85, ruleBelow: 0.78, ruleAbove: 0.75, ruleWords: 0.82}

// pairsMax bounds the keys and values of one assignment: its time grows with the cube.
const pairsMax = 400

// key is a label that was found.
type key struct {
	words  []int
	rect   layout.Rect
	kind   Kind
	known  bool // by the lexicon
	rule   string
	value  []int
	blank  bool // shown even without a value: there is a place to write in
	line   int
	cell   int  // index of its cell, -1
	sealed bool // its value is on its own line: it looks for no other
}

// piece is a run of words that may be a value.
type piece struct {
	words []int
	rect  layout.Rect
	cell  int
	line  int
}

type sheet struct {
	*layout.Frame
	page   *document.Page
	lex    *lexicon
	cells  []layout.Rect
	keys   []*key
	pieces []piece
	combed []bool // as p.Words: letters of combs
	marks  []layout.Rect
}

// Find pairs keys with values, in reading order of the keys. p was arranged by layout.Arrange;
// it is not changed.
func Find(p *document.Page, rules []layout.Rule) []document.Field {
	if len(p.Words) == 0 {
		return nil
	}
	s := &sheet{Frame: layout.NewFrame(p, rules), page: p, lex: known()}
	for _, m := range p.Marks {
		s.marks = append(s.marks, s.Rect(m.Box))
	}
	s.combs()
	for _, g := range s.Grids() {
		for _, c := range g.Cells {
			if r := c.Rect; r.W()*r.H() < 0.15*p.Width*p.Height {
				s.cells = append(s.cells, r)
			}
		}
	}
	s.cells = s.withoutCombs(s.cells)
	for i := range s.pieces {
		s.pieces[i].cell = s.cellOf(s.pieces[i].rect)
	}
	edges := s.furniture()
	for i, l := range s.rows() {
		if !slices.ContainsFunc(l, func(w int) bool { return edges[w] }) {
			s.cut(l, i)
		}
	}
	s.inCells()
	s.underRules()
	s.onRules()
	s.kin()
	s.dropHeaders()
	s.assign()
	s.yield()
	s.extend()
	return s.fields()
}

// furniture says which words belong to the paper, such as the line of a fax machine: they ask for
// nothing.
func (s *sheet) furniture() map[int]bool {
	out := map[int]bool{}
	for _, b := range s.page.Blocks {
		if b.Kind != document.BlockHeader || b.Box.Y+b.Box.H > 0.05 {
			continue
		}
		for _, l := range b.Lines {
			for _, w := range s.page.Lines[l].Words {
				out[w] = true
			}
		}
	}
	return out
}

func (s *sheet) fields() []document.Field {
	var out []document.Field
	slices.SortStableFunc(s.keys, func(a, b *key) int { return cmp.Compare(a.words[0], b.words[0]) })
	for _, k := range s.keys {
		if len(k.value) == 0 && !k.blank {
			continue
		}
		f := document.Field{
			Key: strings.TrimRight(s.JoinText(k.words), " :._"), KeyWords: k.words, KeyBox: s.BoxAround(k.words),
			Value: s.valueText(k.value), ValueWords: k.value, ValueBox: s.BoxAround(k.value),
			Source: string(s.page.Source), Rule: k.rule,
		}
		if f.Key == "" {
			continue
		}
		f.Confidence = s.confidence(k, f.Value)
		out = append(out, f)
	}
	return out
}

// valueText joins the words of a value; the letters of a comb are one word.
func (s *sheet) valueText(words []int) string {
	if s.isComb(words) {
		return strings.ReplaceAll(s.text(words), " ", "")
	}
	return s.JoinText(words)
}

func (s *sheet) confidence(k *key, value string) float64 {
	c := trust[k.rule]
	if value != "" {
		c *= 1 - 0.4*fits(k.kind, shape(value))
	}
	if k.known {
		c += (1 - c) * 0.3
	}
	sum, n := 0.0, 0
	for _, w := range slices.Concat(k.words, k.value) {
		sum += s.page.Words[w].Confidence
		n++
	}
	return c * sum / float64(n)
}

// yield lets labels that are known by their wording only, and have no value, be the values of others:
// "Spouse", "Emergency".
func (s *sheet) yield() {
	n := 0
	for _, k := range slices.Clone(s.keys) {
		if k.rule == ruleBelow && len(k.value) == 0 && !k.blank {
			s.demote(k)
			n++
		}
	}
	if n > 0 {
		s.assign()
	}
}

// demote makes a label a text again.
func (s *sheet) demote(k *key) {
	s.keys = slices.DeleteFunc(s.keys, func(o *key) bool { return o == k })
	s.addPiece(k.words, k.line)
}

// cellOf is the smallest cell that holds a rectangle, -1 for none.
func (s *sheet) cellOf(r layout.Rect) int {
	best := -1
	for i, c := range s.cells {
		if c.Holds(r) && (best < 0 || c.W()*c.H() < s.cells[best].W()*s.cells[best].H()) {
			best = i
		}
	}
	return best
}

func (s *sheet) addKey(words []int, rule string, line int) *key {
	text := s.text(words)
	k := &key{words: words, rect: s.Around(words), rule: rule, line: line}
	k.kind, k.known = s.lex.lookup(text)
	k.cell = s.cellOf(k.rect)
	s.keys = append(s.keys, k)
	return k
}

func (s *sheet) addPiece(words []int, line int) {
	words = s.withoutLeaders(words)
	if len(words) > 0 {
		r := s.Around(words)
		s.pieces = append(s.pieces, piece{words, r, s.cellOf(r), line})
	}
}

func (s *sheet) text(words []int) string {
	parts := make([]string, len(words))
	for i, w := range words {
		parts[i] = s.page.Words[w].Text
	}
	return strings.Join(parts, " ")
}
