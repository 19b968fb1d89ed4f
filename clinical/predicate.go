package clinical

import "strings"

// What is said behind its subject: "can be safely excluded", "was never seen", "has not been
// confirmed". Such predicates come in too many forms for a list of phrases; read by their parts
// they are cues that act backward.

// predicateWordsMax is how many words a predicate has at most.
const predicateWordsMax = 9

// links begin a predicate or stand within it.
var links = words(`is was are were be been being am isn't wasn't aren't weren't remains remained remain appears appeared appear seems seemed seem
has have had hasn't haven't hadn't can could may might will would should must need needs needed cannot can't couldn't to felt thought considered
deemed judged believed found ought`)

// passives are those of them that make a subject suffer what follows: "was excluded", not "has excluded".
var passives = words(`is was are were be been being isn't wasn't aren't weren't remains remained appears appeared seems seemed felt thought considered
deemed judged believed found`)

// manners may stand within a predicate and do not change what it says.
var manners = words(`also now again still further since therefore thus all both as at most more very rather quite so otherwise ever that this ruled later then soon once`)

// refusals say that something is not there.
var refusals = words(`excluded rejected denied absent negative unlikely improbable doubtful nonreactive unrevealing lacking unsupported discounted
dismissed refuted disproved disproven nonexistent nonpalpable undetectable undetected inapparent noncontributory out`)

// guesses say that something may be there.
var guesses = words(`suspected considered questioned possible probable likely entertained queried favored favoured presumed questionable unclear
uncertain equivocal indeterminate unconfirmed unproven`)

// proofs with a "not" leave open what they are said of.
var proofs = words(`confirmed proven proved established excluded certain clear definite refuted discounted dismissed out`)

// shown with a "not" say that something is not there, as those of sensed do.
var shown = words(`diagnosed supported met documented experienced`)

// gone say that something was there and is no more.
var gone = words("resolved subsided abated disappeared cleared gone vanished ceased remitted")

// predicate reads the predicate that begins at token i, as a cue; its last is 0 where none does.
func predicate(toks []token, i int, s span) (out cue) {
	bare := toks[i].lower == "never" || toks[i].lower == "not"
	if !links[toks[i].lower] && !bare {
		return out
	}
	passive, not, want := bare, false, false
	for j := i; j < s.last && j < i+predicateWordsMax; j++ {
		w := toks[j].lower
		if w == "out" && toks[j-1].lower != "ruled" {
			break
		}
		if passive && j > i && closes(toks, j+1, s) && !(w == "diagnosed" && j+1 < s.last && toks[j+1].lower == "with") {
			if k := verdict(w, not, want); k != "" {
				out = cue{rule: rule{backward: k}, first: i, last: j + 1}
			}
		}
		if gone[w] && !not && j > i && closes(toks, j+1, s) {
			out = cue{rule: rule{backward: cueEnded}, first: i, last: j + 1}
		}
		not = not || w == "not" || w == "never" || w == "cannot" || strings.HasSuffix(w, "n't")
		want = want || w == "should" || w == "must" || w == "ought" || strings.HasPrefix(w, "need") || w == "to" && !passive
		passive = passive || passives[w]
		if !links[w] && !manners[w] && !refusals[w] && !guesses[w] && !proofs[w] && w != "not" && w != "never" && !strings.HasSuffix(w, "ly") {
			break
		}
	}
	if out.last > 0 {
		out.words = spoken(toks, out.first, out.last)
	}
	return out
}

// verdict gives what the last word of a predicate says of its subject; "" where it says nothing of whether it is there.
func verdict(w string, not, want bool) cueKind {
	switch {
	case want && (w == "excluded" || w == "out"), not && proofs[w], !not && guesses[w]:
		return cueUncertain
	case !not && refusals[w], not && (sensed[w] || guesses[w] || shown[w]):
		return cueNegated
	}
	return ""
}

// closes reports that a predicate may end before token j: it has no object ("is negative for") and
// no complement ("was not considered severe").
func closes(toks []token, j int, s span) bool {
	if j >= s.last || !toks[j].word() {
		return true
	}
	return particles[toks[j].lower] || strings.HasSuffix(toks[j].lower, "ly")
}

// particles are words that begin something new behind a predicate.
var particles = words(`at on in by during from after before despite given because since and or but with without while when although though as today
this here yet until due based per the either clinically over within throughout now anywhere bilaterally and/or so however which if via upon under
between among even any again so there anymore`)

// shared reports a predicate that goes on where another one of the same subject ended ("was considered
// but felt unlikely"); told is the token behind the first, 0 where none was said of the mention.
func shared(toks []token, c cue, told int) bool {
	if told == 0 || c.first < told || c.first > told+3 {
		return false
	}
	for j := told; j < c.first; j++ {
		if t := toks[j]; t.text != "," && !joints[t.lower] && !strings.HasSuffix(t.lower, "ly") {
			return false
		}
	}
	return true
}

// takenUp reports a predicate about what a pronoun takes up: "suspected appendicitis, which was ruled out", "asthma and
// gout, but these were excluded".
func takenUp(toks []token, m *mention, c cue, in []*mention) bool {
	j := c.first - 1
	if j < m.last || !pronouns[toks[j].lower] {
		return false
	}
	many := severals[toks[j].lower]
	for ; j >= m.last; j-- {
		t := toks[j]
		switch {
		case t.text == ",", t.text == "(", joints[t.lower], pronouns[t.lower], t.lower == "or", t.lower == "although", t.lower == "though", t.lower == "however":
		case many && within(j, in):
		default:
			return false
		}
	}
	return true
}

var (
	pronouns = words("which that this it these those they both all")
	severals = words("which these those they both all")
)

// joints join two predicates.
var joints = words("and but then later now or yet")
