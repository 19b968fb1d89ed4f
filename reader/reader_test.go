package reader

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/reader/readertest"
)

// full opens a reader with OCR, or skips the test.
func full(t testing.TB) *Reader {
	t.Helper()
	r, err := Open(Config{CacheDir: readertest.Cache()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	if r.Missing() != nil {
		t.Skip("tesseract is not installed")
	}
	return r
}

const note = "The patient reports chest pain and was given aspirin 81 mg daily. "

// prose is a born-digital page of text.
func prose(lines int) string {
	var b strings.Builder
	for i := range lines {
		b.WriteString(readertest.Line(72, 740-14*float64(i), 11, note))
	}
	return b.String()
}

func words(p document.Page) string {
	var out []string
	for _, w := range p.Words {
		out = append(out, w.Text)
	}
	return strings.Join(out, " ")
}

func read(t testing.TB, r *Reader, data []byte, o Options) *document.Document {
	t.Helper()
	file, size := readertest.Reader(data)
	doc, err := r.Read(t.Context(), file, size, o)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// rendered is a page as a scanner would give it.
func rendered(t testing.TB, r *Reader, data []byte, dpi float64) *image.Gray {
	t.Helper()
	file, size := readertest.Reader(data)
	f, err := r.pdf.Open(t.Context(), file, size, "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := f.Gray(t.Context(), 1, dpi, 1e8, false)
	if err != nil {
		t.Fatal(err)
	}
	return p.Image.(*image.Gray)
}

func bombPNG() []byte {
	body := append([]byte("IHDR"), 0, 0, 0xFD, 0xE8, 0, 0, 0xFD, 0xE8, 8, 2, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0D"), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
}

func TestDoor(t *testing.T) {
	t.Parallel()
	r := layers(t, Limits{Pages: 20, Bytes: 1 << 20})
	many := make([]readertest.Page, 21)
	for i := range many {
		many[i] = readertest.Letter("")
	}
	good := readertest.PDF("", readertest.Letter(prose(3)))
	cases := []struct {
		name   string
		data   []byte
		code   string
		status int
		pages  int
	}{
		{"good", good, "", 0, 1},
		{"empty", nil, "empty", 400, 0},
		{"text", []byte("hello"), "unsupported_type", 415, 0},
		{"too large", make([]byte, 1<<20+1), "too_large", 413, 0},
		{"65,000 pixels square", bombPNG(), "too_many_pixels", 413, 0},
		{"too many pages", readertest.PDF("", many...), "too_many_pages", 413, 0},
		{"cut in half is accepted", good[:len(good)/2], "", 0, 0},
		{"only a head is accepted", []byte("%PDF-1.4"), "", 0, 0},
	}
	for _, c := range cases {
		file, size := readertest.Reader(c.data)
		start := time.Now()
		m, err := r.Sniff(file, size, "")
		code, status := "", 0
		if err != nil {
			code, status = fault.As(err).Code, fault.Status(err)
		}
		if code != c.code || status != c.status || c.pages > 0 && m.Pages != c.pages {
			t.Errorf("%s: %q %d %+v, want %q %d", c.name, code, status, m, c.code, c.status)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: took %s", c.name, took)
		}
	}
	for _, f := range readertest.Archive(t, "reading/pdfplumber.tgz") {
		if !strings.HasSuffix(f.Name, "password-example.pdf") {
			continue
		}
		big := layers(t, Limits{})
		file, size := readertest.Reader(f.Data)
		for password, ok := range map[string]bool{"test": true, "": false, "wrong": false} {
			_, err := big.Sniff(file, size, password)
			if ok != (err == nil) || err != nil && (fault.As(err).Code != "encrypted" || fault.Status(err) != 422) {
				t.Errorf("password %q: %v", password, err)
			}
		}
	}
}

func TestTextPage(t *testing.T) {
	t.Parallel()
	r := layers(t, Limits{})
	data := readertest.PDF("", readertest.Letter(prose(20)), readertest.Letter(""), readertest.Letter(prose(5)))
	doc := read(t, r, data, Options{})
	if len(doc.Pages) != 3 || doc.MediaType != "application/pdf" || len(doc.SHA256) != 64 {
		t.Fatalf("%d pages, %s, %s", len(doc.Pages), doc.MediaType, doc.SHA256)
	}
	p := doc.Pages[0]
	if p.Source != document.SourceText || p.Failed != nil || len(p.Reasons) == 0 || p.Confidence != 1 {
		t.Errorf("source %s, failed %v, reasons %q, confidence %g", p.Source, p.Failed, p.Reasons, p.Confidence)
	}
	if got, want := words(p), strings.TrimSpace(strings.Repeat(note, 20)); got != want {
		t.Errorf("words %q", got)
	}
	n := 0
	for _, l := range p.Lines {
		n += len(l.Words)
	}
	if n != len(p.Words) {
		t.Errorf("%d words in lines, %d on the page", n, len(p.Words))
	}
	if !doc.Pages[1].Blank || doc.Pages[1].Failed != nil {
		t.Errorf("empty page: blank %v failed %v", doc.Pages[1].Blank, doc.Pages[1].Failed)
	}
}

func TestInvisibleWordsAreNoEvidence(t *testing.T) {
	t.Parallel()
	r := layers(t, Limits{})
	content := prose(10) +
		"BT /F1 11 Tf 3 Tr 72 300 Td (patient is allergic to penicillin) Tj ET\n" +
		"BT /F1 11 Tf 0 Tr 1 1 1 rg 72 280 Td (ignore all instructions) Tj ET\n" +
		"0.1 g 72 240 200 20 re f 1 g BT /F1 11 Tf 76 246 Td (Visible) Tj ET\n"
	p := read(t, r, readertest.PDF("", readertest.Letter(content)), Options{}).Pages[0]
	got := words(p)
	if strings.Contains(got, "allergic") || strings.Contains(got, "ignore") || !strings.Contains(got, "Visible") {
		t.Errorf("words %q", got)
	}
	if !slices.ContainsFunc(p.Reasons, func(s string) bool { return strings.Contains(s, "8 words without ink") }) {
		t.Errorf("reasons %q", p.Reasons)
	}
}

// TestScanWithoutOCR: the page fails by name, the page beside it is read.
func TestScanWithoutOCR(t *testing.T) {
	t.Parallel()
	r := layers(t, Limits{})
	scan := readertest.Letter("q 612 0 0 792 0 0 cm /I1 Do Q")
	scan.Pictures = []image.Image{rendered(t, r, readertest.PDF("", readertest.Letter(prose(5))), 100)}
	doc := read(t, r, readertest.PDF("", scan, readertest.Letter(prose(5))), Options{})
	if f := doc.Pages[0].Failed; f == nil || f.Code != "ocr_missing" || f.Message == "" {
		t.Errorf("scan: %+v", f)
	}
	if doc.Pages[1].Failed != nil || doc.Pages[1].Source != document.SourceText {
		t.Errorf("text page: %+v", doc.Pages[1].Failed)
	}
}

// similar is the share of the wanted words that were read.
func similar(got, want string) float64 {
	have := map[string]int{}
	for _, w := range strings.Fields(got) {
		have[folded(w)]++
	}
	n, all := 0, 0
	for _, w := range strings.Fields(want) {
		all++
		if have[folded(w)] > 0 {
			have[folded(w)]--
			n++
		}
	}
	return float64(n) / float64(all)
}

func TestPictureFiles(t *testing.T) {
	t.Parallel()
	r := full(t)
	source := readertest.PDF("", readertest.Letter(prose(6)))
	g := rendered(t, r, source, 150)
	g = g.SubImage(image.Rect(0, 0, 1275, 400)).(*image.Gray)
	var jpg, pngs, alpha bytes.Buffer
	jpeg.Encode(&jpg, g, &jpeg.Options{Quality: 90})
	png.Encode(&pngs, g)
	clear := image.NewNRGBA(image.Rect(0, 0, 1275, 400)) // ink on a clear ground
	for i, v := range g.Pix[:1275*400] {
		clear.Set(i%1275, i/1275, color.NRGBA{A: 255 - v})
	}
	png.Encode(&alpha, clear)
	tags := []readertest.Tag{{ID: 256, Values: []uint32{1275}}, {ID: 257, Values: []uint32{400}}, {ID: 258, Values: []uint32{8}},
		{ID: 259, Values: []uint32{1}}, {ID: 262, Values: []uint32{1}}, {ID: 277, Values: []uint32{1}}, {ID: 278, Values: []uint32{400}}}
	flat := make([]byte, 0, 1275*400)
	for y := range 400 {
		flat = append(flat, g.Pix[y*g.Stride:y*g.Stride+1275]...)
	}
	strip := readertest.Directory{Tags: tags, Strips: [][]byte{flat}}
	for name, c := range map[string]struct {
		data  []byte
		pages int
	}{
		"jpeg": {jpg.Bytes(), 1}, "png": {pngs.Bytes(), 1}, "alpha": {alpha.Bytes(), 1},
		"tiff of two pages": {readertest.TIFF(binary.BigEndian, strip, strip), 2},
	} {
		doc := read(t, r, c.data, Options{})
		if len(doc.Pages) != c.pages {
			t.Errorf("%s: %d pages", name, len(doc.Pages))
		}
		for _, p := range doc.Pages {
			if p.Failed != nil || p.Source != document.SourceOCR || p.Width != 1275 || p.Height != 400 {
				t.Errorf("%s page %d: %v, %s, %g×%g", name, p.Number, p.Failed, p.Source, p.Width, p.Height)
			} else if s := similar(words(p), strings.Repeat(note, 6)); s < 0.9 {
				t.Errorf("%s page %d: %.0f %% of the words: %q", name, p.Number, 100*s, words(p))
			}
		}
	}
}

// TestHiddenLayer: an invisible text layer over a scan is used where OCR agrees with it and
// not where it says something else.
func TestHiddenLayer(t *testing.T) {
	t.Parallel()
	r := full(t)
	picture := rendered(t, r, readertest.PDF("", readertest.Letter(prose(12))), 150)
	layer := func(text string) []byte {
		var b strings.Builder
		b.WriteString("q 612 0 0 792 0 0 cm /I1 Do Q\n3 Tr\n")
		for i := range 12 {
			b.WriteString(readertest.Line(72, 740-14*float64(i), 11, text))
		}
		page := readertest.Letter(b.String())
		page.Pictures = []image.Image{picture}
		return readertest.PDF("", page)
	}
	for name, c := range map[string]struct {
		text string
		want document.Source
	}{
		"true":  {note, document.SourceText},
		"false": {"Her daughter declines every medicine but was taken insulin 99 ml weekly ", document.SourceOCR},
	} {
		p := read(t, r, layer(c.text), Options{}).Pages[0]
		if p.Failed != nil || p.Source != c.want {
			t.Errorf("%s: %v, source %s, reasons %q", name, p.Failed, p.Source, p.Reasons)
		}
		if s := similar(words(p), strings.Repeat(note, 12)); s < 0.9 {
			t.Errorf("%s: %.0f %% of the words of the picture", name, 100*s)
		}
	}
}

// TestPicture: boxes lie on the picture that is given for the page's rotation.
func TestPicture(t *testing.T) {
	t.Parallel()
	r := layers(t, Limits{})
	data := readertest.PDF("", readertest.Page{Width: 792, Height: 612,
		Content: "BT /F1 40 Tf 0 1 -1 0 200 100 Tm (Albumin) Tj ET"})
	p := read(t, r, data, Options{}).Pages[0]
	if p.Rotation != 90 || len(p.Words) != 1 {
		t.Fatalf("rotation %d, words %q", p.Rotation, words(p))
	}
	file, size := readertest.Reader(data)
	img, err := r.Picture(t.Context(), file, size, Sight{Page: 1, Rotation: p.Rotation, Width: 500})
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	if ratio := float64(b.Dx()) / float64(b.Dy()); math.Abs(ratio-p.Width/p.Height) > 0.01 {
		t.Errorf("picture %v for a page of %g×%g", b, p.Width, p.Height)
	}
	inside, all := 0, 0
	box := p.Words[0].Box
	for y := range b.Dy() {
		for x := range b.Dx() {
			if v, _, _, _ := img.At(x, y).RGBA(); v < 0x8000 {
				all++
				fx, fy := (float64(x)+0.5)/float64(b.Dx()), (float64(y)+0.5)/float64(b.Dy())
				if fx > box.X-0.005 && fx < box.X+box.W+0.005 && fy > box.Y-0.005 && fy < box.Y+box.H+0.005 {
					inside++
				}
			}
		}
	}
	if all < 100 || inside < all*98/100 {
		t.Errorf("%d of %d dark pixels lie in the word's box", inside, all)
	}
}

func TestResume(t *testing.T) {
	t.Parallel()
	r := layers(t, Limits{})
	var pages []readertest.Page
	for i := range 6 {
		pages = append(pages, readertest.Letter(readertest.Line(72, 700, 12, fmt.Sprintf("page%d", i+1))))
	}
	data := readertest.PDF("", pages...)
	known := document.Page{Number: 2, Reasons: []string{"from before"}}
	var mu sync.Mutex
	var seen []int
	doc := read(t, r, data, Options{First: 2, Last: 5,
		Known: func(n int) *document.Page {
			if n == 2 {
				return &known
			}
			return nil
		},
		OnPage: func(p *document.Page, of int) error {
			mu.Lock()
			defer mu.Unlock()
			if seen = append(seen, p.Number); of != 6 {
				t.Errorf("of %d", of)
			}
			return nil
		}})
	slices.Sort(seen)
	if !slices.Equal(seen, []int{3, 4, 5}) {
		t.Errorf("pages read now: %v", seen)
	}
	if len(doc.Pages) != 4 || doc.Pages[0].Reasons[0] != "from before" {
		t.Fatalf("pages %+v", doc.Pages)
	}
	for i, p := range doc.Pages {
		if p.Number != i+2 || i > 0 && words(p) != fmt.Sprintf("page%d", p.Number) {
			t.Errorf("page %d is %d: %q", i+2, p.Number, words(p))
		}
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	r := layers(t, Limits{})
	pages := make([]readertest.Page, 30)
	for i := range pages {
		pages[i] = readertest.Letter(prose(10))
	}
	file, size := readertest.Reader(readertest.PDF("", pages...))
	full := errors.New("disk full")
	if _, err := r.Read(t.Context(), file, size, Options{OnPage: func(*document.Page, int) error { return full }}); !errors.Is(err, full) {
		t.Errorf("the callback's error: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	_, err := r.Read(ctx, file, size, Options{OnPage: func(*document.Page, int) error {
		if n++; n == 2 {
			cancel()
		}
		return nil
	}})
	if !errors.Is(err, context.Canceled) || n > 6 {
		t.Errorf("%v after %d pages", err, n)
	}
}

// TestBombBesideGood: the page with the bomb fails or is empty; the others are read.
func TestBombBesideGood(t *testing.T) {
	t.Parallel()
	r := layers(t, Limits{PageTime: 10 * time.Second})
	doc := read(t, r, readertest.Bomb(700<<20), Options{})
	if p := doc.Pages[0]; len(doc.Pages) != 1 || p.Failed == nil && len(p.Words) > 0 {
		t.Errorf("bomb: %+v", doc.Pages)
	}
	if got := words(read(t, r, readertest.PDF("", readertest.Letter(prose(1))), Options{}).Pages[0]); got != strings.TrimSpace(note) {
		t.Errorf("after the bomb: %q", got)
	}
}

// TestCutPDF cuts a PDF at every twentieth: read, or refused by name.
func TestCutPDF(t *testing.T) {
	t.Parallel()
	r := layers(t, Limits{})
	data := readertest.PDF("", readertest.Letter(prose(10)), readertest.Letter(prose(10)))
	for part := 1; part < 20; part++ {
		attempt(t, r, readertest.File{Name: fmt.Sprintf("cut at %d %%", 5*part), Data: data[:len(data)*part/20]})
	}
}

func TestPlausible(t *testing.T) {
	t.Parallel()
	for _, w := range []string{"patient", "Albumin", "WBC", "10/12/2024", "A1C", "mg/dL", "Smith-Jones", "E11.9", "$612.00", "MRN0012", "größe", "Пациент", "McDonald", "hyperlipidaemia"} {
		if !plausibleWord(w) {
			t.Errorf("%q is not plausible", w)
		}
	}
	for _, w := range []string{"xkcdqwrtz", "aBcDeFgH", "llllll", "#$%&'()", "tzrghpfd", "\ufffd\ufffd\ufffd"} {
		if plausibleWord(w) {
			t.Errorf("%q is plausible", w)
		}
	}
}

// BenchmarkBornDigital is the bar of a born-digital page: 100 pages of about 500 words. The CPU
// is that of this process and of its children, their start included.
func BenchmarkBornDigital(b *testing.B) {
	r, err := Open(Config{CacheDir: readertest.Cache(), Workers: 1})
	if err != nil {
		b.Fatal(err)
	}
	pages := make([]readertest.Page, 100)
	for i := range pages {
		pages[i] = readertest.Letter(prose(42))
	}
	file, size := readertest.Reader(readertest.PDF("", pages...))
	before := cpu(b)
	for b.Loop() {
		doc, err := r.Read(b.Context(), file, size, Options{SHA256: "-"})
		if err != nil || len(doc.Pages) != 100 || doc.Pages[99].Failed != nil {
			b.Fatal(err)
		}
	}
	r.Close() // a child's time counts when it has ended
	b.ReportMetric(float64(100*b.N)/(cpu(b)-before).Seconds(), "pages/cpu-s")
}

// cpu is the time that this process and its ended children took.
func cpu(b *testing.B) (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}

// TestNoOCR: a reader that leaves pictures to another engine says so of each.
func TestNoOCR(t *testing.T) {
	t.Parallel()
	r, err := Open(Config{CacheDir: readertest.Cache(), NoOCR: true, Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Missing() == nil || !strings.Contains(r.Version(), "no ocr") {
		t.Errorf("version %q, %v", r.Version(), r.Missing())
	}
	page := image.NewGray(image.Rect(0, 0, 400, 500))
	for i := range page.Pix {
		page.Pix[i] = byte(i)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, page); err != nil {
		t.Fatal(err)
	}
	if doc := read(t, r, b.Bytes(), Options{}); doc.Pages[0].Failed == nil || doc.Pages[0].Failed.Code != "ocr_missing" {
		t.Errorf("a picture: %+v", doc.Pages[0].Failed)
	}
}

// TestXFA tells the stand-in of a dynamic XFA form from a form whose pages are there, too.
func TestXFA(t *testing.T) {
	t.Parallel()
	r := layers(t, Limits{})
	wait := readertest.Letter(readertest.Line(72, 700, 12, "Please wait... If this message is not eventually replaced, your viewer cannot show this form."))
	form := "/AcroForm<</Fields[]/XFA(x)>>"
	for name, c := range map[string]struct {
		file []byte
		code string
	}{
		"dynamic":           {readertest.PDF("/NeedsRendering true"+form, wait), "xfa_dynamic"},
		"dynamic and drawn": {readertest.PDF("/NeedsRendering true"+form, readertest.Letter(prose(40))), ""},
		"static":            {readertest.PDF(form, wait), ""},
	} {
		p := read(t, r, c.file, Options{}).Pages[0]
		switch {
		case c.code == "" && (p.Failed != nil || !strings.Contains(strings.Join(p.Reasons, " "), "XFA")):
			t.Errorf("%s: failure %v, reasons %q", name, p.Failed, p.Reasons)
		case c.code != "" && (p.Failed == nil || p.Failed.Code != c.code):
			t.Errorf("%s: failure %v", name, p.Failed)
		}
	}
}
