package main

import (
	"os"
	"strings"
	"testing"
)

// TestVitals holds the embedded table against the profiles that it is made from.
func TestVitals(t *testing.T) {
	t.Parallel()
	want, err := vitals()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../data/vitals.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != strings.Join(want, "\n")+"\n" {
		t.Errorf("made:\n%s\nembedded:\n%s", strings.Join(want, "\n"), got)
	}
}
