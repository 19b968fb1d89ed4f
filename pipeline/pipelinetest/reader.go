// Package pipelinetest is what every page reader and every annotator of the pipeline must do,
// our own and those reached over a network.
package pipelinetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"sync"
	"testing"

	"chartlake/document"
	"chartlake/pipeline"
	"chartlake/reader"
)

// File is what a page reader is tried on: a file of at least two pages that it can read, each
// with words.
type File struct {
	Data  []byte
	Pages int
}

func (f File) hash() string {
	sum := sha256.Sum256(f.Data)
	return hex.EncodeToString(sum[:])
}

func (f File) read(ctx context.Context, r pipeline.Reader, o reader.Options) (*document.Document, error) {
	return r.Read(ctx, bytes.NewReader(f.Data), int64(len(f.Data)), o)
}

// Reader runs the suite. open gives a reader that can read the file.
func Reader(t *testing.T, file File, open func(t *testing.T) pipeline.Reader) {
	for name, test := range map[string]func(*testing.T, pipeline.Reader, File){
		"pages in are pages out": pagesOut,
		"goes on":                goesOn,
		"range":                  pageRange,
		"stops when told":        stops,
		"ends with its context":  ends,
		"many at once":           manyAtOnce,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t)
			if v := r.Version(); v == "" || v != r.Version() {
				t.Error("the reader has no lasting version")
			}
			test(t, r, file)
		})
	}
}

func pagesOut(t *testing.T, r pipeline.Reader, file File) {
	told := map[int]*document.Page{}
	doc, err := file.read(t.Context(), r, reader.Options{OnPage: func(p *document.Page, of int) error {
		if told[p.Number] != nil || of != file.Pages {
			t.Errorf("page %d of %d was told, it was told before: %v", p.Number, of, told[p.Number] != nil)
		}
		c := *p
		told[p.Number] = &c
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if doc.SHA256 != file.hash() || doc.MediaType == "" || len(doc.Pages) != file.Pages || len(told) != file.Pages {
		t.Fatalf("hash %q, type %q, %d pages, %d told", doc.SHA256, doc.MediaType, len(doc.Pages), len(told))
	}
	for i := range doc.Pages {
		p := &doc.Pages[i]
		if p.Number != i+1 || p.Failed != nil || len(p.Words) == 0 {
			t.Fatalf("page %d at place %d: failed %v, %d words", p.Number, i, p.Failed, len(p.Words))
		}
		if got := told[p.Number]; got == nil || got.Confidence != p.Confidence || len(got.Words) != len(p.Words) || len(got.Reasons) != len(p.Reasons) {
			t.Errorf("page %d is not as it was told", p.Number)
		}
		Page(t, p)
	}
}

// Page checks that a page holds together: places on the page, confidence in 0..1, each word in
// exactly one line, each line in one block, and no index that points to nothing.
func Page(t *testing.T, p *document.Page) {
	t.Helper()
	on := func(what string, b document.Box) {
		t.Helper()
		const e = 1e-6
		if b.X < -e || b.Y < -e || b.W < 0 || b.H < 0 || b.X+b.W > 1+e || b.Y+b.H > 1+e {
			t.Errorf("page %d: a %s stands at %v", p.Number, what, b)
		}
	}
	sure := func(what string, c float64) {
		t.Helper()
		if !(c >= 0 && c <= 1) {
			t.Errorf("page %d: a %s has confidence %v", p.Number, what, c)
		}
	}
	words := func(what string, list []int) {
		t.Helper()
		for _, w := range list {
			if w < 0 || w >= len(p.Words) {
				t.Errorf("page %d: a %s names word %d of %d", p.Number, what, w, len(p.Words))
			}
		}
	}
	if p.Rotation%90 != 0 || p.Rotation < 0 || p.Rotation > 270 {
		t.Errorf("page %d is turned by %d", p.Number, p.Rotation)
	}
	for _, w := range p.Words {
		on("word", w.Box)
		sure("word", w.Confidence)
		if w.Text == "" {
			t.Errorf("page %d has a word without text", p.Number)
		}
	}
	once := map[int]int{}
	for _, l := range p.Lines {
		on("line", l.Box)
		words("line", l.Words)
		for _, w := range l.Words {
			once[w]++
		}
	}
	for i := range p.Words {
		if once[i] != 1 {
			t.Errorf("page %d: word %d is in %d lines", p.Number, i, once[i])
		}
	}
	lines := map[int]int{}
	for _, b := range p.Blocks {
		on("block", b.Box)
		for _, l := range b.Lines {
			lines[l]++
		}
	}
	if len(p.Blocks) > 0 {
		for i := range p.Lines {
			if lines[i] != 1 {
				t.Errorf("page %d: line %d is in %d blocks", p.Number, i, lines[i])
			}
		}
	}
	for _, f := range p.Fields {
		on("key", f.KeyBox)
		on("value", f.ValueBox)
		sure("field", f.Confidence)
		words("key", f.KeyWords)
		words("value", f.ValueWords)
	}
	for _, m := range p.Marks {
		on("mark", m.Box)
		sure("mark", m.Confidence)
		words("mark", m.LabelWords)
	}
	for _, table := range p.Tables {
		on("table", table.Box)
		for _, c := range table.Cells {
			on("cell", c.Box)
			sure("cell", c.Confidence)
			words("cell", c.Words)
			if c.Row < 0 || c.Column < 0 || c.Row+max(c.RowSpan, 1) > table.Rows || c.Column+max(c.ColumnSpan, 1) > table.Columns {
				t.Errorf("page %d: a cell at %d,%d of a table of %d by %d", p.Number, c.Row, c.Column, table.Rows, table.Columns)
			}
		}
	}
}

func goesOn(t *testing.T, r pipeline.Reader, file File) {
	known := &document.Page{Number: 1, Width: 1, Height: 1, Reasons: []string{"read before"}}
	var told []int
	doc, err := file.read(t.Context(), r, reader.Options{SHA256: "given",
		Known: func(n int) *document.Page {
			if n == 1 {
				return known
			}
			return nil
		},
		OnPage: func(p *document.Page, _ int) error { told = append(told, p.Number); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if doc.SHA256 != "given" || len(doc.Pages) != file.Pages || len(doc.Pages[0].Reasons) != 1 || len(doc.Pages[0].Words) != 0 {
		t.Errorf("a page that is known was read again: %+v", doc.Pages[0].Reasons)
	}
	if len(told) != file.Pages-1 {
		t.Errorf("told pages %v", told)
	}
}

func pageRange(t *testing.T, r pipeline.Reader, file File) {
	doc, err := file.read(t.Context(), r, reader.Options{First: 2, Last: 2})
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.Pages) != 1 || doc.Pages[0].Number != 2 {
		t.Errorf("%d pages, want page 2", len(doc.Pages))
	}
}

func stops(t *testing.T, r pipeline.Reader, file File) {
	enough := errors.New("enough")
	n := 0
	_, err := file.read(t.Context(), r, reader.Options{OnPage: func(*document.Page, int) error { n++; return enough }})
	if !errors.Is(err, enough) || n != 1 {
		t.Errorf("told %d pages, then %v", n, err)
	}
}

func ends(t *testing.T, r pipeline.Reader, file File) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := file.read(ctx, r, reader.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func manyAtOnce(t *testing.T, r pipeline.Reader, file File) {
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			hash := "hash " + strconv.Itoa(i)
			doc, err := file.read(t.Context(), r, reader.Options{SHA256: hash})
			if err != nil || doc.SHA256 != hash || len(doc.Pages) != file.Pages {
				t.Errorf("reading %d: %v", i, err)
			}
		})
	}
	group.Wait()
}
