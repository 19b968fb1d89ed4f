package sqlite

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/storetest"
)

// in lists the files below a folder that hold a word.
func in(t *testing.T, folder, word string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			var text []byte
			if text, err = os.ReadFile(path); bytes.Contains(bytes.ToLower(text), []byte(word)) {
				files = append(files, path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A store that an older version wrote in clear is sealed: its pages when it is opened, its
// bodies beside all else. A step that was cut is gone on with, and nothing is lost.
func TestOlderStoreIsSealed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	folder := t.TempDir()
	s, err := Open(ctx, Config{Folder: folder, Unsealed: true})
	if err != nil {
		t.Fatal(err)
	}
	patients(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if len(in(t, folder, canary)) == 0 {
		t.Fatal("the store is not in clear: the test proves nothing")
	}
	if err := os.WriteFile(filepath.Join(folder, "chartlake.db.sealing"), []byte("cut"), 0o600); err != nil {
		t.Fatal(err)
	}
	// Cut while bodies are sealed: each opening does a part at least.
	for range 3 {
		short, cancel := context.WithCancel(ctx)
		if s, err = Open(short, Config{Folder: folder}); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if s, err = Open(ctx, Config{Folder: folder}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.core.Reseal(ctx); err != nil {
		t.Fatal(err)
	}
	if files := in(t, folder, canary); len(files) > 0 {
		t.Errorf("in clear: %v", files)
	}
	for _, table := range []string{"version", "record", "stage"} {
		err := s.snapshot(ctx, func(c *conn) error {
			n, err := db.Texts(c, `SELECT count(*) FROM `+table+` WHERE key_id=0 AND body IS NOT NULL`)
			if err == nil && n[0] != "0" {
				t.Errorf("%s: %s are not sealed", table, n[0])
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Check(ctx); err != nil {
		t.Errorf("the store is damaged: %v", err)
	}
	err = s.View(ctx, tester, func(v store.View) error {
		d, err := v.Document(strings.Repeat("a", 64))
		if err != nil || d.Arrivals[0].Name != canary+".pdf" || d.Patient != canary {
			t.Errorf("document: %+v, %v", d, err)
		}
		if r, err := v.Record(strings.Repeat("a", 64), 0); err != nil || string(r.Body) != canary {
			t.Errorf("record: %v", err)
		}
		_, err = v.VersionRead(store.Key{Type: "Patient", ID: "a"}, 1)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	// What was sealed later can be erased like all else.
	if err := s.Erasures(ctx, func(context.Context, string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Transact(ctx, tester, []store.Command{store.Erase{Key: store.Key{Type: "Patient", ID: "a"}}}); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(bytes.ToLower(opened(t, folder, "chartlake.db")), []byte(canary)) {
		t.Error("erased, but still in the files")
	}
	err = s.View(ctx, tester, func(v store.View) error {
		if _, err := v.Document(strings.Repeat("a", 64)); !fault.Is(err, fault.NotFound) {
			t.Errorf("the document: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// What was sealed under the common key, because it was written before what it belongs to, goes with its
// patient once it was looked at again.
func TestSealedForNobodyIsSealedAnew(t *testing.T) {
	t.Parallel()
	ctx, folder := context.Background(), t.TempDir()
	s, err := Open(ctx, Config{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	put := func(text string) {
		t.Helper()
		if _, err := s.Transact(ctx, tester, []store.Command{store.Update{Resource: storetest.Parse(t, "%s", text)}}); err != nil {
			t.Fatal(err)
		}
	}
	put(`{"resourceType":"Binary","id":"b","contentType":"text/plain","data":"Q2FuYXJ5"}`)
	put(`{"resourceType":"Binary","id":"nobodys","contentType":"text/plain","data":"Q2FuYXJ5"}`)
	put(`{"resourceType":"Provenance","id":"v","target":[{"reference":"DocumentReference/d"}],"recorded":"2026-01-02T03:04:05Z","agent":[{"who":{"display":"x"}}]}`)
	put(`{"resourceType":"Patient","id":"p"}`)
	put(`{"resourceType":"DocumentReference","id":"d","status":"current","subject":{"reference":"Patient/p"},"content":[{"attachment":{"url":"Binary/b"}}]}`)
	if _, err := s.db.Exec(`DELETE FROM sealing WHERE kind=0`); err != nil { // as the step does
		t.Fatal(err)
	}
	if err := s.core.Reseal(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Erasures(ctx, func(context.Context, string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Transact(ctx, tester, []store.Command{store.Erase{Key: store.Key{Type: "Patient", ID: "p"}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.View(ctx, tester, func(v store.View) error {
		for _, key := range []store.Key{{Type: "Binary", ID: "b"}, {Type: "Provenance", ID: "v"}, {Type: "DocumentReference", ID: "d"}} {
			if _, err := v.Read(key); fault.As(err) == nil || fault.As(err).Code != "erased" {
				t.Errorf("%s: %v", key, err)
			}
		}
		_, err := v.Read(store.Key{Type: "Binary", ID: "nobodys"})
		return err
	}); err != nil {
		t.Error(err)
	}
	if err := errors.Join(s.Check(ctx), s.Close()); err != nil {
		t.Error(err)
	}
}
