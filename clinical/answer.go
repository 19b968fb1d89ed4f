package clinical

import "chartlake/record"

// closed reports that nothing more of the sentence follows, or a mark does: "fever: no" is an
// answer, "Skin: no rash" begins one. Within a sentence a line's end is only the margin, but for
// an answer behind a mark ("fever: no").
func closed(toks []token, next, last int) bool {
	return next >= last || !toks[next].word() || toks[next].newlines > 0 && next >= 2 && answerMark(toks[next-2])
}

// answerMark reports a mark between a finding and the answer to whether it is there.
func answerMark(t token) bool {
	return t.text == ":" || t.text == "-" || t.text == "–" || t.text == "="
}

// answers are words that answer by themselves whether the finding before them is there; true denies it.
var answers = map[string]bool{"no": true, "not": true, "none": true, "neg": true, "negative": true, "absent": true, "denied": true, "denies": true, "nil": true,
	"yes": false, "pos": false, "positive": false, "present": false}

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
	if _, ok = answers[toks[at].lower]; !ok || at+1 < s.last && toks[at+1].word() && !(toks[at+1].newlines > 0 && at > m.last) {
		return 0, false
	}
	return at, true
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
		}
	}
	return out
}

// signs reads plus and minus marks of a list of findings: "+ cough, - fever", "fever (-)".
func signs(toks []token, s span, m *mention) {
	if m.Type == record.Test {
		return // of a test a mark is the result
	}
	if b := m.first; b-2 >= s.first && toks[b-1].text == "-" && toks[b-2].lower == "non" && toks[b-2].end == toks[b-1].begin && toks[b-1].end == toks[b].begin {
		m.Negated = true
	}
	if next := m.last; next+2 < s.last+1 && next+2 < len(toks) && toks[next].text == "(" && toks[next+2].text == ")" {
		switch toks[next+1].text {
		case "-", "–":
			m.Negated = true
		case "+":
			m.Negated = false
		}
	}
	if withoutIt(toks, s, m.last) {
		m.Negated = true
	}
	before := m.first - 1
	if before < s.first {
		return
	}
	switch toks[before].text {
	case "+":
		m.Negated = false
	case "-", "–":
		if before > s.first && !toks[before-1].word() && (marked(toks, s) || attached(toks, before, m.first)) {
			m.Negated = true
		}
	case ")":
		if before-2 >= s.first && toks[before-2].text == "(" {
			switch toks[before-1].text {
			case "-", "–":
				m.Negated = true
			case "+":
				m.Negated = false
			}
		}
	}
}

// attached reports a minus that stands right before a finding and apart from what precedes it
// ("Cardiac: -chest pain, -edema"). At the begin of a line it is the mark of a list.
func attached(toks []token, minus, finding int) bool {
	return toks[minus].end == toks[finding].begin && toks[minus].begin > toks[minus-1].end && toks[minus].newlines == 0 &&
		(toks[minus-1].text == ":" || toks[minus-1].text == ",")
}

// withoutIt reports "free" right behind a mention ("seizure-free"), which denies it; "free
// air" and "free of" are something else.
func withoutIt(toks []token, s span, next int) bool {
	if next < s.last && toks[next].text == "-" {
		next++
	}
	if next >= s.last || toks[next].lower != "free" {
		return false
	}
	if next+1 >= s.last {
		return true
	}
	switch toks[next+1].lower {
	case "of", "from", "air", "fluid", "t4", "t3", "kappa", "lambda":
		return false
	}
	return true
}

// marked reports that a sentence uses plus signs as marks: then a minus is one as well.
func marked(toks []token, s span) bool {
	for i := s.first; i < s.last; i++ {
		if toks[i].text == "+" {
			return true
		}
	}
	return false
}
