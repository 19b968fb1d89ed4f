package tagger

import "math"

// before lists the labels that may stand before each.
var before = func() (out [labelCount][]uint8) {
	for y := range out {
		for x := range labelCount {
			if follows(x, y) {
				out[y] = append(out[y], uint8(x))
			}
		}
	}
	return out
}()

// chain holds the numbers of one sentence: forward and backward values scaled to sum 1 at
// each word, so that no sentence is too long (Rabiner 1989, §V.A).
type chain struct {
	n, labels     int
	score         []float64 // n × labels, exponentials of the emission scores
	forward, back []float64
	scale         []float64
	max           []float64 // what was taken off the scores of a word before the exponential
}

func (c *chain) size(n, labels int) {
	c.n, c.labels = n, labels
	grow := func(b []float64, n int) []float64 {
		if cap(b) < n {
			return make([]float64, n)
		}
		return b[:n]
	}
	c.score, c.forward, c.back = grow(c.score, n*labels), grow(c.forward, n*labels), grow(c.back, n*labels)
	c.scale, c.max = grow(c.scale, n), grow(c.max, n)
}

// load takes raw scores and keeps their exponentials; what allowed forbids becomes 0.
func (c *chain) load(raw []float32, allowed []Labels) {
	for i := range c.n {
		row := raw[i*c.labels : (i+1)*c.labels]
		top := math.Inf(-1)
		for y, v := range row {
			if allowed == nil || allowed[i]&(1<<y) != 0 {
				top = max(top, float64(v))
			}
		}
		c.max[i] = top
		for y, v := range row {
			e := 0.0
			if allowed == nil || allowed[i]&(1<<y) != 0 {
				e = math.Exp(float64(v) - top)
			}
			c.score[i*c.labels+y] = e
		}
	}
}

// run computes the forward and backward values under transitions (exponentials, from × to);
// start is the row of the first word. It gives the logarithm of the sum over all paths.
func (c *chain) run(start, transition []float64) float64 {
	L := c.labels
	total := 0.0
	for i := range c.n {
		f := c.forward[i*L : (i+1)*L]
		sum := 0.0
		for y := range f {
			v := 0.0
			if i == 0 {
				v = start[y]
			} else {
				p := c.forward[(i-1)*L : i*L]
				for _, x := range before[y] {
					v += p[x] * transition[int(x)*L+y]
				}
			}
			v *= c.score[i*L+y]
			f[y] = v
			sum += v
		}
		if sum <= 0 {
			sum = math.SmallestNonzeroFloat64
		}
		c.scale[i] = sum
		for y := range f {
			f[y] /= sum
		}
		total += math.Log(sum) + c.max[i]
	}
	end := 0.0
	for y := range L {
		c.back[(c.n-1)*L+y] = 0
		if !open(y) {
			c.back[(c.n-1)*L+y] = 1
			end += c.forward[(c.n-1)*L+y]
		}
	}
	end = max(end, math.SmallestNonzeroFloat64)
	for y := range L { // the sum over paths that end well is 1
		c.back[(c.n-1)*L+y] /= end
	}
	total += math.Log(end)
	for i := c.n - 2; i >= 0; i-- {
		b, next := c.back[i*L:(i+1)*L], c.back[(i+1)*L:(i+2)*L]
		clear(b)
		for y, ny := range next {
			if ny *= c.score[(i+1)*L+y] / c.scale[i+1]; ny != 0 {
				for _, x := range before[y] {
					b[x] += transition[int(x)*L+y] * ny
				}
			}
		}
	}
	return total
}

// marginal is the probability of a label at a word.
func (c *chain) marginal(i, y int) float64 { return c.forward[i*c.labels+y] * c.back[i*c.labels+y] }

// edge is the probability of two labels at a word and the one before.
func (c *chain) edge(i, x, y int, transition []float64) float64 {
	L := c.labels
	return c.forward[(i-1)*L+x] * transition[x*L+y] * c.score[i*L+y] * c.back[i*L+y] / c.scale[i]
}

// best is the most probable path (Viterbi).
func (c *chain) best(start, transition []float64, out []int) []int {
	L := c.labels
	from := make([]int, c.n*L)
	prev, next := make([]float64, L), make([]float64, L)
	for i := range c.n {
		sum := 0.0
		for y := range L {
			v, at := 0.0, 0
			if i == 0 {
				v = start[y]
			} else {
				for _, x := range before[y] {
					if t := prev[x] * transition[int(x)*L+y]; t > v {
						v, at = t, int(x)
					}
				}
			}
			next[y] = v * c.score[i*L+y]
			from[i*L+y] = at
			sum += next[y]
		}
		for y := range next {
			next[y] /= max(sum, math.SmallestNonzeroFloat64)
		}
		prev, next = next, prev
	}
	top := 0
	for y, v := range prev {
		if v > prev[top] && !open(y) {
			top = y
		}
	}
	out = append(out[:0], make([]int, c.n)...)
	for i := c.n - 1; i >= 0; i-- {
		out[i] = top
		top = from[i*L+top]
	}
	return out
}
