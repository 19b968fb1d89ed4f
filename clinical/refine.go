package clinical

import (
	"slices"
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
func (e *Engine) refine(toks []token, s span, m *mention, after []*mention) {
	e.refineBySite(m)
	e.refineByOrgan(toks, s, m, after)
	e.refineByLikeness(toks, m)
}

// refineByLikeness gives a mention without a code those of the names that are most like it.
func (e *Engine) refineByLikeness(toks []token, m *mention) {
	if len(m.Codes) > 0 || m.entry.growth != 0 {
		return
	}
	var asked []string
	for _, w := range norms(toks[m.first:m.last]) {
		if !severities[w] {
			asked = append(asked, w)
		}
	}
	m.Codes = slices.Clone(e.likeness().like(asked, strings.Fields(terminology.Normal(m.Attributes["body_site"]))))
}

// refineByOrgan codes a lesion, a tumor or a metastasis by the organ that it is of.
func (e *Engine) refineByOrgan(toks []token, s span, m *mention, after []*mention) {
	for i := m.last - 1; i >= m.first && m.entry.growth == 0; i-- {
		m.entry.growth = growths[toks[i].norm]
	}
	if m.entry.growth == 0 || len(m.Codes) > 0 && !e.broad(m.Codes[0]) {
		return
	}
	g, o := m.entry.growth, e.organOf(toks, s, m, after)
	if o == nil {
		return
	}
	e.prefer(m, changed(g, o, titleSides[strings.ToLower(m.Attributes["laterality"])]), organScore)
}

// Where the organ of a change may stand: some words before it ("solid renal mass"), or behind it and a
// preposition ("mass of 6 cm in the upper pole of the right kidney").
const (
	organBefore = 3
	organBehind = 14
)

// organOf gives the organ that a change is of; nil where its sentence names none before it names
// something else.
func (e *Engine) organOf(toks []token, s span, m *mention, after []*mention) *organ {
	first := m.first
	for first > s.first && m.first-first < organBefore && (toks[first-1].word() || toks[first-1].text == "-") && !breaks[toks[first-1].lower] {
		first--
	}
	if o := e.organs.in(norms(toks[first:m.last])); o != nil {
		return o
	}
	end := min(s.last, m.last+organBehind)
	for _, o := range after {
		if o.Type == m.Type {
			end = min(end, o.first)
			break
		}
	}
	last, led := m.last, false
	for last < end && toks[last].text != ";" && toks[last].text != ":" && toks[last].lower != "without" && toks[last].lower != "no" {
		led = led || leads[toks[last].lower]
		last++
	}
	if !led {
		return nil
	}
	return e.organs.in(norms(toks[m.last:last]))
}

// breaks are words before a change that begin its phrase: what stands before them is of another.
var breaks = words("the a an and or with of in to by for from showed shows revealed was were is are had has this that no without")

// leads are words between a change and its place.
var leads = words(`in of at on within over to involving affecting occupying invading from located along near beside throughout surrounding`)

func norms(toks []token) []string {
	var out []string
	for i := range toks {
		if toks[i].norm != "" {
			out = append(out, toks[i].norm)
		}
	}
	return out
}

// organScore is how often the code is right that the organ of a change gives.
const organScore = 0.25

// placed drops the codes of changes whose place is not said: "the mass" is mostly the renal mass named
// before, and hardly ever a lump of an unspecified site.
func (e *Engine) placed(all []*mention) {
	for _, m := range all {
		if m.entry.growth != 0 && len(m.Codes) > 0 && e.placeless[m.Codes[0].Code] {
			m.Codes = nil
		}
	}
}

// broad reports the code of a change without a place, or that of a broader term.
func (e *Engine) broad(c record.Code) bool {
	return e.placeless[c.Code] || c.Score <= sourceScore[terminology.Broader]
}

// prefer puts the code of the first of some names that has one before the others.
func (e *Engine) prefer(m *mention, names []string, score float64) {
	for _, name := range names {
		en, ok := e.lexicon.terms[hashOf(name)]
		if !ok || en.kind != kindProblem || en.code == "" {
			continue
		}
		if len(m.Codes) > 0 && m.Codes[0].Code == en.code {
			return
		}
		m.Codes = append([]record.Code{{System: terminology.ICD10CM, Code: en.code, Display: en.display, Score: score}}, m.Codes...)
		return
	}
}

func (e *Engine) refineBySite(m *mention) {
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
