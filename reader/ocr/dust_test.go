package ocr

import (
	"slices"
	"testing"

	"chartlake/reader/pixel"
)

// TestDust: specks between and beside letters go; stops, colons, dots of letters, commas,
// dashes and leading points stay.
func TestDust(t *testing.T) {
	t.Parallel()
	box := func(x0, y0, x1, y1 int) pixel.Component { return pixel.Component{X0: x0, Y0: y0, X1: x1, Y1: y1} }
	p := &page{comps: []pixel.Component{
		0:  box(0, 20, 12, 40),    // a capital
		1:  box(15, 26, 18, 40),   // the stem of an "i"
		2:  box(15, 20, 18, 23),   // its dot
		3:  box(21, 30, 24, 33),   // a speck in the middle
		4:  box(27, 26, 37, 40),   // a small letter
		5:  box(39, 37, 42, 40),   // a stop
		6:  box(56, 37, 59, 40),   // a speck in a blank
		7:  box(70, 20, 82, 40),   // a capital
		8:  box(84, 37, 87, 40),   // the lower dot of a colon
		9:  box(84, 27, 87, 30),   // the upper one
		10: box(91, 18, 94, 25),   // a quote
		11: box(97, 30, 104, 33),  // a dash
		12: box(106, 44, 109, 47), // a speck below the line
		13: box(140, 37, 143, 40), // the point of ".5"
		14: box(146, 20, 157, 40), // and its figure
	}}
	s := &segment{base: 40, rise: 20}
	for i := range p.comps {
		s.members = append(s.members, i)
	}
	if got, want := p.dust(s), []int{3, 6, 12}; !slices.Equal(got, want) {
		t.Errorf("dust %v, want %v", got, want)
	}
}
