package sheet

import (
	"strings"

	"chartlake/document"
	"chartlake/eval/expected"
)

// Prose is running text with marked mentions: [p fever] is a mention of a problem, and the
// letters behind the kind say how it is asserted. Kinds: p problem, m medication, t test,
// x procedure, a allergy, s social history. Assertions: - negated, ? uncertain,
// ~ hypothetical, h historical, f of a relative, * negated or not. No mention spans a bracket.

// mention is the assertion of a marked text.
type mention struct {
	kind  byte
	marks string
	text  string
}

// proseWord is a word with the mention and the item of a list it belongs to, -1 for none.
type proseWord struct {
	s             string
	mention, item int
}

var mentionTypes = map[byte]string{
	'p': "problem", 'm': "medication", 't': "test", 'x': "procedure", 'a': "allergy", 's': "social_history",
}

// parseProse takes the marks out of a text. A mention keeps the punctuation that follows it
// out of its own text although both are one printed word.
func parseProse(text string) (words []proseWord, mentions []mention) {
	add := func(s string, m int, glued bool) {
		for i, w := range strings.Fields(s) {
			if i == 0 && glued && len(words) > 0 {
				words[len(words)-1].s += w
				continue
			}
			words = append(words, proseWord{w, m, -1})
		}
	}
	glue := false
	for text != "" {
		before, rest, found := strings.Cut(text, "[")
		add(before, -1, glue && before != "" && before[0] != ' ')
		if !found {
			break
		}
		inside, after, _ := strings.Cut(rest, "]")
		head, body, _ := strings.Cut(inside, " ")
		mentions = append(mentions, mention{head[0], head[1:], body})
		add(body, len(mentions)-1, before != "" && !strings.HasSuffix(before, " "))
		text, glue = after, true
	}
	return words, mentions
}

// entity is the expected result of a mention. Every assertion is stated, so that all are scored.
func (m mention) entity() expected.Entity {
	has := func(mark string) *bool { b := strings.Contains(m.marks, mark); return &b }
	e := expected.Entity{Text: m.text, Type: mentionTypes[m.kind], Negated: has("-"), Uncertain: has("?"), Hypothetical: has("~")}
	if strings.Contains(m.marks, "h") {
		e.Historical = has("h")
	}
	if strings.Contains(m.marks, "f") {
		e.Experiencer = "family"
	}
	if strings.Contains(m.marks, "*") {
		e.Negated, e.NegatedFree = nil, true
	}
	return e
}

// Flow writes text down a column and goes on to a new sheet where the column ends.
type Flow struct {
	Draft   *Draft
	Sheet   *Sheet
	X, Y    float64 // where the next baseline begins
	Width   float64
	Bottom  float64                  // the last baseline that a sheet has
	Leading float64                  // from baseline to baseline, in text sizes
	Turn    func() (*Sheet, float64) // begins the next sheet and gives its first baseline
}

// Room begins a new sheet unless this much height is left.
func (f *Flow) Room(height float64) {
	if f.Y+height > f.Bottom && f.Turn != nil {
		f.Sheet, f.Y = f.Turn()
	}
}

// Skip moves down.
func (f *Flow) Skip(points float64) { f.Y += points }

// Line draws one line of plain text and moves down.
func (f *Flow) Line(s string, st Style) document.Box {
	f.Room(0)
	box := f.Sheet.Text(f.X, f.Y, s, st)
	f.Y += st.Size * f.Leading
	return box
}

// Prose draws marked-up text, indent points in, and writes its mentions down as entities
// with the box of their ink on the sheet where they begin.
func (f *Flow) Prose(text string, indent float64, st Style) {
	words, mentions := parseProse(text)
	f.run(words, mentions, nil, indent, st)
}

// Items draws marked-up texts one after the other with a sign between them, and writes
// each down as a value of a field.
func (f *Flow) Items(name string, items []string, between string, indent float64, st Style) {
	var words []proseWord
	var mentions []mention
	for i, item := range items {
		w, m := parseProse(item)
		for k := range w {
			if w[k].mention >= 0 {
				w[k].mention += len(mentions)
			}
			w[k].item = i
		}
		if i < len(items)-1 {
			w[len(w)-1].s += between
		}
		words, mentions = append(words, w...), append(mentions, m...)
	}
	places := make([]expected.Place, len(items))
	f.run(words, mentions, places, indent, st)
	for i, item := range items {
		f.Draft.value(name, Printed(item), places[i])
	}
}

// run sets words in lines and fills in where the items stand.
func (f *Flow) run(words []proseWord, mentions []mention, items []expected.Place, indent float64, st Style) {
	places := make([]expected.Place, len(mentions))
	for len(words) > 0 {
		n, run := 1, st.Width(words[0].s)
		for n < len(words) {
			run += st.Width(" " + words[n].s)
			if run > f.Width-indent {
				break
			}
			n++
		}
		f.Room(0)
		f.line(words[:n], places, items, f.X+indent, st)
		f.Y += st.Size * f.Leading
		words = words[n:]
	}
	for i, m := range mentions {
		e := m.entity()
		at := places[i]
		e.Box = &at
		f.Draft.Expected.Entities = append(f.Draft.Expected.Entities, e)
	}
}

// line draws one line and adds its words to the places of their mentions and items. A thing
// that goes over to the next sheet keeps its place on the first.
func (f *Flow) line(line []proseWord, mentions, items []expected.Place, x float64, st Style) {
	text := ""
	for i, w := range line {
		if i > 0 {
			text += " "
		}
		box := f.Sheet.inkOf(x+st.Width(text), f.Y, w.s, st)
		if w.mention >= 0 {
			f.extend(&mentions[w.mention], box)
		}
		if w.item >= 0 {
			f.extend(&items[w.item], box)
		}
		text += w.s
	}
	f.Sheet.Text(x, f.Y, text, st)
}

func (f *Flow) extend(at *expected.Place, box document.Box) {
	if at.Page == 0 {
		at.Page = f.Sheet.Number
	}
	if at.Page == f.Sheet.Number {
		at.Box = at.Box.Union(box)
	}
}

// Value draws one line of plain text that is the value of a field and a mention of this kind.
func (f *Flow) Value(name, value string, indent float64, kind string, st Style) {
	f.Items(name, []string{"[" + kind + " " + value + "]"}, "", indent, st)
}

// inkOf is the box that Text would give, without drawing.
func (s *Sheet) inkOf(x, y float64, str string, st Style) document.Box {
	return s.inkAt(x, y, str, st.face(), st.Size)
}

func (s *Sheet) inkAt(x, y float64, str string, face *Face, size float64) document.Box {
	x0, y0, x1, y1, ok := face.ink(str)
	if !ok {
		return document.Box{}
	}
	return s.fraction(x+x0*size, y+y0*size, (x1-x0)*size, (y1-y0)*size)
}

// Printed is a marked-up text as it is printed.
func Printed(text string) string {
	words, _ := parseProse(text)
	var s []string
	for _, w := range words {
		s = append(s, w.s)
	}
	return strings.Join(s, " ")
}
