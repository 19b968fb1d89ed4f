package reader

import (
	"fmt"
	"strings"
	"testing"

	"chartlake/reader/readertest"
)

// TestBoxed: only pages that may hold check boxes are rendered to look for them.
func TestBoxed(t *testing.T) {
	t.Parallel()
	var table strings.Builder // cells of 100 by 15 points, each drawn on its own
	for row := range 10 {
		for column := range 4 {
			fmt.Fprintf(&table, "%d %d 100 15 re S ", 72+100*column, 400+15*row)
		}
	}
	// A circle of four curves, ISO 32000-1 knows no other.
	circle := "106 700 m 106 703.3 103.3 706 100 706 c 96.7 706 94 703.3 94 700 c 94 696.7 96.7 694 100 694 c 103.3 694 106 696.7 106 700 c s"
	for name, c := range map[string]struct {
		content string
		want    bool
	}{
		"prose":             {readertest.Line(72, 720, 12, "Albumin 3.9 g/dL"), false},
		"table":             {table.String(), false},
		"square":            {"100 700 10 10 re S", true},
		"square of strokes": {"100 700 m 110 700 l S 110 700 m 110 710 l S 110 710 m 100 710 l S 100 710 m 100 700 l S", true},
		"circle":            {circle, true},
		"bullet":            {strings.Replace(circle, " s", " f", 1), false},
		"brackets":          {readertest.Line(72, 720, 12, "[X] Yes"), true},
	} {
		file, size := readertest.Reader(readertest.PDF("", readertest.Letter(c.content)))
		f, err := layers(t, Limits{}).pdf.Open(t.Context(), file, size, "")
		if err != nil {
			t.Fatal(err)
		}
		page, err := f.Read(t.Context(), 1)
		if err != nil || boxed(page) != c.want {
			t.Errorf("%s: %v, %v", name, !c.want, err)
		}
		f.Close()
	}
}
