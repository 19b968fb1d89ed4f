package pixel

import "bytes"

// Component is a set of ink pixels that touch each other, corners included.
type Component struct {
	X0, Y0, X1, Y1 int // X1, Y1 are one past the last
	Area           int // ink pixels
}

func (c Component) W() int { return c.X1 - c.X0 }
func (c Component) H() int { return c.Y1 - c.Y0 }

type run struct {
	x0, x1 int32
	y      int32
	parent int32
}

// Components finds the connected components. labels has one entry per pixel: 0 for paper, else
// 1 + the component's index. They are in the order of their first pixel, row by row.
func Components(k *Ink) (comps []Component, labels []int32) {
	labels = make([]int32, k.W*k.H)
	return collect(k, runsOf(k), labels), labels
}

// Boxes is Components without the labels, which cost more than all else.
func Boxes(k *Ink) []Component { return collect(k, runsOf(k), nil) }

// runsOf finds the runs of ink in the rows, each with one that it touches.
func runsOf(k *Ink) []run {
	runs := []run{}
	previous, start := 0, 0 // runs[previous:start] are the row above
	for y := range k.H {
		row := k.Pix[y*k.W : (y+1)*k.W]
		previous, start = start, len(runs)
		above := previous
		for x := 0; x < k.W; {
			skip := bytes.IndexByte(row[x:], 1)
			if skip < 0 {
				break
			}
			x += skip
			x0 := x
			for x < k.W && row[x] != 0 {
				x++
			}
			i := int32(len(runs))
			runs = append(runs, run{int32(x0), int32(x), int32(y), i})
			for above < start && runs[above].x1 < int32(x0) {
				above++
			}
			for a := above; a < start && runs[a].x0 <= int32(x); a++ {
				join(runs, int32(a), i)
			}
		}
	}
	return runs
}

func root(runs []run, i int32) int32 {
	for runs[i].parent != i {
		runs[i].parent = runs[runs[i].parent].parent
		i = runs[i].parent
	}
	return i
}

func join(runs []run, a, b int32) {
	a, b = root(runs, a), root(runs, b)
	if a < b {
		runs[b].parent = a
	} else {
		runs[a].parent = b
	}
}

// collect makes components of runs that touch; labels may be nil.
func collect(k *Ink, runs []run, labels []int32) []Component {
	number := make([]int32, len(runs))
	comps := []Component{}
	for i := range runs {
		r := &runs[i]
		top := root(runs, int32(i))
		if number[top] == 0 {
			comps = append(comps, Component{X0: int(r.x0), Y0: int(r.y), X1: int(r.x1), Y1: int(r.y) + 1})
			number[top] = int32(len(comps))
		}
		n := number[top]
		c := &comps[n-1]
		c.X0, c.X1 = min(c.X0, int(r.x0)), max(c.X1, int(r.x1))
		c.Y1 = max(c.Y1, int(r.y)+1)
		c.Area += int(r.x1 - r.x0)
		if labels == nil {
			continue
		}
		line := labels[int(r.y)*k.W+int(r.x0) : int(r.y)*k.W+int(r.x1)]
		for x := range line {
			line[x] = n
		}
	}
	return comps
}
