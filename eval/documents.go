package eval

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"chartlake/eval/expected"
	"chartlake/eval/score"
	"chartlake/fault"
	"chartlake/record"
)

// DocumentsOptions says what is measured. Convert makes the record of a file, with its
// Bundle; it runs in this process, one document at a time.
type DocumentsOptions struct {
	Dir      string // holds NAME.expected.json beside the files; subfolders are not read
	Convert  func(ctx context.Context, path string) (*record.Record, error)
	Evaluate score.Evaluator      // of fhir expressions; nil: FHIRPath
	Details  bool                 // keep what was expected and what came instead: text of the documents
	Done     func(done, of int)   // after each document; may be nil
	Filter   func(id string) bool // which documents; nil: all
}

const expectedSuffix = ".expected.json"

// Documents scores every document of a folder that has an expected result. A file whose
// hash is not the expected one is a Corrupt fault, since its expected result is of other
// bytes. A document that Convert refuses counts as one with nothing in it.
func Documents(ctx context.Context, o DocumentsOptions) (*Report, error) {
	names, err := filepath.Glob(filepath.Join(o.Dir, "*"+expectedSuffix))
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	var wanted []*expected.Document
	for _, name := range names {
		d, err := readExpected(name)
		if err != nil {
			return nil, err
		}
		if o.Filter == nil || o.Filter(d.ID) {
			wanted = append(wanted, d)
		}
	}
	if len(wanted) == 0 {
		return nil, fault.New(fault.NotFound, "no_expected_results", "the folder holds no %s file", expectedSuffix)
	}
	if o.Evaluate == nil {
		o.Evaluate = FHIRPath
	}
	report := &Report{}
	for i, d := range wanted {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		result, err := o.one(ctx, d)
		if err != nil {
			return nil, err
		}
		report.Documents = append(report.Documents, result)
		if o.Done != nil {
			o.Done(i+1, len(wanted))
		}
	}
	report.sum()
	return report, nil
}

func readExpected(name string) (*expected.Document, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return expected.Read(f)
}

// one converts and scores one document.
func (o DocumentsOptions) one(ctx context.Context, d *expected.Document) (*score.Result, error) {
	if d.Source.File == "" || d.Source.File != filepath.Base(d.Source.File) {
		return nil, fault.New(fault.Invalid, "expected_source", "expected result %s names no file of its folder", d.ID)
	}
	path := filepath.Join(o.Dir, d.Source.File)
	if err := checkHash(path, d.Source.SHA256); err != nil {
		return nil, err
	}
	rec, err := o.Convert(ctx, path)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		result := score.Document(d, nil, o.Evaluate)
		if f := fault.As(err); f != nil {
			result.Failed = f.Code
		}
		return result, nil
	}
	result := score.Document(d, rec, o.Evaluate)
	if !o.Details {
		result.Details = nil
	}
	return result, nil
}

func checkHash(path, want string) error {
	f, err := os.Open(path)
	if err != nil {
		return fault.New(fault.NotFound, "expected_file", "an expected result names a file that is not here: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); !strings.EqualFold(got, want) {
		return fault.New(fault.Corrupt, "expected_hash", "a file is not the one of its expected result: its SHA-256 begins with %s", got[:12])
	}
	return nil
}
