package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is imported into a data folder comes out of it again, and what is refused is told by file
// and line.
func TestImportExport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in, data, out := filepath.Join(dir, "in"), filepath.Join(dir, "data"), filepath.Join(dir, "out")
	put := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(in, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(in, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("a.json", `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"PUT","url":"Practitioner/d"},
		"resource":{"resourceType":"Practitioner","id":"d","identifier":[{"system":"http://x","value":"7"}]}}]}`)
	put("b.ndjson", `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?identifier=http://x|1"},"performer":[{"reference":"Practitioner?identifier=http://x|7"}]}
{"resourceType":"Patient","id":"bad","birthDate":"x"}`)
	put("c.ndjson", `{"resourceType":"Patient","id":"p","identifier":[{"system":"http://x","value":"1"}]}`)
	call := func(want int, args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if got := run(args, &stdout, &stderr); got != want {
			t.Fatalf("%s: exit %d, want %d: %s", args[0], got, want, stderr.String())
		}
		return stdout.String()
	}
	var events []importEvent
	for line := range strings.Lines(call(exitSomeFailed, "import", in, "--data", data, "--json")) {
		var ev importEvent
		if err := json.Unmarshal([]byte(line), &ev); err != nil {
			t.Fatal(err)
		}
		events = append(events, ev)
	}
	if len(events) != 3 || events[0].File != 1 || events[0].Created != 1 || events[1].Event != "refused" || events[1].File != 2 || events[1].Line != 2 ||
		events[1].Code != "invalid_resource" || events[2].Created != 2 || events[2].Refused != 1 {
		t.Errorf("%+v", events)
	}
	call(0, "export", out, "--data", data, "--type", "Observation,Patient,Practitioner")
	for name, want := range map[string]string{"Observation.ndjson": `"reference":"Patient/p"`, "Patient.ndjson": `"id":"p"`, "Practitioner.ndjson": `"id":"d"`, "manifest.json": "transactionTime"} {
		text, err := os.ReadFile(filepath.Join(out, name))
		if err != nil || !strings.Contains(string(text), want) || name != "manifest.json" && strings.Count(string(text), "\n") != 1 {
			t.Errorf("%s: %v %s", name, err, text)
		}
	}
	call(exitUsage, "export", out, "--data", data)
	call(3, "export", filepath.Join(dir, "out2"), "--data", filepath.Join(dir, "none"))
	if _, err := os.Stat(filepath.Join(dir, "out2")); err == nil {
		t.Error("an export that failed leaves an empty folder")
	}
	for line := range strings.Lines(call(0, "audit", "list", "--data", data, "--json")) {
		if !strings.Contains(line, `"user:operator"`) && !strings.Contains(line, `"system:`) {
			t.Errorf("at the command line it was %s", line)
		}
	}
}
