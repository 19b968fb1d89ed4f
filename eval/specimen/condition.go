package specimen

import (
	"fmt"
	"image"

	"chartlake/eval/expected"
	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/scan"
	"chartlake/eval/specimen/sheet"
	"chartlake/fault"
)

// Condition is how the paper comes to us. Formats that hold one picture become a TIFF (PNG)
// or a PDF of pictures (JPEG) where the document has several pages.
type Condition string

const (
	PDF       Condition = "pdf"       // born digital, with a text layer
	Scan200   Condition = "scan200"   // clean grey PNG at 200 dpi
	Scan300   Condition = "scan300"   // clean grey PNG at 300 dpi
	Skewed    Condition = "skewed"    // 0.5 to 3 degrees askew with grain, PNG
	Faxed     Condition = "faxed"     // 204 x 196 dpi, 1 bit, speckle, streaks, fax header, TIFF group 4
	Turned90  Condition = "turned90"  // clean, stored a quarter turn clockwise
	Turned180 Condition = "turned180" // stored upside down
	Turned270 Condition = "turned270" // stored a quarter turn anticlockwise
	Photo     Condition = "photo"     // telephone: perspective, uneven light, blur, JPEG with EXIF orientation
	TIFF      Condition = "tiff"      // 300 dpi, 1 bit, TIFF group 4, as office copiers send
	Alpha     Condition = "alpha"     // PNG with ink on a transparent ground and a margin
	Deep      Condition = "deep"      // PNG with 16 bits a pixel
	ScanPDF   Condition = "scan-pdf"  // PDF of JPEG pictures without a text layer
	MixedPDF  Condition = "mixed-pdf" // first page born digital, the others pictures

	Scan150  Condition = "scan150"  // clean grey PNG at 150 dpi
	Noisy    Condition = "noisy"    // 200 dpi, 0.6 to 1.7 degrees askew, blurred, grain, JPEG
	FaxedLow Condition = "faxed-98" // as faxed, in standard resolution: 204 x 98 dpi
	Shadow   Condition = "shadow"   // as photo, with the shadow of a hand or telephone across
)

// Conditions lists all of them. Clean are those where every letter is as printed.
func Conditions() []Condition {
	return append(Clean(), Skewed, Faxed, Turned90, Turned180, Turned270, Photo)
}

// ReadingConditions lists those that reading is measured in.
func ReadingConditions() []Condition {
	return []Condition{PDF, Scan300, Scan200, Scan150, TIFF, Skewed, Noisy, Faxed, FaxedLow, Turned90, Turned180, Turned270, Photo, Shadow}
}

// Clean lists the conditions that do no harm to the letters.
func Clean() []Condition {
	return []Condition{PDF, Scan200, Scan300, TIFF, Alpha, Deep, ScanPDF, MixedPDF}
}

// file is what a condition makes of a draft.
type file struct {
	bytes     []byte
	mediaType string
	extension string
	pages     []picture // how the sheets lie in it; nil: as they are
}

// picture is a page after scanning: where the sheet's points went, and its resolution.
type picture struct {
	grey       *image.Gray
	m          scan.Map
	dpiX, dpiY int
	turned     int     // quarter turns clockwise that it is stored in
	skewed     float64 // degrees clockwise
	bent       bool    // in perspective: it has no one skew
}

// render makes the file of a draft in a condition and moves the draft's boxes with the ink.
func render(d *sheet.Draft, c Condition, s fiction.Source) (*file, error) {
	if c == PDF || c == MixedPDF && len(d.Sheets) == 1 {
		return writePDF(printed(d.Sheets))
	}
	if c == Photo || c == Shadow {
		return photo(d, c, s)
	}
	if c == Faxed || c == FaxedLow {
		faxHeader(d, s)
	}
	var pages []picture
	for _, sh := range d.Sheets {
		p, err := take(sh, c, s)
		if err != nil {
			return nil, err
		}
		pages = append(pages, p)
	}
	if c == MixedPDF {
		pages[0].m = scan.Same
	}
	move(&d.Expected, pages)
	f, err := store(d, c, pages)
	if err == nil {
		f.pages = pages
	}
	return f, err
}

// take makes the picture of one sheet.
func take(sh *sheet.Sheet, c Condition, s fiction.Source) (picture, error) {
	switch c {
	case Scan200, ScanPDF, MixedPDF, Alpha, Deep:
		return clean(sh, 200, 200), nil
	case Scan300:
		return clean(sh, 300, 300), nil
	case Scan150:
		return clean(sh, 150, 150), nil
	case Noisy:
		return noisy(sh, s), nil
	case TIFF:
		p := clean(sh, 300, 300)
		scan.Threshold(p.grey, 150)
		return p, nil
	case Skewed:
		p := clean(sh, 200, 200)
		degrees := 0.5 + 2.5*s.Float64()
		if s.Chance(0.5) {
			degrees = -degrees
		}
		p.skew(degrees, 1)
		scan.Noise(p.grey, s.Rand, 6)
		return p, nil
	case Faxed:
		return fax(sh, 196, s), nil
	case FaxedLow:
		return fax(sh, 98, s), nil
	case Turned90, Turned180, Turned270:
		p := clean(sh, 200, 200)
		p.turned = map[Condition]int{Turned90: 1, Turned180: 2, Turned270: 3}[c]
		p.grey = scan.QuarterTurns(p.grey, p.turned)
		return p, nil
	}
	return picture{}, fault.New(fault.NotFound, "specimen_condition", "there is no such condition; conditions are %v", Conditions())
}

func clean(sh *sheet.Sheet, dpiX, dpiY int) picture {
	return picture{grey: grey(sh.Picture(float64(dpiX), float64(dpiY))), m: scan.Same, dpiX: dpiX, dpiY: dpiY}
}

// grey is the lightness of a colour picture (ITU-R BT.601, as image/color has it).
func grey(img *image.RGBA) *image.Gray {
	out := image.NewGray(img.Bounds())
	for i := range out.Pix {
		p := img.Pix[4*i : 4*i+3 : 4*i+3]
		out.Pix[i] = uint8((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16)
	}
	return out
}

// skew turns the picture by degrees clockwise within its size, on white. aspect is how much
// taller than wide its pixels are.
func (p *picture) skew(degrees, aspect float64) {
	w, h := float64(p.grey.Bounds().Dx()), float64(p.grey.Bounds().Dy())
	turn := scan.Turn(w, h, degrees, aspect)
	p.skewed = degrees
	p.grey = scan.Warp(p.grey, p.grey.Bounds(), turn, 255)
	p.m = func(x, y float64) (float64, float64) {
		u, v := turn.At(x*w, y*h)
		return u / w, v / h
	}
}

// noisy is a sheet from an old scanner: askew, out of focus, with grain.
func noisy(sh *sheet.Sheet, s fiction.Source) picture {
	p := clean(sh, 200, 200)
	degrees := 0.6 + 1.1*s.Float64()
	if s.Chance(0.5) {
		degrees = -degrees
	}
	p.skew(degrees, 1)
	scan.Soften(p.grey)
	scan.Noise(p.grey, s.Rand, 12)
	return p
}

// fax is a sheet sent at 204 dpi across and this many down: slightly askew, thin strokes
// eaten, dots and dirt.
func fax(sh *sheet.Sheet, dpiY int, s fiction.Source) picture {
	p := clean(sh, 204, dpiY)
	aspect := 1.0 // fine resolution is nearly square
	if dpiY < 150 {
		aspect = 204 / float64(dpiY)
	}
	p.skew(1.6*s.Float64()-0.8, aspect)
	scan.Noise(p.grey, s.Rand, 24)
	scan.Threshold(p.grey, uint8(140+s.IntN(50)))
	area := p.grey.Bounds().Dx() * p.grey.Bounds().Dy()
	scan.Speckle(p.grey, s.Rand, area/(4000+s.IntN(8000)))
	if s.Chance(0.5) {
		scan.Streak(p.grey, s.Rand, 1+s.IntN(2))
	}
	return p
}

// faxHeader prints the line that a fax machine puts at the head of each page.
func faxHeader(d *sheet.Draft, s fiction.Source) {
	st := sheet.Style{Family: sheet.Mono(), Size: 7.5}
	from, at := fiction.Phone(s.Phone(), 0), fmt.Sprintf("%02d/%02d/2026 %02d:%02d", 1+s.IntN(12), 1+s.IntN(28), 8+s.IntN(10), s.IntN(60))
	for _, sh := range d.Sheets {
		if sh.Height < sheet.LetterHeight {
			continue // a card is sent on a sheet of its own size here and has no room
		}
		sh.Edge(func() {
			sh.Text(24, 16, "FROM: "+from, st)
			sh.Text(sh.Width*0.42, 16, at, st)
			sh.Right(sh.Width-24, 16, fmt.Sprintf("P. %03d/%03d", sh.Number, len(d.Sheets)), st)
		})
	}
	d.Unnamed("fax_from", from)
	d.Unnamed("fax_time", at)
	d.Unnamed("fax_pages", fmt.Sprint(len(d.Sheets)))
}

// move takes the boxes of an expected result to where the ink is on the pictures.
func move(e *expected.Document, pages []picture) {
	for name, at := range e.Boxes {
		at.Box = pages[at.Page-1].m.Box(at.Box)
		e.Boxes[name] = at
	}
	for i := range e.Entities {
		if at := e.Entities[i].Box; at != nil && at.Page > 0 {
			at.Box = pages[at.Page-1].m.Box(at.Box)
		}
	}
}
