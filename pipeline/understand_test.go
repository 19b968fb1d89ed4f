package pipeline

import (
	"testing"

	"chartlake/document"
	"chartlake/record"
)

// A result whose digits were hardly read is for a person, though its test was read well.
func TestHardlyReadDigits(t *testing.T) {
	t.Parallel()
	for confidence, want := range map[float64]bool{0.95: false, 0.55: true} {
		p := document.Page{Number: 1, Source: document.SourceOCR, Words: []document.Word{
			{Text: "Potassium", Confidence: 0.97}, {Text: "was", Confidence: 0.97}, {Text: "5.6", Confidence: confidence}},
			Lines: []document.Line{{Words: []int{0, 1, 2}}}}
		doc := &document.Document{Pages: []document.Page{p}}
		e := record.Entity{Type: record.Test, Text: "Potassium", End: 9, State: record.Accepted, Attributes: map[string]string{"value": "5.6"}}
		doubt(doc, doc.Text(1, 1), &e)
		if got := e.State == record.Review; got != want {
			t.Errorf("digits read with %v: in review %v", confidence, got)
		}
	}
}
