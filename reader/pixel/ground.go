package pixel

import (
	"image"
	"slices"
)

// groundTile is the side of the squares in which the background is measured, in pixels of the
// picture given: larger than a letter, smaller than a shadow.
const groundTile = 32

// Ground is the paper of a picture, measured in tiles.
type Ground struct {
	paper  []float32 // grey of the paper by tile
	tw, th int
	ink    float32 // grey of the darkest print, as a share of the paper that it stands on
	even   bool
}

// Even reports whether the paper is white enough and the ink dark enough as they are.
func (g Ground) Even() bool { return g.even }

// MeasureGround finds the paper of a picture.
func MeasureGround(img *image.Gray) Ground {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if w < 2 || h < 2 {
		return Ground{even: true}
	}
	g := Ground{tw: (w + groundTile - 1) / groundTile, th: (h + groundTile - 1) / groundTile}
	g.paper = make([]float32, g.tw*g.th)
	lowest := uint8(255)
	var all [256]int
	dark := 0 // pixels much darker than the paper around them
	for ty := range g.th {
		for tx := range g.tw {
			x0, y0, x1, y1 := tx*groundTile, ty*groundTile, min((tx+1)*groundTile, w), min((ty+1)*groundTile, h)
			tile := image.Gray{Pix: img.Pix[y0*img.Stride+x0:], Stride: img.Stride}
			count, n := histogram(&tile, x1-x0, y1-y0), (x1-x0)*(y1-y0)
			for v, c := range count {
				all[v] += c
			}
			p := fromTop(&count, n/5) // ink seldom covers four fifths of a tile
			for v := range int(p) * 3 / 5 {
				dark += count[v]
			}
			g.paper[ty*g.tw+tx] = float32(p)
			lowest = min(lowest, p)
		}
	}
	darkest := min(w*h/200, dark/10) // a page with little on it has dark print too
	if g.even = lowest >= 236 && Darker(&all, darkest) <= 90; g.even {
		return g
	}
	g.smooth()
	g.measureInk(img, darkest)
	return g
}

// measureInk finds how dark print is beside its paper: a shadow darkens both alike.
func (g *Ground) measureInk(img *image.Gray, darkest int) {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	var share [256]int // v as a share of its tile's paper, in 255ths
	for y := range h {
		for tx := range g.tw {
			scale := int(255 * 256 / max(g.paper[y/groundTile*g.tw+tx], 1))
			for _, v := range img.Pix[y*img.Stride+tx*groundTile : y*img.Stride+min((tx+1)*groundTile, w)] {
				share[min(int(v)*scale>>8, 255)]++
			}
		}
	}
	g.ink = min(float32(Darker(&share, darkest))/255, inkMost)
}

// inkMost is the share of the paper that the darkest print has at most: what is lighter is no print.
const inkMost = 0.6

// Even gives the picture with its background made white and its ink made dark, tile by tile:
// shadows, yellowed paper, shaded cells and faint print. A picture that is even already is
// returned itself.
func Even(img *image.Gray) *image.Gray { return MeasureGround(img).Apply(img, 1) }

func fromTop(count *[256]int, n int) uint8 {
	for v := 255; v > 0; v-- {
		if n -= count[v]; n < 0 {
			return uint8(v)
		}
	}
	return 0
}

// Darker is the grey that n of the counted pixels are darker than.
func Darker(count *[256]int, n int) uint8 {
	for v := range count {
		if n -= count[v]; n < 0 {
			return uint8(v)
		}
	}
	return 255
}

// smooth takes out tiles that are full of ink: no tile falls far below the median of its
// neighbourhood, nor below a third of the page's paper.
func (g *Ground) smooth() {
	sorted := slices.Clone(g.paper)
	slices.Sort(sorted)
	least := max(0.35*sorted[len(sorted)*9/10], 40)
	out := make([]float32, len(g.paper))
	near := make([]float32, 0, 9)
	for ty := range g.th {
		for tx := range g.tw {
			near = near[:0]
			for y := max(ty-1, 0); y <= min(ty+1, g.th-1); y++ {
				near = append(near, g.paper[y*g.tw+max(tx-1, 0):y*g.tw+min(tx+1, g.tw-1)+1]...)
			}
			slices.Sort(near)
			out[ty*g.tw+tx] = max(g.paper[ty*g.tw+tx], near[len(near)/2]*0.9, least)
		}
	}
	g.paper = out
}

// Apply scales every pixel so that the local paper becomes 255 and the page's ink on such paper 0;
// the paper between tile centres is interpolated. img is factor times as large as the picture that was
// measured. Where the ground is even, img itself is returned.
func (g Ground) Apply(img *image.Gray, factor int) *image.Gray {
	if g.even {
		return img
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	out := image.NewGray(image.Rect(0, 0, w, h))
	row := make([]float32, g.tw)
	left := make([]int, w)
	share := make([]float32, w)
	for x := range left {
		left[x], share[x] = between(x, factor, g.tw)
	}
	for y := range h {
		t, f := between(y, factor, g.th)
		for i := range row {
			row[i] = g.paper[t*g.tw+i]*(1-f) + g.paper[min(t+1, g.th-1)*g.tw+i]*f
		}
		src := img.Pix[y*img.Stride : y*img.Stride+w]
		dst := out.Pix[y*out.Stride : y*out.Stride+w]
		for x, v := range src {
			l := left[x]
			p := row[l]*(1-share[x]) + row[min(l+1, g.tw-1)]*share[x]
			low := g.ink * p
			s := (float32(v) - low) * 262 / (p - low) // 262: the brightest grain of the paper goes too
			dst[x] = uint8(min(max(s, 0), 255))
		}
	}
	return out
}

// between gives the tile whose centre lies left of pixel x, and how far x is on the way to the next.
func between(x, factor, tiles int) (int, float32) {
	at := (float32(x)+0.5)/float32(groundTile*factor) - 0.5
	if at <= 0 {
		return 0, 0
	}
	i := int(at)
	if i >= tiles-1 {
		return tiles - 1, 0
	}
	return i, at - float32(i)
}

// Invert swaps ink and paper.
func Invert(img *image.Gray) *image.Gray {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	out := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x, v := range img.Pix[y*img.Stride : y*img.Stride+w] {
			out.Pix[y*out.Stride+x] = 255 - v
		}
	}
	return out
}

// InvertIn makes light print on a dark area dark print on white within [x0,x1)×[y0,y1) of img
// itself: greys up to paper become white, from print on black, and those between in proportion.
func InvertIn(img *image.Gray, x0, y0, x1, y1 int, paper, print uint8) {
	var table [256]uint8
	span := max(int(print)-int(paper), 1)
	for v := range table {
		table[v] = uint8(min(max((int(print)-v)*255/span, 0), 255))
	}
	x0, y0 = max(x0, 0), max(y0, 0)
	x1, y1 = min(x1, img.Bounds().Dx()), min(y1, img.Bounds().Dy())
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			img.Pix[y*img.Stride+x] = table[img.Pix[y*img.Stride+x]]
		}
	}
}

// WhitenEdge makes white what is at most reach pixels off the edge of [x0,x1)×[y0,y1), inside
// and outside, in img itself.
func WhitenEdge(img *image.Gray, x0, y0, x1, y1, reach int) {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	for y := max(y0-reach, 0); y < min(y1+reach, h); y++ {
		row := img.Pix[y*img.Stride : y*img.Stride+w]
		inside := y >= y0+reach && y < y1-reach
		for x := max(x0-reach, 0); x < min(x1+reach, w); x++ {
			if inside && x == x0+reach && x1-reach > x {
				x = x1 - reach
			}
			row[x] = 255
		}
	}
}
