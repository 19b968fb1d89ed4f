package clinical

import (
	"strings"
	"testing"

	"chartlake/clinical"
	"chartlake/internal/sharedtest"
	"chartlake/record"
	"chartlake/terminology"
)

// TestScoresOnFolds measures how well the recipe of the scores is calibrated on texts that it did not
// see: how often each kind of name is right is counted on four fifths of the case reports and said of
// the fifth.
func TestScoresOnFolds(t *testing.T) {
	t.Parallel()
	sets, err := Load(sharedtest.Path(t, "clinical/codiesp-train.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := clinical.Open()
	if err != nil {
		t.Fatal(err)
	}
	type said struct {
		fold  int
		kind  float64 // the shipped score, which each kind of name has its own of
		right bool
	}
	var all []said
	n := 0
	for _, set := range sets {
		for _, text := range set.Texts {
			if n++; n%2 == 0 {
				continue // half of the texts answer the question
			}
			want := map[string]bool{}
			for _, c := range text.Codes {
				want[strings.ToUpper(c)] = true
			}
			codes := map[string]float64{}
			for _, e := range engine.Annotate(text.Text).Entities {
				if e.Type != record.Problem && e.Type != record.SocialHistory || e.Negated || e.Hypothetical || e.Experiencer != "patient" ||
					len(e.Codes) == 0 || e.Codes[0].System != terminology.ICD10CM {
					continue
				}
				codes[e.Codes[0].Code] = max(codes[e.Codes[0].Code], e.Codes[0].Score)
			}
			for code, score := range codes {
				all = append(all, said{n / 2 % Folds, score, want[code]})
			}
		}
	}
	var pooled calibration
	for fold := range Folds {
		right, of := map[float64]int{}, map[float64]int{}
		for _, s := range all {
			if s.fold != fold {
				of[s.kind]++
				if s.right {
					right[s.kind]++
				}
			}
		}
		for _, s := range all {
			if s.fold == fold {
				// two cases of even odds keep kinds that were hardly seen from the ends of the scale
				pooled.add(float64(right[s.kind]+1)/float64(of[s.kind]+2), s.right)
			}
		}
	}
	e := pooled.close().Error
	t.Logf("%d codes: expected calibration error %.3f on folds", len(all), e)
	if e > 0.05 {
		t.Errorf("expected calibration error %.3f", e)
	}
}
