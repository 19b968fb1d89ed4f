package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	chmod := func(path string) error { return os.Chmod(path, 0o640) }
	for code, spoil := range map[string]struct {
		file string
		how  func(path string) error
	}{
		"store_key_missing": {"store.key", os.Remove},
		"store_key_mode":    {"store.key", chmod},
		"store_key":         {"store.key", func(path string) error { return os.WriteFile(path, []byte("00"), 0o600) }},
		"data_keys_missing": {"data.keys", os.Remove},
		"data_keys_mode":    {"data.keys", chmod},
		"data_keys_damaged": {"data.keys", func(path string) error { return os.WriteFile(path, []byte("00"), 0o600) }},
		"key_damaged": {"data.keys", func(path string) error {
			other := t.TempDir()
			load(t, other, true)
			return os.Rename(filepath.Join(other, "data.keys"), path)
		}},
	} {
		folder := t.TempDir()
		load(t, folder, true)
		if err := spoil.how(filepath.Join(folder, spoil.file)); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.Load(folder, false); fault.As(err) == nil || fault.As(err).Code != code {
			t.Errorf("%v, want %s", err, code)
		}
	}
}

// A folder of an older Chartlake has one secret in store.key: index hashes and tokens stay
// what they were, also when the master key is changed.
func TestOlderKeyFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	old := strings.Repeat("5a", 32)
	if err := os.WriteFile(filepath.Join(folder, "store.key"), []byte(old+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	k := load(t, folder, false)
	const was = int64(8312057052074892120)
	if h := k.Hash('c', "x"); h != was {
		t.Errorf("the hash of an older store is %d now, was %d", h, was)
	}
	token := k.Seal([]byte("Smith"), "query 1")
	if _, err := k.Vault.Rotate(t.Context(), time.Now(), nil); err != nil {
		t.Fatal(err)
	}
	again := load(t, folder, false)
	if h := again.Hash('c', "x"); h != was {
		t.Errorf("after a rotation: %d", h)
	}
	if _, err := again.Open(token, "query 1"); err != nil {
		t.Error(err)
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
