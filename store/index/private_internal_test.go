package index

import (
	"encoding/binary"
	"testing"

	"chartlake/fault"
	"chartlake/search"
	"chartlake/store/seal"
)

// What hashes say of a day and of a text's beginning.
func TestPrivateHashes(t *testing.T) {
	t.Parallel()
	k, err := seal.Load(t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	for text, c := range map[string]struct {
		whole, day bool
		lo         string
	}{
		"1961-11-02": {true, true, "1961-11-02"}, "1969-12-31": {true, true, "1969-12-31"}, "1961-11": {false, false, ""}, "1961": {false, false, ""},
		"1961-11-02T23:59:59Z": {false, true, "1961-11-02"}, "1961-11-02T23:30:00-05:00": {false, true, "1961-11-03"}, "0001-01-01": {true, true, "0001-01-01"},
	} {
		span, ok := search.ParseMoment(text)
		if !ok {
			t.Fatal(text)
		}
		h, more, whole, day := Day(k, 1, span)
		if whole != c.whole || day != c.day {
			t.Errorf("%s: whole day %v, within one %v", text, whole, day)
		}
		if of, ok := search.ParseMoment(c.lo); ok {
			if h2, more2, _, _ := Day(k, 1, of); h != h2 || more != more2 {
				t.Errorf("%s is not of the day %s", text, c.lo)
			}
		}
	}
	if _, _, _, ok := Day(k, 1, search.Range{Lo: 5, Hi: 5}); ok {
		t.Error("an empty span has a day")
	}
	at := func(p int64, text string) (hash [2]int64, all, ok bool) {
		h, more, all, ok := Beginning(k, p, text)
		return [2]int64{h, more}, all, ok
	}
	for _, text := range []string{"", "m", "mü"} {
		if _, _, ok := at(1, text); ok {
			t.Errorf("%q has a hashed beginning", text)
		}
	}
	three, all, _ := at(1, "mül")
	if five, allFive, _ := at(1, "mülle"); !all || allFive || five != three {
		t.Error("five characters are searched by other than their first three")
	}
	six, all, _ := at(1, "müller")
	if nine, allNine, _ := at(1, "müllerin "); !all || allNine || nine != six || six == three {
		t.Error("nine characters are searched by other than their first six")
	}
	if elsewhere, _, _ := at(2, "mül"); elsewhere == three {
		t.Error("two parameters share a hash")
	}
}

func FuzzOpenDate(f *testing.F) {
	f.Add(binary.AppendVarint(binary.AppendVarint(nil, -257904000000), dayLength))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, plain []byte) {
		if _, err := OpenDate(plain); err != nil && !fault.Is(err, fault.Corrupt) {
			t.Errorf("an error of another kind: %v", err)
		}
	})
}
