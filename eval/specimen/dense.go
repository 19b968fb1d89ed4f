package specimen

import (
	"bytes"
	"fmt"
	"image/png"
	"strings"

	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
)

// Dense makes sheets full of running text, 3,000 to 4,500 characters each, as a long
// hospital record has them. They are for measuring speed; there is no expected result.
func Dense(seed uint64, pages int) []*sheet.Sheet {
	d := sheet.NewDraft("progress_note", "")
	faces := []*sheet.Family{sheet.Sans(), sheet.Serif(), sheet.Go(), sheet.Mono()}
	for p := range pages {
		st := sheet.Style{Family: faces[p%len(faces)], Size: 10}
		s := d.Add(sheet.LetterWidth, sheet.LetterHeight)
		s.Text(60, 50, fmt.Sprintf("Progress notes, page %d", p+1), st.With(11).Strong())
		f := &sheet.Flow{Draft: d, Sheet: s, X: 60, Y: 72, Width: 492, Bottom: 750, Leading: 1.3}
		for n := uint64(0); f.Y < f.Bottom-40; n++ {
			t := fiction.NewSource(seed*1000+uint64(p)*40+n, "dense").Stay()
			f.Line(t.Admitted.Format("01/02/2006")+"  "+t.Attending.FirstLast(), st.Strong())
			text := strings.Join([]string{t.History, t.Review, t.Vitals, t.Examination, t.Results, t.Course, t.Return}, " ")
			words := strings.Fields(sheet.Printed(text))
			room := int((f.Bottom - f.Y) / (st.Size * f.Leading) * 13)
			f.Prose(strings.Join(words[:min(len(words), room)], " "), 0, st)
			f.Skip(6)
		}
	}
	return d.Sheets
}

// Ordinary makes sheets as they come in a stack: the pages of laboratory reports and discharge
// summaries one after another, about 1,300 characters each. They are for measuring speed.
func Ordinary(seed uint64, pages int) ([]*sheet.Sheet, error) {
	var out []*sheet.Sheet
	for n := uint64(0); len(out) < pages; n++ {
		kind := []Kind{LabReport, DischargeSummary}[n%2]
		layouts := Layouts(kind)
		d, err := Draw(seed+n, kind, layouts[n/2%uint64(len(layouts))])
		if err != nil {
			return nil, err
		}
		out = append(out, d.Sheets...)
	}
	return out[:pages], nil
}

// DensePNG is a dense page as a grey picture.
func DensePNG(s *sheet.Sheet, dpi int) ([]byte, error) {
	var b bytes.Buffer
	err := png.Encode(&b, clean(s, dpi, dpi).grey)
	return b.Bytes(), err
}

// DensePDF is dense pages born digital; DenseScan is the same pages as pictures in a PDF.
func DensePDF(sheets []*sheet.Sheet) ([]byte, error) {
	f, err := writePDF(printed(sheets))
	if err != nil {
		return nil, err
	}
	return f.bytes, nil
}

// DenseScan is dense pages as grey pictures in a PDF without a text layer.
func DenseScan(sheets []*sheet.Sheet, dpi int) ([]byte, error) {
	var pages []sheet.Page
	for _, s := range sheets {
		data, err := encodeJPEG(clean(s, dpi, dpi).grey, 85)
		if err != nil {
			return nil, err
		}
		pages = append(pages, sheet.Page{Scan: &sheet.Scan{JPEG: data, Width: s.Width, Height: s.Height}})
	}
	f, err := writePDF(pages)
	if err != nil {
		return nil, err
	}
	return f.bytes, nil
}
