package reader

import (
	"context"
	"fmt"
	"image"
	"sort"
	"strings"
	"unicode"

	"chartlake/document"
	"chartlake/reader/pdf"
	"chartlake/reader/pixel"
)

// Verification of a text layer that lies over a picture.
const (
	inkMin     = 0.9  // share of words that must have ink under them
	strayMax   = 0.35 // share of the page's ink that may lie outside words: rules, stamps, noise
	agreeMin   = 0.75 // share of sampled words that OCR must read alike
	strips     = 3    // parts of the page that are sampled
	stripWords = 12   // words wanted in each
)

// verify compares a text layer with the picture under it: ink under its words, little ink
// elsewhere, and the same words by OCR in a sample of strips. A layer that fails is not used.
func (p *pdfReader) verify(ctx context.Context, number int, content *pdf.Page, v verdict) (verdict, error) {
	dpi := resolution(content.Images)
	sharp, err := p.upright(ctx, number, content, dpi)
	if err != nil {
		return v, err
	}
	img := pixel.Shrink(sharp, max(1, int(dpi/lookDPI+0.1)))
	var words []document.Word
	for _, w := range content.Words {
		words = append(words, w.Word)
	}
	with := 0
	for _, w := range words {
		if inked(img, w.Box) {
			with++
		}
	}
	outside := stray(img, words)
	v = v.because("%.0f %% of its words have ink under them, %.0f %% of the ink lies elsewhere",
		100*share(with, len(words)), 100*outside)
	if share(with, len(words)) < inkMin || outside > strayMax {
		v.source = document.SourceOCR
		return v.because("the text layer does not fit the picture"), nil
	}
	if p.reader.ocr == nil {
		for i := range content.Words {
			content.Words[i].Confidence = min(content.Words[i].Confidence, 0.5)
		}
		return v.because("the text layer could not be compared with the picture, because there is no OCR"), nil
	}
	same, all, err := p.sample(ctx, number, sharp, dpi, words)
	if err != nil {
		return v, err
	}
	if all == 0 || share(same, all) < agreeMin {
		v.source = document.SourceOCR
		return v.because("OCR agrees with %d of %d sampled words", same, all), nil
	}
	// Somebody else's OCR: as sure as its sample.
	for i := range content.Words {
		content.Words[i].Confidence = min(content.Words[i].Confidence, share(same, all))
	}
	return v.because("OCR agrees with %d of %d sampled words", same, all), nil
}

// stray is the share of dark pixels outside all words.
func stray(img *image.Gray, words []document.Word) float64 {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	inside := make([]bool, w*h)
	for _, word := range words {
		b := word.Box
		// Boxes of other programs are a little off: allow half a line around.
		pad := 0.5 * b.H
		for y := max(0, int((b.Y-pad)*float64(h))); y < min(h, int((b.Y+b.H+pad)*float64(h))+1); y++ {
			for x := max(0, int((b.X-pad)*float64(w))); x < min(w, int((b.X+b.W+pad)*float64(w))+1); x++ {
				inside[y*w+x] = true
			}
		}
	}
	dark, out := 0, 0
	for y := range h {
		for x, v := range img.Pix[y*img.Stride : y*img.Stride+w] {
			if v < 128 {
				dark++
				if !inside[y*w+x] {
					out++
				}
			}
		}
	}
	return share(out, dark)
}

// sample reads strips of the page by OCR and counts the layer's words that it reads too.
func (p *pdfReader) sample(ctx context.Context, number int, img *image.Gray, dpi float64, words []document.Word) (same, all int, err error) {
	for _, strip := range chosenStrips(words) {
		part, at := crop(img, strip)
		if part.Rect.Dx() < 32 || part.Rect.Dy() < 16 {
			continue
		}
		result, err := p.reader.ocr.Page(ctx, part, dpi)
		if err != nil {
			return 0, 0, fmt.Errorf("verify page %d: %w", number, err)
		}
		read := map[string]int{}
		for _, w := range result.Words {
			read[folded(w.Text)]++
		}
		for _, w := range words {
			key := folded(w.Text)
			if len(key) < 2 || !inside(w.Box, at) {
				continue
			}
			all++
			if read[key] > 0 {
				read[key]--
				same++
			}
		}
	}
	return same, all, nil
}

// chosenStrips are full-width strips around the first, the middle and the last words.
func chosenStrips(words []document.Word) []document.Box {
	sorted := append([]document.Word(nil), words...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Box.Y < sorted[j].Box.Y })
	var out []document.Box
	for i := range strips {
		n := len(sorted)
		from := max(0, min(n-stripWords, i*(n-stripWords)/(strips-1)))
		var b document.Box
		for _, w := range sorted[from:min(n, from+stripWords)] {
			b = b.Union(w.Box)
		}
		if b.Empty() || len(out) > 0 && out[len(out)-1].IoU(b) > 0.5 {
			continue
		}
		pad := 0.006
		out = append(out, document.Box{X: 0, Y: max(0, b.Y-pad), W: 1, H: min(1, b.Y+b.H+pad) - max(0, b.Y-pad)})
	}
	return out
}

func inside(b, c document.Box) bool { return b.Intersect(c).Area() > 0.9*b.Area() }

func folded(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
