package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"chartlake/fhir"
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

// What the audit trail costs is the difference to BenchmarkImport and BenchmarkRead.
func BenchmarkImportUnaudited(b *testing.B) {
	benchImport(b, sqlite.Config{Audit: store.Audit{Off: true}})
}

func BenchmarkRead(b *testing.B)          { benchRead(b, store.Audit{}) }
func BenchmarkReadUnaudited(b *testing.B) { benchRead(b, store.Audit{Off: true}) }

func benchRead(b *testing.B, a store.Audit) {
	s, err := sqlite.Open(b.Context(), sqlite.Config{Folder: b.TempDir(), Audit: a})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	patient, err := fhir.Parse([]byte(`{"resourceType":"Patient","id":"p"}`))
	if err != nil {
		b.Fatal(err)
	}
	actor := store.Actor{ID: "user:a"}
	if _, err := s.Transact(b.Context(), actor, []store.Command{store.Update{Resource: patient}}); err != nil {
		b.Fatal(err)
	}
	before := storetest.CPU()
	for b.Loop() {
		if err := s.View(b.Context(), actor, func(v store.View) error {
			_, err := v.Read(store.Key{Type: "Patient", ID: "p"})
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Trail().Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64((storetest.CPU()-before).Microseconds())/float64(b.N), "cpu-µs/read")
}

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

func BenchmarkPersons(b *testing.B) {
	storetest.BenchPersons(b, func(t testing.TB) store.Store { return open(t) }, nil)
}

func TestDamage(t *testing.T) {
	t.Parallel()
	storetest.Damage(t, func(t testing.TB) (store.Store, func(string, ...any)) {
		s := open(t)
		return s, func(sql string, args ...any) { sqlite.Harm(t, s, sql, args...) }
	}, "string")
}
