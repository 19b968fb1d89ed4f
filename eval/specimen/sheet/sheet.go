// Package sheet draws paper: type, rules and fills at places in points, kept as a list so
// that the same sheet becomes a PDF page with a text layer or a picture at any resolution
// with every letter in the same place. While it draws it writes down the expected result:
// what each value says and the box of its ink.
//
// Places are points (1/72 inch) from the top left corner, y down; text stands on its
// baseline. Kerning and hinting are left out, so that PDF and picture agree.
package sheet

import (
	"image/color"
	"strings"

	"chartlake/document"
)

// Letter is US letter paper in points.
const (
	LetterWidth  = 612
	LetterHeight = 792
)

// Sheet is one side of paper.
type Sheet struct {
	Number        int // from 1
	Width, Height float64
	Paper         color.RGBA
	items         []item
	truth         truth
	at            group // of the next text
	blocks, cells int   // begun so far
	asides, edges []int // blocks that may be read at another place, too
}

// item is a thing drawn: exactly one of text, polygon is set.
type item struct {
	text    *text
	polygon []Point
	ink     color.RGBA
}

type text struct {
	x, y float64
	s    string
	face *Face
	size float64
	group
}

// Point is a place in points.
type Point struct{ X, Y float64 }

// Style is how text looks. Size is in points.
type Style struct {
	Family *Family
	Bold   bool
	Size   float64
	Ink    color.RGBA
}

// Ink colours that paperwork uses.
var (
	Black = color.RGBA{0, 0, 0, 255}
	White = color.RGBA{255, 255, 255, 255}
)

// Grey is an ink of this lightness, 0 black to 255 white.
func Grey(level uint8) color.RGBA { return color.RGBA{level, level, level, 255} }

// RGB is an ink of this colour.
func RGB(r, g, b uint8) color.RGBA { return color.RGBA{r, g, b, 255} }

// face is the face of the style's weight.
func (st Style) face() *Face {
	if st.Bold {
		return st.Family.bold
	}
	return st.Family.regular
}

// With gives the style in another size.
func (st Style) With(size float64) Style { st.Size = size; return st }

// Strong gives the style in bold.
func (st Style) Strong() Style { st.Bold = true; return st }

// In gives the style in another ink.
func (st Style) In(ink color.RGBA) Style { st.Ink = ink; return st }

// Width is how far the text runs, in points.
func (st Style) Width(s string) float64 { return st.face().advance(s) * st.Size }

// Text draws s with its first letter's origin at x on the baseline y. The box of the ink is
// in fractions of the sheet; it is empty where s has no ink.
func (s *Sheet) Text(x, y float64, str string, st Style) document.Box {
	f := st.face()
	s.items = append(s.items, item{text: &text{x, y, str, f, st.Size, s.at}, ink: opaque(st.Ink)})
	return s.inkOf(x, y, str, st)
}

// opaque makes the zero ink black.
func opaque(c color.RGBA) color.RGBA {
	if c.A == 0 {
		return Black
	}
	return c
}

// Right draws text that ends at x.
func (s *Sheet) Right(x, y float64, str string, st Style) document.Box {
	return s.Text(x-st.Width(str), y, str, st)
}

// Centre draws text around x.
func (s *Sheet) Centre(x, y float64, str string, st Style) document.Box {
	return s.Text(x-st.Width(str)/2, y, str, st)
}

// Fill paints a rectangle.
func (s *Sheet) Fill(x, y, w, h float64, ink color.RGBA) {
	s.Polygon(ink, Point{x, y}, Point{x + w, y}, Point{x + w, y + h}, Point{x, y + h})
}

// Rule draws a level or upright line of this thickness, centred on its ends.
func (s *Sheet) Rule(x0, y0, x1, y1, thick float64, ink color.RGBA) {
	if x0 == x1 {
		s.Fill(x0-thick/2, y0, thick, y1-y0, ink)
		return
	}
	s.Fill(x0, y0-thick/2, x1-x0, thick, ink)
}

// Frame draws the outline of a rectangle.
func (s *Sheet) Frame(x, y, w, h, thick float64, ink color.RGBA) {
	s.Rule(x, y, x+w, y, thick, ink)
	s.Rule(x, y+h, x+w, y+h, thick, ink)
	s.Rule(x, y, x, y+h, thick, ink)
	s.Rule(x+w, y, x+w, y+h, thick, ink)
}

// Polygon paints a shape.
func (s *Sheet) Polygon(ink color.RGBA, points ...Point) {
	s.items = append(s.items, item{polygon: points, ink: opaque(ink)})
}

// Wrap breaks text into lines no wider than width; a longer word stands alone.
func (st Style) Wrap(s string, width float64) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		longer := strings.TrimPrefix(line+" "+word, " ")
		if line != "" && st.Width(longer) > width {
			lines = append(lines, line)
			longer = word
		}
		line = longer
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
