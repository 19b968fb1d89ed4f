package searchable

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/image/font/sfnt"

	"chartlake/document"
)

// sample is two pages: words in two lines with letters outside Latin, and a page that was not read.
func sample() *document.Document {
	words := []document.Word{
		{Text: "Größe", Box: document.Box{X: 0.1, Y: 0.1, W: 0.2, H: 0.015}},
		{Text: "gypsy", Box: document.Box{X: 0.32, Y: 0.102, W: 0.1, H: 0.018}},
		{Text: "(a\\b)", Box: document.Box{X: 0.44, Y: 0.1, W: 0.05, H: 0.015}},
		{Text: "≥7", Box: document.Box{X: 0.1, Y: 0.5, W: 0.03, H: 0.01}},
		{Text: "𝛽x", Box: document.Box{X: 0.8, Y: 0.97, W: 0.15, H: 0.02}},
	}
	return &document.Document{Pages: []document.Page{
		{Number: 1, Width: 1700, Height: 2200, DPI: 200, Source: document.SourceOCR, Words: words,
			Lines: []document.Line{{Words: []int{0, 1, 2}}, {Words: []int{3}}, {Words: []int{4, 17, -1}}}},
		{Number: 2, Failed: &document.Failure{Code: "page_failed"}},
	}}
}

func write(t *testing.T, d *document.Document, pictures ...image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	w := New(&b)
	for i := range d.Pages {
		var picture image.Image
		if i < len(pictures) {
			picture = pictures[i]
		}
		if err := w.Add(&d.Pages[i], picture); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// poppler runs a tool on a file, or skips.
func poppler(t *testing.T, data []byte, tool string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skipf("%s (poppler-utils) is not installed", tool)
	}
	file := filepath.Join(t.TempDir(), "page.pdf")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	cmd := exec.Command(tool, append(args, file, "-")...)
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || bytes.Contains(complaints.Bytes(), []byte("Syntax")) {
		t.Fatalf("%s: %v %s", tool, err, &complaints)
	}
	return out
}

// TestWordsStandInTheirBoxes: another program finds each word where the document has it.
func TestWordsStandInTheirBoxes(t *testing.T) {
	t.Parallel()
	d := sample()
	var file struct {
		Pages []struct {
			Width  float64 `xml:"width,attr"`
			Height float64 `xml:"height,attr"`
			Words  []struct {
				XMin float64 `xml:"xMin,attr"`
				YMin float64 `xml:"yMin,attr"`
				XMax float64 `xml:"xMax,attr"`
				YMax float64 `xml:"yMax,attr"`
				Text string  `xml:",chardata"`
			} `xml:"word"`
		} `xml:"body>doc>page"`
	}
	x := xml.NewDecoder(bytes.NewReader(poppler(t, write(t, d), "pdftotext", "-bbox")))
	x.Strict, x.Entity = false, xml.HTMLEntity
	if err := x.Decode(&file); err != nil {
		t.Fatal(err)
	}
	if len(file.Pages) != 2 || file.Pages[0].Width != 612 || file.Pages[0].Height != 792 || file.Pages[1].Width != 612 {
		t.Fatalf("pages: %+v", file.Pages)
	}
	got := map[string]document.Box{}
	for _, w := range file.Pages[0].Words {
		got[w.Text] = document.Box{X: w.XMin / 612, Y: w.YMin / 792, W: (w.XMax - w.XMin) / 612, H: (w.YMax - w.YMin) / 792}
	}
	got["𝛽x"] = got["\ufffdx"]
	for _, w := range d.Pages[0].Words {
		if iou := w.Box.IoU(got[w.Text]); iou < 0.95 {
			t.Errorf("%q stands at %v, want %v", w.Text, got[w.Text], w.Box)
		}
	}
}

func TestTextCanBeCopied(t *testing.T) {
	t.Parallel()
	text := string(poppler(t, write(t, sample()), "pdftotext", "-raw"))
	if diff := cmp.Diff("Größe gypsy (a\\b)\n≥7\n\ufffdx\n\f\f", text); diff != "" {
		t.Error(diff)
	}
}

// TestPictures: black and white stays exact, grey and colour look the same after JPEG.
func TestPictures(t *testing.T) {
	t.Parallel()
	bilevel, grey, colour := image.NewGray(image.Rect(0, 0, 61, 40)), image.NewGray(image.Rect(0, 0, 60, 40)), image.NewRGBA(image.Rect(5, 5, 65, 45))
	for y := range 40 {
		for x := range 60 {
			bilevel.SetGray(x, y, color.Gray{Y: uint8(255 * ((x/8 + y/8) % 2))})
			grey.SetGray(x, y, color.Gray{Y: uint8(4 * x)})
			colour.Set(x+5, y+5, color.RGBA{R: 200, G: uint8(4 * x), A: 255})
		}
	}
	for name, c := range map[string]struct {
		picture image.Image
		entries string
		off     int // levels
	}{
		"bilevel":             {bilevel, "/DeviceGray /BitsPerComponent 1 ", 0},
		"grey":                {grey, "/DeviceGray /BitsPerComponent 8 ", 4},
		"colour":              {colour, "/DeviceRGB /BitsPerComponent 8 ", 24},
		"grey as colour":      {rgba(grey), "/DeviceGray /BitsPerComponent 8 ", 4},
		"one column of black": {image.NewGray(image.Rect(0, 0, 1, 9)), "/DeviceGray /BitsPerComponent 1 ", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := c.picture.Bounds()
			d := &document.Document{Pages: []document.Page{{Number: 1, Width: float64(b.Dx()), Height: float64(b.Dy()), DPI: 72}}}
			data := write(t, d, c.picture)
			if !bytes.Contains(data, []byte(c.entries)) {
				t.Errorf("the picture is not %s", c.entries)
			}
			got := extract(t, data)
			if got.Bounds().Size() != b.Size() {
				t.Fatalf("the picture is %v, want %v", got.Bounds(), b)
			}
			for y := range b.Dy() {
				for x := range b.Dx() {
					r, g, bl, _ := c.picture.At(b.Min.X+x, b.Min.Y+y).RGBA()
					r2, g2, b2, _ := got.At(got.Bounds().Min.X+x, got.Bounds().Min.Y+y).RGBA()
					for i, v := range [3][2]uint32{{r, r2}, {g, g2}, {bl, b2}} {
						if math.Abs(float64(v[0]>>8)-float64(v[1]>>8)) > float64(c.off) {
							t.Fatalf("colour %d of pixel %d,%d is %d, want %d", i, x, y, v[1]>>8, v[0]>>8)
						}
					}
				}
			}
		})
	}
}

// extract takes the picture out with pdfimages, or skips.
func extract(t *testing.T, data []byte) image.Image {
	t.Helper()
	if _, err := exec.LookPath("pdfimages"); err != nil {
		t.Skip("pdfimages (poppler-utils) is not installed")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "page.pdf")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("pdfimages", "-png", file, filepath.Join(dir, "picture")).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	f, err := os.Open(filepath.Join(dir, "picture-000.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func rgba(g *image.Gray) *image.RGBA {
	out := image.NewRGBA(g.Bounds())
	for y := range g.Bounds().Dy() {
		for x := range g.Bounds().Dx() {
			out.Set(x, y, g.At(x, y))
		}
	}
	return out
}

func TestTheFontIsAFont(t *testing.T) {
	t.Parallel()
	data := glyphless()
	f, err := sfnt.Parse(data)
	if err != nil || f.NumGlyphs() != 2 || f.UnitsPerEm() != em {
		t.Fatalf("%v", err)
	}
	if got := sum(data); got != 0xB1B0AFBA {
		t.Errorf("the checksum of the file is %x", got)
	}
	for i := range int(binary.BigEndian.Uint16(data[4:])) {
		entry := data[12+16*i:]
		at, n := binary.BigEndian.Uint32(entry[8:]), binary.BigEndian.Uint32(entry[12:])
		table := bytes.Clone(data[at : at+n])
		if string(entry[:4]) == "head" {
			binary.BigEndian.PutUint32(table[8:], 0)
		}
		if sum(table) != binary.BigEndian.Uint32(entry[4:]) {
			t.Errorf("the checksum of %s is wrong", entry[:4])
		}
	}
}

var object = regexp.MustCompile(`(?m)^(\d{10}) 00000 n $`)

// TestOffsets: every entry of the cross-reference table points to its object.
func TestOffsets(t *testing.T) {
	t.Parallel()
	data := write(t, sample(), image.NewGray(image.Rect(0, 0, 10, 10)))
	table := data[bytes.LastIndex(data, []byte("\nxref\n")):]
	for i, m := range object.FindAllSubmatch(table, -1) {
		at, _ := strconv.Atoi(string(m[1]))
		if want := fmt.Sprintf("%d 0 obj\n", i+1); !bytes.HasPrefix(data[at:], []byte(want)) {
			t.Errorf("object %d is not at %d", i+1, at)
		}
	}
	if !bytes.Equal(data, write(t, sample(), image.NewGray(image.Rect(0, 0, 10, 10)))) {
		t.Error("the same pages give other bytes")
	}
}

// broken fails after some bytes, as a full disk does.
type broken struct{ left int }

func (b *broken) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, os.ErrDeadlineExceeded
	}
	return len(p), nil
}

func TestErrorsOfWritingAreSaid(t *testing.T) {
	t.Parallel()
	for _, left := range []int{0, 20_000} {
		w := New(&broken{left})
		for range 200 {
			_ = w.Add(&sample().Pages[0], nil)
		}
		if err := w.Close(); err == nil {
			t.Errorf("a file that ended after %d bytes was written", left)
		}
	}
}
