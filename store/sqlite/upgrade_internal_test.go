package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/storetest"
)

// oldFolder makes a data folder of schema 1 with a patient of two versions in it.
func oldFolder(t *testing.T) string {
	t.Helper()
	ctx, now := context.Background(), t.TempDir()
	s, err := Open(ctx, Config{Folder: now, Unsealed: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range []string{"Before", "Fairweather"} {
		_, err := s.Transact(ctx, tester, []store.Command{store.Update{Resource: storetest.Parse(t, `{"resourceType":"Patient","id":"p","name":[{"family":"%s"}]}`, family)}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	old := t.TempDir()
	for _, name := range []string{"store.key", "data.keys"} {
		text, err := os.ReadFile(filepath.Join(now, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(old, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	raw, err := sqlite3.Open("file:" + filepath.Join(old, "chartlake.db"))
	if err != nil {
		t.Fatal(err)
	}
	c := newConn(raw)
	defer c.close()
	if err := raw.Exec(`PRAGMA journal_mode=wal; ` + firstSchema + `; PRAGMA user_version=1; ATTACH 'file:` + filepath.Join(now, "chartlake.db") + `' AS now`); err != nil {
		t.Fatal(err)
	}
	tables, err := db.Texts(c, `SELECT name FROM main.sqlite_schema WHERE type='table'`)
	if err != nil || len(tables) < 20 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	for _, table := range tables {
		columns, err := db.Texts(c, `SELECT '"' || a.name || '"' FROM pragma_table_info(?, 'main') a JOIN pragma_table_info(?, 'now') b ON b.name=a.name`, table, table)
		if err != nil {
			t.Fatal(err)
		}
		list := strings.Join(columns, ", ")
		if err := raw.Exec(`DELETE FROM main.` + table + `; INSERT INTO main.` + table + ` (` + list + `) SELECT ` + list + ` FROM now.` + table); err != nil {
			t.Fatal(err)
		}
	}
	return old
}

// A data folder of an older program is brought up to date with all that is in it, also after
// the first tries ended in the middle, at whatever write or sync.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	ctx, folder := context.Background(), oldFolder(t)
	cut := errors.New("cut off")
	tries := 0
	for k := 1; ; k++ {
		n := 0
		s, err := Open(ctx, Config{Folder: folder, Unsealed: true, trap: func(byte) error {
			if n++; n >= k {
				return cut
			}
			return nil
		}})
		if err == nil {
			s.Close()
			break
		}
		if tries++; tries > 200 {
			t.Fatal(err)
		}
	}
	if tries < 3 {
		t.Errorf("only %d points in the middle", tries)
	}
	s, err := Open(ctx, Config{Folder: folder, Unsealed: true})
	if err != nil {
		t.Fatal(err)
	}
	err = s.View(ctx, tester, func(v store.View) error {
		page, err := v.Search(storetest.Query(t, "Patient?family=fairweather"))
		if err != nil || len(page.Matches) != 1 || page.Matches[0].Version != 2 {
			t.Errorf("found %v, %v", page, err)
		}
		_, err = v.VersionRead(store.Key{Type: "Patient", ID: "p"}, 1)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if err := s.Check(ctx); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := sqlite3.Open("file:" + filepath.Join(folder, "chartlake.db"))
	if err == nil {
		err = errors.Join(raw.Exec(`PRAGMA user_version=9999`), raw.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, Config{Folder: folder, Unsealed: true}); fault.As(err) == nil || fault.As(err).Code != "store_newer" {
		t.Errorf("a newer database: %v", err)
	}
}
