package reader

import "chartlake/document"

// autographSure is the confidence from which a word in the ink of a signature is print.
const autographSure = 0.75

// autograph marks the words that OCR took from the ink of a signature as handwriting: they are
// no name.
func autograph(page *document.Page) {
	for _, s := range page.Signatures {
		if s.State != document.MarkOn {
			continue
		}
		for i := range page.Words {
			w := &page.Words[i]
			if w.Confidence < autographSure && w.Box.Intersect(s.Box).Area() > w.Box.Area()/2 {
				w.Handwritten = true
			}
		}
	}
}
