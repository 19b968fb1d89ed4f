package pixel

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"
)

func noise(w, h int) *image.Gray {
	r := rand.New(rand.NewPCG(3, 4))
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = uint8(r.UintN(256))
	}
	return img
}

func TestTurnBack(t *testing.T) {
	t.Parallel()
	img := noise(13, 7)
	for _, d := range []int{0, 90, 180, 270} {
		back := Turn(Turn(img, d), 360-d)
		if back.Bounds() != img.Bounds() || string(back.Pix) != string(img.Pix) {
			t.Errorf("turned by %d and back the picture differs", d)
		}
	}
	if q := Turn(img, 90); q.GrayAt(6, 0) != img.GrayAt(0, 0) { // top left goes to top right
		t.Error("a turn by 90 is not clockwise")
	}
}

func TestLevelInverse(t *testing.T) {
	t.Parallel()
	for _, skew := range []float64{-10, -2.5, 0, 0.3, 7} {
		l := NewLevel(850, 1100, skew)
		x, y := l.From(l.To(123, 456))
		if math.Abs(x-123)+math.Abs(y-456) > 1e-9 {
			t.Errorf("skew %v: point comes back as %v, %v", skew, x, y)
		}
		ux0, uy0, ux1, uy1 := l.BoxFrom(100, 200, 180, 215)
		x0, y0, x1, y1 := l.BoxTo(ux0, uy0, ux1, uy1)
		if math.Abs(x0-100)+math.Abs(y0-200)+math.Abs(x1-180)+math.Abs(y1-215) > 1e-6 {
			t.Errorf("skew %v: box comes back as %v %v %v %v", skew, x0, y0, x1, y1)
		}
	}
}

func TestShrinkKeepsTheMean(t *testing.T) {
	t.Parallel()
	img := noise(101, 67)
	mean := func(m *image.Gray) float64 {
		s := 0.0
		for _, v := range m.Pix {
			s += float64(v)
		}
		return s / float64(len(m.Pix))
	}
	for _, f := range []int{2, 3, 5} {
		if d := math.Abs(mean(Shrink(img, f)) - mean(img)); d > 2 {
			t.Errorf("factor %d moves the mean by %.1f", f, d)
		}
	}
	if d := math.Abs(mean(Resize(img, 230, 150)) - mean(img)); d > 2 {
		t.Errorf("enlarging moves the mean by %.1f", d)
	}
}

func TestEvenShadow(t *testing.T) {
	t.Parallel()
	img := image.NewGray(image.Rect(0, 0, 640, 320))
	for y := range 320 {
		for x := range 640 {
			paper := 240 - x/5 // a shadow from 240 down to 112
			if y%40 < 6 && x%20 < 12 {
				paper /= 4 // ink
			}
			img.Pix[y*img.Stride+x] = uint8(paper)
		}
	}
	even := Even(img)
	ink := Threshold(even, 128)
	for y := 0; y < 320; y += 7 {
		for x := 0; x < 640; x += 3 {
			want := uint8(0)
			if y%40 < 6 && x%20 < 12 {
				want = 1
			}
			if ink.Pix[y*640+x] != want {
				t.Fatalf("pixel %d,%d: ink %d, want %d (grey %d)", x, y, ink.Pix[y*640+x], want, even.Pix[y*640+x])
			}
		}
	}
}

// TestComponents compares with a flood fill.
func TestComponents(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		k := NewInk(1+r.IntN(20), 1+r.IntN(20))
		for i := range k.Pix {
			k.Pix[i] = uint8(r.UintN(2))
		}
		comps, labels := Components(k)
		seen := make([]bool, len(k.Pix))
		n := 0
		for i := range k.Pix {
			if k.Pix[i] == 0 || seen[i] {
				if k.Pix[i] == 0 && labels[i] != 0 {
					t.Fatal("paper has a label")
				}
				continue
			}
			n++
			area, stack := 0, []int{i}
			seen[i] = true
			for len(stack) > 0 {
				p := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				area++
				if labels[p] != labels[i] {
					t.Fatal("one component has two labels")
				}
				for dy := -1; dy <= 1; dy++ {
					for dx := -1; dx <= 1; dx++ {
						x, y := p%k.W+dx, p/k.W+dy
						if x >= 0 && y >= 0 && x < k.W && y < k.H && k.Pix[y*k.W+x] == 1 && !seen[y*k.W+x] {
							seen[y*k.W+x] = true
							stack = append(stack, y*k.W+x)
						}
					}
				}
			}
			if comps[labels[i]-1].Area != area {
				t.Fatalf("area %d, want %d", comps[labels[i]-1].Area, area)
			}
		}
		if n != len(comps) {
			t.Fatalf("%d components, want %d", len(comps), n)
		}
	}
}

func TestSolid(t *testing.T) {
	t.Parallel()
	k := NewInk(60, 40)
	fill := func(x0, y0, x1, y1 int) {
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				k.Pix[y*k.W+x] = 1
			}
		}
	}
	fill(5, 5, 25, 20)  // a bar
	fill(0, 30, 60, 33) // a line
	fill(40, 0, 43, 40) // another, crossing it
	s := k.Solid(9)
	for y := range k.H {
		for x := range k.W {
			want := uint8(0)
			if x >= 5 && x < 25 && y >= 5 && y < 20 {
				want = 1
			}
			if s.Pix[y*k.W+x] != want {
				t.Fatalf("pixel %d,%d is %d, want %d", x, y, s.Pix[y*k.W+x], want)
			}
		}
	}
	if k.Solid(21) != nil {
		t.Error("no square of 21 pixels is there")
	}
}
