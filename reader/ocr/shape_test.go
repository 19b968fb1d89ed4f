package ocr

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	"chartlake/reader/pixel"
)

// TestInitial: the first letter of a word is as large as its ink, and a stroke without a dot is no "i".
func TestInitial(t *testing.T) {
	t.Parallel()
	base := image.NewGray(image.Rect(0, 0, 200, 60))
	draw.Draw(base, base.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(base, image.Rect(10, 20, 14, 40), image.Black, image.Point{}, draw.Src)
	draw.Draw(base, image.Rect(30, 20, 34, 40), image.Black, image.Point{}, draw.Src)
	draw.Draw(base, image.Rect(30, 23, 34, 26), image.NewUniform(color.Gray{Y: 150}), image.Point{}, draw.Src) // the gap of an "i" that was filled
	p := &page{base: base, factor: 1}
	box := func(x0, y0, x1, y1, pieces int) sign {
		return sign{pixel.Component{X0: x0, Y0: y0, X1: x1, Y1: y1}, pieces}
	}
	stroke, dotted := box(10, 20, 14, 40, 1), box(30, 20, 34, 40, 1)
	low, tall := box(50, 26, 60, 40, 1), box(50, 20, 60, 40, 1)
	rest := func(first sign, n int) []sign {
		out := []sign{first}
		for i := range n {
			out = append(out, box(70+14*i, 26, 80+14*i, 40, 1))
		}
		return out
	}
	if p.plain(pixel.Component{X0: 10, Y0: 20, X1: 11, Y1: 22}) {
		t.Error("two pixels are a stroke")
	}
	for _, c := range []struct {
		text, want string
		ink        []sign
	}{
		{"Salt", "salt", rest(low, 3)},
		{"Salt", "salt", rest(low, 2)}, // two letters run into each other
		{"Salt", "Salt", rest(tall, 3)},
		{"Salt", "Salt", rest(low, 5)}, // letters fell apart
		{"SALT", "SALT", rest(low, 3)},
		{"Values", "Values", rest(low, 5)},
		{"ibarra", "Ibarra", rest(stroke, 5)},
		{"iower", "lower", rest(stroke, 4)},
		{"iron", "iron", rest(dotted, 3)},
		{"iron", "iron", rest(box(10, 20, 14, 40, 2), 3)},
		{"lf", "If", rest(stroke, 1)},
		{"lb", "lb", rest(stroke, 1)},
		{"lbs.", "lbs.", rest(stroke, 3)},
		{"lbuprofen,", "Ibuprofen,", rest(stroke, 9)},
		{"llama", "llama", rest(stroke, 4)},
		{"ileum", "Ileum", rest(stroke, 4)},
		{"later", "later", rest(stroke, 4)},
		{"140", "140", rest(stroke, 2)},
	} {
		if got := p.initial(c.text, c.ink, 14); got != c.want {
			t.Errorf("%q with %d signs: %q, want %q", c.text, len(c.ink), got, c.want)
		}
	}
}
