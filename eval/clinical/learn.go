package clinical

import (
	"sort"
	"strings"

	"chartlake/clinical"
	"chartlake/clinical/tagger"
	"chartlake/fault"
)

// corpus tells how a set is read for learning.
type corpus struct {
	prefix   string // of the set's name
	register tagger.Register
	types    map[string][]tagger.Type // what a mention of a label may be
	open     []tagger.Type            // what the set does not label: a word outside may be one of these
}

// corpora are the sets that the tagger learns from, each with the licence to train a model
// that is shipped. Fourteen of the 41 labels of MACCROBAT2020 make nine types after those of
// Comprehend Medical, which has no type for the duration of a finding or for details of its
// looks; labels that are not here are words outside. BC5CDR calls signs diseases, too, and
// both abstracts leave open what they do not label.
var corpora = []corpus{
	{"maccrobat2020", tagger.Notes, map[string][]tagger.Type{
		"Disease_disorder": {tagger.Disease}, "Sign_symptom": {tagger.Sign},
		"Medication": {tagger.Drug}, "Dosage": {tagger.Dosage}, "Administration": {tagger.Dosage}, "Frequency": {tagger.Dosage},
		"Diagnostic_procedure": {tagger.Test}, "Lab_value": {tagger.Value}, "Therapeutic_procedure": {tagger.Procedure},
		"Biological_structure": {tagger.Anatomy}, "Age": {tagger.Detail}, "Date": {tagger.Detail},
	}, nil},
	{"bc5cdr", tagger.Drugs, map[string][]tagger.Type{"Disease": {tagger.Disease, tagger.Sign}, "Chemical": {tagger.Drug}},
		[]tagger.Type{tagger.Test, tagger.Procedure, tagger.Anatomy, tagger.Value, tagger.Dosage, tagger.Detail}},
	{"ncbi-disease", tagger.Diseases, map[string][]tagger.Type{"Disease": {tagger.Disease}},
		[]tagger.Type{tagger.Sign, tagger.Drug, tagger.Test, tagger.Procedure, tagger.Anatomy, tagger.Value, tagger.Dosage, tagger.Detail}},
}

// Recipe is how the shipped model is trained.
var Recipe = tagger.Recipe{Epochs: 5, Rate: 0.07, Drop: 0.4, Seen: 1, Least: 0.05, Seed: 1}

// Folds is the number of parts of a cross-validation.
const Folds = 5

// lesson is a text that the tagger learns from or is asked about.
type lesson struct {
	corpus    *corpus
	fold      int
	mentions  []Mention
	sentences []clinical.Sentence
}

// lessons cuts the sets into texts. Sentences of a column file, which keeps no documents, stay
// in their order and are parted into folds as blocks, so that no document but those at a
// border lies in two folds.
func lessons(engine *clinical.Engine, sets []Set) ([]lesson, error) {
	var out []lesson
	for i := range corpora {
		c := &corpora[i]
		found := false
		for _, s := range sets {
			if !strings.HasPrefix(s.Name, c.prefix) || s.Partial {
				continue
			}
			found = true
			for n, t := range s.Texts {
				out = append(out, lesson{c, n * Folds / len(s.Texts), t.Mentions, engine.Sentences(t.Text)})
			}
		}
		if !found {
			return nil, fault.New(fault.NotFound, "no_gold", "a set to learn from is missing: %s", c.prefix)
		}
	}
	return out, nil
}

// learn trains a model on all lessons; a fold, where it is not negative, is left out.
func learn(all []lesson, fold int, step func(epoch int, loss float64)) *tagger.Model {
	var samples []tagger.Sample
	for _, l := range all {
		if l.fold == fold {
			continue
		}
		for _, s := range l.sentences {
			samples = append(samples, tagger.Sample{Words: s.Words, Allowed: l.corpus.allowed(s, l.mentions), Register: l.corpus.register})
		}
	}
	return tagger.Train(samples, Recipe, step)
}

// Learn trains the model that is shipped.
func Learn(sets []Set, step func(epoch int, loss float64)) (*tagger.Model, error) {
	engine, err := clinical.Open()
	if err != nil {
		return nil, err
	}
	all, err := lessons(engine, sets)
	if err != nil {
		return nil, err
	}
	return learn(all, -1, step), nil
}

// allowed gives the labels that each word of a sentence may have. Of mentions that share
// words the longest counts.
func (c *corpus) allowed(s clinical.Sentence, mentions []Mention) []tagger.Labels {
	outside := tagger.Outside
	for _, t := range c.open {
		outside |= tagger.Any(t)
	}
	out := make([]tagger.Labels, len(s.Words))
	for i := range out {
		out[i] = outside
	}
	ordered := append([]Mention(nil), mentions...)
	sort.SliceStable(ordered, func(i, j int) bool { return ordered[i].End-ordered[i].Begin > ordered[j].End-ordered[j].Begin })
	used := make([]bool, len(s.Words))
	for _, m := range ordered {
		types := c.types[m.Label]
		first, last := s.Span(m.Begin, m.End)
		if len(types) == 0 || first == last || anyOf(used[first:last]) {
			continue
		}
		for i := first; i < last; i++ {
			out[i], used[i] = 0, true
			for _, t := range types {
				out[i] |= 1 << tagger.Label(t, i == first, i == last-1)
			}
		}
	}
	return out
}

func anyOf(list []bool) bool {
	for _, b := range list {
		if b {
			return true
		}
	}
	return false
}
