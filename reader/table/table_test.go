package table

import (
	"encoding/csv"
	"encoding/json"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"chartlake/internal/sharedtest"

	"golang.org/x/image/draw"

	"chartlake/document"
	"chartlake/reader/layout"
)

// set places words from (x, y) on, 6 units a letter and 10 high, on a page of 612 × 792.
func set(p *document.Page, x, y float64, text string) {
	for _, w := range strings.Fields(text) {
		width := 6 * float64(len(w))
		p.Words = append(p.Words, document.Word{Text: w, Confidence: 1,
			Box: document.Box{X: x / p.Width, Y: y / p.Height, W: width / p.Width, H: 10 / p.Height}})
		x += width + 4
	}
}

func flat(x0, x1, y float64) layout.Rule {
	return layout.Rule{X0: x0 / 612, Y0: y / 792, X1: x1 / 612, Y1: y / 792}
}

func steep(x, y0, y1 float64) layout.Rule {
	return layout.Rule{X0: x / 612, Y0: y0 / 792, X1: x / 612, Y1: y1 / 792}
}

// texts are the cells of a table by row, "" where there is none.
func texts(t document.Table) [][]string {
	out := make([][]string, t.Rows)
	for i := range out {
		out[i] = make([]string, t.Columns)
	}
	for _, c := range t.Cells {
		out[c.Row][c.Column] = c.Text
	}
	return out
}

func same(t *testing.T, got document.Table, want [][]string) {
	t.Helper()
	g := texts(got)
	if len(g) != len(want) {
		t.Fatalf("%d rows, want %d: %q", len(g), len(want), g)
	}
	for i := range want {
		if strings.Join(g[i], "|") != strings.Join(want[i], "|") {
			t.Errorf("row %d: %q, want %q", i, g[i], want[i])
		}
	}
}

var lab = [][]string{
	{"Test", "Result", "Flag", "Units", "Reference"},
	{"Glucose", "104", "H", "mg/dL", "70-99"},
	{"Creatinine", "1.12", "", "mg/dL", "0.60-1.30"},
	{"White Blood Cell Count", "6.4", "", "10^3/uL", "4.0-11.0"},
	{"Potassium", "5.6", "H", "mmol/L", "3.5-5.1"},
}

func TestBorderlessLab(t *testing.T) {
	t.Parallel()
	p := &document.Page{Width: 612, Height: 792}
	set(p, 40, 40, "Ordinary text above the table that goes on for a while and ends here.")
	columns := []float64{40, 220, 290, 340, 430}
	for r, row := range lab {
		for c, text := range row {
			set(p, columns[c], 90+16*float64(r), text)
		}
	}
	set(p, 40, 230, "Ordinary text below the table that goes on for a while and ends here.")
	layout.Arrange(p, nil)
	tables := Find(p, nil)
	if len(tables) != 1 {
		t.Fatalf("%d tables", len(tables))
	}
	same(t, tables[0], lab)
	if tables[0].Header != 1 || tables[0].Ruled {
		t.Errorf("header %d ruled %v", tables[0].Header, tables[0].Ruled)
	}
}

func TestRuledSpansAndLines(t *testing.T) {
	t.Parallel()
	p := &document.Page{Width: 612, Height: 792}
	set(p, 60, 82, "Charges by date")
	set(p, 52, 104, "Service")
	set(p, 252, 104, "Amounts")
	set(p, 52, 134, "Chest x-ray")
	set(p, 52, 146, "two views")
	set(p, 252, 134, "120.00")
	set(p, 402, 134, "80.00")
	rules := []layout.Rule{flat(50, 550, 100), flat(50, 550, 128), flat(50, 550, 160),
		steep(50, 100, 160), steep(250, 100, 160), steep(400, 128, 160), steep(550, 100, 160)}
	layout.Arrange(p, rules)
	tables := Find(p, rules)
	if len(tables) != 1 {
		t.Fatalf("%d tables", len(tables))
	}
	same(t, tables[0], [][]string{{"Service", "Amounts", ""}, {"Chest x-ray\ntwo views", "120.00", "80.00"}})
	if c := tables[0].Cells[1]; c.ColumnSpan != 2 {
		t.Errorf("span %d, want 2", c.ColumnSpan)
	}
	if tables[0].Title != "Charges by date" || tables[0].Header != 1 {
		t.Errorf("title %q header %d", tables[0].Title, tables[0].Header)
	}
}

func TestRowsWithoutRules(t *testing.T) {
	t.Parallel()
	p := &document.Page{Width: 612, Height: 792}
	columns := []float64{52, 252, 352, 402, 482}
	rules := []layout.Rule{flat(50, 560, 100), flat(50, 560, 120), flat(50, 560, 200)}
	for _, x := range []float64{50, 250, 350, 400, 480, 560} {
		rules = append(rules, steep(x, 100, 200))
	}
	for r, row := range lab {
		for c, text := range row {
			set(p, columns[c], 105+18*float64(r), text)
		}
	}
	layout.Arrange(p, rules)
	tables := Find(p, rules)
	if len(tables) != 1 {
		t.Fatalf("%d tables", len(tables))
	}
	same(t, tables[0], lab)
}

func TestNotTables(t *testing.T) {
	t.Parallel()
	form := &document.Page{Width: 612, Height: 792}
	for i, r := range [][2]string{{"Last Name: Gonzalez", "First Name: Maria"}, {"Sex: F", "City: Springfield"}, {"Phone: 217", "Fax: 218"}} {
		set(form, 40, 80+18*float64(i), r[0])
		set(form, 320, 80+18*float64(i), r[1])
	}
	prose := &document.Page{Width: 612, Height: 792}
	for i := range 8 {
		set(prose, 40, 80+14*float64(i), "running text in a column that goes on")
		set(prose, 330, 80+14*float64(i), "and another column of text beside it")
	}
	for name, p := range map[string]*document.Page{"form": form, "prose": prose} {
		layout.Arrange(p, nil)
		if got := Find(p, nil); len(got) != 0 {
			t.Errorf("%s: %d tables", name, len(got))
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, 0.0)
	f.Fuzz(func(t *testing.T, in []byte, skew float64) {
		if !(math.Abs(skew) <= 15) || len(in) > 4*400 {
			return
		}
		p := &document.Page{Width: 612, Height: 792, Skew: skew}
		var rules []layout.Rule
		for ; len(in) >= 4; in = in[4:] {
			x, y, w := float64(in[0])*2.4, float64(in[1])*3, float64(in[2])
			switch in[3] % 5 {
			case 0:
				rules = append(rules, flat(x, x+w, y))
			case 1:
				rules = append(rules, steep(x, y, y+w))
			default:
				set(p, x, y, "ab 12 c"[:1+in[3]%7])
			}
		}
		layout.Arrange(p, rules)
		used := map[int]bool{}
		for _, tab := range Find(p, rules) {
			for _, c := range tab.Cells {
				if c.Row < 0 || c.Column < 0 || c.Row+c.RowSpan > tab.Rows || c.Column+c.ColumnSpan > tab.Columns {
					t.Fatalf("cell %+v outside %d × %d", c, tab.Rows, tab.Columns)
				}
				for _, w := range c.Words {
					if used[w] {
						t.Fatalf("word %d is in two cells", w)
					}
					used[w] = true
				}
			}
		}
	})
}

// TestLabelled finds the tables of labelled pictures with word boxes that another engine read.
func TestLabelled(t *testing.T) {
	t.Parallel()
	members := map[string][]byte{}
	sharedtest.Archive(t, "reading/img2table.tgz", func(name string, data []byte) { members[name] = data })
	var cases []struct {
		File   string
		Tables []struct {
			Bbox          []float64
			Rows, Columns int
		}
		Cells [][][]struct{ X1, Y1, X2, Y2 float64 }
	}
	if err := json.Unmarshal(members["img2table/expected.json"], &cases); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, c := range cases {
		words, ok := members["img2table/"+strings.TrimSuffix(c.File, filepath.Ext(c.File))+".words.csv"]
		if !ok {
			continue
		}
		seen++
		img := grey(t, members["img2table/"+c.File])
		p := &document.Page{Width: float64(img.Bounds().Dx()), Height: float64(img.Bounds().Dy()), Words: readWords(t, words, img)}
		rules := layout.Rules(img)
		layout.Arrange(p, rules)
		tables := Find(p, rules)
		if len(tables) != len(c.Tables) {
			t.Errorf("%s: %d tables, want %d", c.File, len(tables), len(c.Tables))
		}
		for i, cells := range c.Cells {
			found := false
			for _, got := range tables {
				found = found || got.Rows == len(cells) && got.Columns == len(cells[0])
			}
			if !found {
				t.Errorf("%s: no table of %d × %d (number %d)", c.File, len(cells), len(cells[0]), i)
			}
		}
	}
	if seen == 0 {
		t.Error("the archive holds no word boxes")
	}
}

func grey(t *testing.T, data []byte) *image.Gray {
	t.Helper()
	m, _, err := image.Decode(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	g := image.NewGray(image.Rect(0, 0, m.Bounds().Dx(), m.Bounds().Dy()))
	draw.Draw(g, g.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(g, g.Bounds(), m, m.Bounds().Min, draw.Over)
	return g
}

func readWords(t *testing.T, data []byte, img *image.Gray) []document.Word {
	t.Helper()
	r := csv.NewReader(strings.NewReader(string(data)))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = ';', -1, true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []document.Word
	w, h := float64(img.Bounds().Dx()), float64(img.Bounds().Dy())
	for _, row := range rows {
		if len(row) < 10 || row[1] != "ocrx_word" || strings.TrimSpace(row[4]) == "" {
			continue
		}
		var v [4]float64
		for i := range v {
			if v[i], err = strconv.ParseFloat(row[6+i], 64); err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, document.Word{Text: row[4], Confidence: 1,
			Box: document.Box{X: v[0] / w, Y: v[1] / h, W: (v[2] - v[0]) / w, H: (v[3] - v[1]) / h}})
	}
	return out
}
