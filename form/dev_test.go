package form_test

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"chartlake/document"
	"chartlake/eval/score"
	"chartlake/eval/specimen"
	"chartlake/form"
	"chartlake/record"
)

func pdfDoc(t *testing.T, data []byte) *document.Document {
	dir := t.TempDir()
	f := filepath.Join(dir, "a.pdf")
	os.WriteFile(f, data, 0o600)
	out, err := exec.Command("pdftotext", "-bbox-layout", f, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	doc := &document.Document{MediaType: "application/pdf"}
	d := xml.NewDecoder(bytes.NewReader(out))
	d.Strict = false
	var p *document.Page
	n := func(s xml.StartElement, k string) float64 {
		for _, a := range s.Attr {
			if a.Name.Local == k {
				v, _ := strconv.ParseFloat(a.Value, 64)
				return v
			}
		}
		return 0
	}
	for {
		tok, err := d.Token()
		if err != nil {
			break
		}
		s, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		switch s.Name.Local {
		case "page":
			doc.Pages = append(doc.Pages, document.Page{Number: len(doc.Pages) + 1, Width: n(s, "width"), Height: n(s, "height"), Source: document.SourceText, Confidence: 1})
			p = &doc.Pages[len(doc.Pages)-1]
		case "block":
			p.Blocks = append(p.Blocks, document.Block{Kind: document.BlockText})
		case "line":
			p.Lines = append(p.Lines, document.Line{})
			b := &p.Blocks[len(p.Blocks)-1]
			b.Lines = append(b.Lines, len(p.Lines)-1)
		case "word":
			var text string
			d.DecodeElement(&text, &s)
			box := document.Box{X: n(s, "xMin") / p.Width, Y: n(s, "yMin") / p.Height, W: (n(s, "xMax") - n(s, "xMin")) / p.Width, H: (n(s, "yMax") - n(s, "yMin")) / p.Height}
			p.Words = append(p.Words, document.Word{Text: text, Box: box, Confidence: 1})
			l := &p.Lines[len(p.Lines)-1]
			l.Words = append(l.Words, len(p.Words)-1)
		}
	}
	return doc
}

func ocrDoc(t *testing.T, data []byte, ext string) *document.Document {
	dir := t.TempDir()
	f := filepath.Join(dir, "a"+ext)
	os.WriteFile(f, data, 0o600)
	cmd := exec.Command("nice", "tesseract", f, "-", "--psm", "3", "tsv")
	cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	doc := &document.Document{MediaType: "image/png"}
	var p *document.Page
	last := ""
	sc := bufio.NewScanner(bytes.NewReader(out))
	for sc.Scan() {
		c := strings.Split(sc.Text(), "\t")
		if len(c) < 12 || c[0] == "level" {
			continue
		}
		n := func(i int) float64 { v, _ := strconv.ParseFloat(c[i], 64); return v }
		switch c[0] {
		case "1":
			doc.Pages = append(doc.Pages, document.Page{Number: len(doc.Pages) + 1, Width: n(8), Height: n(9), Source: document.SourceOCR})
			p = &doc.Pages[len(doc.Pages)-1]
		case "5":
			if strings.TrimSpace(c[11]) == "" {
				continue
			}
			key := c[1] + "." + c[2] + "." + c[3] + "." + c[4]
			if key != last {
				p.Lines = append(p.Lines, document.Line{})
				last = key
			}
			l := &p.Lines[len(p.Lines)-1]
			l.Words = append(l.Words, len(p.Words))
			p.Words = append(p.Words, document.Word{Text: c[11], Confidence: n(10) / 100, Box: document.Box{X: n(6) / p.Width, Y: n(7) / p.Height, W: n(8) / p.Width, H: n(9) / p.Height}})
		}
	}
	return doc
}

func TestDev(t *testing.T) {
	conds := strings.Fields(os.Getenv("DEV_COND"))
	if len(conds) == 0 {
		t.Skip("dev")
	}
	seeds := 4
	if s := os.Getenv("DEV_SEEDS"); s != "" {
		seeds, _ = strconv.Atoi(s)
	}
	verbose := os.Getenv("DEV_V") != ""
	for _, cond := range conds {
		for _, k := range specimen.Kinds() {
			if only := os.Getenv("DEV_KIND"); only != "" && only != string(k) {
				continue
			}
			for _, layout := range specimen.Layouts(k) {
				if only := os.Getenv("DEV_LAYOUT"); only != "" && only != layout {
					continue
				}
				var sum score.Result
				misses := map[string]int{}
				extra := map[string]int{}
				for seed := 1; seed <= seeds; seed++ {
					sp, err := specimen.Make(uint64(seed)+1000, k, layout, specimen.Condition(cond))
					if err != nil {
						t.Fatal(err)
					}
					var doc *document.Document
					if cond == "pdf" {
						doc = pdfDoc(t, sp.Bytes)
					} else {
						doc = ocrDoc(t, sp.Bytes, filepath.Ext(sp.Name))
					}
					segs := form.Understand(doc, form.Us{})
					rec := &record.Record{Segments: segs}
					r := score.Document(sp.Expected, rec, nil)
					for _, m := range r.Misses {
						misses[m]++
					}
					for f, n := range r.FlagsExtra {
						extra[f] += n
					}
					sum.Type.Add(r.Type)
					sum.Recall.Add(r.Recall)
					sum.Precision.Add(r.Precision)
					sum.PrecisionOf.Add(r.PrecisionOf)
					sum.Rows.Add(r.Rows)
					sum.Cells.Add(r.Cells)
					sum.CellsPrecise.Add(r.CellsPrecise)
					sum.Boxes.Add(r.Boxes)
					sum.Flags.Add(r.Flags)
					sum.Checks.Add(r.Checks)
					sum.Accepted.Add(r.Accepted)
					sum.Wrong.Add(r.Wrong)
					sum.RowsExtra += r.RowsExtra
					if verbose {
						dump(t, segs, sp)
					}
				}
				t.Logf("%s %s/%s type %v rec %v prec %v precOf %v rows %v(+%d) cells %v cprec %v boxes %v flags %v checks %v acc %v WRONG %v extra %v", cond, k, layout,
					sum.Type, sum.Recall, sum.Precision, sum.PrecisionOf, sum.Rows, sum.RowsExtra, sum.Cells, sum.CellsPrecise, sum.Boxes, sum.Flags, sum.Checks, sum.Accepted, sum.Wrong, extra)
				var ms []string
				for m, n := range misses {
					ms = append(ms, fmt.Sprintf("%s×%d", m, n))
				}
				sort.Strings(ms)
				if len(ms) > 24 {
					ms = ms[:24]
				}
				t.Logf("   misses: %v", ms)
			}
		}
	}
}

func dump(t *testing.T, segs []record.Segment, sp *specimen.Specimen) {
	for _, s := range segs {
		t.Logf("== %s %s %.2f pages %v sections %d", sp.Name, s.Type, s.TypeConfidence, s.Pages, len(s.Sections))
		for _, f := range s.Fields {
			v := "<nil>"
			if f.Value != nil {
				v = *f.Value
			}
			want := "-"
			if w, ok := sp.Expected.Fields[f.Name]; ok {
				want = strings.Join(w.Parts, "|")
			}
			t.Logf("   %-20s %-8s %.2f %q want %q %s %v", f.Name, f.State, f.Confidence, v, want, f.Rule, f.Reasons)
		}
		for _, l := range s.Lines {
			line := ""
			for _, k := range []string{"test", "value", "flag", "unit", "range"} {
				if f, ok := l[k]; ok && f.Value != nil {
					mark := ""
					if f.State != record.Accepted {
						mark = "?" + fmt.Sprint(f.Reasons)
					}
					line += fmt.Sprintf("%s=%q%s ", k, *f.Value, mark)
				}
			}
			t.Log("     ", line)
		}
		for _, f := range s.Flags {
			t.Logf("   FLAG %s %s %v", f.Code, f.Message, f.Fields)
		}
	}
}
