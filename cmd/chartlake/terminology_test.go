package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const orderFile = "00001 R11     0 Nausea and vomiting                                          Nausea and vomiting\n" +
	"00002 R110    1 Nausea                                                       Nausea of the year\n" +
	"00003 R111    0 Vomiting                                                     Vomiting\n" +
	"00004 R1110   1 Vomiting, unspecified                                        Vomiting, unspecified\n"

// exits runs a command and gives what it writes; code is what the fault on stderr must be.
func exits(t *testing.T, want int, code string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if got := run(append(args, "--json"), &stdout, &stderr); got != want || code != "" && !strings.Contains(stderr.String(), `"`+code+`"`) {
		t.Fatalf("%v: exit %d, want %d %s: %s", args[:2], got, want, code, stderr.String())
	}
	return stdout.String()
}

// TestTerminology: an imported release answers $lookup, $validate-code and $expand of the data
// folder that it was imported into.
func TestTerminology(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "icd10cm_order_2027.txt")
	if err := os.WriteFile(file, []byte(orderFile), 0o600); err != nil {
		t.Fatal(err)
	}
	exits(t, 0, "", "terminology", "list", "--data", data)
	exits(t, 4, "release_malformed", "terminology", "import", file, "--system", "rxnorm", "--data", data)
	exits(t, 3, "no_such_file", "terminology", "import", file+"x", "--system", "rxnorm", "--data", data)
	exits(t, 0, "", "terminology", "import", file, "--system", "icd-10-cm", "--data", data)
	if out := exits(t, 0, "", "terminology", "list", "--data", data); !strings.Contains(out, `"version": "2027"`) || !strings.Contains(out, `"current": true`) {
		t.Errorf("the list: %s", out)
	}
	e := &env{ctx: t.Context(), cli: &commands{}, stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.DiscardHandler)}
	client, done, err := place{Data: data}.reach(e)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	ask := func(path, body, want string) string {
		t.Helper()
		method := http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
		r, err := http.NewRequestWithContext(t.Context(), method, client.base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+client.token)
		r.Header.Set("Content-Type", "application/fhir+json")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v %s, want %s", path, err, text, want)
		}
		return string(text)
	}
	const icd = "http://hl7.org/fhir/sid/icd-10-cm"
	ask("/CodeSystem/$lookup?system="+icd+"&code=R11.0", "", "Nausea of the year")
	ask("/CodeSystem/$lookup?system="+icd+"&code=R11.0", "", `"valueString":"2027"`)
	ask("/CodeSystem/$lookup?system="+icd+"&code=R99", "", "code_unknown")
	ask("/CodeSystem/$validate-code?url="+icd+"&code=R11.10", "", `"valueBoolean":true`)
	ask("/CodeSystem/$validate-code?url="+icd+"&code=R11.99", "", `"valueBoolean":false`)
	below := `{"resourceType":"Parameters","parameter":[{"name":"valueSet","resource":{"resourceType":"ValueSet","status":"active","compose":{"include":[{"system":"` + icd + `","filter":[{"property":"concept","op":"descendent-of","value":"R11.1"}]}]}}}]}`
	if text := ask("/ValueSet/$expand", below, "R11.10"); strings.Contains(text, "R11.0\"") {
		t.Errorf("the expansion has more: %s", text)
	}
}

// TestFetch: a release comes from where a manifest says, whole and with its checksum, or not at all.
func TestFetch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	mux := http.NewServeMux()
	mux.HandleFunc("/icd10cm_order_2027.txt", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, orderFile) })
	mux.HandleFunc("/cut.txt", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100000")
		_, _ = io.WriteString(w, orderFile)
	})
	mux.HandleFunc("/away.txt", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://192.0.2.1/x", http.StatusFound)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	sum := sha256.Sum256([]byte(orderFile))
	manifest := func(address, sum string) string {
		text, err := json.Marshal([]releaseFile{{System: "icd-10-cm", Version: "2027", URL: address, SHA256: sum}})
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, hex.EncodeToString([]byte(address))[:40]+sum[:2]+".json")
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	right := hex.EncodeToString(sum[:])
	fetch := func(want int, code, manifest string) {
		t.Helper()
		exits(t, want, code, "terminology", "fetch", "icd-10-cm", "--manifest", manifest, "--data", data)
	}
	fetch(8, "publisher_refused", manifest(server.URL+"/none.txt", right))
	fetch(4, "checksum_mismatch", manifest(server.URL+"/icd10cm_order_2027.txt", strings.Repeat("0", 64)))
	fetch(8, "fetch_cut", manifest(server.URL+"/cut.txt", right))
	fetch(9, "redirect_refused", manifest(server.URL+"/away.txt", right))
	fetch(5, "address_refused", manifest("http://example.org/icd10cm_order_2027.txt", right))
	closed := httptest.NewServer(mux)
	closed.Close()
	fetch(8, "publisher_unreachable", manifest(closed.URL+"/icd10cm_order_2027.txt", right))
	fetch(5, "address_refused", "http://example.org/manifest.json")
	exits(t, 3, "no_public_source", "terminology", "fetch", "snomed", "--data", data)
	exits(t, 3, "not_in_manifest", "terminology", "fetch", "loinc", "--manifest", manifest(server.URL+"/icd10cm_order_2027.txt", right), "--data", data)
	if out := exits(t, 0, "", "terminology", "list", "--data", data); strings.TrimSpace(out) != "[]" {
		t.Errorf("what failed left a release: %s", out)
	}
	fetch(0, "", manifest(server.URL+"/icd10cm_order_2027.txt", right))
	if out := exits(t, 0, "", "terminology", "list", "--data", data); !strings.Contains(out, right) {
		t.Errorf("the list: %s", out)
	}
	c := terminologyFetch{System: "icd-10-cm"}
	for at, year := range map[string]string{"2026-09-30": "2026", "2026-10-01": "2027"} {
		day, err := time.Parse(time.DateOnly, at)
		if err != nil {
			t.Fatal(err)
		}
		if from, err := c.sources(t.Context(), nil, day); err != nil || !strings.Contains(from[0].URL, "/"+year+"-") {
			t.Errorf("on %s: %v %v", at, from, err)
		}
	}
}
