package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chartlake/fault"
	"chartlake/store/seal"
)

func load(t *testing.T, folder string, fresh bool) *seal.Keys {
	t.Helper()
	k, err := seal.Load(folder, fresh)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeysComeFromTheirFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	a, again, other := load(t, folder, true), load(t, folder, false), load(t, t.TempDir(), true)
	if a.Hash('c', "x") != again.Hash('c', "x") || string(a.Check()) != string(again.Check()) {
		t.Error("the same file gives other keys")
	}
	if a.Hash('c', "x") == other.Hash('c', "x") || string(a.Check()) == string(other.Check()) {
		t.Error("another file gives the same keys")
	}
	seen := map[int64]string{}
	for what, h := range map[string]int64{"c:x": a.Hash('c', "x"), "d:x": a.Hash('d', "x"), "c:x,": a.Hash('c', "x", ""), "c:,x": a.Hash('c', "", "x"), "c:xx": a.Hash('c', "xx"), "c:x,x": a.Hash('c', "x", "x")} {
		if same, twice := seen[h]; twice {
			t.Errorf("%s and %s have one hash", what, same)
		}
		seen[h] = what
	}
}

func TestTokensFitOnePlaceOnly(t *testing.T) {
	t.Parallel()
	a, other := load(t, t.TempDir(), true), load(t, t.TempDir(), true)
	token := a.Seal([]byte("Smith"), "query 1")
	if strings.Contains(token, "Smith") || token == a.Seal([]byte("Smith"), "query 1") {
		t.Error("a token shows what is in it, or that it is the same")
	}
	if plain, err := a.Open(token, "query 1"); err != nil || string(plain) != "Smith" {
		t.Errorf("%s, %v", plain, err)
	}
	for what, try := range map[string]func() error{
		"another query": func() error { _, err := a.Open(token, "query 2"); return err },
		"another store": func() error { _, err := other.Open(token, "query 1"); return err },
		"changed":       func() error { _, err := a.Open(token[:len(token)-2]+"AA", "query 1"); return err },
		"empty":         func() error { _, err := a.Open("", "query 1"); return err },
		"no base64":     func() error { _, err := a.Open("%%", "query 1"); return err },
	} {
		if f := fault.As(try()); f == nil || f.Code != "bad_cursor" {
			t.Errorf("%s: %v", what, f)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for code, spoil := range map[string]func(path string) error{
		"store_key_missing": os.Remove,
		"store_key_mode":    func(path string) error { return os.Chmod(path, 0o640) },
		"store_key":         func(path string) error { return os.WriteFile(path, []byte("00"), 0o600) },
	} {
		folder := t.TempDir()
		load(t, folder, true)
		if err := spoil(filepath.Join(folder, "store.key")); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.Load(folder, false); fault.As(err) == nil || fault.As(err).Code != code {
			t.Errorf("%v, want %s", err, code)
		}
	}
}

func FuzzOpen(f *testing.F) {
	k, err := seal.Load(f.TempDir(), true)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(k.Seal([]byte("x"), "about"))
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := k.Open(token, "other"); err == nil {
			t.Error("a token was opened that was not made for this")
		}
	})
}
