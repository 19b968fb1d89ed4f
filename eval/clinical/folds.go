package clinical

import (
	"chartlake/clinical"
	"chartlake/clinical/tagger"
)

// FoldReport is how well the recipe does on what it was not trained on.
type FoldReport struct {
	Folds int        `json:"folds"`
	Sets  []FoldsSet `json:"sets"`
}

// FoldsSet is the sum of the folds of one set, each tagged by a model that never saw it.
type FoldsSet struct {
	Name       string       `json:"name"`
	Types      []Mentions   `json:"types"`
	Confidence []Confidence `json:"confidence"` // is a probability what it says?
	Registers  Share        `json:"registers"`  // texts whose register was told rightly
}

// Confidence is the share of right mentions among those whose probability lies in a tenth.
type Confidence struct {
	From  float64 `json:"from"`
	Right Share   `json:"right"` // strict
}

// foldNames are the types as they are scored; a sign is a problem.
var foldNames = map[tagger.Type]string{tagger.Disease: "problem", tagger.Sign: "problem", tagger.Drug: "medication", tagger.Test: "test",
	tagger.Procedure: "procedure", tagger.Anatomy: "anatomy", tagger.Value: "value", tagger.Dosage: "dosage", tagger.Detail: "age_date"}

// CrossValidate trains the recipe once per fold and measures it on the fold that was left
// out. done hears of each fold.
func CrossValidate(sets []Set, done func(of int)) (*FoldReport, error) {
	engine, err := clinical.Open()
	if err != nil {
		return nil, err
	}
	all, err := lessons(engine, sets)
	if err != nil {
		return nil, err
	}
	sums := make([]*foldSum, len(corpora))
	for i := range sums {
		sums[i] = &foldSum{scores: map[string]*Mentions{}}
	}
	for fold := range Folds {
		t := tagger.New(learn(all, fold, nil))
		for i := range corpora {
			var held []lesson
			for _, l := range all {
				if l.corpus == &corpora[i] && l.fold == fold {
					held = append(held, l)
				}
			}
			sums[i].measure(t, held)
		}
		done(Folds)
	}
	out := &FoldReport{Folds: Folds}
	for i, s := range sums {
		out.Sets = append(out.Sets, s.set(corpora[i].prefix))
	}
	return out, nil
}

type foldSum struct {
	scores     map[string]*Mentions
	confidence [10]Share
	registers  Share
}

// measure tags the held lessons. Those that are one sentence each stand in their order, so
// that they are one running text for short forms.
func (f *foldSum) measure(t *tagger.Tagger, held []lesson) {
	for len(held) > 0 {
		n := 1
		for len(held[0].sentences) == 1 && n < len(held) && len(held[n].sentences) == 1 {
			n++
		}
		var words [][]tagger.Word
		for _, l := range held[:n] {
			var own [][]tagger.Word
			for _, s := range l.sentences {
				own = append(own, s.Words)
			}
			f.registers.Of++
			if t.Model().Register(own) == l.corpus.register {
				f.registers.N++
			}
			words = append(words, own...)
		}
		found := t.Text(words, t.Model().Register(words))
		for _, l := range held[:n] {
			f.score(l, found[:len(l.sentences)])
			found = found[len(l.sentences):]
		}
		held = held[n:]
	}
}

func (f *foldSum) score(l lesson, found [][]tagger.Mention) {
	labelled := map[string]bool{}
	for _, types := range l.corpus.types {
		for _, t := range types {
			labelled[foldNames[t]] = true
		}
	}
	for name := range labelled {
		var gold, got [][2]int
		for _, m := range l.mentions {
			if types := l.corpus.types[m.Label]; len(types) > 0 && foldNames[types[0]] == name {
				gold = append(gold, [2]int{m.Begin, m.End})
			}
		}
		want := map[[2]int]bool{}
		for _, g := range gold {
			want[g] = true
		}
		for i, s := range l.sentences {
			for _, m := range found[i] {
				if foldNames[m.Type] != name || m.Type == tagger.Sign && !l.corpus.signs() {
					continue
				}
				at := [2]int{s.Begin[m.First], s.End[m.Last-1]}
				got = append(got, at)
				tenth := &f.confidence[min(9, int(m.Probability*10))]
				tenth.Of++
				if want[at] {
					tenth.N++
				}
			}
		}
		if f.scores[name] == nil {
			f.scores[name] = &Mentions{Type: name}
		}
		match(&f.scores[name].Strict, gold, got, func(a, b [2]int) bool { return a == b })
		match(&f.scores[name].Overlap, gold, got, func(a, b [2]int) bool { return a[0] < b[1] && b[0] < a[1] })
	}
}

// signs reports that the set labels signs, as themselves or as diseases.
func (c *corpus) signs() bool {
	for _, types := range c.types {
		for _, t := range types {
			if t == tagger.Sign {
				return true
			}
		}
	}
	return false
}

func (f *foldSum) set(name string) FoldsSet {
	out := FoldsSet{Name: name, Registers: f.registers, Types: sum(f.scores)}
	for i, c := range f.confidence {
		if c.Of > 0 {
			out.Confidence = append(out.Confidence, Confidence{float64(i) / 10, c})
		}
	}
	return out
}
