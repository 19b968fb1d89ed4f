// Package barcode reads the bar codes on a page picture: Code 128, Code 39, Code 93, Codabar,
// Interleaved 2 of 5, EAN and UPC, QR (ISO/IEC 18004), Data Matrix (ISO/IEC 16022) and Aztec
// (ISO/IEC 24778), and patch codes, in any of the four directions and at the skew that scanners make.
//
// A page is not searched by the decoders, which would cost more than its recognition. The
// texture of bars and of dots, and the eyes of QR codes, are looked for first, in one pass over
// a part of the pixels; the decoders see the few places that have it. Codes whose symbology has
// no check character must read alike twice. A decoder that panics reads nothing. PDF417 and
// MaxiCode are not read: the library has no reader of them.
package barcode

import (
	"cmp"
	"context"
	"image"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"chartlake/document"
)

// Names of symbologies as they stand in document.Code.
const (
	Code128    = "code128"
	Code39     = "code39"
	Code93     = "code93"
	Codabar    = "codabar"
	ITF        = "itf"
	EAN13      = "ean13"
	EAN8       = "ean8"
	UPCA       = "upca"
	UPCE       = "upce"
	QR         = "qr"
	DataMatrix = "datamatrix"
	Aztec      = "aztec"
	Patch      = "patch" // a patch code of document scanners: PATCHT and others
)

// Bounds of one page. A sheet of labels has 80 codes; a page of halftone has more places that
// look like one.
const (
	placesMax = 160
	vainMost  = 24      // places in a page that turn out to be none
	textMax   = 8 << 10 // bytes; the largest QR code holds 7,089 digits
	sideLeast = 24      // pixels of the shorter side of a page
)

// Find gives the codes of an upright picture from top to bottom, with boxes in fractions of
// it. It ends early, with what it has, when ctx ends.
func Find(ctx context.Context, img *image.Gray) []document.Code {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if min(w, h) < sideLeast {
		return nil
	}
	img = &image.Gray{Pix: img.Pix, Stride: img.Stride, Rect: image.Rect(0, 0, w, h)}
	places := texture(img)
	places = append(eyes(img), places...)
	out := findPatches(img)
	vain := 0
	for i, p := range places {
		if i == placesMax || vain == vainMost || ctx.Err() != nil {
			break
		}
		at := p.fraction(w, h)
		if slices.ContainsFunc(out, func(c document.Code) bool { return covers(c.Box, at) || p.kind == eyed && covers(at, c.Box) }) {
			continue
		}
		r, tried := p.read(img)
		if r.text == "" {
			if tried {
				vain++
			}
			continue
		}
		c := document.Code{Symbology: r.symbology, Text: clean(r.text), Box: fraction(r.at, w, h)}
		if c.Text != "" && !slices.ContainsFunc(out, func(o document.Code) bool { return o.Text == c.Text && !o.Box.Intersect(c.Box).Empty() }) {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b document.Code) int {
		return cmp.Or(cmp.Compare(math.Round(a.Box.Y*100), math.Round(b.Box.Y*100)), cmp.Compare(a.Box.X, b.Box.X))
	})
	return out
}

// covers reports whether most of a place is inside a code that was read.
func covers(code, place document.Box) bool {
	return code.Intersect(place).Area() > 0.6*place.Area()
}

// clean makes what a decoder gave valid text; the separators of GS1 (ASCII 29 to 31) stay.
func clean(s string) string {
	if len(s) > textMax {
		s = s[:textMax]
		for !utf8.ValidString(s) && len(s) > textMax-utf8.UTFMax {
			s = s[:len(s)-1]
		}
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.Trim(strings.ReplaceAll(s, "\x00", ""), " \r\n\t")
}

// kind is what a place looks like.
type kind int

const (
	none   kind = iota
	across      // upright bars, read from left to right
	down        // level bars
	dots        // a matrix
	eyed        // a matrix with the three eyes of a QR code
)

// place is where a code may be, in pixels of the page.
type place struct {
	kind
	image.Rectangle
	margin int // pixels around it in which a code may go on
}

// fraction is the rectangle in fractions of a page of w × h pixels.
func (p place) fraction(w, h int) document.Box { return fraction(p.Rectangle, w, h) }

func fraction(r image.Rectangle, w, h int) document.Box {
	return document.Box{X: float64(r.Min.X) / float64(w), Y: float64(r.Min.Y) / float64(h),
		W: float64(r.Dx()) / float64(w), H: float64(r.Dy()) / float64(h)}.Clamp()
}

// reading is a code that was read in a place, in pixels of the page.
type reading struct {
	symbology, text string
	at              image.Rectangle
}

// read decodes a place; the text is empty where it cannot, and tried false where the place is
// none at a closer look.
func (p place) read(img *image.Gray) (r reading, tried bool) {
	wide := p.Inset(-p.margin).Intersect(img.Rect)
	part := cut(img, wide)
	if p.kind == dots || p.kind == eyed {
		symbology, text := matrix(part, p.kind == eyed)
		return reading{symbology, text, tight(img, p.Rectangle, p.margin/3)}, true
	}
	own := p.Sub(wide.Min)
	if p.kind == down { // turned clockwise, so that its bars stand
		part = transpose(part)
		own = image.Rect(own.Min.Y, own.Min.X, own.Max.Y, own.Max.X)
	}
	own = own.Intersect(part.Rect)
	if own.Dx() < 8 || own.Dy() < 2 || part.Rect.Dx() > profileMax {
		return reading{}, false
	}
	lean := slope(part, own)
	if !barred(part, own, lean) {
		return reading{}, false
	}
	found := linear(part, own, lean)
	at := image.Rect(found.from, own.Min.Y, found.to, own.Max.Y)
	if p.kind == down {
		at = image.Rect(at.Min.Y, at.Min.X, at.Max.Y, at.Max.X)
	}
	return reading{found.symbology, found.text, tight(img, at.Add(wide.Min), 0)}, true
}

// cut copies a part of a picture.
func cut(img *image.Gray, r image.Rectangle) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, r.Dx(), r.Dy()))
	for y := range r.Dy() {
		at := (r.Min.Y+y)*img.Stride + r.Min.X
		copy(out.Pix[y*out.Stride:(y+1)*out.Stride], img.Pix[at:at+r.Dx()])
	}
	return out
}

// transpose mirrors a picture about its diagonal. Bars are read alike from both ends, so that
// the mirroring does not matter.
func transpose(img *image.Gray) *image.Gray {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewGray(image.Rect(0, 0, h, w))
	for y := range h {
		for x, v := range img.Pix[y*img.Stride : y*img.Stride+w] {
			out.Pix[x*out.Stride+y] = v
		}
	}
	return out
}

// tight moves the sides of a rectangle to the ink: outwards by more pixels at most, while there
// is ink, then inwards over what has none.
func tight(img *image.Gray, r image.Rectangle, more int) image.Rectangle {
	r = r.Intersect(img.Rect)
	lightest, darkest := uint8(0), uint8(255)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for _, v := range img.Pix[y*img.Stride+r.Min.X : y*img.Stride+r.Max.X] {
			lightest, darkest = max(lightest, v), min(darkest, v)
		}
	}
	ink := uint8((int(lightest) + int(darkest)) / 2)
	row := func(y int) bool {
		return y >= img.Rect.Min.Y && y < img.Rect.Max.Y &&
			slices.ContainsFunc(img.Pix[y*img.Stride+r.Min.X:y*img.Stride+r.Max.X], func(v uint8) bool { return v < ink })
	}
	column := func(x int) bool {
		if x < img.Rect.Min.X || x >= img.Rect.Max.X {
			return false
		}
		for y := r.Min.Y; y < r.Max.Y; y++ {
			if img.Pix[y*img.Stride+x] < ink {
				return true
			}
		}
		return false
	}
	side := func(at *int, out int, least int, has func(int) bool) {
		inside := 0 // from the side to the last line within
		if out > 0 {
			inside = -1
		}
		for n := 0; n < more && has(*at+inside+out); n++ {
			*at += out
		}
		for n := 0; n < least && !has(*at+inside); n++ {
			*at -= out
		}
	}
	side(&r.Min.Y, -1, r.Dy()-1, row)
	side(&r.Max.Y, 1, r.Dy()-1, row)
	side(&r.Min.X, -1, r.Dx()-1, column)
	side(&r.Max.X, 1, r.Dx()-1, column)
	return r
}
