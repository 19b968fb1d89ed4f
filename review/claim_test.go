package review

import (
	"testing"
	"time"

	"chartlake/fault"
	"chartlake/store"
)

func TestClaim(t *testing.T) {
	t.Parallel()
	b := newBench(t, report, store.NeedsReview)
	boris := store.Actor{ID: "user:boris"}
	now := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	b.Pipeline.Now = func() time.Time { return now }
	owner := func() string {
		claims, err := b.claims(t.Context(), anna)
		if err != nil {
			t.Fatal(err)
		}
		return claims[b.id].Who
	}
	claim := func(who store.Actor, take bool) error {
		_, err := b.Claim(t.Context(), who, b.id, take)
		return err
	}
	for _, step := range []struct {
		name  string
		after time.Duration
		who   store.Actor
		take  bool
		want  string
		code  string
	}{
		{name: "free", who: anna, want: anna.ID},
		{name: "somebody else's", after: ClaimTime - time.Second, who: boris, want: anna.ID, code: "claimed"},
		{name: "said again", who: anna, want: anna.ID},
		{name: "which makes it last", after: ClaimTime - time.Second, who: boris, want: anna.ID, code: "claimed"},
		{name: "taken over", who: boris, take: true, want: boris.ID},
		{name: "lost", who: anna, want: boris.ID, code: "claimed"},
		{name: "over", after: ClaimTime, who: anna, want: anna.ID},
	} {
		now = now.Add(step.after)
		err := claim(step.who, step.take)
		if f := fault.As(err); step.code == "" && err != nil || step.code != "" && (f == nil || f.Kind != fault.Conflict || f.Code != step.code) {
			t.Errorf("%s: %v", step.name, err)
		}
		if got := owner(); got != step.want {
			t.Errorf("%s: it is %q's, want %q's", step.name, got, step.want)
		}
	}
	if err := b.Release(t.Context(), boris, b.id); err != nil || owner() != anna.ID {
		t.Errorf("somebody gave back what is another's: %v", err)
	}
	if err := b.Release(t.Context(), anna, b.id); err != nil || owner() != "" {
		t.Errorf("given back, and still %q's: %v", owner(), err)
	}
	if _, err := b.Claim(t.Context(), anna, "0000", false); !fault.Is(err, fault.NotFound) {
		t.Errorf("no such document: %v", err)
	}
}

// TestClaimsAreForgotten: who claims sweeps away what is over.
func TestClaimsAreForgotten(t *testing.T) {
	t.Parallel()
	b := newBench(t, report, store.NeedsReview)
	now := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	b.Pipeline.Now = func() time.Time { return now }
	other := b.file("another document", store.NeedsReview)
	if _, err := b.Claim(t.Context(), anna, other, false); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	if _, err := b.Claim(t.Context(), anna, b.id, false); err != nil {
		t.Fatal(err)
	}
	var tasks []store.Task
	if err := b.Pipeline.Store.View(t.Context(), anna, func(v store.View) (err error) { tasks, err = v.Tasks(); return err }); err != nil {
		t.Fatal(err)
	}
	if len(tasks) != 1 || tasks[0].ID != b.id {
		t.Errorf("%d claims are kept, want the one that holds", len(tasks))
	}
}
