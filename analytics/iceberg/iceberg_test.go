package iceberg

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chartlake/analytics/view"
	"chartlake/fault"
)

// decoded reads an object container file by the schema that stands in it.
func decoded(t *testing.T, data []byte) (about map[string]string, rows []any) {
	t.Helper()
	in := bytes.NewReader(data)
	long := func() int64 {
		n, err := binary.ReadVarint(in)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	some := func(n int64) []byte {
		b := make([]byte, n)
		if _, err := io.ReadFull(in, b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	if magic := string(some(4)); magic != "Obj\x01" {
		t.Fatalf("magic %q", magic)
	}
	about = map[string]string{}
	for n := long(); n != 0; n = long() {
		for range n {
			key := string(some(long()))
			about[key] = string(some(long()))
		}
	}
	var schema any
	if err := json.Unmarshal([]byte(about["avro.schema"]), &schema); err != nil {
		t.Fatal(err)
	}
	sync := some(16)
	var value func(schema any) any
	value = func(schema any) any {
		switch s := schema.(type) {
		case []any:
			return value(s[long()])
		case map[string]any:
			out := map[string]any{}
			for _, f := range s["fields"].([]any) {
				out[f.(map[string]any)["name"].(string)] = value(f.(map[string]any)["type"])
			}
			return out
		}
		switch schema {
		case "null":
			return nil
		case "string":
			return string(some(long()))
		case "int", "long":
			return long()
		}
		t.Fatalf("type %v", schema)
		return nil
	}
	for in.Len() > 0 {
		count := long()
		end := in.Len() - int(long())
		for range count {
			rows = append(rows, value(schema))
		}
		if in.Len() > end || !bytes.Equal(some(16), sync) {
			t.Fatal("the block has another length, or no end")
		}
	}
	return about, rows
}

func TestWrite(t *testing.T) {
	t.Parallel()
	table := Table{UUID: "u", Location: "s3://lake/tables/x", Columns: []view.Column{{Name: "id", Type: "id"}, {Name: "value", Type: "decimal"}, {Name: "n", Type: "integer"}, {Name: "b", Type: "boolean"}},
		Sequence: 300, At: time.UnixMilli(1_777_000_000_000), Files: []File{{"s3://lake/tables/x/a.parquet", 200, 5000}, {"s3://lake/tables/x/b.parquet", 1, 90}}}
	m, err := table.Write("s3://lake/tables/x/f.avro", "s3://lake/tables/x/l.avro")
	if err != nil {
		t.Fatal(err)
	}
	about, rows := decoded(t, m.Files)
	entry := func(uri string, n, size int64) any {
		return map[string]any{"status": int64(1), "snapshot_id": int64(301), "sequence_number": int64(300), "file_sequence_number": int64(300),
			"data_file": map[string]any{"content": int64(0), "file_path": uri, "file_format": "PARQUET", "partition": map[string]any{}, "record_count": n, "file_size_in_bytes": size}}
	}
	if diff := cmp.Diff([]any{entry("s3://lake/tables/x/a.parquet", 200, 5000), entry("s3://lake/tables/x/b.parquet", 1, 90)}, rows); diff != "" {
		t.Error(diff)
	}
	if about["format-version"] != "2" || about["content"] != "data" || about["partition-spec"] != "[]" {
		t.Errorf("%v", about)
	}
	_, rows = decoded(t, m.List)
	if diff := cmp.Diff([]any{map[string]any{"manifest_path": "s3://lake/tables/x/f.avro", "manifest_length": int64(len(m.Files)), "partition_spec_id": int64(0), "content": int64(0),
		"sequence_number": int64(300), "min_sequence_number": int64(300), "added_snapshot_id": int64(301), "added_files_count": int64(2), "existing_files_count": int64(0),
		"deleted_files_count": int64(0), "added_rows_count": int64(201), "existing_rows_count": int64(0), "deleted_rows_count": int64(0)}}, rows); diff != "" {
		t.Error(diff)
	}
	var top struct {
		Current   int64 `json:"current-snapshot-id"`
		Snapshots []struct {
			ID   int64  `json:"snapshot-id"`
			List string `json:"manifest-list"`
		}
		Schemas []schema
	}
	if err := json.Unmarshal(m.Table, &top); err != nil || len(top.Snapshots) != 1 || top.Snapshots[0].ID != top.Current || top.Snapshots[0].List != "s3://lake/tables/x/l.avro" {
		t.Errorf("%s %v", m.Table, err)
	}
	if got := fmt.Sprint(top.Schemas[0].Fields); got != "[{1 id false string} {2 value false double} {3 n false long} {4 b false boolean}]" {
		t.Errorf("columns %s", got)
	}

	table.Files = nil
	if m, err = table.Write("f", "l"); err != nil {
		t.Fatal(err)
	}
	if _, rows := decoded(t, m.Files); rows != nil {
		t.Errorf("%v in an empty table", rows)
	}
	table.Columns = append(table.Columns, view.Column{Name: "names", Type: "string", Collection: true})
	if _, err := table.Write("f", "l"); !fault.Is(err, fault.Unsupported) {
		t.Errorf("a list: %v", err)
	}
}
