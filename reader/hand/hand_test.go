package hand

import (
	"image"
	"math/rand/v2"
	"testing"

	"chartlake/document"
)

// sheet is a page of 2000 by 1000 pixels whose letters are bars: 30 high as "x", 42 as capitals, some with
// tails. Shaken ones are written by hand.
type sheet struct {
	img *image.Gray
	p   *document.Page
	r   *rand.Rand
}

func blank(seed uint64) *sheet {
	img := image.NewGray(image.Rect(0, 0, 2000, 1000))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	return &sheet{img, &document.Page{Width: 2000, Height: 1000, Source: document.SourceOCR}, rand.New(rand.NewPCG(seed, 1))}
}

func (s *sheet) bar(x, y0, y1, thick int) {
	for y := y0; y < y1; y++ {
		for d := range thick {
			s.img.Pix[y*s.img.Stride+x+d] = 0
		}
	}
}

// word draws n letters from x on the base line y, gives the word its line and returns where it ends.
func (s *sheet) word(x, y, n int, text string, shaken bool) int {
	x0, top, foot := x, y, y
	for i := range n {
		y0, y1, thick := y-30, y, 6
		if i%3 == 0 {
			y0 = y - 42
		}
		if i%4 == 3 {
			y1 = y + 10
		}
		confident := 0
		if shaken {
			y0, y1, thick = y0-7+s.r.IntN(15), y1-7+s.r.IntN(15), 3
			confident = 1
		}
		s.bar(x, y0, y1, thick)
		top, foot = min(top, y0), max(foot, y1)
		x += 16 + confident*s.r.IntN(5)
	}
	sure := 0.96
	if shaken {
		sure = 0.8
	}
	i := len(s.p.Words)
	s.p.Words = append(s.p.Words, document.Word{Text: text, Confidence: sure,
		Box: document.Box{X: float64(x0) / 2000, Y: float64(top) / 1000, W: float64(x-x0-10) / 2000, H: float64(foot-top) / 1000}})
	if n := len(s.p.Lines); n == 0 || s.p.Words[s.p.Lines[n-1].Words[0]].Box.Y < float64(y-60)/1000 {
		s.p.Lines = append(s.p.Lines, document.Line{})
	}
	l := &s.p.Lines[len(s.p.Lines)-1]
	l.Words = append(l.Words, i)
	return x + 6
}

func TestFind(t *testing.T) {
	t.Parallel()
	found, written, wrong := 0, 0, 0
	for seed := range uint64(20) {
		s := blank(seed)
		for line := range 6 {
			y := 100 + 120*line
			x := s.word(60, y, 8, "Stitches", false)
			x = s.word(x, y, 4, "out:", false)
			x = s.word(x, y, 9, "Pemberton", true)
			s.word(x, y, 7, "Joannas", true)
			s.word(1200, y, 9, "Caregiver", false)
		}
		got := map[int]bool{}
		for _, i := range Find(s.img, s.p) {
			got[i] = true
		}
		for i := range s.p.Words {
			switch by := i % 5; {
			case by == 2 || by == 3:
				written++
				if got[i] {
					found++
				}
			case got[i]:
				wrong++
			}
		}
	}
	if wrong > 0 || found < written*8/10 {
		t.Errorf("%d of %d written words found, %d of print wrong", found, written, wrong)
	}
}

// TestPrint: a page of even letters has no handwriting, whatever the recogniser made of them.
func TestPrint(t *testing.T) {
	t.Parallel()
	s := blank(1)
	for line := range 7 {
		x := 60
		for k := range 6 {
			x = s.word(x, 100+120*line, 5+k, "Pemberton", false)
			s.p.Words[len(s.p.Words)-1].Confidence = 0.3 + 0.1*float64(k)
		}
	}
	if got := Find(s.img, s.p); len(got) > 0 {
		t.Errorf("%d of %d", len(got), len(s.p.Words))
	}
}

func TestNothingToSee(t *testing.T) {
	t.Parallel()
	p := &document.Page{Width: 100, Height: 100, Words: []document.Word{{Text: "name", Box: document.Box{X: -1, Y: 2, W: 5, H: -3}}}, Lines: []document.Line{{Words: []int{0}}}}
	for _, img := range []*image.Gray{nil, image.NewGray(image.Rect(0, 0, 3, 3)), image.NewGray(image.Rect(0, 0, 100, 100))} {
		if got := Find(img, p); len(got) != 0 {
			t.Errorf("%v", got)
		}
	}
}

// TestBarCode: bars are uneven and thin, and no handwriting: they are more than what was read of them, or lie
// in a code.
func TestBarCode(t *testing.T) {
	t.Parallel()
	s := blank(3)
	for line := range 5 {
		y := 100 + 120*line
		s.word(60, y, 8, "Stitches", false)
		s.word(600, y, 9, "I1", true)
		s.word(1200, y, 9, "Pemberton", true)
		s.p.Barcodes = append(s.p.Barcodes, document.Code{Box: document.Box{X: 0.59, Y: float64(y-60) / 1000, W: 0.2, H: 0.09}})
	}
	if got := Find(s.img, s.p); len(got) > 0 {
		t.Errorf("handwriting: %v", got)
	}
	s.p.Barcodes = nil
	if got := Find(s.img, s.p); len(got) != 5 {
		t.Errorf("without the codes: %v, want the five words of many strokes", got)
	}
}
