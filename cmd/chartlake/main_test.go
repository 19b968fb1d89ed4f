package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"chartlake/reader"
	"chartlake/store/postgres/pgtest"
)

func TestMain(m *testing.M) {
	reader.ChildMain(os.Args)
	if args, ok := os.LookupEnv(asProgram); ok {
		os.Exit(run(strings.Split(args, "\n"), os.Stdout, os.Stderr))
	}
	os.Exit(pgtest.Run(m))
}

// asProgram is a variable with the arguments with which this test binary is the program itself, one
// a line: for tests of several processes, and of their death.
const asProgram = "CHARTLAKE_TEST_ARGUMENTS"

// command runs a command line and gives its exit code and what it said.
func command(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(args, &out, &errs)
	return code, out.String(), errs.String()
}

// file writes a file to a temporary folder.
func file(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	nowhere := filepath.Join(t.TempDir(), "none")
	closed := "--server=http://" + closedAddress(t)
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"unknown verb":                {[]string{"nope"}, 2, "nope"},
		"missing argument":            {[]string{"read"}, 2, "<file>"},
		"unknown format":              {[]string{"convert", "x", "--format", "nope"}, 2, "bundle"},
		"question without blocks":     {[]string{"read", "x", "--query", "who?"}, 2, "textract"},
		"retry of nothing":            {[]string{"retry"}, 2, "--all-failed"},
		"wait for nothing":            {[]string{"status", "--wait"}, 2, "id"},
		"server of no kind":           {[]string{"status", "--server", "ftp://x"}, 2, "http://"},
		"address without port":        {[]string{"serve", "--data", nowhere, "--addr", "foo"}, 2, "HOST:PORT"},
		"open address without token":  {[]string{"serve", "--data", nowhere, "--addr", "0.0.0.0:0"}, 2, "token"},
		"unknown kind of specimen":    {[]string{"eval", "specimen", nowhere, "--kind", "nope"}, 2, "lab_report"},
		"unknown condition":           {[]string{"eval", "specimen", nowhere, "--condition", "nope"}, 2, "scan300"},
		"unknown kind to generate":    {[]string{"eval", "generate", nowhere, "--kind", "nope"}, 2, "lab_report"},
		"no rounds":                   {[]string{"bench", "ingest", "--rounds", "0"}, 2, "--rounds"},
		"file that is not there":      {[]string{"convert", nowhere}, 3, "no_such_file"},
		"folder that is not there":    {[]string{"ingest", nowhere, closed}, 3, "no_such_file"},
		"data that is not there":      {[]string{"check", "--data", nowhere}, 3, "no_data_folder"},
		"work on nothing":             {[]string{"work", "--data", nowhere}, 3, "no_data_folder"},
		"expected results not there":  {[]string{"eval", "documents", nowhere}, 3, "no_expected_results"},
		"file to write, no folder":    {[]string{"eval", "specimen", "--condition", "pdf", nowhere + "/x.pdf"}, 3, "no_such_folder"},
		"store of no kind":            {[]string{"ingest", file(t, "a.pdf", []byte("x")), "--data", t.TempDir(), "--store", "mysql://x"}, 2, "postgres://"},
		"model without address":       {[]string{"annotate", file(t, "a.txt", []byte("x")), "--llm-text", "m"}, 2, "--llm,"},
		"two readers of pages":        {[]string{"convert", file(t, "a.pdf", []byte("%PDF-1.4")), "--read-by", "textract", "--llm-pages", "m"}, 2, "--llm-pages"},
		"unknown reader":              {[]string{"convert", "x", "--read-by", "nope"}, 2, "textract"},
		"model in the clear":          {[]string{"annotate", file(t, "a.txt", []byte("x")), "--llm-text", "m", "--llm", "http://10.0.0.1/v1"}, 2, "https://"},
		"check without the key":       {[]string{"check", "--data", nowhere, "--store", "postgres://x"}, 3, "no_data_folder"},
		"empty file":                  {[]string{"read", file(t, "a.pdf", nil)}, 4, "empty"},
		"text named pdf":              {[]string{"convert", file(t, "a.pdf", []byte("hello"))}, 4, "unsupported_type"},
		"picture that is cut":         {[]string{"read", file(t, "a.png", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"))}, 4, "["},
		"no server":                   {[]string{"status", closed}, 8, "no_server"},
		"no server to send to":        {[]string{"ingest", file(t, "a.pdf", []byte("x")), closed}, 8, "no_server"},
		"no server, machine-readable": {[]string{"status", "--json", closed}, 8, `"code":"no_server"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := command(c.args...)
			if code != c.code || !strings.Contains(stderr, c.says) {
				t.Errorf("code %d, want %d; said %q, want %q in it", code, c.code, stderr, c.says)
			}
			if c.code == 2 && stdout != "" {
				t.Errorf("a usage error wrote %q to stdout", stdout)
			}
		})
	}
	if _, err := os.Stat(nowhere); err == nil {
		t.Error("a command that failed made the folder")
	}
}

// closedAddress is an address of this machine on which nothing listens.
func closedAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestEveryVerbHasHelpWithAnExample(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"serve", "work", "demo", "ingest", "read", "annotate", "convert", "eval documents",
		"eval generate", "eval specimen", "bench ingest", "status", "retry", "explain", "review", "check", "doctor"} {
		code, stdout, _ := command(append(strings.Fields(verb), "--help")...)
		if code != 0 || !strings.Contains(stdout, "Example: ") || !strings.Contains(stdout, "chartlake "+verb) {
			t.Errorf("%s --help: code %d, %q", verb, code, stdout)
		}
	}
}

func TestFreePortTakesTheNext(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	got, err := freePort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(got)
	if n, _ := strconv.Atoi(port); n <= taken || n >= taken+portsTried {
		t.Errorf("port %s, wanted one soon after %d", port, taken)
	}
}

func TestShellWord(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"bin/chartlake": "bin/chartlake", "/home/ada/my scans": "'/home/ada/my scans'", "it's": `'it'\''s'`, "$HOME": "'$HOME'",
	} {
		if got := shellWord(in); got != want {
			t.Errorf("shellWord(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestSpecimenTellsWhatIsExpected(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := filepath.Join(dir, "lab.expected.json")
	code, _, stderr := command("eval", "specimen", "--condition", "pdf", "--seed", "42", "--expected", want, filepath.Join(dir, "lab.png"))
	if code != 0 || !strings.Contains(stderr, ".pdf") {
		t.Errorf("code %d; a PDF under the name lab.png was written and nothing was said: %q", code, stderr)
	}
	data, err := os.ReadFile(want)
	if err != nil || !bytes.Contains(data, []byte(`"lines[0].value"`)) {
		t.Errorf("no boxes in the expected result (%v)", err)
	}
}
