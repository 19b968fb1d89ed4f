package clinical

// Calibration holds what was said of a chance against what came true.
type Calibration struct {
	Error float64 `json:"error"` // expected calibration error: the mean distance, weighted by the number
	Bins  []Bin   `json:"bins"`
}

// Bin is a tenth of the scale: what was said on average, the share that was right, of how many.
type Bin struct {
	Said  float64 `json:"said"`
	Right float64 `json:"right"`
	Of    int     `json:"of"`
}

// calibration counts confidences in tenths, in thousandths so that the order of adding does not matter.
type calibration [10]struct{ said, right, of int }

func (c *calibration) add(said float64, right bool) {
	b := &c[min(max(int(said*10), 0), 9)]
	b.said += int(said*1000 + 0.5)
	b.of++
	if right {
		b.right++
	}
}

// close gives nil where nothing was said.
func (c *calibration) close() *Calibration {
	out := &Calibration{}
	all := 0
	for _, b := range c {
		all += b.of
	}
	for _, b := range c {
		if b.of == 0 {
			continue
		}
		g := Bin{Said: float64(b.said) / 1000 / float64(b.of), Right: float64(b.right) / float64(b.of), Of: b.of}
		out.Bins = append(out.Bins, g)
		out.Error += max(g.Said-g.Right, g.Right-g.Said) * float64(b.of) / float64(all)
	}
	if all == 0 {
		return nil
	}
	return out
}
