package ocr

import (
	"cmp"
	"image"
	"math"
	"slices"

	"chartlake/reader/pixel"
)

// strip is the picture of one segment as it goes to the recogniser: strip x is
// margin + (base picture x − x0) × scale.
type strip struct {
	img   *image.Gray
	x0    float64
	scale float64
	base  int // y of the baseline
}

// Heights of capitals in strip pixels. The network scales every line to 36 pixels in all,
// capitals then are about 24: below capLeast detail must be invented first, above capMost
// pixels are only carried about. Measured on 6 to 14 pt at 100 to 300 dpi.
const (
	capLeast  = 20.0
	capTarget = 30.0
	capMost   = 44.0

	coarseLeast  = 36.0 // on bilevel pages of a low resolution, where steps are smoothed away
	coarseTarget = 40.0
)

// page is the level page that strips are cut from.
type page struct {
	base    *image.Gray // full resolution
	factor  int         // base pixels per working pixel
	blurred bool        // its letters ran into each other: edges are made steeper
	coarse  bool        // bilevel of a low resolution: smoothed
	dots    bool        // dithered: only what is at its ink is shown to the recogniser
	ink     *pixel.Ink  // working resolution, as all below
	rough   *pixel.Ink  // of a dithered or blurred page: its ink before smoothing, at the usual threshold
	faint   *pixel.Ink  // of a grey page: with what is a little lighter than ink
	comps   []pixel.Component
	labels  []int32
	mask    []uint8 // pixels of ruling lines
	owner   []int32 // component → 1 + segment, 0 for none
}

// margin is the white around a strip, in pixels.
const margin = 10

// order puts segments into rows, top to bottom, each left to right.
func order(segs []*segment) {
	slices.SortStableFunc(segs, func(a, b *segment) int {
		if h := math.Min(a.rise, b.rise); math.Abs(a.base-b.base) > 0.3*h {
			return cmp.Compare(a.base, b.base)
		}
		return cmp.Compare(a.x0, b.x0)
	})
}

// strip cuts one segment out of the base picture, without ruling lines and without the letters
// of its neighbours, and scales it.
func (p *page) strip(s *segment) strip {
	f := p.factor
	top := max(min(s.base-s.rise*1.18, float64(s.y0)-1), s.base-1.8*s.rise)
	bottom := min(max(s.base+s.rise*0.36, float64(s.y1)+1), s.base+0.7*s.rise)
	x0, x1 := (s.x0-2)*f, (s.x1+2)*f
	y0, y1 := int(math.Floor(top))*f, int(math.Ceil(bottom))*f
	img := p.cut(s, x0, y0, x1, y1)
	for _, m := range s.members {
		c := p.comps[m]
		if 5*float64(c.H()) > 4*s.rise && c.W() < c.H() {
			openZero(img, image.Rect(c.X0*f-x0, c.Y0*f-y0, c.X1*f-x0, c.Y1*f-y0))
		}
	}
	out := strip{x0: float64(x0), scale: 1}
	least, target := capLeast, capTarget
	if p.coarse {
		least, target = coarseLeast, coarseTarget
	}
	if capital := s.rise * float64(f); capital < least || capital > capMost {
		scale := min(target/capital, 4)
		w, h := int(math.Round(float64(x1-x0)*scale)), int(math.Round(float64(y1-y0)*scale))
		img = pixel.Resize(img, max(w, 1), max(h, 1))
		out.scale = float64(img.Bounds().Dx()) / float64(x1-x0)
	}
	if p.blurred {
		img = pixel.Sharpen(img)
	}
	out.img = pixel.Pad(img, margin)
	out.base = margin + int((s.base*float64(f)-float64(y0))*float64(img.Bounds().Dy())/float64(y1-y0))
	return out
}

func (p *page) cut(s *segment, x0, y0, x1, y1 int) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, x1-x0, y1-y0))
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	w, h := p.base.Bounds().Dx(), p.base.Bounds().Dy()
	own := p.owner[s.members[0]]
	for y := max(y0, 0); y < min(y1, h); y++ {
		wy := y / p.factor
		if wy >= p.ink.H {
			break
		}
		src := p.base.Pix[y*p.base.Stride:]
		dst := out.Pix[(y-y0)*out.Stride:]
		for x := max(x0, 0); x < min(x1, w); x++ {
			if at := wy*p.ink.W + x/p.factor; p.mask[at] == 0 && (p.mine(at, own) || p.dots && src[x] < dotPrint) {
				dst[x-x0] = src[x]
			}
		}
	}
	return out
}

// dotPrint is the grey below which a pixel of a dithered page is shown wherever it stands: a
// full stop is lost in smoothing, but it is darker than a watermark.
const dotPrint = 110

// mine reports whether a working pixel belongs to the segment or to nothing: the ink of other
// segments, and the grey edge beside it, does not.
func (p *page) mine(at int, own int32) bool {
	if l := p.labels[at]; l != 0 {
		o := p.owner[l-1]
		return o == own || o == 0
	}
	foreign := false
	for _, d := range [4]int{-1, 1, -p.ink.W, p.ink.W} {
		n := at + d
		if n < 0 || n >= len(p.labels) {
			continue
		}
		if p.mask[n] != 0 {
			foreign = true
		} else if l := p.labels[n]; l != 0 {
			if o := p.owner[l-1]; o == own {
				return true
			} else if o != 0 {
				foreign = true
			}
		}
	}
	return !foreign && !p.dots
}
