package folder

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"chartlake/blob"
	"chartlake/blob/blobtest"
	"chartlake/envelope"
	"chartlake/fault"
)

func testVault(t testing.TB) *envelope.Vault {
	t.Helper()
	return vaultIn(t, t.TempDir())
}

func vaultIn(t testing.TB, folder string) *envelope.Vault {
	t.Helper()
	keys, err := envelope.OpenKeyFile(filepath.Join(folder, "store.key"), true)
	if err != nil {
		t.Fatal(err)
	}
	shelf, err := envelope.OpenFile(filepath.Join(folder, "data.keys"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shelf.Close() })
	v, err := envelope.NewVault(keys, shelf, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSealedConformance(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t *testing.T) blob.Store { return openSealed(t, t.TempDir(), testVault(t)) })
}

func openSealed(t testing.TB, root string, v *envelope.Vault) *Store {
	t.Helper()
	s, err := Open(root, Options{Reserve: -1, Vault: v})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t testing.TB, s *Store, text string) string {
	t.Helper()
	info, err := s.Put(t.Context(), strings.NewReader(text), 1<<30, nil)
	if err != nil {
		t.Fatal(err)
	}
	return info.Hash
}

// contains tells which files below a folder hold a word.
func contains(t testing.TB, root, word string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			var text []byte
			if text, err = os.ReadFile(path); bytes.Contains(text, []byte(word)) {
				files = append(files, path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestNothingIsInClear(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s := openSealed(t, root, testVault(t))
	hash := put(t, s, strings.Repeat("Quetzalcanary ", 30_000))
	if err := blob.Verify(t.Context(), s, hash); err != nil {
		t.Fatal(err)
	}
	if files := contains(t, root, "uetzalcanary"); len(files) > 0 {
		t.Errorf("in clear: %v", files)
	}
	info, err := s.Stat(t.Context(), hash)
	if err != nil || info.Key != blob.Sealed || info.Size != 14*30_000 {
		t.Errorf("%+v, %v", info, err)
	}
}

// An erased blob is unreadable in every copy, also in one from before, and the same bytes may
// come again.
func TestErase(t *testing.T) {
	t.Parallel()
	root, backup := t.TempDir(), t.TempDir()
	v := testVault(t)
	s := openSealed(t, root, v)
	hash, other := put(t, s, "a record"), put(t, s, "another's record")
	put(t, s, "a record") // a second upload is sealed under the same key
	if err := os.CopyFS(backup, os.DirFS(root)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Erase(t.Context(), hash); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Open(t.Context(), hash); !fault.Is(err, fault.NotFound) {
		t.Errorf("an erased blob: %v", err)
	}
	old := openSealed(t, backup, v)
	if _, err := old.Open(t.Context(), hash); !fault.Is(err, fault.Gone) {
		t.Errorf("an erased blob in a backup: %v", err)
	}
	if err := blob.Verify(t.Context(), old, other); err != nil {
		t.Errorf("another blob: %v", err)
	}
	if put(t, s, "a record") != hash || blob.Verify(t.Context(), s, hash) != nil {
		t.Error("the same bytes cannot come again")
	}
}

// Blobs that are erased while the same bytes are put: what was acknowledged last is readable,
// or erased after.
func TestEraseWhilePutting(t *testing.T) {
	t.Parallel()
	s := openSealed(t, t.TempDir(), testVault(t))
	hash := put(t, s, "a record")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 15 {
				if _, err := s.Put(context.Background(), strings.NewReader("a record"), 100, nil); err != nil {
					t.Error(err)
				}
				if err := blob.Verify(context.Background(), s, hash); err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Gone) {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range 15 {
				if err := s.Erase(context.Background(), hash); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	put(t, s, "a record")
	if err := blob.Verify(t.Context(), s, hash); err != nil {
		t.Error(err)
	}
}

// What an older version stored in clear is sealed; a step that was cut is gone on with.
func TestSealPlain(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	old, err := Open(root, Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	var hashes []string
	for _, text := range []string{"first canary", "second canary", "third canary"} {
		hashes = append(hashes, put(t, old, text))
	}
	v := testVault(t)
	s := openSealed(t, root, v)
	put(t, s, "first canary") // cut after the sealed file got its name
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.SealPlain(ctx); err == nil {
		t.Error("it went on after its context")
	}
	count := 0
	if err := s.List(t.Context(), "", func(info blob.Info) error { count++; return nil }); err != nil || count != 3 {
		t.Errorf("%d blobs are listed in between, %v", count, err)
	}
	if n, err := s.SealPlain(t.Context()); n != 3 || err != nil {
		t.Errorf("sealed %d, %v", n, err)
	}
	if files := contains(t, root, "canary"); len(files) > 0 {
		t.Errorf("in clear: %v", files)
	}
	for _, h := range hashes {
		if err := blob.Verify(t.Context(), s, h); err != nil {
			t.Error(err)
		}
	}
}

// A sealed blob goes elsewhere as it lies, and opens there only with the keys.
func TestSealedAsItLies(t *testing.T) {
	t.Parallel()
	v := testVault(t)
	from := openSealed(t, t.TempDir(), v)
	hash := put(t, from, "a record")
	r, err := from.OpenStored(t.Context(), hash)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	to := openSealed(t, t.TempDir(), v)
	if err := to.PutStored(t.Context(), hash, io.NewSectionReader(r, 0, r.Size()), func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := blob.Verify(t.Context(), to, hash); err != nil {
		t.Error(err)
	}
	if _, err := openSealed(t, to.root, testVault(t)).Open(t.Context(), hash); err == nil {
		t.Error("it opens with other keys")
	}
}

func BenchmarkPut(b *testing.B) {
	text := bytes.Repeat([]byte("x"), 8<<20)
	for name, v := range map[string]*envelope.Vault{"plain": nil, "sealed": testVault(b)} {
		b.Run(name, func(b *testing.B) {
			s := openSealed(b, b.TempDir(), v)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := s.Put(b.Context(), bytes.NewReader(text), 1<<30, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
