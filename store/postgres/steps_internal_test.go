package postgres

import (
	"context"
	_ "embed"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"chartlake/store/postgres/pgtest"
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
			// The key comes with the first opening of a new database.
			s, err := Open(ctx, Config{URL: pgtest.URL(t), Folder: folder})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if _, err := c.Exec(ctx, firstSchema, pgx.QueryExecModeSimpleProtocol); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Exec(ctx, `INSERT INTO chartlake VALUES (1, $1)`, s.core.Keys.Check()); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Open(ctx, Config{URL: url, Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
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
