package eval

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chartlake/eval/expected"
	"chartlake/eval/specimen"
	"chartlake/fault"
	"chartlake/record"
)

// oracle makes the record that an expected result asks for.
func oracle(d *expected.Document) *record.Record {
	s := record.Segment{Type: record.Type(d.DocType), LOINC: d.LOINC, Pages: [2]int{1, d.Source.Pages}}
	field := func(name, key, value string) record.Field {
		at := d.Boxes[key]
		return record.Field{Name: name, Value: &value, Raw: value, State: record.Accepted, Page: at.Page, Box: at.Box}
	}
	for name, v := range d.Fields {
		for i, part := range v.Parts {
			s.Fields = append(s.Fields, field(strings.Split(name, "|")[0], expected.PartName(name, i), part))
		}
	}
	for i, row := range d.Lines {
		cells := map[string]record.Field{}
		for name, v := range row {
			cells[name] = field(name, fmt.Sprintf("lines[%d].%s", i, name), v.Parts[0])
		}
		s.Lines = append(s.Lines, cells)
	}
	return &record.Record{Segments: []record.Segment{s}}
}

func generated(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	if err := Generate(context.Background(), GenerateOptions{Dir: dir, Seed: 40, N: n, Conditions: []specimen.Condition{specimen.PDF}}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func expectedOf(t *testing.T, path string) *expected.Document {
	t.Helper()
	data, err := os.ReadFile(strings.TrimSuffix(path, filepath.Ext(path)) + expectedSuffix)
	if err != nil {
		t.Fatal(err)
	}
	d, err := expected.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestThePerfectRecordScoresFull(t *testing.T) {
	t.Parallel()
	report, err := Documents(context.Background(), DocumentsOptions{Dir: generated(t, 1), Convert: func(_ context.Context, path string) (*record.Record, error) {
		return oracle(expectedOf(t, path)), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	total := report.Group("total")
	for _, name := range []string{"type", "loinc", "recall", "precision", "cells", "cells_precise", "rows", "boxes", "covered"} {
		if f := total.Figure(name); f.Right != f.Of || f.Of == 0 {
			t.Errorf("%s: %d of %d", name, f.Right, f.Of)
		}
	}
	if f := total.Figure("wrong"); f.Right != 0 || f.Of == 0 || f.High > 0.05 {
		t.Errorf("wrong: %+v", f)
	}
	if total.Documents != 11 || report.Group("lab_report pdf") == nil || report.Group("lab_report").Documents != 4 {
		t.Errorf("groups are wrong: %d documents", total.Documents)
	}
	for _, d := range report.Documents {
		for _, m := range d.Misses {
			if !strings.HasPrefix(m, "fhir:") && !strings.HasPrefix(m, "entity:") && !strings.HasPrefix(m, "flag:") {
				t.Errorf("%s misses %s", d.ID, m)
			}
		}
	}
	for _, text := range []string{"total: 11 documents", "recall", "["} {
		if !strings.Contains(report.Table(), text) {
			t.Errorf("the table lacks %q", text)
		}
	}
}

func TestADocumentThatCannotBeConvertedCounts(t *testing.T) {
	t.Parallel()
	report, err := Documents(context.Background(), DocumentsOptions{Dir: generated(t, 1), Convert: func(context.Context, string) (*record.Record, error) {
		return nil, fault.New(fault.Corrupt, "torn", "torn")
	}})
	if err != nil {
		t.Fatal(err)
	}
	total := report.Group("total")
	if total.Failed != 11 || total.Figure("recall").Right != 0 || total.Figure("recall").Of == 0 || report.Documents[0].Failed != "torn" {
		t.Errorf("failed %d recall %+v", total.Failed, total.Figure("recall"))
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	never := func(context.Context, string) (*record.Record, error) { return nil, errors.New("must not be called") }
	if _, err := Documents(context.Background(), DocumentsOptions{Dir: t.TempDir(), Convert: never}); !fault.Is(err, fault.NotFound) {
		t.Errorf("an empty folder: %v", err)
	}
	dir := generated(t, 1)
	files, _ := filepath.Glob(filepath.Join(dir, "*.pdf"))
	if err := os.WriteFile(files[0], []byte("%PDF-1.4 other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Documents(context.Background(), DocumentsOptions{Dir: dir, Convert: never, Filter: func(id string) bool { return strings.Contains(files[0], id) }}); !fault.Is(err, fault.Corrupt) {
		t.Errorf("other bytes: %v", err)
	}
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "a"+expectedSuffix), []byte(`{"id":"a","source":{"file":"../a.pdf"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Documents(context.Background(), DocumentsOptions{Dir: outside, Convert: never}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a file outside the folder: %v", err)
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Documents(stopped, DocumentsOptions{Dir: dir, Convert: never}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// The reference values were worked out with the closed forms: the exact upper bound of 0 of n
// is 1 - 0.025^(1/n), and 50 of 100 is symmetric around a half.
func TestBounds(t *testing.T) {
	t.Parallel()
	near := func(name string, got, want float64) {
		if math.Abs(got-want) > 5e-4 {
			t.Errorf("%s: %.4f, want %.4f", name, got, want)
		}
	}
	_, high := Exact(0, 100)
	near("exact 0 of 100", high, 1-math.Pow(0.025, 0.01))
	low, _ := Exact(100, 100)
	near("exact 100 of 100", low, math.Pow(0.025, 0.01))
	low, high = Exact(50, 100)
	near("exact 50 of 100", low+high, 1)
	near("exact 50 of 100 low", low, 0.3983)
	low, high = Wilson(50, 100)
	near("wilson 50 of 100 low", low, 0.4038)
	near("wilson 50 of 100", low+high, 1)
	low, high = Wilson(0, 10)
	near("wilson 0 of 10 low", low, 0)
	near("wilson 0 of 10 high", high, 0.2775)
	if low, high := Exact(0, 0); low != 0 || high != 1 {
		t.Errorf("nothing counted: %v to %v", low, high)
	}
}

func TestGenerateKeepsLayoutsApart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := GenerateOptions{Dir: dir, Seed: 1, N: 1, Apart: true, Conditions: []specimen.Condition{specimen.PDF}}
	if err := Generate(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.pdf"))
	for _, f := range files {
		if !strings.Contains(filepath.Base(f), "-apart-") {
			t.Errorf("%s is not of a layout that is kept apart", filepath.Base(f))
		}
	}
	if len(files) != 6 {
		t.Errorf("%d files", len(files))
	}
}
