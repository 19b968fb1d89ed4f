// Package tagger finds mentions in sentences of clinical text by a linear-chain conditional
// random field (Lafferty, McCallum and Pereira 2001) over words, their parts, shapes,
// neighbours and what a dictionary says of them. It knows no codes and asserts nothing; what
// it proposes comes with a probability.
//
// Train makes a model from labelled sentences, in which a word may be left open between
// several labels, so that sets that label different things train one model. The same samples
// give the same model, byte for byte, and the same text the same mentions.
package tagger

import "math"

// Type is what a mention names.
type Type uint8

const (
	None Type = iota
	Disease
	Sign // sign or symptom
	Drug // drug or chemical
	Test // test or measurement
	Procedure
	Anatomy
	Value  // of a test
	Dosage // dose, route, frequency
	Detail // age, date: what identifies
	types
)

// labelCount is the number of labels: outside, and four for each type, for a mention of one
// word, and for the first, inner and last word of a longer one (Ratinov and Roth 2009).
const labelCount = 4*int(types) - 3

// Label is the label of a word of a mention, which is its first or last one, or both.
func Label(t Type, first, last bool) int {
	base := 4*int(t) - 3
	switch {
	case first && last:
		return base
	case first:
		return base + 1
	case last:
		return base + 3
	}
	return base + 2
}

// Labels is a set of labels, a bit for each.
type Labels uint64

// Outside holds the one label of words outside of all mentions.
const Outside Labels = 1

// Any holds all labels of a type.
func Any(t Type) Labels { return 0xF << Label(t, true, true) }

func typeOf(label int) Type { return Type((label + 3) / 4) }

// open reports a label after which the mention goes on.
func open(label int) bool { return label > 0 && (label%4 == 2 || label%4 == 3) }

// follows reports whether a label may stand after another, or first, after 0.
func follows(before, label int) bool {
	if open(before) {
		return typeOf(before) == typeOf(label) && (label%4 == 3 || label%4 == 0)
	}
	return label == 0 || label%4 == 1 || label%4 == 2
}

// Register is the kind of writing that a text is: some words mean other things in each.
type Register uint8

const (
	Notes    Register = iota // of a patient: case reports, records
	Drugs                    // abstracts about drugs and what they do
	Diseases                 // abstracts about diseases and genes
	registers
)

// Mention is a span of words [First,Last) of a sentence.
type Mention struct {
	First, Last int
	Type        Type
	Probability float64 // of its first and last word and all between having these labels
}

// Tagger tags sentences with one model. It is not safe for concurrent use; several may share
// a model.
type Tagger struct {
	model    *Model
	features features
	known    map[string]*known
	contexts map[uint64]*sums
	beyond   known // the words before and after a sentence
	words    []*known
	forms    []*form
	chain    chain
	raw      []int32
	path     []int
}

// New makes a tagger.
func New(m *Model) *Tagger { return &Tagger{model: m} }

// Model gives the model.
func (t *Tagger) Model() *Model { return t.model }

// Tag finds the mentions of a sentence, none overlapping, in order.
func (t *Tagger) Tag(words []Word, register Register) []Mention {
	if len(words) == 0 {
		return nil
	}
	t.register(register)
	t.score(words)
	t.chain.size(len(words), labelCount)
	t.chain.loadSteps(t.raw, t.model.powers)
	t.path = t.chain.best(t.model.start, t.model.transition, t.path)
	var out []Mention
	for i := 0; i < len(t.path); i++ {
		if t.path[i] == 0 {
			continue
		}
		m := Mention{First: i, Type: typeOf(t.path[i])}
		for open(t.path[i]) && i+1 < len(t.path) {
			i++
		}
		m.Last = i + 1
		out = append(out, m)
	}
	if len(out) > 0 {
		t.chain.run(t.model.start, t.model.transition)
		for k := range out {
			out[k].Probability = t.probability(out[k])
		}
	}
	return out
}

// score fills raw with the scores of each word's labels.
func (t *Tagger) score(words []Word) {
	t.words, t.forms, t.raw = t.words[:0], t.forms[:0], t.raw[:0]
	for i := range words {
		k := t.word(&words[i])
		t.words, t.forms = append(t.words, k), append(t.forms, &k.form)
	}
	s := prepare(words, t.forms)
	for i, k := range t.words {
		sum := k.own
		for n, d := range [4]int{2, 1, -1, -2} {
			from := &t.beyond
			if j := i + d; j >= 0 && j < len(t.words) {
				from = t.words[j]
			}
			sum.plus(&from.near[n])
		}
		sum.plus(t.context(s.looksKey(i), s, i, (*features).looks))
		sum.plus(t.context(s.termsKey(i), s, i, (*features).terms))
		t.features.ids = t.features.ids[:0]
		t.features.joint(s, i)
		t.model.add(t.features.ids, &sum)
		t.raw = append(t.raw, sum[:]...)
	}
}

// probability is the share of all label paths that hold the mention as it stands.
func (t *Tagger) probability(m Mention) float64 {
	at := Label(m.Type, true, m.Last == m.First+1)
	p := t.chain.marginal(m.First, at)
	for i := m.First + 1; i < m.Last; i++ {
		next, here := Label(m.Type, false, i == m.Last-1), t.chain.marginal(i-1, at)
		if here <= 0 {
			return 0
		}
		p *= t.chain.edge(i, at, next, t.model.transition) / here
		at = next
	}
	return math.Min(p, 1)
}
