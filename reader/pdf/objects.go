package pdf

import (
	"math"

	"chartlake/document"
	"chartlake/reader/layout"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// visibility says how the page's text objects are drawn, so that only mixed pages need a
// look at every word.
type visibility struct{ shown, hidden, faint bool }

// smallImage is the share of the page below which a picture is decoration.
const smallImage = 0.002

// objects walks the page's objects, those of nested forms too.
func (c *content) objects() error {
	count, err := c.pdfium.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: c.handle})
	if err != nil {
		return err
	}
	w := &walk{content: c}
	for i := 0; i < count.Count && w.more(); i++ {
		w.top = i
		o, err := c.pdfium.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: c.handle, Index: i})
		if err != nil {
			return err
		}
		if err := w.object(o.PageObject, c.toPage, 0); err != nil {
			return err
		}
	}
	return nil
}

type walk struct {
	*content
	seen, segments int
	top            int // index of the page's own object that is being walked
}

// more counts one object and reports whether it is still within the bounds.
func (w *walk) more() bool {
	w.seen++
	if w.seen > maxObjects || w.segments > maxSegments || len(w.page.Rules) > maxRules {
		w.page.Truncated = true
		return false
	}
	return true
}

func (w *walk) object(o references.FPDF_PAGEOBJECT, m matrix, depth int) error {
	kind, err := w.pdfium.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: o})
	if err != nil {
		return err
	}
	switch kind.Type {
	case enums.FPDF_PAGEOBJ_TEXT:
		return w.letters(o)
	case enums.FPDF_PAGEOBJ_IMAGE:
		return w.image(o, m, depth)
	case enums.FPDF_PAGEOBJ_PATH:
		w.page.Paths++
		return w.path(o, m)
	case enums.FPDF_PAGEOBJ_FORM:
		return w.nested(o, m, depth)
	}
	return nil
}

func (w *walk) letters(o references.FPDF_PAGEOBJECT) error {
	mode, err := w.pdfium.FPDFTextObj_GetTextRenderMode(&requests.FPDFTextObj_GetTextRenderMode{PageObject: o})
	if err != nil {
		return err
	}
	if invisible(mode.TextRenderMode) {
		w.hidden.hidden = true
	} else {
		w.hidden.shown = true
	}
	w.hidden.faint = w.hidden.faint || !w.inked(o, false)
	return nil
}

// invisible: text that leaves no ink. ISO 32000-1 table 106.
func invisible(mode enums.FPDF_TEXT_RENDERMODE) bool {
	return mode == enums.FPDF_TEXTRENDERMODE_INVISIBLE || mode == enums.FPDF_TEXTRENDERMODE_CLIP
}

func (w *walk) image(o references.FPDF_PAGEOBJECT, m matrix, depth int) error {
	w.pictures++
	b, ok := w.bounds(o)
	if !ok {
		return nil
	}
	image := Image{Box: m.box(b[0], b[1], b[2], b[3]).Clamp()}
	if image.Box.Area() < smallImage {
		return nil
	}
	size, err := w.pdfium.FPDFImageObj_GetImagePixelSize(&requests.FPDFImageObj_GetImagePixelSize{ImageObject: o})
	if err == nil {
		// The larger of both directions: a fax's coarse one is made square by rendering.
		across := float64(size.Width) / (image.Box.W * w.width / 72)
		down := float64(size.Height) / (image.Box.H * w.height / 72)
		image.DPI = math.Max(across, down)
		if math.IsInf(image.DPI, 0) || math.IsNaN(image.DPI) {
			image.DPI = 0
		}
	}
	w.page.Images = append(w.page.Images, image)
	if depth == 0 && w.pictures == 1 && image.Box.Area() >= scanCover {
		w.single = w.candidate(o, m)
	}
	return nil
}

func (w *walk) bounds(o references.FPDF_PAGEOBJECT) ([4]float64, bool) {
	b, err := w.pdfium.FPDFPageObj_GetBounds(&requests.FPDFPageObj_GetBounds{PageObject: o})
	if err != nil {
		return [4]float64{}, false
	}
	return [4]float64{float64(b.Left), float64(b.Bottom), float64(b.Right), float64(b.Top)}, true
}

func (w *walk) matrix(o references.FPDF_PAGEOBJECT) (matrix, bool) {
	m, err := w.pdfium.FPDFPageObj_GetMatrix(&requests.FPDFPageObj_GetMatrix{PageObject: o})
	if err != nil {
		return identity, false
	}
	v := m.Matrix
	return matrix{float64(v.A), float64(v.B), float64(v.C), float64(v.D), float64(v.E), float64(v.F)}, true
}

func (w *walk) nested(o references.FPDF_PAGEOBJECT, m matrix, depth int) error {
	if depth >= maxDepth {
		w.page.Truncated = true
		return nil
	}
	own, ok := w.matrix(o)
	if !ok {
		return nil
	}
	count, err := w.pdfium.FPDFFormObj_CountObjects(&requests.FPDFFormObj_CountObjects{PageObject: o})
	if err != nil {
		return nil
	}
	for i := 0; i < count.Count && w.more(); i++ {
		child, err := w.pdfium.FPDFFormObj_GetObject(&requests.FPDFFormObj_GetObject{PageObject: o, Index: uint64(i)})
		if err != nil {
			continue
		}
		if err := w.object(child.PageObject, own.then(m), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// Shapes of rules, in points: a line or a filled bar up to ruleWidth thick, at least
// ruleLength long. Thicker bars are fills (shading, blocks); shorter strokes are letters or ticks.
const (
	ruleWidth  = 3.0
	ruleLength = 5.0
	straight   = 0.02 // slope up to which a stroke counts as level or upright
)

// path takes the straight strokes and the bars of a path as rules: of a box its four edges.
func (w *walk) path(o references.FPDF_PAGEOBJECT, m matrix) error {
	mode, err := w.pdfium.FPDFPath_GetDrawMode(&requests.FPDFPath_GetDrawMode{PageObject: o})
	if err != nil {
		return nil
	}
	filled := mode.FillMode != enums.FPDF_FILLMODE_NONE && w.inked(o, false)
	stroked := mode.Stroke && w.inked(o, true)
	if !filled && !stroked {
		return nil
	}
	count, err := w.pdfium.FPDFPath_CountSegments(&requests.FPDFPath_CountSegments{PageObject: o})
	if err != nil || count.Count < 2 || count.Count > 400 {
		return nil // a long path is a drawing or an outline of letters
	}
	own, ok := w.matrix(o)
	if !ok {
		return nil
	}
	m = own.then(m)
	width := 0.0
	if stroked {
		if s, err := w.pdfium.FPDFPageObj_GetStrokeWidth(&requests.FPDFPageObj_GetStrokeWidth{PageObject: o}); err == nil {
			width = float64(s.StrokeWidth) * math.Sqrt(math.Abs(own.a*own.d-own.b*own.c))
		}
	}
	subpaths, curved := w.subpaths(o, count.Count)
	for i, s := range subpaths {
		if curved[i] {
			if (stroked || len(subpaths) > 1) && w.round(s, m) {
				w.page.Rounds++
			}
			continue
		}
		if filled && w.bar(s, m) {
			continue
		}
		// The edges of a filled area are seen as lines too: the table code wants the cell's frame.
		if stroked || closedBox(s) {
			w.edges(s, m, width)
		}
	}
	return nil
}

// inked reports whether the colour leaves a mark on white paper.
func (w *walk) inked(o references.FPDF_PAGEOBJECT, stroke bool) bool {
	r, g, b, a := uint(0), uint(0), uint(0), uint(255)
	if stroke {
		if c, err := w.pdfium.FPDFPageObj_GetStrokeColor(&requests.FPDFPageObj_GetStrokeColor{PageObject: o}); err == nil {
			r, g, b, a = c.StrokeColor.R, c.StrokeColor.G, c.StrokeColor.B, c.StrokeColor.A
		}
	} else if c, err := w.pdfium.FPDFPageObj_GetFillColor(&requests.FPDFPageObj_GetFillColor{PageObject: o}); err == nil {
		r, g, b, a = c.FillColor.R, c.FillColor.G, c.FillColor.B, c.FillColor.A
	}
	return !faint(r, g, b, a)
}

// faint: so little contrast with white paper that a reader would not see it.
func faint(r, g, b, a uint) bool {
	luminance := (299*r + 587*g + 114*b) / 1000
	return a < 16 || luminance > 245
}

type point struct{ x, y float64 }

// subpaths reads the points of each part of a path. A closed part ends where it began.
func (w *walk) subpaths(o references.FPDF_PAGEOBJECT, count int) (parts [][]point, curved []bool) {
	for i := range count {
		w.segments++
		if w.segments > maxSegments {
			return parts, curved
		}
		s, err := w.pdfium.FPDFPath_GetPathSegment(&requests.FPDFPath_GetPathSegment{PageObject: o, Index: i})
		if err != nil {
			return parts, curved
		}
		kind, err := w.pdfium.FPDFPathSegment_GetType(&requests.FPDFPathSegment_GetType{PathSegment: s.PathSegment})
		if err != nil {
			return parts, curved
		}
		at, err := w.pdfium.FPDFPathSegment_GetPoint(&requests.FPDFPathSegment_GetPoint{PathSegment: s.PathSegment})
		if err != nil {
			return parts, curved
		}
		if kind.Type == enums.FPDF_SEGMENT_MOVETO || len(parts) == 0 {
			parts, curved = append(parts, nil), append(curved, false)
		}
		last := len(parts) - 1
		parts[last] = append(parts[last], point{float64(at.X), float64(at.Y)})
		if kind.Type == enums.FPDF_SEGMENT_BEZIERTO {
			curved[last] = true
		}
		shut, err := w.pdfium.FPDFPathSegment_GetClose(&requests.FPDFPathSegment_GetClose{PathSegment: s.PathSegment})
		if err == nil && shut.IsClose && parts[last][len(parts[last])-1] != parts[last][0] {
			parts[last] = append(parts[last], parts[last][0])
		}
	}
	return parts, curved
}

// bar takes a thin filled rectangle as one rule.
func (w *walk) bar(s []point, m matrix) bool {
	if len(s) < 4 {
		return false
	}
	b := around(s, m)
	wide, high := b.W*w.width, b.H*w.height
	switch {
	case high <= ruleWidth && wide >= ruleLength:
		y := b.Y + b.H/2
		w.add(layout.Rule{X0: b.X, Y0: y, X1: b.X + b.W, Y1: y, Width: b.H})
	case wide <= ruleWidth && high >= ruleLength:
		x := b.X + b.W/2
		w.add(layout.Rule{X0: x, Y0: b.Y, X1: x, Y1: b.Y + b.H, Width: b.W})
	default:
		return wide <= ruleWidth && high <= ruleWidth
	}
	return true
}

// Sides of a radio button in points.
const (
	roundMin = 5.0
	roundMax = 25.0
)

// round reports whether a curve is as large as a radio button and as wide as high. Its points
// are those of Bézier curves; a circle's lie on its bounds.
func (w *walk) round(s []point, m matrix) bool {
	b := around(s, m)
	wide, high := b.W*w.width, b.H*w.height
	return wide >= roundMin && wide <= roundMax && high >= roundMin && high <= roundMax && wide <= 1.2*high && high <= 1.2*wide
}

func around(s []point, m matrix) document.Box {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range s {
		x, y := m.apply(p.x, p.y)
		x0, x1 = math.Min(x0, x), math.Max(x1, x)
		y0, y1 = math.Min(y0, y), math.Max(y1, y)
	}
	return document.Box{X: x0, Y: y0, W: x1 - x0, H: y1 - y0}
}

// closedBox: a rectangle along the axes.
func closedBox(s []point) bool {
	if len(s) != 5 || s[0] != s[4] {
		return false
	}
	for i := range 4 {
		if s[i].x != s[i+1].x && s[i].y != s[i+1].y {
			return false
		}
	}
	return true
}

// edges takes every level or upright stroke of a polyline as a rule.
func (w *walk) edges(s []point, m matrix, width float64) {
	for i := 1; i < len(s); i++ {
		x0, y0 := m.apply(s[i-1].x, s[i-1].y)
		x1, y1 := m.apply(s[i].x, s[i].y)
		dx, dy := math.Abs(x1-x0)*w.width, math.Abs(y1-y0)*w.height
		switch {
		case dx >= ruleLength && dy <= straight*dx:
			w.add(layout.Rule{X0: x0, Y0: y0, X1: x1, Y1: y1, Width: width / w.height})
		case dy >= ruleLength && dx <= straight*dy:
			w.add(layout.Rule{X0: x0, Y0: y0, X1: x1, Y1: y1, Width: width / w.width})
		}
	}
}

// add keeps a rule that is on the page, cut to it.
func (w *walk) add(r layout.Rule) {
	for _, v := range [4]float64{r.X0, r.Y0, r.X1, r.Y1} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return
		}
	}
	if max(r.X0, r.X1) < 0 || min(r.X0, r.X1) > 1 || max(r.Y0, r.Y1) < 0 || min(r.Y0, r.Y1) > 1 {
		return
	}
	cut := func(v float64) float64 { return min(max(v, 0), 1) }
	r.X0, r.Y0, r.X1, r.Y1 = cut(r.X0), cut(r.Y0), cut(r.X1), cut(r.Y1)
	if len(w.page.Rules) < maxRules {
		w.page.Rules = append(w.page.Rules, ordered(r))
	}
}
