package reader

import (
	"fmt"
	"image"
	"testing"

	"chartlake/reader/pdf"
	"chartlake/reader/readertest"
)

// uneven is a picture without any symmetry: a ramp with a dark corner.
func uneven(w, h int) *image.Gray {
	g := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			g.Pix[y*w+x] = byte(60 + 120*x/w + 60*y/h)
			if x < w/4 && y < h/8 {
				g.Pix[y*w+x] = 0
			}
		}
	}
	return g
}

func difference(a, b *image.Gray) float64 {
	if a.Rect != b.Rect {
		return 255
	}
	sum := 0
	for i := range a.Pix {
		sum += max(int(a.Pix[i]), int(b.Pix[i])) - min(int(a.Pix[i]), int(b.Pix[i]))
	}
	return float64(sum) / float64(len(a.Pix))
}

// TestScanLiesAsRendered: the picture taken out of a scan is what rendering the page gives,
// whichever way it is placed, and pages that show anything else are not taken for a scan.
func TestScanLiesAsRendered(t *testing.T) {
	t.Parallel()
	r := layers(t, Limits{})
	cases := []struct {
		name, content, extra string
		scan                 bool
	}{
		{"upright", "q 612 0 0 792 0 0 cm /I1 Do Q", "", true},
		{"mirrored", "q -612 0 0 792 612 0 cm /I1 Do Q", "", true},
		{"upside down", "q -612 0 0 -792 612 792 cm /I1 Do Q", "", true},
		{"flipped", "q 612 0 0 -792 0 792 cm /I1 Do Q", "", true},
		{"larger than the page", "q 632 0 0 818 -10 -13 cm /I1 Do Q", "", true},
		{"with a margin", "q 606 0 0 784 3 4 cm /I1 Do Q", "", true},
		{"page turned", "q 612 0 0 792 0 0 cm /I1 Do Q", "/Rotate 90", true},
		{"page turned twice", "q 612 0 0 792 0 0 cm /I1 Do Q", "/Rotate 180", true},
		{"page turned thrice", "q 612 0 0 792 0 0 cm /I1 Do Q", "/Rotate 270", true},
		{"clipped to the page", "q 0 0 612 792 re W n 612 0 0 792 0 0 cm /I1 Do Q", "", true},
		{"invisible words", "q 612 0 0 792 0 0 cm /I1 Do Q BT /F1 12 Tf 3 Tr 72 72 Td (word) Tj ET", "", true},
		{"clipped to a part", "q 0 0 612 400 re W n 612 0 0 792 0 0 cm /I1 Do Q", "", false},
		{"visible words", "q 612 0 0 792 0 0 cm /I1 Do Q BT /F1 12 Tf 72 72 Td (word) Tj ET", "", false},
		{"a line", "q 612 0 0 792 0 0 cm /I1 Do Q 72 72 m 300 72 l S", "", false},
		{"half a page", "q 612 0 0 396 0 0 cm /I1 Do Q", "", false},
		{"slanted", "q 612 10 -10 792 0 0 cm /I1 Do Q", "", false},
		{"a fax's pixels", "q 612 0 0 792 0 0 cm /I2 Do Q", "", false},
		{"two pictures", "q 612 0 0 792 0 0 cm /I1 Do Q q 612 0 0 792 0 0 cm /I1 Do Q", "", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			page := readertest.Letter(c.content)
			page.Extra = c.extra
			page.Pictures = []image.Image{uneven(1275, 1650), uneven(1275, 800)}
			file, size := readertest.Reader(readertest.PDF("", page))
			f, err := r.pdf.Open(t.Context(), file, size, "")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { f.Close() })
			content, err := f.Read(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if (content.Scan != nil) != c.scan {
				t.Fatalf("scan is %v, want %v", content.Scan != nil, c.scan)
			}
			if !c.scan {
				return
			}
			p := &pdfReader{reader: r, file: f, seen: &regions{}}
			s, err := p.stored(t.Context(), 1, content, 150, 1e8)
			if err != nil {
				t.Fatal(err)
			}
			drawn, err := f.Gray(t.Context(), 1, s.dpi, 1e8, true)
			if err != nil {
				t.Fatal(err)
			}
			if d := difference(s.img, drawn.Image.(*image.Gray)); d > 2 {
				t.Errorf("differs from the rendering by %.1f of 255 (%v, %v)", d, s.img.Rect, drawn.Image.Bounds())
			}
		})
	}
}

func TestOrientationOfMatrix(t *testing.T) {
	t.Parallel()
	r := layers(t, Limits{})
	// A page on its side holds the picture turned by its matrix.
	for i, matrix := range []string{"0 612 792 0 0 0", "0 612 -792 0 792 0", "0 -612 792 0 0 612", "0 -612 -792 0 792 612"} {
		page := readertest.Page{Width: 792, Height: 612, Content: fmt.Sprintf("q %s cm /I1 Do Q", matrix), Pictures: []image.Image{uneven(1275, 1650)}}
		file, size := readertest.Reader(readertest.PDF("", page))
		f, err := r.pdf.Open(t.Context(), file, size, "")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		content, err := f.Read(t.Context(), 1)
		if err != nil || content.Scan == nil {
			t.Fatalf("%s: %v, no scan", matrix, err)
		}
		s, err := (&pdfReader{reader: r, file: f}).stored(t.Context(), 1, content, 150, 1e8)
		if err != nil {
			t.Fatal(err)
		}
		var drawn pdf.Picture
		if drawn, err = f.Gray(t.Context(), 1, s.dpi, 1e8, true); err != nil {
			t.Fatal(err)
		}
		if d := difference(s.img, drawn.Image.(*image.Gray)); d > 2 {
			t.Errorf("matrix %d: differs by %.1f of 255", i, d)
		}
	}
}
