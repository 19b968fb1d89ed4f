// Package scan does to a clean picture what scanners, fax machines and telephones do to
// paper: turning, perspective, uneven light, blur, noise, speckle, and the file formats
// that they write (TIFF group 4, JPEG with EXIF orientation). Every change of geometry is
// a Map, so that boxes follow the ink.
package scan

import (
	"image"
	"math"
	"math/rand/v2"

	"chartlake/document"
)

// Map takes a point of the sheet to the same point of the picture, both in fractions.
type Map func(x, y float64) (float64, float64)

// Same is the map of a picture that shows the sheet as it is.
func Same(x, y float64) (float64, float64) { return x, y }

// Box is the smallest upright box around a mapped box, cut to the page.
func (m Map) Box(b document.Box) document.Box {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range [4][2]float64{{b.X, b.Y}, {b.X + b.W, b.Y}, {b.X, b.Y + b.H}, {b.X + b.W, b.Y + b.H}} {
		x, y := m(c[0], c[1])
		x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
	}
	return document.Box{X: x0, Y: y0, W: x1 - x0, H: y1 - y0}.Clamp()
}

// Homography is a projective map of the plane in pixels, row by row.
type Homography [9]float64

// At maps a point.
func (h Homography) At(x, y float64) (float64, float64) {
	w := h[6]*x + h[7]*y + h[8]
	return (h[0]*x + h[1]*y + h[2]) / w, (h[3]*x + h[4]*y + h[5]) / w
}

// Inverse is the map back.
func (h Homography) Inverse() Homography {
	a, b, c, d, e, f, g, i, j := h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], h[8]
	return Homography{e*j - f*i, c*i - b*j, b*f - c*e, f*g - d*j, a*j - c*g, c*d - a*f, d*i - e*g, b*g - a*i, a*e - b*d}
}

// Turn is a rotation of the paper by degrees clockwise around the middle of a picture whose
// pixels are aspect times as tall as they are wide.
func Turn(w, h, degrees, aspect float64) Homography {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	cx, cy, right, down := w/2, h/2, -sin*aspect, sin/aspect
	return Homography{cos, right, cx - cos*cx - right*cy, down, cos, cy - down*cx - cos*cy, 0, 0, 1}
}

// Quad is the projective map that takes the unit square, scaled to w by h, to four corners
// in the order top left, top right, bottom right, bottom left (Heckbert 1989, section 2.2.3).
func Quad(w, h float64, c [4][2]float64) Homography {
	dx1, dx2, sx := c[1][0]-c[2][0], c[3][0]-c[2][0], c[0][0]-c[1][0]+c[2][0]-c[3][0]
	dy1, dy2, sy := c[1][1]-c[2][1], c[3][1]-c[2][1], c[0][1]-c[1][1]+c[2][1]-c[3][1]
	det := dx1*dy2 - dx2*dy1
	g, k := (sx*dy2-dx2*sy)/det, (dx1*sy-sx*dy1)/det
	return Homography{
		(c[1][0] - c[0][0] + g*c[1][0]) / w, (c[3][0] - c[0][0] + k*c[3][0]) / h, c[0][0],
		(c[1][1] - c[0][1] + g*c[1][1]) / w, (c[3][1] - c[0][1] + k*c[3][1]) / h, c[0][1],
		g / w, k / h, 1,
	}
}

// Warp draws src through h onto a picture of w by h pixels, bilinear, over a background level.
func Warp(src *image.Gray, to image.Rectangle, h Homography, background uint8) *image.Gray {
	dst := image.NewGray(to)
	back := h.Inverse()
	w, hh := src.Bounds().Dx(), src.Bounds().Dy()
	at := func(x, y int) float64 {
		if x < 0 || y < 0 || x >= w || y >= hh {
			return float64(background)
		}
		return float64(src.Pix[y*src.Stride+x])
	}
	for y := 0; y < to.Dy(); y++ {
		for x := 0; x < to.Dx(); x++ {
			sx, sy := back.At(float64(x)+0.5, float64(y)+0.5)
			sx, sy = sx-0.5, sy-0.5
			fx, fy := math.Floor(sx), math.Floor(sy)
			if fx < -1 || fy < -1 || fx >= float64(w) || fy >= float64(hh) {
				dst.Pix[y*dst.Stride+x] = background
				continue
			}
			ix, iy, tx, ty := int(fx), int(fy), sx-fx, sy-fy
			v := (at(ix, iy)*(1-tx)+at(ix+1, iy)*tx)*(1-ty) + (at(ix, iy+1)*(1-tx)+at(ix+1, iy+1)*tx)*ty
			dst.Pix[y*dst.Stride+x] = uint8(v + 0.5)
		}
	}
	return dst
}

// QuarterTurns turns a picture clockwise by n quarters, pixel by pixel.
func QuarterTurns(src *image.Gray, n int) *image.Gray {
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	if n%2 != 0 {
		w, h = h, w
	}
	dst := image.NewGray(image.Rect(0, 0, w, h))
	sw, sh := src.Bounds().Dx(), src.Bounds().Dy()
	for y := 0; y < sh; y++ {
		for x := 0; x < sw; x++ {
			tx, ty := x, y
			switch ((n % 4) + 4) % 4 {
			case 1:
				tx, ty = sh-1-y, x
			case 2:
				tx, ty = sw-1-x, sh-1-y
			case 3:
				tx, ty = y, sw-1-x
			}
			dst.Pix[ty*dst.Stride+tx] = src.Pix[y*src.Stride+x]
		}
	}
	return dst
}

// Blur is a box blur of the given radius in pixels, applied twice, which is near enough to
// a lens out of focus.
func Blur(img *image.Gray, radius int) {
	for range 2 {
		blurLines(img, radius, img.Bounds().Dx(), img.Bounds().Dy(), 1, img.Stride)
		blurLines(img, radius, img.Bounds().Dy(), img.Bounds().Dx(), img.Stride, 1)
	}
}

func blurLines(img *image.Gray, radius, length, lines, step, next int) {
	line := make([]int, length)
	for l := range lines {
		base := l * next
		for i := range line {
			line[i] = int(img.Pix[base+i*step])
		}
		sum, n := 0, 0
		for i := 0; i < min(radius, length); i++ {
			sum, n = sum+line[i], n+1
		}
		for i := range line {
			if i+radius < length {
				sum, n = sum+line[i+radius], n+1
			}
			if i-radius-1 >= 0 {
				sum, n = sum-line[i-radius-1], n-1
			}
			img.Pix[base+i*step] = uint8(sum / n)
		}
	}
}

// Noise adds grain with this standard deviation, in levels of 255.
func Noise(img *image.Gray, r *rand.Rand, deviation float64) {
	for i, v := range img.Pix {
		img.Pix[i] = uint8(min(max(float64(v)+r.NormFloat64()*deviation, 0), 255))
	}
}

// Light multiplies the picture by a brightness that falls from one corner to the other and
// towards the edges, as a lamp beside a telephone does. The lamp stands at lx, ly in
// fractions of the picture; dark is the share of light that is left farthest from it.
func Light(img *image.Gray, lx, ly, dark float64) {
	w, h := float64(img.Bounds().Dx()), float64(img.Bounds().Dy())
	for y := 0; y < img.Bounds().Dy(); y++ {
		for x := 0; x < img.Bounds().Dx(); x++ {
			d := min(math.Hypot(float64(x)/w-lx, float64(y)/h-ly)/1.2, 1)
			i := y*img.Stride + x
			img.Pix[i] = uint8(float64(img.Pix[i]) * (1 - (1-dark)*d))
		}
	}
}

// Threshold makes levels under the cut black and the rest white.
func Threshold(img *image.Gray, cut uint8) {
	for i, v := range img.Pix {
		if v < cut {
			img.Pix[i] = 0
		} else {
			img.Pix[i] = 255
		}
	}
}

// Speckle puts dots of one to three pixels on a bilevel picture, a share of them white.
func Speckle(img *image.Gray, r *rand.Rand, dots int) {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	for range dots {
		x, y, size := r.IntN(w), r.IntN(h), 1+r.IntN(2)
		level := uint8(0)
		if r.IntN(3) == 0 {
			level = 255
		}
		for dy := range size {
			for dx := range size {
				if x+dx < w && y+dy < h {
					img.Pix[(y+dy)*img.Stride+x+dx] = level
				}
			}
		}
	}
}

// Streak draws broken dark lines along the paper's way through a fax machine, as dirt on
// its glass does.
func Streak(img *image.Gray, r *rand.Rand, n int) {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	for range n {
		x := r.IntN(w)
		for y := range h {
			if r.IntN(10) < 6 {
				img.Pix[y*img.Stride+x] = 0
			}
		}
	}
}

// Soften is the blur of a lens a little out of focus: each pixel becomes the mean of itself
// and its neighbours, weighed 1 2 1 both ways.
func Soften(img *image.Gray) {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	soften := func(n, lines, step, next int) {
		for l := range lines {
			before := int(img.Pix[l*next])
			for i := range n {
				at := l*next + i*step
				here, after := int(img.Pix[at]), int(img.Pix[at])
				if i+1 < n {
					after = int(img.Pix[at+step])
				}
				img.Pix[at] = uint8((before + 2*here + after + 2) / 4)
				before = here
			}
		}
	}
	soften(w, h, 1, img.Stride)
	soften(h, w, img.Stride, 1)
}

// Shadow darkens what lies beyond a line across the picture, with a soft edge, as a hand or
// a telephone between lamp and paper does. The same shadow falls on every colour.
func Shadow(r *rand.Rand) func(*image.Gray) {
	angle, across := r.Float64()*2*math.Pi, 0.1+0.3*r.Float64()
	depth, edge := 0.4+0.2*r.Float64(), 0.02+0.06*r.Float64()
	sin, cos := math.Sincos(angle)
	return func(img *image.Gray) {
		w, h := float64(img.Bounds().Dx()), float64(img.Bounds().Dy())
		for y := 0; y < img.Bounds().Dy(); y++ {
			for x := 0; x < img.Bounds().Dx(); x++ {
				beyond := ((float64(x)/w-0.5)*cos + (float64(y)/h-0.5)*sin - across + 0.5*edge) / edge
				i := y*img.Stride + x
				img.Pix[i] = uint8(float64(img.Pix[i]) * (1 - depth*min(max(beyond, 0), 1)))
			}
		}
	}
}
