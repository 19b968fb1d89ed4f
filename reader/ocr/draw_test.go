package ocr

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"
	"testing"

	"github.com/go-fonts/liberation/liberationserifregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"chartlake/reader/pixel"
)

// drawn is a word and the corners of its ink on a drawn page.
type drawn struct {
	text           string
	x0, y0, x1, y1 float64
}

// text is what the tests draw: every word once, so that a word names its place.
const text = `The patient was admitted with chest pain radiating into left arm and shortness of breath during
exercise. Blood pressure measured 142/88 while pulse stayed regular near 76 beats. Physical examination showed
clear lungs, normal heart sounds, no murmur, mild swelling around both ankles. Laboratory values: Glucose 104,
Creatinine 1.12, Potassium 4.3, Hemoglobin 13.7. Treatment started using aspirin, metoprolol, plus a daily
statin; follow up visit planned within fourteen days by Doctor Hernandez unless symptoms return earlier`

// sheetOf draws the text at the given capital height and gives the ink box of every word.
func sheetOf(t testing.TB, w, h int, pixels, gap float64) (*image.Gray, []drawn) {
	t.Helper()
	f, err := opentype.Parse(liberationserifregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: pixels, DPI: 72})
	if err != nil {
		t.Fatal(err)
	}
	img := image.NewGray(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	d := font.Drawer{Dst: img, Src: image.NewUniform(color.Black), Face: face}
	x, y := 0.08*float64(w), 0.12*float64(h)
	var words []drawn
	for _, word := range strings.Fields(text) {
		if x+pixels*0.62*float64(len(word)) > 0.93*float64(w) {
			x = 0.08 * float64(w)
			y += gap
		}
		d.Dot = fixed.P(int(x), int(y))
		b, advance := d.BoundString(word)
		d.DrawString(word)
		words = append(words, drawn{word, float64(b.Min.X) / 64, float64(b.Min.Y) / 64, float64(b.Max.X) / 64, float64(b.Max.Y) / 64})
		x += float64(advance)/64 + pixels*0.3
	}
	return img, words
}

// slant turns a page clockwise by degrees about its middle, and its words with it: the box of
// a turned word is the smallest one around its four corners.
func slant(img *image.Gray, words []drawn, degrees float64) (*image.Gray, []drawn) {
	w, h := float64(img.Bounds().Dx()), float64(img.Bounds().Dy())
	l := pixel.NewLevel(w, h, -degrees)
	out := l.Apply(img)
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	turned := make([]drawn, len(words))
	for i, d := range words {
		x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
		for _, c := range [4][2]float64{{d.x0, d.y0}, {d.x1, d.y0}, {d.x0, d.y1}, {d.x1, d.y1}} {
			dx, dy := c[0]-w/2, c[1]-h/2
			x := dx*cos - dy*sin + float64(out.Bounds().Dx())/2
			y := dx*sin + dy*cos + float64(out.Bounds().Dy())/2
			x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
		}
		turned[i] = drawn{d.text, x0, y0, x1, y1}
	}
	return out, turned
}
