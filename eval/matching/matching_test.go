package matching

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/identity"
)

func TestRun(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) *Report {
		r, err := Run(context.Background(), Options{Seed: seed, Patients: 300, Namesakes: Namesakes, Documents: 1500, Folder: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		r.everybody = nil
		return r
	}
	r := run(3)
	if r.Registered != 300 || r.Known.Documents+r.Unknown.Documents != 1500 || r.Unknown.Documents == 0 {
		t.Errorf("%d registered, %d and %d documents", r.Registered, r.Known.Documents, r.Unknown.Documents)
	}
	if wrong := r.Known.FalseMatch + r.Unknown.FalseMatch; wrong != 0 {
		t.Errorf("%d documents are filed under somebody else", wrong)
	}
	if share := percent(r.Known.Right, r.Known.Documents); share < 80 {
		t.Errorf("%.1f %% matched", share)
	}
	if diff := cmp.Diff(r.Table(), run(3).Table()); diff != "" {
		t.Errorf("the same seed gives another table: %s", diff)
	}
}

// A rule that matches whoever comes first must show as false matches.
func TestFalseMatchIsSeen(t *testing.T) {
	t.Parallel()
	var tally Tally
	tally.count(&person{index: 1, registered: true}, decisionFor("p2"))
	tally.count(&person{index: 3}, decisionFor("p2"))
	tally.count(&person{index: 2, registered: true}, decisionFor("p2"))
	if tally.FalseMatch != 2 || tally.Right != 1 {
		t.Errorf("%+v", tally)
	}
}

func decisionFor(id string) identity.Decision {
	return identity.Decision{Kind: identity.Match, Patient: id}
}
