package reader

import (
	"context"
	"image"
	"math"
	"slices"
	"sync"

	"chartlake/document"
	"chartlake/reader/barcode"
	"chartlake/reader/pdf"
)

// codes reads the bar codes of an upright picture. What OCR took from within a code is no
// word: bars look like letters.
func codes(ctx context.Context, page *document.Page, img *image.Gray) {
	page.Barcodes = barcode.Find(ctx, img)
	if len(page.Barcodes) == 0 {
		return
	}
	page.Blank = false
	page.Words = slices.DeleteFunc(page.Words, func(w document.Word) bool {
		return slices.ContainsFunc(page.Barcodes, func(c document.Code) bool { return w.Box.Intersect(c.Box).Area() > w.Box.Area()/2 })
	})
}

// vainLooks is in how many pages a picture in the same place may show no code until it is not
// looked at any more: letterheads stand on every page.
const vainLooks = 2

// looked counts the pages of a document in which a picture showed no code.
type looked struct {
	mu   sync.Mutex
	vain map[spot]int
}

// spot is where a picture lies, in thousandths of the page, and its resolution.
type spot struct{ x, y, w, h, dpi int }

func spotOf(i pdf.Image) spot {
	at := func(v float64) int { return int(math.Round(1000 * v)) }
	return spot{at(i.Box.X), at(i.Box.Y), at(i.Box.W), at(i.Box.H), int(i.DPI)}
}

// worth reports whether a picture in this place may show a code.
func (l *looked) worth(i pdf.Image) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.vain[spotOf(i)] < vainLooks
}

// note keeps that a picture showed no code.
func (l *looked) note(i pdf.Image) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.vain == nil {
		l.vain = map[spot]int{}
	}
	if len(l.vain) < 4096 {
		l.vain[spotOf(i)]++
	}
}

// codes reads the bar codes of a page whose words come from its text layer. The page is
// rendered only where it draws what may be one, or has a picture that may show one.
func (p *pdfReader) codes(ctx context.Context, number int, content *pdf.Page, page *document.Page) error {
	var seen []pdf.Image
	for _, i := range content.Images {
		if p.looked.worth(i) {
			seen = append(seen, i)
		}
	}
	if len(seen) == 0 && !content.Barred {
		return nil
	}
	img, err := p.upright(ctx, number, content, ocrDPI)
	if err != nil {
		return err
	}
	page.Barcodes = barcode.Find(ctx, img)
	for _, i := range seen {
		if !slices.ContainsFunc(page.Barcodes, func(c document.Code) bool { return !c.Box.Intersect(i.Box).Empty() }) {
			p.looked.note(i)
		}
	}
	return ctx.Err()
}
