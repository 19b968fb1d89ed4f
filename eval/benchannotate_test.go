package eval

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chartlake/fault"
)

// TestBenchAnnotate measures a program that copies its text, and one that never says the same.
func TestBenchAnnotate(t *testing.T) {
	t.Parallel()
	program := func(script string) string {
		path := filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("Denies fever. µ\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := BenchAnnotate(t.Context(), AnnotateOptions{Program: program(`cat "$2"`), Path: text, Size: 1000, Rounds: 2})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Runs) != 6 || !r.Same || r.Runs[1].Bytes > 1000 || r.Runs[2].Bytes < 1990 || r.ReadyMS <= 0 || r.Runs[0].PeakMB <= 0 {
		t.Errorf("%+v", r)
	}
	r, err = BenchAnnotate(t.Context(), AnnotateOptions{Program: program(`echo $$`), Size: 1000, Rounds: 2})
	if err != nil || r.Same || !strings.Contains(r.Table(), "NOT the same") {
		t.Errorf("%v %+v", err, r)
	}
	if _, err := BenchAnnotate(t.Context(), AnnotateOptions{Program: program(`exit 3`), Path: text}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a program that fails: %v", err)
	}
}
