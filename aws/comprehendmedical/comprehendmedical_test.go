package comprehendmedical

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"chartlake/aws/awstest"
	"chartlake/clinical"
	"chartlake/fault"
	"chartlake/pipeline"
	"chartlake/pipeline/pipelinetest"
	"chartlake/record"
)

func engine(t testing.TB) *clinical.Engine {
	t.Helper()
	e, err := clinical.Open()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// local is a local service that finds what our own engine finds.
func local(e *clinical.Engine) *awstest.ComprehendMedical {
	return &awstest.ComprehendMedical{
		Find: func(text string) []record.Entity { return e.Annotate(text).Entities },
		RxNorm: func(record.Entity) []record.Code {
			return []record.Code{{Code: "1191", Display: "aspirin", Score: 0.95}, {Code: "243670", Display: "aspirin 81 MG", Score: 0.97}, {Code: "1", Display: "unsure", Score: 0.1}, {Code: "R07.9", Score: 0.9}}
		},
	}
}

// fixed is a local service that finds quotes of a text, with traits.
func fixed(list ...record.Entity) *awstest.ComprehendMedical {
	return &awstest.ComprehendMedical{Find: func(text string) (out []record.Entity) {
		for _, e := range list {
			if i := strings.Index(text, e.Text); i >= 0 {
				e.Begin = utf8.RuneCountInString(text[:i])
				e.End = e.Begin + utf8.RuneCountInString(e.Text)
				out = append(out, e)
			}
		}
		return out
	}}
}

func annotator(t *testing.T, e *clinical.Engine, s *awstest.ComprehendMedical, plan func(int) awstest.Ill) (*Annotator, *awstest.Proxy) {
	t.Helper()
	p := awstest.New(t, s, awstest.JSON, plan)
	return New(awstest.Config(t, p.URL), e), p
}

func TestPasses(t *testing.T) {
	t.Parallel()
	e := engine(t)
	pipelinetest.Annotator(t, func(t *testing.T) pipeline.Annotator {
		a, _ := annotator(t, e, local(e), nil)
		return a
	})
}

func TestMentions(t *testing.T) {
	t.Parallel()
	e := engine(t)
	problem := func(text string, score float64, change func(*record.Entity)) record.Entity {
		m := record.Entity{Text: text, Type: record.Problem, Confidence: score, Experiencer: "patient"}
		if change != nil {
			change(&m)
		}
		return m
	}
	const note = "Résumé. She denies chest pain. Mother had gout. Return if wheezing recurs. Chronic cough is worse. Has gout."
	for name, c := range map[string]struct {
		found record.Entity
		want  string
	}{
		"both deny":              {problem("chest pain", 0.99, func(m *record.Entity) { m.Negated = true }), "chest pain accepted negated patient"},
		"only we deny":           {problem("chest pain", 0.99, nil), "chest pain review negated patient"},
		"only the service":       {problem("Chronic cough", 0.99, func(m *record.Entity) { m.Negated = true }), "Chronic cough review negated patient"},
		"both affirm":            {problem("Chronic cough", 0.99, nil), "Chronic cough accepted patient"},
		"not sure":               {problem("Chronic cough", 0.5, nil), "Chronic cough review patient"},
		"only we say family":     {problem("gout", 0.99, nil), "gout review family"},
		"both say family":        {problem("gout", 0.99, func(m *record.Entity) { m.Experiencer = "family" }), "gout accepted family"},
		"only the service, too":  {problem("Chronic cough", 0.99, func(m *record.Entity) { m.Experiencer = "family" }), "Chronic cough review family"},
		"only we say if":         {problem("wheezing", 0.99, nil), "wheezing accepted hypothetical patient"},
		"only the service, if":   {problem("Chronic cough", 0.99, func(m *record.Entity) { m.Hypothetical = true }), "Chronic cough accepted hypothetical patient"},
		"the service says past":  {problem("Chronic cough", 0.99, func(m *record.Entity) { m.Historical = true }), "Chronic cough accepted historical patient"},
		"the service is unsure":  {problem("Chronic cough", 0.99, func(m *record.Entity) { m.Uncertain = true }), "Chronic cough accepted uncertain patient"},
		"behind a letter of two": {problem("Résumé", 0.99, nil), "Résumé accepted patient"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := annotator(t, e, fixed(c.found), nil)
			f, err := a.Annotate(t.Context(), note)
			if err != nil || len(f.Entities) != 1 {
				t.Fatalf("%+v, %v", f.Entities, err)
			}
			pipelinetest.Findings(t, note, f)
			m := f.Entities[0]
			got := m.Text + " " + string(m.State)
			for _, s := range []struct {
				is   bool
				name string
			}{{m.Negated, "negated"}, {m.Hypothetical, "hypothetical"}, {m.Historical, "historical"}, {m.Uncertain, "uncertain"}} {
				if s.is {
					got += " " + s.name
				}
			}
			if got += " " + m.Experiencer; got != c.want {
				t.Errorf("%s, want %s (%v)", got, c.want, m.Reasons)
			}
		})
	}
}

func TestCodesAndAttributes(t *testing.T) {
	t.Parallel()
	e := engine(t)
	s := local(e)
	a, _ := annotator(t, e, s, nil)
	f, err := a.Annotate(t.Context(), "Has type 2 diabetes mellitus. Takes aspirin 81 mg tablet by mouth daily. Sodium 140 mmol/L.")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, m := range f.Entities {
		var codes []string
		for _, c := range m.Codes {
			codes = append(codes, c.System[strings.LastIndexByte(c.System, '/')+1:]+" "+c.Code)
		}
		got[m.Text] = fmt.Sprint(codes, m.Attributes)
	}
	want := map[string]string{
		"type 2 diabetes mellitus": "[icd-10-cm E11.9] map[]",
		"aspirin":                  "[rxnorm 243670 rxnorm 1191] map[form:tablet frequency:daily route:by mouth strength:81 mg]",
		"Sodium":                   "[] map[unit:mmol/L value:140]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s.Calls["DetectEntitiesV2"] != 1 || s.Calls["InferICD10CM"] != 1 || s.Calls["InferRxNorm"] != 1 {
		t.Errorf("calls %v", s.Calls)
	}
	// What is not mentioned is not asked for: each call is paid by the character.
	s.Calls = nil
	if _, err := a.Annotate(t.Context(), "Seen on Monday."); err != nil || s.Calls["InferICD10CM"]+s.Calls["InferRxNorm"] != 0 {
		t.Errorf("calls %v, %v", s.Calls, err)
	}
}

// TestAnswersThatLie: a place that is not in the text, words that do not stand there, and numbers
// that are none give no mention.
func TestAnswersThatLie(t *testing.T) {
	t.Parallel()
	e := engine(t)
	change := func(name string, value any) func(string, map[string]any) {
		return func(_ string, out map[string]any) {
			for _, m := range out["Entities"].([]any) {
				m.(map[string]any)[name] = value
			}
		}
	}
	for name, f := range map[string]func(string, map[string]any){
		"before": change("BeginOffset", -5), "behind": change("EndOffset", 1_000_000), "turned": change("EndOffset", 0), "elsewhere": change("BeginOffset", 0),
		"other words": change("Text", "ebola"), "no place": change("BeginOffset", nil), "another category": change("Category", "PATIENT"), "another type": change("Type", "X"),
		"no entities": func(_ string, out map[string]any) { delete(out, "Entities") },
	} {
		s := fixed(record.Entity{Text: "cough", Type: record.Problem, Confidence: 0.99, Experiencer: "patient"})
		s.Change = f
		a, _ := annotator(t, e, s, nil)
		if got, err := a.Annotate(t.Context(), "Has a cough."); err != nil || len(got.Entities) != 0 {
			t.Errorf("%s: %+v, %v", name, got.Entities, err)
		}
	}
	s := fixed(record.Entity{Text: "cough", Type: record.Problem, Confidence: 0.99, Experiencer: "patient"})
	s.Change = change("Score", "NaN")
	a, _ := annotator(t, e, s, nil)
	if got, err := a.Annotate(t.Context(), "Has a cough."); err != nil || len(got.Entities) != 1 || got.Entities[0].Confidence != 0 || got.Entities[0].State != record.Review {
		t.Errorf("%+v, %v", got.Entities, err)
	}
}

// TestThroughIllness: the findings are the same whatever happens on the way, after bounded tries.
func TestThroughIllness(t *testing.T) {
	t.Parallel()
	e := engine(t)
	text := strings.Repeat(pipelinetest.Note+"\n", 80)
	clear, _ := annotator(t, e, local(e), nil)
	want, err := clear.Annotate(t.Context(), text)
	if err != nil || len(want.Entities) < 320 {
		t.Fatal(len(want.Entities), err)
	}
	pipelinetest.Findings(t, text, want)
	for name, ill := range awstest.All {
		if ill == awstest.Stall {
			continue // the client is that of textract, where it is tried
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, p := annotator(t, e, local(e), awstest.First(awstest.Tries-1, ill)) // calls go side by side, and one may meet them all
			got, err := a.Annotate(t.Context(), text)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v %.500s", err, diff)
			}
			if p.Had(ill) == 0 {
				t.Error("nothing was ill")
			}
		})
		t.Run("down, "+name, func(t *testing.T) {
			t.Parallel()
			if ill == awstest.Twice {
				return // that is no failure
			}
			a, p := annotator(t, e, local(e), awstest.Every(1, ill))
			_, err := a.Annotate(t.Context(), "patient-canary has a cough")
			if f := fault.As(err); f == nil || f.Kind != fault.Unavailable || strings.Contains(err.Error(), "canary") {
				t.Errorf("%v", err)
			}
			if p.Count() != awstest.Tries {
				t.Errorf("asked %d times", p.Count())
			}
		})
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing": "", "blank": strings.Repeat(" \n", 20_000), "short": "cough", "one word": strings.Repeat("é", 30_000),
		"lines": strings.Repeat("a line of text\n", 3_000), "sentences": strings.Repeat("Dose 1.5 mg. ", 3_000), "signs": strings.Repeat("😀", 9_000), "no text": strings.Repeat("\x00", 40_000),
	} {
		runes := []rune(text)
		last := 0
		for _, p := range cut(runes) {
			if p[0] < last || p[1] <= p[0] {
				t.Fatalf("%s: piece %v after %d", name, p, last)
			}
			if strings.TrimSpace(clean(runes[last:p[0]])) != "" {
				t.Errorf("%s: text before %v is left out", name, p)
			}
			piece := clean(runes[p[0]:p[1]])
			if len(piece) > pieceBytes || strings.HasSuffix(piece, "1.") {
				t.Errorf("%s: a piece of %d bytes, ends with %q", name, len(piece), piece[len(piece)-2:])
			}
			last = p[1]
		}
		if strings.TrimSpace(clean(runes[last:])) != "" {
			t.Errorf("%s: the end is left out", name)
		}
	}
}

func FuzzCut(f *testing.F) {
	f.Add("a line\nand another. 1.5", 3)
	f.Add("\xff\x00😀", 9000)
	f.Fuzz(func(t *testing.T, text string, n int) {
		runes := []rune(strings.Repeat(text, max(0, min(n, 20_000/(len(text)+1)))))
		last := 0
		for _, p := range cut(runes) {
			if p[0] < last || p[1] <= p[0] || len(clean(runes[p[0]:p[1]])) > pieceBytes {
				t.Fatalf("piece %v after %d", p, last)
			}
			last = p[1]
		}
	})
}
