package pipelinetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/clinical"
	"chartlake/pipeline"
	"chartlake/record"
)

// Note is a text that an annotator is tried on. It has letters of more than one byte before
// what is found, so that offsets in bytes are seen.
const Note = "Résumé – déjà vu.\n\nHistory of present illness:\nThe patient was given aspirin 81 mg daily for chest pain. " +
	"She denies fever. Mother had breast cancer.\n\nPlan:\nContinue metformin 500 mg twice daily. 患者 résumé."

// Annotator runs the suite. open gives an annotator that finds the fever of Note, and drugs.
func Annotator(t *testing.T, open func(t *testing.T) pipeline.Annotator) {
	t.Run("finds", func(t *testing.T) {
		t.Parallel()
		a := open(t)
		if v := a.Version(); v == "" || v != a.Version() {
			t.Error("the annotator has no lasting version")
		}
		f := annotate(t, a, Note)
		Findings(t, Note, f)
		seen := map[string]record.Entity{}
		for _, e := range f.Entities {
			seen[strings.ToLower(e.Text)] = e
		}
		if e, ok := seen["fever"]; !ok || !e.Negated || e.Type != record.Problem {
			t.Errorf("the fever that is denied: %+v", e)
		}
		if e, ok := seen["aspirin"]; !ok || e.Type != record.Medication || e.Negated {
			t.Errorf("the drug that is given: %+v", e)
		}
		if e, ok := seen["breast cancer"]; ok && e.State == record.Accepted && e.Experiencer != "family" {
			t.Errorf("what the mother had: %+v", e)
		}
		if diff := cmp.Diff(f, annotate(t, a, Note)); diff != "" {
			t.Errorf("twice the same text:\n%s", diff)
		}
	})
	t.Run("any text", func(t *testing.T) {
		t.Parallel()
		a := open(t)
		for name, text := range map[string]string{
			"nothing": "", "blank": " \n\t \r\n", "one letter": "x", "no words": "\x00\x01 😀😀 ---- ////",
			"broken UTF-8": "fever \xff\xfe aspirin", "right to left": "حمى fever אספירין aspirin",
			"one long word": strings.Repeat("a", 40_000), "one long line": strings.Repeat("No fever. Aspirin 81 mg daily. ", 2_000),
			"form feeds": "fever\faspirin\f\f", "windows lines": "Denies fever.\r\nTakes aspirin.\r\n",
		} {
			f := annotate(t, a, text)
			Findings(t, text, f)
			if name == "one long line" && len(f.Entities) < 2_000 {
				t.Errorf("a long text was cut: %d mentions", len(f.Entities))
			}
		}
	})
	t.Run("ends with its context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := open(t).Annotate(ctx, Note); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
	t.Run("many at once", func(t *testing.T) {
		t.Parallel()
		a := open(t)
		want := annotate(t, a, Note)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if got, err := a.Annotate(t.Context(), Note); err != nil || !cmp.Equal(got, want) {
					t.Errorf("differs beside others: %v", err)
				}
			})
		}
		group.Wait()
	})
}

func annotate(t *testing.T, a pipeline.Annotator, text string) clinical.Findings {
	t.Helper()
	f, err := a.Annotate(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Findings checks that findings hold together with their text: offsets in characters, in order,
// the words that stand there, confidence in 0..1, a reason for what a person is asked.
func Findings(t *testing.T, text string, f clinical.Findings) {
	t.Helper()
	runes := []rune(text)
	last := 0
	for _, e := range f.Entities {
		if e.Begin < 0 || e.End <= e.Begin || e.End > len(runes) || e.Begin < last {
			t.Fatalf("a %s at %d to %d of %d, after one at %d", e.Type, e.Begin, e.End, len(runes), last)
		}
		last = e.Begin
		if got := strings.ReplaceAll(string(runes[e.Begin:e.End]), "\n", " "); strings.ToValidUTF8(got, "") != strings.ToValidUTF8(e.Text, "") {
			t.Errorf("%q stands where %q was found", got, e.Text)
		}
		if !(e.Confidence >= 0 && e.Confidence <= 1) {
			t.Errorf("confidence %v", e.Confidence)
		}
		if e.State == record.Review && len(e.Reasons) == 0 {
			t.Errorf("%q is for a person, without a reason", e.Text)
		}
		if e.Experiencer != "patient" && e.Experiencer != "family" && e.Experiencer != "other" {
			t.Errorf("experiencer %q", e.Experiencer)
		}
		for _, c := range e.Codes {
			if c.System == "" || c.Code == "" || !(c.Score >= 0 && c.Score <= 1) {
				t.Errorf("code %+v", c)
			}
		}
	}
	end := 0
	for _, s := range f.Sections {
		if s.Begin < end || s.End < s.Begin || s.End > len(runes) {
			t.Errorf("section %q at %d to %d", s.Name, s.Begin, s.End)
		}
		end = s.End
	}
}
