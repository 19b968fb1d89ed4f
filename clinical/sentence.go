package clinical

import "unicode"

// span is a range of tokens [first,last).
type span struct {
	first, last int
	endless     bool  // it goes on with a sentence that was too long
	lead        *span // of an item of a list: the sentence that introduces the list
	part        bool  // it goes on behind a semicolon with what lead says
	relative    bool  // it begins with a pronoun, behind a sentence about a relative
}

// sentenceMax is how many tokens a sentence has at most: work within one grows with the square of
// its mentions. Beyond it what was asserted before may still hold, so a person is asked.
const sentenceMax = 400

// abbreviated are words whose point does not end a sentence.
var abbreviated = map[string]bool{"dr": true, "mr": true, "mrs": true, "ms": true, "vs": true, "no": false, "approx": true,
	"st": true, "pt": true, "hx": true, "q": true, "e": true, "i": true, "p": true, "b": true, "t": true}

// sentences splits tokens at full stops, blank lines, list marks, section headers, and at
// line ends where the line is so short that the writer ended it, not the margin.
func sentences(toks []token, starts []sectionStart) []span {
	header := map[int]bool{}
	for _, s := range starts {
		header[s.first], header[s.body] = true, true
	}
	width := lineWidths(toks)
	var out []span
	first := 0
	endless := false
	cut := func(at int) {
		if at > first {
			out = append(out, span{first: first, last: at, endless: endless})
			first, endless = at, false
		}
	}
	for i := range toks {
		if i-first >= sentenceMax {
			cut(i)
			endless = true
		}
		if i > 0 && (header[i] || toks[i].newlines > 1 || toks[i].newlines == 1 && lineEnds(toks, i, width)) {
			cut(i)
		}
		if ender(toks, i) {
			cut(i + 1)
		}
	}
	cut(len(toks))
	introduce(toks, out, starts)
	return out
}

// ender reports a mark that ends a sentence: ! and ; always, a point or question mark where no letter in lower
// case follows and the word before is no abbreviation.
func ender(toks []token, i int) bool {
	switch toks[i].text {
	case "!", ";":
		return true
	case "?":
		if i == 0 || toks[i].newlines > 0 || toks[i-1].text == ":" || toks[i-1].text == "," || toks[i-1].text == "." {
			return false // "? DVT" asks about what follows
		}
		if i+1 < len(toks) && (i+2 >= len(toks) || !toks[i+2].word()) {
			if _, ok := answerOf(toks[i+1].lower, true); ok {
				return false // "Fever? No."
			}
		}
		return i+1 < len(toks) && toks[i+1].begin > toks[i].end
	case ".":
	default:
		return false
	}
	if i+1 >= len(toks) {
		return true
	}
	next := toks[i+1]
	if next.begin == toks[i].end && next.newlines == 0 {
		return false // e.g., q.d.
	}
	if i > 0 && abbreviated[toks[i-1].lower] {
		return false
	}
	return !unicode.IsLower(next.first) || next.newlines > 0
}

// lineWidths gives, for every token, the length in characters of the longest line of its paragraph.
func lineWidths(toks []token) []int {
	out := make([]int, len(toks))
	for i := 0; i < len(toks); {
		j, start, widest := i, toks[i].begin, 0
		for j < len(toks) && (j == i || toks[j].newlines < 2) {
			if j > i && toks[j].newlines > 0 {
				start = toks[j].begin
			}
			widest = max(widest, toks[j].end-start)
			j++
		}
		for k := i; k < j; k++ {
			out[k] = widest
		}
		i = j
	}
	return out
}

// lineEnds reports that the line before token i was ended by its writer: it stops well short
// of the paragraph's width, or the next line begins a list item.
func lineEnds(toks []token, i int, width []int) bool {
	if bullet(toks, i) || toks[i].number() && i+1 < len(toks) && (toks[i+1].text == "." || toks[i+1].text == ")") {
		return true
	}
	start := i - 1
	for start > 0 && toks[start].newlines == 0 {
		start--
	}
	length := toks[i-1].end - toks[start].begin
	wrapped := length*10 >= width[i-1]*7 && unicode.IsLower(toks[i].first)
	full := length*10 >= width[i-1]*8 && length > 50
	if last := toks[i-1].text; last == "," || last == "and" || last == "or" {
		return false
	}
	return !wrapped && !full
}
