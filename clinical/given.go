package clinical

import (
	"sort"

	"chartlake/record"
)

// Span is a mention that is known to stand in a text: its place in characters (runes) and what
// it is.
type Span struct {
	Begin, End int
	Type       record.EntityType
}

// Assert says what a text asserts of mentions that the caller found by other means: their
// offsets, section, negation, certainty, time, experiencer and cue, in the order given. A
// span that holds no word, or lies beyond the text, comes back with empty Text and without
// an assertion.
func (e *Engine) Assert(text string, at []Span) []record.Entity {
	runes, toks, starts, sections := e.layOut(text)
	given := make([]*mention, len(at))
	order := make([]int, 0, len(at))
	for i, sp := range at {
		first := sort.Search(len(toks), func(n int) bool { return toks[n].end > sp.Begin })
		last := sort.Search(len(toks), func(n int) bool { return toks[n].begin >= sp.End })
		if first < last {
			given[i] = newMention(runes, toks, first, last, sp.Type, entry{score: 1})
			order = append(order, i)
		}
	}
	sort.SliceStable(order, func(a, b int) bool { return given[order[a]].first < given[order[b]].first })
	for _, s := range sentences(toks, starts) {
		var in []*mention
		for len(order) > 0 && given[order[0]].first < s.last {
			if m := given[order[0]]; m.first >= s.first {
				m.last = min(m.last, s.last)
				m.Section = sections.of(m.first)
				in = append(in, m)
			}
			order = order[1:]
		}
		e.assertGiven(toks, s, sections.in(toks, s.first), in)
	}
	out := make([]record.Entity, len(at))
	for i, m := range given {
		if m != nil {
			out[i] = m.Entity
		}
	}
	return out
}

// assertGiven asserts mentions that may lie within each other, which those of Annotate never
// do: one that holds another is asserted by itself. A cue that a mention begins with ("no
// signs of infection" as a whole) is said of the rest of it.
func (e *Engine) assertGiven(toks []token, s span, section string, in []*mention) {
	var plain []*mention
	for i, m := range in {
		for _, c := range e.findCues(toks, span{first: m.first, last: m.last}) {
			if c.first == m.first && c.last < m.last && c.forward != cueStop && c.forward != cuePseudo && c.forward != "" {
				m.first = c.last
			}
			break
		}
		if i+1 < len(in) && in[i+1].first < m.last {
			e.assert(toks, s, section, []*mention{m})
			continue
		}
		plain = append(plain, m)
	}
	if len(plain) > 0 {
		e.assert(toks, s, section, plain)
	}
}
