package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chartlake/analytics"
)

func TestExportTables(t *testing.T) {
	t.Parallel()
	data, out := filepath.Join(t.TempDir(), "d"), filepath.Join(t.TempDir(), "t")
	in := filepath.Join(t.TempDir(), "in.ndjson")
	if err := os.WriteFile(in, []byte(`{"resourceType":"Patient","id":"p1","name":[{"family":"Fair"}]}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := command("import", in, "--data", data); code != 0 {
		t.Fatalf("import: %d %s", code, stderr)
	}
	if code, _, stderr := command("export", out, "--data", data, "--format", "csv"); code != 0 {
		t.Fatalf("export: %d %s", code, stderr)
	}
	f, err := os.Open(filepath.Join(out, "patients.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][0] != "p1" {
		t.Errorf("%v %v", rows, err)
	}
	if names, _ := os.ReadDir(out); len(names) != len(analytics.Tables()) {
		t.Errorf("%d files for %d tables", len(names), len(analytics.Tables()))
	}
	for args, want := range map[string]string{
		"--format fhir --table patients":           "--table belongs",
		"--format csv --type Patient":              "exported whole",
		"--format csv --table nothing":             "no_such_table",
		"--format parquet --deidentify":            "not de-identified",
		"--format parquet --since 2024-01-01":      "exported whole",
		"--format xlsx --table patients,documents": "parquet",
	} {
		all := append([]string{"export", filepath.Join(t.TempDir(), "x"), "--data", data}, strings.Fields(args)...)
		if code, _, stderr := command(all...); code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%s: %d %s", args, code, stderr)
		}
	}
}

// The guide names every table and column.
func TestTablesAreDocumented(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "guide", "tables.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range analytics.Tables() {
		var columns []string
		for _, c := range table.Columns {
			columns = append(columns, "`"+c.Name+"`")
		}
		if !strings.Contains(string(guide), strings.Join(columns, ", ")+" |") || !strings.Contains(string(guide), "| `"+table.Name+"` |") {
			t.Errorf("docs/guide/tables.md lacks %s or its columns: %s", table.Name, strings.Join(columns, ", "))
		}
	}
}
