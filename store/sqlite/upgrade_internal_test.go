package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// Resources that were there before contained ones were indexed are read again, by a job that the
// first start offers.
func TestContainedAreIndexedLater(t *testing.T) {
	t.Parallel()
	ctx, folder := context.Background(), oldFolder(t)
	s, err := Open(ctx, Config{Folder: folder, Unsealed: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	// The job is offered beside all else.
	soon, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		changed := s.Changed()
		depth, err := s.Jobs().Depth(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if depth[store.ReindexJob].Waiting == 1 {
			break
		}
		select {
		case <-changed:
		case <-soon.Done():
			t.Fatal("no job is offered")
		}
	}
	found := func() (n int) {
		t.Helper()
		err := s.View(ctx, tester, func(v store.View) error {
			page, err := v.Search(storetest.Query(t, "Observation?subject.name=inside"))
			n = len(page.Matches)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	_, err = s.Transact(ctx, tester, []store.Command{store.Update{Resource: storetest.Parse(t,
		`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p","name":[{"family":"Inside"}]}]}`)}})
	if err != nil {
		t.Fatal(err)
	}
	// As if it had been written by the older version.
	Harm(t, s, `DELETE FROM string WHERE p IN (SELECT p FROM param WHERE code LIKE '%.%')`)
	Harm(t, s, `UPDATE reindex SET top=(SELECT max(rid) FROM resource)`)
	if n := found(); n != 0 {
		t.Errorf("%d found before", n)
	}
	var jobs []store.Reindexing
	err = s.View(ctx, tester, func(v store.View) (err error) {
		jobs, err = v.Reindexing()
		return err
	})
	if err != nil || len(jobs) != 1 || jobs[0].State != store.ReindexRunning {
		t.Fatalf("jobs %v, %v", jobs, err)
	}
	for more := true; more; {
		if more, err = s.ReindexSome(ctx, jobs[0].Job); err != nil {
			t.Fatal(err)
		}
	}
	if n := found(); n != 1 {
		t.Errorf("%d found afterwards", n)
	}
	if err := s.Check(ctx); err != nil {
		t.Error(err)
	}
}
