package form

import (
	"testing"

	"chartlake/document"
	"chartlake/form/classify"
	"chartlake/form/sheet"
	"chartlake/record"
)

// consentPage prints questions over Yes/No columns. states gives the marks of a row, "-" for
// a box that the reader did not see.
func consentPage(questions []string, states [][2]string) *document.Document {
	p := document.Page{Number: 1, Width: 850, Height: 1100, Source: document.SourceText}
	word := func(text string, x, y float64) {
		n := len(p.Words)
		p.Words = append(p.Words, document.Word{Text: text, Confidence: 1, Box: document.Box{X: x, Y: y, W: 0.008 * float64(len(text)), H: 0.01}})
		p.Lines = append(p.Lines, document.Line{Words: []int{n}})
	}
	sentence := func(text string, y float64) {
		x, start := 0.06, 0
		for i := 0; i <= len(text); i++ {
			if i == len(text) || text[i] == ' ' {
				word(text[start:i], x, y)
				x += 0.008*float64(i-start) + 0.006
				start = i + 1
			}
		}
	}
	sentence("Consent for Immunization", 0.03)
	word("Yes", 0.8, 0.2)
	word("No", 0.88, 0.2)
	for i, q := range questions {
		y := 0.24 + 0.03*float64(i)
		sentence(q, y)
		for j, s := range states[i] {
			if s == "-" {
				word("\uFFFD", 0.805+0.077*float64(j), y)
				continue
			}
			p.Marks = append(p.Marks, document.Mark{State: document.MarkState(s), Shape: "box", Confidence: 0.95, Fill: map[string]float64{"on": 0.4, "off": 0, "ambiguous": 0.1}[s],
				Box: document.Box{X: 0.803 + 0.077*float64(j), Y: y, W: 0.012, H: 0.01}})
		}
	}
	return &document.Document{Pages: []document.Page{p}}
}

// TestQuestions: only a box seen ticked beside boxes seen empty is accepted; nothing ticked
// is no answer, and a box that was not seen is at most proposed.
func TestQuestions(t *testing.T) {
	t.Parallel()
	doc := consentPage([]string{"Are you sick today?", "Do you have asthma?", "Is latex a problem?", "Have you fainted before?", "Did you travel lately?", "Are you tired now?"},
		[][2]string{{"off", "on"}, {"on", "off"}, {"off", "off"}, {"on", "on"}, {"-", "off"}, {"on", "-"}})
	r := newReading(sheet.New(doc, 1, 1), classify.Guess{Type: "immunization_consent"})
	r.consent()
	want := map[string]struct {
		v  string
		st record.State
	}{"Are you sick today?": {"No", record.Accepted}, "Do you have asthma?": {"Yes", record.Accepted}, "Have you fainted before?": {"Yes", record.Review},
		"Did you travel lately?": {"Yes", record.Review}, "Are you tired now?": {"Yes", record.Review}}
	seen := map[string]bool{}
	for _, f := range r.fields {
		w, ok := want[f.Label]
		if !ok || seen[f.Label] || *f.Value != w.v || f.State != w.st {
			t.Errorf("%s %q: %q %s %v", f.Name, f.Label, *f.Value, f.State, f.Reasons)
		}
		seen[f.Label] = true
	}
	if len(seen) != len(want) {
		t.Errorf("%d of %d answers", len(seen), len(want))
	}
	if len(r.flags) != 1 || r.flags[0].Code != "tick_conflict" {
		t.Errorf("flags %v", r.flags)
	}
}
