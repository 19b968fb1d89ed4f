package ocr

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"testing"

	"github.com/go-fonts/liberation/liberationmonobold"
	"github.com/go-fonts/liberation/liberationmonoregular"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansitalic"
	"github.com/go-fonts/liberation/liberationsansregular"
	"github.com/go-fonts/liberation/liberationserifitalic"
	"github.com/go-fonts/liberation/liberationserifregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"chartlake/reader/pixel"
)

// glyph draws one sign, a fraction of a pixel off the grid; fax makes it black and white and
// smooths it again, as a fax is read.
func glyph(t testing.TB, ttf []byte, r rune, pixels float64, shift int, fax bool) *image.Gray {
	t.Helper()
	f, err := opentype.Parse(ttf)
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: pixels, DPI: 72})
	if err != nil {
		t.Fatal(err)
	}
	img := image.NewGray(image.Rect(0, 0, int(2*pixels), int(2*pixels)))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	d := font.Drawer{Dst: img, Src: image.NewUniform(color.Black), Face: face,
		Dot: fixed.Point26_6{X: fixed.Int26_6(20*pixels) + fixed.Int26_6(16*shift), Y: fixed.Int26_6(90*pixels) + fixed.Int26_6(11*shift)}}
	d.DrawString(string(r))
	if fax {
		for i, v := range img.Pix {
			img.Pix[i] = 255
			if v < 150 {
				img.Pix[i] = 0
			}
		}
		img = pixel.Blur(img)
	}
	return img
}

// TestOpenZero draws every letter and digit in five faces from 8 to 12 points at 150 to 300
// dpi: divided zeros are opened, and nothing else is touched.
func TestOpenZero(t *testing.T) {
	t.Parallel()
	faces := map[string][]byte{"go": goregular.TTF, "go bold": gobold.TTF, "go mono": gomono.TTF, "mono": liberationmonoregular.TTF,
		"sans": liberationsansregular.TTF, "serif": liberationserifregular.TTF, "mono bold": liberationmonobold.TTF,
		"sans bold": liberationsansbold.TTF, "sans italic": liberationsansitalic.TTF, "serif italic": liberationserifitalic.TTF}
	divided := map[string]bool{"go": true, "go bold": true, "go mono": true, "mono": true, "mono bold": true}
	for _, fax := range []bool{false, true} {
		opened, zeros := 0, 0
		for name, ttf := range faces {
			for _, r := range "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz&$#%@?!" {
				for _, pixels := range []float64{20, 24, 30, 34, 42, 50} {
					for shift := range 4 {
						img := glyph(t, ttf, r, pixels, shift, fax)
						was := bytes.Clone(img.Pix)
						openZero(img, img.Rect)
						changed := !bytes.Equal(was, img.Pix)
						switch {
						case r == '0' && divided[name]:
							zeros++
							if changed {
								opened++
							}
						case changed:
							t.Errorf("%s %q at %v pixels (fax %v) was taken for a zero", name, r, pixels, fax)
						}
					}
				}
			}
		}
		least := 95 // of a hundred; where a fax has filled the gaps, nobody can tell
		if fax {
			least = 75
		}
		if 100*opened < least*zeros {
			t.Errorf("fax %v: %d of %d divided zeros were opened", fax, opened, zeros)
		}
		t.Logf("fax %v: %d of %d", fax, opened, zeros)
	}
}
