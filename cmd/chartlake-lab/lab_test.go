package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"chartlake/internal/sourcetest"
	"chartlake/store/postgres/pgtest"
)

// program builds the server under test once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "chartlake-lab-test-")
	if err != nil {
		return "", err
	}
	programFolder = dir
	path := filepath.Join(dir, "chartlake")
	cmd := exec.Command("go", "build", "-o", path, "chartlake/cmd/chartlake")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		os.Stderr.Write(out)
		return "", err
	}
	// The PDF engine is compiled once, not in the first life of the server.
	return path, exec.Command(path, "warm").Run()
})

var programFolder string

func TestMain(m *testing.M) {
	code := pgtest.Run(m)
	if programFolder != "" {
		os.RemoveAll(programFolder)
	}
	os.Exit(code)
}

// built gives the program; tests of the real server are left out of short runs.
func built(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts the real server")
	}
	sourcetest.Touch(t)
	path, err := program()
	if err != nil {
		t.Fatalf("build the server: %v", err)
	}
	return path
}

// TestKill kills the real server at random moments: CHARTLAKE_LAB_KILLS times, 10 by default.
func TestKill(t *testing.T) {
	cycles := 10
	if n, err := strconv.Atoi(os.Getenv("CHARTLAKE_LAB_KILLS")); err == nil {
		cycles = n
	}
	r, err := run(options{Server: built(t), Fault: "kill", Cycles: cycles, Uploaders: 4, Seed: uint64(time.Now().UnixNano()),
		Settle: 5 * time.Minute, Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
	if !r.Passed() {
		t.Error("see above; --seed repeats the documents and moments")
	}
}
