package postgres

import (
	"context"
	_ "embed"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"chartlake/envelope"
	"chartlake/envelope/envelopetest"
	"chartlake/store/postgres/pgtest"
	"chartlake/store/seal"
)

// firstSchema is the schema of version 1, as it was before the first step.
//
//go:embed testdata/schema-1.sql
var firstSchema string

// An old database with the steps is the schema as it is now.
func TestSteps(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	shape := func(old bool) []string {
		url, folder := pgtest.URL(t), t.TempDir()
		c, err := pgx.Connect(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(ctx)
		if old {
			secret := envelope.Key{1, 2, 3}
			if err := os.WriteFile(filepath.Join(folder, "store.key"), []byte(hex.EncodeToString(secret[:])), 0o600); err != nil {
				t.Fatal(err)
			}
			check, err := seal.CheckOf(&secret)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Exec(ctx, firstSchema, pgx.QueryExecModeSimpleProtocol); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Exec(ctx, `INSERT INTO chartlake VALUES (1, $1)`, check); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Exec(ctx, `INSERT INTO resource VALUES (1, 1, 'a', 0, 0, 0, 0)`); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Open(ctx, Config{URL: url, Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var again int
		if err := c.QueryRow(ctx, `SELECT count(*) FROM reindex WHERE state=0`).Scan(&again); err != nil || (again == 1) != old {
			t.Errorf("%d jobs to index again, %v", again, err)
		}
		rows, err := c.Query(ctx, `SELECT c.relname || ' ' || c.relkind::text || ' ' || coalesce(string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull::text || ' ' || a.attstorage::text, ', ' ORDER BY a.attname), '')
				|| ' ' || coalesce(regexp_replace(pg_get_indexdef(c.oid), ' ON .*\.', ' ON '), '')
			FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid=c.oid AND a.attnum>0 AND NOT a.attisdropped
			WHERE c.relnamespace=current_schema()::regnamespace GROUP BY c.oid, c.relname, c.relkind ORDER BY 1`)
		if err != nil {
			t.Fatal(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if old, now := shape(true), shape(false); !slices.Equal(old, now) || len(now) < 40 {
		t.Errorf("old + steps:\n%q\nnew:\n%q", old, now)
	}
}

// The shared SQL in PostgreSQL's words.
func TestTranslate(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		`SELECT a FROM b CROSS JOIN c ON c.x=b.x WHERE y=?`:                        `SELECT a FROM b JOIN c ON c.x=b.x WHERE y=$1::bigint`,
		`SELECT a FROM b INDEXED BY b_x WHERE instr(v,?)>0 AND w IS ?`:             `SELECT a FROM b WHERE strpos(v,$1::bigint)>0 AND w IS NOT DISTINCT FROM $2`,
		`EXISTS (SELECT 1 FROM b WHERE x=? /*seek*/) AND r IN (SELECT 1) /*once*/`: `EXISTS (SELECT 1 FROM b WHERE x=$1::bigint OFFSET 0) AND r IN (SELECT 1) IS TRUE`,
	} {
		if got := translate(sql, []any{int64(1), "t"}); got != want {
			t.Errorf("%s\nis      %s\nwant    %s", sql, got, want)
		}
	}
}

func TestShelf(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	urls := map[string]string{}
	var mu sync.Mutex
	envelopetest.Shelf(t, func(t *testing.T, place string) envelope.Shelf {
		mu.Lock()
		defer mu.Unlock()
		url, known := urls[place]
		if !known {
			url = pgtest.URL(t)
			urls[place] = url
		}
		pool, err := pgxpool.New(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		if !known {
			if _, err := pool.Exec(ctx, `CREATE TABLE data_key (id bigint PRIMARY KEY, master bigint NOT NULL, wrapped bytea NOT NULL)`); err != nil {
				t.Fatal(err)
			}
		}
		s, err := openShelf(ctx, pool)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
