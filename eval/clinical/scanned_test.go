package clinical

import (
	"bytes"
	"testing"

	"chartlake/fault"
)

// TestScanned prints all texts of a set, a dozen to a page, and keeps what each says.
func TestScanned(t *testing.T) {
	t.Parallel()
	sets, err := Load("testdata/results.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	pages := 0
	got, err := Scanned(sets[0], "scan150", 3, func(page []byte) (string, error) {
		pages++
		if !bytes.HasPrefix(page, []byte("\x89PNG")) {
			t.Error("a page is no picture")
		}
		return "read", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want, have := 0, 0
	for _, x := range sets[0].Texts {
		want += len(x.Results)
	}
	for _, x := range got.Texts {
		have += len(x.Results)
	}
	if pages != len(got.Texts) || have != want || pages != (len(sets[0].Texts)+textsOnPage-1)/textsOnPage {
		t.Errorf("%d pages, %d of %d results", pages, have, want)
	}
	if _, err := Scanned(sets[0], "wet", 1, nil); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown condition: %v", err)
	}
}
