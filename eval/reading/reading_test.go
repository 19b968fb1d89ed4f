package reading_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/document"
	"chartlake/eval"
	"chartlake/eval/reading"
	"chartlake/eval/specimen"
	"chartlake/fault"
)

// pages generates the truths of every reading layout, both for development and kept apart.
func pages(t *testing.T) []*reading.Truth {
	t.Helper()
	var out []*reading.Truth
	for _, kind := range specimen.ReadingKinds() {
		for _, layout := range append(specimen.Layouts(kind), specimen.ApartLayouts(kind)...) {
			s, err := specimen.Make(7, kind, layout, specimen.PDF)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, s.Reading)
		}
	}
	return out
}

// perfect is the document that reads everything as it truly is.
func perfect(t *reading.Truth) *document.Document {
	d := &document.Document{}
	for _, p := range t.Pages {
		page := document.Page{Number: p.Page, Rotation: *p.Rotation, Skew: *p.Skew}
		for _, w := range p.Words {
			page.Words = append(page.Words, document.Word{Text: w.Text, Box: w.Box})
		}
		for _, f := range p.Fields {
			page.Fields = append(page.Fields, document.Field{Key: f.Key, Value: f.Value, ValueBox: f.Box})
		}
		for _, m := range p.Marks {
			state := document.MarkOff
			if m.On {
				state = document.MarkOn
			}
			page.Marks = append(page.Marks, document.Mark{State: state, Box: m.Box})
		}
		for _, c := range p.Codes {
			page.Barcodes = append(page.Barcodes, document.Code{Symbology: c.Symbology, Text: c.Text, Box: c.Box})
		}
		for _, table := range p.Tables {
			g := document.Table{Rows: table.Rows, Columns: table.Columns, Header: table.Header, Box: table.Box}
			for _, c := range table.Cells {
				g.Cells = append(g.Cells, document.Cell{Row: c.Row, Column: c.Column, RowSpan: c.RowSpan, ColumnSpan: c.ColumnSpan, Text: c.Text, Box: c.Box})
			}
			page.Tables = append(page.Tables, g)
		}
		d.Pages = append(d.Pages, page)
	}
	return d
}

func figures(t *testing.T, read func(*reading.Truth) *document.Document) *reading.Group {
	t.Helper()
	var results []reading.Result
	for _, truth := range pages(t) {
		truth.Layout = "one" // one total over both sets
		results = append(results, truth.Score(read(truth), "")...)
	}
	return reading.Sum(results, eval.Wilson).Group("total")
}

func TestThePerfectReadingScoresFull(t *testing.T) {
	t.Parallel()
	g := figures(t, perfect)
	for _, name := range []string{"wer", "bag"} {
		if f := g.Figure(name); f.Value != 0 || f.Of < 1000 || f.High > 0.01 {
			t.Errorf("%s: %+v", name, f)
		}
	}
	for _, name := range []string{"word_boxes", "fields", "fields_exact", "value_boxes", "marks", "codes", "cells", "cells_ruled", "cells_half_ruled", "cells_borderless", "structure", "headers", "rotation", "skew"} {
		if f := g.Figure(name); f.Value != 1 || f.Of < 2 || f.Low < 0.3 || f.High != 1 {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestDegenerateReadersScoreBadly(t *testing.T) {
	t.Parallel()
	t.Run("nothing read", func(t *testing.T) {
		t.Parallel()
		g := figures(t, func(*reading.Truth) *document.Document { return &document.Document{} })
		if g.Failed != g.Pages {
			t.Errorf("%d of %d pages count as not read", g.Failed, g.Pages)
		}
		for name, want := range map[string]float64{"wer": 1, "bag": 1, "fields": 0, "marks": 0, "codes": 0, "cells": 0, "structure": 0, "rotation": 0, "skew": 0} {
			if f := g.Figure(name); f.Value != want || f.Of == 0 {
				t.Errorf("%s: %+v, want %g", name, f, want)
			}
		}
	})
	t.Run("words in any order", func(t *testing.T) {
		t.Parallel()
		g := figures(t, func(truth *reading.Truth) *document.Document {
			d := perfect(truth)
			w := d.Pages[0].Words
			rand.New(rand.NewPCG(1, 2)).Shuffle(len(w), func(i, j int) { w[i], w[j] = w[j], w[i] })
			return d
		})
		if f := g.Figure("wer"); f.Low < 0.7 {
			t.Errorf("wer: %+v", f)
		}
		if f := g.Figure("bag"); f.Value != 0 {
			t.Errorf("bag: %+v", f)
		}
	})
	t.Run("everything twice", func(t *testing.T) {
		t.Parallel()
		g := figures(t, func(truth *reading.Truth) *document.Document {
			d := perfect(truth)
			p := &d.Pages[0]
			p.Words, p.Fields, p.Marks, p.Tables = append(p.Words, p.Words...), append(p.Fields, p.Fields...), append(p.Marks, p.Marks...), append(p.Tables, p.Tables...)
			p.Barcodes = append(p.Barcodes, p.Barcodes...)
			return d
		})
		for _, name := range []string{"fields", "marks", "codes", "cells", "structure"} {
			if f := g.Figure(name); f.Value > 0.67 {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if f := g.Figure("wer"); f.Value < 0.9 {
			t.Errorf("wer: %+v", f)
		}
	})
	t.Run("every box marked, each table one column, no boxes", func(t *testing.T) {
		t.Parallel()
		g := figures(t, func(truth *reading.Truth) *document.Document {
			d := perfect(truth)
			p := &d.Pages[0]
			for i := range p.Marks {
				p.Marks[i].State = document.MarkOn
			}
			for i := range p.Words {
				p.Words[i].Box = document.Box{W: 1, H: 1}
			}
			for i := range p.Tables {
				table := &p.Tables[i]
				for k := range table.Cells {
					table.Cells[k].Row, table.Cells[k].Column = k, 0
				}
				table.Rows, table.Columns = len(table.Cells), 1
			}
			return d
		})
		for name, most := range map[string]float64{"marks": 0.6, "cells": 0.35, "structure": 0.35, "word_boxes": 0} {
			if f := g.Figure(name); f.Value > most || f.Of == 0 {
				t.Errorf("%s: %+v", name, f)
			}
		}
	})
	t.Run("fields swapped", func(t *testing.T) {
		t.Parallel()
		g := figures(t, func(truth *reading.Truth) *document.Document {
			d := perfect(truth)
			f := d.Pages[0].Fields
			for i := range f {
				f[i].Key, f[i].Value = f[i].Value, f[i].Key
			}
			return d
		})
		if f := g.Figure("fields"); f.Value > 0.05 {
			t.Errorf("fields: %+v", f)
		}
	})
}

func score(t *testing.T, want reading.Page, got document.Page) reading.Result {
	t.Helper()
	want.Page, got.Number = 1, 1
	truth := reading.Truth{Pages: []reading.Page{want}}
	return truth.Score(&document.Document{Pages: []document.Page{got}}, "")[0]
}

func wordsOf(list ...string) (truth []reading.Word, read []document.Word) {
	for i, s := range list {
		box := document.Box{X: 0.1 * float64(i), Y: 0.5, W: 0.08, H: 0.02}
		truth = append(truth, reading.Word{Text: s, Box: box})
		read = append(read, document.Word{Text: s, Box: box})
	}
	return truth, read
}

func TestWords(t *testing.T) {
	t.Parallel()
	mark := document.Box{X: 0.2, Y: 0.5, W: 0.08, H: 0.02}
	cases := map[string]struct {
		want   []string
		orders [][]int
		marks  []reading.Mark
		got    []string
		words  int
		errors int
		bag    int
	}{
		"equal":                            {want: []string{"a", "b"}, got: []string{"a", "b"}, words: 2},
		"case and punctuation count":       {want: []string{"Name:", "Doe"}, got: []string{"name:", "Doe."}, words: 2, errors: 2, bag: 2},
		"quotes and dashes are one":        {want: []string{"O'Brannigan", "7-10"}, got: []string{"O’Brannigan", "7–10"}, words: 2},
		"ligatures are letters":            {want: []string{"fine"}, got: []string{"ﬁne"}, words: 1},
		"leaders are not words":            {want: []string{"Name", ".....", "Doe"}, got: []string{"Name.....", "Doe", "____"}, words: 2},
		"a full stop stays":                {want: []string{"end."}, got: []string{"end"}, words: 1, errors: 1, bag: 1},
		"moved is two errors, bag is none": {want: []string{"a", "b", "c"}, got: []string{"c", "a", "b"}, words: 3, errors: 2},
		"another order is right":           {want: []string{"a", "b", "c"}, orders: [][]int{{2, 0, 1}}, got: []string{"c", "a", "b"}, words: 3},
		"too many":                         {want: []string{"a"}, got: []string{"a", "b", "c"}, words: 1, errors: 2, bag: 2},
		"what stands in a mark is no word": {want: []string{"Yes", "No", "X"}, marks: []reading.Mark{{Box: mark}}, got: []string{"Yes", "No", "O"}, words: 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, _ := wordsOf(c.want...)
			_, got := wordsOf(c.got...)
			r := score(t, reading.Page{Words: want, Orders: c.orders, Marks: c.marks}, document.Page{Words: got})
			if r.Words != c.words || r.Errors != c.errors || r.BagErrors != c.bag {
				t.Errorf("words %d errors %d bag %d, want %d %d %d", r.Words, r.Errors, r.BagErrors, c.words, c.errors, c.bag)
			}
		})
	}
}

func TestFieldsAndMarks(t *testing.T) {
	t.Parallel()
	at := document.Box{X: 0.1, Y: 0.1, W: 0.1, H: 0.1}
	r := score(t, reading.Page{
		Fields: []reading.Field{{Key: "Name", Value: "Jane Doe", Box: at}, {Key: "Phone", Value: "555-0100", Box: at}, {Key: "Signature"}},
		Marks:  []reading.Mark{{On: true, Box: at}, {Box: document.Box{X: 0.5, Y: 0.5, W: 0.1, H: 0.1}}},
	}, document.Page{
		Fields: []document.Field{{Key: "Name:", Value: "Jane Doc", ValueBox: at}, {Key: "Phone", Value: "Jane Doe"}, {Key: "Signature"}, {Key: "Sex", Value: "Male", Source: "mark"}},
		Marks:  []document.Mark{{State: document.MarkOn, Box: at}, {State: document.MarkAmbiguous, Box: document.Box{X: 0.5, Y: 0.5, W: 0.1, H: 0.1}}},
	})
	want := reading.Result{Page: 1, Fields: reading.Found{There: 2, Found: 2, Right: 1}, FieldsExact: reading.Found{There: 2, Found: 2},
		ValueBoxes: reading.Share{Right: 1, Of: 1}, Marks: reading.Found{There: 2, Found: 1, Right: 1}}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
}

// tableOf is a table of single cells.
func tableOf(rows ...[]string) ([]reading.Cell, []document.Cell) {
	var truth []reading.Cell
	var read []document.Cell
	for y, row := range rows {
		for x, text := range row {
			truth = append(truth, reading.Cell{Row: y, Column: x, RowSpan: 1, ColumnSpan: 1, Text: text})
			read = append(read, document.Cell{Row: y, Column: x, RowSpan: 1, ColumnSpan: 1, Text: text})
		}
	}
	return truth, read
}

func TestTables(t *testing.T) {
	t.Parallel()
	want, same := tableOf([]string{"Test", "Value"}, []string{"Sodium", "140"}, []string{"Potassium", "4.1"})
	_, titled := tableOf([]string{"Results", ""}, []string{"Test", "Value"}, []string{"Sodium", "140"}, []string{"Potassium", "4.1"})
	_, swapped := tableOf([]string{"Test", "Value"}, []string{"140", "Sodium"}, []string{"4.1", "Potassium"})
	truth := reading.Table{Rules: reading.Ruled, Rows: 3, Columns: 2, Header: 1, Cells: want}
	cases := map[string]struct {
		got  []document.Table
		want reading.TableResult
	}{
		"equal":          {[]document.Table{{Rows: 3, Columns: 2, Header: 1, Cells: same}}, reading.TableResult{Cells: reading.Found{There: 6, Found: 6, Right: 6}, Headers: reading.Share{Right: 1, Of: 1}, Structure: 6, Positions: 12}},
		"a row too many": {[]document.Table{{Rows: 4, Columns: 2, Header: 2, Cells: titled}}, reading.TableResult{Cells: reading.Found{There: 6, Found: 7, Right: 6}, Headers: reading.Share{Of: 1}, Structure: 6, Positions: 14}},
		"cells swapped":  {[]document.Table{{Rows: 3, Columns: 2, Header: 1, Cells: swapped}}, reading.TableResult{Cells: reading.Found{There: 6, Found: 6, Right: 2}, Headers: reading.Share{Right: 1, Of: 1}, Structure: 6, Positions: 12}},
		"not found":      {nil, reading.TableResult{Cells: reading.Found{There: 6}, Headers: reading.Share{Of: 1}, Positions: 6}},
		"cells outside":  {[]document.Table{{Rows: 3, Columns: 2, Header: 1, Cells: append([]document.Cell{{Row: -1}, {Row: 9, Column: 9}}, same...)}}, reading.TableResult{Cells: reading.Found{There: 6, Found: 6, Right: 6}, Headers: reading.Share{Right: 1, Of: 1}, Structure: 6, Positions: 12}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := score(t, reading.Page{Tables: []reading.Table{truth}}, document.Page{Tables: c.got})
			if diff := cmp.Diff(&c.want, r.Tables[reading.Ruled]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSpansCountInStructure: a head over two columns that was read as two cells.
func TestSpansCountInStructure(t *testing.T) {
	t.Parallel()
	want := reading.Table{Rules: reading.Ruled, Rows: 2, Columns: 2, Cells: []reading.Cell{
		{RowSpan: 1, ColumnSpan: 2, Text: "Pressure"}, {Row: 1, RowSpan: 1, ColumnSpan: 1, Text: "120"}, {Row: 1, Column: 1, RowSpan: 1, ColumnSpan: 1, Text: "80"}}}
	_, split := tableOf([]string{"Pressure", ""}, []string{"120", "80"})
	r := score(t, reading.Page{Tables: []reading.Table{want}}, document.Page{Tables: []document.Table{{Rows: 2, Columns: 2, Cells: split}}})
	if got := r.Tables[reading.Ruled]; got.Cells.Right != 3 || got.Structure != 3 || got.Positions != 8 {
		t.Errorf("cells %+v, structure %g of %d", got.Cells, got.Structure, got.Positions)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, code string }{
		"no JSON":      {"[", "truth_json"},
		"cell outside": {`{"pages":[{"tables":[{"rows":1,"columns":1,"cells":[{"row":1,"column":0,"row_span":1,"column_span":1}]}]}]}`, "truth_cell"},
		"huge table":   {`{"pages":[{"tables":[{"rows":1000000,"columns":1000000}]}]}`, "truth_table"},
		"half order":   {`{"pages":[{"words":[{"text":"a","box":[0,0,0,0]}],"orders":[[0,0]]}]}`, "truth_order"},
		"no order":     {`{"pages":[{"words":[{"text":"a","box":[0,0,0,0]}],"orders":[[1]]}]}`, "truth_order"},
	} {
		_, err := reading.Read(bytes.NewReader([]byte(c.text)))
		if f := fault.As(err); f == nil || f.Code != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"pages":[{"words":[{"text":"a","box":[0,0,1,1]}],"orders":[[0]],"tables":[{"rows":1,"columns":1,"cells":[{"row_span":1,"column_span":1,"text":"a"}]}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		truth, err := reading.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		truth.Score(&document.Document{Pages: []document.Page{{Number: 1, Tables: []document.Table{{Rows: 1, Columns: 1}}}}}, "")
	})
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := eval.Generate(t.Context(), eval.GenerateOptions{Dir: dir, Seed: 3, Kinds: []specimen.Kind{specimen.Form}, Conditions: []specimen.Condition{specimen.PDF}}); err != nil {
		t.Fatal(err)
	}
	cases, err := reading.Folder(dir)
	if err != nil || len(cases) != len(specimen.Layouts(specimen.Form)) {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	n := 0
	results, err := reading.Score(t.Context(), cases, func(context.Context, io.ReaderAt, int64, string) (*document.Document, error) {
		if n++; n == 1 {
			return nil, fault.New(fault.Corrupt, "unreadable_pdf", "no")
		}
		return perfect(cases[n-1].Truth), nil
	}, nil)
	if err != nil || results[0].Failed != "unreadable_pdf" || results[0].Errors != results[0].Words || results[1].Errors != 0 {
		t.Errorf("%v %+v", err, results)
	}
	name := filepath.Join(dir, cases[0].Truth.File)
	if err := os.WriteFile(name, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := reading.Score(t.Context(), cases, nil, nil); fault.As(err) == nil || fault.As(err).Code != "truth_hash" {
		t.Errorf("a changed file: %v", err)
	}
	if _, err := reading.Folder(t.TempDir()); !fault.Is(err, fault.NotFound) {
		t.Errorf("an empty folder: %v", err)
	}
}
