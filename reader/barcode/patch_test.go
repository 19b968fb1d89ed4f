package barcode

import (
	"image"
	"testing"

	"chartlake/reader/pixel"
)

// bar prints a patch code at (x, y): bars from the given widths, 40 pixels to 0.2 inches at 200 dpi, 400
// long; level bars lie.
func putPatch(img *image.Gray, x, y int, wide [4]bool, level bool) {
	at := 0
	for _, w := range wide {
		thick := 16
		if w {
			thick = 40
		}
		r := image.Rect(x+at, y, x+at+thick, y+400)
		if level {
			r = image.Rect(x, y+at, x+400, y+at+thick)
		}
		for py := r.Min.Y; py < r.Max.Y; py++ {
			for px := r.Min.X; px < r.Max.X; px++ {
				img.Pix[py*img.Stride+px] = 0
			}
		}
		at += thick + 16
	}
}

// TestPatches finds each patch code at each edge of a page, which tells where it begins, also askew.
func TestPatches(t *testing.T) {
	t.Parallel()
	for wide, text := range patches {
		back := [4]bool{wide[3], wide[2], wide[1], wide[0]}
		for name, put := range map[string]func(*image.Gray){
			"top":    func(m *image.Gray) { putPatch(m, 600, 100, wide, true) },
			"bottom": func(m *image.Gray) { putPatch(m, 600, 1950, back, true) },
			"left":   func(m *image.Gray) { putPatch(m, 100, 500, wide, false) },
			"right":  func(m *image.Gray) { putPatch(m, 1450, 500, back, false) },
		} {
			for _, askew := range []float64{0, -4, 7} {
				img := image.NewGray(image.Rect(0, 0, 1700, 2200))
				for i := range img.Pix {
					img.Pix[i] = 255
				}
				put(img)
				if askew != 0 {
					img = pixel.NewLevel(1700, 2200, askew).Apply(img)
				}
				found := Find(t.Context(), img)
				if len(found) != 1 || found[0].Symbology != Patch || found[0].Text != text {
					t.Errorf("%s at the %s, askew by %v: %+v", text, name, askew, found)
				}
			}
		}
	}
}

// TestNoPatches: bars of other widths, other numbers, too short or too thin are no patch code, nor is print.
func TestNoPatches(t *testing.T) {
	t.Parallel()
	draw := func(put func(*image.Gray)) []string {
		img := sheet()
		put(img)
		var out []string
		for _, c := range findPatches(img) {
			out = append(out, c.Text)
		}
		return out
	}
	for name, put := range map[string]func(*image.Gray){
		"print":      func(*image.Gray) {},
		"three wide": func(m *image.Gray) { putPatch(m, 600, 100, [4]bool{true, true, true, false}, true) },
		"one wide":   func(m *image.Gray) { putPatch(m, 600, 100, [4]bool{true, false, false, false}, true) },
		"five bars": func(m *image.Gray) {
			putPatch(m, 600, 100, [4]bool{true, false, false, true}, true)
			putPatch(m, 600, 276, [4]bool{false, false, true, true}, true)
		},
		"short": func(m *image.Gray) {
			putPatch(m, 600, 100, [4]bool{true, false, false, true}, true)
			for y := 90; y < 300; y++ {
				for x := 700; x < 1010; x++ {
					m.Pix[y*m.Stride+x] = 255
				}
			}
		},
	} {
		if got := draw(put); len(got) != 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}
