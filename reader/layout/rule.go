package layout

import "math"

// Rule is a ruling line or one edge of a box: from (X0,Y0) to (X1,Y1), in fractions of the
// upright page, X0 ≤ X1 for a horizontal and Y0 ≤ Y1 for a vertical one. On a skewed page
// a rule slants as the page does. Width is its thickness in fractions of the page's width
// (vertical) or height (horizontal); 0 where it is not known.
type Rule struct {
	X0, Y0, X1, Y1 float64
	Width          float64
}

// Vertical reports whether the rule runs down the page.
func (r Rule) Vertical() bool { return math.Abs(r.Y1-r.Y0) > math.Abs(r.X1-r.X0) }
