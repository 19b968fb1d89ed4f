package sqlite

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/seal"
	"chartlake/store/storetest"
)

// fill makes a store whose pages are in the database and, with left, in the WAL only: the
// folder is copied while the store is open, as a crash or a thief finds it.
func fill(t *testing.T) (closed, left string) {
	t.Helper()
	ctx := context.Background()
	closed, left = t.TempDir(), t.TempDir()
	s, err := Open(ctx, Config{Folder: closed})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		patient := storetest.Parse(t, `{"resourceType":"Patient","id":"p%d","name":[{"family":"Quetzalcanary"}],"birthDate":"1931-07-09"}`, i)
		if _, err := s.Transact(ctx, tester, []store.Command{store.Update{Resource: patient}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(left, os.DirFS(closed)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"store.key", "data.keys"} {
		if err := os.Chmod(filepath.Join(left, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return closed, left
}

func count(t *testing.T, folder string) (int, error) {
	t.Helper()
	s, err := Open(context.Background(), Config{Folder: folder})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	n := 0
	err = s.View(context.Background(), tester, func(v store.View) error {
		page, err := v.Search(storetest.Query(t, "Patient?family=quetzalcanary&birthdate=1931-07-09&_count=100"))
		if err == nil {
			n = len(page.Matches)
		}
		return err
	})
	return n, err
}

// Nothing of what was written stands in any file, in the database or the WAL, and both open.
func TestPagesAreSealed(t *testing.T) {
	t.Parallel()
	closed, left := fill(t)
	info, err := os.Stat(filepath.Join(left, "chartlake.db-wal"))
	if err != nil || info.Size() < 30*frameSize {
		t.Fatalf("the WAL has nothing to look at: %v", err)
	}
	for _, folder := range []string{closed, left} {
		files, _ := filepath.Glob(filepath.Join(folder, "*"))
		for _, path := range files {
			text, err := os.ReadFile(path)
			if err != nil {
				continue // a folder
			}
			for _, word := range []string{"uetzalcanary", "quetzalcanary", "1931-07-09", "CREATE TABLE", "SQLite format"} {
				if bytes.Contains(text, []byte(word)) {
					t.Errorf("%s has %q in clear", filepath.Base(path), word)
				}
			}
		}
		if n, err := count(t, folder); n != 30 || err != nil {
			t.Errorf("found %d, %v", n, err)
		}
	}
}

// A page that was changed or put in another's place is damage; nothing wrong is answered.
func TestPagesNoticeEveryChange(t *testing.T) {
	t.Parallel()
	closed, _ := fill(t)
	whole, err := os.ReadFile(filepath.Join(closed, "chartlake.db"))
	if err != nil {
		t.Fatal(err)
	}
	keys := func(t *testing.T) string {
		folder := t.TempDir()
		for _, name := range []string{"store.key", "data.keys"} {
			text, err := os.ReadFile(filepath.Join(closed, name))
			if err == nil {
				err = os.WriteFile(filepath.Join(folder, name), text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		return folder
	}
	check := func(t *testing.T, db []byte) error {
		folder := keys(t)
		if err := os.WriteFile(filepath.Join(folder, "chartlake.db"), db, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(context.Background(), Config{Folder: folder})
		if err != nil {
			return err
		}
		defer s.Close()
		return s.Check(context.Background())
	}
	if err := check(t, whole); err != nil {
		t.Fatalf("unchanged: %v", err)
	}
	k, err := seal.Load(closed, false)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	c, err := newPageCipher(k.Pages)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) / pageSize {
		page := bytes.Clone(whole[n*pageSize : (n+1)*pageSize])
		page[(n*997)%pageSize] ^= 1
		if c.open(page, place(false, int64(n))) == nil {
			t.Errorf("a bit of page %d", n+1)
		}
	}
	for n := range 3 { // pages that are never free
		db := bytes.Clone(whole)
		db[n*pageSize+(n*997)%pageSize] ^= 1
		if err := check(t, db); !fault.Is(err, fault.Corrupt) {
			t.Errorf("a bit of page %d of a store: %v", n+1, err)
		}
	}
	swapped := bytes.Clone(whole)
	copy(swapped[2*pageSize:], whole[3*pageSize:4*pageSize])
	if err := check(t, swapped); !fault.Is(err, fault.Corrupt) {
		t.Errorf("page 4 in the place of page 3: %v", err)
	}
}

// Page 1 is cut by a crash while a checkpoint writes it: the WAL still has it whole.
func TestTornFirstPage(t *testing.T) {
	t.Parallel()
	_, left := fill(t)
	db, err := os.OpenFile(filepath.Join(left, "chartlake.db"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.WriteAt(make([]byte, 512), 1024); err != nil {
		t.Fatal(err)
	}
	if n, err := count(t, left); n != 30 || err != nil {
		t.Errorf("found %d, %v", n, err)
	}
}

// The end of the WAL is cut by a crash in the middle of a frame: what was committed before is there.
func TestTornFrame(t *testing.T) {
	t.Parallel()
	_, left := fill(t)
	path := filepath.Join(left, "chartlake.db-wal")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	frames := (info.Size() - walHead) / frameSize
	wal, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer wal.Close()
	if _, err := wal.WriteAt(make([]byte, 700), walHead+(frames-1)*frameSize+2000); err != nil {
		t.Fatal(err)
	}
	if n, err := count(t, left); n != 29 || err != nil {
		t.Errorf("found %d, %v, want all but the last", n, err)
	}
}

func TestEpochsEnd(t *testing.T) {
	t.Parallel()
	c, err := newPageCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	page, out := make([]byte, pageSize), make([]byte, pageSize)
	seen := map[string]bool{}
	for i := range 4 {
		c.left.Store(2)
		if i%2 == 1 {
			c.left.Store(0)
		}
		if err := c.seal(out, page, place(false, 1)); err != nil {
			t.Fatal(err)
		}
		seen[string(out[pageSize-nonceSize-epochSize:pageSize-nonceSize])] = true
		if err := c.open(out, place(false, 1)); err != nil {
			t.Error(err)
		}
	}
	if len(seen) != 3 {
		t.Errorf("%d epochs, want 3", len(seen))
	}
	page[pageSize-1] = 1
	if c.seal(out, page, place(false, 1)) == nil {
		t.Error("a page was sealed whose last bytes are not free")
	}
}

func BenchmarkSealPage(b *testing.B) {
	c, err := newPageCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	page, out := make([]byte, pageSize), make([]byte, pageSize)
	b.SetBytes(pageSize)
	for b.Loop() {
		if c.seal(out, page, place(true, 7)) != nil {
			b.Fatal("not sealed")
		}
	}
}

// What SQLite leaves between pointers and cells does not reach the database; all else does.
func TestClearGap(t *testing.T) {
	t.Parallel()
	full := func(kind byte, cells, content int, at int) []byte {
		p := bytes.Repeat([]byte{'x'}, pageSize)
		p[at], p[at+3], p[at+4], p[at+5], p[at+6] = kind, byte(cells>>8), byte(cells), byte(content>>8), byte(content)
		return p
	}
	for _, tt := range []struct {
		name       string
		number     int64
		page       []byte
		begin, end int
	}{
		{"table leaf", 7, full(13, 3, 4000, 0), 14, 4000},
		{"index leaf", 7, full(10, 0, 4060, 0), 8, 4060},
		{"interior", 7, full(5, 2, 3000, 0), 16, 3000},
		{"first page", 0, full(13, 1, 2000, 100), 110, 2000},
		{"overflow", 7, full(0, 3, 4000, 0), 0, 0},
		{"other", 7, full(200, 3, 4000, 0), 0, 0},
		{"beyond the reserve", 7, full(13, 3, 4090, 0), 0, 0},
		{"no gap", 7, full(13, 2000, 100, 0), 0, 0},
		{"too large a database", 1 << 25, full(13, 3, 4000, 0), 0, 0},
	} {
		want := bytes.Clone(tt.page)
		clear(want[tt.begin:tt.end])
		if clearGap(tt.page, tt.number); !bytes.Equal(tt.page, want) {
			t.Errorf("%s: another part was cleared", tt.name)
		}
	}
}
