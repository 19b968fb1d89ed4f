package postgres_test

import (
	"context"
	"fmt"
	"testing"

	"chartlake/store"
	"chartlake/store/postgres"
	"chartlake/store/postgres/pgtest"
	"chartlake/store/storetest"
)

func place(t testing.TB) storetest.Place {
	url, folder := pgtest.URL(t), t.TempDir()
	harm := func(sql string, args ...any) { admin(t, url, sql, args...) }
	return storetest.Place{
		Open: func(t testing.TB, a store.Audit) store.Store {
			t.Helper()
			s, err := postgres.Open(context.Background(), postgres.Config{URL: url, Folder: folder, Readers: 2, Audit: a})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Harm:   harm,
		Count:  func(n int64) { harm(`UPDATE counter SET audit=$1`, n) },
		Bytes:  func(b []byte) string { return fmt.Sprintf(`'\x%x'::bytea`, b) },
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
