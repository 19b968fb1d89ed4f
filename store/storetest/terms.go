package storetest

import (
	"fmt"
	"strings"
	"testing"

	"chartlake/fault"
	"chartlake/search"
	"chartlake/store"
)

// manyCodes is a terminology of one value set with very many codes.
type manyCodes int

func (n manyCodes) Members(string) ([]search.IndexToken, error) {
	var list []search.IndexToken
	for i := range int(n) {
		list = append(list, search.IndexToken{System: "http://s", Code: fmt.Sprint(i)})
	}
	return list, nil
}
func (n manyCodes) Below(c search.IndexToken) ([]search.IndexToken, error) { return n.Members("") }
func (n manyCodes) Above(c search.IndexToken) ([]search.IndexToken, error) { return n.Members("") }

// testValueSets searches by sets of up to the limit, of which few codes are there.
func testValueSets(t *testing.T, open Open) {
	s := open(t)
	defer s.Close()
	for i, code := range []string{"0", "17", "9999", "other"} {
		do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"%c","status":"final","code":{"coding":[{"system":"http://s","code":%q}]},"subject":{"reference":"Patient/p"}}`, 'a'+i, code)})
	}
	do(t, s, store.Update{Resource: parse(t, `{"resourceType":"Observation","id":"e","status":"final","code":{"text":"x"}}`)}, store.Update{Resource: parse(t, `{"resourceType":"Patient","id":"p"}`)})
	find := func(n int, q string) (string, error) {
		typ, raw, _ := strings.Cut(q, "?")
		pairs, err := search.Pairs(raw)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := search.Parse(typ, pairs, search.Options{Terminology: manyCodes(n)})
		if err != nil {
			return "", err
		}
		var ids []string
		err = s.View(t.Context(), anna, func(v store.View) error {
			page, err := v.Search(parsed)
			if err != nil {
				return err
			}
			for _, m := range page.Matches {
				ids = append(ids, m.Key.ID)
			}
			return nil
		})
		return letters(ids), err
	}
	for _, c := range []struct {
		n       int
		q, want string
	}{
		{0, "Observation?code:in=v", ""}, {0, "Observation?code:not-in=v", "abcde"}, {1, "Observation?code:in=v", "a"}, {20, "Observation?code:in=v", "ab"}, {20, "Observation?code:not-in=v", "cde"},
		{10_000, "Observation?code:in=v", "abc"}, {10_000, "Observation?code:not-in=v", "de"}, {10_000, "Observation?code:below=http://s|0&status=final", "abc"}, {10_000, "Patient?_has:Observation:patient:code:in=v", "p"},
		{10_000, "Observation?status:not-in=v", "abcde"},
	} {
		if got, err := find(c.n, c.q); err != nil || got != c.want {
			t.Errorf("%d codes, %s: %q, %v, want %q", c.n, c.q, got, err, c.want)
		}
	}
	if _, err := find(10_001, "Observation?code:in=v"); fault.As(err) == nil || fault.As(err).Code != "too_costly" {
		t.Errorf("beyond the limit: %v", err)
	}
}
