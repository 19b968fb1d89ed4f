package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/sqlite"
	"chartlake/store/storetest"
)

// A data folder is refused, with a reason, rather than opened in a way that loses something.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for what, test := range map[string]struct {
		code  string
		spoil func(folder string) error
	}{
		"key missing":           {"store_key_missing", func(f string) error { return os.Remove(filepath.Join(f, "store.key")) }},
		"key readable by all":   {"store_key_mode", func(f string) error { return os.Chmod(filepath.Join(f, "store.key"), 0o644) }},
		"key damaged":           {"store_key", func(f string) error { return os.WriteFile(filepath.Join(f, "store.key"), []byte("short"), 0o600) }},
		"database is something": {"store_damaged", func(f string) error { return os.WriteFile(filepath.Join(f, "chartlake.db"), make([]byte, 8192), 0o600) }},
	} {
		folder := filepath.Join(t.TempDir(), "data")
		s, err := sqlite.Open(ctx, sqlite.Config{Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Transact(ctx, anna, []store.Command{store.Create{Resource: storetest.Parse(t, `{"resourceType":"Basic"}`)}}); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := test.spoil(folder); err != nil {
			t.Fatal(err)
		}
		if what == "database is something" {
			for i, b := range []byte("this is no database") {
				f, _ := os.OpenFile(filepath.Join(folder, "chartlake.db"), os.O_RDWR, 0)
				f.WriteAt([]byte{b}, int64(i))
				f.Close()
			}
		}
		s, err = sqlite.Open(ctx, sqlite.Config{Folder: folder})
		if err == nil {
			s.Close()
		}
		if f := fault.As(err); f == nil || f.Code != test.code {
			t.Errorf("%s: %v, want %s", what, err, test.code)
		}
	}
}

// What was written is there after closing and opening, and the folder is nobody else's.
func TestReopen(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	folder := filepath.Join(t.TempDir(), "a folder?with=odd&name#1%20")
	for i := range 3 {
		s, err := sqlite.Open(ctx, sqlite.Config{Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		res, err := s.Transact(ctx, anna, []store.Command{store.Update{Resource: storetest.Parse(t, `{"resourceType":"Patient","id":"a","name":[{"family":"Ng"}]}`)}})
		if err != nil {
			t.Fatal(err)
		}
		if res[0].Version.Version != i+1 {
			t.Errorf("version %d, want %d", res[0].Version.Version, i+1)
		}
		err = s.View(ctx, anna, func(v store.View) error {
			page, err := v.Search(storetest.Query(t, "Patient?family=ng"))
			if err == nil && len(page.Matches) != 1 {
				t.Error("not found after opening again")
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if err := s.Check(ctx); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := s.Transact(ctx, anna, nil); fault.As(err) == nil || fault.As(err).Code != "store_closed" {
			t.Errorf("a write after Close: %v", err)
		}
	}
	for _, name := range []string{".", "store.key", "chartlake.db"} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

// Two processes may share a folder: here two stores stand for them.
func TestTwoOnOneFolder(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	folder := t.TempDir()
	var stores []*sqlite.Store
	for range 2 {
		s, err := sqlite.Open(ctx, sqlite.Config{Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		stores = append(stores, s)
	}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s := stores[i%2]
			_, err := s.Transact(ctx, anna, []store.Command{
				store.Create{Resource: storetest.Parse(t, `{"resourceType":"Patient","identifier":[{"system":"http://h","value":"1"}]}`), IfNoneExist: storetest.Query(t, "Patient?identifier=1")},
				store.Update{Resource: storetest.Parse(t, `{"resourceType":"Observation","id":"o%d","status":"final","code":{"coding":[{"system":"http://s%d","code":"c"}]}}`, i, i)},
				store.Update{Resource: storetest.Parse(t, `{"resourceType":"Basic","id":"b","code":{"text":"x"}}`)},
			})
			if err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	for _, s := range stores {
		err := s.View(ctx, anna, func(v store.View) error {
			for q, want := range map[string]int{"Patient?identifier=1": 1, "Observation?code=c": 40, "Observation?code=http://s7|": 1} {
				page, err := v.Search(storetest.Query(t, q))
				if err != nil {
					return err
				}
				if len(page.Matches) != want {
					t.Errorf("%s: %d matches, want %d", q, len(page.Matches), want)
				}
			}
			b, err := v.Read(store.Key{Type: "Basic", ID: "b"})
			if err == nil && b.Version != 40 {
				t.Errorf("version %d after 40 writes", b.Version)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if err := s.Check(ctx); err != nil {
			t.Error(err)
		}
	}
}
