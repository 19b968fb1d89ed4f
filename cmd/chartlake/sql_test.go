package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSQL(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "d")
	in := filepath.Join(t.TempDir(), "in.ndjson")
	if err := os.WriteFile(in, []byte(`{"resourceType":"Patient","id":"p1","name":[{"family":"Fair\u001b[2J"}],"gender":"female"}`+"\n"+
		`{"resourceType":"Patient","id":"p2","name":[{"family":"`+strings.Repeat("x", 100)+`"}]}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := command("import", in, "--data", data); code != 0 {
		t.Fatalf("import: %d %s", code, stderr)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"select fhir_id, length(family) as n from patients order by 1"}, "fhir_id    n\n───────  ───\np1         8\np2       100\n2 rows\n"},
		{[]string{"select family from patients order by fhir_id"}, "family\n" + strings.Repeat("─", 60) + "\nFair [2J\n" + strings.Repeat("x", 59) + "…\n2 rows\n"},
		{[]string{"select gender from patients where fhir_id = 'p1'", "--format", "csv"}, "gender\nfemale\n"},
		{[]string{"select gender from patients where fhir_id = 'p2'", "--format", "ndjson"}, "{\"gender\":null}\n"},
		{[]string{"select count(*) as n from patients", "--json"}, `{"columns":[{"name":"n","type":"integer64"}],"rows":[[2]]}` + "\n"},
	} {
		code, stdout, stderr := command(append([]string{"sql", "--data", data}, c.args...)...)
		if code != 0 || stdout != c.want {
			t.Errorf("%v: %d %s\n%s", c.args, code, stderr, stdout)
		}
	}
	for ask, want := range map[string]string{
		"drop table patients":           "sql_invalid",
		"select surname from patients":  "no such column: surname",
		"select family from, patients":  "character 19",
		"select fhir_id from patient":   "no such table: patient",
		"select 1 where nosuch(1) > 10": "no such function: nosuch",
	} {
		if code, _, stderr := command("sql", ask, "--data", data); code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%s: %d %s", ask, code, stderr)
		}
	}
	if code, _, stderr := command("sql", "select fhir_id from patients", "--limit", "1", "--data", data); code == 0 || !strings.Contains(stderr, "more than 1 row") {
		t.Errorf("%d %s", code, stderr)
	}
	if code, _, _ := command("sql", "select 1", "--data", filepath.Join(t.TempDir(), "none")); code == 0 {
		t.Error("a folder that is not there was asked")
	}
}
