package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"chartlake/fault"
	"chartlake/store"
)

// testHeavyPages asks for more than a page may hold: the rest comes on the next pages, and what
// cannot be divided is refused.
func testHeavyPages(t *testing.T, open Open) {
	s := open(t)
	defer s.Close()
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p"}`)})
	part := `{"url":"http://e","valueString":"` + strings.Repeat("a", 1<<20-1) + `"}`
	const n = 8
	var want []string
	for i := range n {
		id := fmt.Sprintf("b%d", i)
		want = append(want, id)
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Basic","id":%q,"code":{"text":"x"},"subject":{"reference":"Patient/p"},"created":"2020-01-0%d","extension":[%s]}`,
			id, n-i, part+strings.Repeat(","+part, 8))})
	}
	for _, q := range []string{"Basic?_count=10000&_sort=created", "Basic?_count=3"} {
		parsed := query(t, q)
		var got []string
		for {
			page, err := askedFor(s, anna, parsed)
			if err != nil {
				t.Fatalf("%s: %v", q, err)
			}
			if len(page.Matches) == 0 || len(page.Matches) > 4 {
				t.Errorf("%s: %d resources of 9 MB on a page", q, len(page.Matches))
			}
			for _, m := range page.Matches {
				got = append(got, m.Key.ID)
			}
			if page.Next == "" {
				break
			}
			parsed.Cursor = page.Next
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: %v", q, got)
		}
	}
	versions := 0
	q := store.HistoryQuery{Type: "Basic", Count: 10_000}
	for {
		var page *store.HistoryPage
		view(t, s, anna, func(v store.View) (err error) {
			page, err = v.History(q)
			return err
		})
		if len(page.Versions) > 4 {
			t.Errorf("%d versions of 9 MB on a page", len(page.Versions))
		}
		if versions += len(page.Versions); page.Next == "" {
			break
		}
		q.Cursor = page.Next
	}
	if versions != n {
		t.Errorf("%d versions, want %d", versions, n)
	}
	if _, err := askedFor(s, anna, query(t, "Patient?_revinclude=Basic:subject")); fault.As(err) == nil || fault.As(err).Code != "too_many_included" {
		t.Errorf("72 MB come along: %v", err)
	}
}
