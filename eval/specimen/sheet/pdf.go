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

// Scan is a page that is only a picture: JPEG bytes and the paper's size in points.
type Scan struct {
	JPEG          []byte
	Width, Height float64
}

// PDF writes pages as a PDF; the faces are embedded as subsets with a map to Unicode.
func PDF(w io.Writer, pages []Page) error {
	pdf := newPDF()
	known := map[string]bool{}
	var scans []*Scan
	for _, p := range pages {
		if p.Scan != nil {
			pdf.AddPageFormat("P", fpdf.SizeType{Wd: p.Scan.Width, Ht: p.Scan.Height})
			pdf.RawWriteStr(fmt.Sprintf("q %.2f 0 0 %.2f 0 0 cm /Scan%d Do Q", p.Scan.Width, p.Scan.Height, len(scans)))
			scans = append(scans, p.Scan)
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
	var base bytes.Buffer
	if err := pdf.Output(&base); err != nil {
		return err
	}
	out, err := withPictures(base.Bytes(), scans)
	if err != nil {
		return err
	}
	_, err = w.Write(out)
	return err
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
