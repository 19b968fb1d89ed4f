package clinical

import (
	"strings"

	"chartlake/record"
)

// What a sentence only thinks of: conditions without "if", instructions, purposes, questions, what
// a drug or a disease can do.

// inverted reads a condition without "if": "should hypoglycemia occur, take glucose", "use it when
// itching occurs", "were hyperkalemia to recur".
func inverted(toks []token, s span, m *mention) {
	for j := m.first - 1; j >= s.first; j-- {
		if toks[j].lower == "should" && (j == s.first || !toks[j-1].word() && toks[j-1].text != ")") {
			apply(m, cueHypothetical, cue{first: j, last: j + 1, words: "should"}, toks)
			return
		}
	}
	if m.first > s.first && toks[m.first-1].lower == "were" && m.last+1 < s.last && toks[m.last].lower == "to" && toks[m.last+1].word() {
		apply(m, cueHypothetical, cue{first: m.first - 1, last: m.first, words: "were"}, toks)
		return
	}
	from := max(s.first, m.first-3)
	for ; from < m.first && toks[from].lower != "when" && toks[from].lower != "whenever"; from++ {
	}
	if from == m.first {
		return
	}
	for j := m.last; j < s.last && j <= m.last+2; j++ {
		switch strings.TrimSuffix(toks[j].lower, "s") {
		case "occur", "happen", "appear", "arise", "develop", "return", "recur", "worsen", "persist", "begin", "start", "strike":
			apply(m, cueHypothetical, cue{first: from, last: from + 1, words: toks[from].lower}, toks)
		}
	}
}

// purposes are words behind the name of a disease against or for which something is done.
var purposes = words(`vaccine vaccines vaccination vaccinations booster boosters shot shots immunization immunizations screening screen prophylaxis
prevention precautions precaution risk clinic clinics program foundation education handout handouts teaching pamphlet brochure leaflet counseling counselling awareness surveillance`)

// inquiries are those behind the name of a disease that ask for it, unless their result is told.
var inquiries = words("test tests testing titer titers serology serologies screen workup work-up panel protocol")

// purposed reads "flu shot", "fall precautions", "DVT prophylaxis", "HIV test": none says that the patient has it.
func purposed(toks []token, s span, m *mention) {
	if m.Type != record.Problem || m.last >= s.last {
		return
	}
	here := cue{first: m.last, last: m.last + 1, words: toks[m.last].lower}
	switch {
	case purposes[here.words]:
		apply(m, cueHypothetical, here, toks)
	case inquiries[here.words] && !m.Negated:
		for j := m.last + 1; j < s.last && j < m.last+5; j++ {
			switch toks[j].lower {
			case "positive", "pos", "reactive", "confirmed", "detected", "+":
				return
			}
		}
		apply(m, cueHypothetical, here, toks)
	}
}

// orders are verbs with which an instruction begins.
var orders = words("take use apply inhale give spray place insert chew drink hold administer swallow dissolve")

// occasions are words behind which an instruction says when it is to be followed.
var occasions = words("for after when during at with onset before upon")

// ordered reads what a remedy is to be taken for: "use the inhaler for wheezing" says nothing
// of wheezing now.
func ordered(toks []token, s span, m *mention, in []*mention) {
	if m.Type != record.Problem {
		return
	}
	first := toks[s.first].lower
	if j, ok := summons(toks, s); ok && m.first > j {
		apply(m, cueHypothetical, cue{first: j, last: j + 1, words: toks[j].lower}, toks)
		return
	}
	if first == "treat" && m.first <= s.first+2 {
		apply(m, cueHypothetical, cue{first: s.first, last: s.first + 1, words: "treat"}, toks)
	}
	if first == "for" && m.first <= s.first+4 { // "for breakthrough pain, use oxycodone"
		for j := m.last; j+1 < s.last; j++ {
			if toks[j].text == "," && orders[toks[j+1].lower] {
				apply(m, cueHypothetical, cue{first: s.first, last: s.first + 1, words: "for"}, toks)
				return
			}
		}
	}
	asked := false
	for j := m.first - 1; j >= s.first; j-- {
		w := toks[j].lower
		occasion := !asked && (w == "onset" || w == "each" || w == "sign")
		if orders[first] && occasions[w] || occasion && medicated(toks, s, in, j) {
			apply(m, cueHypothetical, cue{first: j, last: j + 1, words: w}, toks)
			return
		}
		asked = asked || occasion
	}
}

// summons gives the verb with which a sentence tells somebody to come or call: what follows is for
// the case that it happens.
func summons(toks []token, s span) (at int, ok bool) {
	for at = s.first; at < s.last && at < s.first+6; at++ {
		switch w := toks[at].lower; w {
		case "please", "patient", "pt", "parents", "to", "should", "must", "you", "instructed", "advised", "told", "asked", "was", "then", "and", "also":
			continue
		case "seek", "notify", "contact", "call", "return", "go", "come", "report", "phone":
			if at+1 >= s.last {
				return 0, false
			}
			return at, w == "seek" || w == "notify" || w == "contact" || summoned[toks[at+1].lower]
		}
		return 0, false
	}
	return 0, false
}

// summoned may stand behind such a verb.
var summoned = words("if for us me your the 911 with md office doctor to immediately when sooner here at back in any new signs clinic er ed provider nurse")

// dosed are words of a dose.
var dosed = words("mg mcg g ml tablet tablets tab tabs puff puffs spray sprays drops units capsule capsules po sl iv im")

// medicated reports a drug before token i, or its dose.
func medicated(toks []token, s span, in []*mention, i int) bool {
	for j := s.first; j < i; j++ {
		if dosed[toks[j].lower] {
			return true
		}
	}
	for _, m := range in {
		if m.Type == record.Medication && m.last <= i {
			return true
		}
	}
	return false
}

// agents are what has effects by itself, whoever takes it.
var agents = words(`medication medications drug drugs medicine medicines vaccine vaccines treatment procedure surgery statins steroids therapy agent
opioids antibiotics chemotherapy radiation`)

// effects reads what a drug is known for: "the medicine has been associated with tendon rupture".
func effects(toks []token, s span, m *mention, in []*mention) {
	for j := m.first - 1; j > s.first; j-- {
		w := toks[j].lower
		if w != "with" && w != "to" && w != "cause" && w != "causing" {
			continue
		}
		before := toks[j-1].lower
		if w == "cause" && before == "to" || before == "associated" || before == "linked" || w == "causing" {
			for k := j - 1; k >= s.first; k-- {
				if agents[toks[k].lower] && !(k > s.first && toks[k-1].lower == "on") || k == s.first && medicated(toks, s, in, j) && within(k, in) {
					apply(m, cueHypothetical, cue{first: j - 1, last: j + 1, words: spoken(toks, j-1, j+1)}, toks)
					return
				}
			}
		}
		return
	}
}

// general reads what a disease can do, whoever has it: "untreated sleep apnea can lead to heart failure".
func general(toks []token, s span, m *mention) {
	if m.last+1 >= s.last || m.Type != record.Problem {
		return
	}
	switch toks[m.last].lower {
	case "can", "could", "may", "might":
	default:
		return
	}
	switch toks[m.last+1].lower {
	case "cause", "lead", "result", "increase", "progress", "become", "make", "damage", "affect", "happen", "occur", "develop", "recur", "be":
	default:
		return
	}
	if toks[m.last+1].lower == "be" { // "pneumonia may be present" is a guess, "can be fatal" a lesson
		if m.last+2 >= s.last || !lessons[toks[m.last+2].lower] {
			return
		}
	}
	for j := m.first - 1; j >= s.first && j >= m.first-2; j-- {
		if definite[toks[j].lower] {
			return
		}
	}
	apply(m, cueHypothetical, cue{first: m.last, last: m.last + 2, words: spoken(toks, m.last, m.last+2)}, toks)
}

var (
	lessons  = words("fatal serious dangerous deadly harmful contagious prevented avoided treated cured inherited")
	definite = words("the his her their this your our my current existing known")
)

// questioned reads what somebody asks: "do I have Parkinson's?".
func questioned(toks []token, s span, m *mention, answered map[int]bool) {
	if toks[s.first].text == "?" || m.last-s.first < 3 && m.last < s.last && toks[m.last].text == "?" {
		return // "? DVT", "fever?" are read as marks
	}
	for j := m.last; j < s.last; j++ {
		if toks[j].text == "?" && toks[j].begin == toks[j-1].end && !answered[j] {
			k := cueUncertain
			for i := s.first; i < m.first; i++ {
				if w := toks[i].lower; w == "i" || w == "my" || w == "me" || w == "you" || w == "your" || w == "we" {
					k = cueHypothetical // somebody asks of what is to come
				}
			}
			apply(m, k, cue{first: j, last: j + 1, words: "?"}, toks)
			m.doubts = append(m.doubts, "stands in a question")
			return
		}
	}
}
