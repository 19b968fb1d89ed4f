package clinical

import (
	"math"
	"sort"

	"chartlake/clinical/tagger"
	"chartlake/record"
)

// minProbability is how sure the tagger must be for what the dictionary does not know; such
// mentions are for a person in any case.
const minProbability = 0.5

// tag gives what the tagger finds in each of some sentences; it is asked for those of a text in
// their order, many at a time: the model's tables and the dictionary's drive each other out of the
// processor's memory.
func (e *Engine) tag(toks []token, said []span) func([]span) [][]tagger.Mention {
	model := e.tagger()
	var heard tagger.Hearing
	for _, s := range said {
		for i := s.first; i < s.last; i++ {
			model.Hear(&heard, toks[i].lower, 1)
		}
	}
	running := tagger.New(model).Begin(heard.Register())
	words := make([][]tagger.Word, min(tagBatch, len(said)))
	return func(block []span) [][]tagger.Mention {
		for i, s := range block {
			words[i] = e.words(toks, s, words[i])
		}
		found := make([][]tagger.Mention, len(block))
		for i := range block {
			found[i] = running.Next(words[i])
		}
		return found
	}
}

// tagBatch is how many sentences are tagged one after another.
const tagBatch = 512

// entityTypes are the types of the record for those of the tagger; others are read by grammars.
var entityTypes = map[tagger.Type]record.EntityType{tagger.Disease: record.Problem, tagger.Sign: record.Problem, tagger.Drug: record.Medication,
	tagger.Test: record.Test, tagger.Procedure: record.Procedure, tagger.Anatomy: record.Anatomy}

// join puts what the tagger found to what the lexicon found. Where both name one thing the
// longer span stands, with the code of the lexicon at a lower score if it grew; where they
// differ in type the lexicon is right.
//
// A mention never takes in the words that assert something of it: a span "did not show embolism"
// would hide its own denial.
func join(text []rune, toks []token, s span, section string, in []*mention, cues []cue, tagged []tagger.Mention) []*mention {
	for _, t := range tagged {
		typ, ok := entityTypes[t.Type]
		if !ok || t.Probability < minProbability {
			continue
		}
		switch {
		case typ == record.Medication && section == "allergies":
			typ = record.Allergy
		case typ == record.Problem && section == "allergies":
			continue // the reaction to an allergen
		}
		first, last := s.first+t.First, s.first+t.Last
		var over []*mention
		for _, m := range in {
			if m.first < last && first < m.last {
				over = append(over, m)
			}
		}
		if len(over) == 0 {
			first = behindCues(cues, first, last)
		}
		switch {
		case len(over) == 0 && typ == record.Medication && last == first+1 && forms[toks[first].lower]:
			// the form of the drug before it
		case len(over) == 0:
			m := newMention(text, toks, first, last, typ, entry{score: math.Round(t.Probability*1000) / 1000})
			m.Rule = "tagger"
			if typ == record.Test {
				if r, ok := readResult(text[m.End:max(m.End, toks[s.last-1].end)], kindTest, true); ok {
					m.take(r)
				}
			}
			if typ != record.Anatomy {
				m.doubts = append(m.doubts, "no dictionary names it")
			}
			in = append(in, m)
		case len(over) == 1 && over[0].Type == typ && first <= over[0].first && over[0].last <= last:
			first, last = besideCues(cues, over[0], first, last)
			if typ == record.Test {
				last = over[0].last // what stands behind a test is its result
			}
			over[0].grow(text, toks, first, last)
		}
	}
	sort.SliceStable(in, func(i, j int) bool { return in[i].first < in[j].first })
	return in
}

// forms are words that name no drug but how one is given.
var forms = words(`tablet tablets tab tabs capsule capsules puff puffs spray drops patch suppository solution suspension syrup cream ointment
inhaler injection lozenge gel lotion infusion`)

// besideCues takes the cues off both ends of what a mention may grow to.
func besideCues(cues []cue, m *mention, first, last int) (int, int) {
	for _, c := range cues {
		switch {
		case !c.asserts():
		case c.first < m.first && c.last > first:
			first = min(max(first, c.last), m.first)
		case c.last > m.last && c.first < last:
			last = max(min(last, c.first), m.last)
		}
	}
	return first, last
}

// behindCues takes the cues off the begin of what only the tagger sees.
func behindCues(cues []cue, first, last int) int {
	for _, c := range cues {
		if c.first == first && c.last < last && c.forward != "" && c.asserts() {
			first = c.last
		}
	}
	return first
}

// asserts reports a cue that says something of a mention, not one that ends the scope of others.
func (c cue) asserts() bool {
	for _, k := range []cueKind{c.forward, c.backward} {
		if k != "" && k != cueStop && k != cuePseudo {
			return true
		}
	}
	return false
}

// grownScore is what a code is worth for a term that stands within a longer mention.
const grownScore = 0.8

// grow gives a mention the words around its term.
func (m *mention) grow(text []rune, toks []token, first, last int) {
	if first == m.first && last == m.last {
		return
	}
	wide := newMention(text, toks, first, last, m.Type, m.entry)
	m.first, m.last, m.Begin, m.End, m.Text = first, last, wide.Begin, wide.End, wide.Text
	for i := range m.Codes {
		m.Codes[i].Score *= grownScore
	}
}
