package clinical

import "strings"

// composed looks for a cue that is made of parts at token i, beside the one that the list of cues
// has there; the longer one counts.
func composed(toks []token, i int, s span, listed cue) cue {
	best := listed
	if !toks[i].composes {
		return complement(toks, s, best)
	}
	for _, c := range []cue{predicate(toks, i, s), smallReason(toks, i, s), familyHistory(toks, i, s), lookout(toks, i, s), nursingWithout(toks, i, s), possessed(toks, i)} {
		if c.last > best.last {
			best = c
		}
	}
	return complement(toks, s, best)
}

// composes reports a word that a cue made of parts may begin with: most do not, and each word of a text is asked.
func composes(w *spelling) bool {
	switch w.lower {
	case "never", "not", "family", "familial", "fam", "fhx", "fh", "s", "s̄":
		return true
	}
	return links[w.lower] || small[w.lower] || watches[w.lower] || strings.HasSuffix(w.lower, "'s") || strings.HasSuffix(w.lower, "’s")
}

// held are verbs of what somebody holds to be so.
var held = words("think recall remember believe feel felt suspect doubt thought believed suspected convinced sure certain likely possible unlikely doubtful probable clear")

// complement lets a cue reach over the subject of what is said behind it ("I do not think she has
// angina", "it is unlikely that the patient has lupus"), and act forward where its own subject is "it".
func complement(toks []token, s span, c cue) cue {
	if c.last == 0 || c.last >= s.last {
		return c
	}
	if c.backward == cueNegated && c.forward == "" && toks[c.last].lower == "for" && (strings.HasPrefix(toks[c.last-1].lower, "neg") || toks[c.last-1].lower == "out") {
		c.forward, c.backward, c.last = cueNegated, "", c.last+1 // "tested negative for"
		return c
	}
	j := c.last
	that := toks[j].lower == "that"
	if that && c.first > s.first && toks[c.first-1].lower == "it" && c.backward != "" && c.forward == "" {
		c.forward, c.backward = c.backward, ""
	}
	thinks := !that && held[toks[j].lower] && toks[c.last-1].lower == "not" // "does not think she has"
	if k := c.forward; k != cueNegated && k != cueUncertain || !that && !thinks && !held[toks[c.last-1].lower] {
		return c
	}
	if that || thinks {
		j++
	}
	if thinks && j < s.last && toks[j].lower == "that" {
		j++
	}
	for n := 0; n < 2 && j < s.last; n++ {
		switch toks[j].lower {
		case "he", "she", "they", "it", "this", "these", "there", "the", "patient", "pt", "her", "his", "symptoms", "presentation":
			j++
		}
	}
	if j < s.last && j > c.last {
		switch toks[j].lower {
		case "has", "had", "have", "is", "was", "are", "were", "represents", "represent", "reflects", "suffers":
			c.last = j + 1
		}
	}
	return c
}

// small are words that make little of a reason.
var small = words("low little minimal scant negligible slight insufficient poor weak remote")

// reasons are what one has for or against a diagnosis, and what may stand before.
var (
	reasons    = words("suspicion concern probability likelihood evidence chance support")
	reasonable = words("clinical overall very pretest pre test - index of radiographic level degree")
)

// smallReason reads "low clinical index of suspicion for": what is named behind it is held to be absent.
func smallReason(toks []token, i int, s span) (out cue) {
	if !small[toks[i].lower] {
		return out
	}
	for j := i + 1; j+1 < s.last && j <= i+6; j++ {
		if reasons[toks[j].lower] {
			if next := toks[j+1].lower; next == "of" || next == "for" || next == "that" {
				return cue{rule: rule{forward: cueNegated}, first: i, last: j + 2}
			}
			return out
		}
		if !reasonable[toks[j].lower] {
			return out
		}
	}
	return out
}

// watches are verbs of looking out for what may come.
var watches = words(`watch watched watching monitor monitored monitoring look looking screen screened check checked checking observe observed observing
assess assessed assessing evaluate evaluated examine examined`)

// watched may stand between such a verb and its "for".
var watched = words("closely carefully him her them you patient pt the your his site wound incision out daily regularly overnight serially")

// lookout reads "watch the wound closely for".
func lookout(toks []token, i int, s span) (out cue) {
	if !watches[toks[i].lower] {
		return out
	}
	for j := i + 1; j < s.last && j <= i+4; j++ {
		if toks[j].lower == "for" {
			return cue{rule: rule{forward: cueHypothetical}, first: i, last: j + 1}
		}
		if !watched[toks[j].lower] && !strings.HasSuffix(toks[j].lower, "ly") {
			return out
		}
	}
	return out
}

// between are words within "family medical history", behind which its verdict stands.
var (
	between  = words("medical psychiatric cardiac cancer oncologic surgical psych past known significant reported prior")
	verdicts = words("negative positive noncontributory contributory unremarkable significant notable remarkable strong also only")
)

// familyHistory reads "family psychiatric history is noncontributory for" as one cue about relatives.
func familyHistory(toks []token, i int, s span) (out cue) {
	if w := toks[i].lower; w != "family" && w != "familial" && w != "fam" && w != "fhx" && w != "fh" {
		return out
	}
	j := i
	for named := strings.HasPrefix(toks[i].lower, "fh"); !named; {
		if j++; j >= s.last || j > i+4 {
			return out
		}
		switch w := toks[j].lower; {
		case w == "history", w == "hx", w == "histories":
			named = true
		case !between[w]:
			return out
		}
	}
	last := j + 1
	for j = last; j < s.last && j < last+6; j++ {
		switch w := toks[j].lower; {
		case w == "is", w == "was", w == "remains", w == ":", w == "-", w == "non", w == "neg", w == "pos", w == "of", w == "for", verdicts[w]:
			continue
		}
		break
	}
	if w := toks[j-1].lower; j-1 >= last && (w == "for" || w == "of") {
		last = j
	}
	return cue{rule: rule{forward: cueFamily}, first: i, last: last}
}

// nursingWithout reads the s with which nurses write "without" ("voids s difficulty").
func nursingWithout(toks []token, i int, s span) (out cue) {
	if t := toks[i]; t.text != "s" && t.text != "s̄" || i == s.first || i+1 >= s.last || t.begin == toks[i-1].end || !toks[i+1].word() || toks[i+1].begin == t.end {
		return out
	}
	return cue{rule: rule{forward: cueNegated}, first: i, last: i + 1}
}

// possessed reads "mother's" as the relative it names.
func possessed(toks []token, i int) (out cue) {
	w := toks[i].lower
	stem, ok := strings.CutSuffix(strings.ReplaceAll(w, "’", "'"), "'s")
	switch {
	case !ok:
		return out
	case kin[stem]:
		return cue{rule: rule{forward: cueFamily}, first: i, last: i + 1}
	case people[stem]:
		return cue{rule: rule{forward: cueOther}, first: i, last: i + 1}
	}
	return out
}
