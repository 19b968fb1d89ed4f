package deidentify

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"unicode"

	"chartlake/clinical/phi"
	"chartlake/document"
	"chartlake/record"
)

// Sheet is a page to be drawn anew: which words stay as text, and what is black on its picture.
type Sheet struct {
	Page  document.Page  // with the words that stay
	Black []document.Box // fractions of the page
}

// doubtful is the confidence of a word below which its picture is black: what it says is not known,
// and so not whether it identifies.
const doubtful = 0.5

// identifying are the kinds of a record's fields whose place on the page is black as a whole.
var identifying = map[record.Kind]bool{record.KindName: true, record.KindID: true, record.KindPhone: true, record.KindAddress: true,
	record.KindDate: true, record.KindDatetime: true, record.KindSignature: true}

// Pages gives the sheets of pages first to last of a document, and its text with surrogates. more is
// what the document's own record says of whom it is about; fields are the record's.
func (p *Person) Pages(doc *document.Document, first, last int, more *phi.Dictionary, fields []record.Field) (sheets []Sheet, text string, found []phi.Mention) {
	running := doc.Text(first, last)
	found = p.finder.Find(running.String, more, p.known)
	hidden := map[[2]int]bool{} // page and word
	for _, m := range found {
		for _, r := range running.Words(m.Begin, m.End) {
			hidden[[2]int{r.Page, r.Word}] = true
		}
	}
	gone := map[[2]int]bool{}
	for i := range doc.Pages {
		if page := &doc.Pages[i]; page.Number >= first && page.Number <= last {
			sheets = append(sheets, sheet(page, hidden, gone, fields))
		}
	}
	return sheets, p.replace(running.String, withGone(running, found, gone)), found
}

// withGone adds to the finds the words that are black for another reason, so that the text does not
// say what the page hides.
func withGone(running document.Text, found []phi.Mention, gone map[[2]int]bool) []phi.Mention {
	var out []phi.Mention
	next := 0
	for _, r := range running.Runs {
		for next < len(found) && found[next].Begin <= r.Begin {
			out = append(out, found[next])
			next++
		}
		covered := len(out) > 0 && out[len(out)-1].End > r.Begin || next < len(found) && found[next].Begin < r.End
		if gone[[2]int{r.Page, r.Word}] && !covered {
			out = append(out, phi.Mention{Begin: r.Begin, End: r.End})
		}
	}
	return append(out, found[next:]...)
}

// sheet takes from a page the words that identify, those in the place of a field that does, and those
// that are hardly read, and notes where black is to be. Every word that goes is noted in all.
func sheet(page *document.Page, hidden, all map[[2]int]bool, fields []record.Field) Sheet {
	s := Sheet{Page: document.Page{Number: page.Number, Width: page.Width, Height: page.Height, DPI: page.DPI, Source: page.Source, Failed: page.Failed}}
	for _, f := range fields {
		if f.Page == page.Number && identifying[f.Kind] && !f.Box.Empty() {
			s.Black = append(s.Black, wider(f.Box))
		}
	}
	for _, m := range page.Signatures {
		s.Black = append(s.Black, wider(m.Box))
	}
	for _, c := range page.Barcodes {
		s.Black = append(s.Black, wider(c.Box))
	}
	covered := s.Black
	gone := make([]bool, len(page.Words))
	for i, w := range page.Words {
		switch {
		case hidden[[2]int{page.Number, i}], w.Handwritten, w.Confidence < doubtful && legible(w.Text):
			gone[i] = true
			s.Black = append(s.Black, wider(w.Box))
		case under(w.Box, covered):
			gone[i] = true
		}
	}
	places := make([]int, len(page.Words))
	for i, w := range page.Words {
		if gone[i] {
			all[[2]int{page.Number, i}] = true
			places[i] = -1
			continue
		}
		places[i] = len(s.Page.Words)
		s.Page.Words = append(s.Page.Words, w)
	}
	for _, l := range page.Lines {
		line := document.Line{Box: l.Box}
		for _, w := range l.Words {
			if w >= 0 && w < len(places) && places[w] >= 0 {
				line.Words = append(line.Words, places[w])
			}
		}
		s.Page.Lines = append(s.Page.Lines, line)
	}
	return s
}

// legible reports a letter or figure: a smudge alone identifies nobody.
func legible(s string) bool {
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return true
		}
	}
	return false
}

// under reports that a third of a word or more lies under boxes.
func under(w document.Box, boxes []document.Box) bool {
	for _, b := range boxes {
		if i := w.Intersect(b); !i.Empty() && 3*i.Area() >= w.Area() {
			return true
		}
	}
	return false
}

// wider adds a rim: boxes of words are as tight as their letters, and a rim of ink can be read.
func wider(b document.Box) document.Box {
	rim := 0.15*b.H + 0.0008
	return document.Box{X: b.X - rim, Y: b.Y - rim, W: b.W + 2*rim, H: b.H + 2*rim}.Clamp()
}

// Blacken gives a copy of a page's picture with black where the sheet says and where a photograph
// stands. The copy shares no pixel with the picture.
func (s *Sheet) Blacken(picture image.Image) *image.RGBA {
	b := picture.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(out, out.Bounds(), picture, b.Min, draw.Src)
	width, height := float64(b.Dx()), float64(b.Dy())
	for _, box := range append(Photographs(out), s.Black...) {
		r := image.Rect(int(math.Floor(box.X*width)), int(math.Floor(box.Y*height)), int(math.Ceil((box.X+box.W)*width)), int(math.Ceil((box.Y+box.H)*height)))
		draw.Draw(out, r.Intersect(out.Bounds()), image.NewUniform(color.Black), image.Point{}, draw.Src)
	}
	return out
}
