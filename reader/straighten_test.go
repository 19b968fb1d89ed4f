package reader

import (
	"image"
	"math"
	"testing"

	"chartlake/document"
	"chartlake/reader/pixel"
)

// TestRestore finds a sheet on a photograph and maps boxes of the flat, upright page back: the
// middle of a box must be where the projection of its point is, for every way that the
// photograph may be turned.
func TestRestore(t *testing.T) {
	t.Parallel()
	const w, h = 900, 1200
	corners := [4][2]float64{{60, 90}, {840, 40}, {860, 1150}, {80, 1120}}
	img := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Pix[y*img.Stride+x] = 90
			in := true
			for i, p := range corners {
				q := corners[(i+1)%4]
				in = in && (q[0]-p[0])*(float64(y)-p[1])-(q[1]-p[1])*(float64(x)-p[0]) >= 0
			}
			if in {
				img.Pix[y*img.Stride+x] = 230
			}
		}
	}
	sheet, ok := pixel.FindSheet(img)
	if !ok {
		t.Fatal("no sheet")
	}
	for _, rotation := range []int{0, 90, 180, 270} {
		page := &document.Page{Rotation: rotation}
		small := document.Box{X: 0.3, Y: 0.2, W: 0.002, H: 0.002}
		page.Words = []document.Word{{Text: "a", Box: small}}
		page.Lines = []document.Line{{Box: document.Box{X: 0.1, Y: 0.1, W: 0.8, H: 0.01}}}
		page.Tables = []document.Table{{Box: small, Cells: []document.Cell{{Box: small}}}}
		photograph{sheet: sheet, w: w, h: h}.restore(page)
		stored := turnBox(small, (360-rotation)%360)
		x, y := sheet.From((stored.X+stored.W/2)*float64(sheet.Width), (stored.Y+stored.H/2)*float64(sheet.Height))
		want := turnBox(document.Box{X: x / w, Y: y / h}, rotation)
		got := page.Words[0].Box
		if math.Abs(got.X+got.W/2-want.X) > 0.003 || math.Abs(got.Y+got.H/2-want.Y) > 0.003 {
			t.Errorf("rotation %d: the word is at %v, want about %v", rotation, got, want)
		}
		if page.Tables[0].Box != got || page.Tables[0].Cells[0].Box != got {
			t.Errorf("rotation %d: table and cell were not moved with the word", rotation)
		}
		if wide := page.Width > page.Height; wide != (rotation%180 != 0) {
			t.Errorf("rotation %d: page is %v × %v", rotation, page.Width, page.Height)
		}
		// A line near the head runs as the side above it does.
		want0 := map[int]float64{0: math.Atan2(-50, 780), 90: math.Atan2(-20, 1030), 180: math.Atan2(30, 780), 270: math.Atan2(-20, 1110)}[rotation]
		if got := page.Skew * math.Pi / 180; math.Abs(math.Remainder(got-want0, 2*math.Pi)) > 0.02 {
			t.Errorf("rotation %d: skew %v, want about %v", rotation, got, math.Remainder(want0, 2*math.Pi))
		}
	}
}
