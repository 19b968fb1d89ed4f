package ocr

import (
	"context"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/reader/pixel"
)

// TestBoxes draws words at known places, skews, turns and shrinks the page, and expects every
// word back with its box: on the upright page, through enlargement and levelling.
func TestBoxes(t *testing.T) {
	t.Parallel()
	e := engine(t)
	for _, c := range []struct {
		name        string
		w, h        int
		pixels, gap float64
		skew        float64
		turn        int // clockwise degrees by which the page is stored turned
		darken      bool
		dither      bool
	}{
		{"300 dpi", 2400, 1200, 46, 80, 0, 0, false, false},
		{"skewed", 2000, 1100, 42, 74, 4.3, 0, false, false},
		{"upside down and skewed", 1800, 1000, 38, 66, -2.1, 180, false, false},
		{"on its side", 1700, 900, 36, 60, 0.6, 90, false, false},
		{"small print of a card", 760, 420, 14, 24, 0, 0, false, false},
		{"light print on dark", 1500, 800, 34, 58, 0, 0, true, false},
		{"dithered watermark", 1275, 700, 26, 46, 0, 0, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img, words := sheetOf(t, c.w, c.h, c.pixels, c.gap)
			if c.skew != 0 {
				img, words = slant(img, words, c.skew)
			}
			if c.darken {
				img = pixel.Invert(img)
			}
			if c.dither {
				r := rand.New(rand.NewPCG(9, 10))
				for range 60000 { // light dots all over the left half
					at := r.IntN(c.h)*img.Stride + r.IntN(c.w/2)
					img.Pix[at] = min(img.Pix[at], uint8(160+r.IntN(60)))
				}
			}
			r, err := e.Page(context.Background(), pixel.Turn(img, c.turn), 0)
			if err != nil {
				t.Fatal(err)
			}
			if want := (360 - c.turn) % 360; r.Rotation != want {
				t.Fatalf("rotation %d, want %d", r.Rotation, want)
			}
			if math.Abs(r.Skew-c.skew) > 0.2 {
				t.Errorf("skew %.2f, want %.2f", r.Skew, c.skew)
			}
			compare(t, r.Words, words, img.Bounds().Size())
		})
	}
}

// compare expects 97 % of the words, each with an overlap of 0.7 with its true box.
func compare(t *testing.T, got []document.Word, want []drawn, size image.Point) {
	t.Helper()
	byText := map[string]document.Word{}
	for _, w := range got {
		byText[w.Text] = w
	}
	found, placed := 0, 0
	for _, d := range want {
		w, ok := byText[d.text]
		if !ok {
			continue
		}
		found++
		box := document.Box{X: d.x0 / float64(size.X), Y: d.y0 / float64(size.Y),
			W: (d.x1 - d.x0) / float64(size.X), H: (d.y1 - d.y0) / float64(size.Y)}
		if iou := box.IoU(w.Box); iou >= 0.7 {
			placed++
		} else {
			t.Logf("%q: box %v, want %v, overlap %.2f", d.text, w.Box, box, iou)
		}
	}
	if 100*found < 97*len(want) {
		t.Errorf("%d of %d words read", found, len(want))
	}
	if 100*placed < 98*found {
		t.Errorf("%d of %d words in place", placed, found)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	e := &Engine{slots: make(chan struct{}, 1)}
	if _, err := e.Page(context.Background(), image.NewGray(image.Rect(0, 0, 0, 9)), 0); !fault.Is(err, fault.Invalid) {
		t.Errorf("picture without pixels: %v", err)
	}
	huge := &image.Gray{Stride: 20000, Rect: image.Rect(0, 0, 20000, 10001)}
	if _, err := e.Page(context.Background(), huge, 0); !fault.Is(err, fault.TooLarge) {
		t.Errorf("picture of 200 megapixels: %v", err)
	}
	e.slots <- struct{}{}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Page(ctx, image.NewGray(image.Rect(0, 0, 9, 9)), 0); !fault.Is(err, fault.Unavailable) {
		t.Errorf("no free worker: %v", err)
	}
}

func TestBlank(t *testing.T) {
	t.Parallel()
	e := &Engine{slots: make(chan struct{}, 1)} // no command: a blank page must not need one
	img := image.NewGray(image.Rect(0, 0, 850, 1100))
	for i := range img.Pix {
		img.Pix[i] = 250
	}
	img.Pix[850*300+400] = 20 // a speck
	r, err := e.Page(context.Background(), img, 0)
	if err != nil || !r.Blank || len(r.Words) != 0 {
		t.Fatalf("blank %v, %d words, %v", r.Blank, len(r.Words), err)
	}
}

func TestPictureUnchanged(t *testing.T) {
	t.Parallel()
	img, _ := sheetOf(t, 900, 500, 24, 40)
	for i := 100; i < 160; i++ { // a dark bar, which is inverted on a copy
		for x := range 700 {
			img.Pix[(300+i)*img.Stride+x+40] = 30
		}
	}
	before := append([]uint8{}, img.Pix...)
	v := glance(img)
	p, _ := prepare(img, v.pose.Skew, v)
	p.analyse()
	for i := range before {
		if before[i] != img.Pix[i] {
			t.Fatal("the caller's picture was changed")
		}
	}
}
