package storetest

import (
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"chartlake/store"
)

var guideExample = regexp.MustCompile(`(?m)^    (\S+\?.*\S)\s+→(.*)$`)

// testGuide runs the examples of the guide to searching against its resources.
func testGuide(t *testing.T, open Open) {
	text, err := os.ReadFile("../../docs/guide/search.md")
	if err != nil {
		t.Fatal(err)
	}
	s := open(t)
	defer s.Close()
	_, rest, _ := strings.Cut(string(text), "```json\n")
	resources, _, _ := strings.Cut(rest, "```")
	for line := range strings.Lines(resources) {
		do(t, s, store.Update{Resource: parse(t, "%s", line)})
	}
	examples := guideExample.FindAllStringSubmatch(string(text), -1)
	if len(examples) < 40 {
		t.Fatalf("the guide has %d examples", len(examples))
	}
	for _, example := range examples {
		typ, raw, _ := strings.Cut(example[1], "?")
		want := strings.Fields(example[2])
		var pairs []string
		sorted := false
		for pair := range strings.SplitSeq(raw, "&") {
			name, value, _ := strings.Cut(pair, "=")
			pairs = append(pairs, name+"="+url.QueryEscape(value))
			sorted = sorted || name == "_sort"
		}
		got := found(t, s, typ+"?"+strings.Join(pairs, "&"))
		if !sorted {
			slices.Sort(got)
			slices.Sort(want)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, the guide says %q", example[1], got, want)
		}
	}
}

// found gives the ids of every match, page by page, and with a plus what came along.
func found(t *testing.T, s store.Store, q string) (ids []string) {
	t.Helper()
	parsed, err := reading(q)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	for {
		page, err := askedFor(s, anna, parsed)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		for _, m := range page.Matches {
			ids = append(ids, m.Key.ID)
		}
		for _, m := range page.Included {
			ids = append(ids, "+"+m.Key.ID)
		}
		if page.Next == "" {
			return ids
		}
		parsed.Cursor = page.Next
	}
}
