package mark

import (
	"fmt"
	"image"
	"math"
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/reader/layout"
	"chartlake/reader/pixel"
)

// canvas is a page of 1700 × 1100 pixels with words that are known without recognition.
type canvas struct {
	img *image.Gray
	p   *document.Page
}

func blank() *canvas {
	img := image.NewGray(image.Rect(0, 0, 1700, 1100))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	return &canvas{img, &document.Page{Width: 1700, Height: 1100}}
}

func (c *canvas) dot(x, y int) { c.img.Pix[y*c.img.Stride+x] = 0 }

func (c *canvas) line(x0, y0, x1, y1, thick int) {
	n := max(abs(x1-x0), abs(y1-y0))
	for i := 0; i <= n; i++ {
		for a := range thick {
			for b := range thick {
				c.dot(x0+(x1-x0)*i/max(n, 1)+a, y0+(y1-y0)*i/max(n, 1)+b)
			}
		}
	}
}

func abs(v int) int { return max(v, -v) }

func (c *canvas) box(x, y, size int) {
	c.line(x, y, x+size, y, 2)
	c.line(x, y+size, x+size, y+size, 2)
	c.line(x, y, x, y+size, 2)
	c.line(x+size, y, x+size, y+size, 2)
}

func (c *canvas) ring(x, y, r int) {
	for i := range 720 {
		sin, cos := math.Sincos(float64(i) * math.Pi / 360)
		for d := range 2 {
			c.dot(x+int(math.Round(cos*float64(r-d))), y+int(math.Round(sin*float64(r-d))))
		}
	}
}

// words sets words 24 high; the picture shows their letters as small bars.
func (c *canvas) words(x, y int, text string) {
	for _, w := range strings.Fields(text) {
		for i := range w {
			c.line(x+14*i, y, x+14*i, y+23, 4)
		}
		width := 14 * len(w)
		c.p.Words = append(c.p.Words, document.Word{Text: w, Confidence: 1,
			Box: document.Box{X: float64(x) / 1700, Y: float64(y) / 1100, W: float64(width) / 1700, H: 24.0 / 1100}})
		x += width + 12
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	for _, skew := range []float64{0, 2.5} {
		c := blank()
		c.words(100, 100, "Do you smoke?")
		c.box(500, 98, 28)
		c.line(504, 102, 522, 122, 3) // an X
		c.line(522, 102, 504, 122, 3)
		c.words(540, 100, "Yes")
		c.box(700, 98, 28)
		c.words(740, 100, "No")
		c.words(100, 200, "Any allergies?")
		c.box(500, 198, 28)
		c.words(540, 200, "Yes")
		c.box(700, 198, 28)
		c.line(692, 205, 711, 220, 4) // a tick drawn over the frame
		c.line(711, 220, 750, 180, 4)
		c.words(770, 200, "No")
		c.words(100, 300, "Sex:")
		c.ring(514, 312, 15)
		c.words(540, 300, "Male")
		c.ring(714, 312, 15)
		for r := 1; r < 9; r++ {
			c.ring(714, 312, r)
		}
		c.words(740, 300, "Female")
		img := c.img
		if skew != 0 {
			level := pixel.NewLevel(1700, 1100, -skew)
			img = level.Apply(c.img)
			w, h := float64(img.Bounds().Dx()), float64(img.Bounds().Dy())
			back := pixel.NewLevel(w, h, skew)
			dx, dy := (back.LevelWidth-1700)/2, (back.LevelHeight-1100)/2
			for i := range c.p.Words {
				b := &c.p.Words[i].Box
				x0, y0, x1, y1 := back.BoxFrom(b.X*1700+dx, b.Y*1100+dy, (b.X+b.W)*1700+dx, (b.Y+b.H)*1100+dy)
				*b = document.Box{X: x0 / w, Y: y0 / h, W: (x1 - x0) / w, H: (y1 - y0) / h}
			}
			c.p.Width, c.p.Height, c.p.Skew = w, h, skew
		}
		layout.Arrange(c.p, nil)
		var got []string
		for _, m := range Find(img, c.p, nil) {
			got = append(got, strings.Join([]string{m.Group, m.Label, m.Shape, string(m.State)}, "|"))
		}
		want := "Do you smoke?|Yes|box|on\nDo you smoke?|No|box|off\nAny allergies?|Yes|box|off\nAny allergies?|No|box|on\n" +
			"Sex|Male|circle|off\nSex|Female|circle|on"
		if g := strings.Join(got, "\n"); g != want {
			t.Errorf("skew %v: got\n%s\nwant\n%s", skew, g, want)
		}
	}
}

func TestBrackets(t *testing.T) {
	t.Parallel()
	c := blank()
	c.words(100, 100, "Smoker: [X] Yes [ ] No")
	c.words(100, 160, "☒ Diabetes")
	layout.Arrange(c.p, nil)
	var got []string
	for _, m := range Find(nil, c.p, nil) {
		got = append(got, m.Group+"|"+m.Label+"|"+string(m.State))
	}
	if g := strings.Join(got, "\n"); g != "Smoker|Yes|on\nSmoker|No|off\n|Diabetes|on" {
		t.Errorf("got\n%s", g)
	}
}

// TestMisreadBrackets: a recogniser takes one kind of bracket for another; a text layer does not.
func TestMisreadBrackets(t *testing.T) {
	t.Parallel()
	for source, want := range map[document.Source]string{document.SourceOCR: "Yes|off No|on Unsure|off", document.SourceText: ""} {
		c := blank()
		c.words(100, 100, "(] Yes (X] No [j Unsure")
		c.p.Source = source
		layout.Arrange(c.p, nil)
		var got []string
		for _, m := range Find(nil, c.p, nil) {
			got = append(got, m.Label+"|"+string(m.State))
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%s: got %q, want %q", source, g, want)
		}
	}
}

// TestStruckCircle has a tick that goes over a circle, beside one that is empty.
func TestStruckCircle(t *testing.T) {
	t.Parallel()
	c := blank()
	c.ring(514, 312, 15)
	c.line(504, 314, 512, 324, 3)
	c.line(512, 324, 534, 286, 3)
	c.words(540, 300, "Male")
	c.ring(714, 312, 15)
	c.words(740, 300, "Female")
	layout.Arrange(c.p, nil)
	marks := Find(c.img, c.p, nil)
	if len(marks) != 2 || marks[0].State != document.MarkOn || marks[1].State != document.MarkOff {
		t.Fatalf("a ticked and an empty circle give %v", marks)
	}
	if want := (document.Box{X: 499.0 / 1700, Y: 297.0 / 1100, W: 31.0 / 1700, H: 31.0 / 1100}); marks[0].Box.IoU(want) < 0.8 {
		t.Errorf("the ticked circle is at %v, want %v", marks[0].Box, want)
	}
}

// TestFramesThatAreRules has boxes whose sides are rules of the page, as a PDF draws them: the
// side of a box does not part it from its label.
func TestFramesThatAreRules(t *testing.T) {
	t.Parallel()
	c := blank()
	var rules []layout.Rule
	square := func(x, y, size int) {
		c.box(x, y, size)
		x0, y0, x1, y1 := float64(x+1)/1700, float64(y+1)/1100, float64(x+size+1)/1700, float64(y+size+1)/1100
		rules = append(rules, layout.Rule{X0: x0, Y0: y0, X1: x1, Y1: y0}, layout.Rule{X0: x0, Y0: y1, X1: x1, Y1: y1},
			layout.Rule{X0: x0, Y0: y0, X1: x0, Y1: y1}, layout.Rule{X0: x1, Y0: y0, X1: x1, Y1: y1})
	}
	square(300, 98, 28)
	c.words(340, 100, "Female")
	square(480, 98, 28)
	c.words(520, 100, "Male")
	layout.Arrange(c.p, rules)
	var got []string
	for _, m := range Find(c.img, c.p, rules) {
		got = append(got, m.Label)
	}
	if g := strings.Join(got, ", "); g != "Female, Male" {
		t.Errorf("got %s", g)
	}
}

func TestTextIsNoMark(t *testing.T) {
	t.Parallel()
	c := blank()
	for i := range 10 {
		c.words(100, 100+40*i, "BODE DOB BOD 0080 88 OOOO body")
	}
	layout.Arrange(c.p, nil)
	if got := Find(c.img, c.p, nil); len(got) != 0 {
		t.Errorf("%d marks in plain text", len(got))
	}
}

// TestBlots draws a radio circle that is filled in entirely: it is marked beside a hollow one,
// and a bullet of a list where there is none.
func TestBlots(t *testing.T) {
	t.Parallel()
	draw := func(hollow bool) []document.Mark {
		c := blank()
		for r := 1; r <= 15; r++ {
			c.ring(514, 312, r)
		}
		c.words(540, 300, "Male")
		if hollow {
			c.ring(714, 312, 15)
		}
		c.words(740, 300, "Female")
		layout.Arrange(c.p, nil)
		return Find(c.img, c.p, nil)
	}
	if marks := draw(true); len(marks) != 2 || marks[0].State != document.MarkOn || marks[1].State != document.MarkOff {
		t.Errorf("a filled and a hollow circle give %v", marks)
	}
	if marks := draw(false); len(marks) != 0 {
		t.Errorf("a bullet gives %v", marks)
	}
}

// scribble writes a joined stroke of loops from x0 to x1 around y.
func (c *canvas) scribble(x0, x1, y, high int) {
	px, py := x0, y
	for i := 1; i <= 400; i++ {
		a := float64(i) * 2 * math.Pi / 40
		x := x0 + (x1-x0)*i/400 + int(12*math.Cos(a)) - 12
		z := y + int(float64(high)/2*math.Sin(a)*(0.6+0.4*math.Sin(float64(i)/31)))
		c.line(px, py, x, z, 2)
		px, py = x, z
	}
}

// TestSignatures has ink over a line to sign on and beside a label, a line without ink, a printed name,
// and words that do not ask for a signature.
func TestSignatures(t *testing.T) {
	t.Parallel()
	rule := func(x0, x1, y float64) layout.Rule {
		return layout.Rule{X0: x0 / 1700, Y0: y / 1100, X1: x1 / 1700, Y1: y / 1100}
	}
	c := blank()
	c.words(100, 60, "I agree to the terms that stand above this line and have read them")
	c.line(100, 200, 600, 200, 2)
	c.scribble(140, 420, 180, 60)
	c.words(100, 212, "Signature of patient")
	c.line(900, 200, 1400, 200, 2)
	c.words(900, 212, "Signature of witness")
	c.words(100, 400, "Signed:")
	c.scribble(240, 480, 405, 50)
	c.words(100, 600, "Signature: Robert Miller")
	c.words(100, 700, "Electronically signed by Robert Miller")
	c.scribble(700, 900, 705, 50)
	c.words(100, 800, "SIGNATURE ON FILE")
	c.scribble(500, 800, 805, 50)
	rules := []layout.Rule{rule(100, 600, 201), rule(900, 1400, 201)}
	layout.Arrange(c.p, rules)
	var got []string
	for _, m := range Find(c.img, c.p, rules) {
		if m.Shape == "signature" {
			got = append(got, fmt.Sprintf("%s %s %.1f", m.Label, m.State, m.Box.Y))
		}
	}
	if g := strings.Join(got, ", "); g != "Signature on 0.1, Signature off 0.1, Signed on 0.3" {
		t.Errorf("got %s", g)
	}
}

func TestStuck(t *testing.T) {
	t.Parallel()
	p := &document.Page{Width: 612, Height: 792, Source: document.SourceOCR}
	put := func(x, w float64, text string) {
		p.Words = append(p.Words, document.Word{Text: text, Confidence: 0.9, Box: document.Box{X: x / 612, Y: 0.1, W: w / 612, H: 10.0 / 792}})
	}
	put(40, 60, "Asthma?")
	put(120, 30, "[X]Yes")
	put(170, 5, "[")
	put(178, 24, "]No")
	put(230, 30, "[XNone")
	put(300, 40, "[sic]Word")
	layout.Arrange(p, nil)
	got := Find(nil, p, nil)
	if len(got) != 3 {
		t.Fatalf("%d marks: %+v", len(got), got)
	}
	for i, want := range []document.Mark{{Label: "Yes", State: document.MarkOn}, {Label: "No", State: document.MarkOff}, {Label: "None", State: document.MarkOn}} {
		if m := got[i]; m.Label != want.Label || m.State != want.State || m.Group != "Asthma?" || m.Box.W > 20.0/612 {
			t.Errorf("%+v, want %+v", m, want)
		}
	}
}

func TestLettersOfPrint(t *testing.T) {
	t.Parallel()
	r := layout.Rect{X0: 100, Y0: 100, X1: 112, Y1: 120}
	for _, c := range []struct {
		text   string
		sure   float64
		source document.Source
		high   float64
		want   bool
	}{
		{"B", 0.95, document.SourceOCR, 20, true},
		{"8", 1, document.SourceText, 20, true},
		{"B", 0.5, document.SourceOCR, 20, false}, // a crossed frame that was read as a letter
		{"O", 0.95, document.SourceOCR, 20, false},
		{"B", 0.95, document.SourceOCR, 30, false}, // a frame around the letter
		{"B.", 0.95, document.SourceOCR, 20, false},
	} {
		m := candidate{Rect: layout.Rect{X0: 99, Y0: 100, X1: 113, Y1: 100 + c.high}}
		if got := printed(m, r, document.Word{Text: c.text, Confidence: c.sure}, c.source); got != c.want {
			t.Errorf("%q at %v: %v", c.text, c.sure, got)
		}
	}
}

// TestSwallowedCircle: circles that were read with their labels, one with thick strokes across it, count in the
// column of a circle that stands alone; the same ring in a word elsewhere is its letter.
func TestSwallowedCircle(t *testing.T) {
	t.Parallel()
	c := blank()
	c.p.Source = document.SourceOCR
	word := func(x, y, w int, text string) {
		c.p.Words = append(c.p.Words, document.Word{Text: text, Confidence: 0.9,
			Box: document.Box{X: float64(x) / 1700, Y: float64(y) / 1100, W: float64(w) / 1700, H: 26.0 / 1100}})
	}
	for row, text := range []string{"Yes", "OYes", "@No"} {
		y := 200 + 60*row
		c.ring(114, y+13, 13)
		if row == 0 {
			word(136, y, 60, text)
		} else {
			word(100, y, 96, text)
		}
		if row == 2 {
			c.line(106, y+5, 119, y+18, 4)
			c.line(119, y+5, 106, y+18, 4)
		}
	}
	c.ring(614, 413, 13)
	word(600, 400, 110, "Other")
	layout.Arrange(c.p, nil)
	var got []string
	for _, m := range Find(c.img, c.p, nil) {
		got = append(got, m.Label+"|"+string(m.State))
	}
	if g := strings.Join(got, " "); g != "Yes|off Yes|off No|on" {
		t.Errorf("got %q", g)
	}
}
