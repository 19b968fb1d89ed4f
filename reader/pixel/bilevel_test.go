package pixel

import (
	"image"
	"testing"
)

// paper is a white picture with black rectangles.
func paper(w, h int, black ...image.Rectangle) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for _, r := range black {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				img.Pix[y*img.Stride+x] = 0
			}
		}
	}
	return img
}

func TestBilevel(t *testing.T) {
	t.Parallel()
	img := paper(200, 200, image.Rect(20, 20, 60, 60))
	if !Bilevel(img) {
		t.Error("black on white is not taken as bilevel")
	}
	for i := 100 * 200; i < 101*200; i++ {
		img.Pix[i] = 128
	}
	if Bilevel(img) {
		t.Error("a grey line is not seen")
	}
}

func TestMendTakesSpecksAndKeepsDots(t *testing.T) {
	t.Parallel()
	letter := image.Rect(40, 40, 44, 60)
	stop := image.Rect(47, 58, 49, 60) // 3 pixels beside the letter
	speck := image.Rect(100, 100, 102, 102)
	grain := []image.Rectangle{image.Rect(150, 50, 151, 51), image.Rect(152, 51, 153, 52), image.Rect(151, 53, 152, 54)}
	img := paper(200, 200, append(grain, letter, stop, speck)...)
	out := Mend(img, 2, 5)
	for _, r := range []image.Rectangle{letter, stop} {
		if out.GrayAt(r.Min.X, r.Min.Y).Y != 0 {
			t.Errorf("print at %v is gone", r)
		}
	}
	for _, r := range append(grain, speck) {
		if out.GrayAt(r.Min.X, r.Min.Y).Y != 255 {
			t.Errorf("the speck at %v is still there", r)
		}
		if img.GrayAt(r.Min.X, r.Min.Y).Y != 0 {
			t.Error("the picture given was changed")
		}
	}
}

func TestMendTakesStreaksAndKeepsRules(t *testing.T) {
	t.Parallel()
	const h = 600
	bar := image.Rect(90, 200, 110, 204) // print that the streak crosses
	rule := image.Rect(150, 100, 151, 500)
	img := paper(200, h, bar, rule)
	for y := range h {
		if y%5 < 3 {
			img.Pix[y*img.Stride+100] = 0
		}
	}
	out := Mend(img, 2, 5)
	for y := range h {
		inBar := y >= bar.Min.Y && y < bar.Max.Y
		if black := out.GrayAt(100, y).Y == 0; black != inBar {
			t.Fatalf("row %d of the streak: black is %v", y, black)
		}
	}
	if Threshold(out, 128).Share(150, 100, 151, 500) != 1 {
		t.Error("the ruling line is broken")
	}
}

// TestRound doubles the rows of a slanting stroke with specks around it: the stairs become
// greys, the specks paper, the stroke stays.
func TestRound(t *testing.T) {
	t.Parallel()
	img := image.NewGray(image.Rect(0, 0, 120, 160))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for y := 20; y < 140; y++ {
		for x := range 8 {
			img.Pix[y*img.Stride+30+y/4+x] = 0 // a step of one pixel every four rows
		}
	}
	for _, at := range [][2]int{{100, 20}, {100, 60}, {100, 120}} {
		img.Pix[at[1]*img.Stride+at[0]], img.Pix[(at[1]+1)*img.Stride+at[0]] = 0, 0
	}
	out := Round(img)
	for _, at := range [][2]int{{100, 20}, {100, 60}, {100, 120}} {
		if v := out.GrayAt(at[0], at[1]).Y; v != 255 {
			t.Errorf("a speck is %d", v)
		}
	}
	greys := 0
	for _, v := range out.Pix {
		if v > 16 && v < 239 {
			greys++
		}
	}
	if middle := out.GrayAt(30+80/4+4, 80).Y; middle > 40 || greys < 200 {
		t.Errorf("the stroke is %d, %d pixels are grey", middle, greys)
	}
}
