package clinical

import (
	"regexp"
	"strings"

	"chartlake/record"
	"chartlake/value"
)

// Allergies stand in a section of their own, behind "allergic to", or before "allergy"; a list that
// begins as one goes on as one. An item of the section that no dictionary names is for a person.

// noKnownRE is the written statement that there is no known allergy.
var noKnownRE = regexp.MustCompile(`(?i)^` + value.NoKnownAllergy + `\b`)

// noKnownReach is how many characters the statement may have.
const noKnownReach = 80

func noKnown(text []rune, t token, section string) []int {
	if t.lower[0] != 'n' {
		return nil
	}
	loc := noKnownRE.FindStringIndex(following(text, t.begin, t.begin+noKnownReach))
	if t.lower == "none" && section != "allergies" {
		return nil
	}
	return loc
}

// allergicReach is how many characters before a drug are looked at for allergicRE.
const allergicReach = 120

// allergicRE before a drug makes it an allergy.
var allergicRE = regexp.MustCompile(`(?i)\b(?:(?:allergic|allergy|allergies|anaphylaxis|anaphylactic|intoleran(?:t|ce|ces)|hypersensitiv(?:e|ity)|reactions?) (?:reactions? )?(?:to|with|of)|` +
	`allerg(?:y|ies) (?:include|includes|including|are))\s+(?:[a-z]+,? (?:and |or )?){0,3}$`)

// allergic reports a term that the words around it make an allergen: "allergic to penicillin",
// "penicillin allergy", "latex-allergic".
func allergic(text []rune, toks []token, i, end int, s span) bool {
	j := end
	if j < s.last && toks[j].text == "-" {
		j++
	}
	if j < s.last {
		switch toks[j].lower {
		case "allergy", "allergies", "allergic":
			return true
		}
	}
	return allergicRE.MatchString(following(text, max(toks[s.first].begin, toks[i].begin-allergicReach), toks[i].begin))
}

// allergen gives the allergen within the name of a disease that names one: "penicillin allergy".
func (l *lexicon) allergen(toks []token, i, end int) (en entry, last int, ok bool) {
	if w := toks[end-1].lower; w != "allergy" && w != "allergies" {
		return en, 0, false
	}
	en, last, ok = l.at(toks, i, end-1)
	return en, last, ok && last == end-1 && (en.kind == kindDrug || en.kind == kindAllergen)
}

// goesOn reports that token i goes on a list whose last item is an allergy: nothing but commas,
// "and" and what stands in brackets is between them.
func goesOn(toks []token, i int, before []*mention) bool {
	if len(before) == 0 {
		return false
	}
	m := before[len(before)-1]
	if m.Type != record.Allergy || noKnownRE.MatchString(m.Text) || m.last == i {
		return false
	}
	depth := 0
	for j := m.last; j < i; j++ {
		switch toks[j].lower {
		case "(":
			depth++
		case ")":
			depth--
		case ",", "and", "or", "/", "&", ";":
		default:
			if depth <= 0 {
				return false
			}
		}
	}
	return depth == 0
}

// allergenTails are words behind the name of an allergen that belong to it.
var allergenTails = words(`base sulfate sodium potassium hydrochloride hcl succinate tartrate phosphate citrate antibiotic antibiotics drug drugs
agent agents product products derivative derivatives class medication medications vaccine protein oil`)

// wholeAllergens gives the allergens of a section the rest of their names: "erythromycin base", and a class
// in brackets, which is no reaction: "sulfa (sulfonamide antibiotics)".
func wholeAllergens(text []rune, toks []token, s span, in []*mention) []*mention {
	kept := in[:0]
	for _, m := range in {
		if m.Type != record.Allergy || noKnownRE.MatchString(m.Text) {
			kept = append(kept, m)
			continue
		}
		if n := len(kept); n > 0 && kept[n-1].Type == record.Allergy && toks[m.first-1].text == "(" && kept[n-1].last == m.first-1 {
			for j := m.last; j < s.last && j <= m.last+1; j++ {
				if toks[j].text == ")" {
					kept[n-1].grow(text, toks, kept[n-1].first, j+1)
					break
				}
			}
			if kept[n-1].last > m.first {
				continue
			}
		}
		last := m.last
		for last < s.last && toks[last].newlines == 0 && allergenTails[toks[last].lower] {
			last++
		}
		m.grow(text, toks, m.first, last)
		kept = append(kept, m)
	}
	return kept
}

// allergenWordsMax is how many words the name of an allergen may have that no dictionary knows.
const allergenWordsMax = 3

// noAllergen are words of an item of the section that is no allergen.
var noAllergen = words(`no none not nil multiple multi various several unknown see above below as per list listed the to and or of in on with
patient pt he she has had have is are was were denies denied reports reported reaction reactions allergy allergies allergic drug drugs medication
medications food foods environmental known other others severity mild moderate severe date type comment comments unable obtain including include
adverse intolerance intolerances noted documented reviewed verified updated status recorded last first year years ago when child childhood`)

// unnamed gives the items of an allergy section that no dictionary names, for a person. Sentences are
// not looked at, nor what stands in brackets or behind a dash or colon: reactions stand there.
func (e *Engine) unnamed(text []rune, toks []token, s span, in []*mention) []*mention {
	if prose(toks, s) {
		return in
	}
	n, first, depth, open := len(in), s.first, 0, true
	item := func(last int) {
		for last > first && toks[last-1].text == "." {
			last--
		}
		if open && e.unnamedItem(toks, first, last, in[:n]) {
			m := newMention(text, toks, first, last, record.Allergy, entry{score: 0.5})
			m.Rule = "item"
			m.doubts = append(m.doubts, "no dictionary names it")
			in = append(in, m)
		}
	}
	for i := s.first; i < s.last; i++ {
		switch t := toks[i]; {
		case i > s.first && t.newlines > 0, t.text == ",", t.text == ";", t.text == "/", t.text == "•", t.text == "*", t.lower == "and":
			if depth == 0 {
				item(i)
				first, open = i, true
				if !t.word() || t.lower == "and" {
					first = i + 1
				}
			}
		case t.text == "(":
			if depth == 0 {
				item(i)
				open = false
			}
			depth++
		case t.text == ")":
			depth = max(0, depth-1)
		case depth == 0 && (t.text == ":" || t.text == "=" || t.text == "-" && t.begin > toks[max(i-1, 0)].end):
			item(i)
			open = i == first // a list mark
			first = i + 1
		}
	}
	item(s.last)
	return in
}

// unnamedItem reports tokens that may be the name of an allergen and hold no mention.
func (e *Engine) unnamedItem(toks []token, first, last int, in []*mention) bool {
	if last <= first || last-first > allergenWordsMax {
		return false
	}
	for j := first; j < last; j++ {
		if !toks[j].word() || noAllergen[toks[j].lower] || len(toks[j].text) < 3 || toks[j].number() {
			return false
		}
		if en, _, ok := e.lexicon.at(toks, j, last); ok && en.kind == kindProblem {
			return false // the reaction to an allergen
		}
	}
	for _, m := range in {
		if m.first < last && first < m.last {
			return false
		}
	}
	return true
}

// reactionRE finds what an allergen does, right behind it.
var reactionRE = regexp.MustCompile(`(?i)^\s*(?:allergy\s*)?(?:\(\s*(?:reactions?:?\s*)?([^)\n]{2,60})\)|(?:-*>|[-–—:=→]+)\s*(?:reactions?:?\s*)?([^\n;,.]{3,60})|` +
	`(?:,?\s*(?:which|that)\s+)?(?:causes|caused|causing|reactions?:?|with|leads to|leading to|results in|resulting in|gives (?:him|her))\s+([^\n;,.]{3,60}))`)

// reaction reads what an allergen does, right behind it.
func (m *mention) reaction(after string) {
	f := reactionRE.FindStringSubmatch(after)
	if f == nil {
		return
	}
	for _, g := range f[1:] {
		g = strings.TrimSpace(g)
		switch strings.TrimPrefix(strings.ToLower(g), "reaction ") {
		case "", "none", "unknown", "unspecified", "not known", "not specified", "unclear":
		default:
			m.attribute("reaction", g)
			return
		}
	}
}
