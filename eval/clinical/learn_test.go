package clinical

import (
	"bytes"
	"testing"

	"chartlake/clinical"
	"chartlake/clinical/tagger"
	"chartlake/fault"
)

// small are sets of one text each, enough to train and to be refused when one is missing.
func small() []Set {
	return []Set{
		{Name: "maccrobat2020-x", Texts: []Text{{Text: "He has severe asthma. He takes metoprolol 50 mg.", Mentions: []Mention{
			{Begin: 7, End: 20, Label: "Disease_disorder"}, {Begin: 14, End: 20, Label: "Sign_symptom"}, {Begin: 31, End: 41, Label: "Medication"},
			{Begin: 42, End: 47, Label: "Dosage"}, {Begin: 0, End: 2, Label: "Subject"},
		}}}},
		{Name: "bc5cdr-x", Texts: []Text{{Text: "Seizures due to lidocaine", Mentions: []Mention{{Begin: 0, End: 8, Label: "Disease"}, {Begin: 16, End: 25, Label: "Chemical"}}}}},
		{Name: "ncbi-disease-x", Texts: []Text{{Text: "A gene for ataxia", Mentions: []Mention{{Begin: 11, End: 17, Label: "Disease"}}}}},
	}
}

func TestLabelsThatAWordMayHave(t *testing.T) {
	t.Parallel()
	engine, err := clinical.Open()
	if err != nil {
		t.Fatal(err)
	}
	all, err := lessons(engine, small())
	if err != nil {
		t.Fatal(err)
	}
	at := func(lesson, sentence, word int) tagger.Labels {
		l := all[lesson]
		return l.corpus.allowed(l.sentences[sentence], l.mentions)[word]
	}
	one := func(typ tagger.Type, first, last bool) tagger.Labels { return 1 << tagger.Label(typ, first, last) }
	for name, c := range map[string]struct{ got, want tagger.Labels }{
		"a word outside of a set that labels all":     {at(0, 0, 0), tagger.Outside},
		"the first word of the longer of two":         {at(0, 0, 2), one(tagger.Disease, true, false)},
		"its last word":                               {at(0, 0, 3), one(tagger.Disease, false, true)},
		"a drug":                                      {at(0, 1, 2), one(tagger.Drug, true, true)},
		"a disease of a set that calls signs so, too": {at(1, 0, 0), one(tagger.Disease, true, true) | one(tagger.Sign, true, true)},
	} {
		if c.got != c.want {
			t.Errorf("%s may be %b, want %b", name, c.got, c.want)
		}
	}
	if open := at(2, 0, 0); open&tagger.Any(tagger.Drug) == 0 || open&tagger.Any(tagger.Disease) != 0 || open&tagger.Outside == 0 {
		t.Errorf("a word outside of a set that labels diseases only may be %b", open)
	}
}

func TestLearnWantsEachSet(t *testing.T) {
	t.Parallel()
	if _, err := Learn(small()[:2], nil); fault.As(err).Code != "no_gold" {
		t.Errorf("a missing set: %v", err)
	}
	m, err := Learn(small(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := m.Save(&b); err != nil || m.Features() == 0 {
		t.Errorf("%d features, %v", m.Features(), err)
	}
}

func TestFoldsMeasureWhatWasNotTrainedOn(t *testing.T) {
	t.Parallel()
	var sets []Set
	for _, s := range small() {
		for range 4 {
			s.Texts = append(s.Texts, s.Texts[0])
		}
		sets = append(sets, s)
	}
	n := 0
	r, err := CrossValidate(sets, func(int) { n++ })
	if err != nil || n != Folds || len(r.Sets) != len(corpora) {
		t.Fatalf("%d folds of %d sets, %v", n, len(r.Sets), err)
	}
	for _, s := range r.Sets {
		if all := s.Types[len(s.Types)-1]; all.Type != "all" || all.Strict.TP+all.Strict.FN == 0 {
			t.Errorf("%s: nothing measured: %+v", s.Name, all)
		}
	}
}
