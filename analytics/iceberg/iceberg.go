// Package iceberg describes tables of Parquet files as Apache Iceberg tables: the metadata of format
// version 2, written anew for each state of a table, with one snapshot. It keeps no history on purpose:
// what was erased is in no older snapshot. There are no partitions, no deletes, no statistics of columns,
// and no catalogue: a reader is given the path of the metadata file.
//
// Source: Apache Iceberg, "Iceberg Table Spec", version 2 (iceberg.apache.org/spec). Tables with columns of
// lists are refused.
package iceberg

import (
	"encoding/json"
	"strconv"
	"time"

	"chartlake/analytics/view"
	"chartlake/fault"
)

// Table is a state of a table.
type Table struct {
	UUID     string // of the table, for ever
	Location string // URI of its folder
	Columns  []view.Column
	Files    []File
	Sequence int64 // goes up from state to state
	At       time.Time
}

// File is a Parquet file whose columns bear the numbers 1, 2, … in the order of Columns.
type File struct {
	URI   string
	Rows  int64
	Bytes int64
}

// Metadata are the files that describe a state: Files (Avro, the list of data files), List (Avro, the list
// of such lists) and Table (JSON), each to be written under the URI that Write was told.
type Metadata struct{ Files, List, Table []byte }

// Write makes the metadata, for files that will lie at these URIs. Unsupported: a column that Iceberg cannot
// have here.
func (t Table) Write(filesURI, listURI string) (m Metadata, err error) {
	schema, err := t.schema()
	if err != nil {
		return m, err
	}
	if m.Files, err = t.files(schema); err != nil {
		return m, err
	}
	if m.List, err = t.list(filesURI, int64(len(m.Files))); err != nil {
		return m, err
	}
	m.Table, err = t.table(schema, listURI)
	return m, err
}

type column struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Required bool   `json:"required"`
	Type     string `json:"type"`
}

type schema struct {
	Type   string   `json:"type"`
	ID     int      `json:"schema-id"`
	Fields []column `json:"fields"`
}

// kinds are Iceberg's names of types; all others are text, as they are in the files.
var kinds = map[string]string{"boolean": "boolean", "decimal": "double", "integer": "long", "integer64": "long", "positiveInt": "long", "unsignedInt": "long"}

func (t Table) schema() (schema, error) {
	s := schema{Type: "struct"}
	for i, c := range t.Columns {
		if c.Collection {
			return s, fault.New(fault.Unsupported, "iceberg_list", "column %s is a list", c.Name)
		}
		kind := kinds[c.Type]
		if kind == "" {
			kind = "string"
		}
		s.Fields = append(s.Fields, column{ID: i + 1, Name: c.Name, Type: kind})
	}
	return s, nil
}

// snapshot is the number of the state's only snapshot.
func (t Table) snapshot() int64 { return t.Sequence + 1 }

const added = 1 // status of an entry

var entrySchema = structure("manifest_entry",
	field{Name: "status", Type: "int", ID: 0},
	field{Name: "snapshot_id", Type: optional, ID: 1},
	field{Name: "sequence_number", Type: optional, ID: 3},
	field{Name: "file_sequence_number", Type: optional, ID: 4},
	field{Name: "data_file", ID: 2, Type: structure("r2",
		field{Name: "content", Type: "int", ID: 134},
		field{Name: "file_path", Type: "string", ID: 100},
		field{Name: "file_format", Type: "string", ID: 101},
		field{Name: "partition", Type: structure("r102"), ID: 102},
		field{Name: "record_count", Type: "long", ID: 103},
		field{Name: "file_size_in_bytes", Type: "long", ID: 104})})

func (t Table) files(s schema) ([]byte, error) {
	rows := &avro{}
	for _, f := range t.Files {
		rows.long(added)
		rows.some(t.snapshot())
		rows.some(t.Sequence)
		rows.some(t.Sequence)
		rows.long(0) // content: data
		rows.text(f.URI)
		rows.text("PARQUET")
		rows.long(f.Rows)
		rows.long(f.Bytes)
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return container(entrySchema, [][2]string{{"schema", string(text)}, {"schema-id", "0"}, {"partition-spec", "[]"}, {"partition-spec-id", "0"},
		{"format-version", "2"}, {"content", "data"}}, len(t.Files), rows.Bytes())
}

var manifestSchema = structure("manifest_file",
	field{Name: "manifest_path", Type: "string", ID: 500},
	field{Name: "manifest_length", Type: "long", ID: 501},
	field{Name: "partition_spec_id", Type: "int", ID: 502},
	field{Name: "content", Type: "int", ID: 517},
	field{Name: "sequence_number", Type: "long", ID: 515},
	field{Name: "min_sequence_number", Type: "long", ID: 516},
	field{Name: "added_snapshot_id", Type: "long", ID: 503},
	field{Name: "added_files_count", Type: "int", ID: 504},
	field{Name: "existing_files_count", Type: "int", ID: 505},
	field{Name: "deleted_files_count", Type: "int", ID: 506},
	field{Name: "added_rows_count", Type: "long", ID: 512},
	field{Name: "existing_rows_count", Type: "long", ID: 513},
	field{Name: "deleted_rows_count", Type: "long", ID: 514})

func (t Table) list(filesURI string, length int64) ([]byte, error) {
	rows := &avro{}
	rows.text(filesURI)
	for _, n := range []int64{length, 0, 0, t.Sequence, t.Sequence, t.snapshot(), int64(len(t.Files)), 0, 0, t.rows(), 0, 0} {
		rows.long(n)
	}
	return container(manifestSchema, [][2]string{{"snapshot-id", strconv.FormatInt(t.snapshot(), 10)}, {"parent-snapshot-id", "null"},
		{"sequence-number", strconv.FormatInt(t.Sequence, 10)}, {"format-version", "2"}}, 1, rows.Bytes())
}

func (t Table) rows() (n int64) {
	for _, f := range t.Files {
		n += f.Rows
	}
	return n
}

// table is the metadata file.
func (t Table) table(s schema, listURI string) ([]byte, error) {
	at := t.At.UnixMilli()
	var names []map[string]any
	for _, c := range s.Fields {
		names = append(names, map[string]any{"field-id": c.ID, "names": []string{c.Name}})
	}
	mapping, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(map[string]any{
		"format-version": 2, "table-uuid": t.UUID, "location": t.Location,
		"last-sequence-number": t.Sequence, "last-updated-ms": at, "last-column-id": len(t.Columns),
		"current-schema-id": 0, "schemas": []schema{s},
		"default-spec-id": 0, "partition-specs": []any{map[string]any{"spec-id": 0, "fields": []any{}}}, "last-partition-id": 999,
		"default-sort-order-id": 0, "sort-orders": []any{map[string]any{"order-id": 0, "fields": []any{}}},
		"properties":          map[string]string{"schema.name-mapping.default": string(mapping)},
		"current-snapshot-id": t.snapshot(),
		"snapshots": []any{map[string]any{"snapshot-id": t.snapshot(), "sequence-number": t.Sequence, "timestamp-ms": at, "manifest-list": listURI, "schema-id": 0,
			"summary": map[string]string{"operation": "overwrite", "total-records": strconv.FormatInt(t.rows(), 10), "total-data-files": strconv.Itoa(len(t.Files))}}},
		"snapshot-log": []any{map[string]any{"snapshot-id": t.snapshot(), "timestamp-ms": at}}, "metadata-log": []any{},
	}, "", " ")
}
