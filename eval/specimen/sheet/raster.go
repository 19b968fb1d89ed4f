package sheet

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// subpixels is how finely a letter is placed within a pixel; a quarter is below what can
// be seen and keeps the number of distinct letter pictures small.
const subpixels = 4

// Picture renders the sheet at a resolution that may differ across and down, as a fax does.
func (s *Sheet) Picture(dpiX, dpiY float64) *image.RGBA {
	kx, ky := dpiX/72, dpiY/72
	img := image.NewRGBA(image.Rect(0, 0, int(math.Round(s.Width*kx)), int(math.Round(s.Height*ky))))
	paper := s.Paper
	if paper.A == 0 {
		paper = White
	}
	draw.Draw(img, img.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	p := &painter{img: img, kx: kx, ky: ky, letters: map[letterKey]letter{}}
	for _, it := range s.items {
		if it.text != nil {
			p.text(it.text, it.ink)
		} else {
			p.polygon(it.polygon, it.ink)
		}
	}
	return img
}

type painter struct {
	img     *image.RGBA
	kx, ky  float64
	letters map[letterKey]letter
	raster  vector.Rasterizer
}

type letterKey struct {
	face   *Face
	size   float64
	r      rune
	sx, sy int
}

// letter is a rendered glyph; its mask's origin lies at offset from the pen's whole pixel.
type letter struct {
	mask   *image.Alpha
	offset image.Point
}

func (p *painter) text(t *text, ink color.RGBA) {
	src := image.NewUniform(ink)
	x, y := t.x*p.kx, t.y*p.ky
	for _, r := range t.s {
		g := t.face.glyph(r)
		if g.inked {
			ix, iy := math.Floor(x), math.Floor(y)
			l := p.letter(letterKey{t.face, t.size, r, int((x - ix) * subpixels), int((y - iy) * subpixels)}, g)
			at := l.mask.Bounds().Add(l.offset).Add(image.Pt(int(ix), int(iy)))
			draw.DrawMask(p.img, at, src, image.Point{}, l.mask, image.Point{}, draw.Over)
		}
		x += g.advance * t.size * p.kx
	}
}

// letter renders a glyph once for each size and subpixel place.
func (p *painter) letter(k letterKey, g *glyph) letter {
	if l, ok := p.letters[k]; ok {
		return l
	}
	sx, sy := k.size*p.kx, k.size*p.ky
	fx, fy := (float64(k.sx)+0.5)/subpixels, (float64(k.sy)+0.5)/subpixels
	x0, y0 := math.Floor(g.x0*sx+fx), math.Floor(g.y0*sy+fy)
	x1, y1 := math.Ceil(g.x1*sx+fx), math.Ceil(g.y1*sy+fy)
	w, h := int(x1-x0), int(y1-y0)
	p.raster.Reset(w, h)
	p.raster.DrawOp = draw.Src
	em := float64(k.face.em)
	at := func(q fixed.Point26_6) (float32, float32) {
		return float32(float64(q.X)/em*sx + fx - x0), float32(float64(q.Y)/em*sy + fy - y0)
	}
	for _, seg := range g.segments {
		ax, ay := at(seg.Args[0])
		switch seg.Op {
		case sfnt.SegmentOpMoveTo:
			p.raster.ClosePath()
			p.raster.MoveTo(ax, ay)
		case sfnt.SegmentOpLineTo:
			p.raster.LineTo(ax, ay)
		case sfnt.SegmentOpQuadTo:
			bx, by := at(seg.Args[1])
			p.raster.QuadTo(ax, ay, bx, by)
		case sfnt.SegmentOpCubeTo:
			bx, by := at(seg.Args[1])
			cx, cy := at(seg.Args[2])
			p.raster.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	p.raster.ClosePath()
	l := letter{image.NewAlpha(image.Rect(0, 0, w, h)), image.Pt(int(x0), int(y0))}
	p.raster.Draw(l.mask, l.mask.Bounds(), image.Opaque, image.Point{})
	p.letters[k] = l
	return l
}

func (p *painter) polygon(points []Point, ink color.RGBA) {
	if len(points) < 3 {
		return
	}
	x0, y0, x1, y1 := points[0].X, points[0].Y, points[0].X, points[0].Y
	for _, q := range points {
		x0, y0, x1, y1 = min(x0, q.X), min(y0, q.Y), max(x1, q.X), max(y1, q.Y)
	}
	area := image.Rect(int(math.Floor(x0*p.kx)), int(math.Floor(y0*p.ky)), int(math.Ceil(x1*p.kx)), int(math.Ceil(y1*p.ky)))
	area = area.Intersect(p.img.Bounds())
	if area.Empty() {
		return
	}
	p.raster.Reset(area.Dx(), area.Dy())
	p.raster.DrawOp = draw.Over
	for i, q := range points {
		x, y := float32(q.X*p.kx-float64(area.Min.X)), float32(q.Y*p.ky-float64(area.Min.Y))
		if i == 0 {
			p.raster.MoveTo(x, y)
		} else {
			p.raster.LineTo(x, y)
		}
	}
	p.raster.ClosePath()
	p.raster.Draw(p.img, area, image.NewUniform(ink), image.Point{})
}
