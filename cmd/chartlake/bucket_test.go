package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"chartlake/aws/awstest"
	"chartlake/eval/specimen"
	"chartlake/reader/readertest"
)

// Originals in a bucket are in a backup and come back into another place of a bucket, whole.
func TestBackupOfABucket(t *testing.T) {
	t.Parallel()
	s3 := &awstest.S3{PageSize: 7}
	proxy := awstest.New(t, s3, awstest.XML, awstest.Mixed(25, 3))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(self)
		cmd.Env = append(awsEnvironment(proxy.URL), asProgram+"="+strings.Join(append([]string{"--cache-dir", readertest.Cache()}, args...), "\n"))
		for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
			cmd.Env = append(cmd.Env, name+"="+os.Getenv(name))
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v %s", args[0], err, out)
		}
		return string(out)
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	doc, err := specimen.Make(11, specimen.LabReport, specimen.Layouts(specimen.LabReport)[0], specimen.PDF)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("lab.pdf"), doc.Bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	one, two := "s3://records/site/one", "s3://records/site/two"
	run("ingest", at("lab.pdf"), "--data", at("a"), "--blobs", one)
	run("backup", at("backup"), "--keys", at("keys"), "--data", at("a"), "--blobs", one)
	master, err := os.ReadFile(filepath.Join(at("a"), "store.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(at("keys"), "store.key"), master, 0o600); err != nil {
		t.Fatal(err)
	}
	run("restore", at("backup"), "--data", at("b"), "--keys", at("keys"), "--blobs", two)
	if said := run("check", "--data", at("b"), "--blobs", two); !strings.Contains(said, "no damage") {
		t.Errorf("check: %s", said)
	}
	count := map[string]int{}
	for _, name := range s3.Names("records") {
		if place, _, ok := strings.Cut(name, "/sealed/"); ok {
			count[place]++
			if bytes.Contains(s3.Get("records", name), []byte("%PDF")) {
				t.Error("an original is in clear")
			}
		}
	}
	if count["site/one"] != 1 || count["site/two"] != 1 {
		t.Errorf("originals: %v", count)
	}
}
