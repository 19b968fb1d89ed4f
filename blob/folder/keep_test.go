package folder

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chartlake/blob"
	"chartlake/fault"
)

func TestKeep(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	stores := [2]*Store{}
	for i := range stores {
		s, err := Open(filepath.Join(t.TempDir(), "blobs"), Options{Reserve: -1})
		if err != nil {
			t.Fatal(err)
		}
		stores[i] = s
	}
	from, to := stores[0], stores[1]
	info, err := from.Put(ctx, strings.NewReader("an original"), 100, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := from.OpenStored(ctx, strings.Repeat("0", 64)); !fault.Is(err, fault.NotFound) {
		t.Errorf("a blob that is not there: %v", err)
	}
	r, err := from.OpenStored(ctx, info.Hash)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	stored, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err != nil {
		t.Fatal(err)
	}
	refuse := errors.New("no")
	if err := to.PutStored(ctx, info.Hash, bytes.NewReader(stored), func() error { return refuse }); err != refuse {
		t.Errorf("a check that fails: %v", err)
	}
	if _, err := to.Stat(ctx, info.Hash); !fault.Is(err, fault.NotFound) {
		t.Errorf("stored against the check: %v", err)
	}
	if err := to.PutStored(ctx, info.Hash, bytes.NewReader(stored), func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := blob.Verify(ctx, to, info.Hash); err != nil {
		t.Error(err)
	}
	if err := to.PutStored(ctx, "../x", bytes.NewReader(stored), func() error { return nil }); !fault.Is(err, fault.Invalid) {
		t.Errorf("no hash: %v", err)
	}
}

func TestSetAside(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	root := filepath.Join(t.TempDir(), "blobs")
	s, err := Open(root, Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		info, err := s.Put(ctx, strings.NewReader("an orphan"), 100, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SetAside(ctx, info.Hash, info.At.Add(-time.Hour)); !fault.Is(err, fault.Conflict) {
			t.Errorf("a young blob: %v", err)
		}
		if err := s.SetAside(ctx, info.Hash, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := s.SetAside(ctx, info.Hash, time.Now()); err != nil {
			t.Errorf("a blob that is gone: %v", err)
		}
		if _, err := s.Stat(ctx, info.Hash); !fault.Is(err, fault.NotFound) {
			t.Errorf("still there: %v", err)
		}
	}
	kept, err := os.ReadDir(filepath.Join(root, LostFound))
	if err != nil || len(kept) != 2 {
		t.Fatalf("%d files kept, %v", len(kept), err)
	}
	for _, k := range kept {
		text, err := os.ReadFile(filepath.Join(root, LostFound, k.Name()))
		if err != nil || string(text) != "an orphan" {
			t.Errorf("%q, %v", text, err)
		}
	}
	n := 0
	if err := s.List(ctx, "", func(blob.Info) error { n++; return nil }); err != nil || n != 0 {
		t.Errorf("%d listed, %v", n, err)
	}
}
