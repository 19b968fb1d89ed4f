package textract

import (
	"math"

	"chartlake/document"
)

// Geometry is where a block stands, in fractions of the stored page.
type Geometry struct {
	BoundingBox BoundingBox `json:"BoundingBox"`
	Polygon     []Point     `json:"Polygon"` // from the top left corner as read, clockwise
}

// BoundingBox is the upright rectangle around the polygon.
type BoundingBox struct {
	Width  float64 `json:"Width"`
	Height float64 `json:"Height"`
	Left   float64 `json:"Left"`
	Top    float64 `json:"Top"`
}

// Point is a corner.
type Point struct {
	X float64 `json:"X"`
	Y float64 `json:"Y"`
}

// placer takes boxes of the upright page to polygons of the stored one.
type placer struct {
	turn   int     // quarter turns clockwise from the stored to the upright page
	skew   float64 // radians clockwise that the text is askew on the upright page
	aspect float64 // height of the upright page in widths
}

func newPlacer(p *document.Page) placer {
	aspect := 1.0
	if p.Width > 0 && p.Height > 0 {
		aspect = p.Height / p.Width
	}
	return placer{turn: ((p.Rotation/90)%4 + 4) % 4, skew: p.Skew * math.Pi / 180, aspect: aspect}
}

// geometry gives the polygon of text whose box on the upright page is b.
func (p placer) geometry(b document.Box) *Geometry {
	g := &Geometry{}
	low, high := Point{math.Inf(1), math.Inf(1)}, Point{math.Inf(-1), math.Inf(-1)}
	for _, c := range p.corners(b) {
		x, y := c.X, c.Y
		for range p.turn { // one quarter back: what is at the right was at the top
			x, y = y, 1-x
		}
		x, y = round(min(max(x, 0), 1)), round(min(max(y, 0), 1))
		g.Polygon = append(g.Polygon, Point{x, y})
		low, high = Point{min(low.X, x), min(low.Y, y)}, Point{max(high.X, x), max(high.Y, y)}
	}
	g.BoundingBox = BoundingBox{round(high.X - low.X), round(high.Y - low.Y), low.X, low.Y}
	return g
}

func round(v float64) float64 { return math.Round(v*1e7) / 1e7 }

// corners are those of the text itself, which is askew inside its box: the rectangle of
// width w and height h turned by the skew fills a box of w cos + h sin by w sin + h cos.
func (p placer) corners(b document.Box) [4]Point {
	plain := [4]Point{{b.X, b.Y}, {b.X + b.W, b.Y}, {b.X + b.W, b.Y + b.H}, {b.X, b.Y + b.H}}
	sin, cos := math.Sincos(p.skew)
	up := math.Abs(sin)
	bw, bh := b.W, b.H*p.aspect
	div := cos*cos - up*up
	if up < 0.002 || div <= 0 || (b.W >= 1 && b.H >= 1) {
		return plain
	}
	w, h := (bw*cos-bh*up)/div, (bh*cos-bw*up)/div
	if w <= 0 || h <= 0 {
		return plain // a box that is not around text askew like the page
	}
	cx, cy := b.X+b.W/2, (b.Y+b.H/2)*p.aspect
	var out [4]Point
	for i, c := range [4]Point{{-w / 2, -h / 2}, {w / 2, -h / 2}, {w / 2, h / 2}, {-w / 2, h / 2}} {
		out[i] = Point{cx + c.X*cos - c.Y*sin, (cy + c.X*sin + c.Y*cos) / p.aspect}
	}
	return out
}
