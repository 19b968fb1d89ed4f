package specimen

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	"chartlake/eval/expected"
	"chartlake/eval/specimen/scan"
	"chartlake/eval/specimen/sheet"
)

// store writes the pictures of a document in the file format of the condition.
func store(d *sheet.Draft, c Condition, pages []picture) (*file, error) {
	switch c {
	case ScanPDF, MixedPDF:
		all := printed(d.Sheets)
		for i, p := range pages {
			if c == MixedPDF && i == 0 {
				continue
			}
			data, err := encodeJPEG(p.grey, 85)
			if err != nil {
				return nil, err
			}
			all[i] = sheet.Page{Scan: &sheet.Scan{JPEG: data, Width: d.Sheets[i].Width, Height: d.Sheets[i].Height}}
		}
		return writePDF(all)
	case Faxed, FaxedLow, TIFF:
		return writeTIFF(pages, true), nil
	case Noisy:
		var all []sheet.Page
		for i, p := range pages {
			data, err := encodeJPEG(p.grey, 60)
			if err != nil {
				return nil, err
			}
			if len(pages) == 1 {
				return &file{data, "image/jpeg", ".jpg", nil}, nil
			}
			all = append(all, sheet.Page{Scan: &sheet.Scan{JPEG: data, Width: d.Sheets[i].Width, Height: d.Sheets[i].Height}})
		}
		return writePDF(all)
	}
	if len(pages) > 1 {
		return writeTIFF(pages, false), nil
	}
	var img image.Image = pages[0].grey
	switch c {
	case Alpha:
		img = transparent(pages[0].grey, &d.Expected, pages)
	case Deep:
		img = deepen(pages[0].grey)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, err
	}
	return &file{b.Bytes(), "image/png", ".png", nil}, nil
}

// printed is sheets as born-digital pages.
func printed(sheets []*sheet.Sheet) []sheet.Page {
	var pages []sheet.Page
	for _, s := range sheets {
		pages = append(pages, sheet.Page{Sheet: s})
	}
	return pages
}

func writePDF(pages []sheet.Page) (*file, error) {
	var b bytes.Buffer
	if err := sheet.PDF(&b, pages); err != nil {
		return nil, err
	}
	return &file{b.Bytes(), "application/pdf", ".pdf", nil}, nil
}

func writeTIFF(pages []picture, bilevel bool) *file {
	var list []scan.TIFFPage
	for _, p := range pages {
		list = append(list, scan.TIFFPage{Picture: p.grey, DPIX: p.dpiX, DPIY: p.dpiY, Bilevel: bilevel})
	}
	return &file{scan.TIFF(list), "image/tiff", ".tif", nil}
}

// deepen spreads 8 bits over 16.
func deepen(grey *image.Gray) *image.Gray16 {
	out := image.NewGray16(grey.Bounds())
	for i, v := range grey.Pix {
		out.Pix[2*i], out.Pix[2*i+1] = v, v
	}
	return out
}

// alphaMargin is the transparent border of a screenshot, as a share of the picture's width.
const alphaMargin = 0.03

// transparent puts the ink on a transparent ground inside a transparent margin, and moves
// the boxes with it.
func transparent(grey *image.Gray, e *expected.Document, pages []picture) *image.NRGBA {
	w, h := grey.Bounds().Dx(), grey.Bounds().Dy()
	margin := int(alphaMargin * float64(w))
	out := image.NewNRGBA(image.Rect(0, 0, w+2*margin, h+2*margin))
	for y := range h {
		for x := range w {
			out.SetNRGBA(x+margin, y+margin, color.NRGBA{A: 255 - grey.Pix[y*grey.Stride+x]})
		}
	}
	fw, fh, fm := float64(w), float64(h), float64(margin)
	pages[0].m = func(x, y float64) (float64, float64) {
		return (x*fw + fm) / (fw + 2*fm), (y*fh + fm) / (fh + 2*fm)
	}
	move(e, pages)
	return out
}
