package ocr

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func line(sure float64, text string) []reading {
	var out []reading
	for _, w := range strings.Fields(text) {
		out = append(out, reading{text: w, confidence: sure})
	}
	return out
}

func TestSettle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		first, a, b []reading
		want        string
		sure        float64
	}{
		{"both others agree", line(0.5, "6.1-8.4"), line(0.9, "6.1-8.1"), line(0.8, "6.1-8.1"), "6.1-8.1 ", 0.5},
		{"one agrees with the first", line(0.5, "6.1-8.4"), line(0.9, "6.1-8.1"), line(0.6, "6.1-8.4"), "6.1-8.4 ", 0.5},
		{"all differ, one is surer", line(0.5, "abc"), line(0.9, "abd"), line(0.6, "abe"), "abd ", 0.5},
		{"all differ, none is surer", line(0.5, "abc"), line(0.6, "abd"), line(0.6, "abe"), "abc ", 0.5},
		{"a sure word stays", line(0.95, "abc"), line(0.97, "abd"), line(0.97, "abd"), "abc ", 0.95},
		{"nothing was seen", nil, line(0.9, "H"), line(0.8, "H"), "H ", 0.9},
		{"nothing was seen, and others differ", nil, line(0.9, "H"), line(0.8, "4"), "", 0},
		{"words were cut", line(0.4, "mmo L/L"), line(0.9, "mmol/L"), line(0.9, "mmol/L"), "mmol/L ", 0.4},
		{"others are cut in two ways", line(0.4, "a b c"), line(0.9, "ab c"), line(0.9, "a bc"), "a b c ", 0.4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := settle(c.first, c.a, c.b)
			if d := cmp.Diff(c.want, texts(got)); d != "" {
				t.Error(d)
			}
			for _, r := range got {
				if r.confidence != c.sure {
					t.Errorf("%q has confidence %v, want %v", r.text, r.confidence, c.sure)
				}
			}
		})
	}
}
