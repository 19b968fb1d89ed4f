package clinical

import (
	"maps"
	"strings"
)

// A list below the sentence that introduces it ("He denies:", "Return if you have any of the
// following:"): what that sentence says holds for each item.

// itemTokensMax is how many words and marks a line has at most to be an item without a list mark.
const itemTokensMax = 8

// introduce gives the items of lists the sentences that introduce them.
func introduce(toks []token, all []span, starts []sectionStart) {
	header := map[int]bool{}
	for _, s := range starts {
		header[s.first] = true
	}
	var lead *span
	marked, numbered := false, false // the list has list marks; a number stands before the sentence
	for i := range all {
		s := &all[i]
		first := toks[s.first]
		s.relative = i > 0 && first.newlines < 2 && (first.lower == "he" || first.lower == "she" || first.lower == "they" || first.lower == "both") &&
			aboutKin(toks, all[i-1])
		mark := bullet(toks, s.first) || numbered
		switch {
		case header[s.first]:
			lead = nil
		case lead != nil && itemNumber(toks, *s):
			numbered = true
			continue
		case lead != nil && first.newlines == 0 && !mark, // the item goes on
			lead != nil && marked && !mark,
			lead != nil && !mark && (first.newlines > 1 || s.last-s.first > itemTokensMax):
			lead = nil
		}
		if from := partOf(toks, all, i); from != nil {
			s.lead, s.part = from, true
			continue
		}
		if lead != nil {
			s.lead, marked = lead, marked || mark
		}
		numbered = false
		if toks[s.last-1].text == ":" && !header[s.first] && s.last-s.first > 1 {
			lead, marked = s, false
		}
	}
}

// partTokensMax is how many words and marks a part of a line has at most to name no subject of its own.
const partTokensMax = 6

// partOf gives the part of a line that a short later part of it goes on with: "Father: gout; diabetes; mother: asthma",
// "risks include bleeding; infection", "denies fever; chills".
func partOf(toks []token, all []span, i int) *span {
	s := all[i]
	if i == 0 || toks[s.first].newlines > 0 || toks[s.first-1].text != ";" || s.last-s.first > partTokensMax {
		return nil
	}
	for _, t := range toks[s.first:s.last] {
		if kin[t.lower] || people[t.lower] || verbs[t.lower] || finite[t.lower] || turns[t.lower] || anewWords[t.lower] {
			return nil
		}
	}
	if before := &all[i-1]; before.lead != nil {
		return before.lead
	}
	return &all[i-1]
}

// anewWords begin a part of a line that says something of its own.
var anewWords = words("pt endorses admits complains notes now currently positive pos + today new exam")

// aboutKin reports a sentence that begins with a relative who does not tell of the patient.
func aboutKin(toks []token, s span) bool {
	first := s.first
	for n := 0; n < 3 && first < s.last && (kinQualifiers[toks[first].lower] || toks[first].number()); n++ {
		first++
	}
	return first < s.last && kin[toks[first].lower] && !(first+1 < s.last && reporting[toks[first+1].lower])
}

// itemNumber reports a sentence that is the number of a list's item only.
func itemNumber(toks []token, s span) bool {
	return s.last-s.first <= 2 && toks[s.first].newlines > 0 && toks[s.first].number()
}

// introduced says of a mention in a list what the sentence before the list says of its end.
func (e *Engine) introduced(toks []token, s span, m *mention, section string) {
	if s.lead == nil {
		return
	}
	lead := *s.lead
	end := &mention{first: lead.last - 1, last: lead.last}
	end.Type, end.Experiencer = m.Type, m.Experiencer
	cues := e.findCues(toks, lead)
	for _, c := range cues {
		if c = oneWay(toks, c, lead, nil); c.forward != "" && c.last <= end.first {
			e.forward(toks, lead, c, cues, end, nil, section)
		}
	}
	ordered(toks, lead, end, nil)
	inverted(toks, lead, end)
	if s.part && end.Negated && end.Experiencer == "patient" && (end.Cue == nil || !strings.HasPrefix(strings.ToLower(end.Cue.Text), "den")) {
		return // "no murmur; edema"
	}
	m.Negated, m.Uncertain = m.Negated || end.Negated, m.Uncertain || end.Uncertain
	m.Hypothetical, m.Historical = m.Hypothetical || end.Hypothetical, m.Historical || end.Historical
	m.Experiencer, m.doubts = end.Experiencer, append(m.doubts, end.doubts...)
	if m.Cue == nil {
		m.Cue = end.Cue
	}
	if m.Attributes == nil {
		m.Attributes = end.Attributes
	} else {
		maps.Copy(m.Attributes, end.Attributes)
	}
}
