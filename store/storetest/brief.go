package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/store"
)

// A transaction whose index rows are more than wait at once is still all or nothing, and finds
// what it wrote; one that is asked to be brief gives no content back.
func testMany(t *testing.T, open Open) {
	s := open(t)
	var commands []store.Command
	for i := range 4 {
		var names []string
		for j := range 15_000 {
			names = append(names, fmt.Sprintf(`{"value":"%d-%d"}`, i, j))
		}
		res := parse(t, `{"resourceType":"Patient","id":"p%d","identifier":[%s]}`, i, strings.Join(names, ","))
		commands = append(commands, store.Update{Brief: true, Resource: parse(t, `{"resourceType":"Patient","id":"p%d"}`, i),
			Modify: func(*fhir.Node) (*fhir.Node, error) { return res, nil }})
	}
	count := func(want int) {
		t.Helper()
		for i := range 4 {
			for _, j := range []int{0, 14_999} {
				if n := total(t, s, anna, fmt.Sprintf("Patient?identifier=%d-%d", i, j)); n != want {
					t.Errorf("identifier %d-%d: %d matches, want %d", i, j, n, want)
				}
			}
		}
	}
	late := store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"late"}`), IfMatch: 7}
	if _, err := s.Transact(context.Background(), anna, append(commands[:4:4], late)); !fault.Is(err, fault.Precondition) {
		t.Fatalf("the last command was to fail: %v", err)
	}
	count(0)
	for i, r := range do(t, s, commands...) {
		if r.Op != store.OpCreate || r.Version == nil || r.Version.Version != 1 || r.Version.Resource != nil {
			t.Errorf("result %d: %+v", i, r)
		}
	}
	count(1)
	view(t, s, anna, func(v store.View) error {
		got, err := v.Read(store.Key{Type: "Patient", ID: "p3"})
		if err == nil && len(got.Resource.Get("identifier").Items()) != 15_000 {
			t.Error("the content is not there")
		}
		return err
	})
}
