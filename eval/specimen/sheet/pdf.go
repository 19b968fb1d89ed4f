package sheet

import (
	"bytes"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// made is the date in every PDF, so that equal sheets have equal bytes.
var made = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// PDF writes the sheets as a PDF with a text layer; the faces are embedded as subsets.
func PDF(w io.Writer, sheets []*Sheet) error {
	pdf := newPDF()
	known := map[string]bool{}
	for _, s := range sheets {
		pdf.AddPageFormat("P", fpdf.SizeType{Wd: s.Width, Ht: s.Height})
		if p := s.Paper; p.A != 0 && p != White {
			pdf.SetFillColor(int(p.R), int(p.G), int(p.B))
			pdf.Rect(0, 0, s.Width, s.Height, "F")
		}
		for _, it := range s.items {
			drawPDF(pdf, known, it)
		}
	}
	return pdf.Output(w)
}

func newPDF() *fpdf.Fpdf {
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: LetterWidth, Ht: LetterHeight}})
	pdf.SetMargins(0, 0, 0)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(made)
	pdf.SetModificationDate(made)
	return pdf
}

func drawPDF(pdf *fpdf.Fpdf, known map[string]bool, it item) {
	r, g, b := int(it.ink.R), int(it.ink.G), int(it.ink.B)
	if it.text == nil {
		points := make([]fpdf.PointType, len(it.polygon))
		for i, p := range it.polygon {
			points[i] = fpdf.PointType{X: p.X, Y: p.Y}
		}
		pdf.SetFillColor(r, g, b)
		pdf.Polygon(points, "F")
		return
	}
	t := it.text
	if !known[t.face.name] {
		known[t.face.name] = true
		pdf.AddUTF8FontFromBytes(t.face.name, "", bytes.Clone(t.face.ttf))
	}
	pdf.SetFont(t.face.name, "", t.size)
	pdf.SetTextColor(r, g, b)
	pdf.Text(t.x, t.y, t.s)
}

// Scan is a page that is only a picture: JPEG or PNG bytes and the paper's size in points.
type Scan struct {
	Format        string // JPG or PNG
	Bytes         []byte
	Width, Height float64
}

// ScanPDF writes pictures as the pages of a PDF without a text layer.
func ScanPDF(w io.Writer, pages []Scan) error {
	pdf := newPDF()
	for i, p := range pages {
		name := string(rune('a' + i%26))
		if i >= 26 {
			name += string(rune('a' + i/26))
		}
		options := fpdf.ImageOptions{ImageType: p.Format}
		pdf.RegisterImageOptionsReader(name, options, bytes.NewReader(p.Bytes))
		pdf.AddPageFormat("P", fpdf.SizeType{Wd: p.Width, Ht: p.Height})
		pdf.ImageOptions(name, 0, 0, p.Width, p.Height, false, options, 0, "")
	}
	return pdf.Output(w)
}
