package pdf

import (
	"context"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/reader/readertest"
)

// shared serves the tests that do not look at its children: one costs 0.2 s to start.
var shared = sync.OnceValue(func() *Engine {
	return New(Config{CacheDir: readertest.Cache(), Instances: 8, Idle: 4})
})

func engine(testing.TB) *Engine { return shared() }

func open(t testing.TB, e *Engine, data []byte, password string) *File {
	t.Helper()
	file, size := readertest.Reader(data)
	f, err := e.Open(t.Context(), file, size, password)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func read(t testing.TB, data []byte) *Page {
	t.Helper()
	p, err := open(t, engine(t), data, "").Read(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func texts(p *Page) string {
	var out []string
	for _, w := range p.Words {
		out = append(out, w.Text)
	}
	return strings.Join(out, " ")
}

func near(a, b document.Box, tolerance float64) bool {
	for _, d := range [4]float64{a.X - b.X, a.Y - b.Y, a.W - b.W, a.H - b.H} {
		if math.Abs(d) > tolerance {
			return false
		}
	}
	return true
}

func TestWords(t *testing.T) {
	t.Parallel()
	line := readertest.Line(72, 720, 12, "Albumin 3.9 g/dL")
	// Where the word Albumin stands on an upright letter page: Helvetica 12 at (72,720).
	upright := document.Box{X: 72.0 / 612, Y: (792 - 728.7) / 792, W: 43.0 / 612, H: 8.9 / 792}
	cases := []struct {
		name     string
		page     readertest.Page
		text     string
		rotation int
		box      document.Box // of the first word
	}{
		{"plain", readertest.Letter(line), "Albumin 3.9 g/dL", 0, upright},
		{"two lines", readertest.Letter(line + readertest.Line(72, 700, 12, "High")), "Albumin 3.9 g/dL High", 0, upright},
		{"gap without blank", readertest.Letter("BT /F1 12 Tf 72 720 Td [(Albumin) -4000 (Flag)] TJ ET"), "Albumin Flag", 0, upright},
		{"kerned letters stay together", readertest.Letter("BT /F1 12 Tf 72 720 Td [(Al) 20 (bu) -30 (min)] TJ ET"), "Albumin", 0, upright},
		{"crop box", readertest.Page{Width: 812, Height: 992, Extra: "/CropBox[100 100 712 892]",
			Content: readertest.Line(172, 820, 12, "Albumin 3.9 g/dL")}, "Albumin 3.9 g/dL", 0, upright},
		{"page turned by its dictionary", readertest.Page{Width: 792, Height: 612, Extra: "/Rotate 90",
			Content: "BT /F1 12 Tf 0 1 -1 0 72 72 Tm (Albumin) Tj ET"}, "Albumin", 0,
			document.Box{X: 72.0 / 612, Y: (72 - 8.7) / 792, W: 43.0 / 612, H: 8.9 / 792}},
		{"text upwards", readertest.Page{Width: 792, Height: 612,
			Content: "BT /F1 12 Tf 0 1 -1 0 72 72 Tm (Albumin) Tj ET"}, "Albumin", 90,
			document.Box{X: 72.0 / 612, Y: (72 - 8.7) / 792, W: 43.0 / 612, H: 8.9 / 792}},
		{"text downwards", readertest.Page{Width: 792, Height: 612,
			Content: "BT /F1 12 Tf 0 -1 1 0 720 540 Tm (Albumin) Tj ET"}, "Albumin", 270,
			document.Box{X: 72.0 / 612, Y: (792 - 728.7) / 792, W: 43.0 / 612, H: 8.9 / 792}},
		{"upside down", readertest.Letter("BT /F1 12 Tf -1 0 0 -1 540 72 Tm (Albumin) Tj ET"), "Albumin", 180, upright},
		{"off the page", readertest.Letter(line + readertest.Line(72, 900, 12, "Secret")), "Albumin 3.9 g/dL", 0, upright},
		{"quotes and dashes", readertest.Letter("BT /F1 12 Tf 72 720 Td (Albumin \\223low\\224 3\\2265) Tj ET"),
			"Albumin \u201clow\u201d 3\u20135", 0, upright},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := read(t, readertest.PDF("", c.page))
			if got := texts(p); got != c.text {
				t.Fatalf("words %q, want %q", got, c.text)
			}
			if p.Rotation != c.rotation {
				t.Errorf("rotation %d, want %d", p.Rotation, c.rotation)
			}
			if !near(p.Words[0].Box, c.box, 0.004) {
				t.Errorf("box %v, want %v", p.Words[0].Box, c.box)
			}
			if math.Abs(p.Width-612) > 0.01 || math.Abs(p.Height-792) > 0.01 {
				t.Errorf("size %g×%g", p.Width, p.Height)
			}
		})
	}
}

func TestInk(t *testing.T) {
	t.Parallel()
	p := read(t, readertest.PDF("", readertest.Letter(
		readertest.Line(72, 720, 12, "plain")+
			"BT /F2 14 Tf 72 700 Td (bold) Tj ET\n"+
			"BT /F1 10 Tf 3 Tr 72 680 Td (invisible) Tj ET\n"+
			"BT /F1 10 Tf 0 Tr 1 1 1 rg 72 660 Td (white) Tj ET\n"+
			"BT /F1 1 Tf 0 g 9 0 0 9 72 640 Tm (scaled) Tj ET\n")))
	want := map[string]struct {
		bold, hidden, faint bool
		size                float64
	}{
		"plain": {size: 12}, "bold": {bold: true, size: 14}, "invisible": {hidden: true, size: 10},
		"white": {faint: true, size: 10}, "scaled": {size: 9},
	}
	if len(p.Words) != len(want) {
		t.Fatalf("words %q", texts(p))
	}
	for _, w := range p.Words {
		c := want[w.Text]
		if w.Bold != c.bold || w.Hidden != c.hidden || w.Faint != c.faint || math.Abs(w.FontSize-c.size) > 0.05 {
			t.Errorf("%s: bold %v hidden %v faint %v size %g, want %+v", w.Text, w.Bold, w.Hidden, w.Faint, w.FontSize, c)
		}
	}
	if p.Chars.Hidden != len("invisible") || p.Chars.All != 29 {
		t.Errorf("characters %+v", p.Chars)
	}
}

func TestRulesAndPictures(t *testing.T) {
	t.Parallel()
	photo := image.NewGray(image.Rect(0, 0, 300, 150))
	for i := range photo.Pix {
		photo.Pix[i] = byte(i)
	}
	page := readertest.Letter("1 w 72 700 m 540 700 l S\n" + // a line
		"100 500 200 100 re S\n" + // a box: four edges
		"72 650 468 1.5 re f\n" + // a bar
		"1 1 1 rg 72 300 468 1 re f 0 g\n" + // white: nothing
		"300 300 40 40 re f\n" + // a block: no bar; its edges count
		"72 200 m 100 260 l S\n" + // slanted
		"q 144 0 0 72 36 36 cm /I1 Do Q\n" +
		"q 2 0 0 2 0 0 cm 36 200 m 36 240 l S Q\n") // scaled by the matrix
	page.Pictures = []image.Image{photo}
	p := read(t, readertest.PDF("", page))
	level, upright := 0, 0
	for _, r := range p.Rules {
		if r.Vertical() {
			upright++
		} else {
			level++
		}
	}
	if level != 1+2+1+2 || upright != 2+2+1 {
		t.Errorf("%d level and %d upright rules: %v", level, upright, p.Rules)
	}
	if len(p.Images) != 1 {
		t.Fatalf("images %v", p.Images)
	}
	want := document.Box{X: 36.0 / 612, Y: (792 - 108.0) / 792, W: 144.0 / 612, H: 72.0 / 792}
	if !near(p.Images[0].Box, want, 0.002) || math.Abs(p.Images[0].DPI-150) > 2 {
		t.Errorf("image %v, want %v at 150 dpi", p.Images[0], want)
	}
}

// widget is a form field and its page annotation in one dictionary.
func widget(kind, name, rest string, x0, y0, x1, y1 float64) string {
	return fmt.Sprintf("<</Type/Annot/Subtype/Widget/P {page}/FT/%s/T(%s)/F 4/Rect[%g %g %g %g]%s>>", kind, name, x0, y0, x1, y1, rest)
}

func TestForm(t *testing.T) {
	t.Parallel()
	appearance := "/AP<</N<</Yes null/Off null>>>>"
	page := readertest.Letter(readertest.Line(72, 700, 12, "Patient name:") + readertest.Line(72, 660, 12, "Notes") +
		readertest.Line(120, 600, 12, "Smoker") + readertest.Line(220, 600, 12, "Allergic"))
	page.Annotations = []string{
		widget("Tx", "pat.name", "/V(Jane Roe)/DA(/Helv 12 Tf 0 g)", 160, 696, 360, 712),
		widget("Tx", "notes", "/V(first\\nsecond line)/Ff 4096/DA(/Helv 12 Tf 0 g)", 72, 620, 400, 650),
		widget("Tx", "blank", "/TU(Date of birth)/DA(/Helv 12 Tf 0 g)", 72, 560, 200, 576),
		widget("Btn", "smoker", "/V/Yes/AS/Yes"+appearance, 100, 598, 112, 610),
		widget("Btn", "allergic", "/V/Off/AS/Off"+appearance, 200, 598, 212, 610),
		"<</Type/Annot/Subtype/FreeText/F 4/P {page}/Rect[300 500 500 520]/Contents(typed note)/DA(/Helv 12 Tf)>>",
		"<</Type/Annot/Subtype/FreeText/F 2/P {page}/Rect[300 400 500 420]/Contents(hidden note)/DA(/Helv 12 Tf)>>",
	}
	var fields []string
	// Objects: 5 page, 6 content, then the annotations.
	for i := range 5 {
		fields = append(fields, fmt.Sprintf("%d 0 R", 7+i))
	}
	data := readertest.PDF("/AcroForm<</Fields["+strings.Join(fields, " ")+"]/DR<</Font<</Helv 3 0 R>>>>/DA(/Helv 12 Tf 0 g)>>", page)
	p := read(t, data)
	want := []struct{ name, key, value string }{
		{"pat.name", "Patient name", "Jane Roe"},
		{"notes", "Notes", "first\nsecond line"},
		{"blank", "Date of birth", ""},
	}
	if len(p.Fields) != len(want) {
		t.Fatalf("fields %+v", p.Fields)
	}
	for i, w := range want {
		f := p.Fields[i]
		if f.Name != w.name || f.Key != w.key || strings.ReplaceAll(f.Value, "\r", "") != w.value || f.Source != "acroform" {
			t.Errorf("field %+v, want %+v", f, w)
		}
		var words []string
		for _, n := range f.ValueWords {
			words = append(words, p.Words[n].Text)
		}
		if strings.Join(words, " ") != strings.Join(strings.Fields(w.value), " ") {
			t.Errorf("%s: value words %q", w.name, words)
		}
	}
	if len(p.Marks) != 2 || p.Marks[0].State != document.MarkOn || p.Marks[1].State != document.MarkOff ||
		p.Marks[0].Label != "Smoker" || p.Marks[1].Label != "Allergic" {
		t.Errorf("marks %+v", p.Marks)
	}
	if got := texts(p); !strings.Contains(got, "typed note") || strings.Contains(got, "hidden") {
		t.Errorf("words %q", got)
	}
	// The rendering shows the value: ink in the field's box.
	picture, err := open(t, engine(t), data, "").Gray(t.Context(), 1, 100, 1e8, false)
	if err != nil {
		t.Fatal(err)
	}
	g, dark := picture.Image.(*image.Gray), 0
	b := p.Fields[0].ValueBox
	for y := int(b.Y * 1100); y < int((b.Y+b.H)*1100); y++ {
		for x := int(b.X * 850); x < int((b.X+b.W)*850); x++ {
			if g.GrayAt(x, y).Y < 128 {
				dark++
			}
		}
	}
	if dark < 20 {
		t.Errorf("the form's value is not in the picture: %d dark pixels in its box", dark)
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	f := open(t, engine(t), readertest.PDF("", readertest.Letter("1 0 0 rg 0 396 306 396 re f")), "")
	gray, err := f.Gray(t.Context(), 1, 100, 1e8, false)
	if err != nil {
		t.Fatal(err)
	}
	g := gray.Image.(*image.Gray)
	if g.Rect.Dx() != 850 || g.Rect.Dy() != 1100 || gray.Capped {
		t.Errorf("size %v, capped %v", g.Rect, gray.Capped)
	}
	if a, b := g.GrayAt(100, 100).Y, g.GrayAt(700, 900).Y; a < 60 || a > 95 || b != 255 {
		t.Errorf("red reads as %d, paper as %d", a, b)
	}
	small, err := f.Gray(t.Context(), 1, 300, 1_000_000, false)
	if err != nil {
		t.Fatal(err)
	}
	if b := small.Image.Bounds(); !small.Capped || b.Dx()*b.Dy() > 1_010_000 {
		t.Errorf("capped %v to %v", small.Capped, b)
	}
	colour, err := f.Colour(t.Context(), 1, 400, 1e8)
	if err != nil {
		t.Fatal(err)
	}
	c := colour.Image.(*image.RGBA)
	if c.Rect.Dx() != 400 || c.RGBAAt(50, 50).R != 255 || c.RGBAAt(50, 50).G != 0 || c.RGBAAt(350, 450).G != 255 {
		t.Errorf("colours %v %v in %v", c.RGBAAt(50, 50), c.RGBAAt(350, 450), c.Rect)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	e := engine(t)
	for name, data := range map[string][]byte{"text": []byte("%PDF-1.7\nnot really"), "empty head": []byte("%PDF-")} {
		file, size := readertest.Reader(data)
		_, err := e.Open(t.Context(), file, size, "")
		if f := fault.As(err); f == nil || f.Code != "unreadable_pdf" || f.Kind != fault.Corrupt {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := open(t, e, readertest.PDF("", readertest.Letter("")), "")
	if _, err := f.Read(t.Context(), 2); !fault.Is(err, fault.NotFound) {
		t.Errorf("page 2 of 1: %v", err)
	}
	huge := readertest.PDF("", readertest.Page{Width: 1e9, Height: 1e9})
	if _, err := open(t, e, huge, "").Read(t.Context(), 1); fault.As(err) == nil {
		t.Errorf("page of 10⁹ points: %v", err)
	}
}

// TestBomb: a page whose content unpacks to more than the memory allowed ends within the deadline, and the file's
// other pages and the engine go on.
func TestBomb(t *testing.T) {
	t.Parallel()
	e := engine(t)
	bomb := open(t, e, readertest.Bomb(700<<20), "")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	start := time.Now()
	page, err := bomb.Read(ctx, 1)
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("took %s", took)
	}
	if err == nil && len(page.Words) > 0 || err != nil && fault.As(err) == nil {
		t.Errorf("page %v, error %v", page, err)
	}
	if p := read(t, readertest.PDF("", readertest.Letter(readertest.Line(72, 700, 12, "alive")))); texts(p) != "alive" {
		t.Errorf("after the bomb: %q", texts(p))
	}
}

// TestDeadline: a call is stopped in the middle, and the file can be used again.
func TestDeadline(t *testing.T) {
	t.Parallel()
	// Hundreds of thousands of page-wide paths take seconds to draw.
	var content strings.Builder
	for range 200_000 {
		content.WriteString("0 0 612 792 re f* 0 0 m 612 792 l S ")
	}
	data := readertest.PDF("", readertest.Letter(content.String()), readertest.Letter(readertest.Line(72, 700, 12, "next")))
	f := open(t, engine(t), data, "")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := f.Gray(ctx, 1, 300, 1e8, false); fault.As(err) == nil || fault.As(err).Code != "page_timeout" {
		t.Fatalf("got %v", err)
	}
	p, err := f.Read(t.Context(), 2)
	if err != nil || texts(p) != "next" {
		t.Errorf("after a timeout: %v", err)
	}
	gone, stop := context.WithCancel(t.Context())
	stop()
	if _, err := f.Read(gone, 2); err == nil {
		t.Error("read although cancelled")
	}
}

func TestManyPages(t *testing.T) {
	t.Parallel()
	var pages []readertest.Page
	for i := range 3*recycle/2 + 1 {
		pages = append(pages, readertest.Letter(readertest.Line(72, 700, 12, fmt.Sprintf("page%d", i+1))))
	}
	f := open(t, engine(t), readertest.PDF("", pages...), "")
	for i := range pages {
		p, err := f.Read(t.Context(), i+1)
		if err != nil || texts(p) != fmt.Sprintf("page%d", i+1) {
			t.Fatalf("page %d: %v", i+1, err)
		}
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	e := engine(t)
	for _, f := range readertest.Archive(t, "bad/qpdf-pdfs.tgz") {
		if filepath.Base(f.Name) != "enc-R3,V2,U=view,O=master.pdf" {
			continue
		}
		for password, opens := range map[string]bool{"view": true, "master": true, "": false, "wrong": false} {
			file, size := readertest.Reader(f.Data)
			d, err := e.Open(t.Context(), file, size, password)
			if opens != (err == nil) || err != nil && fault.As(err).Code != "encrypted" {
				t.Errorf("password %q: %v", password, err)
			}
			if err == nil {
				d.Close()
			}
		}
	}
}

func TestWarmKeepsTheCachePrivate(t *testing.T) {
	t.Parallel()
	dir := readertest.Cache()
	if err := Warm(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if !CacheWarm(dir) {
		t.Error("nothing in the cache")
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if CacheWarm(t.TempDir()) {
		t.Error("an empty folder counts as warm")
	}
}

func FuzzPage(f *testing.F) {
	f.Add(readertest.PDF("", readertest.Letter(readertest.Line(72, 700, 12, "seed"))))
	f.Add(readertest.PDF("/AcroForm<</Fields[]>>", readertest.Letter("1 w 72 700 m 540 700 l S")))
	e := New(Config{CacheDir: readertest.Cache()})
	f.Cleanup(func() { e.Close() })
	f.Fuzz(func(t *testing.T, data []byte) {
		file, size := readertest.Reader(data)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		d, err := e.Open(ctx, file, size, "")
		if err != nil {
			if fault.As(err) == nil {
				t.Fatalf("no fault: %v", err)
			}
			return
		}
		defer d.Close()
		for n := 1; n <= min(d.Pages(), 3); n++ {
			p, err := d.Read(ctx, n)
			if err != nil {
				continue
			}
			for _, w := range p.Words {
				if c := w.Box.Clamp(); c != w.Box || w.Text == "" {
					t.Fatalf("word with box %v", w.Box)
				}
			}
		}
	})
}
