package folder

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chartlake/blob"
	"chartlake/blob/blobtest"
	"chartlake/envelope"
	"chartlake/fault"
)

func TestKeep(t *testing.T) {
	t.Parallel()
	vault := testVault(t)
	for name, v := range map[string]*envelope.Vault{"plain": nil, "sealed": vault} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			blobtest.Keep(t, func(t *testing.T) blob.Originals { return openSealed(t, t.TempDir(), v) })
		})
	}
}

// TestSetAside: what is set aside twice is kept twice.
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
	kept, err := os.ReadDir(filepath.Join(root, blob.LostFound))
	if err != nil || len(kept) != 2 {
		t.Fatalf("%d files kept, %v", len(kept), err)
	}
	for _, k := range kept {
		text, err := os.ReadFile(filepath.Join(root, blob.LostFound, k.Name()))
		if err != nil || string(text) != "an orphan" {
			t.Errorf("%q, %v", text, err)
		}
	}
	n := 0
	if err := s.List(ctx, "", func(blob.Info) error { n++; return nil }); err != nil || n != 0 {
		t.Errorf("%d listed, %v", n, err)
	}
}
