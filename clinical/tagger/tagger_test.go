package tagger

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// words cuts at blanks; marks stand apart.
func words(s string) []Word {
	var out []Word
	for _, f := range strings.Fields(s) {
		out = append(out, Word{Text: f, Lower: strings.ToLower(f), Apart: true})
	}
	return out
}

// sample labels the words of a sentence that stand between [ and ].
func sample(s string, t Type, open ...Type) Sample {
	out := Sample{Register: Notes}
	outside := Outside
	for _, o := range open {
		outside |= Any(o)
	}
	first := 0
	for _, f := range strings.Fields(s) {
		switch f {
		case "[":
			first = len(out.Words)
			continue
		case "]":
			for i := first; i < len(out.Words); i++ {
				out.Allowed[i] = 1 << Label(t, i == first, i == len(out.Words)-1)
			}
			continue
		}
		out.Words, out.Allowed = append(out.Words, words(f)...), append(out.Allowed, outside)
	}
	return out
}

var lessons = []Sample{
	sample("he has [ severe asthma ] now", Disease, Drug), sample("she has [ severe eczema ] now", Disease, Drug),
	sample("known [ asthma ] since birth", Disease, Drug), sample("no [ severe psoriasis ] was seen", Disease, Drug),
	sample("he takes [ metoprolol ] daily", Drug), sample("she takes [ bisoprolol ] daily", Drug), sample("stop [ atenolol ] today", Drug),
	sample("the visit was short", None), sample("she went home today", None), sample("he was seen daily", None),
}

func trained(t *testing.T) *Model {
	t.Helper()
	return Train(lessons, Recipe{Epochs: 20, Rate: 0.1, Drop: 0.2, Seen: 1, Seed: 7}, nil)
}

func TestWhatIsLearnedIsFoundInNewSentences(t *testing.T) {
	t.Parallel()
	m := trained(t)
	for _, c := range []struct {
		text        string
		first, last int
		want        Type
	}{{"he takes carvedilprolol daily", 2, 3, Drug}, {"she has severe rosacea now", 2, 4, Disease}} {
		got := New(m).Tag(words(c.text), Notes)
		if len(got) != 1 || got[0].First != c.first || got[0].Last != c.last || got[0].Type != c.want {
			t.Errorf("%q: %+v", c.text, got)
		}
		if p := got[0].Probability; p < 0.5 || p > 1 {
			t.Errorf("%q with probability %v", c.text, p)
		}
	}
	if got := New(m).Tag(words("the visit was long"), Notes); len(got) != 0 {
		t.Errorf("nothing there: %+v", got)
	}
	if got := New(m).Tag(nil, Notes); got != nil {
		t.Errorf("an empty sentence: %+v", got)
	}
}

func TestTheSameSamplesGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	var a, b bytes.Buffer
	if err := trained(t).Save(&a); err != nil {
		t.Fatal(err)
	}
	if err := trained(t).Save(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two trainings differ")
	}
	m, err := Load(a.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	text := words("he takes metoprolol for severe eczema")
	if diff := cmp.Diff(New(trained(t)).Tag(text, Notes), New(m).Tag(text, Notes)); diff != "" {
		t.Errorf("a model that was read tags otherwise:\n%s", diff)
	}
	var c bytes.Buffer
	if err := m.Save(&c); err != nil || !bytes.Equal(a.Bytes(), c.Bytes()) {
		t.Error("a model changes when it is read and written")
	}
}

// The chain is held against the sum over all paths, written out.
func TestTheChainAgreesWithAllPaths(t *testing.T) {
	t.Parallel()
	m := trained(t)
	tg := New(m)
	text := words("severe asthma today")
	got := tg.Tag(text, Notes)
	var raw []float32
	for _, v := range tg.raw {
		raw = append(raw, float32(v)*m.unit)
	}
	total, best, bestPath := 0.0, -1.0, []int(nil)
	held := map[Mention]float64{}
	var walk func(i, before int, weight float64, path []int)
	walk = func(i, before int, weight float64, path []int) {
		if i == len(text) {
			if open(before) {
				return
			}
			total += weight
			if weight > best {
				best, bestPath = weight, append([]int(nil), path...)
			}
			for _, g := range got {
				same := true
				for k := g.First; k < g.Last; k++ {
					same = same && path[k] == Label(g.Type, k == g.First, k == g.Last-1)
				}
				if same {
					g.Probability = 0
					held[g] += weight
				}
			}
			return
		}
		for y := range labelCount {
			w := weight * math.Exp(float64(raw[i*labelCount+y]))
			if i == 0 {
				w *= m.start[y]
			} else {
				w *= m.transition[before*labelCount+y]
			}
			if w > 0 {
				walk(i+1, y, w, append(path, y))
			}
		}
	}
	walk(0, 0, 1, nil)
	if diff := cmp.Diff(bestPath, tg.path); diff != "" {
		t.Errorf("the best path:\n%s", diff)
	}
	for _, g := range got {
		p := g.Probability
		g.Probability = 0
		if want := held[g] / total; math.Abs(want-p) > 1e-6 {
			t.Errorf("%+v: probability %v, want %v", g, p, want)
		}
	}
	if len(got) == 0 {
		t.Error("nothing was found, so nothing was compared")
	}
}

func TestShortForms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"chronic obstructive pulmonary disease ( COPD ) is": 0,
		"with deep vein thrombosis ( DVT )":                 1,
		"transient neurologic symptoms ( TNSs ) after":      0,
		"the erythropoietin ( EPO , given":                  1,
		"patients ( two ) were":                             -1,
		"of the drug ( XYZ ) was":                           -1,
	} {
		got := -1
		for _, from := range shortForms(words(text)) {
			got = from
		}
		if got != want {
			t.Errorf("%q: the long form begins at %d, want %d", text, got, want)
		}
	}
}

func TestAShortFormKeepsItsMeaning(t *testing.T) {
	t.Parallel()
	tg := New(trained(t))
	got := tg.Text([][]Word{words("he has severe asthma ( SA ) now"), words("SA was seen"), words("the visit was short")}, Notes)
	if len(got[1]) != 1 || got[1][0].Type != Disease || got[1][0].First != 0 {
		t.Errorf("the short form is %+v", got[1])
	}
	if len(got[2]) != 0 {
		t.Errorf("a sentence without it: %+v", got[2])
	}
}

func FuzzLoad(f *testing.F) {
	var b bytes.Buffer
	if err := Train(lessons[:2], Recipe{Epochs: 1, Rate: 0.1, Seen: 1}, nil).Save(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:40])
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := Load(data); err == nil {
			New(m).Tag(words("any text ( AT ) at all"), Notes)
		}
	})
}

func FuzzTag(f *testing.F) {
	m := Train(lessons, Recipe{Epochs: 1, Rate: 0.1, Seen: 1}, nil)
	f.Add("he takes ( X ) daily \xff \u0130")
	f.Fuzz(func(t *testing.T, text string) {
		got := New(m).Text([][]Word{words(text), words(text)}, Drugs)
		for _, found := range got {
			at := 0
			for _, g := range found {
				if g.First < at || g.Last <= g.First || g.Last > len(words(text)) {
					t.Fatalf("mention %+v of %d words after %d", g, len(words(text)), at)
				}
				at = g.Last
			}
		}
	})
}
