package sqlite

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"
	"golang.org/x/sys/unix"

	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/relational"
	"chartlake/store/seal"
)

var _ store.Copier = (*Store)(nil)

// Engine names the database and its schema.
func (s *Store) Engine() string { return fmt.Sprintf("sqlite %d", len(steps)+1) }

// KeyCheck tells whether two stores have the same keys.
func (s *Store) KeyCheck() []byte { return s.core.Keys.Check() }

// Rebuild makes the search index anew; see store.Copier.
func (s *Store) Rebuild(ctx context.Context) error { return s.core.Rebuild(ctx) }

// Copy writes a copy of the database from one snapshot, table by table: neither free pages nor
// the search index are in it. The WAL cannot shrink meanwhile. See store.Copier.
func (s *Store) Copy(ctx context.Context, file string, document func(hash string) error) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fault.New(fault.Unavailable, "backup_file", "the copy cannot be written: %w", err)
	}
	defer f.Close()
	if err := s.copyInto(ctx, file, document); err != nil {
		os.Remove(file)
		return sqlFault(err)
	}
	return f.Sync()
}

// CopyKeys copies the file of wrapped data keys while nobody changes it; see store.Copier.
func (s *Store) CopyKeys(ctx context.Context, file string) error {
	in, err := os.Open(filepath.Join(s.cfg.Folder, seal.DataFile))
	if err != nil {
		return fault.New(fault.Unavailable, "backup_file", "the data keys cannot be read: %w", err)
	}
	defer in.Close()
	if err := unix.Flock(int(in.Fd()), unix.LOCK_SH); err != nil {
		return fault.New(fault.Unavailable, "backup_file", "the data keys cannot be locked: %w", err)
	}
	out, err := os.OpenFile(file, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.New(fault.Unavailable, "backup_file", "the data keys cannot be copied: %w", err)
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	if e := out.Close(); err == nil {
		err = e
	}
	return err
}

// at gives the URI of another database file below the same watch of the disk.
func (s *Store) at(file string) string {
	u := url.URL{Scheme: "file", Path: file, RawQuery: "vfs=" + s.disk.name}
	return u.String()
}

// made is one statement of a schema that makes a table or an index.
type made struct{ kind, name, sql string }

func schemaOf(c *conn, database string) (list []made, err error) {
	err = c.Query(`SELECT type, name, sql FROM `+database+`.sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY rowid`, nil, func(r db.Row) bool {
		list = append(list, made{r.Text(0), r.Text(1), r.Text(2)})
		return true
	})
	return list, err
}

func (s *Store) copyInto(ctx context.Context, file string, document func(string) error) error {
	raw, err := sqlite3.OpenFlags(s.at(s.path), sqlite3.OPEN_READWRITE|sqlite3.OPEN_URI)
	if err != nil {
		return err
	}
	c := newConn(raw)
	defer c.close()
	if err := raw.Exec(`PRAGMA busy_timeout=10000; PRAGMA temp_store=memory; PRAGMA cache_size=-16384`); err != nil {
		return err
	}
	all, err := schemaOf(c, "main")
	if err != nil {
		return err
	}
	if err := s.makeTables(c, file, all); err != nil {
		return err
	}
	// The file is nobody's before it is whole, and then synced as a whole. It goes through a WAL,
	// because a database with sealed pages has no other journal.
	if err := c.Exec(`ATTACH ? AS copy`, s.at(file)); err != nil {
		return err
	}
	if err := raw.Exec(`PRAGMA copy.synchronous=off; PRAGMA copy.cache_size=-16384`); err != nil {
		return err
	}
	return c.interruptible(ctx, func() error {
		if err := raw.Exec(`BEGIN`); err != nil {
			return err
		}
		if err := copyTables(c, all, document); err != nil {
			return err
		}
		return raw.Exec(`COMMIT; DETACH copy`)
	})
}

// makeTables makes the tables of the copy. Its indexes are made once they can be sorted.
func (s *Store) makeTables(c *conn, file string, all []made) error {
	raw, err := sqlite3.OpenFlags(s.at(file), sqlite3.OPEN_READWRITE|sqlite3.OPEN_URI)
	if err != nil {
		return err
	}
	defer raw.Close()
	version, _, err := db.One(c, `PRAGMA user_version`)
	if err != nil {
		return err
	}
	if !s.cfg.Unsealed {
		if _, err := raw.FileControl("", sqlite3.FCNTL_RESERVE_BYTES, pageReserve); err != nil {
			return err
		}
	}
	if err := raw.Exec(fmt.Sprintf(`PRAGMA journal_mode=wal; PRAGMA synchronous=off; PRAGMA temp_store=memory; PRAGMA user_version=%d`, version)); err != nil {
		return err
	}
	for _, m := range all {
		if m.kind == "table" {
			if err := raw.Exec(m.sql); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyTables fills the copy from the snapshot that its first read takes.
func copyTables(c *conn, all []made, document func(string) error) error {
	now, err := schemaOf(c, "main")
	if err != nil {
		return err
	}
	if !slices.Equal(all, now) {
		return fault.New(fault.Unavailable, "schema_changed", "the database is being upgraded; back it up afterwards")
	}
	left := relational.IndexTables(c)
	for _, m := range all {
		if m.kind != "table" || slices.Contains(left, m.name) {
			continue
		}
		name := quoted(m.name)
		if err := c.db.Exec(`INSERT INTO copy.` + name + ` SELECT * FROM main.` + name); err != nil {
			return err
		}
	}
	sequences, err := db.Texts(c, `SELECT name FROM copy.sqlite_schema WHERE name='sqlite_sequence'`)
	if err == nil && len(sequences) > 0 {
		err = c.db.Exec(`DELETE FROM copy.sqlite_sequence; INSERT INTO copy.sqlite_sequence SELECT * FROM main.sqlite_sequence`)
	}
	for _, m := range all {
		if err == nil && m.kind == "index" {
			// Of our own making: CREATE [UNIQUE] INDEX [IF NOT EXISTS] name ON ….
			err = c.db.Exec(strings.Replace(m.sql, m.name, `copy.`+m.name, 1))
		}
	}
	if err != nil {
		return err
	}
	hashes, err := db.Texts(c, `SELECT id FROM copy.document ORDER BY id`)
	for _, hash := range hashes {
		if err == nil {
			err = document(hash)
		}
	}
	return err
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
