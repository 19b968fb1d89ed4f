package reader

import (
	"fmt"
	"image"
	"strings"
	"testing"

	"chartlake/reader/readertest"
)

// redForm is a form in red, with black print that stands over its rules.
func redForm() string {
	var b strings.Builder
	b.WriteString("0.8 0.12 0.16 rg 0.8 0.12 0.16 RG\n")
	for i := range 12 {
		y := 720 - 54*float64(i)
		b.WriteString(readertest.Line(62, y, 8, fmt.Sprintf("%d. INSURED ADDRESS AND TELEPHONE OF ORIGIN", i+1)))
		fmt.Fprintf(&b, "60 %g 480 40 re 0.8 w S\n", y-30)
		for x := 80.0; x < 540; x += 24 {
			fmt.Fprintf(&b, "%g %g m %g %g l 0.8 w S\n", x, y-28, x, y-8)
		}
	}
	b.WriteString("0 g\n")
	for i := range 12 {
		b.WriteString(readertest.Line(76, 720-54*float64(i)-22, 13, fmt.Sprintf("Harrison 9%d375827 Maple", i+10)))
	}
	return b.String()
}

// TestInks reads a form printed in red, as a picture and as a scan in a PDF: what is filled in over
// its rules, and its labels.
func TestInks(t *testing.T) {
	t.Parallel()
	r := full(t)
	drawn := readertest.PDF("", readertest.Letter(redForm()))
	file, size := readertest.Reader(drawn)
	f, err := r.pdf.Open(t.Context(), file, size, "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := f.Colour(t.Context(), 1, 1700, 1e8)
	if err != nil {
		t.Fatal(err)
	}
	scan := readertest.Letter("q 612 0 0 792 0 0 cm /I1 Do Q")
	scan.Pictures = []image.Image{picture.Image}
	for name, data := range map[string][]byte{"PNG": pngOf(t, picture.Image), "PDF": readertest.PDF("", scan)} {
		p := read(t, r, data, Options{}).Pages[0]
		if !strings.Contains(strings.Join(p.Reasons, " "), "colour") {
			t.Errorf("%s: reasons %q", name, p.Reasons)
		}
		text, right := words(p), 0
		for i := range 12 {
			if strings.Contains(text, fmt.Sprintf("Harrison 9%d375827 Maple", i+10)) {
				right++
			}
		}
		if right < 11 || strings.Count(text, "INSURED ADDRESS") < 11 {
			t.Errorf("%s: %d of 12 values are read: %q", name, right, text)
		}
	}
}
