package folder

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chartlake/blob"
	"chartlake/blob/blobtest"
	"chartlake/fault"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t *testing.T) blob.Store { return openTemp(t) })
}

func openTemp(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "a", "b", "blobs"), Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestModes(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	if _, err := s.Put(t.Context(), strings.NewReader("x"), 10, nil); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(s.root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestScrubFindsEveryFlippedByte(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	body := []byte("thirty-two bytes of an original!")
	info, err := s.Put(t.Context(), bytes.NewReader(body), 100, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range body {
		damaged := bytes.Clone(body)
		damaged[i] ^= 1
		if err := os.WriteFile(s.file(blob.Plain, info.Hash), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		found := 0
		if _, err := blob.Scrub(t.Context(), s, func(b blob.Info, err error) {
			found++
			if f := fault.As(err); f == nil || f.Code != "blob_damaged" || strings.Contains(err.Error(), "thirty") {
				t.Errorf("byte %d: %v", i, err)
			}
		}); err != nil || found != 1 {
			t.Errorf("byte %d: found %d, %v", i, found, err)
		}
		if _, err := blob.OpenVerified(t.Context(), s, info.Hash); !fault.Is(err, fault.Corrupt) {
			t.Errorf("byte %d was opened: %v", i, err)
		}
	}
	if _, err := s.Put(t.Context(), bytes.NewReader(body), 100, nil); err != nil {
		t.Fatal(err)
	}
	if err := blob.Verify(t.Context(), s, info.Hash); err != nil {
		t.Errorf("putting the same bytes again does not heal: %v", err)
	}
}

func TestCleanTakesOldTemporaryFilesOnly(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	for name, age := range map[string]time.Duration{"old": 2 * time.Hour, "young": time.Minute} {
		path := s.path("tmp", name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Clean(time.Now().Add(-time.Hour)); err != nil || n != 1 {
		t.Errorf("cleaned %d, %v", n, err)
	}
	if _, err := os.Stat(s.path("tmp", "young")); err != nil {
		t.Error(err)
	}
}

func TestReserveRefusesBeforeTheDiskIsFull(t *testing.T) {
	t.Parallel()
	d := newModelDisk()
	s, err := open("/data/blobs", d, Options{Reserve: 1000})
	if err != nil {
		t.Fatal(err)
	}
	d.free = 999
	_, err = s.Put(t.Context(), strings.NewReader("x"), 10, nil)
	if !fault.Is(err, fault.Full) || fault.Status(err) != 507 {
		t.Errorf("got %v", err)
	}
	if s.Healthy() == nil {
		t.Error("healthy with a full disk")
	}
	d.free = 1000
	if _, err = s.Put(t.Context(), strings.NewReader("x"), 10, nil); err != nil {
		t.Errorf("space came back: %v", err)
	}
}

func TestErrorsHoldNoPath(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "secretpath")
	s, err := Open(root, Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	_, err = s.Put(t.Context(), strings.NewReader("x"), 10, nil)
	if err == nil || strings.Contains(err.Error(), "secretpath") {
		t.Errorf("got %v", err)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the cause is lost: %v", err)
	}
}
