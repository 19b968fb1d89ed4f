package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/document/textract"
	"chartlake/eval/specimen"
)

// paper writes a form in a condition and gives its path and its true words.
func paper(t *testing.T, condition specimen.Condition) (path string, words map[string]bool) {
	t.Helper()
	s, err := specimen.Make(4, specimen.Form, "two-column", condition)
	if err != nil {
		t.Fatal(err)
	}
	words = map[string]bool{}
	for _, w := range s.Reading.Pages[0].Words {
		words[w.Text] = true
	}
	return file(t, s.Name, s.Bytes), words
}

func read(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := command(append([]string{"read"}, args...)...)
	if code != 0 {
		t.Fatalf("code %d: %s", code, stderr)
	}
	return stdout
}

func TestReadAsBlocksAndHOCR(t *testing.T) {
	t.Parallel()
	path, words := paper(t, specimen.PDF)
	var r textract.Response
	if err := json.Unmarshal([]byte(read(t, path, "--format", "textract", "--query", "What is the patient's date of birth?", "--query", "Who wrote it?")), &r); err != nil {
		t.Fatal(err)
	}
	kinds, answers := map[string]int{}, 0
	for _, b := range r.Blocks {
		kinds[b.BlockType]++
		if b.BlockType == "WORD" && !words[b.Text] && !words[strings.TrimSuffix(b.Text, ":")] {
			t.Errorf("%q is not on the page", b.Text)
		}
		if b.BlockType == "QUERY_RESULT" {
			if answers++; strings.Count(b.Text, "/") != 2 {
				t.Errorf("the date of birth is %q", b.Text)
			}
		}
	}
	if kinds["PAGE"] != 1 || kinds["KEY_VALUE_SET"] < 20 || kinds["SELECTION_ELEMENT"] < 20 || kinds["QUERY"] != 2 || answers != 1 {
		t.Errorf("blocks: %v", kinds)
	}
	x := xml.NewDecoder(strings.NewReader(read(t, path, "--format", "hocr")))
	n := 0
	for {
		token, err := x.Token()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && len(e.Attr) > 0 && e.Attr[0].Value == "ocrx_word" {
			n++
		}
	}
	if n != kinds["WORD"] {
		t.Errorf("hOCR has %d words, Block JSON %d", n, kinds["WORD"])
	}
}

func TestReadAsSearchablePDF(t *testing.T) {
	t.Parallel()
	born, _ := paper(t, specimen.PDF)
	original, err := os.ReadFile(born)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, born, "--format", "pdf"); got != string(original) {
		t.Error("a PDF that is searchable already was changed")
	}
	for _, tool := range []string{"tesseract", "pdftotext"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	scanned, _ := paper(t, specimen.Turned90)
	var doc document.Document
	if err := json.Unmarshal([]byte(read(t, scanned)), &doc); err != nil {
		t.Fatal(err)
	}
	out := file(t, "searchable.pdf", []byte(read(t, scanned, "--format", "pdf")))
	listed, err := exec.Command("pdftotext", "-bbox", out, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	var found struct {
		Page struct {
			Width  float64 `xml:"width,attr"`
			Height float64 `xml:"height,attr"`
			Words  []struct {
				X0   float64 `xml:"xMin,attr"`
				Y0   float64 `xml:"yMin,attr"`
				X1   float64 `xml:"xMax,attr"`
				Y1   float64 `xml:"yMax,attr"`
				Text string  `xml:",chardata"`
			} `xml:"word"`
		} `xml:"body>doc>page"`
	}
	x := xml.NewDecoder(bytes.NewReader(listed))
	x.Strict, x.Entity = false, xml.HTMLEntity
	if err := x.Decode(&found); err != nil {
		t.Fatal(err)
	}
	w, h, right := found.Page.Width, found.Page.Height, 0
	for _, word := range doc.Pages[0].Words {
		for _, f := range found.Page.Words {
			if f.Text == word.Text && word.Box.IoU(document.Box{X: f.X0 / w, Y: f.Y0 / h, W: (f.X1 - f.X0) / w, H: (f.Y1 - f.Y0) / h}) > 0.9 {
				right++
				break
			}
		}
	}
	if n := len(doc.Pages[0].Words); n < 80 || right*100 < 97*n || w > h {
		t.Errorf("%d of %d words stand in their boxes, on paper of %.0f by %.0f", right, n, w, h)
	}
}

// TestReadPagesByLine: where no terminal is the Document has a page on each line, and is what
// package json makes of it.
func TestReadPagesByLine(t *testing.T) {
	t.Parallel()
	path, words := paper(t, specimen.PDF)
	out := read(t, path)
	var doc document.Document
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out, "\n"); lines != len(doc.Pages)+2 || len(doc.SHA256) != 64 || doc.MediaType != "application/pdf" {
		t.Errorf("%d lines for %d pages of %s", lines, len(doc.Pages), doc.MediaType)
	}
	n := 0
	for _, w := range doc.Pages[0].Words {
		if words[w.Text] {
			n++
		}
	}
	if n < len(words)/2 {
		t.Errorf("%d of %d words", n, len(words))
	}
}
