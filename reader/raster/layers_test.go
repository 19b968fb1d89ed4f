package raster

import (
	"image"
	"image/color"
	"testing"
)

// redForm is a page with red rules and boxes all over it and black bars of print in them.
func redForm(ink color.RGBA, rows int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, 1000, 1200))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	for y := 20; y < 20+rows*40 && y < 1180; y += 40 {
		for x := 20; x < 980; x++ {
			for d := range 3 {
				m.SetRGBA(x, y+d, ink)
			}
			if x%12 < 6 {
				m.SetRGBA(x, y+20, color.RGBA{20, 20, 20, 255})
				m.SetRGBA(x, y+21, color.RGBA{20, 20, 20, 255})
			}
		}
	}
	return m
}

func TestLayers(t *testing.T) {
	t.Parallel()
	red := color.RGBA{200, 30, 40, 255}
	p := &Picture{stored: redForm(red, 29), orientation: 1, stretchX: 1, stretchY: 1}
	form, filled, ok := p.Layers()
	if !ok {
		t.Fatal("a red form is none")
	}
	if form.GrayAt(500, 20).Y > 120 || filled.GrayAt(500, 20).Y != 255 {
		t.Errorf("a red rule is %d on the form and %d on what is filled in", form.GrayAt(500, 20).Y, filled.GrayAt(500, 20).Y)
	}
	if form.GrayAt(504, 40).Y != 255 || filled.GrayAt(504, 40).Y > 60 {
		t.Errorf("print is %d on the form and %d on what is filled in", form.GrayAt(504, 40).Y, filled.GrayAt(504, 40).Y)
	}
	rainbow := redForm(red, 29)
	for y := range 600 {
		for x := range 1000 {
			if rainbow.RGBAAt(x, y) == red {
				rainbow.SetRGBA(x, y, color.RGBA{30, 60, 200, 255})
			}
		}
	}
	photo := image.NewRGBA(image.Rect(0, 0, 1000, 1200))
	for i := range photo.Pix {
		photo.Pix[i] = byte(90 + i%4*40)
	}
	for name, m := range map[string]image.Image{
		"black form":       redForm(color.RGBA{30, 30, 30, 255}, 29),
		"red letterhead":   redForm(red, 3),
		"two colours":      rainbow,
		"coloured picture": photo,
		"grey":             image.NewGray(image.Rect(0, 0, 1000, 1200)),
		"card":             redForm(red, 29).SubImage(image.Rect(0, 0, 600, 400)),
	} {
		if _, _, ok := (&Picture{stored: m, orientation: 1, stretchX: 1, stretchY: 1}).Layers(); ok {
			t.Errorf("%s is taken for a form printed in colour", name)
		}
	}
}
