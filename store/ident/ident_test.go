package ident_test

import (
	"strings"
	"testing"
	"time"

	"chartlake/store/ident"
)

func TestNewIDsAscendWithTime(t *testing.T) {
	t.Parallel()
	last := ""
	for ms := range int64(200) {
		id := ident.New(time.UnixMilli(1_700_000_000_000 + ms))
		if id <= last || !ident.Valid(id) {
			t.Fatalf("%s after %s", id, last)
		}
		if id[14] != '7' || !strings.ContainsRune("89ab", rune(id[19])) {
			t.Fatalf("%s is no UUID of version 7", id)
		}
		last = id
	}
}

func FuzzUUID(f *testing.F) {
	f.Add("0194d9c1-77a1-7d3e-8f11-6a4b9c0d1e2f")
	f.Add("0194D9C1-77a1-7d3e-8f11-6a4b9c0d1e2f")
	f.Add("")
	f.Fuzz(func(t *testing.T, id string) {
		u, ok := ident.UUID(id)
		if ok && (len(u) != 16 || ident.FormatUUID(u) != id) {
			t.Errorf("%q comes back as %q", id, ident.FormatUUID(u))
		}
		if ident.Valid(id) && (len(id) > 64 || strings.ContainsAny(id, " /?\x00")) {
			t.Errorf("%q passes as an id", id)
		}
	})
}
