package raster

import (
	"image"
	"image/color"

	"chartlake/reader/pixel"
)

// Gray gives the picture upright with square pixels, on white paper, 0 black and 255 white.
func (p *Picture) Gray() *image.Gray {
	g := toGray(p.stored)
	g = p.square(g)
	return turnGray(g, p.orientation)
}

// coarse is the ratio of the resolutions from which a picture shows steps when it is stretched:
// 204 by 98 dpi has 2.1, 204 by 196 has 1.04 (ITU-T T.4).
const coarse = 1.5

// Coarse reports whether the stored picture is black and white and much coarser in one direction
// than in the other, as a fax in standard resolution.
func (p *Picture) Coarse() bool {
	return max(p.stretchX, p.stretchY) > coarse && pixel.Bilevel(toGray(p.stored))
}

// square stretches the direction with the coarser resolution; rows or columns between are mixed.
func (p *Picture) square(g *image.Gray) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	if p.stretchX > 1 {
		out := image.NewGray(image.Rect(0, 0, int(float64(w)*p.stretchX+0.5), h))
		columns := mixing(w, out.Rect.Dx())
		for y := range h {
			src, dst := g.Pix[y*g.Stride:], out.Pix[y*out.Stride:]
			for x, m := range columns {
				dst[x] = m.mix(src[m.at], src[m.next])
			}
		}
		return out
	}
	if p.stretchY > 1 {
		out := image.NewGray(image.Rect(0, 0, w, int(float64(h)*p.stretchY+0.5)))
		for y, m := range mixing(h, out.Rect.Dy()) {
			a, b := g.Pix[m.at*g.Stride:], g.Pix[m.next*g.Stride:]
			dst := out.Pix[y*out.Stride : y*out.Stride+w]
			for x := range dst {
				dst[x] = m.mix(a[x], b[x])
			}
		}
		return out
	}
	return g
}

// weight says of which two source pixels a pixel is mixed, in 256ths.
type weight struct {
	at, next int
	part     int
}

func (m weight) mix(a, b byte) byte { return byte((int(a)*(256-m.part) + int(b)*m.part) >> 8) }

func mixing(from, to int) []weight {
	out := make([]weight, to)
	for i := range out {
		at := (float64(i)+0.5)*float64(from)/float64(to) - 0.5
		at = min(max(at, 0), float64(from-1))
		n := int(at)
		out[i] = weight{n, min(n+1, from-1), int((at - float64(n)) * 256)}
	}
	return out
}

// toGray converts by luminance (ITU-R BT.601, as JPEG's Y), transparency on white.
func toGray(img image.Image) *image.Gray {
	b := img.Bounds()
	out := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	switch m := img.(type) {
	case *image.Gray:
		if b.Min == (image.Point{}) && m.Stride == b.Dx() {
			return m
		}
		for y := range b.Dy() {
			copy(out.Pix[y*out.Stride:(y+1)*out.Stride], m.Pix[y*m.Stride:])
		}
	case *image.Gray16:
		for y := range b.Dy() {
			src, dst := m.Pix[y*m.Stride:], out.Pix[y*out.Stride:]
			for x := range b.Dx() {
				dst[x] = src[2*x]
			}
		}
	case *image.YCbCr:
		for y := range b.Dy() {
			copy(out.Pix[y*out.Stride:(y+1)*out.Stride], m.Y[y*m.YStride:])
		}
	case *image.Paletted:
		var grey [256]byte
		for i, c := range m.Palette {
			if i < len(grey) {
				grey[i] = luminance(c)
			}
		}
		for y := range b.Dy() {
			src, dst := m.Pix[y*m.Stride:], out.Pix[y*out.Stride:]
			for x := range b.Dx() {
				dst[x] = grey[src[x]]
			}
		}
	case *image.RGBA:
		for y := range b.Dy() {
			src, dst := m.Pix[y*m.Stride:], out.Pix[y*out.Stride:]
			for x := range b.Dx() {
				p := src[4*x : 4*x+4 : 4*x+4]
				dst[x] = byte(luma(int(p[0]), int(p[1]), int(p[2])) + 255 - int(p[3]))
			}
		}
	case *image.NRGBA:
		for y := range b.Dy() {
			src, dst := m.Pix[y*m.Stride:], out.Pix[y*out.Stride:]
			for x := range b.Dx() {
				p := src[4*x : 4*x+4 : 4*x+4]
				a := int(p[3])
				dst[x] = byte((luma(int(p[0]), int(p[1]), int(p[2]))*a + 255*(255-a)) / 255)
			}
		}
	default:
		for y := range b.Dy() {
			for x := range b.Dx() {
				out.Pix[y*out.Stride+x] = luminance(img.At(b.Min.X+x, b.Min.Y+y))
			}
		}
	}
	return out
}

func luma(r, g, b int) int { return (299*r + 587*g + 114*b + 500) / 1000 }

// luminance of a colour on white paper. RGBA gives 16 bits, multiplied by alpha.
func luminance(c color.Color) byte {
	r, g, b, a := c.RGBA()
	return byte((luma(int(r), int(g), int(b)) + 0xFFFF - int(a)) >> 8)
}

// turned gives the size after an orientation.
func turned(w, h, orientation int) (int, int) {
	if orientation >= 5 {
		return h, w
	}
	return w, h
}

// source says which stored pixel stands at (x,y) of the upright picture of a stored w×h
// picture. Source: Exif 2.3, tag 274.
func source(x, y, w, h, orientation int) (int, int) {
	switch orientation {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return y, h - 1 - x
	case 7:
		return w - 1 - y, h - 1 - x
	case 8:
		return w - 1 - y, x
	}
	return x, y
}

func turnGray(g *image.Gray, orientation int) *image.Gray {
	if orientation <= 1 {
		return g
	}
	w, h := g.Rect.Dx(), g.Rect.Dy()
	tw, th := turned(w, h, orientation)
	out := image.NewGray(image.Rect(0, 0, tw, th))
	for y := range th {
		// Along a row of the upright picture the stored pixel moves by a fixed step.
		x0, y0 := source(0, y, w, h, orientation)
		x1, y1 := source(1, y, w, h, orientation)
		at, step := y0*g.Stride+x0, (y1-y0)*g.Stride+x1-x0
		dst := out.Pix[y*out.Stride : y*out.Stride+tw]
		for x := range dst {
			dst[x] = g.Pix[at]
			at += step
		}
	}
	return out
}

// Upright turns a stored picture as an EXIF orientation (1 to 8) says.
func Upright(g *image.Gray, orientation int) *image.Gray { return turnGray(g, orientation) }
