package specimen

import (
	"bytes"
	"image"
	"image/jpeg"

	"chartlake/eval/specimen/fiction"
	"chartlake/eval/specimen/scan"
	"chartlake/eval/specimen/sheet"
)

// photoSide is the longer side of a telephone's picture of a sheet in pixels; letter paper
// is then at about 190 dpi, as from a five-megapixel picture with a margin.
const photoSide = 2300

// photo takes a telephone's picture of each sheet on a desk. One page is a JPEG that is
// stored as the camera was held, with its EXIF orientation; several are a PDF.
func photo(d *sheet.Draft, c Condition, s fiction.Source) (*file, error) {
	var pages []picture
	var jpegs []sheet.Page
	orientation := 1
	for _, sh := range d.Sheets {
		colour, m := snap(sh, c == Shadow, s)
		pages = append(pages, picture{m: m, bent: true})
		if len(d.Sheets) == 1 {
			orientation = fiction.Pick(s, 1, 3, 6, 8)
			for i := range colour {
				// Orientation 6 asks the viewer for a clockwise quarter turn, 3 for two, 8 for three.
				colour[i] = scan.QuarterTurns(colour[i], map[int]int{1: 0, 6: 3, 3: 2, 8: 1}[orientation])
			}
		}
		data, err := encodeJPEG(merge(colour), 60+s.IntN(25))
		if err != nil {
			return nil, err
		}
		jpegs = append(jpegs, sheet.Page{Scan: &sheet.Scan{JPEG: data, Width: sh.Width, Height: sh.Width * float64(colour[0].Rect.Dy()) / float64(colour[0].Rect.Dx())}})
	}
	move(&d.Expected, pages)
	if len(jpegs) > 1 {
		f, err := writePDF(jpegs)
		if err == nil {
			f.pages = pages
		}
		return f, err
	}
	return &file{scan.WithOrientation(jpegs[0].Scan.JPEG, orientation), "image/jpeg", ".jpg", pages}, nil
}

func encodeJPEG(img image.Image, quality int) ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality})
	return b.Bytes(), err
}

// snap photographs a sheet: the three colours of the picture, and where its points went.
func snap(sh *sheet.Sheet, shadow bool, s fiction.Source) ([3]*image.Gray, scan.Map) {
	dpi := photoSide / max(sh.Width, sh.Height) * 72 * 0.92
	img := sh.Picture(dpi, dpi)
	w, h := float64(img.Bounds().Dx()), float64(img.Bounds().Dy())
	margin := 0.045 * max(w, h)
	size := image.Rect(0, 0, int(w+2*margin), int(h+2*margin))
	shake := func() float64 { return (2*s.Float64() - 1) * margin * 0.6 }
	quad := scan.Quad(w, h, [4][2]float64{
		{margin + shake(), margin + shake()}, {margin + w + shake(), margin + shake()},
		{margin + w + shake(), margin + h + shake()}, {margin + shake(), margin + h + shake()},
	})
	lx, ly, dark := s.Float64(), s.Float64()*0.6, 0.5+0.25*s.Float64()
	desk, tint := [3]uint8{112, 88, 66}, [3]float64{1, 0.98, 0.93}
	var shade func(*image.Gray)
	if shadow {
		shade = scan.Shadow(s.Rand)
	}
	var out [3]*image.Gray
	for c, plane := range split(img) {
		p := scan.Warp(plane, size, quad, desk[c])
		scan.Blur(p, 1)
		scan.Light(p, lx, ly, dark)
		if shadow {
			shade(p)
		}
		for i, v := range p.Pix {
			p.Pix[i] = uint8(float64(v) * tint[c] * 0.94)
		}
		scan.Noise(p, s.Rand, 3)
		out[c] = p
	}
	pw, ph := float64(size.Dx()), float64(size.Dy())
	return out, func(x, y float64) (float64, float64) {
		u, v := quad.At(x*w, y*h)
		return u / pw, v / ph
	}
}

// split gives the red, green and blue of a picture.
func split(img *image.RGBA) [3]*image.Gray {
	var out [3]*image.Gray
	for c := range out {
		out[c] = image.NewGray(img.Bounds())
		for i := range out[c].Pix {
			out[c].Pix[i] = img.Pix[4*i+c]
		}
	}
	return out
}

// merge is split backwards.
func merge(colour [3]*image.Gray) *image.RGBA {
	img := image.NewRGBA(colour[0].Bounds())
	for i := range colour[0].Pix {
		img.Pix[4*i], img.Pix[4*i+1], img.Pix[4*i+2], img.Pix[4*i+3] = colour[0].Pix[i], colour[1].Pix[i], colour[2].Pix[i], 255
	}
	return img
}
