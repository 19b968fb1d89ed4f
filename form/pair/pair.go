// Package pair joins labels and values by where they stand: a value behind its label, right
// of it in the row, under it or over it. Labels come from package lexicon; a value is a run
// of words that is no label itself. Every word is the value of one label at most.
//
// Where a page prints labels without colons, the places of the values that have a shape
// (dates, numbers, identifiers) decide for the whole page whether values stand under or
// over their labels.
package pair

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"chartlake/form/lexicon"
	"chartlake/form/sheet"
	"chartlake/value"
)

// Pair is one label with its value. Label.Name is never empty.
type Pair struct {
	Label    *lexicon.Label
	Printed  string // the label as printed
	Head     []sheet.Token
	Value    []sheet.Token
	Read     value.Reading
	Rule     string  // inline, right, below, above, field
	Strength float64 // how sure the rule is, 0..1
	Reasons  []string
	Page     int
	Row      int
}

// Strength of a rule when the label is read without error. They are set by hand and
// measured by "chartlake eval documents".
const (
	strengthColon   = 0.98 // value behind the label's colon in the same phrase
	strengthRight   = 0.96 // colon, and the value is the next phrase of the row
	strengthLoose   = 0.94 // no colon, but the value has the kind's shape
	strengthNext    = 0.92 // no colon: the label is a phrase of its own, the value the next one
	strengthBelow   = 0.90
	strengthAbove   = 0.86
	strengthInexact = 0.96 // factor when a reading error in the label was overlooked
)

// mark is a label found in a phrase, from word start to word end.
type mark struct {
	label      *lexicon.Label // nil: a word with a colon that the lexicon does not know
	other      *lexicon.Label // another field with this label
	start, end int
	colon      bool
	exact      bool
}

type pager struct {
	page  *sheet.Page
	lex   *lexicon.Lexicon
	hint  value.Hint
	marks [][][]mark // by row and phrase
}

// Find gives all pairs of the sheet, in reading order.
func Find(s *sheet.Sheet, lex *lexicon.Lexicon, h value.Hint) []Pair {
	var all []Pair
	for i := range s.Pages {
		p := &pager{page: &s.Pages[i], lex: lex, hint: h}
		p.findMarks()
		all = append(all, p.pairs()...)
	}
	return all
}

func (p *pager) findMarks() {
	p.marks = make([][][]mark, len(p.page.Rows))
	for r, row := range p.page.Rows {
		p.marks[r] = make([][]mark, len(row.Phrases))
		fax := row.Transmitted()
		for i, ph := range row.Phrases {
			p.marks[r][i] = p.phraseMarks(ph)
			if fax {
				p.marks[r][i] = documentMarks(p.marks[r][i], ph)
			}
		}
	}
}

// phraseMarks finds the labels of one phrase. A label at its beginning counts with a colon,
// as the whole phrase, or when a value of its shape follows; inside a phrase it counts with
// a colon or, read without error, before a value of its shape.
func (p *pager) phraseMarks(ph sheet.Phrase) []mark {
	words := make([]string, len(ph.Tokens))
	for i, t := range ph.Tokens {
		words[i] = t.Text
	}
	run := lexicon.Prepare(words)
	lead := 0 // strokes of a frame that OCR read as signs
	for lead < len(words)-1 && blank(ph.Tokens[lead]) {
		lead++
	}
	var marks []mark
	for i := 0; i < len(words); {
		m, ok := p.lex.At(run, i)
		if ok && p.counts(m, max(i-lead, 0), ph.Tokens[lead:]) {
			marks = append(marks, mark{m.Label, m.Other, i, i + m.Words, m.Colon, m.Exact})
			i += m.Words
			continue
		}
		if strange(words[i]) && (i == 0 || i+1 < len(words)) {
			marks = append(marks, mark{start: i, end: i + 1, colon: true})
		}
		i++
	}
	return unknownHead(marks, words)
}

func (p *pager) counts(m lexicon.Match, at int, tokens []sheet.Token) bool {
	if m.Colon {
		return true
	}
	rest := tokens[at+m.Words:]
	if at == 0 && len(rest) == 0 {
		return true
	}
	if len(rest) == 0 || at > 0 && !m.Exact {
		return false
	}
	return p.follows(m, m.Label, at, rest) || m.Other != nil && p.follows(m, m.Other, at, rest)
}

// follows reports that the words behind a label without colon are its value by their shape.
func (p *pager) follows(m lexicon.Match, l *lexicon.Label, at int, rest []sheet.Token) bool {
	first := rest[0].Text
	proper := unicode.IsUpper([]rune(first)[0]) || unicode.IsDigit([]rune(first)[0])
	switch {
	case l.Kind == "name":
		return at == 0 && m.Exact && m.Tokens >= 2 && len(rest) <= 6 && allProper(rest)
	case l.Tail:
		return at == 0 && m.Exact && proper && (len(rest) <= 6 || l.Wrap)
	case !l.Loose:
		return false
	case l.Kind == "id":
		digit := strings.ContainsAny(first, "0123456789")
		caps := l.Caps && len(rest) == 1 && len(first) > 1 && first == strings.ToUpper(first)
		return m.Exact && (digit || caps) && (at == 0 || m.Tokens > 1)
	case l.Kind == "benefit" && at > 0:
		return false
	}
	n, read := take(l, rest, p.hint)
	return read.OK && strict[l.Kind] && (at > 0 || n == len(rest) || m.Exact)
}

// allProper reports words that each begin with a capital, as a name does.
func allProper(tokens []sheet.Token) bool {
	for _, t := range tokens {
		if r := []rune(t.Text)[0]; !unicode.IsUpper(r) && r != '(' {
			return false
		}
	}
	return true
}

// strange reports a word that ends in a colon and is no time or number: a label of its own.
func strange(w string) bool {
	return len(w) > 2 && strings.HasSuffix(w, ":") && strings.ContainsAny(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
}

// unknownHead widens an unknown label at the beginning of a phrase over its words before the
// colon, when they are few.
func unknownHead(marks []mark, words []string) []mark {
	if len(marks) == 0 || marks[0].label != nil || marks[0].start > 4 {
		return marks
	}
	marks[0].start = 0
	return marks
}

type candidate struct {
	Pair
	taken [3]int // page, row and first word of the value
}

func (p *pager) pairs() []Pair {
	var fixed []Pair
	var open []candidate
	var lone []head
	instead := map[[2]int]Pair{} // what stands where a value was looked for elsewhere, by page and word
	used := map[[2]int]bool{}    // phrases that hold labels or inline values
	for r := range p.marks {
		for i, marks := range p.marks[r] {
			ph := p.page.Rows[r].Phrases[i]
			for k, m := range marks {
				used[[2]int{r, i}] = true
				end := len(ph.Tokens)
				if k+1 < len(marks) {
					end = marks[k+1].start
				}
				tokens := inner(ph.Tokens[m.end:end])
				if m.label == nil || m.label.Name == "" {
					continue
				}
				if len(tokens) > 0 {
					q := p.inline(r, ph, m, tokens, k+1 < len(marks) && marks[k+1].label == nil)
					if k == 0 && m.start == 0 && !q.Read.OK && shapely[m.label.Kind] { // the words behind may be options, the value elsewhere
						lone = append(lone, head{r, i, m, sheet.NewPhrase(r, ph.Tokens[:m.end])})
						instead[[2]int{p.page.Number, ph.Tokens[0].Word}] = q
						continue
					}
					fixed = append(fixed, q)
					continue
				}
				if m.end == len(ph.Tokens) {
					lone = append(lone, head{r, i, m, ph})
				}
			}
		}
	}
	over := p.valuesStandOver(lone, used)
	for _, h := range lone {
		open = append(open, p.candidates(h, used, over)...)
	}
	found := assign(open)
	for _, q := range found {
		delete(instead, [2]int{q.Page, q.Head[0].Word})
	}
	for _, h := range lone {
		if q, ok := instead[[2]int{p.page.Number, h.in.Tokens[0].Word}]; ok {
			fixed = append(fixed, q)
		}
	}
	return append(fixed, found...)
}

// shapely are the strict kinds whose value is not to be mistaken for a neighbour's.
var shapely = map[string]bool{"date": true, "datetime": true, "phone": true, "npi": true, "dea": true, "clia": true, "zip": true, "email": true}

// head is a label without a value in its own phrase.
type head struct {
	row, phrase int
	mark        mark
	in          sheet.Phrase
}

func (p *pager) inline(r int, ph sheet.Phrase, m mark, tokens []sheet.Token, cutOff bool) Pair {
	strength, rule := strengthColon, "inline"
	if !m.colon {
		strength = strengthLoose
	}
	out := p.pair(r, ph, m, tokens, rule, strength)
	if cutOff && !strict[m.label.Kind] && m.label.Kind != "id" {
		out.Reasons = append(out.Reasons, "another label follows on the line and may begin earlier")
	}
	if m.label.Wrap {
		p.wrap(&out)
	}
	return out
}

func (p *pager) pair(r int, ph sheet.Phrase, m mark, tokens []sheet.Token, rule string, strength float64) Pair {
	n, read := take(m.label, tokens, p.hint)
	if m.other != nil && !read.OK {
		if k, again := take(m.other, tokens, p.hint); again.OK {
			m.label, n, read = m.other, k, again
		}
	}
	out := Pair{Label: m.label, Printed: strings.TrimRight(sheet.Join(ph.Tokens[m.start:m.end]), " :#"),
		Head: ph.Tokens[m.start:m.end], Value: tokens[:n], Read: read, Rule: rule, Strength: strength, Page: p.page.Number, Row: r}
	if !m.exact {
		out.Strength *= strengthInexact
	}
	if m.label.Kind == "name" && wideInside(tokens[:n]) {
		out.Reasons = append(out.Reasons, "a wide blank stands inside the name: it may end there")
	}
	if m.label.Kind == "name" && strings.HasSuffix(tokens[n-1].Text, ",") {
		out.Reasons = append(out.Reasons, "the name ends in a comma and may go on")
	}
	if m.label.Kind == "name" && n < len(tokens) && !strings.HasPrefix(tokens[n].Text, "(") && tokens[n].Text != "|" {
		out.Reasons = append(out.Reasons, "more words follow the name")
	}
	return out
}

// wideInside reports a gap that is much wider than the others and than a blank.
func wideInside(tokens []sheet.Token) bool {
	if len(tokens) < 3 {
		return false
	}
	least, most := math.Inf(1), 0.0
	for i := 1; i < len(tokens); i++ {
		g := tokens[i].X0 - tokens[i-1].X1
		least, most = math.Min(least, g), math.Max(most, g)
	}
	return most > 1.8*least && most > 0.8*(tokens[0].Y1-tokens[0].Y0)
}

// candidates are the places where the value of a lone label may stand.
func (p *pager) candidates(h head, used map[[2]int]bool, over bool) []candidate {
	var out []candidate
	add := func(r int, tokens []sheet.Token, rule string, strength float64) {
		if tokens = inner(tokens); len(tokens) == 0 {
			return
		}
		c := candidate{p.pair(h.row, h.in, h.mark, tokens, rule, strength), [3]int{p.page.Number, r, tokens[0].Word}}
		if h.mark.label.Wrap {
			p.wrap(&c.Pair)
		}
		if !c.Read.OK {
			return
		}
		if len(c.Value) < len(tokens) && h.mark.label.Kind != "name" && rule != "right" {
			c.Strength -= 0.04
		}
		out = append(out, c)
	}
	if i, ok := p.nextRight(h, used); ok {
		strength := strengthNext
		if h.mark.colon {
			strength = strengthRight
		}
		add(h.row, p.afterComma(h.row, i, used), "right", strength)
	}
	below, above := strengthBelow, strengthAbove
	if over {
		below, above = above, below
	}
	if h.mark.colon && !over {
		above = 0
	}
	if r, tokens, ok := p.vertical(h, 1, used); ok {
		add(r, tokens, "below", below)
	}
	if r, tokens, ok := p.vertical(h, -1, used); ok && above > 0 && !h.mark.label.Wrap {
		add(r, tokens, "above", above)
	}
	return out
}

// afterComma gives the words of a phrase, and where they end in a comma ("DOE,") those of the
// next phrase of the row too when it is near: the blank was wide, not the end.
func (p *pager) afterComma(r, i int, used map[[2]int]bool) []sheet.Token {
	phrases := p.page.Rows[r].Phrases
	tokens := phrases[i].Tokens
	for ; i+1 < len(phrases) && strings.HasSuffix(tokens[len(tokens)-1].Text, ","); i++ {
		if used[[2]int{r, i + 1}] || phrases[i+1].X0-phrases[i].X1 > 3*p.page.Gap {
			break
		}
		tokens = append(slices.Clip(tokens), phrases[i+1].Tokens...)
	}
	return tokens
}

// answers reports a phrase that could be a label without a field, but is the only thing behind
// a label of words in its row: "Purpose   Insurance".
func (p *pager) answers(h head, i int) bool {
	phrases, marks := p.page.Rows[h.row].Phrases, p.marks[h.row][i]
	return h.phrase == 0 && len(phrases) == 2 && h.mark.label.Kind == "text" && len(marks) == 1 && marks[0].label != nil && marks[0].label.Name == "" &&
		!marks[0].colon && marks[0].start == 0 && marks[0].end == len(phrases[i].Tokens)
}

// nextRight is the next phrase of the row when it is no label and near enough.
func (p *pager) nextRight(h head, used map[[2]int]bool) (int, bool) {
	i := h.phrase + 1
	phrases := p.page.Rows[h.row].Phrases
	if i >= len(phrases) || used[[2]int{h.row, i}] && !p.answers(h, i) {
		return 0, false
	}
	gap := phrases[i].X0 - h.in.X1
	return i, gap < 0.45*p.page.Aspect
}

// vertical is the nearest words under (step 1) or over (-1) a label that begin with it or
// share its width. Where the next label of the row begins over the middle of them, they end there.
func (p *pager) vertical(h head, step int, used map[[2]int]bool) (row int, tokens []sheet.Token, ok bool) {
	height := p.page.Height
	for r := h.row + step; r >= 0 && r < len(p.page.Rows); r += step {
		gap := p.page.Rows[r].Y0 - h.in.Y1
		if step < 0 {
			gap = h.in.Y0 - p.page.Rows[r].Y1
		}
		if gap > 2.2*height {
			return 0, nil, false
		}
		for i, ph := range p.page.Rows[r].Phrases {
			cut := p.column(h, ph)
			if len(cut) == 0 {
				continue
			}
			c := sheet.NewPhrase(r, cut)
			shared := math.Min(c.X1, h.in.X1) - math.Max(c.X0, h.in.X0)
			least := math.Min(c.X1-c.X0, h.in.X1-h.in.X0)
			if math.Abs(c.X0-h.in.X0) > 1.2*height && shared < 0.5*least {
				continue
			}
			return r, cut, !used[[2]int{r, i}]
		}
	}
	return 0, nil, false
}

// column cuts a phrase to what stands in the column of a label: from it to the next label of
// its row, where the phrase reaches over that.
func (p *pager) column(h head, ph sheet.Phrase) []sheet.Token {
	height := p.page.Height
	row := p.page.Rows[h.row].Phrases
	tokens := ph.Tokens
	if h.phrase+1 < len(row) && len(p.marks[h.row][h.phrase+1]) > 0 {
		limit := row[h.phrase+1].X0 - 0.5*height
		end := 0
		for end < len(tokens) && tokens[end].X0 < limit {
			end++
		}
		tokens = tokens[:end]
	}
	centred := math.Abs(ph.X0+ph.X1-h.in.X0-h.in.X1) < 2*height // a label may stand under the middle of its value
	if h.phrase > 0 && len(p.marks[h.row][h.phrase-1]) > 0 && ph.X0 < h.in.X0-1.2*height && !centred {
		for len(tokens) > 0 && tokens[0].X0 < h.in.X0-0.5*height {
			tokens = tokens[1:]
		}
	}
	return tokens
}

// valuesStandOver counts where the checkable values of lone labels stand.
func (p *pager) valuesStandOver(lone []head, used map[[2]int]bool) bool {
	under, over := 0, 0
	for _, h := range lone {
		if !strict[h.mark.label.Kind] && h.mark.label.Kind != "id" {
			continue
		}
		fits := func(step int) bool {
			_, tokens, ok := p.vertical(h, step, used)
			if !ok {
				return false
			}
			n, read := take(h.mark.label, inner(tokens), p.hint)
			return n > 0 && read.OK
		}
		switch a, b := fits(1), fits(-1); {
		case a && !b:
			under++
		case b && !a:
			over++
		}
	}
	return over > under
}

// assign gives each phrase to the label that claims it best, and each label one phrase.
func assign(open []candidate) []Pair {
	slices.SortStableFunc(open, func(a, b candidate) int { return cmp.Compare(b.Strength, a.Strength) })
	type headKey struct{ page, word int }
	taken, done := map[[3]int]bool{}, map[headKey]bool{}
	var out []Pair
	for _, c := range open {
		k := headKey{c.Page, c.Head[0].Word}
		if taken[c.taken] || done[k] {
			continue
		}
		taken[c.taken], done[k] = true, true
		out = append(out, c.Pair)
	}
	return out
}

// labelled reports words of a row that stand under the label, left of its value: they are
// the label of another value, known or not.
func (p *pager) labelled(of *Pair, row int) bool {
	h := sheet.NewPhrase(of.Row, of.Head)
	if of.Row == row || h.X1 > of.Value[0].X0+0.1*p.page.Height {
		return false
	}
	return slices.ContainsFunc(p.page.Rows[row].Phrases, func(ph sheet.Phrase) bool {
		return ph.X0 < h.X1 && ph.X1 > h.X0 && ph.X1 <= of.Value[0].X0+0.1*p.page.Height
	})
}

// wrap takes the following rows into a value that goes on over lines: phrases that begin
// where the value begins, hold no label, and stand close. An address ends with its ZIP code.
func (p *pager) wrap(out *Pair) {
	const linesMax = 6
	last := out.Value[len(out.Value)-1]
	x0 := out.Value[0].X0
	row := slices.IndexFunc(p.page.Rows, func(r sheet.Row) bool { return r.Y0 <= last.Y0+1e-9 && r.Y1 >= last.Y1-1e-9 })
	if row < 0 {
		return
	}
	pitch := 0.0
	for n := 0; n < linesMax; n++ {
		if out.Label.Kind == "address" {
			if a, _, ok := value.ParseAddress(sheet.Join(out.Value)); ok && a.ZIP != "" {
				break
			}
		}
		row++
		if row >= len(p.page.Rows) || p.page.Rows[row].Y0-last.Y1 > 1.2*p.page.Height {
			break
		}
		i := slices.IndexFunc(p.page.Rows[row].Phrases, func(ph sheet.Phrase) bool {
			return math.Abs(ph.X0-x0) < 1.5*p.page.Height
		})
		if i < 0 || len(p.marks[row][i]) > 0 || p.labelled(out, row) {
			break
		}
		next := p.page.Rows[row].Phrases[i]
		step := next.Y0 - last.Y0
		if pitch > 0 && step > 1.4*pitch {
			break
		}
		pitch = step
		out.Value = append(slices.Clip(out.Value), next.Tokens...)
		last = next.Tokens[len(next.Tokens)-1]
	}
	out.Read = Read(out.Label.Kind, sheet.Join(out.Value), p.hint)
	if !out.Read.OK {
		out.Read.Value = sheet.Join(out.Value)
	}
}
