package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/postgres"
	"chartlake/store/postgres/pgtest"
	"chartlake/store/storetest"
)

var databases atomic.Int64

// database makes a database of its own with an empty schema of the same name as that of a URL.
func database(t testing.TB, url string) string {
	t.Helper()
	ctx := context.Background()
	name := fmt.Sprintf("restored%d", databases.Add(1))
	admin(t, url, `CREATE DATABASE `+name)
	other := strings.Replace(url, "/postgres?", "/"+name+"?", 1)
	c, err := pgx.Connect(ctx, other)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	_, schema, _ := strings.Cut(url, "search_path=")
	if _, err := c.Exec(ctx, `CREATE SCHEMA `+schema); err != nil {
		t.Fatal(err)
	}
	return other
}

func TestCopy(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pg_dump"); errors.Is(err, exec.ErrNotFound) {
		t.Skip("pg_dump is not installed")
	}
	url, folder := pgtest.URL(t), t.TempDir()
	storetest.Copy(t, func(t testing.TB) store.Store { return openAt(t, url, folder) }, func(t testing.TB, from store.Store, file string) store.Store {
		other := database(t, url)
		keys := filepath.Join(t.TempDir(), "keys")
		if err := from.(store.Copier).CopyKeys(context.Background(), keys); err != nil {
			t.Fatal(err)
		}
		if err := postgres.Restore(context.Background(), other, file, keys); err != nil {
			t.Fatal(err)
		}
		if err := postgres.Restore(context.Background(), other, file, keys); !fault.Is(err, fault.Conflict) {
			t.Errorf("restored into a database with tables: %v", err)
		}
		return openAt(t, other, folder)
	})
}
