package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chartlake/eval/specimen"
)

// TestFormLearn learns a form from two prints and reads a third by its boxes, without the
// template by nothing; a folder that holds no template of the format is refused.
func TestFormLearn(t *testing.T) {
	t.Parallel()
	form := func(seed uint64, blank bool) string {
		s, err := specimen.MakeOwnForm(seed, blank, specimen.PDF)
		if err != nil {
			t.Fatal(err)
		}
		return file(t, s.Name, s.Bytes)
	}
	forms := filepath.Join(t.TempDir(), "forms")
	learn := []string{"form", "learn", form(1, true), form(1, false), "--name", "loan", "--forms", forms, "--type"}
	if code, _, _ := command(append(learn, "nothing")...); code != exitUsage {
		t.Errorf("a type that is none: code %d", code)
	}
	if code, stdout, stderr := command(append(learn, "consent")...); code != 0 || !strings.Contains(stdout, "13 fields, 5 tick boxes") {
		t.Fatalf("code %d: %s %s", code, stdout, stderr)
	}
	third := form(9, false)
	for _, with := range []bool{true, false} {
		args := []string{"convert", third, "--format", "record"}
		if with {
			args = append(args, "--forms", forms)
		}
		code, stdout, stderr := command(args...)
		if code != 0 || strings.Contains(stdout, "q.serial_no") != with {
			t.Errorf("with the template %v: code %d %s", with, code, stderr)
		}
	}
	if err := os.WriteFile(filepath.Join(forms, "torn.form.txt"), []byte("word 1 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := command("convert", third, "--forms", forms); code == 0 || !strings.Contains(stderr, "form_template") {
		t.Errorf("a torn template: code %d %s", code, stderr)
	}
}
