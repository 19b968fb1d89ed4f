package document

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// MarshalJSON writes [x, y, width, height] with four decimals, the form of the record format.
func (b Box) MarshalJSON() ([]byte, error) {
	out := make([]byte, 0, 32)
	for i, v := range [4]float64{b.X, b.Y, b.W, b.H} {
		out = strconv.AppendFloat(append(out, "[,,,"[i]), v, 'f', 4, 64)
	}
	return append(out, ']'), nil
}

// UnmarshalJSON reads [x, y, width, height].
func (b *Box) UnmarshalJSON(data []byte) error {
	var v [4]float64
	if err := json.Unmarshal(data, &v); err != nil {
		return fmt.Errorf("box: %w", err)
	}
	*b = Box{v[0], v[1], v[2], v[3]}
	return nil
}

// String is the form of the evidence extension: "x y width height", four decimals.
func (b Box) String() string { return fmt.Sprintf("%.4f %.4f %.4f %.4f", b.X, b.Y, b.W, b.H) }

// Empty reports whether the box has no area.
func (b Box) Empty() bool { return b.W <= 0 || b.H <= 0 }

// Union is the smallest box around both; an empty box adds nothing.
func (b Box) Union(c Box) Box {
	if b.Empty() {
		return c
	}
	if c.Empty() {
		return b
	}
	x0, y0 := math.Min(b.X, c.X), math.Min(b.Y, c.Y)
	x1, y1 := math.Max(b.X+b.W, c.X+c.W), math.Max(b.Y+b.H, c.Y+c.H)
	return Box{x0, y0, x1 - x0, y1 - y0}
}

// Intersect is the common part; empty when there is none.
func (b Box) Intersect(c Box) Box {
	x0, y0 := math.Max(b.X, c.X), math.Max(b.Y, c.Y)
	x1, y1 := math.Min(b.X+b.W, c.X+c.W), math.Min(b.Y+b.H, c.Y+c.H)
	if x1 <= x0 || y1 <= y0 {
		return Box{}
	}
	return Box{x0, y0, x1 - x0, y1 - y0}
}

// Area is width times height, in squared page fractions.
func (b Box) Area() float64 {
	if b.Empty() {
		return 0
	}
	return b.W * b.H
}

// IoU is intersection over union, 0..1.
func (b Box) IoU(c Box) float64 {
	i := b.Intersect(c).Area()
	u := b.Area() + c.Area() - i
	if u <= 0 {
		return 0
	}
	return i / u
}

// Clamp cuts the box to the page.
func (b Box) Clamp() Box {
	x0, y0 := min(max(b.X, 0), 1), min(max(b.Y, 0), 1)
	x1, y1 := min(max(b.X+b.W, 0), 1), min(max(b.Y+b.H, 0), 1)
	return Box{x0, y0, max(0, x1-x0), max(0, y1-y0)}
}
