package storetest

import (
	"testing"

	"chartlake/store"
)

// What a snapshot said must still hold inside the transaction, or nothing of it happens.
func testExpect(t *testing.T, open Open) {
	s := open(t)
	ada := func(id string) store.Command {
		return store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"%s","birthDate":"1961-11-02"}`, id)}
	}
	born := query(t, "Patient?birthdate=1961-11-02")
	nobody := store.Expect{Query: born}
	do(t, s, nobody, ada("a"))
	fails(t, s, "matches_changed", nobody, ada("b"))
	one := store.Expect{Query: born, Keys: []store.Key{{Type: "Patient", ID: "a"}}}
	do(t, s, one, ada("c"))
	fails(t, s, "matches_changed", one, ada("d"))
	two := store.Expect{Query: born, Keys: append(one.Keys[:1:1], store.Key{Type: "Patient", ID: "c"})}
	// Asked before the deletions behind it.
	do(t, s, two, store.Delete{Key: store.Key{Type: "Patient", ID: "c"}})
	fails(t, s, "matches_changed", two)
	// No more than Count are compared.
	first := *born
	first.Count, first.CountSet = 1, true
	do(t, s, ada("e"), ada("f"))
	do(t, s, store.Expect{Query: &first, Keys: one.Keys}, ada("g"))
	if got := total(t, s, anna, "Patient?birthdate=1961-11-02"); got != 4 {
		t.Errorf("%d patients", got)
	}
	// What lies outside of the actor's compartment is not seen here either.
	confined := store.Actor{ID: "user:ben", Patients: []string{"nobody"}}
	if _, err := s.Transact(t.Context(), confined, []store.Command{nobody}); err != nil {
		t.Errorf("a confined actor: %v", err)
	}
}
