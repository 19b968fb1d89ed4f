package scan

import (
	"bytes"
	"image"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/ccitt"
	"golang.org/x/image/tiff"
)

// random makes a bilevel picture of runs, which exercises pass, vertical and horizontal modes.
func random(seed uint64, w, h int) *image.Gray {
	r := rand.New(rand.NewPCG(seed, 1))
	img := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		level, left := uint8(255), 0
		for x := range w {
			if left == 0 {
				level, left = 255-level, 1+r.IntN(1+w/4)
			}
			left--
			img.Pix[y*img.Stride+x] = level
		}
		if y > 0 && r.IntN(3) > 0 { // much like the line above
			copy(img.Pix[y*img.Stride:(y+1)*img.Stride], img.Pix[(y-1)*img.Stride:y*img.Stride])
			img.Pix[y*img.Stride+r.IntN(w)] ^= 255
		}
	}
	return img
}

func TestG4IsReadBack(t *testing.T) {
	t.Parallel()
	sizes := []image.Point{{1, 1}, {8, 8}, {63, 5}, {64, 5}, {65, 40}, {700, 60}, {5300, 12}}
	for i, size := range sizes {
		img := random(uint64(i), size.X, size.Y)
		got := image.NewGray(img.Bounds())
		if err := ccitt.DecodeIntoGray(got, bytes.NewReader(G4(img)), ccitt.MSB, ccitt.Group4, &ccitt.Options{}); err != nil {
			t.Fatalf("%v: %v", size, err)
		}
		for j := range got.Pix { // the decoder's white is 0 for a fax
			if got.Pix[j] == img.Pix[j] {
				continue
			}
			t.Fatalf("%v: pixel %d differs", size, j)
		}
	}
}

func TestTIFFPagesAreReadBack(t *testing.T) {
	t.Parallel()
	grey := random(9, 40, 30)
	Noise(grey, rand.New(rand.NewPCG(1, 2)), 20)
	for name, page := range map[string]TIFFPage{
		"group 4": {Picture: random(3, 333, 50), DPIX: 204, DPIY: 196, Bilevel: true},
		"grey":    {Picture: grey, DPIX: 200, DPIY: 200},
	} {
		img, err := tiff.Decode(bytes.NewReader(TIFF([]TIFFPage{page, page})))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if img.Bounds() != page.Picture.Bounds() {
			t.Fatalf("%s: size is %v", name, img.Bounds())
		}
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				r, _, _, _ := img.At(x, y).RGBA()
				if uint8(r>>8) != page.Picture.GrayAt(x, y).Y {
					t.Fatalf("%s: pixel %d,%d differs", name, x, y)
				}
			}
		}
	}
}
