// Package sheet lays the words of a segment's pages out in rows and phrases, which is the
// view that all readers of forms share. A row is what stands on one baseline over the whole
// width; a phrase is a run of words of a row without a wide gap. Slant is taken out with the
// reader's own lines, so that a page scanned askew gives the same rows.
//
// Words are cut into tokens where a label and its value touch ("DOB:01/02/1960"). A token
// keeps its characters' place in the segment's text, so evidence stays exact.
package sheet

import (
	"math"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"chartlake/document"
)

// Token is a word or a part of one. X0..Y1 are in units of the page's height with the slant
// taken out; Box is the place on the page as the record writes it.
type Token struct {
	Text           string
	Page, Word     int
	Line           int // the reader's line: words of one column
	Begin, End     int // characters in the segment's text
	Box            document.Box
	Confidence     float64
	Size           float64 // of the font in points, 0 where not known
	Handwritten    bool
	Struck         bool
	Bold           bool
	OCR            bool
	X0, Y0, X1, Y1 float64
}

// Phrase is a run of tokens of one row without a wide gap.
type Phrase struct {
	Tokens         []Token
	Row            int // index into Page.Rows
	X0, Y0, X1, Y1 float64
}

// Row is all phrases on one baseline, left to right.
type Row struct {
	Phrases []Phrase
	Y0, Y1  float64
	fax     bool // a part of a fax machine's line that lies askew
}

// Page is one page in rows from top to bottom.
type Page struct {
	Number int
	Aspect float64 // width by height
	Height float64 // usual height of a word, in page heights
	Gap    float64 // a gap wider than this divides phrases
	Rows   []Row
	Source *document.Page
}

// Sheet is the pages of one segment.
type Sheet struct {
	Pages []Page
	Text  document.Text
}

// TokensMax bounds the tokens looked at per page; a page with more keeps its first ones.
const TokensMax = 20000

// New lays out pages first..last of doc.
func New(doc *document.Document, first, last int) *Sheet {
	s := &Sheet{Text: doc.Text(first, last)}
	type key struct{ page, word int }
	place := make(map[key]document.Run, len(s.Text.Runs))
	for _, r := range s.Text.Runs {
		place[key{r.Page, r.Word}] = r
	}
	for i := range doc.Pages {
		p := &doc.Pages[i]
		if p.Number < first || p.Number > last || p.Failed != nil {
			continue
		}
		begin := func(word int) (int, bool) {
			r, ok := place[key{p.Number, word}]
			return r.Begin, ok
		}
		s.Pages = append(s.Pages, layPage(p, begin))
	}
	return s
}

func layPage(p *document.Page, begin func(word int) (int, bool)) Page {
	out := Page{Number: p.Number, Aspect: 1, Source: p}
	if p.Width > 0 && p.Height > 0 {
		out.Aspect = p.Width / p.Height
	}
	slope := slant(p, out.Aspect)
	lines := make([]int, len(p.Words))
	for i, l := range p.Lines {
		for _, w := range l.Words {
			lines[w] = i
		}
	}
	var tokens []Token
	for i, w := range p.Words {
		at, ok := begin(i)
		if !ok || strings.TrimSpace(w.Text) == "" || len(tokens) >= TokensMax {
			continue
		}
		for _, t := range cut(w, at) {
			t.Line = lines[i]
			t.Page, t.Word, t.OCR = p.Number, i, p.Source == document.SourceOCR
			t.X0, t.X1 = t.Box.X*out.Aspect, (t.Box.X+t.Box.W)*out.Aspect
			lift := slope * (t.X0 + t.X1) / 2
			t.Y0, t.Y1 = t.Box.Y-lift, t.Box.Y+t.Box.H-lift
			tokens = append(tokens, t)
		}
	}
	if len(tokens) == 0 {
		return out
	}
	out.Height = medianHeight(tokens)
	if tokens = withoutSpecks(tokens, out.Height); len(tokens) == 0 {
		return out
	}
	rows := group(tokens, out.Height)
	out.Gap = wideGap(rows, out.Height)
	ends := keyEnds(p)
	for i, r := range rows {
		out.Rows = append(out.Rows, makeRow(i, r, out.Gap, out.Height, ends))
	}
	out.markTransmission()
	return out
}

// keyEnds are the words that begin a value behind a key, where the reader saw ink that sets
// them apart: a rule under the value, leaders, or a cell. The key's last word is given.
func keyEnds(p *document.Page) map[int]int {
	out := map[int]int{}
	for _, f := range p.Fields {
		if n := len(f.KeyWords); n > 0 && len(f.ValueWords) > 0 && (f.Rule == "rule" || f.Rule == "leader" || f.Rule == "cell") {
			out[f.ValueWords[0]] = f.KeyWords[n-1]
		}
	}
	return out
}

// slant is the rise of a text line per unit of width: what the reader measured, or else the
// usual one of its own long lines.
func slant(p *document.Page, aspect float64) float64 {
	if math.Abs(p.Skew) >= 0.05 && math.Abs(p.Skew) < 12 {
		return math.Tan(p.Skew * math.Pi / 180)
	}
	var slopes []float64
	for _, l := range p.Lines {
		if len(l.Words) < 4 {
			continue
		}
		a, b := p.Words[l.Words[0]].Box, p.Words[l.Words[len(l.Words)-1]].Box
		dx := (b.X - a.X) * aspect
		if dx < 0.1*aspect {
			continue
		}
		// bottoms, because letters without ascender have another middle; a word that ends in
		// "p" or "y" stands lower than its line, then its top says otherwise
		if low, high := (b.Y+b.H-a.Y-a.H)/dx, (b.Y-a.Y)/dx; math.Abs(low-high) < max(0.004, 0.3*math.Abs(low)) {
			slopes = append(slopes, low)
		}
	}
	if len(slopes) < 3 {
		return 0
	}
	sort.Float64s(slopes)
	m := slopes[len(slopes)/2]
	if math.Abs(m) < 0.002 || math.Abs(m) > 0.2 {
		return 0
	}
	agree := 0 // few lines are no measure
	for _, s := range slopes {
		if math.Abs(s-m) <= max(0.001, 0.3*math.Abs(m)) {
			agree++
		}
	}
	if 3*agree < 2*len(slopes) {
		return 0
	}
	return m
}

// cut splits a word at a colon between a label and its value; times, ratios and addresses
// of the web stay whole.
func cut(w document.Word, begin int) []Token {
	t := Token{Text: w.Text, Begin: begin, End: begin + utf8.RuneCountInString(w.Text), Box: w.Box,
		Confidence: w.Confidence, Handwritten: w.Handwritten, Struck: w.Struck, Bold: w.Bold, Size: w.FontSize}
	runes := []rune(w.Text)
	if len(runes) > 1 && glyph(runes[0]) {
		a, b := t, t
		share := 1 / float64(len(runes))
		a.Text, a.End, a.Box.W = string(runes[:1]), begin+1, w.Box.W*share
		b.Text, b.Begin = string(runes[1:]), begin+1
		b.Box.X, b.Box.W = w.Box.X+a.Box.W, w.Box.W-a.Box.W
		return []Token{a, b}
	}
	for i := 1; i < len(runes)-1; i++ {
		if runes[i] != ':' || !unicode.IsLetter(runes[i-1]) || runes[i+1] == '/' || runes[i+1] == ':' {
			continue
		}
		a, b := t, t
		share := float64(i+1) / float64(len(runes))
		a.Text, a.End, a.Box.W = string(runes[:i+1]), begin+i+1, w.Box.W*share
		b.Text, b.Begin = string(runes[i+1:]), begin+i+1
		b.Box.X, b.Box.W = w.Box.X+a.Box.W, w.Box.W-a.Box.W
		return []Token{a, b}
	}
	return []Token{t}
}

// glyph is a sign of a font of symbols, such as an empty tick box before its word: what a text
// layer has for it is no letter.
func glyph(r rune) bool {
	return r == unicode.ReplacementChar || r >= 0xE000 && r <= 0xF8FF || r == '☐' || r == '□' || r == '❏' || r == '❑'
}

// Glyph reports a token that is such a sign alone.
func Glyph(text string) bool {
	r, n := utf8.DecodeRuneInString(text)
	return n == len(text) && glyph(r)
}

// medianHeight is over tokens with letters or digits: a row of dashes has no height.
func medianHeight(tokens []Token) float64 {
	var hs []float64
	for _, t := range tokens {
		if inked(t) {
			hs = append(hs, t.Y1-t.Y0)
		}
	}
	if len(hs) == 0 {
		return 0.01
	}
	sort.Float64s(hs)
	return max(hs[len(hs)/2], 1e-4)
}

func inked(t Token) bool {
	return strings.ContainsFunc(t.Text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// withoutSpecks drops what OCR makes of dirt, rules and watermarks: signs without a letter or
// digit that were hardly read, and marks much lower than the page's words. A word that was
// read badly stays: without it a value would look whole.
func withoutSpecks(tokens []Token, height float64) []Token {
	var out []Token
	for _, t := range tokens {
		n := utf8.RuneCountInString(t.Text)
		switch {
		case !t.OCR:
		case !inked(t) && t.Confidence < 0.75 && !strings.ContainsAny(t.Text, "-•*:#$%+"):
			continue
		case !inked(t) && t.Confidence < 0.4:
			continue
		case inked(t) && t.Y1-t.Y0 < 0.4*height && t.Confidence < 0.9:
			continue
		case n <= 2 && t.Confidence < 0.3:
			continue
		}
		out = append(out, t)
	}
	return out
}

// group puts tokens on one baseline together, top to bottom, each left to right.
func group(tokens []Token, height float64) [][]Token {
	sort.SliceStable(tokens, func(i, j int) bool { return tokens[i].Y0+tokens[i].Y1 < tokens[j].Y0+tokens[j].Y1 })
	var rows [][]Token
	var y0, y1 []float64
	for _, t := range tokens {
		best, most := -1, 0.0
		for i := len(rows) - 1; i >= 0 && i >= len(rows)-12; i-- {
			shared := math.Min(y1[i], t.Y1) - math.Max(y0[i], t.Y0)
			least := math.Min(y1[i]-y0[i], t.Y1-t.Y0)
			if shared > 0.55*least && shared > most && !collides(rows[i], t) {
				best, most = i, shared
			}
		}
		if best < 0 {
			rows, y0, y1 = append(rows, []Token{t}), append(y0, t.Y0), append(y1, t.Y1)
			continue
		}
		n := float64(len(rows[best]))
		rows[best] = append(rows[best], t)
		if h := t.Y1 - t.Y0; h < 2*height { // a tall mark does not stretch its row
			y0[best] = (y0[best]*n + t.Y0) / (n + 1)
			y1[best] = (y1[best]*n + t.Y1) / (n + 1)
		}
	}
	sort.SliceStable(rows, func(i, j int) bool { return middle(rows[i]) < middle(rows[j]) })
	for _, r := range rows {
		sort.SliceStable(r, func(i, j int) bool { return r[i].X0 < r[j].X0 })
	}
	return rows
}

// collides reports a token that stands over another one of the row: then it is another row.
func collides(row []Token, t Token) bool {
	for _, o := range row {
		shared := math.Min(o.X1, t.X1) - math.Max(o.X0, t.X0)
		if o.Word != t.Word && shared > 0.5*math.Min(o.X1-o.X0, t.X1-t.X0) {
			return true
		}
	}
	return false
}

func middle(row []Token) float64 {
	sum := 0.0
	for _, t := range row {
		sum += t.Y0 + t.Y1
	}
	return sum / float64(len(row))
}

// wideGap is the gap that divides phrases: about a capital's height, more where the page's
// own blanks are wide, as in a typewriter face.
func wideGap(rows [][]Token, height float64) float64 {
	var gaps []float64
	for _, r := range rows {
		for i := 1; i < len(r); i++ {
			if g := r[i].X0 - r[i-1].X1; inked(r[i]) && inked(r[i-1]) && g > 0.05*height && g < 2*height {
				gaps = append(gaps, g)
			}
		}
	}
	least := 1.1 * height
	if len(gaps) < 8 {
		return least
	}
	sort.Float64s(gaps)
	return max(least, min(1.7*gaps[len(gaps)/2], 1.8*height))
}

// divided reports a wide gap between neighbours. What the reader saw as one line stays
// together over a somewhat wider gap; what a text layer has as two parts, whose blanks are
// exact, is divided by a narrower one. Letters of another size begin another phrase.
func divided(a, b Token, gap float64) bool {
	g := b.X0 - a.X1
	if a.Size > 0 && b.Size > 0 && max(a.Size, b.Size) > 1.08*min(a.Size, b.Size) && g >= 0 {
		return true
	}
	if a.Line == b.Line {
		return g > 1.3*gap
	}
	if !a.OCR {
		return g > 0.6*gap
	}
	return g > gap
}

// tall is how much taller than the page's words two words are: blanks of a title are wider.
func tall(a, b Token, height float64) float64 {
	return max(1, min(a.Y1-a.Y0, b.Y1-b.Y0)/height)
}

func makeRow(index int, tokens []Token, gap, height float64, ends map[int]int) Row {
	r := Row{Y0: math.Inf(1), Y1: math.Inf(-1)}
	start := 0
	for i := 1; i <= len(tokens); i++ {
		if i < len(tokens) && !divided(tokens[i-1], tokens[i], gap*tall(tokens[i-1], tokens[i], height)) {
			if key, ok := ends[tokens[i].Word]; !ok || key != tokens[i-1].Word {
				continue
			}
		}
		p := NewPhrase(index, tokens[start:i:i])
		r.Phrases = append(r.Phrases, p)
		r.Y0, r.Y1 = math.Min(r.Y0, p.Y0), math.Max(r.Y1, p.Y1)
		start = i
	}
	return r
}

// NewPhrase makes a phrase of tokens (at least one) of a row.
func NewPhrase(row int, tokens []Token) Phrase {
	p := Phrase{Tokens: tokens, Row: row, X0: math.Inf(1), Y0: math.Inf(1), X1: math.Inf(-1), Y1: math.Inf(-1)}
	for _, t := range tokens {
		p.X0, p.X1 = math.Min(p.X0, t.X0), math.Max(p.X1, t.X1)
		p.Y0, p.Y1 = math.Min(p.Y0, t.Y0), math.Max(p.Y1, t.Y1)
	}
	return p
}

// Text is the tokens joined by blanks; parts of one word are joined without.
func (p Phrase) Text() string { return Join(p.Tokens) }

// Text is the phrases of the row joined by blanks.
func (r Row) Text() string {
	var all []Token
	for _, p := range r.Phrases {
		all = append(all, p.Tokens...)
	}
	return Join(all)
}

// Join writes tokens as text: a blank between words, "\n" where the next word stands lower.
func Join(tokens []Token) string {
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 {
			last := tokens[i-1]
			switch {
			case t.Page != last.Page || t.Y0 > last.Y0+0.6*(last.Y1-last.Y0) && t.X0 < last.X1:
				b.WriteByte('\n')
			case t.Word != last.Word:
				b.WriteByte(' ')
			}
		}
		b.WriteString(t.Text)
	}
	return b.String()
}
