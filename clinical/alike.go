package clinical

import (
	"slices"
	"sort"
	"strings"

	"chartlake/record"
)

// A page that was read by OCR names "rnetoproloi 50 mg". A word that no dictionary has, beside a
// strength or in a list of drugs, is offered as the drugs that it looks like, always to a person:
// numbers are never touched, a word that is a drug is never taken for another, and where it
// looks like two drugs both are named.

// alikeMin is the length from which words are compared: shorter ones look like too many others.
const alikeMin = 6

// alike finds drugs by what reading errors leave of their names.
type alike map[uint64][]string

// lookalikes are characters that readers take for each other, each written as one of them.
var lookalikes = strings.NewReplacer("rn", "m", "vv", "w", "cl", "d", "ii", "u", "0", "o", "1", "i", "l", "i", "|", "i", "j", "i", "5", "s", "8", "b",
	"6", "b", "c", "e", "v", "y")

// skeleton is a word with its lookalikes made one.
func skeleton(word string) string { return lookalikes.Replace(word) }

// add notes a name of one word under its skeleton, and under that with any one letter left out.
func (a alike) add(name string) {
	name = strings.ToLower(strings.TrimSpace(name))
	if len(name) < alikeMin || strings.ContainsAny(name, " -/,0123456789") {
		return
	}
	for _, k := range shortened(skeleton(name)) {
		if !slices.Contains(a[k], name) {
			a[k] = append(a[k], name)
		}
	}
}

// shortened gives the keys of a skeleton and of it without each of its letters: two words share one
// of them when at most one letter is missing, added or another.
func shortened(s string) []uint64 {
	out := []uint64{wordKey(s)}
	for i := range s {
		out = append(out, wordKey(s[:i]+s[i+1:]))
	}
	return out
}

// of gives the drugs that a word looks like, in alphabetic order: those with its skeleton, else
// those that differ from it by one letter.
func (a alike) of(word string) []string {
	s := skeleton(word)
	var same, near []string
	for _, k := range shortened(s) {
		for _, name := range a[k] {
			switch other := skeleton(name); {
			case other == s:
				same = append(same, name)
			case oneLetter(s, other):
				near = append(near, name)
			}
		}
	}
	if len(same) > 0 {
		near = same
	}
	sort.Strings(near)
	return slices.Compact(near)
}

// oneLetter reports that one letter, missing, added or another, makes a text the other.
func oneLetter(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i < len(a) && a[i+1:] == b[i+1:]
	}
	return a[i:] == b[i+1:]
}

// drugSections are those in which words name drugs.
var drugSections = map[string]bool{"medications": true, "discharge_medications": true, "admission_medications": true}

// misread makes a mention of a word that looks like a drug where one is expected; nil elsewhere.
func (e *Engine) misread(text []rune, toks []token, i int, s span, section string) *mention {
	t := toks[i]
	if !t.word() || len(t.lower) < alikeMin || len(t.lower) > 24 || !drugSections[section] && !strengthBehind(toks, i+1, s.last) || t.number() ||
		e.lexicon.roles[t.normKey] != 0 {
		return nil
	}
	names := e.lexicon.alike.of(t.lower)
	if len(names) == 0 || len(names) > 4 || slices.Contains(names, t.lower) {
		return nil
	}
	m := newMention(text, toks, i, i+1, record.Medication, entry{kind: kindDrug, score: 0.5})
	m.Rule = "likeness"
	m.attribute("read_as", strings.Join(names, " or "))
	m.doubts = append(m.doubts, "no known word; it looks like "+strings.Join(names, " or "))
	return m
}

// strengthBehind reports a number with a unit of dose behind a word.
func strengthBehind(toks []token, i, last int) bool {
	if i >= last || !toks[i].number() {
		return false
	}
	if unit := strings.TrimLeft(toks[i].lower, "0123456789.,"); unit != "" {
		return doses[unit]
	}
	return i+1 < last && doses[toks[i+1].lower]
}

// drugWords gives the names of a row of drugs that are one word each.
func drugWords(row string) []string {
	return strings.FieldsFunc(row, func(r rune) bool { return r == ':' || r == ',' })
}
