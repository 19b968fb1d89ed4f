package postgres_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"chartlake/search"
	"chartlake/store"
	"chartlake/store/postgres"
	"chartlake/store/postgres/pgtest"
	"chartlake/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

func open(t testing.TB) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(context.Background(), postgres.Config{URL: pgtest.URL(t), Folder: t.TempDir(), Readers: 4})
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

func query(t testing.TB, q string) *search.Query {
	t.Helper()
	typ, raw, _ := strings.Cut(q, "?")
	pairs, err := search.Pairs(raw)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := search.Parse(typ, pairs, search.Options{})
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return parsed
}
