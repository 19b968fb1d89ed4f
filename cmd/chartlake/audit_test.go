package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chartlake/audit"
	"chartlake/fhir"
	"chartlake/store"
)

// trailed is a data folder in which a patient was made and looked at.
func trailed(t *testing.T) string {
	t.Helper()
	data := t.TempDir()
	s, err := (dataFolder{Data: data}).openExistingOrNew(t)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	patient, err := fhir.Parse([]byte(`{"resourceType":"Patient","id":"p","name":[{"family":"Kanarienvogel"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	anna := store.Actor{ID: "user:anna"}
	if _, err := s.Transact(t.Context(), anna, []store.Command{store.Update{Resource: patient}}); err != nil {
		t.Fatal(err)
	}
	if err := s.View(t.Context(), store.Actor{ID: "user:bert"}, func(v store.View) error {
		_, err := v.Read(store.Key{Type: "Patient", ID: "p"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return data
}

func (d dataFolder) openExistingOrNew(t *testing.T) (store.Store, error) {
	t.Helper()
	return d.open(t.Context(), absolute(d.Data), "http://127.0.0.1/fhir")
}

func TestTheTrailIsListedAndVerified(t *testing.T) {
	t.Parallel()
	data := trailed(t)
	code, out, errs := command("audit", "list", "--data", data, "--patient", "p", "--json")
	if code != 0 || strings.Contains(out, "Kanarienvogel") {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	actors := map[string]string{}
	for d := json.NewDecoder(strings.NewReader(out)); d.More(); {
		var ev access
		if err := d.Decode(&ev); err != nil {
			t.Fatal(err)
		}
		actors[ev.Actor] = string(ev.Steps[0].Action)
	}
	if actors["user:anna"] != "create" || actors["user:bert"] != "read" || len(actors) != 2 {
		t.Errorf("who touched the patient: %v", actors)
	}
	if code, out, _ = command("audit", "list", "--data", data, "--actor", "user:bert"); code != 0 || !strings.Contains(out, "read Patient/p") || strings.Contains(out, "anna") {
		t.Errorf("exit %d: %s", code, out)
	}
	if code, out, errs = command("audit", "verify", "--data", data); code != 0 || !strings.Contains(out, "whole") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

// A mark that was kept elsewhere tells of a trail that was put back to an older state.
func TestATrailThatWasCutOffDoesNotFitItsMarks(t *testing.T) {
	t.Parallel()
	data, old := trailed(t), t.TempDir()
	if err := os.CopyFS(filepath.Join(old, "data"), os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"store.key", "data.keys"} { // CopyFS gives them to all
		if err := os.Chmod(filepath.Join(old, "data", key), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := (dataFolder{Data: data}).openExistingOrNew(t)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := s.View(t.Context(), store.Actor{ID: "user:eve"}, func(v store.View) error {
			_, err := v.Read(store.Key{Type: "Patient", ID: "p"})
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	code, out, errs := command("audit", "verify", "--data", data, "--json")
	var report audit.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 0 || report.Mark == "" {
		t.Fatalf("exit %d: %s%s %v", code, out, errs, err)
	}
	mark := filepath.Join(old, "mark")
	if err := os.WriteFile(mark, []byte(report.Mark), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs = command("audit", "verify", "--data", filepath.Join(old, "data")); code != 0 {
		t.Errorf("the older state by itself: exit %d: %s", code, errs)
	}
	code, _, errs = command("audit", "verify", "--data", filepath.Join(old, "data"), "--marks", mark)
	if code != exitDamaged || !strings.Contains(errs, audit.Truncated) {
		t.Errorf("the older state against the mark: exit %d: %s", code, errs)
	}
}
