package clinical

import (
	"sort"

	"chartlake/clinical/tagger"
)

// Sentence is a sentence as the tagger sees it, with the place of each word in characters.
type Sentence struct {
	Words []tagger.Word
	Begin []int
	End   []int
}

// Sentences cuts a text as Annotate does, for training and for measuring the tagger.
func (e *Engine) Sentences(text string) []Sentence {
	_, toks, starts, _ := e.layOut(text)
	var out []Sentence
	for _, s := range sentences(toks, starts) {
		n := Sentence{Words: e.words(toks, s, nil)}
		for _, t := range toks[s.first:s.last] {
			n.Begin, n.End = append(n.Begin, t.begin), append(n.End, t.end)
		}
		out = append(out, n)
	}
	return out
}

// Span gives the words [first,last) that have a character of [begin,end); none: first equals last.
func (s Sentence) Span(begin, end int) (first, last int) {
	first = sort.Search(len(s.Words), func(i int) bool { return s.End[i] > begin })
	last = sort.Search(len(s.Words), func(i int) bool { return s.Begin[i] >= end })
	return first, max(first, last)
}

// words are the tokens of a sentence with what the dictionary says of them.
func (e *Engine) words(toks []token, s span, out []tagger.Word) []tagger.Word {
	out = out[:0]
	for i := s.first; i < s.last; i++ {
		t := &toks[i]
		out = append(out, tagger.Word{Lower: t.lower, Text: t.text, Apart: i > 0 && t.begin > toks[i-1].end, Role: e.lexicon.roles[t.normKey]})
	}
	for i := s.first; i < s.last; {
		en, end, ok := e.lexicon.at(toks, i, s.last)
		if en.other != nil {
			en = *en.other
		}
		if !ok || en.bare != "" {
			i++
			continue
		}
		for j := i; j < end; j++ {
			out[j-s.first].Term = tagger.Term(2*int(en.kind) + 2)
		}
		out[i-s.first].Term--
		i = end
	}
	return out
}
