package reading_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"chartlake/document"
	"chartlake/eval/reading"
	"chartlake/fault"
	"chartlake/internal/sharedtest"
)

// TestForeign: every case of the other projects is found and can be scored.
func TestForeign(t *testing.T) {
	t.Parallel()
	dir := filepath.Dir(sharedtest.Path(t, "reading/tesstest.tgz"))
	cases, err := reading.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	results, err := reading.Score(context.Background(), cases, func(context.Context, io.ReaderAt, int64, string) (*document.Document, error) {
		return &document.Document{Pages: []document.Page{{Number: 1}}}, nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		kinds[r.Kind]++
		if r.Errors != r.Words {
			t.Errorf("%s: %d errors of %d words by a reader that reads nothing", r.ID, r.Errors, r.Words)
		}
		if r.Words == 0 && r.Tables == nil {
			t.Errorf("%s has neither words nor tables", r.ID)
		}
	}
	if kinds["tesstest"] != 8 || kinds["img2table"] < 2 || kinds["tabula"] < 10 || kinds["pdfplumber"] != 1 {
		t.Errorf("cases: %v", kinds)
	}
}

func TestForeignRefuses(t *testing.T) {
	t.Parallel()
	for name, member := range map[string]*tar.Header{
		"a link":       {Name: "tesstest/pairs.json", Typeflag: tar.TypeSymlink, Linkname: "/etc/hostname"},
		"not JSON":     {Name: "tesstest/pairs.json", Typeflag: tar.TypeReg},
		"not unpacked": nil,
	} {
		dir := t.TempDir()
		var b bytes.Buffer
		if member != nil {
			z := gzip.NewWriter(&b)
			w := tar.NewWriter(z)
			if err := w.WriteHeader(member); err != nil {
				t.Fatal(err)
			}
			w.Close()
			z.Close()
		}
		if err := os.WriteFile(filepath.Join(dir, "tesstest.tgz"), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := reading.Folder(dir); !fault.Is(err, fault.Corrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
