package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"chartlake/fault"
	"chartlake/search"
	"chartlake/store"
)

// testHasWithinHas asks for more than is read one by one, from where the _has can only be
// tested.
func testHasWithinHas(t *testing.T, open Open) {
	s := open(t)
	defer s.Close()
	var batch []store.Command
	for i := range 90 {
		batch = append(batch, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p%d"}`, i)},
			store.Update{Resource: parse(t, `{"resourceType":"Encounter","id":"e%d","status":"finished","subject":{"reference":"Patient/p%d"}}`, i, i)},
			store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"o%d","status":%q,"encounter":{"reference":"Encounter/e%d"}}`, i, []string{"final", "final", "final", "amended"}[i%4], i)})
	}
	do(t, s, batch...)
	for also, want := range map[string]int{"": 68, "&_id=p1,p2,p3": 2, "&_id:not=p1": 67, "&_sort=-_lastUpdated": 68} {
		q := "Patient?_has:Encounter:subject:_has:Observation:encounter:status=final" + also
		if got := len(all(t, s, anna, q)); got != want {
			t.Errorf("%s: %d, want %d", q, got, want)
		}
	}
}

// testDeepChains follows chains and _has through a tower of Locations, one on top of the other,
// as far as they may go.
func testDeepChains(t *testing.T, open Open) {
	s := open(t)
	defer s.Close()
	const floors = search.MaxDepth + 3
	var batch []store.Command
	for i := range floors {
		part := ""
		if i > 0 {
			part = fmt.Sprintf(`,"partOf":{"reference":"Location/l%d"}`, i-1)
		}
		batch = append(batch, store.Update{Resource: parse(t, `{"resourceType":"Location","id":"l%d","name":"floor%d.","status":%q%s}`, i, i, []string{"active", "suspended"}[i%2], part)})
	}
	do(t, s, batch...)
	down := func(n int, end string) string { return "Location?" + strings.Repeat("partof:Location.", n) + end }
	up := func(n int, end string) string {
		return "Location?" + strings.Repeat("_has:Location:partof:", n) + end
	}
	for _, n := range []int{1, 5, 6, 7, 8, 13, 50, search.MaxDepth} {
		for q, want := range map[string]string{
			down(n, "name=floor0."):                                  fmt.Sprintf("l%d", n),
			up(n, fmt.Sprintf("name=floor%d.", n+1)):                 "l1",
			down(n, "name=floor1.") + "&name=floor":                  fmt.Sprintf("l%d", n+1),
			up(n, "name=floor") + "&_id=l0,none":                     "l0",
			down(n, "partof:missing=true"):                           fmt.Sprintf("l%d", n),
			down(n, "name=floor2.") + "&status:not=other&_sort=name": fmt.Sprintf("l%d", n+2),
			down(n, "name=none"):                                     "",
		} {
			if got := strings.Join(all(t, s, anna, q), " "); got != want {
				t.Errorf("%d steps, %.60s…: %q, want %q", n, q, got, want)
			}
		}
		for _, q := range []string{down(n, "status=active"), up(n, "status:not=active"), up(n-1, strings.TrimPrefix(down(1, "name=floor"), "Location?"))} {
			if got, want := len(all(t, s, anna, q)), total(t, s, anna, q); got != want || got == 0 {
				t.Errorf("%d steps, %.60s…: %d matches, total %d", n, q, got, want)
			}
		}
	}
	// Every step leads to several types: what that comes to is refused.
	pairs, err := search.Pairs(strings.Repeat("subject.", 20) + "name=x")
	if err == nil {
		_, err = search.Parse("Observation", pairs, search.Options{})
	}
	if f := fault.As(err); f == nil || !slices.Contains([]string{"too_many_steps", "unknown_parameter"}, f.Code) {
		t.Errorf("a chain to every type: %v", err)
	}
	only := store.Actor{ID: "app", Patients: []string{"p"}}
	if got := all(t, s, only, down(50, "name=floor0.")); len(got) != 0 {
		t.Errorf("an actor who sees no Location gets %v", got)
	}
}
