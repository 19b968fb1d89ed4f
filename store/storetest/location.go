package storetest

import (
	"slices"
	"strings"
	"testing"

	"chartlake/store"
)

// testLocations searches addresses of files, which are private, by the modifiers of uris.
func testLocations(t *testing.T, open Open) {
	s := open(t)
	defer s.Close()
	put := func(id, url string) {
		t.Helper()
		text := `{"resourceType":"DocumentReference","id":"` + id + `","status":"current","content":[{"attachment":{"title":"x"`
		if url != "" {
			text += `,"url":"` + url + `"`
		}
		do(t, s, store.Update{Resource: parse(t, "%s", text+`}}]}`)})
	}
	put("a", "http://f/gone")
	for id, url := range map[string]string{"a": "http://f/a/smith.pdf", "b": "http://f/a", "c": "http://f/ab", "d": "", "e": "urn:x", "f": "http://f/a/", "g": "http://", "h": "http://f/" + strings.Repeat("p/", 1_500) + "x"} {
		put(id, url)
	}
	for q, want := range map[string]string{
		"location=http://f/a/smith.pdf":                          "a",
		"location=http://f/a":                                    "b",
		"location=http://f/gone":                                 "",
		"location=HTTP://f/a":                                    "",
		"location=urn:x,http://f/ab":                             "ce",
		"location=http://f/" + strings.Repeat("p/", 1_500) + "x": "h",
		"location=http://f/" + strings.Repeat("p/", 1_500) + "y": "",
		"location:below=http://f/a":                              "abf",
		"location:below=http://f/":                               "abcfh",
		"location:below=urn:x":                                   "e",
		"location:above=http://f/a/smith.pdf":                    "abf",
		"location:above=http://f/a/b/c":                          "bf",
		"location:above=urn:x":                                   "e",
		"location:missing=true":                                  "d",
		"location:missing=false":                                 "abcefgh",
	} {
		got := all(t, s, anna, "DocumentReference?"+q)
		slices.Sort(got)
		if text := strings.Join(got, ""); text != want {
			t.Errorf("%s: %q, want %q", q, text, want)
		}
	}
	for q, want := range map[string]string{"_sort=location&_count=2": "gbfached", "_sort=-location&_count=3": "ehcafbgd"} {
		if got := strings.Join(all(t, s, anna, "DocumentReference?"+q), ""); got != want {
			t.Errorf("%s: %q, want %q", q, got, want)
		}
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
