package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"chartlake/eval/specimen"
	"chartlake/store"
	"chartlake/store/postgres/pgtest"
)

// serve, work and check on one PostgreSQL database: a document that one process takes in is
// read by the workers of another, and found by both.
func TestServeOnPostgres(t *testing.T) {
	t.Parallel()
	set := setting{dataFolder: dataFolder{Data: t.TempDir(), database: database{Store: pgtest.URL(t)}}, Mode: "commit"}
	door, worker := serveSetting(t, set, 0), serveSetting(t, set, 1)
	doc, err := specimen.Make(5, specimen.LabReport, specimen.Layouts(specimen.LabReport)[0], specimen.PDF)
	if err != nil {
		t.Fatal(err)
	}
	status, code, id := door.post(bytes.NewReader(doc.Bytes), 0)
	if status != http.StatusAccepted {
		t.Fatalf("status %d, code %s", status, code)
	}
	if d := worker.settled(id); d.State != store.Filed && d.State != store.NeedsReview {
		t.Errorf("the document is %s %s", d.State, d.Code)
	}
	for _, r := range []*running{door, worker} {
		resp, err := r.Client().Get(r.URL + "/fhir/DocumentReference?_summary=count")
		if err != nil {
			t.Fatal(err)
		}
		var bundle struct{ Total int }
		if err := json.NewDecoder(resp.Body).Decode(&bundle); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || bundle.Total != 1 {
			t.Errorf("search gives %d with %d matches", resp.StatusCode, bundle.Total)
		}
	}
	exit, stdout, stderr := command("check", "--data", set.Data, "--store", set.Store)
	if exit != 0 || !strings.Contains(stdout, "no damage") || strings.Contains(stderr, "clear") {
		t.Errorf("check: %d %s %s", exit, stdout, stderr)
	}
}
