package ocr

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"chartlake/fault"
)

// engine opens the recogniser or skips the test.
func engine(t testing.TB) *Engine {
	t.Helper()
	e, err := Open(Config{})
	if fault.Is(err, fault.Unavailable) {
		t.Skip("tesseract 5 with English is not installed")
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestMissing(t *testing.T) {
	t.Parallel()
	_, err := Open(Config{Tesseract: filepath.Join(t.TempDir(), "none")})
	if f := fault.As(err); f == nil || f.Kind != fault.Unavailable || f.Code != "ocr_missing" {
		t.Fatalf("no command: %v", err)
	}
	old := script(t, "#!/bin/sh\necho tesseract 4.1.1\n")
	if _, err := Open(Config{Tesseract: old}); fault.As(err) == nil || fault.As(err).Code != "ocr_missing" {
		t.Errorf("version 4: %v", err)
	}
	engine(t)
	if _, err := Open(Config{Language: "zxx"}); fault.As(err) == nil || fault.As(err).Code != "ocr_missing" {
		t.Errorf("no such model: %v", err)
	}
}

// script writes a command that stands in for the recogniser, readable by everybody.
func script(t *testing.T, body string) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "chartlake-ocr-test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "command")
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(body), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// open makes an engine over any command, with the confinement of this host.
func open(t *testing.T, command string, deadline time.Duration) *Engine {
	t.Helper()
	e := &Engine{config: Config{Tesseract: command, Language: "eng", Deadline: deadline}, slots: make(chan struct{}, 1)}
	e.wall, e.layers = confinement(command, "")
	return e
}

// TestConfined lets a hostile "recogniser" try what the layers must refuse.
func TestConfined(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("confinement is for Linux")
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("patient"), 0o644); err != nil {
		t.Fatal(err)
	}
	hostile := script(t, `#!/bin/sh
if read a </etc/passwd; then echo passwd; fi 2>/dev/null
if read a <`+secret+`; then echo secret; fi 2>/dev/null
if echo x >/tmp/chartlake-escaped; then echo write; fi 2>/dev/null
if [ -n "$HOME" ]; then echo environment; fi
ulimit -c
ulimit -v
`)
	e := open(t, hostile, 20*time.Second)
	if !slices.Contains(e.layers, "landlock") || !slices.Contains(e.layers, "seccomp") {
		t.Skipf("this host refuses layers; active: %v", e.layers)
	}
	out, err := e.child(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(bytes.TrimSpace(out)); got != "0\n2097152" {
		t.Errorf("the child could reach, or has these limits: %q", got)
	}
}

// TestStrict refuses to open where a layer does not hold.
func TestStrict(t *testing.T) {
	t.Parallel()
	e := engine(t)
	_, err := Open(Config{Strict: true})
	if len(e.missing()) == 0 && err != nil {
		t.Errorf("all layers hold, yet: %v", err)
	}
	if len(e.missing()) > 0 && (fault.As(err) == nil || fault.As(err).Code != "ocr_unconfined") {
		t.Errorf("missing %v, yet: %v", e.missing(), err)
	}
}

func TestChildEnds(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("confinement is for Linux")
	}
	for _, c := range []struct{ name, body, code string }{
		{"hangs", "#!/bin/sh\nread a\nwhile :; do :; done\n", "ocr_timeout"},
		{"fails", "#!/bin/sh\necho boo >&2\nexit 3\n", "ocr_failed"},
		{"dies", "#!/bin/sh\nkill -9 $$\nexit 1\n", "ocr_failed"},
		{"floods", "#!/bin/sh\nwhile :; do echo " + strings.Repeat("0123456789", 3000) + "; done\n", "ocr_output"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			deadline := 30 * time.Second
			if c.code == "ocr_timeout" {
				deadline = 500 * time.Millisecond
			}
			_, err := open(t, script(t, c.body), deadline).child(context.Background(), nil)
			if f := fault.As(err); f == nil || f.Code != c.code {
				t.Errorf("got %v, want %s", err, c.code)
			}
		})
	}
}
