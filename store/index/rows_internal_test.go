package index

import (
	"testing"

	"pgregory.net/rapid"
)

// A span is never longer than its class reaches, so a bounded range finds it.
func TestClassesReach(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.Int64Range(0, 315_537_897_600_000).Draw(t, "length")
		if c := dateClass(length); DateReach(c) < length || c > 0 && c > 1 && DateReach(c-1) >= length {
			t.Fatalf("length %d has class %d, which reaches %d", length, c, DateReach(c))
		}
		lo, hi := rapid.Float64Range(-openEnd, openEnd).Draw(t, "lo"), rapid.Float64Range(-openEnd, openEnd).Draw(t, "hi")
		if lo <= hi && NumberReach(numberClass(lo, hi)) < hi-lo {
			t.Fatalf("%g to %g has class %d", lo, hi, numberClass(lo, hi))
		}
	})
}

// Bytes of a number sort as the number does.
func TestOrdered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64().Draw(t, "a"), rapid.Float64().Draw(t, "b")
		if (a < b) != (string(Ordered(a)) < string(Ordered(b))) && a != b {
			t.Fatalf("%g and %g", a, b)
		}
	})
}

// Sort leaves each row once, whatever it is.
func TestSortLeavesRowsOnce(t *testing.T) {
	t.Parallel()
	var r Rows
	for range 3 {
		for _, n := range []int64{3, 1, 2} {
			r.Token = append(r.Token, Token{1, n, 0, 9})
			r.Date = append(r.Date, Date{1, 0, 5, n, 9})
			r.Quantity = append(r.Quantity, Number{1, 2, 0, 1, float64(n), 9})
			r.String = append(r.String, String{1, "a", n, 9})
			r.Forward = append(r.Forward, Forward{9, 1, n, n}, Forward{9, 2, float64(n), 0.5}, Forward{9, 3, "text", n})
			r.Composite = append(r.Composite, Composite{1, 2, 3, 4, 0, int64(1), int64(1), 9, []byte{byte(n)}})
		}
	}
	r.Sort()
	for what, n := range map[string][2]int{"token": {len(r.Token), 3}, "date": {len(r.Date), 3}, "quantity": {len(r.Quantity), 3},
		"string": {len(r.String), 3}, "forward": {len(r.Forward), 9}, "composite": {len(r.Composite), 3}} {
		if n[0] != n[1] {
			t.Errorf("%s: %d rows, want %d", what, n[0], n[1])
		}
	}
}
