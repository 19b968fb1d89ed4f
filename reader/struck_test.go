package reader

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/reader/readertest"
)

func struckWords(p document.Page) (out []string) {
	for _, w := range p.Words {
		if w.Struck {
			out = append(out, w.Text)
		}
	}
	return out
}

// TestStruck draws lines through words, under them, and rules of a form that print fell onto.
func TestStruck(t *testing.T) {
	t.Parallel()
	r := full(t)
	line := func(x0, y, x1 float64) string { return fmt.Sprintf("%g %g m %g %g l 0.8 w S\n", x0, y, x1, y) }
	content := readertest.Line(72, 700, 12, "Aspirin 325 mg") + line(71, 704, 112) +
		readertest.Line(72, 660, 12, "Metoprolol daily") + line(71, 664, 161) +
		readertest.Line(72, 620, 12, "Lisinopril underlined") + line(72, 617, 190) +
		readertest.Line(72, 580, 12, "Warfarin overprinted") + line(40, 584, 560) +
		readertest.Line(72, 540, 12, "Well-known --- left alone")
	for i := range 14 {
		content += readertest.Line(72, 500-18*float64(i), 12, note)
	}
	file := readertest.PDF("", readertest.Letter(content))
	if got := struckWords(read(t, r, file, Options{}).Pages[0]); !slices.Equal(got, []string{"Aspirin", "Metoprolol", "daily"}) {
		t.Errorf("drawn: %q", got)
	}
	got := struckWords(read(t, r, pngOf(t, rendered(t, r, file, 200)), Options{}).Pages[0])
	if len(got) < 2 || len(got) > 3 || slices.ContainsFunc(got, func(w string) bool { return strings.Contains("Lisinopril underlined Warfarin overprinted mg", w) }) {
		t.Errorf("scanned: %q of %q", got, words(read(t, r, pngOf(t, rendered(t, r, file, 200)), Options{}).Pages[0])[:120])
	}
}
