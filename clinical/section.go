package clinical

import (
	"sort"
	"strings"
	"unicode"

	"chartlake/record"
)

// headerWordsMax is how many words a section header may have.
const headerWordsMax = 6

// sectionStart is a header: its section, its first token, and the first token after it.
type sectionStart struct {
	name        string
	first, body int
}

// findSections finds headers: a known header at the start of a line followed by a colon or
// alone on its line, or after the end of a sentence followed by a colon.
func (e *Engine) findSections(toks []token) []sectionStart {
	var out []sectionStart
	for i := 0; i < len(toks); i++ {
		lineStart := i == 0 || toks[i].newlines > 0 || bullet(toks, i-1)
		afterStop := i > 0 && (toks[i-1].text == "." || toks[i-1].text == ";")
		if !lineStart && !afterStop || !toks[i].word() {
			continue
		}
		if s, ok := e.header(toks, i, lineStart); ok {
			out = append(out, s)
			i = s.body - 1
		}
	}
	return out
}

// header matches the longest known header at token i.
func (e *Engine) header(toks []token, i int, lineStart bool) (sectionStart, bool) {
	var best sectionStart
	key := ""
	for j, words := i, 0; j < len(toks) && words < headerWordsMax; j++ {
		if j > i && toks[j].newlines > 0 {
			break
		}
		if key != "" && toks[j].begin > toks[j-1].end {
			key += " "
		}
		key += toks[j].lower
		words++
		name, known := e.headers[key]
		if !known {
			continue
		}
		next := j + 1
		switch {
		case next < len(toks) && toks[next].text == ":" && toks[next].newlines == 0:
			best = sectionStart{name, i, next + 1}
		case lineStart && (next == len(toks) || toks[next].newlines > 0) && titled(toks[i:next]):
			best = sectionStart{name, i, next}
		}
	}
	return best, best.name != ""
}

// titled reports that a line begins with a capital, as headings do.
func titled(toks []token) bool { return unicode.IsUpper(toks[0].first) }

// bullet reports a list mark that stands first on its line.
func bullet(toks []token, i int) bool {
	if i < 0 || i > 0 && toks[i].newlines == 0 {
		return false
	}
	return strings.ContainsAny(toks[i].text, "-•*·–") && toks[i].end-toks[i].begin == 1
}

// sectionNames tell the section of a token.
type sectionNames []sectionStart

// of gives the section that token i stands in; "" before the first header.
func (n sectionNames) of(i int) string {
	at := sort.Search(len(n), func(k int) bool { return n[k].first > i })
	if at == 0 {
		return ""
	}
	return n[at-1].name
}

// in gives the section of token i as it bears on what is asserted: immunizations are named in the
// paragraph below their header, not in all that follows up to the next known one.
func (n sectionNames) in(toks []token, i int) string {
	name := n.of(i)
	if name != "immunizations" {
		return name
	}
	for j := i; j > 0 && n.of(j-1) == name; j-- {
		if toks[j].newlines > 1 {
			return ""
		}
	}
	return name
}

func recordSections(toks []token, starts []sectionStart) []record.Section {
	var out []record.Section
	for n, s := range starts {
		last := len(toks) - 1
		if n+1 < len(starts) {
			last = starts[n+1].first - 1
		}
		out = append(out, record.Section{Name: s.name, Begin: toks[s.first].begin, End: toks[last].end})
	}
	return out
}
