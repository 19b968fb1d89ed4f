// Package bulktest holds what every bulk.Shelf must do.
package bulktest

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"chartlake/bulk"
	"chartlake/fault"
)

// Shelf tests a shelf that is empty.
func Shelf(t *testing.T, s bulk.Shelf) {
	ctx := t.Context()
	jobs := func() []string {
		t.Helper()
		found, err := s.Jobs(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for job, at := range found {
			if since := time.Since(at); since < -time.Minute || since > time.Hour {
				t.Errorf("%s got its last piece %s ago", job, since)
			}
		}
		return slices.Sorted(maps.Keys(found))
	}
	if found := jobs(); len(found) != 0 {
		t.Fatalf("the shelf is not empty: %v", found)
	}
	if err := s.Drop(ctx, "none"); err != nil {
		t.Errorf("of no job: %v", err)
	}
	if err := s.Drop(ctx, "none", "a"); err != nil {
		t.Errorf("of no job: %v", err)
	}
	large := bytes.Repeat([]byte("0123456789abcdef"), bulk.PieceMax/16)
	pieces := map[string][]byte{"a": []byte("text"), "b": large, "c": []byte("\x00\xff"), "a-1": []byte("x")}
	for name, piece := range pieces {
		if err := s.Put(ctx, "job", name, piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Put(ctx, "job-2", "a", []byte("of another")); err != nil {
		t.Fatal(err)
	}
	for name, want := range pieces {
		if got, err := s.Get(ctx, "job", name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	for _, name := range []string{"job/none", "none/a", "jo/a"} {
		job, piece, _ := strings.Cut(name, "/")
		if _, err := s.Get(ctx, job, piece); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if found := jobs(); !slices.Equal(found, []string{"job", "job-2"}) {
		t.Errorf("%v", found)
	}
	if err := s.Drop(ctx, "job", "b", "a", "none"); err != nil {
		t.Fatal(err)
	}
	for name := range pieces {
		_, err := s.Get(ctx, "job", name)
		if kept := name == "a" || name == "b"; kept && err != nil || !kept && !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range 2 {
		if err := s.Drop(ctx, "job"); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.Get(ctx, "job-2", "a"); err != nil || string(got) != "of another" {
		t.Errorf("%q, %v", got, err)
	}
	if found := jobs(); !slices.Equal(found, []string{"job-2"}) {
		t.Errorf("%v", found)
	}
}
