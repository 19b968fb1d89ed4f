package pixel

import (
	"image"
	"testing"
)

// TestPrintBesideAShadow: a shadow darkens print as it darkens the paper; print outside of it must
// not stay grey because print inside is darker.
func TestPrintBesideAShadow(t *testing.T) {
	t.Parallel()
	img := image.NewGray(image.Rect(0, 0, 512, 256))
	for y := range 256 {
		for x := range 512 {
			v := uint8(240)
			if y%16 < 3 && x%16 < 8 { // print
				v = 80
			}
			if x >= 256 {
				v /= 3
			}
			img.Pix[y*img.Stride+x] = v
		}
	}
	out := Even(img)
	for _, x := range [2]int{96, 416} {
		if print := out.GrayAt(x+2, 129).Y; print > 20 {
			t.Errorf("print at %d is %d", x, print)
		}
		if paper := out.GrayAt(x+12, 136).Y; paper < 240 {
			t.Errorf("paper at %d is %d", x, paper)
		}
	}
}
