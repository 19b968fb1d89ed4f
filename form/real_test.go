package form_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"chartlake/internal/sharedtest"

	"chartlake/document"
	"chartlake/eval/expected"
	"chartlake/eval/score"
	"chartlake/form"
	"chartlake/reader"
	"chartlake/record"
)

// TestMain lets the reader start this program again as its confined OCR child.
func TestMain(m *testing.M) {
	reader.ChildMain(os.Args)
	os.Exit(m.Run())
}

func open(t *testing.T) *reader.Reader {
	t.Helper()
	r, err := reader.Open(reader.Config{Workers: 1, CacheDir: filepath.Join(os.TempDir(), "chartlake-test-pdfium")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func read(t *testing.T, r *reader.Reader, data []byte) *document.Document {
	t.Helper()
	doc, err := r.Read(context.Background(), bytes.NewReader(data), int64(len(data)), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestDevelopmentDocuments reads the real pages. None may break a must_not rule, none may get
// a wrong type, and the share of wrong values among the accepted is bounded.
func TestDevelopmentDocuments(t *testing.T) {
	t.Parallel()
	dir := sharedtest.Path(t, "documents")
	r := open(t)
	if r.Missing() != nil {
		t.Skip("OCR is not installed")
	}
	lists, _ := filepath.Glob(filepath.Join(dir, "*.expected.json"))
	if len(lists) < 7 {
		t.Fatalf("%d expected results, want 7", len(lists))
	}
	for _, list := range lists {
		f, err := os.Open(list)
		if err != nil {
			t.Fatal(err)
		}
		want, err := expected.Read(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, want.Source.File))
		if err != nil {
			t.Fatal(err)
		}
		got := &record.Record{Segments: form.Understand(read(t, r, data), form.Us{})}
		s := score.Document(want, got, nil)
		t.Logf("%s: type %d/%d, by name %d/%d, rows %d/%d, accepted %d, of them wrong %d, flags %d/%d, not expected %v", want.ID, s.Type.Right, s.Type.Of,
			s.Recall.Right, s.Recall.Of, s.Rows.Right, s.Rows.Of, s.Wrong.Of, s.Wrong.Right, s.Flags.Right, s.Flags.Of, s.FlagsExtra)
		if len(s.Violations) > 0 {
			t.Errorf("%s: must not: %v", want.ID, s.Violations)
		}
		for _, seg := range got.Segments {
			if seg.Type != record.Unknown && string(seg.Type) != want.DocType {
				t.Errorf("%s: type %s", want.ID, seg.Type)
			}
			if testing.Verbose() && os.Getenv("FORM_DUMP") != "" {
				for _, f := range seg.Fields {
					v := "-"
					if f.Value != nil {
						v = *f.Value
					}
					t.Logf("   %-18s %-8s %.2f %q %s %v", f.Name, f.State, f.Confidence, v, f.Rule, f.Reasons)
				}
				for _, fl := range seg.Flags {
					t.Logf("   FLAG %s %s", fl.Code, fl.Message)
				}
				t.Logf("   LINES %d type %s conf %.2f", len(seg.Lines), seg.Type, seg.TypeConfidence)
			}
		}
	}
}
