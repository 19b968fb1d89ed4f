package reader

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/reader/readertest"
)

func TestMain(m *testing.M) {
	ChildMain(os.Args)
	os.Exit(m.Run())
}

// layers opens a reader without OCR: for what does not depend on it.
func layers(t testing.TB, l Limits) *Reader {
	t.Helper()
	r, err := Open(Config{CacheDir: readertest.Cache(), TesseractPath: "/nonexistent/tesseract", Limits: l})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// patience is how long one file may take, all its pages together. The limit of a page is
// lower; this is what shows a hang.
const patience = 90 * time.Second

// depth is how many pages of a file are read: 20 where all files are, a few in a sample.
func depth() int {
	if os.Getenv("CHARTLAKE_ALL") != "" {
		return 20
	}
	return 4
}

// TestBadFiles reads damaged and hostile files: each is read, or refused by a fault with a code.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bad/qpdf-pdfs.tgz", "bad/go-image-fuzz.tgz", "reading/pdfplumber.tgz", "reading/tabula.tgz"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := layers(t, Limits{PageTime: 20 * time.Second})
			counts := map[string]int{}
			for _, f := range readertest.Sample(readertest.Archive(t, name), 60) {
				start := time.Now()
				verdict := attempt(t, r, f)
				counts[verdict]++
				if took := time.Since(start); took > 5*time.Second {
					t.Logf("%s: %s after %s", f.Name, verdict, took.Round(time.Millisecond))
				}
			}
			t.Logf("%v", counts)
		})
	}
}

// attempt reads a file and sees its first page; the verdict is ok or the code of the refusal.
func attempt(t *testing.T, r *Reader, f readertest.File) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	file, size := readertest.Reader(f.Data)
	password := password(f.Name)
	media, err := r.Sniff(file, size, password)
	if err != nil {
		return refusal(t, f.Name, err)
	}
	doc, err := r.Read(ctx, file, size, Options{Password: password, Last: depth()})
	if err != nil {
		if ctx.Err() != nil {
			t.Errorf("%s: not read within %s", f.Name, patience)
		}
		return refusal(t, f.Name, err)
	}
	if media.Pages > 0 && len(doc.Pages) != min(media.Pages, depth()) {
		t.Errorf("%s: %d pages in, %d out", f.Name, media.Pages, len(doc.Pages))
	}
	for i, p := range doc.Pages {
		if p.Number != i+1 || p.Failed != nil && p.Failed.Code == "" {
			t.Errorf("%s: page %d is numbered %d, failure %v", f.Name, i+1, p.Number, p.Failed)
		}
		checkPage(t, f.Name, p)
	}
	if _, err := r.Picture(ctx, file, size, Sight{Page: 1, Width: 600, Password: password}); err != nil {
		return refusal(t, f.Name, err)
	}
	return "ok"
}

// checkPage holds a page against what the vocabulary promises.
func checkPage(t *testing.T, name string, p document.Page) {
	t.Helper()
	for i, w := range p.Words {
		b := w.Box
		if !(b.X >= 0 && b.Y >= 0 && b.W >= 0 && b.H >= 0 && b.X+b.W <= 1.0001 && b.Y+b.H <= 1.0001) {
			t.Errorf("%s page %d: word %d has the box %v", name, p.Number, i, b)
			return
		}
		if w.Text == "" || strings.ContainsAny(w.Text, " \n\x00") {
			t.Errorf("%s page %d: word %d has %d characters with blanks", name, p.Number, i, len(w.Text))
			return
		}
	}
}

func refusal(t *testing.T, name string, err error) string {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Code == "" {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: refused without a code: %v", name, err)
		}
		return "?"
	}
	return f.Code
}

// password takes the user's password, or the owner's, from a file name like enc,U=view,O=master.pdf.
func password(name string) string {
	if m := regexp.MustCompile(`[UO]=([^,.]*)`).FindStringSubmatch(name); m != nil {
		return m[1]
	}
	if strings.HasSuffix(name, "password-example.pdf") {
		return "test"
	}
	return ""
}
