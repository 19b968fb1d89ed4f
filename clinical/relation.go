package clinical

import (
	_ "embed"
	"strings"
	"sync"

	"chartlake/record"
	"chartlake/terminology"
)

//go:embed data/places.txt
var placesData string

// places are the parts of the body by the keys of their normal words.
var places = sync.OnceValue(func() map[uint64]bool {
	out := map[uint64]bool{}
	for _, row := range rows(placesData) {
		for _, w := range strings.Fields(row) {
			out[wordKey(terminology.NormalWord(w))] = true
		}
	}
	return out
})

// sides are the words of laterality.
var sides = words("left right bilateral bilaterally both left-sided right-sided")

// severities are the words of how bad a finding is, as they stand before it.
var severities = words("mild moderate severe minimal trace marked massive extensive mild-to-moderate moderate-to-severe")

// ofPlace are words within the name of a place that are no part of the body ("sole of the left foot").
var ofPlace = words(`the his her their left right bilateral both upper lower middle mid distal proximal medial lateral anterior posterior
superior inferior dorsal ventral inner outer deep of and-the first second third fourth fifth great little index ring descending ascending
main common internal external mid-line`)

// relate adds to the problems of a sentence where they are, on which side, and how bad, and to
// drugs what they are taken for.
func (e *Engine) relate(text []rune, toks []token, s span, in []*mention) {
	for n, m := range in {
		switch m.Type {
		case record.Problem:
			m.placeAfter(text, toks, s, in)
			m.placeWithin(text, toks)
			m.sideAndSeverity(text, toks, s)
			e.refine(toks, s, m, in[n+1:])
		case record.Medication:
			if m.Attributes["reason"] == "" {
				m.reasonAfter(toks, in[n+1:])
			}
		}
	}
}

// placeAfter reads "pain in the left knee".
func (m *mention) placeAfter(text []rune, toks []token, s span, in []*mention) {
	j := m.last
	if j >= s.last {
		return
	}
	switch toks[j].lower {
	case "in", "of", "over", "on", "at", "within", "to", "involving", "around":
	default:
		return
	}
	first, last := j+1, 0
	for first < s.last && (toks[first].lower == "the" || toks[first].lower == "his" || toks[first].lower == "her") {
		first++
	}
	for k := first; k < s.last && k < first+placeWordsMax; k++ {
		switch {
		case places()[toks[k].normKey]:
			last = k + 1
		case !ofPlace[toks[k].lower]:
			k = s.last
		}
	}
	if last == 0 {
		return
	}
	m.attribute("body_site", plainText(text, toks[first].begin, toks[last-1].end))
	for k := first; k < last; k++ {
		if sides[toks[k].lower] {
			m.attribute("laterality", toks[k].text)
		}
	}
}

// placeWithin reads the place that is part of a finding's name ("hip pain").
func (m *mention) placeWithin(text []rune, toks []token) {
	first, last := -1, 0
	for k := m.first; k < m.last; k++ {
		if places()[toks[k].normKey] {
			if first < 0 {
				first = k
			}
			last = k + 1
		} else if first >= 0 {
			break
		}
	}
	if first >= 0 && last-first < m.last-m.first {
		m.attribute("body_site", plainText(text, toks[first].begin, toks[last-1].end))
	}
}

// sideAndSeverity reads the words before and at the begin of a finding ("severe left-sided weakness").
func (m *mention) sideAndSeverity(text []rune, toks []token, s span) {
	for k := m.first; k < m.last; k++ {
		m.qualify(text, toks, k)
	}
	for k := m.first - 1; k >= s.first && k >= m.first-4; k-- {
		if !toks[k].word() && toks[k].text != "-" || toks[k].lower == "and" || toks[k].lower == "or" || toks[k].lower == "with" {
			return
		}
		if !m.qualify(text, toks, k) && !places()[toks[k].normKey] && !ofPlace[toks[k].lower] && toks[k].lower != "sided" && toks[k].text != "-" {
			return
		}
	}
}

// qualify takes a word of side or severity.
func (m *mention) qualify(text []rune, toks []token, k int) bool {
	switch w := toks[k].lower; {
	case severities[w]:
		m.attribute("severity", toks[k].text)
	case sides[w]:
		end := toks[k].end
		if k+2 < len(toks) && toks[k+1].text == "-" && toks[k+2].lower == "sided" {
			end = toks[k+2].end
		}
		m.attribute("laterality", plainText(text, toks[k].begin, end))
	default:
		return false
	}
	return true
}

// reasonReach is how many words may stand between a drug and what it is for.
const reasonReach = 16

// reasonAfter reads "metformin 500 mg twice daily for type 2 diabetes". Another drug between them
// takes the reason for itself.
func (m *mention) reasonAfter(toks []token, after []*mention) {
	for _, o := range after {
		if o.Type == record.Medication || o.first > m.last+reasonReach {
			return
		}
		if o.Type != record.Problem {
			continue
		}
		for k := o.first - 1; k >= m.last && k >= o.first-3; k-- {
			switch toks[k].lower {
			case "for", "prn", "against", "treat":
				m.attribute("reason", o.Text)
				return
			case "from", "with", "caused":
				return
			}
		}
		return
	}
}

// plainText is a piece of text on one line.
func plainText(text []rune, begin, end int) string {
	return strings.ReplaceAll(string(text[begin:end]), "\n", " ")
}
