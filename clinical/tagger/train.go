package tagger

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"sort"
)

// Sample is a labelled sentence. Allowed has one bit set per label that each word may have;
// one bit for a word that is labelled, several where the set leaves it open.
type Sample struct {
	Words    []Word
	Allowed  []Labels
	Register Register
}

// Recipe is how a model is trained.
type Recipe struct {
	Epochs int
	Rate   float64 // first step of AdaGrad (Duchi, Hazan and Singer 2011)
	Drop   float64 // share of the features of a word that are left out at each step
	Seen   int     // features of fewer words than this are left out
	Least  float64 // smaller weights are dropped at the end
	Seed   uint64
}

// trainer holds the weights of one training.
type trainer struct {
	recipe     Recipe
	index      map[uint32]int32
	weight     []float32 // features × labels
	squares    []float32
	sum        []float32 // of the weights after each epoch of the second half
	start      []float64 // logarithms
	transition []float64
	startSq    []float64
	transSq    []float64
	free       chain
	bound      chain
	raw        []float32
	writing    map[uint32][registers]int8
}

// compiled is a sample with its features as numbers.
type compiled struct {
	features [][]int32
	allowed  []Labels
}

// Train makes a model. step, where not nil, hears of each epoch with the mean loss.
func Train(samples []Sample, r Recipe, step func(epoch int, loss float64)) *Model {
	t := &trainer{recipe: r, index: map[uint32]int32{}}
	data := t.compile(samples)
	t.writing = writing(samples)
	t.weight = make([]float32, len(t.index)*labelCount)
	t.squares = make([]float32, len(t.weight))
	t.sum = make([]float32, len(t.weight))
	t.start, t.startSq = make([]float64, labelCount), make([]float64, labelCount)
	t.transition, t.transSq = make([]float64, labelCount*labelCount), make([]float64, labelCount*labelCount)
	random := rand.New(rand.NewPCG(r.Seed, 1))
	order := make([]int, len(data))
	for i := range order {
		order[i] = i
	}
	kept := 0
	for epoch := range r.Epochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		loss := 0.0
		for _, n := range order {
			loss += t.learn(&data[n], random)
		}
		if epoch >= r.Epochs/2 {
			kept++
			for i, w := range t.weight {
				t.sum[i] += w
			}
		}
		if step != nil {
			step(epoch+1, loss/float64(len(data)))
		}
	}
	for i := range t.weight {
		t.weight[i] = t.sum[i] / float32(kept)
	}
	return t.model(float32(r.Least))
}

// compile numbers the features that are seen often enough.
func (t *trainer) compile(samples []Sample) []compiled {
	seen := map[uint32]uint16{}
	for k := range samples {
		c := cut(&samples[k])
		for i := range c.words {
			for _, f := range c.all(i) {
				if seen[f] < math.MaxUint16 {
					seen[f]++
				}
			}
		}
	}
	kept := make([]uint32, 0, len(seen))
	for f, n := range seen {
		if int(n) >= t.recipe.Seen {
			kept = append(kept, f)
		}
	}
	sort.Slice(kept, func(i, j int) bool { return kept[i] < kept[j] })
	for i, f := range kept {
		t.index[f] = int32(i)
	}
	out := make([]compiled, len(samples))
	for k := range samples {
		c := &out[k]
		c.allowed = samples[k].Allowed
		s := cut(&samples[k])
		for i := range s.words {
			var ids []int32
			for _, f := range s.all(i) {
				if id, ok := t.index[f]; ok {
					ids = append(ids, id)
				}
			}
			c.features = append(c.features, ids)
		}
	}
	return out
}

// plain is a sample prepared for its features.
type plain struct {
	*sentence
	features
}

func cut(s *Sample) plain {
	forms := make([]*form, len(s.Words))
	for i := range s.Words {
		f := newForm(&s.Words[i])
		forms[i] = &f
	}
	return plain{prepare(s.Words, forms), features{register: uint64(s.Register)}}
}

func (p plain) all(i int) []uint32 { return p.features.all(p.sentence, i) }

// learn takes one step along the gradient of one sentence and gives its loss.
func (t *trainer) learn(c *compiled, random *rand.Rand) float64 {
	n, L := len(c.features), labelCount
	if n == 0 {
		return 0
	}
	t.raw = append(t.raw[:0], make([]float32, n*L)...)
	keepScale := float32(1)
	used := c.features
	if t.recipe.Drop > 0 {
		used = make([][]int32, n)
		for i, ids := range c.features {
			for _, id := range ids {
				if random.Float64() >= t.recipe.Drop {
					used[i] = append(used[i], id)
				}
			}
		}
		keepScale = float32(1 / (1 - t.recipe.Drop))
	}
	for i, ids := range used {
		row := t.raw[i*L : (i+1)*L]
		for _, id := range ids {
			for y, w := range t.weight[int(id)*L : (int(id)+1)*L] {
				row[y] += w
			}
		}
		for y := range row {
			row[y] *= keepScale
		}
	}
	start, transition := t.exponentials()
	t.free.size(n, L)
	t.free.load(t.raw, nil)
	t.bound.size(n, L)
	t.bound.load(t.raw, c.allowed)
	loss := t.free.run(start, transition) - t.bound.run(start, transition)
	for i := range n {
		t.emissions(used[i], i, keepScale)
	}
	t.edges(n, start, transition)
	return loss
}

func (t *trainer) exponentials() (start, transition []float64) {
	start, transition = make([]float64, labelCount), make([]float64, labelCount*labelCount)
	for y := range start {
		if follows(0, y) {
			start[y] = math.Exp(t.start[y])
		}
		for x := range labelCount {
			if follows(x, y) {
				transition[x*labelCount+y] = math.Exp(t.transition[x*labelCount+y])
			}
		}
	}
	return start, transition
}

func (t *trainer) emissions(ids []int32, i int, scale float32) {
	var g [labelCount]float32
	mask := uint64(0)
	for y := range labelCount {
		d := t.bound.marginal(i, y) - t.free.marginal(i, y)
		if math.Abs(d) > 1e-4 {
			g[y] = float32(d) * scale
			mask |= 1 << y
		}
	}
	if mask == 0 {
		return
	}
	rate := float32(t.recipe.Rate)
	for _, id := range ids {
		base := int(id) * labelCount
		for m := mask; m != 0; m &= m - 1 {
			y := bits.TrailingZeros64(m)
			q := &t.squares[base+y]
			*q += g[y] * g[y]
			t.weight[base+y] += rate * g[y] / float32(math.Sqrt(float64(*q)+1e-4))
		}
	}
}

func (t *trainer) edges(n int, start, transition []float64) {
	L := labelCount
	move := func(w, q *float64, g float64) {
		*q += g * g
		*w += t.recipe.Rate * g / math.Sqrt(*q+1e-4)
	}
	for y := range L {
		if start[y] > 0 {
			move(&t.start[y], &t.startSq[y], t.bound.marginal(0, y)-t.free.marginal(0, y))
		}
	}
	g := make([]float64, L*L)
	for i := 1; i < n; i++ {
		for x := range L {
			if t.free.forward[(i-1)*L+x] < 1e-9 && t.bound.forward[(i-1)*L+x] < 1e-9 {
				continue
			}
			for y := range L {
				if follows(x, y) {
					g[x*L+y] += t.bound.edge(i, x, y, transition) - t.free.edge(i, x, y, transition)
				}
			}
		}
	}
	for k, v := range g {
		if v != 0 {
			move(&t.transition[k], &t.transSq[k], v)
		}
	}
}
