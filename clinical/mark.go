package clinical

import "chartlake/record"

// Marks that lists of findings carry: plus and minus, boxes to tick, zeros.

// signs reads plus and minus marks of a list of findings: "+ cough, - fever", "fever (-)", "rash -, cough +".
func signs(toks []token, s span, m *mention, in []*mention) {
	if m.Type == record.Test {
		return // of a test a mark is the result
	}
	if withoutIt(toks, s, m.last) || nonBefore(toks, s, m) {
		m.Negated = true
	}
	switch signOf(toks, s, m, in) {
	case '+':
		m.Negated = false
	case '-':
		m.Negated = true
	case '?':
		m.Uncertain, m.doubts = true, append(m.doubts, "the minus before the list may be meant of it")
	}
	if zero(toks, s, m) {
		m.Negated = true
	}
	switch tickOf(toks, s, m, in) {
	case ticked:
	case unticked:
		m.Negated = true
	case unanswered:
		m.Uncertain, m.doubts = true, append(m.doubts, "neither yes nor no is ticked")
	}
}

// nonBefore reports "non-" right before a mention.
func nonBefore(toks []token, s span, m *mention) bool {
	b := m.first
	return b-2 >= s.first && toks[b-1].text == "-" && toks[b-2].lower == "non" && toks[b-2].end == toks[b-1].begin && toks[b-1].end == toks[b].begin
}

// minus reports a minus sign.
func minus(t token) bool { return t.text == "-" || t.text == "–" || t.text == "−" }

// bracketed gives the sign in brackets that begins at token i, or the answer: '+', '-', 0 for none.
func bracketed(toks []token, s span, i int) rune {
	if i < s.first || i+2 >= s.last || toks[i].text != "(" || toks[i+2].text != ")" {
		return 0
	}
	switch {
	case minus(toks[i+1]):
		return '-'
	case toks[i+1].text == "+":
		return '+'
	}
	if denies, ok := answerOf(toks[i+1].lower, true); ok && denies {
		return '-'
	} else if ok {
		return '+'
	}
	return 0
}

// signOf gives the sign of a mention, '+' or '-'; '?' where the minus of a list before it may hold for it; 0 for none.
func signOf(toks []token, s span, m *mention, in []*mention) rune {
	if m.first > s.first && toks[m.first-1].text == ")" {
		if sign := bracketed(toks, s, m.first-3); sign != 0 {
			return sign
		}
	}
	if sign := bracketed(toks, s, m.last); sign != 0 {
		return sign
	}
	if next := m.last; next < s.last && trails(toks, next, s) {
		switch {
		case toks[next].text == "+":
			return '+'
		case minus(toks[next]):
			return '-'
		}
	}
	before := m.first - 1
	if before < s.first {
		return 0
	}
	switch t := toks[before]; {
	case t.text == "+":
		return '+'
	case minus(t):
		if before == s.first && plussed(toks, s, in) {
			return '-' // "- vomiting, + diarrhea" is no item of a list of lines
		}
		if before > s.first && !toks[before-1].word() && (marked(toks, s) || attached(toks, before, m.first)) {
			return '-'
		}
		return 0
	}
	return inherited(toks, s, m, in)
}

// inherited gives the minus of the list that an unmarked item goes on with: '-' for "(-) fever, myalgia", '?' for
// "-fever, myalgia", where it may be meant of the first item alone.
func inherited(toks []token, s span, m *mention, in []*mention) rune {
	for j := m.first - 1; j >= s.first; j-- {
		switch t := toks[j]; {
		case within(j, in), t.text == ",", t.lower == "and", t.lower == "or", t.text == "/":
		case t.text == ")" && bracketed(toks, s, j-2) == '-':
			return '-'
		case minus(t) && marked(toks, s) && j+1 < s.last && toks[j+1].begin == t.end && (j == s.first || toks[j-1].end < t.begin):
			return '?'
		default:
			return 0
		}
	}
	return 0
}

// plussed reports a plus right before a finding of the sentence.
func plussed(toks []token, s span, in []*mention) bool {
	for i := s.first; i+1 < s.last; i++ {
		if toks[i].text == "+" && within(i+1, in) {
			return true
		}
	}
	return false
}

// trails reports a sign that stands behind its finding: a comma, a stroke or the end follows it, and
// a finding does not.
func trails(toks []token, i int, s span) bool {
	if i+1 >= s.last {
		return marked(toks, s)
	}
	switch next := toks[i+1]; next.text {
	case ",", ";", "/", "|", ".":
		return true
	default:
		return next.newlines > 0 && marked(toks, s)
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

// zero reads a finding that is graded as none: "edema 0", "pain: 0/10", "pain score 0 out of 10".
func zero(toks []token, s span, m *mention) bool {
	j := m.last
	for ; j < s.last && j < m.last+3; j++ {
		switch toks[j].lower {
		case ":", "=", "-", "–", "score", "level", "scale", "grade", "rating", "is", "of", "rated", "currently", "x", "time", "times":
			continue
		}
		break
	}
	if j >= s.last || toks[j].text != "0" {
		return false
	}
	if j++; j >= s.last || !toks[j].word() && toks[j].text != "/" && toks[j].text != "-" && toks[j].text != "–" {
		return true
	}
	switch toks[j].lower {
	case "/":
		return j+1 < s.last && toks[j+1].number()
	case "out", "and", "of":
		return true
	}
	return false
}
