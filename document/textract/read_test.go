package textract_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/document"
	"chartlake/document/textract"
)

// near compares places up to the rounding of what is written.
func near() cmp.Option {
	return cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-5 })
}

// TestPageReadsWhatIsWritten: a page that is written and read again is the same, however it was
// turned when it was scanned.
func TestPageReadsWhatIsWritten(t *testing.T) {
	t.Parallel()
	for _, rotation := range []int{0, 90, 180, 270} {
		for _, skew := range []float64{0, 2, -3} {
			t.Run(fmt.Sprintf("%d by %g", rotation, skew), func(t *testing.T) {
				t.Parallel()
				d := form()
				want := &d.Pages[0]
				want.Rotation, want.Skew = rotation, skew
				for i := range want.Words { // wide enough to be text that is askew
					want.Words[i].Box.H = 0.025
				}
				for i := range want.Lines {
					want.Lines[i].Box = document.Box{}
					for _, w := range want.Lines[i].Words {
						want.Lines[i].Box = want.Lines[i].Box.Union(want.Words[w].Box)
					}
				}
				width, height := want.Width, want.Height
				if rotation%180 != 0 {
					width, height = height, width
				}
				blocks := textract.Write(d, textract.Options{}).Blocks
				var first []textract.Block
				for _, b := range blocks {
					if b.Page == 1 {
						first = append(first, b)
					}
				}
				got := textract.Page(first, width, height)
				if got.Rotation != rotation || got.Width != want.Width || got.Height != want.Height || math.Abs(got.Skew-skew) > 0.05 {
					t.Errorf("turned by %d, skew %.2f, %.0f by %.0f", got.Rotation, got.Skew, got.Width, got.Height)
				}
				if diff := cmp.Diff(want.Words, got.Words, near()); diff != "" {
					t.Errorf("words:\n%s", diff)
				}
				if diff := cmp.Diff(want.Lines, got.Lines, near()); diff != "" {
					t.Errorf("lines:\n%s", diff)
				}
				checkMarks(t, want, &got)
				checkFields(t, want, &got)
				checkTable(t, &want.Tables[0], got.Tables)
			})
		}
	}
}

func checkMarks(t *testing.T, want, got *document.Page) {
	t.Helper()
	states := func(p *document.Page) (out []string) {
		for _, m := range p.Marks {
			out = append(out, string(m.State)+" "+m.Label)
		}
		return out
	}
	// The writer comes to the mark in the table first.
	if diff := cmp.Diff([]string{"ambiguous ", "on Yes"}, states(got)); diff != "" {
		t.Errorf("marks:\n%s", diff)
	}
	for _, m := range got.Marks {
		if m.Label == "Yes" && (len(m.LabelWords) != 1 || got.Words[m.LabelWords[0]].Text != "Yes") {
			t.Errorf("label words %v", m.LabelWords)
		}
	}
	if len(got.Signatures) != 1 || got.Signatures[0].State != document.MarkOn || got.Signatures[0].Box.IoU(want.Signatures[0].Box) < 0.8 {
		t.Errorf("signatures %+v", got.Signatures)
	}
}

func checkFields(t *testing.T, want, got *document.Page) {
	t.Helper()
	if len(got.Fields) != len(want.Fields) {
		t.Fatalf("%d fields: %+v", len(got.Fields), got.Fields)
	}
	for i, w := range want.Fields {
		g := got.Fields[i]
		if g.Key != w.Key || g.Value != w.Value || !cmp.Equal(g.KeyWords, w.KeyWords) || !cmp.Equal(g.ValueWords, w.ValueWords) || math.Abs(g.Confidence-w.Confidence) > 1e-6 {
			t.Errorf("field %d: %+v, want %+v", i, g, w)
		}
	}
}

func checkTable(t *testing.T, want *document.Table, tables []document.Table) {
	t.Helper()
	if len(tables) != 1 {
		t.Fatalf("%d tables", len(tables))
	}
	got := tables[0]
	if got.Title != want.Title || got.Rows != want.Rows || got.Columns != want.Columns || got.Header != want.Header || len(got.Cells) != len(want.Cells) {
		t.Errorf("table %q %d by %d, %d header rows, %d cells", got.Title, got.Rows, got.Columns, got.Header, len(got.Cells))
		return
	}
	for i, w := range want.Cells {
		g := got.Cells[i]
		if g.Row != w.Row || g.Column != w.Column || g.RowSpan != w.RowSpan || g.ColumnSpan != w.ColumnSpan || g.Text != w.Text || !cmp.Equal(g.Words, w.Words) {
			t.Errorf("cell %d: %+v, want %+v", i, g, w)
		}
	}
}

// TestPageOfHostileBlocks: what points nowhere, loops, repeats or has no number is left out.
func TestPageOfHostileBlocks(t *testing.T) {
	t.Parallel()
	one := 100.0
	nan := math.NaN()
	place := func(x, y, w, h float64) *textract.Geometry {
		return &textract.Geometry{BoundingBox: textract.BoundingBox{Left: x, Top: y, Width: w, Height: h}}
	}
	word := func(id, text string, g *textract.Geometry) textract.Block {
		return textract.Block{BlockType: "WORD", ID: id, Text: text, Confidence: &one, Geometry: g}
	}
	child := func(ids ...string) []textract.Relationship { return []textract.Relationship{{Type: "CHILD", IDs: ids}} }
	p := textract.Page([]textract.Block{
		word("a", "good", place(0.1, 0.1, 0.1, 0.1)), word("a", "again", place(0.1, 0.1, 0.1, 0.1)), word("b", "nowhere", nil),
		word("c", "outside", place(3, 3, 1, 1)), word("d", "nan", place(nan, 0, 1, 1)), word("e", " ", place(0, 0, 1, 1)),
		word("f", strings.Repeat("x", 3000), place(0, 0, 1, 1)), word("g", "two parts", place(0.3, 0.1, 0.1, 0.1)),
		{BlockType: "LINE", ID: "l", Relationships: child("a", "a", "l", "nothing", "b")},
		{BlockType: "LINE", ID: "m", Relationships: child("a")},
		{BlockType: "KEY_VALUE_SET", ID: "k", EntityTypes: []string{"KEY"}, Relationships: append(child("a"), textract.Relationship{Type: "VALUE", IDs: []string{"k", "k"}})},
		{BlockType: "TABLE", ID: "t", Geometry: place(0, 0, 1, 1), Relationships: child("t", "u", "v", "w", "x")},
		{BlockType: "CELL", ID: "u", RowIndex: 1 << 30, ColumnIndex: 1, Geometry: place(0, 0, 1, 1)},
		{BlockType: "CELL", ID: "v", RowIndex: 1, ColumnIndex: 1, RowSpan: 1 << 30, ColumnSpan: 1 << 30, Geometry: place(0, 0, 1, 1)},
		{BlockType: "CELL", ID: "w", RowIndex: 1, ColumnIndex: 1, Geometry: place(0, 0, 1, 1), Relationships: child("a")},
		{BlockType: "CELL", ID: "x", RowIndex: 1, ColumnIndex: 1, Geometry: place(0, 0, 1, 1), Relationships: child("g")},
	}, nan, -1)
	if len(p.Words) != 2 || p.Words[1].Text != "twoparts" || len(p.Lines) != 2 || len(p.Lines[0].Words) != 1 {
		t.Errorf("words %+v, lines %+v", p.Words, p.Lines)
	}
	if len(p.Tables) != 1 || len(p.Tables[0].Cells) != 1 || p.Tables[0].Cells[0].Text != "good" {
		t.Errorf("tables %+v", p.Tables)
	}
	sound(t, &p)
}

// sound checks that a page holds together.
func sound(t *testing.T, p *document.Page) {
	t.Helper()
	once := make([]int, len(p.Words))
	for _, l := range p.Lines {
		for _, w := range l.Words {
			once[w]++
		}
	}
	for i, w := range p.Words {
		b := w.Box
		if once[i] != 1 || w.Text == "" || !(w.Confidence >= 0 && w.Confidence <= 1) || !(b.X >= 0 && b.Y >= 0 && b.W > 0 && b.H > 0 && b.X+b.W <= 1.000001 && b.Y+b.H <= 1.000001) {
			t.Fatalf("word %d in %d lines: %+v", i, once[i], w)
		}
	}
	for _, table := range p.Tables {
		for _, c := range table.Cells {
			if c.Row+c.RowSpan > table.Rows || c.Column+c.ColumnSpan > table.Columns || c.Row < 0 || c.Column < 0 {
				t.Fatalf("cell %+v of %d by %d", c, table.Rows, table.Columns)
			}
		}
	}
	if p.Rotation%90 != 0 || p.Rotation < 0 || p.Rotation > 270 || !(p.Width > 0) || !(p.Height > 0) {
		t.Fatalf("turned by %d, %v by %v", p.Rotation, p.Width, p.Height)
	}
}

func FuzzPage(f *testing.F) {
	data, err := json.Marshal(textract.Write(form(), asked()).Blocks)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, 600.0, 800.0)
	f.Add([]byte(`[{"BlockType":"WORD","Id":"a","Text":"x","Geometry":{"Polygon":[{"X":1,"Y":1},{"X":0,"Y":1},{"X":0,"Y":0}]}}]`), 0.0, 1e300)
	f.Add([]byte(`[{"BlockType":"TABLE","Id":"t","Geometry":{"BoundingBox":{"Width":1,"Height":1}},"Relationships":[{"Type":"MERGED_CELL","Ids":["t"]}]}]`), 1.0, 1.0)
	f.Fuzz(func(t *testing.T, data []byte, width, height float64) {
		var blocks []textract.Block
		if json.Unmarshal(data, &blocks) != nil {
			return
		}
		p := textract.Page(blocks, width, height)
		sound(t, &p)
		textract.Write(&document.Document{Pages: []document.Page{p}}, textract.Options{})
	})
}
