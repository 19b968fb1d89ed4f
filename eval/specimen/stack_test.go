package specimen

import (
	"bytes"
	"testing"
)

// TestStack makes stacks of both sets of layouts: their documents cover the pages in order,
// the same seed gives the same bytes, and over some of them every defect is planted.
func TestStack(t *testing.T) {
	t.Parallel()
	planted := map[string]bool{}
	for seed := uint64(1); seed <= 60; seed++ {
		s, err := MakeStack(seed, seed%2 == 0, PDF)
		if err != nil {
			t.Fatal(err)
		}
		e := s.Expected
		last := 0
		for _, d := range e.Segments {
			if d.Pages[0] <= last || d.Pages[1] < d.Pages[0] || d.Pages[1] > e.Source.Pages {
				t.Fatalf("stack %d: document at %v behind page %d of %d", seed, d.Pages, last, e.Source.Pages)
			}
			last = d.Pages[1]
		}
		if len(e.Segments) < 3 || last != e.Source.Pages {
			t.Errorf("stack %d: %d documents end at page %d of %d", seed, len(e.Segments), last, e.Source.Pages)
		}
		for _, f := range e.Flags {
			planted[f.Code[0]] = true
			if e.Checks[f.Code[0]] {
				t.Errorf("stack %d: %s must be raised and must stay silent", seed, f.Code[0])
			}
		}
		if seed == 1 {
			again, err := MakeStack(seed, false, PDF)
			if err != nil || !bytes.Equal(again.Bytes, s.Bytes) {
				t.Errorf("the same stack has other bytes: %v", err)
			}
		}
	}
	for _, code := range []string{"page_order", "identity_conflict", "page_missing", "misdirected"} {
		if !planted[code] {
			t.Errorf("no stack has %s", code)
		}
	}
}
