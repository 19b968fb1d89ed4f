package sheet

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// made is the date in every PDF, so that equal sheets have equal bytes.
var made = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// Page is one page of a PDF: a sheet with a text layer, or a picture without one.
type Page struct {
	Sheet *Sheet
	Scan  *Scan
}

// Scan is a page that is only a picture: JPEG or PNG bytes and the paper's size in points.
type Scan struct {
	Format        string // JPG or PNG
	Bytes         []byte
	Width, Height float64
}

// PDF writes pages as a PDF; the faces are embedded as subsets with a map to Unicode.
func PDF(w io.Writer, pages []Page) error {
	pdf := newPDF()
	known := map[string]bool{}
	for i, p := range pages {
		if p.Scan != nil {
			scanPDF(pdf, fmt.Sprintf("page%d", i+1), p.Scan)
			continue
		}
		s := p.Sheet
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

func scanPDF(pdf *fpdf.Fpdf, name string, s *Scan) {
	options := fpdf.ImageOptions{ImageType: s.Format}
	pdf.RegisterImageOptionsReader(name, options, bytes.NewReader(s.Bytes))
	pdf.AddPageFormat("P", fpdf.SizeType{Wd: s.Width, Ht: s.Height})
	pdf.ImageOptions(name, 0, 0, s.Width, s.Height, false, options, 0, "")
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
