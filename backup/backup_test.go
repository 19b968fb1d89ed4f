package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"chartlake/blob"
	"chartlake/blob/folder"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/store"
	"chartlake/store/sqlite"
)

var anna = store.Actor{ID: "user:anna"}

// site is a data folder in use.
type site struct {
	data  string
	store *sqlite.Store
	blobs *folder.Store
}

func openSite(t testing.TB, data string) *site {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Folder: data})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	blobs, err := folder.Open(filepath.Join(data, "blobs"), folder.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	return &site{data, db, blobs}
}

// receive takes in one document and files two resources with it.
func (s *site) receive(t testing.TB, text string) string {
	t.Helper()
	info, err := s.blobs.Put(context.Background(), strings.NewReader(text), 1<<20, nil)
	if err != nil {
		t.Fatal(err)
	}
	resource := func(format string, args ...any) *fhir.Node {
		n, err := fhir.Parse(fmt.Appendf(nil, format, args...))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	_, err = s.store.Transact(context.Background(), anna, []store.Command{
		store.Receive{Document: store.Document{ID: info.Hash, SHA256: info.Hash, State: store.Received, Bytes: info.Size}, Arrival: store.Arrival{Source: "http"}},
		store.Create{FullURL: "urn:uuid:p", Resource: resource(`{"resourceType":"Patient","identifier":[{"value":"%s"}]}`, info.Hash)},
		store.Create{Resource: resource(`{"resourceType":"Observation","status":"final","subject":{"reference":"urn:uuid:p"},"effectiveDateTime":"2020-01-01",
			"code":{"coding":[{"system":"http://loinc.org","code":"2951-2"}]},"valueQuantity":{"value":140,"unit":"mmol/L"}}`)}})
	if err != nil {
		t.Fatal(err)
	}
	return info.Hash
}

func (s *site) take(t testing.TB, dest string) *Report {
	t.Helper()
	r, err := Take(t.Context(), Source{Store: s.store, Blobs: s.blobs, Program: "test", Now: time.Now}, dest)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// target restores into a new folder with the keys of a site.
func (s *site) target(data string) Target {
	return Target{Data: data, Keys: []string{filepath.Join(s.data, "store.key"), filepath.Join(s.data, "data.keys")},
		Database: func(ctx context.Context, _, file string) (store.Store, error) {
			if err := os.Rename(file, filepath.Join(data, "chartlake.db")); err != nil {
				return nil, err
			}
			return sqlite.Open(ctx, sqlite.Config{Folder: data})
		},
		Blobs: func() (blob.Keeper, error) {
			return folder.Open(filepath.Join(data, "blobs"), folder.Options{Reserve: -1})
		}}
}

// The restore drill: a store is backed up while it is written to, lost, and brought back.
func TestDrill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openSite(t, filepath.Join(dir, "data"))
	var acked []string
	for i := range 200 {
		acked = append(acked, s.receive(t, fmt.Sprintf("original %d", i)))
	}
	ctx, stop := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			s.receive(t, fmt.Sprintf("meanwhile %d", i))
		}
	})
	dest := filepath.Join(dir, "backup")
	first := s.take(t, dest)
	stop()
	writer.Wait()
	if first.Originals < len(acked) || first.Copied != first.Originals {
		t.Errorf("first: %+v", first)
	}
	s.receive(t, "one more")
	second := s.take(t, dest)
	if second.Copied >= second.Originals/2 || second.Copied < 1 {
		t.Errorf("what was there is copied again: %+v", second)
	}
	last := time.Now()
	lost := s.receive(t, "after the last backup")

	began := time.Now()
	data := filepath.Join(dir, "restored")
	got, err := Restore(t.Context(), dest, "", s.target(data))
	if err != nil {
		t.Fatal(err)
	}
	rto, rpo := time.Since(began), began.Sub(last)
	t.Logf("drill: %d originals and %d bytes of database: RTO %v, RPO %v (what came after the last snapshot)", got.Originals, got.Database, rto, rpo)
	if got.Snapshot != second.Snapshot || got.Originals != second.Originals {
		t.Errorf("restored %+v, want %+v", got, second)
	}
	r := openSite(t, data)
	if err := r.store.Check(t.Context()); err != nil {
		t.Error(err)
	}
	err = r.store.View(t.Context(), anna, func(v store.View) error {
		for _, id := range acked {
			if _, err := v.Document(id); err != nil {
				return err
			}
			if err := blob.Verify(t.Context(), r.blobs, id); err != nil {
				return err
			}
		}
		if _, err := v.Document(lost); !fault.Is(err, fault.NotFound) {
			t.Errorf("a document from after the backup: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	r.receive(t, "and on it goes")
	if _, err := Restore(t.Context(), dest, "", s.target(data)); !fault.Is(err, fault.Conflict) {
		t.Errorf("restored over a data folder: %v", err)
	}
	if _, err := Restore(t.Context(), dest, first.Snapshot, s.target(filepath.Join(dir, "older"))); err != nil {
		t.Errorf("the older snapshot: %v", err)
	}
}

// No key is in a backup, and what is restored with another one is refused.
func TestKeysStayAway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openSite(t, filepath.Join(dir, "data"))
	s.receive(t, "an original")
	dest := filepath.Join(dir, "backup")
	s.take(t, dest)
	key, err := os.ReadFile(filepath.Join(s.data, "store.key"))
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dest, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, bytes.TrimSpace(key)) || strings.HasSuffix(path, ".key") {
			t.Errorf("%s has the key", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	other := openSite(t, filepath.Join(dir, "other"))
	if _, err := Restore(t.Context(), dest, "", other.target(filepath.Join(dir, "restored"))); err == nil {
		t.Error("restored with the key of another store")
	}
}

// Every file of a backup is missed when it is gone, and known to be damaged when it is.
func TestDamagedBackups(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openSite(t, filepath.Join(dir, "data"))
	for i := range 3 {
		s.receive(t, fmt.Sprintf("original %d", i))
	}
	dest := filepath.Join(dir, "backup")
	report := s.take(t, dest)
	var files []string
	err := filepath.WalkDir(dest, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != "lock" {
			rel, _ := filepath.Rel(dest, path)
			files = append(files, rel)
		}
		return err
	})
	if err != nil || len(files) != 3+3 {
		t.Fatalf("%q, %v", files, err)
	}
	n := 0
	for _, file := range files {
		whole, err := os.ReadFile(filepath.Join(dest, file))
		if err != nil {
			t.Fatal(err)
		}
		for what, spoil := range map[string]func(path string) error{
			"gone":    os.Remove,
			"cut off": func(path string) error { return os.Truncate(path, int64(len(whole)/2)) },
			"one bit": func(path string) error {
				b := bytes.Clone(whole)
				b[len(b)/3] ^= 4
				return os.WriteFile(path, b, 0o600)
			},
			"longer": func(path string) error { return os.WriteFile(path, append(bytes.Clone(whole), 'x'), 0o600) },
			"last byte": func(path string) error {
				b := bytes.Clone(whole)
				b[len(b)-1] ^= 1
				return os.WriteFile(path, b, 0o600)
			},
		} {
			n++
			path := filepath.Join(dest, file)
			if err := spoil(path); err != nil {
				t.Fatal(err)
			}
			data := filepath.Join(dir, fmt.Sprintf("restored%d", n))
			_, err := Restore(t.Context(), dest, report.Snapshot, s.target(data))
			f := fault.As(err)
			if f == nil {
				t.Errorf("%s %s: restored (%v)", file, what, err)
			} else if named := filepath.Base(file); f.Code == "backup_damaged" && !strings.Contains(f.Message, named) {
				t.Errorf("%s %s: not named: %v", file, what, err)
			}
			if _, err := os.Stat(filepath.Join(data, "chartlake.db")); err == nil {
				t.Errorf("%s %s: the database was used", file, what)
			}
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := Restore(t.Context(), dest, "", s.target(filepath.Join(dir, "restored"))); err != nil {
		t.Errorf("after all is as it was: %v", err)
	}
}

// What a crash leaves counts for nothing, and the next backup goes on from it.
func TestCutOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openSite(t, filepath.Join(dir, "data"))
	ids := []string{s.receive(t, "one"), s.receive(t, "two")}
	dest := filepath.Join(dir, "backup")
	stopped := errors.New("stopped")
	for after := range 3 {
		n := 0
		ctx, cancel := context.WithCancelCause(t.Context())
		_, err := Take(ctx, Source{Store: s.store, Blobs: s.blobs, Now: time.Now, Progress: func(int) {
			if n++; n > after {
				cancel(stopped)
			}
		}}, dest)
		cancel(nil)
		if after < len(ids) && err == nil {
			t.Errorf("cut off after %d: %v", after, err)
		}
	}
	if _, err := Restore(t.Context(), filepath.Join(dir, "data"), "", s.target(filepath.Join(dir, "r"))); !fault.Is(err, fault.NotFound) {
		t.Errorf("a folder that is no backup: %v", err)
	}
	if _, err := Take(t.Context(), Source{Store: s.store, Blobs: s.blobs, Now: time.Now}, s.data); !fault.Is(err, fault.Conflict) {
		t.Errorf("a folder with something else in it: %v", err)
	}
	s.take(t, dest)
	// An original that a cut off backup left damaged is not trusted.
	path := filepath.Join(dest, blobPath(ids[0]))
	if err := os.WriteFile(path, []byte("onE"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dest, snapshots)); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dest, snapshots, "20260101T000000.000Z"+partial), 0o700); err != nil {
		t.Fatal(err)
	}
	r := s.take(t, dest)
	if r.Copied != 1 || r.Originals != 2 {
		t.Errorf("%+v", r)
	}
	if _, err := Restore(t.Context(), dest, "", s.target(filepath.Join(dir, "restored"))); err != nil {
		t.Error(err)
	}
}

// An original that is not there is told, and restored as what it was: missing.
func TestMissingOriginal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openSite(t, filepath.Join(dir, "data"))
	id := s.receive(t, "one")
	s.receive(t, "two")
	if err := s.blobs.Delete(t.Context(), id, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	dest := filepath.Join(dir, "backup")
	if r := s.take(t, dest); len(r.Missing) != 1 || r.Missing[0] != id {
		t.Errorf("%+v", r)
	}
	got, err := Restore(t.Context(), dest, "", s.target(filepath.Join(dir, "restored")))
	if err != nil || len(got.Missing) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	// It came back: the next backup has it.
	if _, err := s.blobs.Put(t.Context(), strings.NewReader("one"), 10, nil); err != nil {
		t.Fatal(err)
	}
	if r := s.take(t, dest); len(r.Missing) != 0 || r.Copied != 1 {
		t.Errorf("%+v", r)
	}
	if err := Original(t.Context(), dest, id, s.blobs); err != nil {
		t.Error(err)
	}
	if err := Original(t.Context(), dest, strings.Repeat("0", 64), s.blobs); !fault.Is(err, fault.NotFound) {
		t.Errorf("an original that no snapshot has: %v", err)
	}
}

func FuzzManifest(f *testing.F) {
	var b bytes.Buffer
	w, err := newManifestWriter(&b, Head{Format: strings.TrimSpace(markText), ID: "20260101T000000.000Z", Engine: "sqlite 1"})
	if err != nil {
		f.Fatal(err)
	}
	hash := strings.Repeat("a", 64)
	for _, file := range []File{{Path: blobPath(hash), Size: 3, SHA256: hash}, {Path: "snapshots/20260101T000000.000Z/database", Size: 5, SHA256: hash}} {
		if err := w.file(file); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"end":true}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		n := 0
		_, err := readManifest(bytes.NewReader(text), func(file File) error {
			n++
			if filepath.IsAbs(file.Path) || strings.Contains(file.Path, "..") {
				t.Errorf("a path outside of the backup: %q", file.Path)
			}
			return nil
		})
		if err == nil && !bytes.HasSuffix(text, []byte("}\n")) {
			t.Errorf("%d files of a text without an end", n)
		}
	})
}
