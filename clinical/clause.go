package clinical

import "strings"

// Where one clause of a sentence ends and another begins: a denial in the first says nothing of
// the second ("no rales were heard, and the abdomen was soft").

// verbs are finite verbs of description.
var verbs = words(`was were is are has had showed shows revealed reveals demonstrated remained remains became appeared appears
improved worsened increased decreased measured treated managed corrected controlled`)

// perceived are predicates that a whole list of denied findings shares ("no fever or chills were noted"),
// or that say by themselves that a finding was not there.
var perceived = words(`seen noted found observed present identified detected appreciated reported evident heard elicited demonstrated
visualized visualised recorded palpable palpated felt denied absent not no never negative excluded ruled apparent encountered suspected
visible endorsed described documented complained mentioned noticed resolved lacking`)

// sensed are those of them that deny a finding behind "not".
var sensed = words(`seen noted found observed present identified detected appreciated reported evident heard elicited demonstrated visualized
visualised palpable palpated felt apparent encountered visible endorsed`)

// otherClause reports that a mention is in a clause after that of a denial, which began with the
// tokens before from: the denied subject has had its verb, or the mention has one of its own.
func otherClause(toks []token, c cue, s span, m *mention, in []*mention) bool {
	joint := lastJoint(toks, c.last, m.first)
	if joint < 0 {
		return false
	}
	for j := c.last + 1; j < joint; j++ {
		if be(toks[j].lower) && !pronoun(toks[j-1].lower) && (c.words == "no" || denies(in, c.last, j)) {
			return true
		}
	}
	return m.first-joint <= 4 && predicated(toks, m.last, s.last)
}

// pronoun reports a word that begins a clause about what was just named.
func pronoun(w string) bool { return w == "that" || w == "which" || w == "who" }

// treatedFor reports a finding that is named as known, for which something was not done or does not exist: "no surgery is
// planned for the hernia".
func treatedFor(toks []token, c cue, m *mention) bool {
	if m.first-1 >= c.last && toks[m.first-1].lower == "for" && (strings.HasPrefix(c.words, "declin") || strings.HasPrefix(c.words, "refus")) {
		return true // "declines statin for hyperlipidemia"
	}
	if m.first-2 < c.last || toks[m.first-2].lower != "for" {
		return false
	}
	switch toks[m.first-1].lower {
	case "the", "his", "her", "their", "this", "your":
		return true
	}
	return false
}

// be reports a verb with which a subject is told to be there or not.
func be(w string) bool { return w == "was" || w == "were" || w == "is" || w == "are" }

// lastJoint is the last comma or "and" between tokens from and to; -1 where there is none, or an
// "or" stands behind it: a list goes on there.
func lastJoint(toks []token, from, to int) int {
	at := -1
	for j := from; j < to; j++ {
		switch toks[j].lower {
		case ",", "and":
			at = j
		case "or", "nor":
			at = -1
		}
	}
	return at
}

// denies reports a mention between tokens from and to.
func denies(in []*mention, from, to int) bool {
	for _, o := range in {
		if o.first >= from && o.last <= to {
			return true
		}
	}
	return false
}

// predicated reports a finite verb right behind a mention that says something else of it than
// whether it is there ("bowel sounds were normoactive").
func predicated(toks []token, next, last int) bool {
	for j := next; j < last && j < next+3; j++ {
		if !toks[j].word() {
			return false
		}
		if !verbs[toks[j].lower] {
			continue
		}
		for k := j + 1; k < last && k < j+4; k++ {
			if perceived[toks[k].lower] {
				return false
			}
		}
		return j+1 < last
	}
	return false
}

// excepted reports that a mention is named as the one that is otherwise ("all drugs except aspirin
// were stopped", "no findings other than a cough").
func excepted(toks []token, s span, m *mention) bool {
	for j := m.first - 1; j >= s.first && j >= m.first-5; j-- {
		switch toks[j].lower {
		case "except", "excepting", "besides":
			return true
		case "than":
			return j > s.first && toks[j-1].lower == "other"
		case "from":
			if j > s.first && (toks[j-1].lower == "apart" || toks[j-1].lower == "aside") {
				return true
			}
		case ",", ".", "and", "but":
			return false
		}
	}
	return false
}

// aside are words behind which something is named that did not end with what ended.
var aside = words(`by with during before from followed coinciding in on at into requiring leading allowing for`)

// beyond reports such a word between tokens from and to.
func beyond(toks []token, from, to int) bool {
	for j := from; j < to; j++ {
		if aside[toks[j].lower] {
			return true
		}
	}
	return false
}

// placed reports that only a place stands between a finding and what is said of it ("the mass in
// the left upper lobe was not seen").
func placed(toks []token, from, to int) bool {
	if from >= to || to-from > placeWordsMax {
		return false
	}
	switch toks[from].lower {
	case "in", "of", "at", "on", "over", "within", "along":
	default:
		return false
	}
	for j := from; j < to; j++ {
		if w := toks[j].lower; !toks[j].word() && w != "-" || verbs[w] || turns[w] || finite[w] && w != "with" || w == "and" || w == "or" || w == "by" {
			return false
		}
	}
	return true
}

// placeWordsMax is how many words a place has at most.
const placeWordsMax = 9
