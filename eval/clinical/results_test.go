package clinical

import (
	"testing"

	"chartlake/clinical"
)

// The texts were written before the grammar; of the half that is apart only the totals are looked at.
func TestWrittenResults(t *testing.T) {
	t.Parallel()
	engine, err := clinical.Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file  string
		apart bool
		f1    float64
	}{{"results.jsonl", false, 0.97}, {"results-apart.jsonl", true, 0.95}} {
		sets, err := Load("testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		texts := sets[0].Texts
		var r Results
		for _, text := range texts {
			wrong := r.text(text.Results, engine.Annotate(text.Text).Entities)
			if len(wrong) > 0 && !c.apart {
				t.Logf("%s: %q", text.Text, wrong)
			}
		}
		r.Triple.close()
		t.Logf("%s: %d texts, triples %s, ranges %d of %d, flags %d of %d", c.file, len(texts), r.Triple, r.Range.N, r.Range.Of, r.Flag.N, r.Flag.Of)
		if r.Triple.F1 < c.f1 {
			t.Errorf("%s: F1 %.3f of triples, want %v", c.file, r.Triple.F1, c.f1)
		}
	}
}

// The relations were written before the rules, half of them apart.
func TestWrittenRelations(t *testing.T) {
	t.Parallel()
	engine, err := clinical.Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file  string
		apart bool
		f1    float64
	}{{"relations.jsonl", false, 0.90}, {"relations-apart.jsonl", true, 0.90}} {
		sets, err := Load("testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		r := relations{}
		for _, text := range sets[0].Texts {
			if wrong := r.text(text.Relations, engine.Annotate(text.Text).Entities); len(wrong) > 0 && !c.apart {
				t.Logf("%s: %q", text.Text, wrong)
			}
		}
		types := sum(r)
		all := types[len(types)-1]
		t.Logf("%s: %s", c.file, all.Strict)
		if all.Strict.F1 < c.f1 {
			t.Errorf("%s: F1 %.3f of relations, want %v", c.file, all.Strict.F1, c.f1)
		}
	}
}
