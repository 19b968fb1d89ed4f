package hocr

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/document"
)

// element is what a reader of hOCR sees.
type element struct {
	Class string    `xml:"class,attr"`
	ID    string    `xml:"id,attr"`
	Title string    `xml:"title,attr"`
	Text  string    `xml:",chardata"`
	Inner []element `xml:",any"`
}

func parse(t *testing.T, data []byte) []element {
	t.Helper()
	var file struct {
		Pages []element `xml:"body>div"`
	}
	x := xml.NewDecoder(bytes.NewReader(data))
	x.Strict = true
	if err := x.Decode(&file); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return file.Pages
}

func write(t *testing.T, d *document.Document) []element {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, d); err != nil {
		t.Fatal(err)
	}
	return parse(t, b.Bytes())
}

func sample() *document.Document {
	line := document.Line{Words: []int{0, 1}, Box: document.Box{X: 0.1, Y: 0.1, W: 0.4, H: 0.02}}
	foot := document.Line{Words: []int{2}, Box: document.Box{X: 0.4, Y: 0.9, W: 0.1, H: 0.02}}
	return &document.Document{Pages: []document.Page{{
		Number: 1, Width: 1700, Height: 2200, DPI: 200, Source: document.SourceOCR, Skew: 1,
		Words: []document.Word{{Text: "A<B", Confidence: 0.934, Box: document.Box{X: 0.1, Y: 0.1, W: 0.1, H: 0.02}},
			{Text: "\"&\x01é", Confidence: 1, Box: document.Box{X: 0.3, Y: 0.1, W: 0.2, H: 0.02}}, {Text: "1", Box: document.Box{X: 0.4, Y: 0.9, W: 0.1, H: 0.02}}},
		Lines:  []document.Line{line, foot},
		Blocks: []document.Block{{Kind: document.BlockText, Lines: []int{0}, Box: line.Box}, {Kind: document.BlockFooter, Lines: []int{1}, Box: foot.Box}},
	}, {Number: 2, Failed: &document.Failure{Code: "page_failed"}},
		{Number: 3, Width: 612, Height: 792, Source: document.SourceText, Words: []document.Word{{Text: "x", Box: document.Box{W: 0.5, H: 0.5}}}, Lines: []document.Line{{Words: []int{0, 9}, Box: document.Box{W: 0.5, H: 0.5}}}}}}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	pages := write(t, sample())
	var got []string
	var walk func(e element, depth int)
	walk = func(e element, depth int) {
		got = append(got, fmt.Sprintf("%*s%s %s|%s", depth, "", e.Class, e.Title, strings.TrimSpace(e.Text)))
		for _, c := range e.Inner {
			walk(c, depth+1)
		}
	}
	for _, p := range pages {
		walk(p, 0)
	}
	want := []string{
		"ocr_page bbox 0 0 1700 2200; ppageno 0; scan_res 200 200|",
		" ocr_carea bbox 170 220 850 264|", "  ocr_par bbox 170 220 850 264|",
		"   ocr_line bbox 170 220 850 264; baseline 0.0175 0; textangle -1.00|",
		"    ocrx_word bbox 170 220 340 264; x_wconf 93|A<B", "    ocrx_word bbox 510 220 850 264; x_wconf 100|\"&\ufffdé",
		" ocr_carea bbox 680 1980 850 2024|", "  ocr_par bbox 680 1980 850 2024|",
		"   ocr_footer bbox 680 1980 850 2024; baseline 0.0175 0; textangle -1.00|", "    ocrx_word bbox 680 1980 850 2024; x_wconf 0|1",
		"ocr_page bbox 0 0 0 0; ppageno 1|",
		"ocr_page bbox 0 0 2550 3300; ppageno 2; scan_res 300 300|",
		" ocr_carea bbox 0 0 1275 1650|", "  ocr_par bbox 0 0 1275 1650|", "   ocr_line bbox 0 0 1275 1650; baseline 0.0000 0|", "    ocrx_word bbox 0 0 1275 1650; x_wconf 0|x",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

var anyID = regexp.MustCompile(`id="([^"]*)"`)

func TestIDsAreUnique(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := Write(&b, sample()); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range anyID.FindAllStringSubmatch(b.String(), -1) {
		if seen[m[1]] {
			t.Errorf("two elements have the id %s", m[1])
		}
		seen[m[1]] = true
	}
}

func FuzzText(f *testing.F) {
	f.Add("a<b>&\"'\x00\x1f\ufffe]]>")
	f.Fuzz(func(t *testing.T, s string) {
		d := sample()
		d.Pages[0].Words[0].Text = s
		var b bytes.Buffer
		if err := Write(&b, d); err != nil {
			t.Fatal(err)
		}
		x := xml.NewDecoder(&b)
		for {
			if _, err := x.Token(); err == io.EOF {
				return
			} else if err != nil {
				t.Fatal(err)
			}
		}
	})
}
