package view

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"chartlake/fhir"
	"chartlake/internal/sharedtest"
)

// suiteFile is a file of the official tests.
type suiteFile struct {
	Title     string            `json:"title"`
	Resources []json.RawMessage `json:"resources"`
	Tests     []struct {
		Title         string            `json:"title"`
		View          json.RawMessage   `json:"view"`
		Expect        []json.RawMessage `json:"expect"`
		ExpectColumns []string          `json:"expectColumns"`
		ExpectError   bool              `json:"expectError"`
	} `json:"tests"`
}

// The official tests of SQL on FHIR v2, all of them. With CHARTLAKE_REPORT=FILE the result is
// written in the form of the public registry of implementations.
func TestSuite(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedtest.Path(t, "fhir/sql-on-fhir-v2"), "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	type outcome struct {
		Name   string          `json:"name"`
		Result map[string]bool `json:"result"`
	}
	report := map[string]map[string][]outcome{}
	total, right := 0, 0
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file suiteFile
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatal(err)
		}
		var outcomes []outcome
		for _, test := range file.Tests {
			total++
			problem := runSuiteTest(&file, test.View, test.Expect, test.ExpectColumns, test.ExpectError)
			if problem == "" {
				right++
			} else {
				t.Errorf("%s, %s: %s", filepath.Base(path), test.Title, problem)
			}
			outcomes = append(outcomes, outcome{test.Title, map[string]bool{"passed": problem == ""}})
		}
		report[filepath.Base(path)] = map[string][]outcome{"tests": outcomes}
	}
	t.Logf("%d of %d right", right, total)
	if to := os.Getenv("CHARTLAKE_REPORT"); to != "" {
		out, err := json.MarshalIndent(report, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func runSuiteTest(file *suiteFile, definition json.RawMessage, expect []json.RawMessage, columns []string, wantError bool) string {
	n, err := fhir.Parse(definition)
	if err != nil {
		return "the definition does not parse"
	}
	var rows []string
	v, err := Compile(n)
	if err == nil {
		runner := v.Runner()
		for _, raw := range file.Resources {
			resource, parseErr := fhir.Parse(raw)
			if parseErr != nil {
				return "a resource does not parse"
			}
			if err = runner.Rows(resource, func(row []any) error {
				rows = append(rows, rowJSON(v, row))
				return nil
			}); err != nil {
				break
			}
		}
	}
	if wantError {
		if err == nil {
			return "an error is expected"
		}
		return ""
	}
	if err != nil {
		return err.Error()
	}
	if columns != nil {
		var have []string
		for _, c := range v.Columns {
			have = append(have, c.Name)
		}
		if diff := gocmp.Diff(columns, have); diff != "" {
			return diff
		}
	}
	var want []string
	for _, e := range expect {
		want = append(want, canonical(e))
	}
	slices.SortFunc(rows, cmp.Compare[string])
	slices.SortFunc(want, cmp.Compare[string])
	return gocmp.Diff(want, rows)
}

func rowJSON(v *View, row []any) string {
	out := map[string]any{}
	for i, c := range v.Columns {
		out[c.Name] = row[i]
	}
	data, err := json.Marshal(out)
	if err != nil {
		return err.Error()
	}
	return canonical(data)
}

// canonical sorts names and reads numbers by value.
func canonical(data []byte) string {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return err.Error()
	}
	out, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(out))
}
