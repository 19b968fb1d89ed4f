package layout

import (
	"math"
	"slices"

	"chartlake/reader/pixel"
)

// Pose is how the content of a picture lies.
type Pose struct {
	Rotation int     // clockwise degrees (0 90 180 270) that make it upright
	Skew     float64 // degrees clockwise that then remain, within ±MaxSkew
	Sure     bool    // false: upright and upside down look alike, ask the recogniser
	Letters  int     // components that look like letters
}

// MaxSkew is the largest skew that is looked for, in degrees.
const MaxSkew = 11.0

// FindPose reads the pose from the boxes of a picture's components, w × h its size. Lines of
// text have sharp lower edges along the reading direction, which gives axis and skew; more
// letters of Latin script rise above the small letters than hang below the line, which tells
// upright from upside down.
func FindPose(comps []pixel.Component, w, h int) Pose {
	letters := Letters(comps)
	if len(letters) < 3 {
		return Pose{Sure: true, Letters: len(letters)}
	}
	turned := make([]pixel.Component, len(letters))
	for i, c := range letters {
		turned[i] = pixel.Component{X0: h - c.Y1, X1: h - c.Y0, Y0: c.X0, Y1: c.X1, Area: c.Area}
	}
	flat, flatScore := skewOf(letters)
	steep, steepScore := skewOf(turned)
	pose := Pose{Rotation: 0, Skew: flat, Letters: len(letters)}
	side := letters
	if weight(letters, flatScore) < weight(turned, steepScore) {
		pose.Rotation, pose.Skew, side = 90, steep, turned
	}
	rise, fall := edges(side, pose.Skew)
	if fall > rise {
		pose.Rotation += 180
		rise, fall = fall, rise
	}
	pose.Sure = rise+fall >= 16 && float64(rise) >= 1.7*float64(fall)
	if !pose.Sure && pose.Rotation >= 180 { // nothing to go by: pages are seldom upside down
		if float64(rise) < 1.15*float64(fall)+3 {
			pose.Rotation -= 180
		}
	}
	return pose
}

// Letters keeps the components that may be letters of the page's usual size.
func Letters(comps []pixel.Component) []pixel.Component {
	sizes := []int{}
	for _, c := range comps {
		if s := max(c.W(), c.H()); s >= 5 && s <= 120 && c.Area >= 8 {
			sizes = append(sizes, s)
		}
	}
	if len(sizes) == 0 {
		return nil
	}
	slices.Sort(sizes)
	mid := sizes[len(sizes)/2]
	out := []pixel.Component{}
	for _, c := range comps {
		s := max(c.W(), c.H())
		if s >= 5 && c.Area >= 8 && 2*s >= mid && s <= 3*mid && 5*min(c.W(), c.H()) >= s {
			out = append(out, c)
		}
	}
	return out
}

// weight is a score with the help of the nearest neighbours: within a line letters stand
// closer than lines do, so neighbours lie along the reading direction.
func weight(letters []pixel.Component, score float64) float64 {
	along, across := 0, 0
	step := max(1, len(letters)/400)
	for i := 0; i < len(letters); i += step {
		c := letters[i]
		best, bestAcross := math.MaxInt, false
		for j, d := range letters {
			if j == i {
				continue
			}
			dx := max(d.X0-c.X1, c.X0-d.X1, 0)
			dy := max(d.Y0-c.Y1, c.Y0-d.Y1, 0)
			if g := dx + dy; g < best {
				best, bestAcross = g, dy > dx
			}
		}
		if bestAcross {
			across++
		} else {
			along++
		}
	}
	return score * (float64(along) + 1) / (float64(across) + 1)
}

// coarseLetters is how many letters are looked at where the skew may be anything.
const coarseLetters = 800

// skewOf finds the angle under which the lower or upper edges of the boxes fall on the fewest
// lines, and how few: Σn² over the lines, per letter.
func skewOf(letters []pixel.Component) (angle, score float64) {
	n := len(letters)
	xs, lower, upper := make([]float64, n), make([]float64, n), make([]float64, n)
	for i, c := range letters {
		xs[i] = float64(c.X0+c.X1) / 2
		lower[i], upper[i] = float64(c.Y1), float64(c.Y0)
	}
	try := func(a, bin float64) float64 {
		return max(sharpness(xs, lower, a, bin), sharpness(xs, upper, a, bin))
	}
	some := max(1, n/coarseLetters) // one of so many tells where the peak is
	few := func(all []float64) (out []float64) {
		for i := 0; i < n; i += some {
			out = append(out, all[i])
		}
		return out
	}
	fewXs, fewLower, fewUpper := few(xs), few(lower), few(upper)
	for a := -MaxSkew; a <= MaxSkew; a += 0.25 {
		if s := max(sharpness(fewXs, fewLower, a, 2), sharpness(fewXs, fewUpper, a, 2)); s > score*1.0001 || s > score*0.9999 && math.Abs(a) < math.Abs(angle) {
			angle, score = a, max(s, score)
		}
	}
	coarse := angle
	fine := 0.0
	sum, weights := 0.0, 0.0
	type sample struct{ a, s float64 }
	samples := []sample{}
	for a := coarse - 0.5; a <= coarse+0.5001; a += 0.05 {
		s := try(a, 1)
		samples = append(samples, sample{a, s})
		fine = max(fine, s)
	}
	for _, p := range samples { // the middle of the peak is steadier than its top
		if p.s > 0.9*fine {
			sum += p.a * (p.s - 0.9*fine)
			weights += p.s - 0.9*fine
		}
	}
	if weights > 0 {
		angle = sum / weights
	}
	return angle, fine
}

func sharpness(xs, ys []float64, angle, bin float64) float64 {
	sin, cos := math.Sincos(angle * math.Pi / 180)
	lowest, highest := math.Inf(1), math.Inf(-1)
	for i, x := range xs {
		v := ys[i]*cos - x*sin
		lowest, highest = min(lowest, v), max(highest, v)
	}
	count := make([]float64, int((highest-lowest)/bin)+2)
	for i, x := range xs {
		at := (ys[i]*cos - x*sin - lowest) / bin
		k := int(at)
		count[k] += 1 - (at - float64(k))
		count[k+1] += at - float64(k)
	}
	s := 0.0
	for _, c := range count {
		s += c * c
	}
	return s / float64(len(xs))
}

// edges counts neighbouring letters that stand on one line but differ at the top (rise) and
// those that end at one height but differ at the bottom (fall).
func edges(letters []pixel.Component, skew float64) (rise, fall int) {
	sin, cos := math.Sincos(skew * math.Pi / 180)
	type box struct{ x0, x1, top, bottom float64 }
	boxes := make([]box, len(letters))
	for i, c := range letters {
		x := float64(c.X0+c.X1) / 2
		shift := x*sin + float64(c.Y0+c.Y1)/2*(1-cos)
		boxes[i] = box{float64(c.X0), float64(c.X1), float64(c.Y0) - shift, float64(c.Y1) - shift}
	}
	slices.SortFunc(boxes, func(a, b box) int {
		if a.x0 < b.x0 {
			return -1
		} else if a.x0 > b.x0 {
			return 1
		}
		return 0
	})
	for i, a := range boxes {
		h := a.bottom - a.top
		for _, b := range boxes[i+1:] {
			if b.x0 > a.x1+1.5*h {
				break
			}
			if min(a.bottom, b.bottom)-max(a.top, b.top) < 0.4*min(h, b.bottom-b.top) {
				continue
			}
			size := max(h, b.bottom-b.top)
			top, bottom := math.Abs(a.top-b.top)/size, math.Abs(a.bottom-b.bottom)/size
			switch {
			case bottom < 0.1 && top > 0.16 && top < 0.5:
				rise++
			case top < 0.1 && bottom > 0.16 && bottom < 0.5:
				fall++
			}
			break
		}
	}
	return rise, fall
}
