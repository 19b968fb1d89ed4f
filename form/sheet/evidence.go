package sheet

import "chartlake/document"

// Evidence is where a value stands and how well it was read.
type Evidence struct {
	Page        int
	Box         document.Box
	Begin, End  int
	Least, Mean float64 // confidence of the least certain word, and of all
	Handwritten bool
	Struck      bool
	OCR         bool
}

// Of gathers the evidence of tokens (at least one). A value that goes over a page break
// keeps the page and box of its first page; Begin and End cover the first run of characters
// that follow each other in the text.
func Of(tokens []Token) Evidence {
	e := Evidence{Page: tokens[0].Page, Begin: tokens[0].Begin, End: tokens[0].End, Least: 1}
	sum := 0.0
	run := true
	for i, t := range tokens {
		e.Least = min(e.Least, t.Confidence)
		sum += t.Confidence
		e.Handwritten = e.Handwritten || t.Handwritten
		e.Struck = e.Struck || t.Struck
		e.OCR = e.OCR || t.OCR
		if t.Page == e.Page {
			e.Box = e.Box.Union(t.Box)
		}
		if i > 0 {
			gap := t.Begin - tokens[i-1].End
			run = run && gap >= 0 && gap <= 2
			if run {
				e.End = t.End
			}
		}
	}
	e.Mean = sum / float64(len(tokens))
	return e
}

// Sub cuts a token to its characters [from,to) (runes); the box is cut in proportion.
func (t Token) Sub(from, to int) Token {
	runes := []rune(t.Text)
	n := float64(len(runes))
	s := t
	s.Text = string(runes[from:to])
	s.Begin, s.End = t.Begin+from, t.Begin+to
	s.Box.X, s.Box.W = t.Box.X+t.Box.W*float64(from)/n, t.Box.W*float64(to-from)/n
	w := t.X1 - t.X0
	s.X0, s.X1 = t.X0+w*float64(from)/n, t.X0+w*float64(to)/n
	return s
}
