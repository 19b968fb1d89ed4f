package sheet

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"chartlake/analytics/view"
	"chartlake/fault"
)

var columns = []view.Column{{Name: "id", Type: "id"}, {Name: "active", Type: "boolean"}, {Name: "count", Type: "integer"},
	{Name: "amount", Type: "decimal"}, {Name: "given", Type: "string", Collection: true}}

var rows = [][]any{
	{"a", true, int64(1), view.Number("1.50"), []any{"x", "y"}},
	{"b,\"\n", nil, nil, nil, []any{}},
	{"ü", false, int64(-7), int64(2), []any{"z"}},
}

func written(t *testing.T, format string) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := New(format, columns, &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestText(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		"csv":    "id,active,count,amount,given\na,true,1,1.50,\"[\"\"x\"\",\"\"y\"\"]\"\n\"b,\"\"\n\",,,,[]\nü,false,-7,2,\"[\"\"z\"\"]\"\n",
		"ndjson": `{"id":"a","active":true,"count":1,"amount":1.50,"given":["x","y"]}` + "\n" + `{"id":"b,\"\n","active":null,"count":null,"amount":null,"given":[]}` + "\n" + `{"id":"ü","active":false,"count":-7,"amount":2,"given":["z"]}` + "\n",
	} {
		if diff := cmp.Diff(want, string(written(t, format))); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
	}
}

func TestParquet(t *testing.T) {
	t.Parallel()
	data := written(t, "parquet")
	type row struct {
		ID     string   `parquet:"id,optional"`
		Active *bool    `parquet:"active,optional"`
		Count  *int64   `parquet:"count,optional"`
		Amount *float64 `parquet:"amount,optional"`
		Given  []string `parquet:"given"`
	}
	got, err := parquet.Read[row](bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	yes, no, one, seven, half, two := true, false, int64(1), int64(-7), 1.5, 2.0
	want := []row{{"a", &yes, &one, &half, []string{"x", "y"}}, {ID: "b,\"\n"}, {"ü", &no, &seven, &two, []string{"z"}}}
	if diff := cmp.Diff(want, got, cmp.Transformer("nilIsEmpty", func(s []string) string { return fmt.Sprint(s) })); diff != "" {
		t.Error(diff)
	}
}

// Rows beyond one row group are all there, once and in order.
func TestParquetGroups(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w, err := New("parquet", columns[:1], &out)
	if err != nil {
		t.Fatal(err)
	}
	const n = rowsOfGroup + 3*rowsAtOnce + 1
	for i := range n {
		if err := w.Write([]any{fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.RowGroups()) != 2 || f.NumRows() != n {
		t.Errorf("%d groups, %d rows", len(f.RowGroups()), f.NumRows())
	}
	got, err := parquet.Read[struct {
		ID string `parquet:"id,optional"`
	}](bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range got {
		if r.ID != fmt.Sprint(i) {
			t.Fatalf("row %d is %s", i, r.ID)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	if _, err := New("xlsx", columns, io.Discard); fault.As(err) == nil || fault.As(err).Code != "no_such_format" {
		t.Errorf("%v", err)
	}
	untyped := view.Column{Name: "any"}
	for _, format := range Formats {
		for what, c := range map[string]struct {
			view.Column
			value any
			fits  bool
		}{
			"words for a truth":          {columns[1], "perhaps", false},
			"a truth":                    {columns[1], true, true},
			"nothing":                    {columns[1], nil, true},
			"half a count":               {columns[2], view.Number("1.5"), false},
			"a truth for a count":        {columns[2], false, false},
			"words for an amount":        {columns[3], "1.5", false},
			"a whole amount":             {columns[3], int64(2), true},
			"an amount that is none":     {columns[3], view.Number("x"), false},
			"a count as words":           {columns[0], int64(2), true},
			"a list for one":             {columns[0], []any{"x"}, false},
			"one bad of a list":          {view.Column{Name: "n", Type: "integer", Collection: true}, []any{int64(1), "x"}, false},
			"words where no type is set": {untyped, "x", true},
		} {
			w, err := New(format, []view.Column{c.Column}, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			err = w.Write([]any{c.value})
			if f := fault.As(err); c.fits && err != nil || !c.fits && (f == nil || f.Code != "view_value") {
				t.Errorf("%s, %s: %v", format, what, err)
			}
		}
	}
}
