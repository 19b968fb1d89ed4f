package reader

import (
	"testing"

	"chartlake/document"
)

func TestAutograph(t *testing.T) {
	t.Parallel()
	at := func(x float64) document.Box { return document.Box{X: x, Y: 0.5, W: 0.05, H: 0.02} }
	ink := document.Mark{Shape: "signature", State: document.MarkOn, Box: document.Box{X: 0.1, Y: 0.48, W: 0.3, H: 0.05}}
	p := &document.Page{Signatures: []document.Mark{ink}, Words: []document.Word{
		{Text: "Rwtht", Box: at(0.15), Confidence: 0.3}, {Text: "Date", Box: at(0.3), Confidence: 0.95}, {Text: "smudge", Box: at(0.6), Confidence: 0.2}}}
	autograph(p)
	if !p.Words[0].Handwritten || p.Words[1].Handwritten || p.Words[2].Handwritten {
		t.Errorf("handwritten: %v %v %v", p.Words[0].Handwritten, p.Words[1].Handwritten, p.Words[2].Handwritten)
	}
	p.Words[0].Handwritten, p.Signatures[0].State = false, document.MarkOff
	if autograph(p); p.Words[0].Handwritten {
		t.Error("a place without ink makes words handwriting")
	}
}
