package deid

import (
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"chartlake/clinical/phi"
)

func TestNotes(t *testing.T) {
	t.Parallel()
	for _, apart := range []bool{false, true} {
		notes := Notes(1, 60, apart)
		if diff := cmp.Diff(notes, Notes(1, 60, apart)); diff != "" {
			t.Error("the same seed gives other notes")
		}
		seen := map[phi.Kind]int{}
		for _, n := range notes {
			last := 0
			for _, g := range n.Gold {
				if g.Begin < last || g.End <= g.Begin || g.End > utf8.RuneCountInString(n.Text) {
					t.Fatalf("%s at %d to %d", g.Form, g.Begin, g.End)
				}
				last = g.End
				seen[g.Kind]++
			}
		}
		for _, k := range phi.Kinds() {
			if seen[k] < 10 {
				t.Errorf("apart %v: %d of kind %s", apart, seen[k], k)
			}
		}
	}
}

// TestRecall is the bar: of each kind at least 99 of 100, on the lines kept apart, too.
func TestRecall(t *testing.T) {
	t.Parallel()
	r, err := Measure(7, 400, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Parts {
		if p.All.Of < 2000 || p.Precision < 0.97 {
			t.Errorf("%s: %d identifiers, precision %.3f", p.Name, p.All.Of, p.Precision)
		}
		for _, k := range p.Kinds {
			if k.Of < 100 || k.Recall < 0.99 {
				t.Errorf("%s: %s: %d of %d found", p.Name, k.Kind, k.Found, k.Of)
			}
		}
	}
}
