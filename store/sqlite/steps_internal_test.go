package sqlite

import (
	_ "embed"
	"slices"
	"strconv"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"chartlake/fault"
	"chartlake/store/db"
)

// firstSchema is the schema of version 1, as it was before the first step.
//
//go:embed testdata/schema-1.sql
var firstSchema string

// An old database with the steps is the schema as it is now; a newer one is refused.
func TestSteps(t *testing.T) {
	t.Parallel()
	shape := func(first string, version int64) []string {
		raw, err := sqlite3.Open(":memory:")
		if err != nil {
			t.Fatal(err)
		}
		c := newConn(raw)
		defer c.close()
		if version > 0 {
			if err := raw.Exec(first + `; PRAGMA user_version=` + strconv.FormatInt(version, 10)); err != nil {
				t.Fatal(err)
			}
		}
		if err := migrate(c); err != nil {
			t.Fatal(err)
		}
		list, err := db.Texts(c, `SELECT m.type || ' ' || m.name || ' ' || ifnull(group_concat(i.name || ' ' || i.type || ' ' || i."notnull" || ' ' || i.pk, ', '), '')
			FROM sqlite_schema m LEFT JOIN pragma_table_xinfo(m.name) i GROUP BY m.name ORDER BY m.name`)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if old, now := shape(firstSchema, 1), shape("", 0); !slices.Equal(old, now) || len(now) < 20 {
		t.Errorf("old + steps:\n%q\nnew:\n%q", old, now)
	}
	raw, err := sqlite3.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	c := newConn(raw)
	defer c.close()
	if err := raw.Exec(`PRAGMA user_version=9999`); err != nil {
		t.Fatal(err)
	}
	if f := fault.As(migrate(c)); f == nil || f.Code != "store_newer" {
		t.Errorf("a newer schema: %v", f)
	}
}
