package guidance

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chartlake/analytics/live"
	"chartlake/analytics/sheet"
)

// kept: the Parquet files of the bucket have the rows that SQL counts, once they tell of the last change.
func kept(t *testing.T, b *bucket, written <-chan struct{}, lake string) {
	want := map[string][]string{}
	for _, table := range []string{"document_references", "observations", "conditions", "evidence", "patients"} {
		want[table] = ids(t, lake, table)
		if len(want[table]) == 0 {
			t.Errorf("%s is empty", table)
		}
	}
	late := time.After(patience)
	for {
		got := map[string][]string{}
		for table := range want {
			got[table] = inFiles(t, b, table)
		}
		diff := cmp.Diff(want, got)
		if diff == "" {
			return
		}
		select {
		case <-written:
		case <-late:
			t.Fatalf("ids of rows (-SQL +Parquet):\n%s", diff)
		}
	}
}

// ids are the ids of a table's rows, by SQL.
func ids(t *testing.T, lake, table string) (out []string) {
	t.Helper()
	resp, err := http.Post(lake+"/sql", "application/sql", strings.NewReader("select fhir_id from "+table))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct{ Rows [][]string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	for _, row := range answer.Rows {
		out = append(out, row[0])
	}
	slices.Sort(out)
	return out
}

// inFiles are those in the files that tables.json names. A file that goes meanwhile is of an older
// tables.json: the next look has the newer one.
func inFiles(t *testing.T, b *bucket, table string) (out []string) {
	t.Helper()
	var m live.Manifest
	if json.Unmarshal(b.get(t, tablesPrefix+"tables.json"), &m) != nil {
		return nil
	}
	for _, f := range m.Tables[table] {
		data := b.get(t, tablesPrefix+f.Path)
		if data == nil {
			return nil
		}
		if err := (sheet.Part{From: bytes.NewReader(data), Size: int64(len(data))}).Firsts(func(id string) { out = append(out, id) }); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(out)
	return out
}
