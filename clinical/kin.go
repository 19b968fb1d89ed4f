package clinical

import (
	"slices"
	"strings"

	"chartlake/record"
)

// Whose a finding is: relatives and other people that a sentence names.

// kin are words for relatives by blood.
var kin = words(`mother father brother sister son daughter aunt uncle cousin nephew niece grandmother grandfather grandparent grandma grandpa mom dad
mum sibling parent relative half-brother half-sister brothers sisters sons daughters aunts uncles cousins nephews nieces grandmothers grandfathers
grandparents siblings parents relatives mgm mgf pgm pgf grandson granddaughter grandsons granddaughters`)

// people are words for others than the patient and the relatives by blood.
var people = words(`husband wife spouse partner boyfriend girlfriend fiancé fiancée fiance fiancee roommate neighbor neighbour coworker colleague
friend caregiver classmate teacher boss donor stepfather stepmother stepson stepdaughter`)

// relates reports that a relative is said to have something ("mother had", "father: ", "sister with", "mother's asthma").
func relates(toks []token, c cue, m *mention) bool {
	if strings.Contains(c.words, "family") || strings.HasPrefix(c.words, "fh") || strings.Contains(c.words, "history of") {
		return true
	}
	if last := toks[c.last-1].lower; strings.HasSuffix(last, "'s") || strings.HasSuffix(last, "’s") {
		if m.first <= c.last+3 && !afterComma(toks, c.last, m.first) {
			return true
		}
	}
	for j := c.last; j < len(toks) && j < c.last+5; j++ {
		switch toks[j].lower {
		case "has", "had", "have", "with", "without", "w", "takes", "took", "suffering", "gets", "underwent", "treated", "died", "diagnosed", "history", "hx", "suffered", "suffers", ":", "-", "–", "(", "deceased", "developed",
			"carry", "carries", "passed", "succumbed", "positive":
			return true
		case "is", "was", "are", "were":
			if m.first <= j+3 {
				return true
			}
		case ".", ";":
			return false
		}
	}
	return false
}

// relative is the relative that a cue names.
func relative(words string) string {
	r := strings.TrimPrefix(strings.TrimPrefix(words, "in her "), "in his ")
	return strings.TrimSuffix(strings.TrimSuffix(r, "'s"), "’s")
}

// denying reports a cue about relatives that says that none of them had it: "no family history
// of", "family history is negative for".
func denying(words string) bool {
	return slices.ContainsFunc(strings.Fields(words), func(w string) bool {
		return slices.Contains([]string{"no", "not", "nor", "neither", "none", "nobody", "never", "negative", "neg", "without", "denies", "denied", "unremarkable",
			"noncontributory", "non"}, w)
	})
}

// whose reports a relative who is named beside the patient: "the patient, whose mother has dementia, forgets".
func whose(toks []token, c cue) bool { return c.first > 0 && toks[c.first-1].lower == "whose" }

// nobody reports that a denial is the subject of a verb: "no one in her family has", "no relatives ever had".
func nobody(toks []token, c cue, verb int) bool {
	if c.words == "nobody" || c.words == "no one" || c.words == "none of" {
		return true
	}
	if c.words != "no" && c.words != "neither" {
		return false
	}
	for j := c.last; j < verb && j < c.last+5; j++ {
		if kin[toks[j].lower] || toks[j].lower == "family" || toks[j].lower == "member" || toks[j].lower == "members" {
			return true
		}
	}
	return false
}

// subordinate reports a "he" or "she" who is the one that was spoken of: "his girlfriend was told she has herpes".
func subordinate(toks []token, pronoun cue) bool {
	if pronoun.words != "he" && pronoun.words != "she" || pronoun.first == 0 {
		return false
	}
	switch toks[pronoun.first-1].lower {
	case "told", "that", "learned", "found", "although", "though", "because", "when", "since", "while":
		return true
	}
	return false
}

// had are the stop words with which somebody is said to have something.
func had(stop string) bool {
	if stop == "he" || stop == "she" {
		return true
	}
	for _, w := range []string{"has", "developed", "report", "experienced", "underwent", "diagnosed", "died", "suffered", "found", "noted"} {
		if strings.Contains(stop, w) {
			return true
		}
	}
	return false
}

// kinQualifiers may stand before a word for a relative.
var kinQualifiers = words(`his her their the a an both one two three several multiple maternal paternal older younger elder twin half great all my
side sides of patient's first second biological birth late deceased also and`)

// ofKin reads the relative behind a finding: "stroke in both parents", "gout (brother)", "melanoma - mother".
func ofKin(toks []token, s span, m *mention, in []*mention) {
	j := m.last
	for j < s.last && (within(j, in) || toks[j].text == "," || toks[j].lower == "and" || toks[j].lower == "or") {
		if !within(j, in) && (j+1 >= s.last || !within(j+1, in) && toks[j+1].lower != "and" && toks[j+1].lower != "or") {
			return
		}
		j++
	}
	if j >= s.last {
		return
	}
	open := toks[j].text
	switch toks[j].lower {
	case "in", "(", "-", "–", ":", "on":
	default:
		return
	}
	for j++; j < s.last && kinQualifiers[toks[j].lower]; j++ {
	}
	if j >= s.last || !kin[toks[j].lower] && toks[j].lower != "family" && !(toks[j-1].lower == "side" || toks[j-1].lower == "sides") {
		return
	}
	if next := j + 1; next < s.last && toks[next].word() && open != "in" && open != "on" && !toks[next].number() {
		switch toks[next].lower {
		case "and", "or", "at", "aged", "age", "x", "side", "died", "had", "has", "deceased":
		default:
			return // "fever - mother gave Tylenol"
		}
	}
	apply(m, cueFamily, cue{first: j, last: j + 1, words: toks[j].lower}, toks)
}

// oneWho reads "an HIV infected partner", "her alcoholic father": what stands before a person is said of that person.
func oneWho(toks []token, s span, m *mention) {
	j := m.last
	for ; j < s.last && j < m.last+2 && (toks[j].lower == "infected" || toks[j].lower == "positive" || toks[j].lower == "affected" || toks[j].text == "-"); j++ {
	}
	if j >= s.last {
		return
	}
	switch c := (cue{first: j, last: j + 1, words: toks[j].lower}); {
	case j+1 < s.last && reporting[toks[j+1].lower]:
	case kin[c.words]:
		apply(m, cueFamily, c, toks)
	case people[c.words]:
		apply(m, cueOther, c, toks)
	}
}

// reporting are verbs with which somebody tells of the patient.
var reporting = words(`reports reported report states stated says said notes noted noticed thinks believes brought called gave denies denied describes observed
worries feels wants asks tells told`)

// heard leaves to a person what is listed beside a relative ("hypertension, father with lupus"), and what is said of "he"
// behind a sentence about a relative.
func heard(toks []token, s span, m *mention, in []*mention) {
	if m.Experiencer != "patient" || m.Type != record.Problem {
		return
	}
	if s.relative {
		m.doubts = append(m.doubts, "a relative is spoken of before")
		return
	}
	for j := s.first; j < m.first; j++ {
		if toks[j].word() && !within(j, in) {
			return
		}
	}
	for j := m.last; j+1 < s.last; j++ {
		switch t := toks[j]; {
		case kin[t.lower] && relates(toks, cue{first: j, last: j + 1, words: t.lower}, m):
			m.doubts = append(m.doubts, "a relative is named in the sentence")
			return
		case t.word() && !within(j, in) && !kinQualifiers[t.lower]:
			return
		}
	}
}

// parentLetter reads the labels of "M: HTN, F: DM2, sister: asthma": a letter is a relative where another is named so.
func parentLetter(toks []token, s span, m *mention) {
	colon := m.first - 1
	for colon > s.first && toks[colon].text != ":" {
		colon--
	}
	if colon <= s.first || parents[toks[colon-1].text] == "" {
		return
	}
	for j := s.first; j+1 < s.last; j++ {
		if toks[j+1].text == ":" && j+1 != colon && (kin[toks[j].lower] || parents[toks[j].text] != "") {
			apply(m, cueFamily, cue{first: colon - 1, last: colon, words: parents[toks[colon-1].text]}, toks)
			return
		}
	}
}

var parents = map[string]string{"M": "mother", "F": "father", "B": "brother", "S": "sister", "Mo": "mother", "Fa": "father"}
