package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chartlake/store/sqlite"
)

// Rotating changes the master key of a folder that is in use, shows no key, and leaves a
// store that opens; the old file opens it no more.
func TestKeys(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Folder: data})
	if err != nil {
		t.Fatal(err)
	}
	id, err := s.Vault().New()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := s.Vault().Seal(nil, id, []byte("text"), nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(data, "store.key")
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	list := func(verb string) (masters []masterLine) {
		t.Helper()
		code, stdout, stderr := command("keys", verb, "--data", data, "--json")
		var out struct{ Masters []masterLine }
		if err := json.Unmarshal([]byte(stdout), &out); code != 0 || err != nil {
			t.Fatalf("%d %v %s %s", code, err, stdout, stderr)
		}
		for _, line := range strings.Split(string(old), "\n") {
			if f := strings.Fields(line); len(f) == 3 && len(f[2]) == 64 && strings.Contains(stdout+stderr, f[2]) {
				t.Error("a key is shown")
			}
		}
		return out.Masters
	}
	if m := list("list"); len(m) != 1 || m[0].ID != 1 || !m[0].Current || m[0].DataKeys < 3 || m[0].Made == "" {
		t.Errorf("%+v", m)
	}
	if m := list("rotate"); len(m) != 1 || m[0].ID != 2 || m[0].DataKeys < 3 {
		t.Errorf("%+v", m)
	}
	// The process that was open all the time reads and seals on.
	if got, err := s.Vault().Open(nil, id, sealed, nil); err != nil || string(got) != "text" {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := s.Vault().New(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := command("keys", "list", "--data", data); code == 0 || !strings.Contains(stderr, "master_key_missing") || !strings.Contains(stderr, "master key 2") {
		t.Errorf("the old key opens the store: %d %s", code, stderr)
	}
}
