package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chartlake/backup"
	"chartlake/blob/folder"
	"chartlake/fhir"
	"chartlake/store"
	"chartlake/store/sqlite"
)

// keeping is a data folder with one document that waits, and its backup.
type keeping struct {
	t               *testing.T
	dir, data, dest string
	id              string
}

func newKeeping(t *testing.T) *keeping {
	t.Helper()
	dir := t.TempDir()
	k := &keeping{t: t, dir: dir, data: filepath.Join(dir, "data"), dest: filepath.Join(dir, "backup")}
	s, err := sqlite.Open(t.Context(), sqlite.Config{Folder: k.data})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	blobs, err := folder.Open(filepath.Join(k.data, "blobs"), folder.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	info, err := blobs.Put(t.Context(), strings.NewReader("an original"), 100, nil)
	if err != nil {
		t.Fatal(err)
	}
	k.id = info.Hash
	patient, err := fhir.Parse([]byte(`{"resourceType":"Patient","id":"p","name":[{"family":"Fairweather"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Transact(t.Context(), operator, []store.Command{
		store.Receive{Document: store.Document{ID: k.id, SHA256: k.id, State: store.Received}, Arrival: store.Arrival{Source: "http"}},
		store.Move{ID: k.id, From: []store.State{store.Received}, To: store.Failed, Code: "no_pages"},
		store.Update{Resource: patient}})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// run runs a command that must end with a code, and gives what it said.
func (k *keeping) run(want int, args ...string) (stdout, stderr string) {
	k.t.Helper()
	var out, errs bytes.Buffer
	if got := run(args, &out, &errs); got != want {
		k.t.Errorf("%s: exit %d, want %d\n%s%s", args, got, want, &out, &errs)
	}
	return out.String(), errs.String()
}

func TestBackupRestoreCheck(t *testing.T) {
	t.Parallel()
	k := newKeeping(t)
	keys, restored := filepath.Join(k.dir, "keys"), filepath.Join(k.dir, "restored")
	if out, _ := k.run(0, "check", "--data", k.data); !strings.Contains(out, "no damage found") {
		t.Errorf("check: %s", out)
	}
	k.run(2, "backup", filepath.Join(k.data, "backup"), "--data", k.data)
	k.run(2, "backup", k.dest, "--data", k.data, "--keys", filepath.Join(k.dest, "keys"))
	k.run(3, "backup", k.dest, "--data", filepath.Join(k.dir, "nothing"))
	if _, errs := k.run(0, "backup", k.dest, "--data", k.data); !strings.Contains(errs, "no key is in the backup") {
		t.Errorf("keys are not spoken of: %s", errs)
	}
	out, _ := k.run(0, "--json", "backup", k.dest, "--data", k.data, "--keys", keys)
	var report backup.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Originals != 1 || report.Copied != 0 {
		t.Errorf("%+v, %v", report, err)
	}
	k.run(3, "restore", k.dest, "--data", restored, "--keys", keys) // no store.key there
	text, err := os.ReadFile(filepath.Join(k.data, "store.key"))
	if err == nil {
		err = os.WriteFile(filepath.Join(keys, "store.key"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	k.run(5, "restore", k.dest, "--data", k.data, "--keys", keys) // not empty
	k.run(0, "restore", k.dest, "--data", restored, "--keys", keys)
	out, _ = k.run(0, "--json", "check", "--data", restored)
	var sums checked
	if err := json.Unmarshal([]byte(out), &sums); err != nil || sums.Documents != 1 || sums.Originals != 1 || len(sums.Found) != 0 {
		t.Errorf("%+v, %v: %s", sums, err, out)
	}
}

func TestCheckTellsAndRepairs(t *testing.T) {
	t.Parallel()
	k := newKeeping(t)
	k.run(0, "backup", k.dest, "--data", k.data)
	found, err := filepath.Glob(filepath.Join(k.data, "blobs", "*", k.id[:2], k.id))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if err := os.Remove(found[0]); err != nil {
		t.Fatal(err)
	}
	k.run(2, "check", "--data", k.data, "--from", k.dest)
	if _, errs := k.run(5, "check", "--data", k.data); !strings.Contains(errs, k.id+" [document_blob]") {
		t.Errorf("not told: %s", errs)
	}
	k.run(5, "check", "--repair", "--data", k.data)
	if out, _ := k.run(0, "check", "--repair", "--from", k.dest, "--data", k.data); !strings.Contains(out, "1 found, 1 repaired") {
		t.Errorf("not repaired: %s", out)
	}
	k.run(0, "check", "--data", k.data)
}

// A data folder whose restore was cut off is not used.
func TestRestoreUnfinished(t *testing.T) {
	t.Parallel()
	k := newKeeping(t)
	if err := os.WriteFile(filepath.Join(k.data, backup.Unfinished), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs := k.run(5, "check", "--data", k.data); !strings.Contains(errs, "restore_unfinished") {
		t.Errorf("%s", errs)
	}
}
