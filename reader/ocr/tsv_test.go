package ocr

import (
	"bytes"
	"image"
	"testing"

	"golang.org/x/image/tiff"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
	for _, c := range []struct {
		name, in string
		want     int
	}{
		{"word", head + "5\t1\t1\t1\t1\t1\t10\t20\t30\t40\t96.5\tHello\n", 1},
		{"not a word", "4\t1\t1\t1\t1\t0\t10\t20\t30\t40\t-1\t\n", 0},
		{"no text", "5\t1\t1\t1\t1\t1\t10\t20\t30\t40\t95\t  \n", 0},
		{"page out of range", "5\t3\t1\t1\t1\t1\t10\t20\t30\t40\t95\tx\n", 0},
		{"negative place", "5\t1\t1\t1\t1\t1\t-10\t20\t30\t40\t95\tx\n", 0},
		{"not a number", "5\t1\t1\t1\t1\t1\t10\t20\t30\t40\tnan\tx\n", 0},
		{"cut off", "5\t1\t1", 0},
	} {
		if got := parse([]byte(c.in), 2); len(got) != c.want {
			t.Errorf("%s: %d words, want %d", c.name, len(got), c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("5\t1\t1\t1\t1\t1\t10\t20\t30\t40\t96.5\tHello\n"), 1)
	f.Add([]byte("5\t1\t\xff\n\t\t\n"), 3)
	f.Fuzz(func(t *testing.T, in []byte, pictures int) {
		for _, w := range parse(in, pictures%1000) {
			if w.picture < 0 || w.picture >= max(pictures%1000, 0) || w.confidence < 0 || w.confidence > 1 || w.text == "" || w.x < 0 {
				t.Fatalf("broken word %+v", w)
			}
		}
	})
}

// TestEncode reads the first page back with another decoder.
func TestEncode(t *testing.T) {
	t.Parallel()
	a, b := image.NewGray(image.Rect(0, 0, 7, 3)), image.NewGray(image.Rect(0, 0, 5, 9))
	for i := range a.Pix {
		a.Pix[i] = uint8(i * 11)
	}
	data := encode([]*image.Gray{a, b})
	got, err := tiff.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	g, ok := got.(*image.Gray)
	if !ok || !bytes.Equal(g.Pix, a.Pix) || g.Bounds() != a.Bounds() {
		t.Errorf("page 1 differs: %T %v", got, got.Bounds())
	}
}
