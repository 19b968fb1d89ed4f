package ocr

import (
	"cmp"
	"image"
	"math"
	"slices"

	"chartlake/reader/pixel"
)

// strip is the picture of one row of segments as it goes to the recogniser.
type strip struct {
	img   *image.Gray
	parts []part
}

// part is one segment within a strip: strip x = at + (base picture x − x0) × scale.
type part struct {
	seg   *segment
	at    int     // left edge in the strip
	width int     // pixels in the strip
	x0    float64 // left edge in the base picture
	scale float64
}

// Heights of capitals in strip pixels. The network scales every line to 36 pixels in all,
// capitals then are about 24: below capLeast detail must be invented first, above capMost
// pixels are only carried about. Measured on 6 to 14 pt at 100 to 300 dpi.
const (
	capLeast  = 20.0
	capTarget = 30.0
	capMost   = 44.0
)

// page is the level page that strips are cut from.
type page struct {
	base   *image.Gray // full resolution
	factor int         // base pixels per working pixel
	ink    *pixel.Ink  // working resolution, as all below
	comps  []pixel.Component
	labels []int32
	mask   []uint8 // pixels of ruling lines
	owner  []int32 // component → 1 + segment, 0 for none
}

// rows puts segments that share a baseline into rows, left to right, top to bottom.
func rows(segs []*segment) [][]*segment {
	sorted := slices.Clone(segs)
	slices.SortFunc(sorted, func(a, b *segment) int { return cmp.Compare(a.base, b.base) })
	var out [][]*segment
	for _, s := range sorted {
		placed := false
		for i := len(out) - 1; i >= 0 && i >= len(out)-8; i-- {
			r := out[i]
			h := math.Min(r[0].rise, s.rise)
			if math.Abs(r[0].base-s.base) > 0.25*h || math.Max(r[0].rise, s.rise) > 1.35*h || clash(r, s) {
				continue
			}
			out[i] = append(r, s)
			placed = true
			break
		}
		if !placed {
			out = append(out, []*segment{s})
		}
	}
	for _, r := range out {
		slices.SortFunc(r, func(a, b *segment) int { return cmp.Compare(a.x0, b.x0) })
	}
	return out
}

func clash(row []*segment, s *segment) bool {
	for _, r := range row {
		if r.x0 < s.x1 && s.x0 < r.x1 {
			return true
		}
	}
	return false
}

// stripWidth is where a row is broken: the network's memory grows with the line.
const stripWidth = 3600

// strips cuts every row out of the page.
func (p *page) strips(rows [][]*segment) []strip {
	var out []strip
	for _, r := range rows {
		for len(r) > 0 {
			var s strip
			s, r = p.strip(r)
			out = append(out, s)
		}
	}
	return out
}

// strip makes one strip of the first segments of a row and gives the rest back.
func (p *page) strip(row []*segment) (strip, []*segment) {
	type piece struct {
		img  *image.Gray
		base int // of the baseline, from the top
		part part
	}
	var pieces []piece
	above, below, width := 0, 0, margin
	for len(row) > 0 {
		s := row[0]
		img, base, x0, scale := p.crop(s)
		w := img.Bounds().Dx()
		if len(pieces) > 0 && width+w > stripWidth {
			break
		}
		gap := int(1.1 * s.rise * float64(p.factor) * scale)
		if len(pieces) == 0 {
			gap = 0
		}
		pieces = append(pieces, piece{img, base, part{s, width + gap, w, x0, scale}})
		width += gap + w
		above, below = max(above, base), max(below, img.Bounds().Dy()-base)
		row = row[1:]
	}
	out := strip{img: image.NewGray(image.Rect(0, 0, width+margin, above+below))}
	for i := range out.img.Pix {
		out.img.Pix[i] = 255
	}
	for _, pc := range pieces {
		out.parts = append(out.parts, pc.part)
		for y := range pc.img.Bounds().Dy() {
			copy(out.img.Pix[(above-pc.base+y)*out.img.Stride+pc.part.at:], pc.img.Pix[y*pc.img.Stride:y*pc.img.Stride+pc.part.width])
		}
	}
	return out, row
}

// margin is the white to the left and right of a strip, in pixels.
const margin = 10

// crop cuts one segment out of the base picture, without ruling lines and without the letters
// of its neighbours, and scales it. base is the row of the baseline within the result, x0 the
// left edge in the base picture.
func (p *page) crop(s *segment) (img *image.Gray, base int, x0, scale float64) {
	f := p.factor
	rise := s.rise
	top := min(s.base-rise*1.18, float64(s.y0)-1)
	bottom := max(s.base+rise*0.36, float64(s.y1)+1)
	top = max(top, s.base-1.8*rise)
	bottom = min(bottom, s.base+0.7*rise)
	bx0, bx1 := (s.x0-2)*f, (s.x1+2)*f
	by0, by1 := int(math.Floor(top))*f, int(math.Ceil(bottom))*f
	img = p.cut(s, bx0, by0, bx1, by1)
	capital := rise * float64(f)
	scale = 1
	if capital < capLeast || capital > capMost {
		scale = min(capTarget/capital, 4)
		w, h := int(math.Round(float64(bx1-bx0)*scale)), int(math.Round(float64(by1-by0)*scale))
		img = pixel.Resize(img, max(w, 1), max(h, 1))
		scale = float64(img.Bounds().Dx()) / float64(bx1-bx0)
	}
	base = int(math.Round((s.base*float64(f) - float64(by0)) * scale))
	return img, base, float64(bx0), scale
}

func (p *page) cut(s *segment, x0, y0, x1, y1 int) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, x1-x0, y1-y0))
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	w, h := p.base.Bounds().Dx(), p.base.Bounds().Dy()
	own := int32(0)
	if len(s.members) > 0 {
		own = p.owner[s.members[0]]
	}
	for y := max(y0, 0); y < min(y1, h); y++ {
		wy := y / p.factor
		if wy >= p.ink.H {
			break
		}
		src := p.base.Pix[y*p.base.Stride:]
		dst := out.Pix[(y-y0)*out.Stride:]
		for x := max(x0, 0); x < min(x1, w); x++ {
			if at := wy*p.ink.W + x/p.factor; p.mask[at] == 0 && p.mine(at, own) {
				dst[x-x0] = src[x]
			}
		}
	}
	return out
}

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
	return !foreign
}
