package ocr

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	"chartlake/reader/pixel"
)

// TestPanel: a long grey bar with a short light title is print to invert, becoming black on white;
// a bar that is full of light specks, and one without print, are not.
func TestPanel(t *testing.T) {
	t.Parallel()
	bar := func(paint func(img *image.Gray)) *image.Gray {
		img := image.NewGray(image.Rect(0, 0, 900, 60))
		draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(img, image.Rect(20, 15, 880, 45), image.NewUniform(color.Gray{Y: 70}), image.Point{}, draw.Src)
		paint(img)
		return img
	}
	title := bar(func(img *image.Gray) { // upright strokes of letters
		for x := 40; x < 140; x += 12 {
			draw.Draw(img, image.Rect(x, 22, x+4, 38), image.NewUniform(color.Gray{Y: 240}), image.Point{}, draw.Src)
		}
	})
	screened := bar(func(img *image.Gray) {
		for y := 17; y < 43; y += 3 {
			for x := 22 + y%2; x < 878; x += 5 {
				img.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	})
	for name, c := range map[string]struct {
		img  *image.Gray
		want bool
	}{"title": {title, true}, "screened": {screened, false}, "plain": {bar(func(*image.Gray) {}), false}} {
		p := &page{base: c.img, factor: 1}
		out := p.invertPanels(c.img)
		if got := out != c.img; got != c.want {
			t.Errorf("%s: inverted %v", name, got)
		}
		if !c.want {
			continue
		}
		if paper, print := out.GrayAt(500, 30).Y, out.GrayAt(42, 30).Y; paper < 250 || print > 10 {
			t.Errorf("%s: paper %d, print %d", name, paper, print)
		}
		if share := pixel.Threshold(out, 128).Share(20, 15, 880, 45); share > 0.05 {
			t.Errorf("%s: %.2f of the bar is ink", name, share)
		}
	}
}
