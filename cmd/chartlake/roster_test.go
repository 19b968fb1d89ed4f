package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestImportRoster: a CSV of patients goes in once, what is refused is told by its line, and a file that
// is none is refused as a whole, without its words.
func TestImportRoster(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.csv", "mrn,facility,family,given,dob,sex\n778-1,Lakeside,Fairweather,Ada,11/02/1961,F\n778-2,Lakeside,Okoro,Ben,31/31/1980,M\n")
	bad := write("bad.csv", "mrn,Fairweather\n778-1,x\n")
	for _, c := range []struct {
		file, out, err string
		exit           int
	}{
		{good, "1 created, 0 updated, 0 unchanged, 1 refused", "line 3 was refused: the birth date is no date [roster_bad_date]", exitSomeFailed},
		{good, "0 created, 0 updated, 1 unchanged, 1 refused", "roster_bad_date", exitSomeFailed},
		{bad, "", "[roster_column]", exitDamaged},
	} {
		var stdout, stderr bytes.Buffer
		exit := run([]string{"import", c.file, "--data", filepath.Join(dir, "data")}, &stdout, &stderr)
		if exit != c.exit || !strings.Contains(stdout.String(), c.out) || !strings.Contains(stderr.String(), c.err) {
			t.Errorf("exit %d, %q, %q; want %d, %q, %q", exit, stdout.String(), stderr.String(), c.exit, c.out, c.err)
		}
		if strings.Contains(stderr.String(), "Fairweather") || strings.Contains(stderr.String(), "778") {
			t.Errorf("an error repeats the file: %s", stderr.String())
		}
	}
}
