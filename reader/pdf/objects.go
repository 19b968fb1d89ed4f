package pdf

import (
	"math"

	"chartlake/document"
	"chartlake/reader/layout"

	"github.com/klippa-app/go-pdfium/enums"
)

// visibility says how the page's text objects are drawn, so that only mixed pages need a
// look at every word.
type visibility struct{ shown, hidden, faint bool }

// smallImage is the share of the page below which a picture is decoration.
const smallImage = 0.002

// objects walks the page's objects, those of nested forms too.
func (c *content) objects() error {
	count := c.native.int(pageCount, c.address)
	w := &walk{content: c}
	for i := 0; i < count && w.more(); i++ {
		w.top = i
		w.object(c.native.call(pageObject, c.address, uint64(i)), c.toPage, 0)
	}
	c.page.Barred = c.page.Barred || w.barred.found()
	return c.native.err
}

type walk struct {
	*content
	seen, segments int
	top            int // index of the page's own object that is being walked
	barred         barred
}

// more counts one object and reports whether it is still within the bounds.
func (w *walk) more() bool {
	w.seen++
	if w.native.err != nil {
		return false
	}
	if w.seen > maxObjects || w.segments > maxSegments || len(w.page.Rules) > maxRules {
		w.page.Truncated = true
		return false
	}
	return true
}

// object takes the object at an address.
func (w *walk) object(o uint64, m matrix, depth int) {
	if o == 0 {
		return
	}
	switch enums.FPDF_PAGEOBJ(w.native.int(objectType, o)) {
	case enums.FPDF_PAGEOBJ_TEXT:
		w.letters(o)
	case enums.FPDF_PAGEOBJ_IMAGE:
		w.image(o, m, depth)
	case enums.FPDF_PAGEOBJ_PATH:
		w.page.Paths++
		w.path(o, m)
	case enums.FPDF_PAGEOBJ_FORM:
		w.nested(o, m, depth)
	}
}

func (w *walk) letters(o uint64) {
	if invisible(enums.FPDF_TEXT_RENDERMODE(w.native.int(objectMode, o))) {
		w.hidden.hidden = true
	} else {
		w.hidden.shown = true
	}
	w.hidden.faint = w.hidden.faint || !w.inked(o, objectFill)
}

// invisible: text that leaves no ink. ISO 32000-1 table 106.
func invisible(mode enums.FPDF_TEXT_RENDERMODE) bool {
	return mode == enums.FPDF_TEXTRENDERMODE_INVISIBLE || mode == enums.FPDF_TEXTRENDERMODE_CLIP
}

func (w *walk) image(o uint64, m matrix, depth int) {
	w.pictures++
	n := w.native
	if n.int(objectBounds, o, n.at(0, 4), n.at(1, 4), n.at(2, 4), n.at(3, 4)) == 0 {
		return
	}
	b := n.floats() // left, bottom, right, top
	image := Image{Box: m.box(b[0], b[1], b[2], b[3]).Clamp()}
	if image.Box.Area() < smallImage {
		return
	}
	if size, ok := w.pixels(o); ok {
		// The larger of both directions: a fax's coarse one is made square by rendering.
		across := float64(size[0]) / (image.Box.W * w.width / 72)
		down := float64(size[1]) / (image.Box.H * w.height / 72)
		image.DPI = math.Max(across, down)
		if math.IsInf(image.DPI, 0) || math.IsNaN(image.DPI) {
			image.DPI = 0
		}
	}
	w.page.Images = append(w.page.Images, image)
	if depth == 0 && w.pictures == 1 && image.Box.Area() >= scanCover {
		w.single = w.candidate(o, m)
	}
}

// pixels is the width and height of a picture as it is stored.
func (w *walk) pixels(o uint64) (size [4]uint, ok bool) {
	if w.native.int(imageSize, o, w.native.at(0, 4), w.native.at(1, 4)) == 0 {
		return size, false
	}
	return w.native.uints(), true
}

func (w *walk) nested(o uint64, m matrix, depth int) {
	if depth >= maxDepth {
		w.page.Truncated = true
		return
	}
	own, ok := w.native.matrixOf(objectMatrix, o)
	if !ok {
		return
	}
	count := w.native.int(formCount, o)
	for i := 0; i < count && w.more(); i++ {
		w.object(w.native.call(formObject, o, uint64(i)), own.then(m), depth+1)
	}
}

// Shapes of rules, in points: a line or a filled bar up to ruleWidth thick, at least
// ruleLength long. Thicker bars are fills (shading, blocks); shorter strokes are letters or ticks.
const (
	ruleWidth  = 3.0
	ruleLength = 5.0
	straight   = 0.02 // slope up to which a stroke counts as level or upright
)

// path takes the straight strokes and the bars of a path as rules: of a box its four edges.
func (w *walk) path(o uint64, m matrix) {
	n := w.native
	if n.int(pathMode, o, n.at(0, 4), n.at(1, 4)) == 0 {
		return
	}
	mode := n.uints() // how it is filled, and whether it is stroked
	filled := enums.FPDF_FILLMODE(mode[0]) != enums.FPDF_FILLMODE_NONE && w.inked(o, objectFill)
	stroked := mode[1] != 0 && w.inked(o, objectStroke)
	count := n.int(pathCount, o)
	if !filled && !stroked {
		w.hollow(o, m, count)
		return
	}
	if count < 2 {
		return
	}
	if count > longPath {
		w.page.Barred = w.page.Barred || filled && w.square(o, m)
		return // a drawing, an outline of letters, or a QR code in one piece
	}
	own, ok := n.matrixOf(objectMatrix, o)
	if !ok {
		return
	}
	m = own.then(m)
	width := 0.0
	if stroked && n.int(objectStrokeWidth, o, n.out) != 0 {
		width = n.floats()[0] * math.Sqrt(math.Abs(own.a*own.d-own.b*own.c))
	}
	subpaths, curved := w.subpaths(o, count)
	for i, s := range subpaths {
		if curved[i] {
			if (stroked || len(subpaths) > 1) && w.round(s, m) {
				w.page.Rounds++
			}
			continue
		}
		if w.polygon(s, m) {
			w.page.Rounds++
			continue
		}
		if filled && closedBox(s) {
			w.barred.dot(around(s, m), w.width, w.height)
		}
		if filled && w.bar(s, m) {
			continue
		}
		// The edges of a filled area are seen as lines too: the table code wants the cell's frame.
		if stroked || closedBox(s) {
			w.edges(s, m, width)
		}
	}
}

// longPath is the number of points from which a path is not looked into.
const longPath = 400

// square reports whether a path is as wide as high and of the size of a code on paper.
func (w *walk) square(o uint64, m matrix) bool {
	n := w.native
	if n.int(objectBounds, o, n.at(0, 4), n.at(1, 4), n.at(2, 4), n.at(3, 4)) == 0 {
		return false
	}
	v := n.floats() // left, bottom, right, top
	b := m.box(v[0], v[1], v[2], v[3])
	wide, high := b.W*w.width, b.H*w.height
	return wide >= 12 && wide <= 300 && wide <= 1.05*high && high <= 1.05*wide
}

// inked reports whether the colour that a function gives leaves a mark on white paper.
func (w *walk) inked(o uint64, colour function) bool {
	c, ok := w.native.colour(colour, o)
	return !ok || !faint(c[0], c[1], c[2], c[3])
}

// faint: so little contrast with white paper that a reader would not see it.
func faint(r, g, b, a uint) bool {
	luminance := (299*r + 587*g + 114*b) / 1000
	return a < 16 || luminance > 245
}

type point struct{ x, y float64 }

// subpaths reads the points of each part of a path. A closed part ends where it began.
func (w *walk) subpaths(o uint64, count int) (parts [][]point, curved []bool) {
	n := w.native
	for i := range count {
		w.segments++
		if w.segments > maxSegments {
			return parts, curved
		}
		s := n.call(pathSegment, o, uint64(i))
		if s == 0 || n.int(segmentPoint, s, n.at(0, 4), n.at(1, 4)) == 0 {
			return parts, curved
		}
		v := n.floats()
		at := point{v[0], v[1]}
		kind := enums.FPDF_SEGMENT(n.int(segmentType, s))
		if kind == enums.FPDF_SEGMENT_MOVETO || len(parts) == 0 {
			parts, curved = append(parts, nil), append(curved, false)
		}
		last := len(parts) - 1
		parts[last] = append(parts[last], at)
		if kind == enums.FPDF_SEGMENT_BEZIERTO {
			curved[last] = true
		}
		if n.int(segmentClose, s) != 0 && parts[last][len(parts[last])-1] != parts[last][0] {
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

// hollow counts a round area without a colour of its own: paper laid over a disc leaves its ring.
func (w *walk) hollow(o uint64, m matrix, count int) {
	own, ok := w.native.matrixOf(objectMatrix, o)
	if count < 4 || count > longPath || !ok {
		return
	}
	subpaths, curved := w.subpaths(o, count)
	for i, s := range subpaths {
		if curved[i] && w.round(s, own.then(m)) || w.polygon(s, own.then(m)) {
			w.page.Rounds++
		}
	}
}

// polygonLeast is the number of corners from which a polygon may be meant as a circle.
const polygonLeast = 8

// polygon reports whether a part of a path without curves is a circle of the size of a radio
// button: its corners are all as far from its middle.
func (w *walk) polygon(s []point, m matrix) bool {
	if len(s) < polygonLeast || !w.round(s, m) {
		return false
	}
	b := around(s, m)
	for _, p := range s {
		x, y := m.apply(p.x, p.y)
		if far := math.Hypot((x-b.X)/b.W-0.5, (y-b.Y)/b.H-0.5); far < 0.45 || far > 0.55 {
			return false
		}
	}
	return true
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
	w.barred.bar(r, w.width, w.height)
	if len(w.page.Rules) < maxRules {
		w.page.Rules = append(w.page.Rules, ordered(r))
	}
}
