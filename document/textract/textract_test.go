package textract_test

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/textract"
	"github.com/aws/aws-sdk-go-v2/service/textract/types"
	"github.com/google/go-cmp/cmp"

	"chartlake/document"
	"chartlake/document/textract"
)

func box(x, y, w, h float64) document.Box { return document.Box{X: x, Y: y, W: w, H: h} }

// form is a page with one of everything, 600 by 800.
func form() *document.Document {
	p := document.Page{Number: 1, Width: 600, Height: 800}
	line := func(y float64, words ...string) {
		var l document.Line
		for i, text := range words {
			l.Words = append(l.Words, len(p.Words))
			p.Words = append(p.Words, document.Word{Text: text, Confidence: 0.9, Box: box(0.1+0.15*float64(i), y, 0.12, 0.02)})
			l.Box = l.Box.Union(p.Words[len(p.Words)-1].Box)
		}
		p.Lines = append(p.Lines, l)
	}
	line(0.05, "Intake")                // 0
	line(0.12, "Name:", "Jane", "Doe")  // 1 2 3
	line(0.17, "Smoker", "Yes")         // 4 5
	line(0.25, "Vitals")                // 6
	line(0.30, "Pressure")              // 7
	line(0.34, "Systolic", "Diastolic") // 8 9
	line(0.38, "120", "80")             // 10 11
	line(0.50, "1.", "rest")            // 12 13
	line(0.53, "2.", "walk")            // 14 15
	line(0.60, "Signed")                // 16
	line(0.97, "Page", "1", "of", "2")  // 17..20
	p.Words[3].Handwritten = true
	p.Blocks = []document.Block{
		{Kind: document.BlockTitle, Lines: []int{0}, Box: p.Lines[0].Box},
		{Kind: document.BlockForm, Lines: []int{1, 2}, Box: box(0.1, 0.12, 0.5, 0.07)},
		{Kind: document.BlockTable, Lines: []int{3, 4, 5, 6}, Box: box(0.1, 0.25, 0.4, 0.15)},
		{Kind: document.BlockText, Lines: []int{7, 8}, Box: box(0.1, 0.5, 0.3, 0.05)},
		{Kind: document.BlockTitle, Lines: []int{9}, Box: p.Lines[9].Box},
		{Kind: document.BlockFooter, Lines: []int{10}, Box: p.Lines[10].Box},
	}
	p.Fields = []document.Field{
		{Key: "Name", Value: "Jane Doe", KeyWords: []int{1}, ValueWords: []int{2, 3}, KeyBox: p.Words[1].Box, ValueBox: box(0.25, 0.12, 0.27, 0.02), Confidence: 0.8},
		{Key: "Signed", KeyWords: []int{16}, KeyBox: p.Words[16].Box, ValueBox: box(0.25, 0.58, 0.3, 0.06), Confidence: 0.7},
	}
	p.Marks = []document.Mark{
		{State: document.MarkOn, Label: "Yes", LabelWords: []int{5}, Box: box(0.22, 0.17, 0.02, 0.02), Confidence: 0.99},
		{State: document.MarkAmbiguous, Box: box(0.26, 0.385, 0.02, 0.01), Confidence: 0.9}, // in the last cell
	}
	p.Tables = []document.Table{{Title: "Vitals", Box: box(0.1, 0.3, 0.3, 0.1), Rows: 3, Columns: 2, Header: 2, Cells: []document.Cell{
		{Row: 0, Column: 0, RowSpan: 1, ColumnSpan: 2, Text: "Pressure", Words: []int{7}, Box: box(0.1, 0.3, 0.3, 0.03), Confidence: 0.9},
		{Row: 1, Column: 0, RowSpan: 1, ColumnSpan: 1, Text: "Systolic", Words: []int{8}, Box: box(0.1, 0.33, 0.15, 0.035), Confidence: 0.9},
		{Row: 1, Column: 1, RowSpan: 1, ColumnSpan: 1, Text: "Diastolic", Words: []int{9}, Box: box(0.25, 0.33, 0.15, 0.035), Confidence: 0.9},
		{Row: 2, Column: 0, RowSpan: 1, ColumnSpan: 1, Text: "120", Words: []int{10}, Box: box(0.1, 0.37, 0.15, 0.03), Confidence: 0.9},
		{Row: 2, Column: 1, RowSpan: 1, ColumnSpan: 1, Text: "80", Words: []int{11}, Box: box(0.25, 0.37, 0.15, 0.03), Confidence: 0.9},
	}}}
	p.Signatures = []document.Mark{{State: document.MarkOn, Shape: "signature", Box: box(0.3, 0.59, 0.1, 0.04), Confidence: 0.6}, {State: document.MarkOff, Box: box(0.6, 0.59, 0.1, 0.04)}}
	return &document.Document{SHA256: "ab", Pages: []document.Page{p, {Number: 2, Failed: &document.Failure{Code: "page_timeout"}}}}
}

func asked() textract.Options {
	return textract.Options{Queries: []textract.Query{{Text: "What is the patient's name?", Alias: "NAME", Page: 1, Words: []int{2, 3}, Confidence: 0.75}, {Text: "Who pays?", Page: 1}}}
}

func bytesOf(t *testing.T, r *textract.Response) []byte {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// viaSDK serves the answer to Amazon's own client.
func viaSDK(t *testing.T, data []byte) *sdk.AnalyzeDocumentOutput {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = w.Write(data)
	}))
	defer server.Close()
	client := sdk.New(sdk.Options{Region: "us-east-1", BaseEndpoint: aws.String(server.URL), Credentials: aws.AnonymousCredentials{}})
	out, err := client.AnalyzeDocument(t.Context(), &sdk.AnalyzeDocumentInput{Document: &types.Document{Bytes: []byte{1}}, FeatureTypes: []types.FeatureType{types.FeatureTypeTables}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// graph is an answer by id.
type graph map[string]types.Block

func graphOf(t *testing.T, blocks []types.Block) graph {
	t.Helper()
	g := graph{}
	for _, b := range blocks {
		if _, twice := g[*b.Id]; twice {
			t.Errorf("two blocks have the id %s", *b.Id)
		}
		g[*b.Id] = b
	}
	for _, b := range blocks {
		for _, r := range b.Relationships {
			for _, id := range r.Ids {
				if _, ok := g[id]; !ok {
					t.Errorf("a %s points to a block that is not there", b.BlockType)
				}
			}
		}
		if b.Geometry != nil {
			for _, p := range b.Geometry.Polygon {
				if p.X < 0 || p.X > 1 || p.Y < 0 || p.Y > 1 {
					t.Errorf("a %s stands at %v,%v", b.BlockType, p.X, p.Y)
				}
			}
		} else if b.BlockType != types.BlockTypeQuery {
			t.Errorf("a %s has no place", b.BlockType)
		}
	}
	return g
}

func (g graph) of(b types.Block, kind types.RelationshipType) (out []types.Block) {
	for _, r := range b.Relationships {
		if r.Type == kind {
			for _, id := range r.Ids {
				out = append(out, g[id])
			}
		}
	}
	return out
}

func (g graph) text(b types.Block) string {
	s := ""
	for _, c := range g.of(b, types.RelationshipTypeChild) {
		switch c.BlockType {
		case types.BlockTypeWord:
			s += *c.Text + " "
		case types.BlockTypeSelectionElement:
			s += string(c.SelectionStatus) + " "
		case types.BlockTypeSignature:
			s += "(signed) "
		}
	}
	return s
}

// TestAmazonsClientReadsEverything: every block, relationship and type arrives.
func TestAmazonsClientReadsEverything(t *testing.T) {
	t.Parallel()
	out := viaSDK(t, bytesOf(t, textract.Write(form(), asked())))
	if *out.DocumentMetadata.Pages != 2 || out.AnalyzeDocumentModelVersion == nil {
		t.Errorf("metadata %v, model %v", out.DocumentMetadata, out.AnalyzeDocumentModelVersion)
	}
	g := graphOf(t, out.Blocks)
	counts := map[string]int{}
	pairs, layouts, answers := map[string]string{}, []string{}, map[string]string{}
	for _, b := range out.Blocks {
		counts[string(b.BlockType)]++
		switch {
		case len(b.EntityTypes) == 1 && b.EntityTypes[0] == types.EntityTypeKey:
			values := g.of(b, types.RelationshipTypeValue)
			if len(values) != 1 || values[0].EntityTypes[0] != types.EntityTypeValue {
				t.Fatalf("a key has %d values", len(values))
			}
			pairs[g.text(b)] = g.text(values[0])
		case b.BlockType == types.BlockTypeQuery:
			answers[*b.Query.Text] = ""
			for _, a := range g.of(b, types.RelationshipTypeAnswer) {
				answers[*b.Query.Text] += *a.Text
			}
		case b.BlockType == types.BlockTypeLine && *b.Text == "Name: Jane Doe":
			words := g.of(b, types.RelationshipTypeChild)
			if len(words) != 3 || words[2].TextType != types.TextTypeHandwriting || *words[0].Confidence != 90 {
				t.Errorf("words of a line: %+v", words)
			}
		}
		if len(b.BlockType) > 7 && b.BlockType[:7] == "LAYOUT_" {
			layouts = append(layouts, string(b.BlockType))
		}
	}
	for what, diff := range map[string]string{
		"pairs":   cmp.Diff(map[string]string{"Name: ": "Jane Doe ", "Signed ": "(signed) ", "Yes ": "SELECTED "}, pairs),
		"answers": cmp.Diff(map[string]string{"What is the patient's name?": "Jane Doe", "Who pays?": ""}, answers),
		"layout": cmp.Diff([]string{"LAYOUT_TITLE", "LAYOUT_KEY_VALUE", "LAYOUT_TABLE", "LAYOUT_LIST", "LAYOUT_TEXT", "LAYOUT_TEXT",
			"LAYOUT_SECTION_HEADER", "LAYOUT_PAGE_NUMBER"}, layouts),
		"counts": cmp.Diff(map[string]int{"PAGE": 2, "LINE": 11, "WORD": 21, "KEY_VALUE_SET": 6, "SELECTION_ELEMENT": 2, "TABLE": 1, "CELL": 6,
			"MERGED_CELL": 1, "TABLE_TITLE": 1, "SIGNATURE": 1, "QUERY": 2, "QUERY_RESULT": 1, "LAYOUT_TITLE": 1, "LAYOUT_KEY_VALUE": 1, "LAYOUT_TABLE": 1,
			"LAYOUT_LIST": 1, "LAYOUT_TEXT": 2, "LAYOUT_SECTION_HEADER": 1, "LAYOUT_PAGE_NUMBER": 1}, counts),
	} {
		if diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	out := viaSDK(t, bytesOf(t, textract.Write(form(), textract.Options{})))
	g := graphOf(t, out.Blocks)
	for _, b := range out.Blocks {
		if b.BlockType != types.BlockTypeTable {
			continue
		}
		var rows [3][2]string
		for _, c := range g.of(b, types.RelationshipTypeChild) {
			rows[*c.RowIndex-1][*c.ColumnIndex-1] = g.text(c)
			if head := len(c.EntityTypes) == 1 && c.EntityTypes[0] == types.EntityTypeColumnHeader; head != (*c.RowIndex <= 2) {
				t.Errorf("row %d is a header: %v", *c.RowIndex, head)
			}
			if *c.RowSpan != 1 || *c.ColumnSpan != 1 {
				t.Errorf("a cell spans %d by %d", *c.RowSpan, *c.ColumnSpan)
			}
		}
		if diff := cmp.Diff([3][2]string{{"Pressure ", ""}, {"Systolic ", "Diastolic "}, {"120 ", "80 NOT_SELECTED "}}, rows); diff != "" {
			t.Error(diff)
		}
		merged := g.of(b, types.RelationshipTypeMergedCell)
		if len(merged) != 1 || *merged[0].ColumnSpan != 2 || len(g.of(merged[0], types.RelationshipTypeChild)) != 2 {
			t.Errorf("merged cells: %+v", merged)
		}
		if title := g.of(b, types.RelationshipTypeTableTitle); len(title) != 1 || g.text(title[0]) != "Vitals " {
			t.Errorf("title: %v", title)
		}
		return
	}
	t.Error("there is no table")
}

func TestFeatures(t *testing.T) {
	t.Parallel()
	for feature, kinds := range map[textract.Feature][]string{
		textract.Forms: {"KEY_VALUE_SET", "SELECTION_ELEMENT"}, textract.Tables: {"TABLE", "CELL"}, textract.Layout: {"LAYOUT_TITLE"},
		textract.Signatures: {"SIGNATURE"}, textract.Queries: {"QUERY", "QUERY_RESULT"},
	} {
		o := asked()
		o.Features = []textract.Feature{feature}
		seen := map[string]bool{}
		for _, b := range textract.Write(form(), o).Blocks {
			seen[b.BlockType] = true
		}
		for _, k := range kinds {
			if !seen[k] {
				t.Errorf("%s: no %s", feature, k)
			}
		}
		for other, kind := range map[textract.Feature]string{textract.Forms: "KEY_VALUE_SET", textract.Tables: "TABLE", textract.Layout: "LAYOUT_TITLE", textract.Signatures: "SIGNATURE", textract.Queries: "QUERY"} {
			if other != feature && seen[kind] {
				t.Errorf("%s: a %s that nobody asked for", feature, kind)
			}
		}
	}
}

func TestFailedPages(t *testing.T) {
	t.Parallel()
	r := textract.Write(form(), textract.Options{})
	if diff := cmp.Diff([]textract.Warning{{ErrorCode: "page_timeout", Pages: []int{2}}}, r.Warnings); diff != "" || r.JobStatus != "PARTIAL_SUCCESS" {
		t.Errorf("%s %s", r.JobStatus, diff)
	}
	d := form()
	d.Pages = d.Pages[1:]
	if r := textract.Write(d, textract.Options{}); r.JobStatus != "FAILED" || len(r.Blocks) != 1 {
		t.Errorf("%s with %d blocks", r.JobStatus, len(r.Blocks))
	}
	if r := textract.Write(&document.Document{}, textract.Options{}); r.JobStatus != "SUCCEEDED" || r.Blocks == nil {
		t.Errorf("no pages: %s", r.JobStatus)
	}
}

// TestTurnedPage: places are those of the stored page, and the first edge of a polygon runs
// as the text does.
func TestTurnedPage(t *testing.T) {
	t.Parallel()
	for rotation, want := range map[int]textract.Geometry{
		0:   {BoundingBox: textract.BoundingBox{Left: 0.1, Top: 0.2, Width: 0.3, Height: 0.05}, Polygon: []textract.Point{{0.1, 0.2}, {0.4, 0.2}, {0.4, 0.25}, {0.1, 0.25}}},
		90:  {BoundingBox: textract.BoundingBox{Left: 0.2, Top: 0.6, Width: 0.05, Height: 0.3}, Polygon: []textract.Point{{0.2, 0.9}, {0.2, 0.6}, {0.25, 0.6}, {0.25, 0.9}}},
		180: {BoundingBox: textract.BoundingBox{Left: 0.6, Top: 0.75, Width: 0.3, Height: 0.05}, Polygon: []textract.Point{{0.9, 0.8}, {0.6, 0.8}, {0.6, 0.75}, {0.9, 0.75}}},
		270: {BoundingBox: textract.BoundingBox{Left: 0.75, Top: 0.1, Width: 0.05, Height: 0.3}, Polygon: []textract.Point{{0.8, 0.1}, {0.8, 0.4}, {0.75, 0.4}, {0.75, 0.1}}},
	} {
		d := &document.Document{Pages: []document.Page{{Number: 1, Width: 600, Height: 800, Rotation: rotation,
			Words: []document.Word{{Text: "a", Box: box(0.1, 0.2, 0.3, 0.05)}}}}}
		b := textract.Write(d, textract.Options{}).Blocks[1]
		if diff := cmp.Diff(&want, b.Geometry); diff != "" {
			t.Errorf("%d degrees:\n%s", rotation, diff)
		}
	}
}

// TestSkewedText: the polygon is the text's own rectangle, and its box that of the word.
func TestSkewedText(t *testing.T) {
	t.Parallel()
	word := box(0.1, 0.2, 0.5, 0.05)
	d := &document.Document{Pages: []document.Page{{Number: 1, Width: 600, Height: 800, Skew: 3, Words: []document.Word{{Text: "a", Box: word}}}}}
	g := textract.Write(d, textract.Options{}).Blocks[1].Geometry
	dx, dy := (g.Polygon[1].X-g.Polygon[0].X)*600, (g.Polygon[1].Y-g.Polygon[0].Y)*800
	if angle := math.Atan2(dy, dx) * 180 / math.Pi; math.Abs(angle-3) > 0.05 {
		t.Errorf("the text runs at %.2f degrees", angle)
	}
	got := document.Box{X: g.BoundingBox.Left, Y: g.BoundingBox.Top, W: g.BoundingBox.Width, H: g.BoundingBox.Height}
	if got.IoU(word) < 0.99 {
		t.Errorf("box %v, want %v", got, word)
	}
}

func FuzzWrite(f *testing.F) {
	f.Add([]byte(`{"pages":[{"page":1,"words":[{"text":"a","box":[0,0,1,1]}],"lines":[{"words":[0],"box":[0,0,1,1]}],"tables":[{"rows":2,"columns":2,"cells":[{"Row":0,"Column":0,"RowSpan":9,"Words":[0,7]}]}]}]}`))
	f.Add([]byte(`{"pages":[{"page":1,"skew":45,"rotation":-90,"blocks":[{"kind":"text","lines":[-1,0,9]}],"fields":[{"key_words":[5],"value_words":[-3]}],"marks":[{"label_words":[1]}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var d document.Document
		if json.Unmarshal(data, &d) != nil {
			return
		}
		for _, p := range d.Pages {
			for _, table := range p.Tables {
				if table.Rows*table.Columns > 10_000 || table.Rows > 10_000 || table.Columns > 10_000 {
					return
				}
			}
		}
		textract.Write(&d, textract.Options{})
	})
}

// TestNodeParser: the response parser of Amazon's samples reads the same things. It needs
// node, and npm install amazon-textract-response-parser in the folder that
// CHARTLAKE_TEXTRACT_PARSER names (scripts/lab.sh makes it).
func TestNodeParser(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("CHARTLAKE_TEXTRACT_PARSER")
	if dir == "" {
		t.Skip("CHARTLAKE_TEXTRACT_PARSER names no folder with amazon-textract-response-parser")
	}
	file := filepath.Join(t.TempDir(), "answer.json")
	if err := os.WriteFile(file, bytesOf(t, textract.Write(form(), asked())), 0o600); err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("testdata/parse.js")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", script, file)
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(dir, "node_modules"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want, err := os.ReadFile("testdata/parse.golden")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(out)); diff != "" {
		t.Error(diff)
	}
}
