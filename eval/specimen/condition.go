package specimen

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"

	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/sheet"
	"chartlake/fault"
)

// Condition is how the paper comes to us.
type Condition string

// The conditions; those of one picture become a TIFF or PDF where the document has several pages.
const (
	PDF     Condition = "pdf"     // born digital, with a text layer
	Scan200 Condition = "scan200" // clean grey at 200 dpi
)

// file is what a condition makes of a draft.
type file struct {
	bytes     []byte
	mediaType string
	extension string
}

func render(d *sheet.Draft, c Condition, s fiction.Source) (*file, error) {
	var b bytes.Buffer
	switch c {
	case PDF:
		if err := sheet.PDF(&b, d.Sheets); err != nil {
			return nil, err
		}
		return &file{b.Bytes(), "application/pdf", ".pdf"}, nil
	case Scan200:
		img := d.Sheets[0].Picture(200, 200)
		grey := image.NewGray(img.Bounds())
		draw.Draw(grey, grey.Bounds(), img, image.Point{}, draw.Src)
		if err := png.Encode(&b, grey); err != nil {
			return nil, err
		}
		return &file{b.Bytes(), "image/png", ".png"}, nil
	}
	return nil, fault.New(fault.NotFound, "specimen_condition", "there is no such condition")
}
