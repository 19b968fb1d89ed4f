package llm

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/clinical"
	"chartlake/pipeline"
	"chartlake/pipeline/pipelinetest"
	"chartlake/record"
)

// silentFirst finds nothing, so that all that is found is proposed.
type silentFirst struct{}

func (silentFirst) Version() string { return "silent 1" }
func (silentFirst) Annotate(context.Context, string) (clinical.Findings, error) {
	return clinical.Findings{}, nil
}

func engine(t testing.TB) *clinical.Engine {
	t.Helper()
	e, err := clinical.Open()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func spans(list ...proposed) string {
	data, _ := json.Marshal(map[string]any{"spans": list})
	return string(data)
}

func TestProposals(t *testing.T) {
	t.Parallel()
	own := engine(t)
	const note = "She denies chest pain. Mother had gout. Takes zorbinol. If wheezing recurs, return. Fièvre à 39. Type 2 diabetes mellitus. pain pain."
	for name, c := range map[string]struct {
		say  string
		want []string // text type state negated experiencer code
	}{
		"a mention":            {spans(proposed{"zorbinol", "medication", ""}), []string{"zorbinol medication review patient"}},
		"denied":               {spans(proposed{"chest pain", "problem", ""}), []string{"chest pain problem review negated patient"}},
		"of the family":        {spans(proposed{"gout", "problem", ""}), []string{"gout problem review family"}},
		"hypothetical":         {spans(proposed{"wheezing", "problem", ""}), []string{"wheezing problem review hypothetical patient"}},
		"another language":     {spans(proposed{"Fièvre", "problem", ""}), []string{"Fièvre problem review patient"}},
		"not in the text":      {spans(proposed{"hemoglobin 5", "test", ""}, proposed{"Chest Pain", "problem", ""}, proposed{"chest  pain", "problem", ""}), nil},
		"corrected":            {spans(proposed{"Fever", "problem", ""}, proposed{"zorbinole", "medication", ""}), nil},
		"a part of a word":     {spans(proposed{"orbinol", "medication", ""}, proposed{"zorbin", "medication", ""}), nil},
		"another type":         {spans(proposed{"zorbinol", "patient", ""}, proposed{"zorbinol", "", ""}), nil},
		"an own code":          {spans(proposed{"Type 2 diabetes mellitus", "problem", "E11.9"}), []string{"Type 2 diabetes mellitus problem review patient E11.9"}},
		"a foreign code":       {spans(proposed{"Type 2 diabetes mellitus", "problem", "Z99.9"}, proposed{"gout", "problem", "M1A"}), []string{"gout problem review family", "Type 2 diabetes mellitus problem review patient"}},
		"each place once":      {spans(proposed{"pain", "problem", ""}, proposed{"chest pain", "problem", ""}), []string{"pain problem review negated patient", "pain problem review patient", "pain problem review patient"}},
		"an echo":              {spans(proposed{propose[:100], "problem", ""}, proposed{"instruction to you", "problem", ""}), nil},
		"too long":             {spans(proposed{note, "problem", ""}), nil},
		"blank":                {spans(proposed{" ", "problem", ""}, proposed{"", "problem", ""}, proposed{" gout", "problem", ""}), nil},
		"an assertion of its":  {`{"spans":[{"quote":"chest pain","type":"problem","negated":false,"state":"accepted","confidence":1,"experiencer":"patient"}]}`, []string{"chest pain problem review negated patient"}},
		"not JSON":             {"There is chest pain.", nil},
		"another shape":        {`{"spans":{"quote":"gout"}}`, nil},
		"no spans":             {`{}`, nil},
		"numbers for quotes":   {`{"spans":[{"quote":1,"type":"problem"}]}`, nil},
		"ten thousand times":   {`{"spans":[` + strings.TrimSuffix(strings.Repeat(`{"quote":"gout","type":"problem"},`, 10_000), ",") + `]}`, []string{"gout problem review family"}},
		"with a newline in it": {spans(proposed{"pain.\nMother", "problem", ""}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _ := endpoint(t, newLiar(t, says(c.say)), Limits{})
			f, err := NewProposer(silentFirst{}, own, e).Annotate(t.Context(), note)
			if err != nil {
				t.Fatal(err)
			}
			pipelinetest.Findings(t, note, f)
			var got []string
			for _, m := range f.Entities {
				s := m.Text + " " + string(m.Type) + " " + string(m.State)
				if m.Negated {
					s += " negated"
				}
				if m.Hypothetical {
					s += " hypothetical"
				}
				s += " " + m.Experiencer
				for _, code := range m.Codes {
					s += " " + code.Code
				}
				got = append(got, s)
				if m.State != record.Review || m.Confidence > proposedConfidence || len(m.Reasons) == 0 {
					t.Errorf("%q is not a question: %+v", m.Text, m)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestProposalsBesideFindings: what our own engine found stays as it is.
func TestProposalsBesideFindings(t *testing.T) {
	t.Parallel()
	own := engine(t)
	first := pipeline.Own{Engine: own}
	want, _ := first.Annotate(t.Context(), pipelinetest.Note)
	l := newLiar(t, says(spans(proposed{"fever", "problem", ""}, proposed{"aspirin 81 mg daily", "medication", ""}, proposed{"déjà vu", "problem", ""}, proposed{"metformin", "problem", "R50.9"})))
	e, _ := endpoint(t, l, Limits{})
	p := NewProposer(first, own, e)
	got, err := p.Annotate(t.Context(), pipelinetest.Note)
	if err != nil {
		t.Fatal(err)
	}
	var kept, added []record.Entity
	for _, m := range got.Entities {
		if m.Rule == "model" {
			added = append(added, m)
		} else {
			kept = append(kept, m)
		}
	}
	if diff := cmp.Diff(want.Entities, kept); diff != "" {
		t.Errorf("changed:\n%s", diff)
	}
	if len(added) != 1 || added[0].Text != "déjà vu" {
		t.Errorf("added %+v", added)
	}
	if v := p.Version(); v == first.Version() || !strings.Contains(v, "model-1") {
		t.Errorf("version %q", v)
	}
}

// TestLongTexts: a long text is shown in pieces, and a model that fails is not asked for each.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("Nothing of note today.\n", 2_000) + "Takes zorbinol."
	l := newLiar(t, says(spans(proposed{"zorbinol", "medication", ""})))
	e, _ := endpoint(t, l, Limits{})
	f, err := NewProposer(silentFirst{}, engine(t), e).Annotate(t.Context(), text)
	if err != nil || len(f.Entities) != 1 || f.Entities[0].Begin != len(text)-len("zorbinol.") {
		t.Errorf("%+v, %v", f.Entities, err)
	}
	if n := int(l.asked.Load()); n < len(text)/chunkRunes || n > 2*len(text)/chunkRunes+1 {
		t.Errorf("asked %d times for %d characters", n, len(text))
	}
	broken := newLiar(t, func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(400) })
	e, logged := endpoint(t, broken, Limits{})
	if f, err := NewProposer(silentFirst{}, engine(t), e).Annotate(t.Context(), text); err != nil || len(f.Entities) != 0 {
		t.Errorf("%+v, %v", f.Entities, err)
	}
	if n := broken.asked.Load(); n != failuresMax {
		t.Errorf("a broken model was asked %d times", n)
	}
	if strings.Contains(logged.String(), "zorbinol") {
		t.Error("the text is in the log")
	}
}

func TestProposerPasses(t *testing.T) {
	t.Parallel()
	own := engine(t)
	for name, say := range map[string]answer{
		"a good model":   says(spans(proposed{"fever", "problem", ""}, proposed{"aspirin", "medication", ""}, proposed{"breast cancer", "problem", ""})),
		"a broken model": func(w http.ResponseWriter, _ *http.Request, _ int) { _, _ = io.WriteString(w, "?") },
	} {
		t.Run(name, func(t *testing.T) {
			pipelinetest.Annotator(t, func(t *testing.T) pipeline.Annotator {
				e, _ := endpoint(t, newLiar(t, say), Limits{})
				return NewProposer(pipeline.Own{Engine: own}, own, e)
			})
		})
	}
}

func FuzzMarks(f *testing.F) {
	f.Add(spans(proposed{"chest pain", "problem", "R07.9"}), "She denies chest pain.")
	f.Add(`{"spans":[{"quote":"\ud800","type":"test"}]}`, "\xff résumé \ud7ff")
	f.Add("```\n{\"spans\":[]}```", "")
	f.Fuzz(func(t *testing.T, answer, text string) {
		list, err := marks(answer)
		if err != nil {
			return
		}
		runes := []rune(text)
		for _, c := range chunks(runes) {
			for _, s := range list {
				for _, at := range places(runes, c, s.Quote) {
					if string(runes[at[0]:at[1]]) != string([]rune(s.Quote)) {
						t.Fatalf("%q is not at %v", s.Quote, at)
					}
				}
			}
		}
	})
}
