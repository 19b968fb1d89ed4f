package ocr

import (
	"cmp"
	"image"
	"slices"

	"chartlake/reader/pixel"
)

// invertPanels turns light print on dark bars into dark print on white, on copies.
func (p *page) invertPanels(small *image.Gray) *image.Gray {
	ink := pixel.Threshold(small, pixel.Otsu(small))
	solid := ink.Solid(9)
	if solid == nil {
		return small
	}
	comps := pixel.Boxes(solid)
	fresh := false
	for _, c := range darkBars(comps, ink) {
		if c.W() < 30 || c.H() < 12 || 3*c.Area < c.W()*c.H() {
			continue
		}
		paper, print, ok := panel(small, c)
		if !ok {
			continue
		}
		if !fresh {
			p.base, small, fresh = clone(p.base), clone(small), true
		}
		pixel.InvertIn(small, c.X0, c.Y0, c.X1, c.Y1, paper, print)
		pixel.InvertIn(p.base, c.X0*p.factor, c.Y0*p.factor, c.X1*p.factor, c.Y1*p.factor, paper, print)
		// The edge of a bar is ragged; what is left of it would be read as a bracket.
		pixel.WhitenEdge(small, c.X0, c.Y0, c.X1, c.Y1, 1)
		pixel.WhitenEdge(p.base, c.X0*p.factor, c.Y0*p.factor, c.X1*p.factor, c.Y1*p.factor, p.factor+1)
	}
	return small
}

// darkBars joins the solid parts of dark bars: light print that leaves little of the bar above and
// below it parts one into what stands before and behind the print.
func darkBars(solid []pixel.Component, ink *pixel.Ink) []pixel.Component {
	const off, reach = 2, 30     // pixels; heights
	if len(solid) > choicesMax { // a picture
		return solid
	}
	sorted := slices.SortedFunc(slices.Values(solid), func(a, b pixel.Component) int { return cmp.Compare(a.X0, b.X0) })
	var out []pixel.Component
	for _, c := range sorted {
		i := slices.IndexFunc(out, func(o pixel.Component) bool {
			return abs(o.Y0-c.Y0) <= off && abs(o.Y1-c.Y1) <= off && c.X0-o.X1 < reach*c.H() && ink.Share(o.X1, c.Y0, c.X0, c.Y1) > 0.5
		})
		if i < 0 {
			out = append(out, c)
			continue
		}
		o := &out[i]
		o.Area += c.Area + max(c.X0-o.X1, 0)*c.H()/2
		o.X1, o.Y0, o.Y1 = max(o.X1, c.X1), min(o.Y0, c.Y0), max(o.Y1, c.Y1)
	}
	return out
}

// panel reports whether a dark area carries light print: some of it is much lighter than its
// usual grey, mostly in pieces as letters are, and nearly nothing is darker, as it would be in a
// shadow or a photograph. paper is the lightest grey of the bar itself, print that of its letters.
func panel(img *image.Gray, c pixel.Component) (paper, print uint8, ok bool) {
	var count [256]int
	n := 0
	for y := c.Y0; y < c.Y1; y++ {
		for _, v := range img.Pix[y*img.Stride+c.X0 : y*img.Stride+c.X1] {
			count[v]++
			n++
		}
	}
	median, sum := 0, 0
	for v, k := range count {
		if sum += k; 2*sum >= n {
			median = v
			break
		}
	}
	light, darker := 0, 0
	for v, k := range count {
		if v > median+60 {
			light += k
		}
		if v < median-40 {
			darker += k
		}
	}
	if median >= 150 || light == 0 || 100*light >= 48*n || 50*darker >= n || !lettered(img, c, median+60) {
		return 0, 0, false
	}
	print = pixel.Darker(&count, n-max(light/2, 1))
	paper = uint8(min(int(pixel.Darker(&count, (n-light)*9/10)), int(print)-1))
	return paper, print, cornered(img, c, (int(pixel.Darker(&count, n/5))+int(print))/2)
}

// lettered reports whether what is lighter than a grey in an area is mostly letters, of one line
// or a few: a bar that was screened by a fax machine is full of light specks.
func lettered(img *image.Gray, c pixel.Component, grey int) bool {
	const lines = 8 // at most, by the height of the area
	inside := img.SubImage(image.Rect(c.X0, c.Y0, c.X1, c.Y1).Add(img.Rect.Min)).(*image.Gray)
	comps := pixel.Boxes(pixel.Threshold(pixel.Invert(inside), uint8(255-min(grey, 254))))
	letters, rest := 0, 0
	for _, l := range comps {
		switch {
		case l.X0 == 0 || l.Y0 == 0 || l.X1 == c.W() || l.Y1 == c.H(): // the paper around a bar that is not quite level
		case l.H() >= max(5, c.H()/lines) && l.W() < 12*l.H():
			letters += l.Area
		default:
			rest += l.Area
		}
	}
	return letters >= 12 && letters > 2*rest
}

// cornered reports whether the four corners of an area are mostly no lighter than a grey, as
// those of a bar are; a triangle or a round emblem is light there.
func cornered(img *image.Gray, c pixel.Component, grey int) bool {
	side := max(min(c.W(), c.H())/5, 2)
	for _, at := range [4][2]int{{c.X0, c.Y0}, {c.X1 - side, c.Y0}, {c.X0, c.Y1 - side}, {c.X1 - side, c.Y1 - side}} {
		light := 0
		for y := at[1]; y < at[1]+side; y++ {
			for _, v := range img.Pix[y*img.Stride+at[0] : y*img.Stride+at[0]+side] {
				if int(v) > grey {
					light++
				}
			}
		}
		if 2*light > side*side {
			return false
		}
	}
	return true
}
