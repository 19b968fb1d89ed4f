package live_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chartlake/analytics/live"
	"chartlake/analytics/live/livetest"
	"chartlake/analytics/sheet"
)

// reads is pyiceberg over the metadata of a table: its rows as JSON, in the order of their texts.
const reads = `
import json, sys
from pyiceberg.table import StaticTable
out = {}
for line in sys.stdin:
    name, path = line.split()
    table = StaticTable.from_metadata(path)
    got = table.scan().to_arrow()
    out[name] = {"columns": [f"{f.name} {f.type}" for f in got.schema], "rows": len(got), "first": sorted(got[0].to_pylist()),
                 "snapshots": len(table.snapshots()), "uuid": str(table.metadata.table_uuid)}
json.dump(out, sys.stdout)
`

// TestIceberg: a reader of Iceberg that is not ours finds in each table's metadata the rows of its files.
// CHARTLAKE_PYICEBERG names a Python that has pyiceberg and pyarrow.
func TestIceberg(t *testing.T) {
	t.Parallel()
	python := os.Getenv("CHARTLAKE_PYICEBERG")
	if python == "" {
		t.Skip("CHARTLAKE_PYICEBERG names no Python with pyiceberg: nobody else reads the Iceberg metadata")
	}
	db, path := livetest.Open(t), t.TempDir()
	c := livetest.NewChanges(t, db, 9)
	f := live.Follow(db, folder(t, path))
	uuids := map[string]string{}
	for range 3 {
		for range 40 {
			c.Some()
		}
		if _, err := f.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		var m live.Manifest
		data, err := os.ReadFile(filepath.Join(path, "tables.json"))
		if err == nil {
			err = json.Unmarshal(data, &m)
		}
		if err != nil {
			t.Fatal(err)
		}
		var in strings.Builder
		for name, p := range m.Iceberg {
			in.WriteString(name + " " + filepath.Join(path, p) + "\n")
		}
		cmd := exec.Command(python, "-c", reads)
		cmd.Stdin = strings.NewReader(in.String())
		out, err := cmd.Output()
		if err != nil {
			e, _ := err.(*exec.ExitError)
			t.Fatalf("%v %s", err, e.Stderr)
		}
		var got map[string]struct {
			Columns   []string
			Rows      int
			First     []string
			Snapshots int
			UUID      string
		}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		for name, rows := range livetest.InStore(t, db) {
			g := got[name]
			if g.Rows != len(rows) || g.Snapshots != 1 {
				t.Errorf("%s has %d rows in %d snapshots, not %d", name, g.Rows, g.Snapshots, len(rows))
			}
			if diff := cmp.Diff(ids(t, m, path, name), g.First); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			if was := uuids[name]; was != "" && was != g.UUID {
				t.Errorf("%s has another UUID", name)
			}
			uuids[name] = g.UUID
		}
		if c := strings.Join(got["observations"].Columns, ", "); !strings.Contains(c, "value double") || !strings.Contains(c, "test large_string") && !strings.Contains(c, "test string") {
			t.Errorf("columns %s", c)
		}
	}
}

// ids are the texts in the first column of a table's files, in order.
func ids(t *testing.T, m live.Manifest, path, table string) []string {
	t.Helper()
	out := []string{}
	for _, f := range m.Tables[table] {
		data, err := os.ReadFile(filepath.Join(path, f.Path))
		if err != nil {
			t.Fatal(err)
		}
		if err := (sheet.Part{From: bytes.NewReader(data), Size: int64(len(data))}).Firsts(func(id string) { out = append(out, id) }); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(out)
	return out
}
