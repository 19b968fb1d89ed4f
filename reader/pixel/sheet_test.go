package pixel

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"
)

// desk draws a light sheet with lines of print at four corners on a darker ground, in a light
// that falls from one side to the other, with grain.
func desk(corners [4][2]float64, ground, paper float64) *image.Gray {
	const w, h = 1200, 1500
	r := rand.New(rand.NewPCG(1, 2))
	img := image.NewGray(image.Rect(0, 0, w, h))
	inside := func(x, y float64) bool {
		for i, p := range corners {
			q := corners[(i+1)%4]
			if (q[0]-p[0])*(y-p[1])-(q[1]-p[1])*(x-p[0]) < 0 {
				return false
			}
		}
		return true
	}
	for y := range h {
		for x := range w {
			v := ground
			if inside(float64(x), float64(y)) {
				v = paper
				if y%50 < 12 && x%9 < 5 && inside(float64(x-90), float64(y-90)) && inside(float64(x+90), float64(y+90)) {
					v = 40
				}
			}
			v *= 1 - 0.3*float64(x)/w
			img.Pix[y*img.Stride+x] = uint8(min(max(v+4*r.NormFloat64(), 0), 255))
		}
	}
	return img
}

func TestFindSheet(t *testing.T) {
	t.Parallel()
	corners := [4][2]float64{{70, 110}, {1120, 60}, {1150, 1430}, {95, 1400}}
	s, ok := FindSheet(desk(corners, 100, 235))
	if !ok {
		t.Fatal("the sheet is not seen")
	}
	for i, c := range s.Corners {
		if d := math.Hypot(c[0]-corners[i][0], c[1]-corners[i][1]); d > 8 {
			t.Errorf("corner %d is %.1f pixels off", i, d)
		}
	}
	flat := s.Flatten(desk(corners, 100, 235))
	if flat.Bounds().Dx() != s.Width || flat.Bounds().Dy() != s.Height {
		t.Fatalf("the flat sheet is %v", flat.Bounds())
	}
	for _, at := range [][2]int{{3, 3}, {s.Width - 4, 3}, {3, s.Height - 4}, {s.Width - 4, s.Height - 4}} {
		if v := flat.GrayAt(at[0], at[1]).Y; v < 140 {
			t.Errorf("at %v is %d, not paper", at, v)
		}
	}
}

func TestFindSheetLeavesScansAlone(t *testing.T) {
	t.Parallel()
	whole := [4][2]float64{{-10, -10}, {1300, -10}, {1300, 1600}, {-10, 1600}}
	square := [4][2]float64{{70, 110}, {1120, 60}, {1150, 1430}, {95, 1400}}
	for name, img := range map[string]*image.Gray{
		"a scan":              desk(whole, 100, 250),
		"a close view":        desk(whole, 100, 180),
		"a sheet on as light": desk(square, 190, 195),
		"a small sheet":       desk([4][2]float64{{400, 400}, {700, 400}, {700, 800}, {400, 800}}, 100, 235),
		"a tiny picture":      noise(40, 30),
		"noise":               noise(900, 1200),
	} {
		if _, ok := FindSheet(img); ok {
			t.Errorf("%s is taken for a photographed sheet", name)
		}
	}
}

func FuzzFindSheet(f *testing.F) {
	f.Add(uint16(300), uint16(400), []byte{0, 100, 200})
	f.Fuzz(func(t *testing.T, w, h uint16, pix []byte) {
		img := image.NewGray(image.Rect(0, 0, int(w)%700+1, int(h)%700+1))
		for i := range img.Pix {
			if len(pix) > 0 {
				img.Pix[i] = pix[(i/7)%len(pix)]
			}
		}
		if s, ok := FindSheet(img); ok && (s.Width < 1 || s.Height < 1 || s.Width > 3*700 || s.Height > 3*700) {
			t.Errorf("a sheet of %d × %d pixels in a picture of %v", s.Width, s.Height, img.Bounds())
		}
	})
}
