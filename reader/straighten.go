package reader

import (
	"math"

	"chartlake/document"
	"chartlake/reader/layout"
	"chartlake/reader/pixel"
)

// A photographed sheet is read flat; its boxes are then put where they are on the photograph,
// because that is the page which people are shown.

// photograph is the way from the flat sheet back to the photograph, both upright.
type photograph struct {
	sheet    pixel.Sheet
	w, h     float64 // the photograph as stored, in pixels
	rotation int     // clockwise degrees that make both upright
}

// box maps a box of the upright flat sheet to the upright photograph: the smallest box around
// its four corners.
func (p photograph) box(b document.Box) document.Box {
	if b == (document.Box{}) {
		return b
	}
	stored := turnBox(b, (360-p.rotation)%360)
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range [4][2]float64{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
		x, y := p.sheet.From((stored.X+c[0]*stored.W)*float64(p.sheet.Width), (stored.Y+c[1]*stored.H)*float64(p.sheet.Height))
		x0, y0, x1, y1 = min(x0, x/p.w), min(y0, y/p.h), max(x1, x/p.w), max(y1, y/p.h)
	}
	return turnBox(document.Box{X: x0, Y: y0, W: x1 - x0, H: y1 - y0}.Clamp(), p.rotation)
}

// edge reports whether a rule of the flat sheet is the sheet's own edge, or the shadow beside
// it: it runs along a border of the picture.
func edge(r layout.Rule) bool {
	const near = 0.012 // of the sheet
	along := func(a, b float64) bool { return max(a, b) < near || min(a, b) > 1-near }
	if r.Vertical() {
		return along(r.X0, r.X1)
	}
	return along(r.Y0, r.Y1)
}

// restore puts everything that was found on the flat sheet where it is on the photograph.
func (p photograph) restore(page *document.Page) {
	p.rotation = page.Rotation
	page.Width, page.Height = p.w, p.h
	if page.Rotation%180 != 0 {
		page.Width, page.Height = p.h, p.w
	}
	page.Skew += p.slant(page)
	for i := range page.Words {
		page.Words[i].Box = p.box(page.Words[i].Box)
	}
	for i := range page.Lines {
		page.Lines[i].Box = p.box(page.Lines[i].Box)
	}
	for i := range page.Blocks {
		page.Blocks[i].Box = p.box(page.Blocks[i].Box)
	}
	for i := range page.Fields {
		f := &page.Fields[i]
		f.KeyBox, f.ValueBox = p.box(f.KeyBox), p.box(f.ValueBox)
	}
	for i := range page.Tables {
		t := &page.Tables[i]
		t.Box = p.box(t.Box)
		for k := range t.Cells {
			t.Cells[k].Box = p.box(t.Cells[k].Box)
		}
	}
	for _, marks := range [][]document.Mark{page.Marks, page.Signatures} {
		for i := range marks {
			marks[i].Box = p.box(marks[i].Box)
		}
	}
	for i := range page.Barcodes {
		page.Barcodes[i].Box = p.box(page.Barcodes[i].Box)
	}
	page.Reasons = append(page.Reasons, "a photograph of a sheet: read straightened by the sheet's edges")
}

// slant is how far the lines of the flat page are turned on the upright photograph, in degrees
// clockwise: the mean by their length, because perspective turns each a little differently.
func (p photograph) slant(page *document.Page) float64 {
	sum, length := 0.0, 0.0
	for _, l := range page.Lines {
		a := p.box(document.Box{X: l.Box.X, Y: l.Box.Y + l.Box.H/2, W: 1e-6, H: 1e-6})
		b := p.box(document.Box{X: l.Box.X + l.Box.W, Y: l.Box.Y + l.Box.H/2, W: 1e-6, H: 1e-6})
		dx, dy := (b.X-a.X)*page.Width, (b.Y-a.Y)*page.Height
		if dx > 0 {
			sum += math.Atan2(dy, dx) * 180 / math.Pi * dx
			length += dx
		}
	}
	if length == 0 {
		return 0
	}
	return sum / length
}
