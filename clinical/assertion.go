package clinical

import (
	"slices"
	"strings"
	"unicode"

	"chartlake/record"
)

// mention is an entity being built: its tokens and what is asserted of it.
type mention struct {
	record.Entity
	entry       entry
	first, last int // tokens
	resultEnd   int // tests: the character after the words of the result
	doubts      []string
}

// assert decides what a sentence says of its mentions, after ConText: cues act forward to the
// end of their scope, backward through a list; sections give the defaults.
func (e *Engine) assert(toks []token, s span, section string, in []*mention) {
	cues := e.outside(toks, e.findCues(toks, s), in)
	said := answered(toks, s, in)
	for n, m := range in {
		m.Experiencer = "patient"
		sectionDefault(m, section)
		e.introduced(toks, s, m, section)
		told := 0
		for _, c := range cues {
			if said[c.first] {
				continue
			}
			c = oneWay(toks, c, s, in)
			if c.forward != "" && c.last <= m.first {
				e.forward(toks, s, c, cues, m, in, section)
			}
			if c.backward != "" && c.first >= m.last && (shared(toks, c, told) || takenUp(toks, m, c, in) || reaches(toks, m, c, in) || subject(toks, s, m, c) || placed(toks, m.last, c.first)) &&
				!outcome(m, c) && toks[c.first].begin >= m.resultEnd && !excepted(toks, s, m) {
				apply(m, c.backward, c, toks)
				told = c.last
			}
		}
		if at, ok := answer(toks, s, m); ok && said[at] {
			if m.Negated, _ = answerOf(toks[at].lower, true); m.Negated {
				apply(m, cueNegated, cue{first: at, last: at + 1, words: toks[at].lower}, toks)
			}
		}
		verdictOf(toks, s, m, in)
		if n > 0 {
			likewise(toks, s, m, in[n-1])
		}
		ofKin(toks, s, m, in)
		oneWho(toks, s, m)
		heard(toks, s, m, in)
		parentLetter(toks, s, m)
		inverted(toks, s, m)
		yearsAgo(toks, s, m)
		ordered(toks, s, m, in)
		effects(toks, s, m, in)
		general(toks, s, m)
		questioned(toks, s, m, said)
		signs(toks, s, m, in)
		purposed(toks, s, m)
		aimed(toks, s, m)
	}
}

// yearsAgo reads "had mumps in 1975": what somebody had in a year is past.
func yearsAgo(toks []token, s span, m *mention) {
	if m.last+1 >= s.last || toks[m.last].lower != "in" || len(toks[m.last+1].text) != 4 || !toks[m.last+1].number() {
		return
	}
	if year := toks[m.last+1].text; year < "1900" || year > "2099" {
		return
	}
	for j := s.first; j < m.first; j++ {
		switch toks[j].lower {
		case "had", "suffered", "experienced":
			apply(m, cueHistorical, cue{first: m.last, last: m.last + 2, words: "in"}, toks)
			return
		}
	}
}

// oneWay decides for cues that act in both directions: "asthma denied fever" denies what
// follows, "fever: denied" what precedes; "metformin discontinued, insulin started" has
// ended the first, "discontinued metformin" the second.
func oneWay(toks []token, c cue, s span, in []*mention) cue {
	if c.backward == cueNegated && c.forward == "" && introduces(toks, s, c, in) {
		c.forward, c.backward = cueNegated, ""
	}
	if c.words == "neg" || c.words == "negative" || c.words == "none" {
		if c.first > s.first && toks[c.first-1].word() && toks[c.first-1].lower != "and" && toks[c.first-1].lower != "or" && toks[c.first-1].newlines == 0 ||
			c.first > s.first && answerMark(toks[c.first-1]) && (c.words == "none" || within(c.first-2, in)) || c.last < s.last && !toks[c.last].word() {
			c.forward = "" // it answers for what stands before it
		}
	}
	if c.forward == "" || c.backward == "" {
		return c
	}
	switch {
	case c.words == "denied" || c.words == "denies":
		if c.last >= s.last || !toks[c.last].word() || circumstance[toks[c.last].lower] { // within a sentence a line end is only the margin
			c.forward = ""
		} else {
			c.backward = ""
		}
	case c.words == "excluded" || c.words == "rejected" || c.words == "dismissed":
		if closed(toks, c.last, s.last) {
			c.forward = ""
		} else {
			c.backward = ""
		}
	case c.words == "unlikely":
		c.forward = ""
		for _, m := range in {
			if m.first == c.last {
				c.forward, c.backward = cueNegated, ""
			}
		}
	case c.forward == cueEnded:
		for _, m := range in {
			if m.last == c.first || m.last == c.first-1 && !toks[m.last].word() {
				c.forward = ""
				return c
			}
		}
		if !closed(toks, c.last, s.last) {
			c.backward = ""
		}
	}
	return c
}

// circumstance are words behind "denied" that say when or by whom, not what.
var circumstance = words("at by today currently now this on when upon")

// forward applies a cue to a mention after it, if no word between ends its scope.
func (e *Engine) forward(toks []token, s span, c cue, cues []cue, m *mention, in []*mention, section string) {
	switch {
	case c.forward == cuePseudo && strings.HasPrefix(c.words, "no ") && afterComma(toks, c.last, m.first):
		// "no change in vision, diplopia": the pseudo cue covers its own object only
		c.forward = cueNegated
	case c.forward == cueStop, c.forward == cuePseudo:
		return
	case adjacent[c.words] && m.first > c.last+1:
		return
	case c.forward == cueEnded && c.words == "resolved" && m.first != c.last:
		return // "resolved pneumonia", but not "has resolved and cough persists"
	}
	for _, other := range cues {
		if other.first < c.last || other.last > m.first {
			continue
		}
		if other.forward == cueStop && ends(c.forward, other.words) && !(other.first == c.last && participle[other.words]) &&
			!((c.forward == cueFamily || c.forward == cueOther) && subordinate(toks, other)) &&
			!(had(other.words) && nobody(toks, c, other.first)) && !(strings.HasPrefix(other.words, "complaint") && other.first <= c.last+complaintReach) {
			if (c.forward == cueFamily || c.forward == cueOther) && other.words != "patient" {
				m.doubts = append(m.doubts, "another person is named in the sentence") // "his brother, although he is well, has gout"
			}
			return
		}
		if c.forward == cueHistorical && other.forward == cueNegated {
			return // "history of A, denies B": B is not past
		}
	}
	if whose(toks, c) && afterComma(toks, c.last, m.first) {
		return
	}
	if c.forward != cueFamily && labelled(toks, c.last, m.first) {
		return
	}
	if c.forward == cueNegated && (anew(toks, c.last, m.first, s) || means(toks, c.last, m) || outcome(m, c) || measured(toks, m, s) ||
		otherClause(toks, c, s, m, in) || excepted(toks, s, m) || treatedFor(toks, c, m)) {
		return
	}
	if c.forward == cueEnded && beyond(toks, c.last, m.first) {
		return
	}
	if c.forward == cueFamily && section != "family_history" && !relates(toks, c, m) {
		m.doubts = append(m.doubts, "a relative is named in the sentence")
		return
	}
	apply(m, c.forward, c, toks)
	if c.forward == cueFamily && strings.Contains(c.words, "family") && m.Attributes["relationship"] == "" {
		return
	}
	if c.forward == cueFamily {
		m.attribute("relationship", relative(c.words))
	}
}

// complaintReach is how many words may stand between a denial and the complaints that it denies ("no motor or sensory complaints of").
const complaintReach = 4

// adjacent are cues that say something of the next words only: an "old fracture" is past, what
// an old man has is not.
var adjacent = map[string]bool{"old": true, "former": true, "healed": true, "as far as": true,
	"transitioned from": true, "switched from": true, "changed from": true}

// anew reports that a list ends between tokens from and to: what follows a comma or "and" has
// a determiner or an affirming word ("no rub, elevated venous pressure").
func anew(toks []token, from, to int, s span) bool {
	for j := from; j+1 < to; j++ {
		if toks[j].text != "," && toks[j].text != "(" && toks[j].lower != "and" {
			continue
		}
		if j+2 < to && toks[j+1].number() && toks[j+2].text == "+" {
			return true // "neg JVD, 1+ edema"
		}
		switch toks[j+1].lower {
		case "mild", "moderate", "severe", "small", "large", "new", "chronic", "minimal", "trace", "marked", "diffuse", "persistent", "scattered":
			if !alternative(toks, j+1, s) {
				return true
			}
		case "just", "only", "instead", "a", "an", "the", "his", "her", "their", "its", "normal", "elevated", "increased", "decreased", "preserved", "positive", "we", "it", "they", "this", "these":
			return true
		}
	}
	return false
}

// alternative reports an "or" after token i: the list that goes on there is denied to its end
// ("no mild, moderate or severe stenosis").
func alternative(toks []token, i int, s span) bool {
	for ; i < s.last; i++ {
		switch toks[i].lower {
		case "or", "nor":
			return true
		case "but", ";", ":":
			return false
		}
	}
	return false
}

// means reports a test or a procedure by which something was not found ("no mass on MRI"):
// the finding is denied, not the test.
func means(toks []token, from int, m *mention) bool {
	if m.Type != record.Test && m.Type != record.Procedure {
		return false
	}
	for j := m.first - 1; j > from && j >= m.first-3; j-- {
		switch toks[j].lower {
		case "on", "by", "at", "in", "with", "from", "for", "using", "under", "upon", "to":
			return true
		}
	}
	return false
}

// measured reports a test with its number behind it: what is denied before is not the test.
func measured(toks []token, m *mention, s span) bool {
	if m.Type != record.Test {
		return false
	}
	for j := m.last; j < s.last && j < m.last+5; j++ {
		switch t := toks[j]; {
		case t.number():
			return true
		case t.word() && t.lower != "of" && t.lower != "was" && j > m.last+2:
			return false
		}
	}
	return false
}

// outcome reports a test that is said to be negative: the test was done.
func outcome(m *mention, c cue) bool {
	return m.Type == record.Test && strings.Contains(c.words, "negative")
}

// participle are stop words that belong to the noun when they stand right behind a cue
// ("no reported fever").
var participle = map[string]bool{"reported": true, "noticed": true, "demonstrated": true}

// labelled reports a label between tokens from and to ("without contrast. Indication: ..."):
// it begins something new, while "denies the following:" introduces what the cue is about.
func labelled(toks []token, from, to int) bool {
	for j := from + 1; j < to; j++ {
		if toks[j].text == ":" && unicode.IsUpper(toks[j-1].first) {
			return true
		}
	}
	return false
}

func afterComma(toks []token, from, to int) bool {
	for j := from; j < to; j++ {
		if toks[j].text == "," {
			return true
		}
	}
	return false
}

// ends reports whether a stop word ends the scope of a kind of cue. A condition ("if") holds
// to the end of its sentence; a relative stays the subject until the patient is named.
func ends(k cueKind, stop string) bool {
	switch k {
	case cueHypothetical: // "precautions due to dysphagia"
		return stop == "due to" || stop == "because of" || stop == "secondary to"
	case cueFamily, cueOther:
		return stop == "patient" || stop == "he" || stop == "she"
	}
	return true
}

// reaches reports that only list items, commas, conjunctions and few other words stand
// between a mention and a cue after it ("fever, chills and cough: denied").
func reaches(toks []token, m *mention, c cue, in []*mention) bool {
	words := 0
	for j := m.last; j < c.first; j++ {
		if t := toks[j].lower; t == "," || t == "and" || t == "or" || t == "/" || t == ":" || t == "(" || t == ")" {
			if t == "," && j+1 < c.first && (!listed(j, c.first, in) || toks[j+1].lower == "and" && singular(c.words)) {
				return false
			}
			continue
		}
		if within(j, in) {
			continue
		}
		if words++; words > 3 || turns[toks[j].lower] {
			return false
		}
	}
	return true
}

// singular reports a cue with a verb of one subject: ", and cough was not observed" says it of
// the cough only.
func singular(words string) bool {
	verb, _, _ := strings.Cut(words, " ")
	return verb == "was" || verb == "is" || verb == "has"
}

// turns are words behind which a sentence speaks of something else.
var turns = map[string]bool{"if": true, "when": true, "unless": true, "until": true, "was": true, "were": true, "is": true, "are": true, "but": true, "while": true, "whereas": true, "although": true, "though": true, "showed": true, "revealed": true, "has": true, "had": true}

// itemWordsMax is how many words one item of a list of findings has at most.
const itemWordsMax = 4

// subject reports that a sentence begins with a list that a mention is an item of and of
// which a cue is said as a whole ("hypertension, loss of hair, and rash were not observed").
// Items need not be mentions themselves.
func subject(toks []token, s span, m *mention, c cue) bool {
	words := 0
	for j := s.first; j < c.first; j++ {
		if j >= m.first && j < m.last {
			continue
		}
		switch t := toks[j].lower; {
		case t == ",", t == "and", t == "or", t == "nor", t == "/":
			words = 0
		case t == ":" && j == c.first-1:
		case !toks[j].word() && t != "-" && t != "–" && t != "(" && t != ")", finite[t]:
			return false
		default:
			if words++; words > itemWordsMax {
				return false
			}
		}
	}
	return true
}

// finite are verbs and prepositions that say that a sentence began with something other
// than a list of findings.
var finite = map[string]bool{"is": true, "was": true, "are": true, "were": true, "has": true, "had": true, "have": true, "with": true,
	"he": true, "she": true, "patient": true, "who": true, "which": true, "that": true, "showed": true, "shows": true, "revealed": true,
	"reveals": true, "developed": true, "reports": true, "reported": true, "denies": true, "denied": true, "no": true, "not": true,
	"if": true, "when": true, "unless": true, "until": true, "but": true, "because": true, "since": true, "after": true, "for": true, "due": true, "will": true, "would": true}

// listed reports a mention between tokens j and end: the comma before it belongs to a list.
func listed(j, end int, in []*mention) bool {
	for _, m := range in {
		if m.first > j && m.last <= end {
			return true
		}
	}
	return false
}

// within reports a mention at token j; in is in the order of the text, none overlapping.
func within(j int, in []*mention) bool {
	n, found := slices.BinarySearchFunc(in, j, func(m *mention, j int) int { return m.first - j })
	return found || n > 0 && in[n-1].last > j
}

func apply(m *mention, k cueKind, c cue, toks []token) {
	switch k {
	case cueNegated:
		m.Negated = true
	case cueUncertain:
		m.Uncertain = true
	case cueHypothetical:
		m.Hypothetical = true
	case cueHistorical:
		m.Historical = true
	case cueEnded:
		if stops(c.words) && m.Type != record.Medication && m.Type != record.Procedure && !itself(toks, m, c) && !removedFrom(toks, m, c) {
			return
		}
		m.Historical = true
		m.attribute("course", "ended")
	case cueFamily:
		m.Experiencer = "family"
		if denying(c.words) {
			m.Negated = true
		}
		if r := relative(c.words); !strings.Contains(r, "family") && !strings.Contains(r, "parents") {
			m.attribute("relationship", strings.TrimPrefix(r, "in "))
		}
	case cueOther:
		if m.Experiencer == "family" && (strings.HasPrefix(c.words, "died") || strings.HasPrefix(c.words, "passed") || strings.HasPrefix(c.words, "succumbed")) {
			return // "father died of stroke"
		}
		m.Experiencer = "other"
	default:
		return
	}
	if m.Cue == nil || k == cueNegated || k == cueFamily {
		m.Cue = &record.Cue{Text: written(toks, c.first, c.last), Begin: toks[c.first].begin, End: toks[c.last-1].end}
	}
}

// itself reports a cue of stopping that stands right behind a finding and is said of it
// ("diarrhea stopped"), not of what was done for it ("metoprolol for angina stopped").
func itself(toks []token, m *mention, c cue) bool {
	return c.first == m.last && (m.first == 0 || toks[m.first-1].lower != "for" && toks[m.first-1].lower != "of")
}

// removedFrom reports a finding that was itself taken away ("removal of the thrombus").
func removedFrom(toks []token, m *mention, c cue) bool {
	return strings.HasSuffix(c.words, "removal of") && m.first >= c.last && m.first <= c.last+2 && !beyond(toks, c.last, m.first)
}

// stops reports a cue about what is taken or done, not about what a patient has.
func stops(words string) bool {
	for _, w := range []string{"stop", "discontinu", "weaned", "suspend", "terminat", "longer", "quit", "off", "remov",
		"chang", "switch", "replac", "held", "transition"} {
		if strings.Contains(words, w) {
			return true
		}
	}
	return false
}

// written is the text of tokens as they stand, with single blanks where there is space.
func written(toks []token, first, last int) string {
	var b strings.Builder
	for i := first; i < last; i++ {
		if i > first && (toks[i].begin > toks[i-1].end) {
			b.WriteByte(' ')
		}
		b.WriteString(toks[i].text)
	}
	return b.String()
}

// sectionDefault sets what a section says of everything in it (docs/design/assertion.md).
func sectionDefault(m *mention, section string) {
	switch section {
	case "family_history":
		m.Experiencer = "family"
	case "stopped_medications":
		if m.Type == record.Medication {
			m.attribute("status", "stopped")
		}
	case "past_medical_history", "past_surgical_history":
		m.Historical = true
	case "instructions", "immunizations":
		if m.Type == record.Problem {
			m.Hypothetical = true
		}
	case "plan":
		if m.Type == record.Problem || m.Type == record.Procedure || m.Type == record.Test {
			m.Hypothetical = true
		}
	}
}
