package reading

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"

	"chartlake/document"
	"chartlake/fault"
)

// Case is a file with what is truly on it.
type Case struct {
	Truth *Truth
	Open  func() (io.ReaderAt, int64, func() error, error) // the bytes, how many, and how to close them
}

// Folder lists the cases of a folder: each NAME.reading.json with the file that it names, and
// those in archives of other projects' tests, see Foreign. A folder with none is a NotFound fault.
func Folder(dir string) ([]Case, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*"+Suffix))
	if err != nil {
		return nil, err
	}
	var cases []Case
	for _, name := range names {
		c, err := caseOf(dir, name)
		if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	foreign, err := Foreign(dir)
	if err != nil {
		return nil, err
	}
	cases = append(cases, foreign...)
	if len(cases) == 0 {
		return nil, fault.New(fault.NotFound, "no_true_readings", "the folder holds no %s file", Suffix)
	}
	return cases, nil
}

func caseOf(dir, name string) (Case, error) {
	f, err := os.Open(name)
	if err != nil {
		return Case{}, err
	}
	defer f.Close()
	t, err := Read(f)
	if err != nil {
		return Case{}, err
	}
	if t.File == "" || t.File != filepath.Base(t.File) {
		return Case{}, fault.New(fault.Invalid, "truth_file", "a true reading names no file of its folder")
	}
	if t.ID == "" {
		t.ID = strings.TrimSuffix(filepath.Base(name), Suffix)
	}
	path := filepath.Join(dir, t.File)
	return Case{t, func() (io.ReaderAt, int64, func() error, error) { return open(path, t.SHA256) }}, nil
}

// open opens a file whose hash must be as stated, where it is stated.
func open(path, want string) (io.ReaderAt, int64, func() error, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, nil, fault.New(fault.NotFound, "truth_file", "a true reading names a file that is not here: %w", err)
	}
	h := sha256.New()
	size, err := io.Copy(h, f)
	if err == nil && want != "" && !strings.EqualFold(hex.EncodeToString(h.Sum(nil)), want) {
		err = fault.New(fault.Corrupt, "truth_hash", "a file is not the one of its true reading")
	}
	if err != nil {
		f.Close()
		return nil, 0, nil, err
	}
	return f, size, f.Close, nil
}

// Reader reads a file; password is "" where it needs none.
type Reader func(ctx context.Context, file io.ReaderAt, size int64, password string) (*document.Document, error)

// Score reads every case and scores its pages. A file that is refused counts as pages with
// nothing on them. done is called after each case and may be nil.
func Score(ctx context.Context, cases []Case, read Reader, done func(done, of int)) ([]Result, error) {
	var out []Result
	for i, c := range cases {
		results, err := c.score(ctx, read)
		if err != nil {
			return nil, err
		}
		out = append(out, results...)
		if done != nil {
			done(i+1, len(cases))
		}
	}
	return out, nil
}

func (c Case) score(ctx context.Context, read Reader) ([]Result, error) {
	file, size, closer, err := c.Open()
	if err != nil {
		return nil, err
	}
	defer closer()
	doc, err := read(ctx, file, size, c.Truth.Password)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	code := ""
	if err != nil {
		code, doc = "unreadable", &document.Document{}
		if f := fault.As(err); f != nil {
			code = f.Code
		}
	}
	return c.Truth.Score(doc, code), nil
}

// Score scores a document against its truth, page by page. failed is the code of a file that
// was refused, "" else.
func (t *Truth) Score(doc *document.Document, failed string) []Result {
	var out []Result
	for i := range t.Pages {
		r := score(&t.Pages[i], doc.Page(t.Pages[i].Page))
		r.ID, r.Kind, r.Layout, r.Condition = t.ID, t.Kind, t.Layout, t.Condition
		if failed != "" {
			r.Failed = failed
		}
		out = append(out, r)
	}
	return out
}
