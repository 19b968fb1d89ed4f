package reader

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/reader/readertest"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"
)

const (
	accession = "ACC-00417"
	separator = "PATCHT"
)

// modules encodes a linear code and a QR code.
func modules(t testing.TB) (line, square *gozxing.BitMatrix) {
	t.Helper()
	bare := map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_MARGIN: 0}
	line, err := oned.NewCode128Writer().Encode(accession, gozxing.BarcodeFormat_CODE_128, 1, 1, bare)
	if err != nil {
		t.Fatal(err)
	}
	square, err = qrcode.NewQRCodeWriter().Encode(separator, gozxing.BarcodeFormat_QR_CODE, 1, 1, bare)
	if err != nil {
		t.Fatal(err)
	}
	return line, square
}

// below is text under the codes.
func below() string {
	var b strings.Builder
	for i := range 20 {
		b.WriteString(readertest.Line(72, 620-14*float64(i), 11, note))
	}
	return b.String()
}

// drawn is both codes as filled rectangles of a PDF page, in points.
func drawn(t testing.TB) string {
	line, square := modules(t)
	var b strings.Builder
	for x := range line.GetWidth() {
		if line.Get(x, 0) {
			fmt.Fprintf(&b, "%g 700 1 36 re f\n", 72+float64(x))
		}
	}
	for y := range square.GetHeight() {
		for x := range square.GetWidth() {
			if square.Get(x, y) {
				fmt.Fprintf(&b, "%g %g 2 2 re f\n", 400+2*float64(x), 730-2*float64(y))
			}
		}
	}
	return b.String()
}

// codePicture is both codes as a picture of 4 pixels a module.
func codePicture(t testing.TB) *image.Gray {
	line, square := modules(t)
	img := image.NewGray(image.Rect(0, 0, 900, 160))
	for y := range 160 {
		for x := range 900 {
			lx, sx, sy := (x-40)/4, (x-700)/4, (y-20)/4
			dark := x >= 40 && lx < line.GetWidth() && y > 20 && y < 120 && line.Get(lx, 0) ||
				x >= 700 && sx < square.GetWidth() && y >= 20 && sy < square.GetHeight() && square.Get(sx, sy)
			if !dark {
				img.Pix[y*img.Stride+x] = 255
			}
		}
	}
	return img
}

// TestCodes reads codes that a PDF draws, that it shows as a picture, and on a scan of it.
func TestCodes(t *testing.T) {
	t.Parallel()
	r := full(t)
	withPicture := readertest.Letter("q 225 0 0 40 72 700 cm /I1 Do Q\n" + below())
	withPicture.Pictures = []image.Image{codePicture(t)}
	for name, file := range map[string][]byte{
		"drawn":   readertest.PDF("", readertest.Letter(drawn(t)+below())),
		"picture": readertest.PDF("", withPicture),
	} {
		doc := read(t, r, file, Options{})
		wantCodes(t, name, doc.Pages[0])
		if name == "drawn" {
			wantCodes(t, "scanned", read(t, r, pngOf(t, rendered(t, r, file, 200)), Options{}).Pages[0])
		}
	}
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func wantCodes(t *testing.T, name string, p document.Page) {
	t.Helper()
	got := map[string]string{}
	for _, c := range p.Barcodes {
		got[c.Symbology] = c.Text
		if c.Box.Y > 0.2 || c.Box.H > 0.1 || c.Box.Empty() {
			t.Errorf("%s: %s at %v", name, c.Symbology, c.Box)
		}
	}
	if len(p.Barcodes) != 2 || got["code128"] != accession || got["qr"] != separator {
		t.Errorf("%s: codes %v", name, p.Barcodes)
	}
	if p.Failed != nil || !strings.Contains(words(p), "aspirin") {
		t.Errorf("%s: %d words", name, len(p.Words))
	}
}
