package storetest

import (
	"context"
	"slices"
	"testing"

	"chartlake/store"
)

// Whoever follows the changes of a store hears of each document that changed and of all that was
// erased, by its newest change.
func testTouched(t *testing.T, open Open) {
	s := open(t)
	if err := s.Erasures(context.Background(), func(context.Context, string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	mine, shared, others := erasable(t, s)
	at := int64(0)
	heard := func(actor store.Actor, want ...string) {
		t.Helper()
		view(t, s, actor, func(v store.View) error {
			got, err := v.Touched(at)
			if err != nil {
				return err
			}
			names := slices.Clone(got.Documents)
			for _, k := range got.Erased {
				names = append(names, k.String())
			}
			slices.Sort(names)
			slices.Sort(want)
			if !slices.Equal(names, want) {
				t.Errorf("after %d: %q, want %q", at, names, want)
			}
			if actor.Patients == nil {
				if newest, _ := v.Seq(); got.Last != newest || got.More {
					t.Errorf("%+v of %d", got, newest)
				}
				at = got.Last
			}
			return nil
		})
	}
	heard(store.Actor{ID: "user:a", Patients: []string{"a"}})
	heard(anna, mine.ID, shared.ID, others.ID)
	heard(anna)
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Practitioner","id":"dr","name":[{"family":"Other"}]}`)})
	heard(anna)
	do(t, s, store.PutRecord{Document: others.ID, After: 1, Action: "accept", Body: []byte(`{}`)})
	heard(anna, others.ID)
	do(t, s, store.Receive{Document: mine, Arrival: store.Arrival{Source: "watch"}})
	heard(anna, mine.ID)
	do(t, s, store.Move{ID: shared.ID, From: []store.State{store.Filed}, To: store.Filed, Set: func(d *store.Document) { d.Pages = 7 }})
	heard(anna, shared.ID)
	do(t, s, store.Erase{Key: store.Key{Type: "Patient", ID: "a"}, Shared: store.SharedKeep})
	heard(anna, mine.ID, "Patient/a", "Observation/oa", "Condition/ca", "Provenance/va", "Binary/ya", "DocumentReference/da",
		"Binary/la", "Provenance/wa", "DocumentReference/ea")
	do(t, s, store.Receive{Document: mine, Arrival: store.Arrival{Source: "http"}})
	heard(anna, mine.ID)
}
