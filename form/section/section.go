// Package section divides a clinical note into its headed parts. A head is a line of its own
// in the words of heads.txt, such words before a colon, or set off in bold from the text
// behind them. Text is verbatim; the page's furniture (running heads, page numbers) is left
// out of lists and joined text, not of offsets.
package section

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"chartlake/document"
	"chartlake/form/lexicon"
	"chartlake/form/sheet"
	"chartlake/record"
)

//go:embed heads.txt
var headData string

// Line is one line of the reader in the order of the text.
type Line struct {
	Tokens []sheet.Token
	Page   int
	X0, X1 float64
	Y0, Y1 float64
}

// Section is one headed part. Lines are its lines without furniture; the first may begin
// behind the head.
type Section struct {
	Name       string
	Head       []sheet.Token
	Lines      []Line
	Begin, End int
}

type headWords struct {
	name   string
	tokens []string
}

var heads = sync.OnceValue(func() []headWords {
	var out []headWords
	for line := range strings.Lines(headData) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) != 2 || f[0][0] == '#' {
			continue
		}
		for _, w := range strings.Split(f[1], "|") {
			out = append(out, headWords{f[0], lexicon.Tokens(w)})
		}
	}
	return out
})

// Lines gives the reader's lines in the order of the segment's text.
func Lines(s *sheet.Sheet) []Line {
	type key struct{ page, word int }
	tokens := map[key][]sheet.Token{}
	for _, p := range s.Pages {
		for _, r := range p.Rows {
			for _, ph := range r.Phrases {
				for _, t := range ph.Tokens {
					k := key{t.Page, t.Word}
					tokens[k] = append(tokens[k], t)
				}
			}
		}
	}
	var out []Line
	lastPage, lastLine := 0, -1
	for _, r := range s.Text.Runs {
		if r.Page != lastPage || r.Line != lastLine {
			out = append(out, Line{Page: r.Page})
			lastPage, lastLine = r.Page, r.Line
		}
		l := &out[len(out)-1]
		for _, t := range tokens[key{r.Page, r.Word}] {
			if len(l.Tokens) == 0 {
				l.X0, l.Y0, l.X1, l.Y1 = t.X0, t.Y0, t.X1, t.Y1
			}
			l.X0, l.X1 = min(l.X0, t.X0), max(l.X1, t.X1)
			l.Y0, l.Y1 = min(l.Y0, t.Y0), max(l.Y1, t.Y1)
			l.Tokens = append(l.Tokens, t)
		}
	}
	return slices.DeleteFunc(out, func(l Line) bool { return len(l.Tokens) == 0 })
}

// Find divides the segment. lex is the lexicon of its type: a line that begins with a form
// label and a colon ends the section before it, and a head that is such a label with its
// value beside it (labelled) begins none.
func Find(s *sheet.Sheet, lex *lexicon.Lexicon, labelled func(sheet.Token) bool) []Section {
	var out []Section
	lines := Lines(s)
	furniture := Furniture(s)
	open := false
	for _, l := range lines {
		name, used := headOf(l.Tokens)
		if (used == 0 || name == "other") && furniture(l) {
			continue
		}
		label := labelled(l.Tokens[0])
		if label {
			used = 0
		}
		if used == 0 && open && (label || endsSection(lex, l)) {
			out[len(out)-1].End = l.Tokens[0].Begin
			open = false
			continue
		}
		if used > 0 {
			if open {
				out[len(out)-1].End = l.Tokens[0].Begin
			}
			sec := Section{Name: name, Head: l.Tokens[:used], Begin: l.Tokens[used-1].End}
			out, open = append(out, sec), true
			if used == len(l.Tokens) {
				continue
			}
			l.Tokens = l.Tokens[used:]
			l.X0 = l.Tokens[0].X0
		}
		if open {
			sec := &out[len(out)-1]
			sec.Lines = append(sec.Lines, l)
			sec.End = l.Tokens[len(l.Tokens)-1].End
		}
	}
	return out
}

// headOf finds a section head at the beginning of a line and how many tokens it takes.
// Unknown lines that look like heads are sections named "other".
func headOf(tokens []sheet.Token) (name string, used int) {
	words := make([]string, len(tokens))
	for i, t := range tokens {
		words[i] = t.Text
	}
	first := 0
	for first < len(tokens) && first < 2 && ordinal.MatchString(words[first]) && len(tokens) > 1 && strings.Contains(words[first], "#") {
		first++
	}
	longest, exactly := 0, false
	begin := lexicon.Tokens(words[first])
	for _, h := range heads() {
		if len(begin) == 0 || h.tokens[0][0] != begin[0][0] && lexicon.Initial(h.tokens[0]) != lexicon.Initial(begin[0]) {
			continue
		}
		n, exact := matchHead(words[first:], h.tokens)
		if n == 0 || len(h.tokens) < longest || len(h.tokens) == longest && (exactly || !exact) {
			continue // "microscopic" is not "macroscopic", though one letter is little for OCR
		}
		if setOff(tokens, first+n) {
			name, used, longest, exactly = h.name, first+n, len(h.tokens), exact
		}
	}
	if used > 0 {
		for used < len(words) && (words[used] == ":" || words[used] == "-" && used+1 < len(words)) {
			used++
		}
		return name, used
	}
	if looksLikeHead(tokens) {
		return "other", len(tokens)
	}
	return "", 0
}

var ordinal = regexp.MustCompile(`^[#*•\-]*\d{0,2}[.)#]?$`)

// matchHead gives the number of words that the head takes, 0 when it does not stand there. A
// bracketed addition before the colon belongs to the head. exact: no letter had to be overlooked.
func matchHead(words, head []string) (n int, exact bool) {
	k := 0
	exact = true
	for i, w := range words {
		parts := lexicon.Tokens(w)
		for _, p := range parts {
			if k >= len(head) {
				return 0, false
			}
			same, clean := lexicon.Alike(p, head[k])
			if !same {
				return 0, false
			}
			exact = exact && clean
			k++
		}
		if len(parts) == 0 && (i == 0 || w != "&" && w != "/" && w != "-") {
			return 0, false
		}
		if k == len(head) {
			return i + 1, exact
		}
		if strings.HasSuffix(w, ":") {
			return 0, false
		}
	}
	return 0, false
}

// setOff reports that the first n tokens are marked as a head: alone on the line, before a
// colon, or bold before text that is not.
func setOff(tokens []sheet.Token, n int) bool {
	last := tokens[n-1].Text
	if strings.HasSuffix(last, ":") || n == len(tokens) {
		return true
	}
	next := tokens[n].Text
	if next == ":" || next == "–" || next == "—" {
		return true
	}
	return tokens[n-1].Bold && !tokens[n].Bold && tokens[0].Bold
}

// looksLikeHead reports a short line in capitals, or one that ends in a colon.
func looksLikeHead(tokens []sheet.Token) bool {
	if len(tokens) > 6 {
		return false
	}
	text := sheet.Join(tokens)
	upper, letters := true, 0
	for _, r := range text {
		upper = upper && !unicode.IsLower(r)
		if unicode.IsLetter(r) {
			letters++
		}
		if unicode.IsDigit(r) {
			return false
		}
	}
	if letters < 6 {
		return false
	}
	return upper && len(tokens) >= 2 || strings.HasSuffix(text, ":") && unicode.IsUpper([]rune(text)[0])
}

// endsSection reports a line that begins with a label of the form's head or foot.
func endsSection(lex *lexicon.Lexicon, l Line) bool {
	words := make([]string, len(l.Tokens))
	for i, t := range l.Tokens {
		words[i] = t.Text
	}
	m, ok := lex.At(lexicon.Prepare(words), 0)
	if ok && m.Label.Name != "" && (m.Colon || m.Exact && m.Tokens >= 2 && m.Words < len(words)) {
		switch m.Label.Name {
		case "status", "age", "sex", "date", "provider":
			return m.Colon && m.Exact
		}
		return true
	}
	return unread.MatchString(strings.ToLower(strings.Join(words, " ")))
}

// unread are the lines that close a note nobody has signed.
var unread = regexp.MustCompile(`dictated (but )?not (yet )?(read|reviewed|signed)|preliminary|not (yet )?signed|^end of (report|document)`)

var pageNumber = regexp.MustCompile(`(?i)^(?:page|pg\.?)?\s*\d{1,4}\s*(?:(?:of|/)\s*\d{1,4})?$|(?i)\bpage\s*:?\s*\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?$|^-\s*\d{1,4}\s*-$`)

// Furniture tells running heads and feet: what the reader marked so, page numbers in the
// margins, and lines at the top or foot that stand on several pages.
func Furniture(s *sheet.Sheet) func(Line) bool {
	marked := map[[2]int]bool{}
	repeated := map[string]int{}
	for _, p := range s.Pages {
		for _, b := range p.Source.Blocks {
			if b.Kind != document.BlockHeader && b.Kind != document.BlockFooter {
				continue
			}
			for _, l := range b.Lines {
				for _, w := range p.Source.Lines[l].Words {
					marked[[2]int{p.Number, w}] = true
				}
			}
		}
		for _, r := range p.Rows {
			if r.Y0 < 0.085 || r.Y1 > 0.93 {
				repeated[blankDigits(r.Text())]++
			}
		}
	}
	first := 0
	if len(s.Pages) > 0 {
		first = s.Pages[0].Number
	}
	return func(l Line) bool {
		margin := l.Y1 > 0.935 || l.Y0 < 0.07 && l.Page > first
		text := sheet.Join(l.Tokens)
		switch {
		case margin && (pageNumber.MatchString(text) || repeated[blankDigits(text)] > 1):
			return true
		case l.Y0 < 0.07 && l.Page > first, l.Y0 > 0.95:
			return true
		}
		all := true
		for _, t := range l.Tokens {
			all = all && marked[[2]int{t.Page, t.Word}]
		}
		return all && (l.Y0 > 0.9 || l.Page > first || pageNumber.MatchString(text))
	}
}

func blankDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return '#'
		}
		return r
	}, s)
}

// Record gives the sections as the record writes them.
func Record(list []Section) []record.Section {
	var out []record.Section
	for _, s := range list {
		if s.End > s.Begin {
			out = append(out, record.Section{Name: s.Name, Begin: s.Begin, End: s.End})
		}
	}
	return out
}
