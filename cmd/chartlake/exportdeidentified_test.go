package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"chartlake/eval/specimen"
)

// A document that was filed comes out without the patient: not in the resources, not in the text
// nor in the bytes of the new PDF, and the same key gives the same surrogates.
func TestExportDeidentified(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	s, err := specimen.Make(11, "discharge_summary", specimen.Layouts("discharge_summary")[0], "pdf")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "note.pdf")
	if err := os.WriteFile(file, s.Bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	call := func(want int, args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if got := run(args, &stdout, &stderr); got != want {
			t.Fatalf("%s: exit %d, want %d: %s", args[0], got, want, stderr.String())
		}
		return stdout.String()
	}
	call(0, "ingest", file, "--data", data, "--wait")
	call(exitUsage, "export", filepath.Join(dir, "x"), "--deidentify")
	call(exitUsage, "export", filepath.Join(dir, "x"), "--data", data, "--years")
	call(0, "export", filepath.Join(dir, "plain"), "--data", data)
	out := filepath.Join(dir, "out")
	var report deidentifiedReport
	if err := json.Unmarshal([]byte(call(0, "export", out, "--data", data, "--deidentify", "--json")), &report); err != nil {
		t.Fatal(err)
	}
	if report.Documents != 1 || report.Resources == 0 || report.Identifiers["name"] == 0 || report.Withheld != 0 {
		t.Errorf("%+v", report)
	}
	var patient struct {
		Name []struct {
			Family string
			Given  []string
		}
		Identifier []struct{ Value string }
		BirthDate  string
	}
	text, err := os.ReadFile(filepath.Join(dir, "plain", "Patient.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(bytes.TrimSpace(text), &patient); err != nil || len(patient.Name) == 0 || len(patient.Identifier) == 0 {
		t.Fatalf("%v %+v", err, patient)
	}
	secrets := []string{patient.Name[0].Family, patient.Identifier[0].Value, patient.BirthDate, s.Name}
	all, documents := folderText(t, out)
	for _, secret := range secrets {
		if secret == "" || strings.Contains(strings.ToLower(all), strings.ToLower(secret)) {
			t.Errorf("%d characters of the patient are in the export", len(secret))
		}
	}
	if len(documents) != 1 || !strings.Contains(all, "documents/"+filepath.Base(documents[0])) {
		t.Errorf("the documents are %d, and no resource names one", len(documents))
	}
	again := filepath.Join(dir, "again")
	call(0, "export", again, "--data", data, "--deidentify")
	for _, name := range []string{"Patient.ndjson", "Condition.ndjson"} {
		a, _ := os.ReadFile(filepath.Join(out, name))
		b, _ := os.ReadFile(filepath.Join(again, name))
		if len(a) == 0 || !bytes.Equal(a, b) {
			t.Errorf("%s is another the second time", name)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "short.key"), []byte("00ff"), 0o600); err != nil {
		t.Fatal(err)
	}
	call(5, "export", filepath.Join(dir, "y"), "--data", data, "--deidentify", "--surrogate-key", filepath.Join(dir, "short.key"))
}

// folderText is all that is written in a folder, PDFs as their text where pdftotext is here.
func folderText(t *testing.T, dir string) (all string, pdfs []string) {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		b.Write(text)
		if filepath.Ext(name) == ".pdf" {
			pdfs = append(pdfs, name)
			if words, err := exec.Command("pdftotext", name, "-").Output(); err == nil {
				b.Write(words)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), pdfs
}
