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

var anna = store.Actor{ID: "user:anna"}

func open(t testing.TB) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(context.Background(), sqlite.Config{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) store.Store { return open(t) })
}

func TestExamples(t *testing.T) {
	t.Parallel()
	storetest.Examples(t, func(t testing.TB) store.Store { return open(t) })
}

func BenchmarkImport(b *testing.B) { benchImport(b, sqlite.Config{}) }

// What sealing costs is the difference to BenchmarkImport.
func BenchmarkImportUnsealed(b *testing.B) { benchImport(b, sqlite.Config{Unsealed: true}) }

func benchImport(b *testing.B, cfg sqlite.Config) {
	storetest.BenchImport(b, func(t testing.TB) (store.Store, func() int64) {
		folder := os.Getenv("CHARTLAKE_BENCH_FOLDER")
		if folder == "" {
			folder = t.TempDir()
		}
		cfg.Folder = folder
		s, err := sqlite.Open(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		return s, func() int64 {
			info, err := os.Stat(filepath.Join(folder, "chartlake.db"))
			if err != nil {
				t.Fatal(err)
			}
			return info.Size()
		}
	}, nil)
}

func BenchmarkQuery(b *testing.B) {
	storetest.BenchQuery(b, func(t testing.TB) store.Store { return open(t) }, nil)
}

func TestDamage(t *testing.T) {
	t.Parallel()
	storetest.Damage(t, func(t testing.TB) (store.Store, func(string, ...any)) {
		s := open(t)
		return s, func(sql string, args ...any) { sqlite.Harm(t, s, sql, args...) }
	})
}
