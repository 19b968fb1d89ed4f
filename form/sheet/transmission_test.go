package sheet

import (
	"testing"

	"chartlake/document"
)

// TestAskewTransmission: a fax machine's line that lies askew is rows of its own parts; the head
// of a document, whose rows stand under each other, is none.
func TestAskewTransmission(t *testing.T) {
	t.Parallel()
	page := func(words ...document.Word) *document.Document {
		p := document.Page{Number: 1, Width: 612, Height: 792, Source: document.SourceOCR}
		for i, w := range words {
			w.Confidence = 0.95
			p.Words = append(p.Words, w)
			p.Lines = append(p.Lines, document.Line{Words: []int{i}, Box: w.Box})
		}
		return &document.Document{Pages: []document.Page{p}}
	}
	word := func(text string, x, y float64) document.Word {
		return document.Word{Text: text, Box: document.Box{X: x, Y: y, W: 0.05, H: 0.007}}
	}
	askew := New(page(word("(352)555-0176", 0.05, 0.021), word("06/86/2026", 0.41, 0.015), word("001/002", 0.9, 0.009), word("Consent", 0.3, 0.1)), 1, 1).Pages[0]
	for _, r := range askew.Rows {
		if want := r.Y1 < transmissionTop; r.Transmitted() != want {
			t.Errorf("the row of %s: %v, want %v", r.Phrases[0].Text(), r.Transmitted(), want)
		}
	}
	head := New(page(word("06/06/2026", 0.41, 0.015), word("Lakeside", 0.41, 0.024), word("001/002", 0.9, 0.04), word("Consent", 0.3, 0.1)), 1, 1).Pages[0]
	for _, r := range head.Rows {
		if r.Transmitted() {
			t.Errorf("%s is taken for a fax machine's", r.Phrases[0].Text())
		}
	}
}
