package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/seal"
	"chartlake/store/storetest"
)

// canary is in everything that the erased patient has; the other has another one.
const canary, other = "quetzalcanary", "harpycanary"

// patients fills a store with two patients, each with enough to make pages split, be freed and
// be written over, and a document.
func patients(t *testing.T, s store.Store) {
	t.Helper()
	ctx := context.Background()
	for n, word := range []string{canary, other} {
		who := []string{"a", "b"}[n]
		var commands []store.Command
		for round := range 3 {
			commands = nil
			for i := range 60 {
				commands = append(commands, store.Update{Resource: storetest.Parse(t,
					`{"resourceType":"Basic","id":"%s%d","code":{"text":"%s round %d"},"subject":{"reference":"Patient/%s"},"author":{"display":"%s"}}`, who, i, word, round, who, word)})
			}
			commands = append(commands, store.Update{Resource: storetest.Parse(t,
				`{"resourceType":"Patient","id":"%s","name":[{"family":"%s%d","given":["%s %s"]}],"address":[{"city":"%s"}]}`,
				who, word, round, word, strings.Repeat("long ", 20), word)})
			if _, err := s.Transact(ctx, tester, commands); err != nil {
				t.Fatal(err)
			}
		}
		id := strings.Repeat(who, 64)
		_, err := s.Transact(ctx, tester, []store.Command{
			store.Receive{Document: store.Document{ID: id, SHA256: id, Patient: word}, Arrival: store.Arrival{Source: "http", Name: word + ".pdf"}},
			store.PutStage{Key: store.StageKey{Input: id, Stage: "read", Version: "1", Part: "1"}, Output: bytes.Repeat([]byte(word+" "), 2000)},
			store.PutRecord{Document: id, Action: "machine", Body: []byte(word)},
			store.Move{ID: id, From: []store.State{store.Received}, To: store.Failed, Set: func(d *store.Document) {
				d.Segments = []store.DocumentSegment{{Type: "lab", Pages: [2]int{1, 1}, Patient: "Patient/" + who}}
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// opened gives what the database and the WAL of a folder hold below the encryption of pages:
// everything that whoever has the keys of today can see of them, free pages and old frames, too.
func opened(t *testing.T, folder, name string) []byte {
	t.Helper()
	k, err := seal.Load(folder, false)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	c, err := newPageCipher(k.Pages)
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	db, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; (n+1)*pageSize <= len(db); n++ {
		page := db[n*pageSize : (n+1)*pageSize]
		if err := c.open(page, place(false, int64(n))); err != nil {
			t.Fatalf("page %d: %v", n+1, err)
		}
		out = append(out, page...)
	}
	wal, _ := os.ReadFile(filepath.Join(folder, name+"-wal"))
	for n := 0; walHead+(n+1)*frameSize <= len(wal); n++ {
		page := wal[walHead+n*frameSize+frameHead : walHead+(n+1)*frameSize]
		if err := c.open(page, place(true, int64(n))); err == nil {
			out = append(out, page...)
		}
	}
	return out
}

func clone(t *testing.T, from, to string) string {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{seal.MasterFile, seal.DataFile} {
		if err := os.Chmod(filepath.Join(to, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// Nothing of an erased patient can be opened from the raw files: not from pages, free pages
// and the WAL, and not from a backup of before, by whoever has the keys of after.
func TestErasedFromRawFiles(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	folder, old := t.TempDir(), t.TempDir()
	s, err := Open(ctx, Config{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	patients(t, s)
	if err := s.Copy(ctx, filepath.Join(old, "chartlake.db"), func(string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if got := opened(t, folder, "chartlake.db"); !bytes.Contains(bytes.ToLower(got), []byte(canary)) {
		t.Fatal("the test sees no canary where there is one: it proves nothing")
	}
	if err := s.Erasures(ctx, func(context.Context, string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Transact(ctx, tester, []store.Command{store.Erase{Key: store.Key{Type: "Patient", ID: "a"}}}); err != nil {
		t.Fatal(err)
	}
	after := bytes.ToLower(opened(t, folder, "chartlake.db"))
	if n := bytes.Count(after, []byte(canary)); n > 0 {
		t.Errorf("the database still has the patient in %d places below its encryption", n)
	}
	if !bytes.Contains(after, []byte(other)) {
		t.Error("the other patient is gone, too")
	}

	// The backup of before, with the newest keys.
	for _, name := range []string{seal.MasterFile, seal.DataFile} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(old, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if bytes.Contains(bytes.ToLower(opened(t, old, "chartlake.db")), []byte(canary)) {
		t.Error("the backup has the patient in clear below its encryption")
	}
	b, err := Open(ctx, Config{Folder: old})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	err = b.View(ctx, tester, func(v store.View) error {
		for n := 1; n <= 3; n++ {
			if _, err := v.VersionRead(store.Key{Type: "Patient", ID: "a"}, n); !fault.Is(err, fault.Gone) {
				t.Errorf("version %d of the patient from the backup: %v", n, err)
			}
		}
		if _, err := v.Document(strings.Repeat("a", 64)); !fault.Is(err, fault.Gone) {
			t.Errorf("the document from the backup: %v", err)
		}
		if _, err := v.Record(strings.Repeat("a", 64), 0); !fault.Is(err, fault.Gone) {
			t.Errorf("the record from the backup: %v", err)
		}
		if _, _, err := v.Stage(store.StageKey{Input: strings.Repeat("a", 64), Stage: "read", Version: "1", Part: "1"}); !fault.Is(err, fault.Gone) {
			t.Errorf("the stage output from the backup: %v", err)
		}
		if docs, _, err := v.Documents(store.DocumentQuery{}); err != nil || len(docs) != 1 {
			t.Errorf("%d documents are listed from the backup, %v", len(docs), err)
		}
		_, err := v.Read(store.Key{Type: "Patient", ID: "b"})
		return err
	})
	if err != nil {
		t.Error(err)
	}
	// A restore makes the index anew, and takes out what was erased.
	if err := b.Rebuild(ctx); err != nil {
		t.Fatal(err)
	}
	if err := b.Check(ctx); err != nil {
		t.Errorf("after a restore: %v", err)
	}
	err = b.View(ctx, tester, func(v store.View) error {
		if _, err := v.Read(store.Key{Type: "Patient", ID: "a"}); fault.As(err) == nil || fault.As(err).Code != "erased" {
			t.Errorf("the patient after a restore: %v", err)
		}
		if _, err := v.Document(strings.Repeat("a", 64)); !fault.Is(err, fault.NotFound) {
			t.Errorf("the document after a restore: %v", err)
		}
		page, err := v.Search(storetest.Query(t, "Patient?family="+canary))
		if err == nil && len(page.Matches) > 0 {
			t.Error("the patient is found after a restore")
		}
		if page, err = v.Search(storetest.Query(t, "Patient?family="+other)); err == nil && len(page.Matches) != 1 {
			t.Error("the other patient is not found after a restore")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// An erasure that is killed before any write, sync or cut of a file has either not begun, or
// is finished at the next start: the state of the folder at each of these points is opened anew.
func TestErasureKilledAtEveryPoint(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	folder, images := t.TempDir(), t.TempDir()
	var armed atomic.Bool
	var n atomic.Int64
	image := func() {
		if armed.Load() {
			clone(t, folder, filepath.Join(images, fmt.Sprint(n.Add(1))))
		}
	}
	last := byte(0)
	s, err := Open(ctx, Config{Folder: folder, trap: func(op byte) error {
		if op != 'w' || last != 'w' { // one image for a run of writes without a sync between
			image()
		}
		last = op
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	patients(t, s)
	if err := s.Erasures(ctx, func(context.Context, string) error { image(); return nil }); err != nil {
		t.Fatal(err)
	}
	armed.Store(true)
	if _, err := s.Transact(ctx, tester, []store.Command{store.Erase{Key: store.Key{Type: "Patient", ID: "a"}}}); err != nil {
		t.Fatal(err)
	}
	image()
	armed.Store(false)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	untouched, done := 0, 0
	for i := range n.Load() {
		if killedThere(t, filepath.Join(images, fmt.Sprint(i+1))) {
			done++
		} else {
			untouched++
		}
	}
	if untouched == 0 || done < 3 {
		t.Errorf("%d points before the commit, %d after: too few to prove anything", untouched, done)
	}
}

// killedThere opens what a kill left and reports whether the patient is erased, wholly then.
func killedThere(t *testing.T, image string) (erased bool) {
	t.Helper()
	ctx := context.Background()
	s, err := Open(ctx, Config{Folder: image})
	if err != nil {
		t.Fatalf("%s: %v", image, err)
	}
	defer s.Close()
	originals := 0
	if err := s.Erasures(ctx, func(context.Context, string) error { originals++; return nil }); err != nil {
		t.Fatal(err)
	}
	err = s.View(ctx, tester, func(v store.View) error {
		_, err := v.Read(store.Key{Type: "Patient", ID: "a"})
		erased = fault.Is(err, fault.Gone)
		if !erased && err != nil {
			return err
		}
		_, err = v.Read(store.Key{Type: "Patient", ID: "b"})
		return err
	})
	if err != nil {
		t.Errorf("%s: %v", image, err)
	}
	if err := s.Check(ctx); err != nil {
		t.Errorf("%s: %v", image, err)
	}
	if erased && bytes.Contains(bytes.ToLower(opened(t, image, "chartlake.db")), []byte(canary)) {
		t.Errorf("%s: erased, but still in the files", image)
	}
	return erased
}
