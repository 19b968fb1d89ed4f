package clinical

import (
	"unicode"

	"chartlake/record"
)

// closed reports that nothing more of the sentence follows, or a mark does: "fever: no" is an
// answer, "Skin: no rash" begins one. Within a sentence a line's end is only the margin, but for
// an answer behind a mark ("fever: no").
func closed(toks []token, next, last int) bool {
	return next >= last || !toks[next].word() || toks[next].newlines > 0 && next >= 2 && answerMark(toks[next-2])
}

// answerMark reports a mark between a finding and the answer to whether it is there.
func answerMark(t token) bool {
	return t.text == ":" || t.text == "-" || t.text == "–" || t.text == "=" || t.text == "?"
}

// answers are words that answer by themselves whether the finding before them is there; true denies it.
var answers = map[string]bool{"no": true, "not": true, "none": true, "neg": true, "negative": true, "absent": true, "denied": true, "denies": true, "nil": true,
	"nonpalpable": true, "nonreactive": true, "nonexistent": true, "yes": false, "pos": false, "positive": false, "present": false}

var letterAnswers = map[string]bool{"n": true, "y": false}

// answerOf tells whether a word denies that a finding is there; behind a mark single letters do, too.
func answerOf(w string, mark bool) (denies, ok bool) {
	if denies, ok = answers[w]; !ok && mark {
		denies, ok = letterAnswers[w]
	}
	return denies, ok
}

// answer gives the word that answers whether a mention is there, right behind it or a mark:
// "palpitations no, syncope: yes".
func answer(toks []token, s span, m *mention) (at int, ok bool) {
	at = m.last
	if at < s.last && answerMark(toks[at]) {
		at++
	}
	if at >= s.last {
		return 0, false
	}
	if toks[at].lower == "not" && at+1 < s.last && sensed[toks[at+1].lower] && (at+2 >= s.last || !toks[at+2].word()) {
		return at, true
	}
	if _, letter := letterAnswers[toks[at].lower]; letter && at > m.last && unicode.IsUpper(toks[at].first) {
		return at, true // "Headache: N  Nausea: Y"
	}
	if _, ok = answerOf(toks[at].lower, at > m.last); ok && at > m.last && labelNext(toks, at, s) {
		return at, true // "Numbness: No   Weakness: Yes"
	}
	if !ok || at+1 < s.last && toks[at+1].word() && !(toks[at+1].newlines > 0 && at > m.last) {
		return 0, false
	}
	return at, true
}

// labelNext reports another label with its colon behind an answer.
func labelNext(toks []token, at int, s span) bool {
	for j := at + 2; j < s.last && j <= at+4; j++ {
		if toks[j].text == ":" {
			return true
		}
	}
	return false
}

// answered reads the answer of each mention of a list, and gives the tokens that are answers: they
// say nothing of what follows.
func answered(toks []token, s span, in []*mention) map[int]bool {
	var out map[int]bool
	for _, m := range in {
		if at, ok := answer(toks, s, m); ok && m.Type != record.Test {
			if out == nil {
				out = map[int]bool{}
			}
			out[at] = true
			if at > m.last {
				out[at-1] = true
			}
		}
	}
	return out
}

// verdictWords are the words of a verdict on all that is named before a colon.
var verdictWords = words(`patient pt he she they is are was were has have had all none no not denies denied deny denying negative absent reported noted seen
present any at this time today currently known of the above these nil neg x specifically found observed endorsed nothing`)

// verdictOf reads "fevers, chills, or rigors: patient denies": what is named before the colon is not there.
func verdictOf(toks []token, s span, m *mention, in []*mention) {
	colon := m.last
	for colon < s.last && toks[colon].text != ":" {
		colon++
	}
	denial := 0
	for j := colon + 1; j < s.last; j++ {
		switch w := toks[j].lower; {
		case !toks[j].word():
		case !verdictWords[w]:
			return
		case denial == 0 && (answers[w] || w == "deny" || w == "denying" || w == "nothing"):
			denial = j
		}
	}
	if denial > 0 && !turned(toks, m.last, colon) {
		apply(m, cueNegated, cue{first: denial, last: denial + 1, words: toks[denial].lower}, toks)
	}
}

// turned reports that a clause ends between tokens from and to.
func turned(toks []token, from, to int) bool {
	for j := from; j < to; j++ {
		if turns[toks[j].lower] || toks[j].text == ";" {
			return true
		}
	}
	return false
}

// likewise reads "hallucinations" in "suicidal ideation is denied, as are hallucinations": what is said of the one is said of the other.
func likewise(toks []token, s span, m, before *mention) {
	j := m.first - 1
	for j > s.first && kinQualifiers[toks[j].lower] {
		j--
	}
	if j-1 < before.last || !be(toks[j].lower) || toks[j-1].lower != "as" && toks[j-1].lower != "so" && toks[j-1].lower != "nor" {
		return
	}
	m.Negated, m.Uncertain = m.Negated || before.Negated, m.Uncertain || before.Uncertain
	m.Hypothetical, m.Historical = m.Hypothetical || before.Hypothetical, m.Historical || before.Historical
}

// introduces reports a denial before a colon that no finding stands before: "the following are negative: fever, cough".
func introduces(toks []token, s span, c cue, in []*mention) bool {
	if c.last >= s.last || toks[c.last].text != ":" {
		return false
	}
	return !denies(in, s.first, c.first)
}
