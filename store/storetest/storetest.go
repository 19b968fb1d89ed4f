// Package storetest is what every store must pass: the promises of the interfaces in package
// store, tried under concurrency, and search compared with a naive oracle over random
// resources and queries. A driver's test calls Run.
package storetest

import (
	"context"
	"fmt"
	"testing"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
)

// Open makes an empty store that the test closes.
type Open func(t testing.TB) store.Store

// Run runs the whole suite.
func Run(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Open)
	}{
		{"Versions", testVersions},
		{"Kinds", testKinds},
		{"Deleted", testDeleted},
		{"Preconditions", testPreconditions},
		{"Modify", testModify},
		{"Many", testMany},
		{"AllOrNothing", testAllOrNothing},
		{"Links", testLinks},
		{"VersionSpecific", testVersionSpecific},
		{"ConditionalReference", testConditionalReference},
		{"DuplicateTarget", testDuplicateTarget},
		{"ConcurrentConditionalCreate", testConcurrentConditionalCreate},
		{"Expect", testExpect},
		{"ConcurrentUpdates", testConcurrentUpdates},
		{"ConditionalUpdateAndDelete", testConditionalUpdateAndDelete},
		{"Snapshot", testSnapshot},
		{"History", testHistory},
		{"PagingUnderWrites", testPagingUnderWrites},
		{"PagingAcrossPlans", testPagingAcrossPlans},
		{"Cursor", testCursor},
		{"Confined", testConfined},
		{"Outside", testOutside},
		{"Into", testInto},
		{"Moved", testMoved},
		{"Permit", testPermit},
		{"Includes", testIncludes},
		{"Receive", testReceive},
		{"Moves", testMoves},
		{"Records", testRecords},
		{"Stages", testStages},
		{"StageMade", testStageMade},
		{"DocumentList", testDocumentList},
		{"Jobs", testJobs},
		{"JobsRetryAndDie", testJobsRetryAndDie},
		{"JobsStop", testJobsStop},
		{"JobRolledBack", testJobRolledBack},
		{"Trail", testTrail},
		{"TrailQueries", testTrailQueries},
		{"TrailHoldsNoData", testTrailHoldsNoData},
		{"TrailTogether", testTrailTogether},
		{"TrailLarge", testTrailLarge},
		{"LargeQueries", testLargeQueries},
		{"Units", testUnits},
		{"ValueSets", testValueSets},
		{"Text", testText},
		{"SortAll", testSortAll},
		{"TooCostly", testTooCostly},
		{"Canonical", testCanonical},
		{"Contained", testContained},
		{"Locations", testLocations},
		{"CustomParameter", testCustomParameter},
		{"CustomUndone", testCustomUndone},
		{"Reindex", testReindex},
		{"Erase", testErase},
		{"EraseOne", testEraseOne},
		{"EraseMoved", testEraseMoved},
		{"Oracle", testOracle},
		{"Partition", testPartition},
		{"DeepChains", testDeepChains},
		{"HasWithinHas", testHasWithinHas},
		{"Guide", testGuide},
		{"HeavyPages", testHeavyPages},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, open)
		})
	}
}

var anna = store.Actor{ID: "user:anna", Name: "Anna"}

func parse(t testing.TB, format string, args ...any) *fhir.Node {
	t.Helper()
	n, err := fhir.Parse(fmt.Appendf(nil, format, args...))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Parse makes a resource of its JSON.
func Parse(t testing.TB, format string, args ...any) *fhir.Node {
	t.Helper()
	return parse(t, format, args...)
}

// Query parses Type?parameters.
func Query(t testing.TB, q string) *search.Query {
	t.Helper()
	return query(t, q)
}

// do applies commands that must succeed.
func do(t testing.TB, s store.Store, commands ...store.Command) []store.Result {
	t.Helper()
	res, err := s.Transact(context.Background(), anna, commands)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// fails applies commands that must fail with this code and gives the fault.
func fails(t testing.TB, s store.Store, code string, commands ...store.Command) *fault.Error {
	t.Helper()
	_, err := s.Transact(context.Background(), anna, commands)
	f := fault.As(err)
	if f == nil || f.Code != code {
		t.Fatalf("error %v, want a fault with code %s", err, code)
	}
	return f
}

func view(t testing.TB, s store.Store, actor store.Actor, f func(store.View) error) {
	t.Helper()
	if err := s.View(context.Background(), actor, f); err != nil {
		t.Fatal(err)
	}
}

func query(t testing.TB, q string) *search.Query {
	t.Helper()
	typ, raw := q, ""
	for i := range q {
		if q[i] == '?' {
			typ, raw = q[:i], q[i+1:]
			break
		}
	}
	pairs, err := search.Pairs(raw)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := search.Parse(typ, pairs, search.Options{})
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return parsed
}

// all gives the ids of every match of a query, page by page.
func all(t testing.TB, s store.Store, actor store.Actor, q string) []string {
	t.Helper()
	var ids []string
	parsed := query(t, q)
	for {
		var page *store.SearchPage
		view(t, s, actor, func(v store.View) (err error) {
			page, err = v.Search(parsed)
			return err
		})
		for _, m := range page.Matches {
			ids = append(ids, m.Key.ID)
		}
		if page.Next == "" {
			return ids
		}
		if len(page.Matches) == 0 {
			t.Fatalf("%s: an empty page with a next page", q)
		}
		parsed.Cursor = page.Next
	}
}

// total asks for the number of matches.
func total(t testing.TB, s store.Store, actor store.Actor, q string) int {
	t.Helper()
	parsed := query(t, q)
	parsed.Summary = "count"
	n := -1
	view(t, s, actor, func(v store.View) error {
		page, err := v.Search(parsed)
		if err == nil {
			n = *page.Total
		}
		return err
	})
	return n
}
