package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"chartlake/store"
	"chartlake/store/sqlite"
	"chartlake/store/storetest"
)

func TestCopy(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	openIn := func(t testing.TB, folder string) store.Store {
		s, err := sqlite.Open(context.Background(), sqlite.Config{Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	storetest.Copy(t, func(t testing.TB) store.Store { return openIn(t, folder) }, func(t testing.TB, from store.Store, file string) store.Store {
		other := t.TempDir()
		if err := from.(store.Copier).CopyKeys(context.Background(), filepath.Join(other, "data.keys")); err != nil {
			t.Fatal(err)
		}
		for from, to := range map[string]string{file: "chartlake.db", filepath.Join(folder, "store.key"): "store.key"} {
			text, err := os.ReadFile(from)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(other, to), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return openIn(t, other)
	})
}
