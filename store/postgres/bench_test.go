package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"chartlake/store"
	"chartlake/store/postgres"
	"chartlake/store/postgres/pgtest"
	"chartlake/store/storetest"
)

// BenchmarkImport wants CHARTLAKE_PG_FSYNC=1, so that the server syncs.
func BenchmarkImport(b *testing.B) {
	storetest.BenchImport(b, func(t testing.TB) (store.Store, func() int64) {
		url := pgtest.URL(t)
		s, err := postgres.Open(context.Background(), postgres.Config{URL: url, Folder: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		return s, func() (size int64) {
			c, err := pgx.Connect(context.Background(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close(context.Background())
			err = c.QueryRow(context.Background(), `SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c
				WHERE c.relnamespace=current_schema()::regnamespace AND c.relkind='r'`).Scan(&size)
			if err != nil {
				t.Fatal(err)
			}
			return size
		}
	}, pgtest.CPU)
}

func BenchmarkQuery(b *testing.B) {
	url := pgtest.URL(b)
	storetest.BenchQuery(b, func(t testing.TB) store.Store { return openAt(t, url, t.TempDir()) }, func() { admin(b, url, "VACUUM ANALYZE") })
}

func BenchmarkPersons(b *testing.B) {
	url := pgtest.URL(b)
	storetest.BenchPersons(b, func(t testing.TB) store.Store { return openAt(t, url, t.TempDir()) }, func() { admin(b, url, "VACUUM ANALYZE") })
}
