// Package clinical finds the clinical mentions of a text: problems, drugs, tests,
// procedures, allergies, with the section they stand in and what is asserted of them
// (negated, uncertain, hypothetical, historical, whose). It works offline on text alone and
// gives character offsets; the caller turns them into pages and boxes.
//
// Mentions come from a lexicon joined with a statistical tagger (package tagger), assertion
// from cues with a scope after ConText (Harkema et al. 2009). What only the tagger sees has no
// code and is in state review, as is all that is found but not sure. Every doubt is decided
// against filing a fact of the patient.
package clinical

import (
	_ "embed"
	"regexp"
	"sort"
	"strings"
	"sync"
	"unicode"

	"chartlake/clinical/tagger"
	"chartlake/record"
	"chartlake/terminology"
)

// Version names this stage's rules in Provenance.
const Version = "clinical/8"

//go:embed data/sections.txt
var sectionsData string

// Findings is what Annotate says about one text.
type Findings struct {
	Entities []record.Entity  // ascending by Begin; Page and Box are not set
	Sections []record.Section // ascending, no overlap
}

// Engine holds the dictionaries. It is safe for many goroutines.
type Engine struct {
	lexicon *lexicon
	cues    cueTable
	headers map[string]string
	organs  organs
	// placeless are the codes of changes that name no place
	placeless map[string]bool
	likeness  func() *likeness
	smoking   []record.Code        // candidates: the index of ICD-10-CM sends from "smoker" to dependence
	tagger    func() *tagger.Model // read at the first text: an idle server does without its memory
}

// OpenNow is Open for a program that is asked at once: the tagger is unpacked beside the dictionaries.
func OpenNow() (*Engine, error) {
	model := sync.OnceValue(shipped)
	go model()
	e, err := Open()
	if err != nil {
		return nil, err
	}
	e.tagger = model
	return e, nil
}

// Open loads the embedded dictionaries.
func Open() (*Engine, error) {
	l, err := newLexicon()
	if err != nil {
		return nil, err
	}
	e := &Engine{lexicon: l, tagger: sync.OnceValue(shipped), cues: parseCues(cuesData), headers: map[string]string{}, organs: parseOrgans(), placeless: map[string]bool{}, likeness: sync.OnceValue(func() *likeness { return newLikeness(l.problems) })}
	for _, name := range placelessNames {
		e.placeless[l.terms[hashOf(name)].code] = true
	}
	if en := l.terms[hashOf("nicotine dependence")]; en.code != "" {
		e.smoking = []record.Code{{System: terminology.ICD10CM, Code: en.code, Display: en.display, Score: smokingScore}}
	}
	for _, row := range rows(sectionsData) {
		name, headers, _ := strings.Cut(row, ":")
		for _, h := range strings.Split(headers, ",") {
			e.headers[headerKey(h)] = name
		}
	}
	return e, nil
}

// shipped is the tagger's model, which is part of the program: that it can be read is tested.
func shipped() *tagger.Model {
	m, err := tagger.Shipped()
	if err != nil {
		panic(err)
	}
	return m
}

// headerKey is how header() joins tokens: blanks only where the text has space.
func headerKey(h string) string {
	toks := tokens([]rune(strings.TrimSpace(h)))
	var b strings.Builder
	for i, t := range toks {
		if i > 0 && t.begin > toks[i-1].end {
			b.WriteByte(' ')
		}
		b.WriteString(t.lower)
	}
	return b.String()
}

// acceptScore is the confidence from which a mention is accepted without a person.
const acceptScore = 0.8

// layOut cuts a text, up to maxRunes, into tokens and sections; sections names that of each token.
func (e *Engine) layOut(text string) (runes []rune, toks []token, starts []sectionStart, sections sectionNames) {
	runes = []rune(text)
	if len(runes) > maxRunes {
		runes = runes[:maxRunes]
	}
	toks = tokens(runes)
	starts = e.findSections(toks)
	return runes, toks, starts, sectionNames(starts)
}

// Annotate finds the mentions of a text. Any text is answered; offsets count characters
// (runes). Text beyond maxRunes is not looked at.
func (e *Engine) Annotate(text string) Findings {
	runes, toks, starts, _ := e.layOut(text)
	var out []*mention
	headers := map[int]bool{}
	for _, s := range starts {
		headers[s.first] = true
	}
	var said []span
	for _, s := range sentences(toks, starts) {
		if !headers[s.first] { // a heading asserts nothing
			said = append(said, s)
		}
	}
	tagged := e.tag(toks, said)
	for len(said) > 0 {
		block := said[:min(tagBatch, len(said))]
		said = said[len(block):]
		for n, found := range tagged(block) {
			out = append(out, e.read(runes, toks, starts, block[n], found)...)
		}
	}
	out = withoutBare(out)
	e.placed(out)
	settle(out)
	f := Findings{Sections: recordSections(toks, starts)}
	for _, m := range out {
		f.Entities = append(f.Entities, m.Entity)
	}
	sort.SliceStable(f.Entities, func(i, j int) bool { return f.Entities[i].Begin < f.Entities[j].Begin })
	return f
}

// read gives the mentions of a sentence with all that it says of them.
func (e *Engine) read(text []rune, toks []token, starts []sectionStart, s span, found []tagger.Mention) []*mention {
	section := sectionNames(starts).in(toks, s.first)
	in := e.mentions(text, toks, s, section)
	in = join(text, toks, s, section, in, e.findCues(toks, s), found)
	in = wholeAllergens(text, toks, s, in)
	if section == "allergies" {
		in = e.unnamed(text, toks, s, in)
	}
	e.attributes(text, toks, s, in)
	e.relate(text, toks, s, in)
	e.assert(toks, s, section, in)
	if s.endless {
		for _, m := range in {
			m.doubts = append(m.doubts, "stands far on in a sentence without an end")
		}
	}
	if len(starts) > 0 && s.first < starts[0].first && !prose(toks, s) {
		for _, m := range in {
			m.doubts = append(m.doubts, "stands in the head of the page, not in its text")
		}
	}
	return in
}

// prose reports a sentence as people write them: four words or more, most in lower case. An
// address, a name or a line of labels is none, though a word in it may be that of a disease.
func prose(toks []token, s span) bool {
	words, low := 0, 0
	for _, t := range toks[s.first:s.last] {
		if r := t.first; unicode.IsLetter(r) {
			words++
			if unicode.IsLower(r) {
				low++
			}
		}
	}
	return words >= 4 && low*2 > words
}

// mentions finds the terms of a sentence, longest first, none overlapping.
func (e *Engine) mentions(text []rune, toks []token, s span, section string) []*mention {
	var out []*mention
	for i := s.first; i < s.last; {
		if m, ok := e.social(text, toks, i, s); ok {
			out = append(out, m)
			i = m.last
			continue
		}
		if loc := noKnown(text, toks[i], section); loc != nil {
			m := newMention(text, toks, i, tokenAt(toks, i, s.last, toks[i].begin+loc[1]), record.Allergy, entry{score: 0.95})
			out = append(out, m)
			i = m.last
			continue
		}
		en, end, ok := e.lexicon.at(toks, i, s.last)
		if !ok {
			if m := e.misread(text, toks, i, s, section); m != nil {
				out = append(out, m)
			}
			i++
			continue
		}
		if inner, last, is := e.lexicon.allergen(toks, i, end); is && en.kind == kindProblem {
			en, end = inner, last
		}
		if homograph(toks, i, s) {
			i++
			continue
		}
		if toks[i].number() && en.kind != kindProblem {
			i++
			continue
		}
		if en.test() {
			m, after := e.tested(text, toks, i, end, s, section, en)
			if m != nil {
				out = append(out, m)
			}
			i = after
			continue
		}
		named := len(out) > 0 && out[len(out)-1].last == i && out[len(out)-1].Type == record.Medication
		m := e.mention(text, toks, i, end, s, section, en)
		if (en.kind == kindAllergen || en.kind == kindDrug) && goesOn(toks, i, out) {
			m = newMention(text, toks, i, end, record.Allergy, en)
		}
		if m != nil && !(named && forms[toks[i].lower]) {
			out = append(out, m)
		}
		i = end
	}
	return out
}

// homograph reports a word that is written like a finding and is none: "in the fall of 2007", "rise and fall", "hearing aids".
func homograph(toks []token, i int, s span) bool {
	if toks[i].text == "aids" {
		return true
	}
	if toks[i].lower != "fall" || i == s.first {
		return false
	}
	if i+2 < s.last && toks[i+1].lower == "of" && len(toks[i+2].text) == 4 && toks[i+2].number() {
		return true
	}
	if i-2 < s.first {
		return false
	}
	before, last := toks[i-2].lower, toks[i-1].lower
	return last == "the" && (before == "in" || before == "during") || last == "and" && before == "rise"
}

// tokenAt gives the first token from i that begins at or after a character.
func tokenAt(toks []token, i, last, char int) int {
	for i < last && toks[i].begin < char {
		i++
	}
	return i
}

// mention makes an entity of a term, or nothing where the context gives the words another meaning.
func (e *Engine) mention(text []rune, toks []token, i, end int, s span, section string, en entry) *mention {
	switch en.kind {
	case kindDrug, kindAllergen:
		if section == "allergies" || allergic(text, toks, i, end, s) {
			return newMention(text, toks, i, end, record.Allergy, en)
		}
		if en.kind == kindAllergen {
			if en.other != nil {
				return e.mention(text, toks, i, end, s, section, *en.other)
			}
			return nil
		}
		return newMention(text, toks, i, end, record.Medication, en)
	case kindProblem:
		if section == "allergies" {
			return nil // the reaction to an allergen
		}
		return newMention(text, toks, i, end, record.Problem, en)
	default:
		return newMention(text, toks, i, end, record.Procedure, en)
	}
}

func newMention(text []rune, toks []token, first, last int, typ record.EntityType, en entry) *mention {
	m := &mention{entry: en, first: first, last: max(last, first+1)}
	m.Type, m.Begin, m.End = typ, toks[first].begin, toks[m.last-1].end
	m.Text = strings.ReplaceAll(string(text[m.Begin:m.End]), "\n", " ")
	m.Confidence, m.Codes, m.Rule = en.score, en.codes(), "lexicon"
	return m
}

// attributes reads what follows each mention, up to the next one of its kind.
func (e *Engine) attributes(text []rune, toks []token, s span, in []*mention) {
	end := toks[s.last-1].end
	for n, m := range in {
		next := end
		for _, o := range in[n+1:] {
			if o.Type == m.Type {
				next = o.Begin
				break
			}
		}
		switch m.Type {
		case record.Medication:
			previous := toks[s.first].begin
			if n > 0 {
				previous = in[n-1].End
			}
			m.dose(following(text, m.End, next))
			m.status(string(text[previous:m.Begin]), following(text, m.End, next))
		case record.Allergy:
			m.reaction(following(text, m.End, next))
		case record.Test:
			if m.entry.kind == kindVital {
				m.Codes = m.vital()
			} else {
				m.Codes = labCodes(m.entry.name, m.Attributes["ucum"])
			}
		}
	}
}

// socialRE are statements of habits.
var socialRE = regexp.MustCompile(`(?i)^(?:(?:current|former|never|ex-?|non-?)?\s?smok(?:es|er|ing|ed)\b|tobacco (?:use|abuse)?|(?:etoh|alcohol)(?: use| abuse| intake)?|illicit (?:drugs?|drug use|substances?)(?: use)?|recreational drugs?(?: use)?|drug use|vap(?:es|ing))\b`)

// smokingScore is below what is filed: that somebody smokes does not say that they depend on it.
const smokingScore = 0.4

// socialBegin are the first two letters of what socialRE begins with: most words need no pattern.
const socialBegin = "cu fo ne ex no sm to et al il re dr va"

func (e *Engine) social(text []rune, toks []token, i int, s span) (*mention, bool) {
	if l := toks[i].lower; len(l) < 2 || !strings.Contains(socialBegin, l[:2]) {
		return nil, false
	}
	loc := socialRE.FindStringIndex(following(text, toks[i].begin, min(toks[i].begin+30, toks[s.last-1].end)))
	if loc == nil {
		return nil, false
	}
	end := tokenAt(toks, i, s.last, toks[i].begin+loc[1])
	m := newMention(text, toks, i, end, record.SocialHistory, entry{score: 0.9})
	m.Negated = toks[i].lower == "never" || toks[i].lower == "non" || toks[i].lower == "nonsmoker"
	if w := toks[i].lower; strings.HasPrefix(w, "smok") || w == "current" || w == "tobacco" && end > i+1 {
		m.Codes = e.smoking
	}
	return m, true
}

// bare are words that mostly take up again a finding named before with more words.
var bare = map[string]bool{"pain": true, "infection": true, "injury": true, "illness": true, "swelling": true, "bleeding": true}

// withoutBare drops a bare word where a longer mention that ends with it is affirmed of the patient
// ("pain" after "epigastric pain"): it is the same finding, and its own assertion would repeat it.
// Where it is denied it is another one ("without active bleeding") and stays.
func withoutBare(all []*mention) []*mention {
	longer := map[string]bool{}
	for _, m := range all {
		if i := strings.LastIndexByte(m.Text, ' '); i > 0 && !m.Negated && !m.Hypothetical && m.Experiencer == "patient" {
			longer[terminology.Normal(m.Text[i+1:])] = true
		}
	}
	kept := all[:0]
	for _, m := range all {
		if word := terminology.Normal(m.Text); bare[word] && longer[word] && !m.Negated {
			continue
		}
		kept = append(kept, m)
	}
	return kept
}

// settle gives states: sure and clear is accepted; a concept that the text both affirms and
// denies of the patient is for a person, and so is what was noted as a doubt.
func settle(all []*mention) {
	denied := map[string]bool{}
	key := func(m *mention) string {
		if len(m.Codes) > 0 && m.Codes[0].Score >= 0.45 { // below, fhirmap does not take two mentions for one either
			return m.Codes[0].Code
		}
		return terminology.Normal(m.Text)
	}
	for _, m := range all {
		if m.Negated && m.Experiencer == "patient" {
			denied[key(m)] = true
		}
	}
	for _, m := range all {
		m.State = record.Accepted
		if m.Confidence < acceptScore {
			m.doubts = append(m.doubts, "the words are not sure to mean this")
		}
		if !m.Negated && m.Experiencer == "patient" && !m.Hypothetical && denied[key(m)] && m.Type == record.Problem {
			m.doubts = append(m.doubts, "affirmed here and denied elsewhere in the document")
		}
		if m.Negated && m.Historical && m.Type == record.Medication {
			m.doubts = append(m.doubts, "unclear whether the drug is taken")
		}
		if len(m.doubts) > 0 {
			m.State, m.Reasons = record.Review, m.doubts
		}
	}
}
