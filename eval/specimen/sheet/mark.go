package sheet

import (
	"image/color"
	"math"
	"math/rand/v2"

	"chartlake/document"
	"chartlake/eval/reading"
)

// Shape is how a place to mark is printed.
type Shape int

const (
	Square Shape = iota
	Circle
	Brackets
)

// Mark draws a place to mark whose frame has its top left corner at x, y and this size, marked
// or not, and writes it down with its label. Marks are made by hand: r chooses cross, tick,
// fill and how far they miss the frame.
func (s *Sheet) Mark(x, y, size float64, shape Shape, on bool, label string, st Style, r *rand.Rand) document.Box {
	ink := opaque(st.Ink)
	box := document.Box{X: x / s.Width, Y: y / s.Height, W: size / s.Width, H: size / s.Height}
	switch shape {
	case Square:
		s.Frame(x, y, size, size, 0.7, ink)
	case Circle:
		s.disc(x+size/2, y+size/2, size/2+0.35, ink)
		s.disc(x+size/2, y+size/2, size/2-0.35, White)
	case Brackets:
		box = s.brackets(x, y+size, on, st)
	}
	if on && shape != Brackets {
		s.stroke(x, y, size, shape, r)
	}
	s.Form()
	s.truth.marks = append(s.truth.marks, reading.Mark{Label: label, On: on, Box: box})
	return box
}

// brackets prints "[ ]" or "[X]" on a baseline.
func (s *Sheet) brackets(x, base float64, on bool, st Style) document.Box {
	text := "[ ]"
	if on {
		text = "[X]"
	}
	return s.Text(x, base, text, st)
}

// pen is the ink of a ball pen.
var pen = RGB(20, 24, 70)

func (s *Sheet) stroke(x, y, size float64, shape Shape, r *rand.Rand) {
	shake := func() float64 { return (2*r.Float64() - 1) * size * 0.12 }
	at := func(fx, fy float64) Point { return Point{x + fx*size + shake(), y + fy*size + shake()} }
	switch {
	case shape == Circle && r.IntN(2) == 0:
		s.disc(x+size/2, y+size/2, size*0.3, Black)
	case r.IntN(3) == 0:
		s.line(at(0.15, 0.5), at(0.4, 0.85), 0.9)
		s.line(at(0.4, 0.85), at(1.1, -0.15), 0.9)
	default:
		s.line(at(0.1, 0.1), at(0.9, 0.9), 0.9)
		s.line(at(0.9, 0.1), at(0.1, 0.9), 0.9)
	}
}

// line draws a slanted stroke.
func (s *Sheet) line(a, b Point, thick float64) {
	length := math.Hypot(b.X-a.X, b.Y-a.Y)
	dx, dy := -(b.Y-a.Y)/length*thick/2, (b.X-a.X)/length*thick/2
	s.Polygon(pen, Point{a.X + dx, a.Y + dy}, Point{b.X + dx, b.Y + dy}, Point{b.X - dx, b.Y - dy}, Point{a.X - dx, a.Y - dy})
}

// disc fills a circle.
func (s *Sheet) disc(x, y, radius float64, ink color.RGBA) {
	var points []Point
	for i := range 24 {
		sin, cos := math.Sincos(float64(i) * math.Pi / 12)
		points = append(points, Point{x + radius*cos, y + radius*sin})
	}
	s.Polygon(ink, points...)
}
