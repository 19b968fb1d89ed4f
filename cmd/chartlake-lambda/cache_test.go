package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCacheOfTheZip: compiled code that the zip brings is there for the engine in a folder of its own, and
// a zip without it, or a folder that is named, leaves things as they are.
func TestCacheOfTheZip(t *testing.T) {
	root, temp := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temp)
	get := func(k string) string { return map[string]string{"LAMBDA_TASK_ROOT": root}[k] }
	if dir := cacheDir(get); dir != filepath.Join(temp, "chartlake-pdfium") {
		t.Errorf("without code in the zip: %q", dir)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := os.MkdirAll(filepath.Join(root, "pdfium", "wazero-1"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "pdfium", "wazero-1", "code"), []byte("code"), 0o444); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second start of a container finds it
		dir := cacheDir(get)
		got, err := os.ReadFile(filepath.Join(dir, "wazero-1", "code"))
		info, e := os.Stat(dir)
		if err != nil || e != nil || string(got) != "code" || info.Mode().Perm() != 0o700 {
			t.Errorf("%q, %v, %v", got, err, e)
		}
	}
	if dir := cacheDir(func(k string) string { return "/named" }); dir != "/named" {
		t.Errorf("a folder that is named: %q", dir)
	}
}
