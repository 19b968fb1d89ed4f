package clinical

import (
	_ "embed"
	"strings"
)

//go:embed data/cues.txt
var cuesData string

// cueKind is what a cue asserts.
type cueKind string

const (
	cueNegated      cueKind = "negated"
	cueUncertain    cueKind = "uncertain"
	cueHypothetical cueKind = "hypothetical"
	cueHistorical   cueKind = "historical"
	cueEnded        cueKind = "ended" // was there and is no more
	cueFamily       cueKind = "family"
	cueOther        cueKind = "other"
	cueStop         cueKind = "stop"
	cuePseudo       cueKind = "pseudo"
)

// rule is what a phrase means as a cue; a phrase may be a cue in both directions.
type rule struct {
	forward, backward cueKind
}

// cue is a phrase found in a sentence.
type cue struct {
	rule
	first, last int // tokens [first,last)
	words       string
}

// cueWordsMax is the longest cue, in tokens.
const cueWordsMax = 9

// cueTable finds cues by the keys of their words.
type cueTable struct {
	rules    map[uint64]rule
	prefixes map[uint64]bool
}

func parseCues(data string) cueTable {
	out := cueTable{map[uint64]rule{}, map[uint64]bool{}}
	for _, row := range rows(data) {
		f := strings.SplitN(row, "\t", 3)
		key := phraseKey
		for _, t := range tokens([]rune(f[2])) {
			key = extend(key, t.lowerKey)
			out.prefixes[key] = true
		}
		r := out.rules[key]
		switch f[1] {
		case "forward":
			r.forward = cueKind(f[0])
		case "backward":
			r.backward = cueKind(f[0])
		default:
			r.forward, r.backward = cueKind(f[0]), cueKind(f[0])
		}
		out.rules[key] = r
	}
	return out
}

// findCues finds the cues of a sentence, longest first at each place, none overlapping.
func (e *Engine) findCues(toks []token, s span) []cue {
	var out []cue
	for i := s.first; i < s.last; {
		key, found := phraseKey, cue{}
		for j := i; j < s.last && j < i+cueWordsMax; j++ {
			if key = extend(key, toks[j].lowerKey); !e.cues.prefixes[key] {
				break
			}
			if r, ok := e.cues.rules[key]; ok && (r.forward != "" || toks[i].word() || closed(toks, j+1, s.last)) {
				found = cue{rule: r, first: i, last: j + 1}
			}
		}
		found = composed(toks, i, s, found)
		if found.last == 0 || lasting(toks, found) {
			i++
			continue
		}
		found.words = spoken(toks, found.first, found.last)
		out = append(out, found)
		i = found.last
	}
	return out
}

// spoken joins the words of tokens by blanks, in lower case.
func spoken(toks []token, first, last int) string {
	if last == first+1 {
		return toks[first].lower
	}
	var b strings.Builder
	for i := first; i < last; i++ {
		if i > first {
			b.WriteByte(' ')
		}
		b.WriteString(toks[i].lower)
	}
	return b.String()
}

// lasting reports the "history of" in "two-day history of": how long the present trouble
// lasts, not that it is past.
func lasting(toks []token, c cue) bool {
	if c.forward != cueHistorical || c.first == 0 || !strings.HasPrefix(toks[c.first].lower, "history") {
		return false
	}
	switch strings.TrimSuffix(toks[c.first-1].lower, "s") {
	case "hour", "day", "week", "month", "year", "hr", "wk", "yr":
		return true
	}
	return false
}

// part reports a cue that is a part of what a term of the dictionary names ("lack of energy"). What
// the tagger takes for a mention may be no more than the cue, and whose a finding is holds in any case.
func part(c cue, m *mention) bool {
	return m.Rule != "tagger" && c.last-c.first < m.last-m.first && c.forward != cueFamily && c.forward != cueOther
}

// outside drops cues that lie within a mention ("no known allergies" is one by itself), and
// shortens those that reach into one ("no acute" before "acute distress").
func (e *Engine) outside(toks []token, cues []cue, in []*mention) []cue {
	kept := cues[:0]
next:
	for _, c := range cues {
		for _, m := range in {
			if c.first >= m.last || c.last <= m.first {
				continue
			}
			if c.first >= m.first && c.last <= m.last && part(c, m) {
				continue next
			}
			if c.first >= m.first || m.last < c.last || m.last == c.last && m.Rule == "tagger" {
				continue // "prophylaxis" of "prophylaxis against", "index" of "low index of suspicion for" are no findings
			}
			key := phraseKey
			for j := c.first; j < m.first; j++ {
				key = extend(key, toks[j].lowerKey)
			}
			r, ok := e.cues.rules[key]
			if !ok {
				continue next
			}
			c = cue{rule: r, first: c.first, last: m.first, words: spoken(toks, c.first, m.first)}
		}
		kept = append(kept, c)
	}
	return kept
}
