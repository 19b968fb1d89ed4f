package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
)

// parameter is an active SearchParameter of patients.
func parameter(t testing.TB, id, code, kind, expression string) *fhir.Node {
	t.Helper()
	return parse(t, `{"resourceType":"SearchParameter","id":%q,"url":"http://x/%s","status":"active","code":%q,"base":["Patient"],"type":%q,"expression":%q}`, id, id, code, kind, expression)
}

// asks searches with the parameters that the store has now; the code of the fault where it is
// refused.
func asks(t testing.TB, s store.Store, q string) (ids []string, code string) {
	t.Helper()
	return asksAs(t, s, anna, q)
}

func asksAs(t testing.TB, s store.Store, actor store.Actor, q string) (ids []string, code string) {
	t.Helper()
	err := s.View(context.Background(), actor, func(v store.View) error {
		cat, err := v.Parameters()
		if err != nil {
			return err
		}
		typ, raw, _ := strings.Cut(q, "?")
		pairs, err := search.Pairs(raw)
		if err != nil {
			return err
		}
		parsed, err := search.Parse(typ, pairs, search.Options{Catalogue: cat})
		if err != nil {
			return err
		}
		parsed.Count, parsed.CountSet, parsed.Total = search.MaxCount, true, search.TotalAccurate
		page, err := v.Search(parsed)
		if err != nil {
			return err
		}
		for _, m := range page.Matches {
			ids = append(ids, m.Key.ID)
		}
		if *page.Total != len(ids) {
			t.Errorf("%s: %d matches, total %d", q, len(ids), *page.Total)
		}
		return nil
	})
	if f := fault.As(err); f != nil {
		return nil, f.Code
	}
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	return ids, ""
}

// reindexing gives the work on the index that is not complete.
func reindexing(t testing.TB, s store.Store) (list []store.Reindexing) {
	t.Helper()
	view(t, s, anna, func(v store.View) error {
		all, err := v.Reindexing()
		for _, r := range all {
			if r.State != store.ReindexDone {
				list = append(list, r)
			}
		}
		return err
	})
	return list
}

// reindexAll does what is to be done, as the jobs would.
func reindexAll(t testing.TB, s store.Store) {
	t.Helper()
	for _, r := range reindexing(t, s) {
		for more := true; more; {
			var err error
			if more, err = s.ReindexSome(context.Background(), r.Job); err != nil {
				t.Fatal(err)
			}
		}
	}
	if left := reindexing(t, s); len(left) > 0 {
		t.Fatalf("left over: %v", left)
	}
}

// testCustomParameter follows a SearchParameter from its first moment to its removal, with
// writes between the batches.
func testCustomParameter(t *testing.T, open Open) {
	s := open(t)
	defer s.Close()
	const many = 450 // more than two batches
	patient := func(i int, nick string) *fhir.Node {
		return parse(t, `{"resourceType":"Patient","id":"p%03d","name":[{"use":"official","family":"x"},{"use":"nickname","given":[%q]}],"birthDate":"1970-01-0%d"}`, i, nick, i%9+1)
	}
	var commands []store.Command
	for i := range many {
		commands = append(commands, store.Update{Resource: patient(i, fmt.Sprintf("nick%d", i%3))})
	}
	do(t, s, commands...)
	const nick = "Patient.name.where(use = 'nickname').given"

	if _, code := asks(t, s, "Patient?nick=nick0"); code != "unknown_parameter" {
		t.Fatalf("before: %q", code)
	}
	do(t, s, store.Update{Resource: parameter(t, "sp", "nick", "string", nick)}, store.Update{Resource: parameter(t, "day", "day", "date", "Patient.birthDate")},
		store.Update{Resource: patient(900, "nick0")})
	depth, err := s.Jobs().Depth(context.Background())
	if err != nil || depth[store.ReindexJob].Waiting != 2 {
		t.Errorf("jobs: %v, %v", depth, err)
	}
	if _, code := asks(t, s, "Patient?nick=nick0"); code != "parameter_indexing" {
		t.Errorf("while it is indexed: %q", code)
	}
	job := reindexing(t, s)[0]
	if more, err := s.ReindexSome(context.Background(), job.Job); !more || err != nil {
		t.Fatal(more, err)
	}
	// Between two batches: one that was read, one that was not, one that is new, one that goes.
	do(t, s, store.Update{Resource: patient(0, "nick1")}, store.Update{Resource: patient(449, "nick0")}, store.Update{Resource: patient(901, "nick0")},
		store.Delete{Key: store.Key{Type: "Patient", ID: "p003"}})
	if _, code := asks(t, s, "Patient?day=1970"); code != "parameter_indexing" {
		t.Errorf("a part of it is there: %q", code)
	}
	reindexAll(t, s)

	want := []string{}
	for i := range many {
		if i%3 == 0 && i != 0 && i != 3 || i == 449 {
			want = append(want, fmt.Sprintf("p%03d", i))
		}
	}
	want = append(want, "p900", "p901")
	if got, code := asks(t, s, "Patient?nick=nick0"); code != "" || !slices.Equal(got, want) {
		t.Fatalf("complete: %q, %d of %d", code, len(got), len(want))
	}
	for q, n := range map[string]int{"nick:exact=nick0": len(want), "nick:missing=false": many + 1, "nick:missing=true": 0, "nick=nick0&_sort=-day": len(want), "day=1970-01-01": 51, "day=gt1980": 0, "nick=nick0&day=1970-01-01": 50} {
		if got, code := asks(t, s, "Patient?"+q); code != "" || len(got) != n {
			t.Errorf("%s: %q, %d, want %d", q, code, len(got), n)
		}
	}
	// A conditional create decides by it.
	q := criteria(t, s, "Patient", "nick", "nobody")
	for i, op := range []store.Op{store.OpCreate, ""} {
		res := do(t, s, store.Create{Resource: parse(t, `{"resourceType":"Patient","name":[{"use":"nickname","given":["nobody"]}]}`), IfNoneExist: q})
		if res[0].Op != op {
			t.Errorf("conditional create %d: %q", i, res[0].Op)
		}
	}

	fails(t, s, "search_parameter_taken", store.Update{Resource: parameter(t, "other", "nick", "string", "Patient.name.family")})
	fails(t, s, "search_parameter_expression", store.Update{Resource: parameter(t, "bad", "bad", "string", "Patient.name.where(")})
	// The same again, with another text, keeps the index; another expression makes a new one.
	same := parameter(t, "sp", "nick", "string", nick)
	same.Set("description", fhir.NewString("again"))
	do(t, s, store.Update{Resource: same})
	if got, code := asks(t, s, "Patient?nick=nick0"); code != "" || len(got) != len(want) {
		t.Errorf("described: %q, %d", code, len(got))
	}
	do(t, s, store.Update{Resource: parameter(t, "sp", "nick", "string", "Patient.name.family")})
	do(t, s, store.Update{Resource: patient(6, "nick2")}) // its rows under the old one go with it
	if _, code := asks(t, s, "Patient?nick=x"); code != "parameter_indexing" {
		t.Errorf("changed: %q", code)
	}
	reindexAll(t, s)
	if got, code := asks(t, s, "Patient?nick=x"); code != "" || len(got) != many+1 {
		t.Errorf("changed: %q, %d", code, len(got))
	}
	if got, code := asks(t, s, "Patient?nick=nick0"); code != "" || len(got) != 0 {
		t.Errorf("old values: %q, %v", code, got)
	}
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
	do(t, s, store.Delete{Key: store.Key{Type: "SearchParameter", ID: "sp"}})
	if _, code := asks(t, s, "Patient?nick=x"); code != "unknown_parameter" {
		t.Errorf("deleted: %q", code)
	}
	reindexAll(t, s)
	draft := parameter(t, "day", "day", "date", "Patient.birthDate")
	draft.Set("status", fhir.NewString("retired"))
	do(t, s, store.Update{Resource: draft})
	if _, code := asks(t, s, "Patient?day=1970"); code != "unknown_parameter" {
		t.Errorf("retired: %q", code)
	}
	reindexAll(t, s)
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
}

func criteria(t testing.TB, s store.Store, typ, name, value string) *search.Query {
	t.Helper()
	q, err := search.Parse(typ, []search.Pair{{Name: name, Value: value}}, search.Options{Catalogue: s.Catalogue()})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// A request that fails leaves no parameter, and the writes beside it know of none.
func testCustomUndone(t *testing.T, open Open) {
	s := open(t)
	defer s.Close()
	fails(t, s, "bad_id", store.Update{Resource: parameter(t, "sp", "nick", "string", "Patient.name.given")}, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"not/good"}`)})
	fails(t, s, "version_conflict", store.Update{Resource: parameter(t, "sp", "nick", "string", "Patient.name.given")}, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"a"}`), IfMatch: 3})
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"a","name":[{"given":["b"]}]}`)})
	if _, code := asks(t, s, "Patient?nick=b"); code != "unknown_parameter" || len(reindexing(t, s)) != 0 {
		t.Errorf("%q, %v", code, reindexing(t, s))
	}
}

// testReindex indexes resources anew: one, a type, everything.
func testReindex(t *testing.T, open Open) {
	s := open(t)
	defer s.Close()
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"a","birthDate":"1970","name":[{"family":"x"}]}`)},
		store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2020"}`)})
	for _, c := range []store.Reindex{{Key: store.Key{Type: "Patient", ID: "a"}}, {Types: []string{"Patient", "Observation"}}, {}} {
		res := do(t, s, c)
		if res[0].Job == 0 {
			t.Errorf("%v: no job", c)
		}
		reindexAll(t, s)
		for _, q := range []string{"Patient?birthdate=1970&family=x", "Observation?patient=a&date=2020&status=final"} {
			if n := total(t, s, anna, q); n != 1 {
				t.Errorf("%s after %v: %d", q, c, n)
			}
		}
		if n := total(t, s, store.Actor{ID: "app", Patients: []string{"a"}}, "Observation?status=final"); n != 1 {
			t.Errorf("compartment after %v: %d", c, n)
		}
	}
	fails(t, s, "not_found", store.Reindex{Key: store.Key{Type: "Patient", ID: "none"}})
	_, err := s.Transact(context.Background(), store.Actor{ID: "app", Patients: []string{"a"}}, []store.Command{store.Reindex{}})
	if f := fault.As(err); f == nil || f.Code != "outside_compartment" {
		t.Errorf("a confined actor: %v", err)
	}
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
}
