package clinical

import (
	"strings"

	"chartlake/record"
	"chartlake/terminology"
)

// The titles of ICD-10-CM name place and side in an order of their own: "pain in left knee" is the
// title of what notes call left knee pain, or pain of the knee, left.

// limbs are what the titles call parts of the body that notes name shorter.
var limbs = map[string][]string{"leg": {"lower limb", "lower leg"}, "arm": {"upper limb", "upper arm"}, "lower leg": {"lower limb"},
	"upper arm": {"upper limb"}, "forearm": {"upper limb"}, "toe": {"toe"}, "thigh": {"lower limb"}, "calf": {"lower limb", "lower leg"},
	"belly": {"abdomen"}, "tummy": {"abdomen"}}

// titleSides are the words of the titles for those of notes.
var titleSides = map[string]string{"left": "left", "left-sided": "left", "left - sided": "left", "right": "right", "right-sided": "right",
	"right - sided": "right", "bilateral": "bilateral", "bilaterally": "bilateral", "both": "bilateral"}

// refine puts the code of the title that names place and side of a finding before that of its
// name alone. Where no title does, nothing changes.
func (e *Engine) refine(m *mention) {
	site := m.Attributes["body_site"]
	side := titleSides[strings.ToLower(m.Attributes["laterality"])]
	if site == "" && side == "" {
		return
	}
	place := withoutSides(terminology.Normal(site))
	head := strings.TrimSpace(strings.Join(strings.Fields(strings.Replace(" "+withoutSides(terminology.Normal(m.Text))+" ", " "+place+" ", " ", 1)), " "))
	if head == "" {
		return
	}
	for _, phrase := range titles(head, place, side) {
		en, ok := e.lexicon.terms[hashOf(phrase)]
		if !ok || en.kind != kindProblem || en.code == "" || len(m.Codes) > 0 && m.Codes[0].Code == en.code {
			continue
		}
		if len(m.Codes) > 0 && strings.HasPrefix(m.Codes[0].Code, en.code) {
			return // what the name alone says is finer
		}
		m.Codes = append([]record.Code{{System: terminology.ICD10CM, Code: en.code, Display: en.display, Score: en.coded}}, m.Codes...)
		return
	}
}

// titles gives the ways in which titles say a finding with its place and side, the finest first.
func titles(head, place, side string) []string {
	places := append([]string{place}, limbs[place]...)
	var out []string
	for _, s := range []string{side, "unspecified"} {
		if s == "" {
			continue
		}
		for _, p := range places {
			if p == "" {
				out = append(out, s+" "+head, head+" "+s)
				continue
			}
			out = append(out, head+" in "+s+" "+p, head+" of "+s+" "+p, head+" "+s+" "+p, head+" of "+p+" "+s, p+" "+head+" "+s, s+" "+p+" "+head)
		}
	}
	for _, p := range places {
		if p != "" {
			out = append(out, head+" in "+p, head+" of "+p, p+" "+head)
		}
	}
	return out
}

// withoutSides takes words of side and articles off a normal text.
func withoutSides(s string) string {
	var kept []string
	for _, w := range strings.Fields(s) {
		switch w {
		case "left", "right", "bilateral", "bilaterally", "both", "sided", "the", "his", "her":
		default:
			if !severities[w] {
				kept = append(kept, w)
			}
		}
	}
	return strings.Join(kept, " ")
}
