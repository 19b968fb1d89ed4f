package ocr

import (
	"testing"

	"chartlake/reader/pixel"
)

// TestChoices tells places to tick from letters by what stands beside them.
func TestChoices(t *testing.T) {
	t.Parallel()
	const size = 20
	for name, c := range map[string]struct {
		draw func(k *pixel.Ink)
		want int
	}{
		"box before its label":    {func(k *pixel.Ink) { frameIn(k, 40, 40, 26); bars(k, 75, 43, 22) }, 1},
		"circle before its label": {func(k *pixel.Ink) { ringIn(k, 53, 53, 13); bars(k, 75, 43, 22) }, 1},
		"letter O of a word":      {func(k *pixel.Ink) { ringIn(k, 53, 53, 11); bars(k, 66, 42, 22) }, 0},
		"letter O on its own":     {func(k *pixel.Ink) { ringIn(k, 53, 53, 11); bars(k, 90, 42, 22) }, 0},
		"comb to write into":      {func(k *pixel.Ink) { frameIn(k, 40, 40, 26); frameIn(k, 72, 40, 26); frameIn(k, 104, 40, 26) }, 0},
		"frames under a frame, one beside a tall sign": {func(k *pixel.Ink) {
			frameIn(k, 40, 40, 26)
			bars(k, 75, 43, 22)
			frameIn(k, 40, 90, 26)
			bars(k, 75, 88, 30)
		}, 2},
		"a struck circle under circles": {func(k *pixel.Ink) {
			for y := range 2 {
				ringIn(k, 53, 53+50*y, 13)
				bars(k, 75, 43+50*y, 22)
			}
			ringIn(k, 53, 153, 13)
			for d := range 34 {
				k.Pix[(136+d)*k.W+40+d*4/5], k.Pix[(136+d)*k.W+41+d*4/5] = 1, 1
			}
			bars(k, 80, 143, 22)
		}, 3},
		"a heading over circles": {func(k *pixel.Ink) {
			bars(k, 41, 10, 30)
			for y := range 2 {
				ringIn(k, 53, 73+50*y, 13)
				bars(k, 75, 63+50*y, 22)
			}
		}, 2},
	} {
		k := pixel.NewInk(240, 220)
		c.draw(k)
		p := &page{ink: k}
		p.comps, p.labels = pixel.Components(k)
		if got := len(p.choices(size)); got != c.want {
			t.Errorf("%s: %d places to tick", name, got)
		}
	}
}

func frameIn(k *pixel.Ink, x0, y0, side int) {
	for i := range side {
		for d := range 2 {
			for _, at := range [4][2]int{{x0 + i, y0 + d}, {x0 + i, y0 + side - 1 - d}, {x0 + d, y0 + i}, {x0 + side - 1 - d, y0 + i}} {
				k.Pix[at[1]*k.W+at[0]] = 1
			}
		}
	}
}

func ringIn(k *pixel.Ink, cx, cy, r int) {
	for y := -r; y <= r; y++ {
		for x := -r; x <= r; x++ {
			if d := x*x + y*y; d <= r*r && d > (r-3)*(r-3) {
				k.Pix[(cy+y)*k.W+cx+x] = 1
			}
		}
	}
}

// bars stand for letters: upright strokes of a height, close together.
func bars(k *pixel.Ink, x0, y0, height int) {
	for n := range 5 {
		for y := y0; y < y0+height; y++ {
			for x := range 4 {
				k.Pix[y*k.W+x0+8*n+x] = 1
			}
		}
	}
}
