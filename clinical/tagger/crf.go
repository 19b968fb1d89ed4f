package tagger

import (
	"math"
	"slices"
)

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

// after lists the labels that may stand behind each.
var after = func() (out [labelCount][]uint8) {
	for x := range out {
		for y := range labelCount {
			if follows(x, y) {
				out[x] = append(out[x], uint8(y))
			}
		}
	}
	return out
}()

// negligible is a share of all paths that is left out: it moves the third decimal of some probabilities by one, and one
// mention in five thousand.
const negligible = 1e-5

// hopeless is how far below the best score of a word the others are told apart. It is no zero: a
// path must go on where a word's best label cannot follow.
const hopeless = -30

// chain holds the numbers of one sentence: forward and backward values scaled to sum 1 at
// each word, so that no sentence is too long (Rabiner 1989, §V.A).
type chain struct {
	n, labels     int
	score         []float64 // n × labels, exponentials of the emission scores
	forward, back []float64
	scale         []float64
	from          []uint8   // the best label before, by word and label
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
				e = math.Exp(max(float64(v)-top, hopeless))
			}
			c.score[i*c.labels+y] = e
		}
	}
}

// loadSteps takes raw scores in steps and keeps their exponentials; powers holds that of each
// count of steps below the best of a word, the last one that of all beyond.
// The logarithm that run gives is then less by the best scores.
func (c *chain) loadSteps(raw []int32, powers []float64) {
	for i := range c.n {
		row, out := raw[i*c.labels:(i+1)*c.labels], c.score[i*c.labels:(i+1)*c.labels]
		top := slices.Max(row)
		c.max[i] = 0
		for y, v := range row {
			out[y] = powers[min(int(top-v), len(powers)-1)]
		}
	}
}

// run computes the forward and backward values under transitions (exponentials, from × to);
// start is the row of the first word. It gives the logarithm of the sum over all paths.
func (c *chain) run(start, transition []float64) float64 {
	L := c.labels
	total := 0.0
	for i := range c.n {
		f, score := c.forward[i*L:(i+1)*L], c.score[i*L:(i+1)*L]
		if i == 0 {
			copy(f, start)
		} else {
			clear(f)
			for x, p := range c.forward[(i-1)*L : i*L] {
				if p < negligible {
					continue
				}
				for _, y := range after[x] {
					f[y] += p * transition[x*L+int(y)]
				}
			}
		}
		sum := 0.0
		for y := range f {
			f[y] *= score[y]
			sum += f[y]
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
			if ny *= c.score[(i+1)*L+y] / c.scale[i+1]; ny > negligible {
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
	if len(c.from) < c.n*L {
		c.from = make([]uint8, c.n*L)
	}
	from := c.from
	var one, other [labelCount]float64
	prev, next := one[:], other[:]
	for i := range c.n {
		if i == 0 {
			copy(next, start)
		} else {
			clear(next)
			came := from[i*L : (i+1)*L]
			for x, p := range prev {
				if p < negligible {
					continue
				}
				for _, y := range after[x] {
					if t := p * transition[x*L+int(y)]; t > next[y] {
						next[y], came[y] = t, uint8(x)
					}
				}
			}
		}
		sum := 0.0
		for y := range next {
			next[y] *= c.score[i*L+y]
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
	out = slices.Grow(out[:0], c.n)[:c.n]
	for i := c.n - 1; i >= 0; i-- {
		out[i] = top
		top = int(from[i*L+top])
	}
	return out
}
