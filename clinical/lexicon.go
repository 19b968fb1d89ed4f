package clinical

import (
	_ "embed"
	"strings"

	"chartlake/record"
	"chartlake/terminology"
)

//go:embed data/drugs.txt
var drugsData string

//go:embed data/allergens.txt
var allergensData string

//go:embed data/findings.txt
var findingsData string

//go:embed data/procedures.txt
var proceduresData string

//go:embed data/tests.txt
var testsData string

// kind is what a term of the lexicon names.
type kind uint8

const (
	kindProblem kind = iota
	kindDrug
	kindAllergen
	kindProcedure
	kindTest
	kindVital
	kindScore // a test whose value is out of ten or a count, and whose name may be a finding
)

// entry is a term of the lexicon. score is how surely the words mean it: 1 for a name of its
// own, less for what the tables reach by a cross-reference or an abbreviation.
type entry struct {
	kind    kind
	growth  growth // of a mention: what kind of change its last word names
	code    string
	display string
	score   float64
	coded   float64 // problems: how surely they have the code
	name    string  // tests: LOINC component; drugs: generic name
	bare    string  // tests: the only letters in which the name counts, its value right behind it
	other   *entry  // tests: what the words mean where no result stands behind them; allergens: where nothing says allergy
}

// test reports an entry that is a mention with its result only.
func (e *entry) test() bool { return e.kind >= kindTest }

// lexicon finds the longest term at a token. Keys are hashes of the normal forms of the words
// of a term (64 bits: with 10^5 terms the chance of a false hit is below 10^-9).
type lexicon struct {
	terms    map[uint64]entry
	prefixes map[uint64]struct{}
	roles    map[uint64]uint8 // by the key of a word
	problems []terminology.Term
	alike    alike
}

// phraseKey is the key of a phrase before its first word.
const phraseKey uint64 = 14695981039346656037

const fnvPrime = 1099511628211

// wordKey is the number of a word (FNV-1a).
func wordKey(word string) uint64 {
	h := phraseKey
	for i := 0; i < len(word); i++ {
		h = (h ^ uint64(word[i])) * fnvPrime
	}
	return h
}

// extend adds one word to the key of a phrase.
func extend(phrase, word uint64) uint64 {
	h := (phrase ^ word) * fnvPrime
	return h ^ h>>29
}

func (l *lexicon) add(phrase string, e entry) { l.addNormal(terminology.Normal(phrase), e) }

// addNormal adds a phrase in terminology.Normal form.
func (l *lexicon) addNormal(phrase string, e entry) {
	h := phraseKey
	for rest := phrase; rest != ""; {
		w, after, _ := strings.Cut(rest, " ")
		rest = after
		h = extend(h, wordKey(w))
		l.prefixes[h] = struct{}{}
	}
	if phrase != "" {
		l.terms[h] = e
	}
}

// at gives the longest term that begins at token i and the token after it. Words may be
// joined by blanks, hyphens, slashes and single line ends.
func (l *lexicon) at(toks []token, i, last int) (e entry, end int, ok bool) {
	h := phraseKey
	for j := i; j < last; j++ {
		if toks[j].norm == "" {
			if j > i && (toks[j].text == "-" || toks[j].text == "/") && toks[j].newlines == 0 && j+1 < last && toks[j].begin == toks[j-1].end {
				continue
			}
			return e, end, ok
		}
		if j > i && toks[j].newlines > 1 {
			return e, end, ok
		}
		h = extend(h, toks[j].normKey)
		if _, more := l.prefixes[h]; !more {
			return e, end, ok
		}
		if found, is := l.terms[h]; is {
			e, end, ok = found, j+1, true
		}
	}
	return e, end, ok
}

// generic are names in the tables that mean nothing in a note by themselves.
var generic = strings.Fields(`disease disorder syndrome condition complication problem symptom sign finding lesion strain contact crush
normal history cold work stress test positive negative age feeding exposure poisoning overdose sequelae abnormal mental specimen
observation fear worry mole bite sting other male female pregnancy delivery labor death coma sleep burn burns shock crushed
suffocation fussy crying drowning counseling screening tic lump compression rupture laceration injury puncture superficial
perforation obstruction adhesion deformity instability absence agenesis abuse neglect wart foreign body weal allergy hypersensitivity`)

// newLexicon joins the terminology tables with the project's own words; own words win.
func newLexicon() (*lexicon, error) {
	l := &lexicon{terms: make(map[uint64]entry, 60_000), prefixes: make(map[uint64]struct{}, 120_000)}
	problems, err := terminology.Problems()
	if err != nil {
		return nil, err
	}
	skip := map[string]bool{}
	for _, g := range generic {
		skip[terminology.Normal(g)] = true
	}
	l.roles, l.problems = roles(problems), problems
	byName := make(map[string]*terminology.Term, len(problems))
	var bleeds []terminology.Term
	for i := range problems {
		t := problems[i]
		byName[t.Name] = &problems[i]
		if skip[t.Name] || len(t.Name) < 4 || organism(t.Code) || unsaid(t) {
			continue
		}
		en := entry{kind: kindProblem, code: t.Code, display: t.Display, score: 0.9, coded: sourceScore[t.Source]}
		l.addNormal(t.Name, en)
		if strings.Contains(t.Name, "hemorrhage") && strings.Contains(t.Name, " ") {
			bleeds = append(bleeds, t)
		}
	}
	for _, t := range bleeds { // notes say it so
		if said := strings.Replace(t.Name, "hemorrhage", "bleeding", 1); byName[said] == nil {
			l.addNormal(said, entry{kind: kindProblem, code: t.Code, display: t.Display, score: 0.9, coded: sourceScore[t.Source]})
		}
	}
	for _, row := range rows(findingsData) {
		term, target, _ := strings.Cut(row, "\t")
		t := byName[terminology.Normal(terminology.Plain(target))]
		if target == "" {
			t = byName[terminology.Normal(term)]
		}
		if t == nil {
			t = &terminology.Term{}
		}
		l.add(term, entry{kind: kindProblem, code: t.Code, display: t.Display, score: 0.95, coded: ownScore})
	}
	l.list(drugsData, kindDrug)
	l.alike = alike{}
	for _, row := range rows(drugsData) {
		for _, name := range drugWords(row) {
			l.alike.add(name)
		}
	}
	l.list(allergensData, kindAllergen)
	l.list(proceduresData, kindProcedure)
	for _, row := range rows(testsData) {
		names, component, _ := strings.Cut(row, "\t")
		k := kindTest
		switch what, profile, _ := strings.Cut(component, ":"); what {
		case "vital":
			k, component = kindVital, profile
		case "score":
			k, component = kindScore, ""
		}
		l.tests(names, entry{kind: k, score: 0.9, name: component})
	}
	return l, nil
}

// sourceScore is how often a code is the right one by where the name has it from, ownScore that of
// the project's own words (docs/performance/clinical.md).
var sourceScore = map[terminology.Source]float64{terminology.Title: 0.72, terminology.Inclusion: 0.62, terminology.CrossReference: 0.61, terminology.Broader: 0.36}

const ownScore = 0.71

// harms are words of injuries and poisonings by one of which an inclusion term of theirs must be named.
var harms = words(`fracture injury wound burn laceration contusion hematoma dislocation sprain strain rupture tear avulsion amputation bite
poisoning effect toxic overdose concussion hemorrhage crush crushing frostbite foreign trauma traumatic whiplash subluxation abrasion
puncture blister corrosion rejection complication failure infection allergy anaphylaxis shock abuse embolism displacement leakage
syndrome reaction sickness exhaustion stroke suffocation asphyxiation drowning separation slipping disruption`)

// unsaid reports an inclusion term of an injury or a poisoning that names only what is hurt or what hurts
// ("trachea", "cocaine"): in the tabular list the heading above it says the rest.
func unsaid(t terminology.Term) bool {
	if t.Source != terminology.Inclusion || t.Code == "" || t.Code[0] != 'S' && t.Code[0] != 'T' {
		return false
	}
	for _, w := range strings.Fields(t.Name) {
		if harms[w] {
			return false
		}
	}
	return true
}

// organism reports the ICD-10-CM categories that name germs, not diseases (B95 to B97).
func organism(code string) bool {
	return strings.HasPrefix(code, "B95") || strings.HasPrefix(code, "B96") || strings.HasPrefix(code, "B97")
}

func (l *lexicon) list(data string, k kind) {
	for _, row := range rows(data) {
		name, _, _ := strings.Cut(row, ":")
		l.names(row, entry{kind: k, score: 0.95, name: name})
	}
}

// names adds "name: synonym, synonym". What is a drug already is no allergen only; an allergen that
// names something else, too, is that where nothing says allergy.
func (l *lexicon) names(row string, e entry) {
	name, synonyms, _ := strings.Cut(row, ":")
	for _, s := range append([]string{name}, strings.Split(synonyms, ",")...) {
		one := e
		if had, is := l.terms[hashOf(s)]; e.kind == kindAllergen && is {
			if had.kind == kindDrug {
				continue
			}
			if had.kind != kindAllergen && !had.test() {
				one.other = &had
			}
		}
		l.add(s, one)
	}
}

// tests adds the names of a test; what the words named before they name where no result follows.
func (l *lexicon) tests(row string, e entry) {
	name, synonyms, _ := strings.Cut(row, ":")
	for _, n := range append([]string{name}, strings.Split(synonyms, ",")...) {
		n = strings.TrimSpace(n)
		one := e
		if short, is := strings.CutSuffix(n, "!"); is {
			n, one.bare = short, short
		}
		if had, is := l.terms[hashOf(n)]; is && !had.test() {
			one.other = &had
		}
		l.add(n, one)
	}
}

// hashOf is the key of a phrase.
func hashOf(phrase string) uint64 {
	h := phraseKey
	for _, w := range strings.Fields(terminology.Normal(phrase)) {
		h = extend(h, wordKey(w))
	}
	return h
}

// rows gives the lines of a data file without comments and blanks.
func rows(data string) []string {
	var out []string
	for _, l := range strings.Split(data, "\n") {
		if l = strings.TrimRight(l, " \t\r"); l != "" && !strings.HasPrefix(l, "#") {
			out = append(out, l)
		}
	}
	return out
}

// codes gives the candidate codes of an entry.
func (e entry) codes() []record.Code {
	if e.kind != kindProblem || e.code == "" {
		return nil
	}
	return []record.Code{{System: terminology.ICD10CM, Code: e.code, Display: e.display, Score: e.coded}}
}

// roles tells how often a word begins, stands in and ends names of problems: two bits each,
// steps of 1, 2 to 9, and 10 or more names.
func roles(problems []terminology.Term) map[uint64]uint8 {
	type counts [3]int32
	seen := make(map[uint64]*counts, 32_000)
	for i := range problems {
		place := 0
		for rest := problems[i].Name; rest != ""; {
			w, after, more := strings.Cut(rest, " ")
			rest = after
			if !more {
				place = 2
			}
			k := wordKey(w)
			c := seen[k]
			if c == nil {
				c = &counts{}
				seen[k] = c
			}
			c[place]++
			place = 1
		}
	}
	out := make(map[uint64]uint8, len(seen))
	for w, c := range seen {
		r := uint8(0)
		for _, n := range c {
			r <<= 2
			switch {
			case n >= 10:
				r |= 3
			case n >= 2:
				r |= 2
			case n == 1:
				r |= 1
			}
		}
		out[w] = r
	}
	return out
}
