package barcode

import (
	"context"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/reader/pixel"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// sheet is a letter page at 200 dpi with print on its lower half.
func sheet() *image.Gray {
	small := image.NewGray(image.Rect(0, 0, 850, 1100))
	for i := range small.Pix {
		small.Pix[i] = 255
	}
	d := font.Drawer{Dst: small, Src: image.Black, Face: basicfont.Face7x13}
	for line := range 22 {
		d.Dot = fixed.P(70, 660+18*line)
		d.DrawString("Illness will till fill: HILLMAN, William IIII 1111 lll ### MMM minimum 88-77-66 |||| for the patient seen")
	}
	return pixel.Resize(small, 1700, 2200)
}

// put prints a code with modules of so many pixels; linear codes are high pixels tall.
func put(t testing.TB, img *image.Gray, x, y int, w gozxing.Writer, format gozxing.BarcodeFormat, text string, module, high int) document.Box {
	t.Helper()
	wide := 1
	if high == 0 {
		high = 1
	}
	m, err := w.Encode(text, format, wide, high/module, map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_MARGIN: 0})
	if err != nil {
		t.Fatal(err)
	}
	x0, y0, x1, y1 := img.Rect.Dx(), img.Rect.Dy(), 0, 0
	for my := range m.GetHeight() {
		for mx := range m.GetWidth() {
			if !m.Get(mx, my) {
				continue
			}
			for dy := range module {
				for dx := range module {
					px, py := x+mx*module+dx, y+my*module+dy
					img.Pix[py*img.Stride+px] = 0
					x0, y0, x1, y1 = min(x0, px), min(y0, py), max(x1, px+1), max(y1, py+1)
				}
			}
		}
	}
	return fraction(image.Rect(x0, y0, x1, y1), img.Rect.Dx(), img.Rect.Dy())
}

type want struct {
	symbology, text string
	box             document.Box
}

// codes prints one code of each symbology.
func codes(t testing.TB, img *image.Gray) []want {
	return []want{
		{Code128, "ACC-2026-004417", put(t, img, 200, 120, oned.NewCode128Writer(), gozxing.BarcodeFormat_CODE_128, "ACC-2026-004417", 2, 80)},
		{Code39, "MRN 0012345", put(t, img, 900, 120, oned.NewCode39Writer(), gozxing.BarcodeFormat_CODE_39, "MRN 0012345", 2, 70)},
		{QR, "https://example.org/p/77?x=1", put(t, img, 200, 350, qrcode.NewQRCodeWriter(), gozxing.BarcodeFormat_QR_CODE, "https://example.org/p/77?x=1", 5, 0)},
		{DataMatrix, "01095011010209171719050810ABCD1234", put(t, img, 900, 350, datamatrix.NewDataMatrixWriter(), gozxing.BarcodeFormat_DATA_MATRIX, "01095011010209171719050810ABCD1234", 4, 0)},
		{ITF, "00112233445566", put(t, img, 200, 700, oned.NewITFWriter(), gozxing.BarcodeFormat_ITF, "00112233445566", 3, 60)},
		{EAN13, "5901234123457", put(t, img, 900, 700, oned.NewEAN13Writer(), gozxing.BarcodeFormat_EAN_13, "5901234123457", 3, 80)},
		{Code93, "LOT77X", put(t, img, 200, 1000, oned.NewCode93Writer(), gozxing.BarcodeFormat_CODE_93, "LOT77X", 3, 60)},
		{Codabar, "A123456A", put(t, img, 900, 1000, oned.NewCodaBarWriter(), gozxing.BarcodeFormat_CODABAR, "A123456A", 3, 60)},
	}
}

// spoil makes of a clean page what scanners and fax machines make of it.
func spoil(img *image.Gray, how string) *image.Gray {
	r := rand.New(rand.NewPCG(1, 2))
	switch how {
	case "skewed":
		return pixel.NewLevel(float64(img.Rect.Dx()), float64(img.Rect.Dy()), 2.5).Apply(img)
	case "noisy":
		out := pixel.Blur(img)
		for i, v := range out.Pix {
			out.Pix[i] = uint8(min(max(int(v)*4/5+30+int(r.NormFloat64()*12), 0), 255))
		}
		return out
	case "faxed":
		out := pixel.Blur(img)
		for i, v := range out.Pix {
			out.Pix[i] = 0
			if int(v)+int(r.NormFloat64()*25) > 128 && r.IntN(400) > 0 {
				out.Pix[i] = 255
			}
		}
		return out
	case "turned 90", "turned 180", "turned 270":
		degrees := 0
		_, _ = fmt.Sscanf(how, "turned %d", &degrees)
		return pixel.Turn(img, degrees)
	}
	return img
}

func TestFind(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"clean", "skewed", "noisy", "faxed", "turned 90", "turned 180", "turned 270"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			img := sheet()
			all := codes(t, img)
			got := Find(context.Background(), spoil(img, how))
			for _, w := range all {
				found := false
				for _, c := range got {
					if c.Symbology == w.symbology && strings.Trim(c.Text, "AB") == strings.Trim(w.text, "AB") {
						found = true
						if how == "clean" && c.Box.IoU(w.box) < 0.8 {
							t.Errorf("%s: box %v, want %v", w.symbology, c.Box, w.box)
						}
					}
				}
				if !found {
					t.Errorf("%s is not read", w.symbology)
				}
			}
			if len(got) != len(all) {
				t.Errorf("%d codes, want %d: %v", len(got), len(all), got)
			}
		})
	}
}

// TestPrintIsNoCode reads pages without a code: print, a grid of rules, grain, halftone, stripes.
func TestPrintIsNoCode(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	pages := map[string]func(x, y int) uint8{
		"grid":     func(x, y int) uint8 { return uint8(255 * min(1, x%40) * min(1, y%40)) },
		"grain":    func(x, y int) uint8 { return uint8(r.IntN(256)) },
		"halftone": func(x, y int) uint8 { return uint8(127 + 127*math.Sin(float64(x)/2)*math.Sin(float64(y)/2)) },
		"stripes":  func(x, y int) uint8 { return uint8(255 * (x / 4 % 2)) },
		"boxes":    func(x, y int) uint8 { return uint8(255 * ((x/9 + y/9) % 2)) },
	}
	for name, at := range pages {
		img := image.NewGray(image.Rect(0, 0, 850, 1100))
		for y := range 1100 {
			for x := range 850 {
				img.Pix[y*img.Stride+x] = at(x, y)
			}
		}
		if got := Find(context.Background(), img); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := Find(context.Background(), sheet()); len(got) > 0 {
		t.Errorf("print: %v", got)
	}
}

// TestLimits has more places than are looked at, a picture without pixels, and an end before it begins.
func TestLimits(t *testing.T) {
	t.Parallel()
	if got := Find(context.Background(), image.NewGray(image.Rect(0, 0, 0, 0))); got != nil {
		t.Errorf("nothing gives %v", got)
	}
	img := sheet()
	codes(t, img)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if got := Find(ended, img); len(got) > 0 {
		t.Errorf("after its end it gives %v", got)
	}
	if got := clean(strings.Repeat("é", textMax)); len(got) > textMax || got != strings.ToValidUTF8(got, "") {
		t.Errorf("a long text is cut to %d bytes", len(got))
	}
}

func FuzzFind(f *testing.F) {
	img := image.NewGray(image.Rect(0, 0, 420, 300))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	put(f, img, 40, 20, oned.NewCode128Writer(), gozxing.BarcodeFormat_CODE_128, "A1B2", 3, 60)
	put(f, img, 60, 120, qrcode.NewQRCodeWriter(), gozxing.BarcodeFormat_QR_CODE, "Q", 4, 0)
	put(f, img, 250, 130, datamatrix.NewDataMatrixWriter(), gozxing.BarcodeFormat_DATA_MATRIX, "DM12", 5, 0)
	f.Add(img.Pix, 420)
	f.Add([]byte{0, 255, 0, 255}, 2)
	f.Fuzz(func(t *testing.T, pix []byte, w int) {
		if w < 1 || w > len(pix) || len(pix) > 1<<18 {
			return
		}
		h := len(pix) / w
		for _, c := range Find(context.Background(), &image.Gray{Pix: pix[:w*h], Stride: w, Rect: image.Rect(0, 0, w, h)}) {
			if c.Text == "" || c.Symbology == "" || c.Box.X < 0 || c.Box.Y < 0 || c.Box.X+c.Box.W > 1.0001 || c.Box.Y+c.Box.H > 1.0001 {
				t.Errorf("%+v", c)
			}
		}
	})
}

// BenchmarkPage is a page without codes: what every page costs.
func BenchmarkPage(b *testing.B) {
	img := pixel.Resize(sheet(), 2550, 3300)
	for b.Loop() {
		Find(context.Background(), img)
	}
}

// TestEyesOfSeveralCodes: three codes at the corners of a square have eyes that span the square, too;
// what stands between the codes is no part of any.
func TestEyesOfSeveralCodes(t *testing.T) {
	t.Parallel()
	img := sheet()
	var want []document.Box
	for i, at := range [3]image.Point{{200, 200}, {900, 200}, {200, 900}} {
		want = append(want, put(t, img, at.X, at.Y, qrcode.NewQRCodeWriter(), gozxing.BarcodeFormat_QR_CODE, fmt.Sprintf("https://example.org/o/%d", i), 5, 0))
	}
	found := Find(t.Context(), img)
	if len(found) != len(want) {
		t.Fatalf("%d codes", len(found))
	}
	for _, c := range found {
		near := false
		for _, b := range want {
			near = near || c.Box.IoU(b) > 0.8
		}
		if !near {
			t.Errorf("a code at %v", c.Box)
		}
	}
}
