package raster

import (
	"image"
)

// A form printed in colour is there to be dropped out: what is filled in is black or grey, and
// each of both is read better without the other. Measured on samples of the pixels, before
// anything is separated.
const (
	sampleStep   = 7   // every seventh pixel of every seventh row: forms repeat by eights and tens
	chromaSeen   = 48  // difference of the strongest and the weakest colour from which ink is coloured
	chromaPart   = 32  // the same for a pixel that is given to the form: edges are paler
	darkest      = 110 // of the strongest colour: darker is black ink, whatever its tint
	formLeast    = 0.006
	formMost     = 0.4
	filledLeast  = 0.002
	paperLeast   = 0.5
	oneHue       = 0.85 // of the coloured ink is of one hue, within 45 degrees to both sides
	hues         = 12
	spread       = 8  // the page is looked at in 8 × 8 parts
	spreadLeast  = 36 // of which so many have coloured ink: a form, no letterhead
	paperLuma    = 200
	paperChroma  = 24
	filledLuma   = 110
	layersPixels = 1_000_000 // smaller pictures are cards and labels
)

// Layers separates a page whose form is printed in one colour from what is black: each upright with
// square pixels on white, as Gray. ok is false where the page is no such form.
func (p *Picture) Layers() (form, filled *image.Gray, ok bool) {
	if form, filled, ok = Layers(p.stored); ok {
		form, filled = turnGray(p.square(form), p.orientation), turnGray(p.square(filled), p.orientation)
	}
	return form, filled, ok
}

// Layers is the same for a picture as it is.
func Layers(img image.Image) (form, filled *image.Gray, ok bool) {
	if !coloured(img) {
		return nil, nil, false
	}
	b := img.Bounds()
	form, filled = image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy())), image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	read := pixels(img)
	for y := range b.Dy() {
		at := y * form.Stride
		for x := range b.Dx() {
			r, g, bl := read(x, y)
			l := byte(luma(int(r), int(g), int(bl)))
			form.Pix[at+x], filled.Pix[at+x] = 255, l
			if high, low := max(r, g, bl), min(r, g, bl); high-low > chromaPart && high >= darkest {
				form.Pix[at+x], filled.Pix[at+x] = l, 255
			}
		}
	}
	return form, filled, true
}

// coloured reports whether a picture is a form printed in one colour, filled in with black.
func coloured(img image.Image) bool {
	switch img.(type) {
	case *image.Gray, *image.Gray16:
		return false
	}
	b := img.Bounds()
	if b.Dx()*b.Dy() < layersPixels {
		return false
	}
	read := pixels(img)
	var hue [hues]int
	var part [spread * spread]bool
	all, ink, filled, paper := 0, 0, 0, 0
	for y := 0; y < b.Dy(); y += sampleStep {
		for x := 0; x < b.Dx(); x += sampleStep {
			r, g, bl := read(x, y)
			all++
			high, low := max(r, g, bl), min(r, g, bl)
			switch l := luma(int(r), int(g), int(bl)); {
			case high-low > chromaSeen && high >= darkest:
				ink++
				hue[hueOf(r, g, bl)]++
				part[y*spread/b.Dy()*spread+x*spread/b.Dx()] = true
			case high-low <= paperChroma && l >= paperLuma:
				paper++
			case l < filledLuma:
				filled++
			}
		}
	}
	parts := 0
	for _, has := range part {
		if has {
			parts++
		}
	}
	n := float64(all)
	return float64(ink) >= formLeast*n && float64(ink) <= formMost*n && float64(filled) >= filledLeast*n && float64(paper) >= paperLeast*n &&
		parts >= spreadLeast && most(hue) >= oneHue*float64(ink)
}

// most is how many of the hues are within one and a half steps of the commonest.
func most(hue [hues]int) float64 {
	best := 0
	for i := range hue {
		best = max(best, hue[i]+hue[(i+1)%hues]+hue[(i+hues-1)%hues])
	}
	return float64(best)
}

// hueOf is the hue of a colour in twelfths of the circle, from red.
func hueOf(r, g, b uint32) int {
	high, low := int(max(r, g, b)), int(min(r, g, b))
	d := high - low
	if d == 0 {
		return 0
	}
	var sixth float64
	switch {
	case int(r) == high:
		sixth = float64(int(g)-int(b)) / float64(d)
	case int(g) == high:
		sixth = 2 + float64(int(b)-int(r))/float64(d)
	default:
		sixth = 4 + float64(int(r)-int(g))/float64(d)
	}
	return (int(sixth*hues/6+0.5+hues) + hues) % hues
}
