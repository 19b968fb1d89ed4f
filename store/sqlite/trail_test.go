package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"chartlake/store"
	"chartlake/store/sqlite"
	"chartlake/store/storetest"
)

func place(t testing.TB) storetest.Place {
	folder := filepath.Join(t.TempDir(), "data")
	open := func(t testing.TB, a store.Audit) store.Store {
		t.Helper()
		s, err := sqlite.Open(context.Background(), sqlite.Config{Folder: folder, Audit: a})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	harm := func(text string, args ...any) {
		t.Helper()
		s := open(t, store.Audit{Off: true}) // which has the key of the pages
		sqlite.Harm(t, s.(*sqlite.Store), text, args...)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return storetest.Place{
		Open:   open,
		Harm:   harm,
		Count:  func(n int64) { harm(`UPDATE counter SET value=? WHERE name='audit'`, n) },
		Bytes:  func(b []byte) string { return fmt.Sprintf("x'%x'", b) },
		Folder: folder,
	}
}

func TestTamper(t *testing.T) {
	t.Parallel()
	storetest.Tamper(t, place)
}

func TestTrails(t *testing.T) {
	t.Parallel()
	storetest.Trails(t, place)
}
