package raster

import (
	"image"
	"image/color"
	"math"
)

// Colour gives the picture upright with square pixels, at most width pixels wide (0: its own
// size), on white paper. It is never enlarged, except to make its pixels square.
func (p *Picture) Colour(width int) *image.RGBA {
	b := p.stored.Bounds()
	w, h := float64(b.Dx())*p.stretchX, float64(b.Dy())*p.stretchY
	uw, _ := turned(int(w), int(h), p.orientation)
	scale := 1.0
	if width > 0 && uw > width {
		scale = float64(width) / float64(uw)
	}
	small := Shrink(p.stored, max(1, int(math.Round(w*scale))), max(1, int(math.Round(h*scale))))
	return turnRGBA(small, p.orientation)
}

// Shrink gives img at the size w×h on white paper: each pixel is the mean of those it covers.
func Shrink(img image.Image, w, h int) *image.RGBA {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	sums := make([][4]uint32, w)
	columns := make([]int, b.Dx()) // which column of the result a source column falls into
	for x := range columns {
		columns[x] = x * w / b.Dx()
	}
	read := pixels(img)
	for y := range h {
		top, bottom := y*b.Dy()/h, max((y+1)*b.Dy()/h, y*b.Dy()/h+1)
		clear(sums)
		for sy := top; sy < bottom; sy++ {
			for sx, x := range columns {
				r, g, bl := read(sx, sy)
				s := &sums[x]
				s[0], s[1], s[2], s[3] = s[0]+r, s[1]+g, s[2]+bl, s[3]+1
			}
		}
		for x := range w {
			s := sums[x]
			if s[3] == 0 { // enlarged across
				r, g, bl := read(x*b.Dx()/w, top)
				s = [4]uint32{r, g, bl, 1}
			}
			px := out.Pix[y*out.Stride+4*x:]
			px[0], px[1], px[2], px[3] = byte(s[0]/s[3]), byte(s[1]/s[3]), byte(s[2]/s[3]), 255
		}
	}
	return out
}

// pixels gives a fast way to read a picture's colours on white, from (0,0).
func pixels(img image.Image) func(x, y int) (r, g, b uint32) {
	min := img.Bounds().Min
	switch m := img.(type) {
	case *image.Gray:
		return func(x, y int) (r, g, b uint32) {
			v := uint32(m.Pix[y*m.Stride+x])
			return v, v, v
		}
	case *image.YCbCr:
		return func(x, y int) (uint32, uint32, uint32) {
			c := m.COffset(min.X+x, min.Y+y)
			r, g, b := color.YCbCrToRGB(m.Y[m.YOffset(min.X+x, min.Y+y)], m.Cb[c], m.Cr[c])
			return uint32(r), uint32(g), uint32(b)
		}
	case *image.RGBA:
		return func(x, y int) (r, g, b uint32) {
			p := m.Pix[y*m.Stride+4*x : y*m.Stride+4*x+4]
			rest := 255 - uint32(p[3])
			return uint32(p[0]) + rest, uint32(p[1]) + rest, uint32(p[2]) + rest
		}
	}
	return func(x, y int) (uint32, uint32, uint32) {
		r, g, b, a := img.At(min.X+x, min.Y+y).RGBA()
		rest := 0xFFFF - a
		return (r + rest) >> 8, (g + rest) >> 8, (b + rest) >> 8
	}
}

func turnRGBA(m *image.RGBA, orientation int) *image.RGBA {
	if orientation <= 1 {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	tw, th := turned(w, h, orientation)
	out := image.NewRGBA(image.Rect(0, 0, tw, th))
	for y := range th {
		for x := range tw {
			sx, sy := source(x, y, w, h, orientation)
			copy(out.Pix[y*out.Stride+4*x:][:4], m.Pix[sy*m.Stride+4*sx:][:4])
		}
	}
	return out
}

// Turn turns a picture clockwise by 0, 90, 180 or 270 degrees.
func Turn(m *image.RGBA, degrees int) *image.RGBA {
	return turnRGBA(m, map[int]int{90: 6, 180: 3, 270: 8}[((degrees%360)+360)%360])
}
