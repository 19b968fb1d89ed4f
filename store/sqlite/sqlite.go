// Package sqlite is the store in one SQLite file: versioned resources and their search index,
// documents, records, jobs and audit rows, all behind one write door with full sync.
//
// It is a driver of store/relational, which has the way of reads and writes. Readers have
// snapshots of their own and never wait for the writer.
//
// It refuses to go on after a sync that failed (code store_unhealthy): what the disk holds is
// then not known, and trying again may falsely succeed. It refuses a database whose key file
// is missing or readable by others, and one that a newer Chartlake has written.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"

	"chartlake/envelope"
	"chartlake/fault"
	"chartlake/queue"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/body"
	"chartlake/store/db"
	"chartlake/store/relational"
	"chartlake/store/seal"
)

// Config says where the store is. Only Folder is needed.
type Config struct {
	Folder string // holds chartlake.db, its WAL, and store.key; made with mode 0700 where it is missing
	Base   string // this server's FHIR base URL: absolute references to it are local
	// Sealer seals the master keys in store.key; nil: they stand in it as they are.
	Sealer  envelope.Sealer
	Readers int // snapshots at once; 0: twice the cores, at least 4
	// Unsynced leaves out the sync of commits: the negative control of the durability tests.
	Unsynced bool
	Audit    store.Audit // how the audit trail is kept
	// Unsealed leaves pages, bodies, names and files in clear: for the price of sealing in a bench.
	Unsealed bool
	Logger   *slog.Logger     // of the queue; nil: silent
	Now      func() time.Time // nil: the clock

	trap func(op byte) error // faults of the disk, for tests
}

// Store is the store in a folder. Open makes one; the zero Store is of no use.
type Store struct {
	core *relational.Store
	cfg  Config
	path string

	disk *disk
	db   *sql.DB // the writer's and the queue's connections
	sick atomic.Pointer[fault.Error]

	readers chan *conn // idle snapshots' connections; nil stands for one not yet opened
	jobs    *jobs
}

var _ store.Store = (*Store)(nil)

// Open opens the store in cfg.Folder, making it where it is missing and bringing an older
// schema up to date. Faults: Unavailable (cannot be opened), Corrupt (damaged, key missing),
// Unsupported (written by a newer version).
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Folder == "" {
		return nil, fault.New(fault.Invalid, "store_folder", "the store needs a folder")
	}
	if err := os.MkdirAll(cfg.Folder, 0o700); err != nil {
		return nil, fault.New(fault.Unavailable, "store_folder", "make the data folder: %w", err)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Readers <= 0 {
		cfg.Readers = max(4, 2*runtime.GOMAXPROCS(0))
	}
	s := &Store{cfg: cfg, path: filepath.Join(cfg.Folder, "chartlake.db"), readers: make(chan *conn, cfg.Readers)}
	s.core = &relational.Store{Base: cfg.Base, Now: cfg.Now, Names: db.NewNames(), Catalogue: search.R4(), Logger: cfg.Logger, Snapshot: s.View}
	_, err := os.Stat(s.path)
	fresh := errors.Is(err, fs.ErrNotExist)
	if s.core.Keys, err = seal.LoadSealed(cfg.Folder, fresh, cfg.Sealer); err != nil {
		return nil, err
	}
	s.core.Keys.Unsealed = cfg.Unsealed
	s.disk = newDisk(func(err error) { s.sick.CompareAndSwap(nil, unhealthy(err)) }, cfg.trap)
	if !cfg.Unsealed {
		if s.disk.pages, err = newPageCipher(s.core.Keys.Pages); err != nil {
			return nil, err
		}
	}
	s.core.Scrub = s.scrub
	if err := s.start(ctx, fresh); err != nil {
		s.core.Stop()
		s.core.Release()
		if s.db != nil {
			s.db.Close()
		}
		s.disk.release()
		return nil, sqlFault(err)
	}
	return s, nil
}

// start opens the writer, brings the schema up to date, and starts the sequencer.
func (s *Store) start(ctx context.Context, fresh bool) error {
	if err := s.sealFile(ctx); err != nil {
		return err
	}
	if fresh {
		f, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		f.Close()
	}
	sync := "full"
	if s.cfg.Unsynced {
		sync = "normal"
	}
	var err error
	s.db, err = driver.Open(s.dsn(), func(c *sqlite3.Conn) error {
		if !s.cfg.Unsealed {
			if _, err := c.FileControl("", sqlite3.FCNTL_RESERVE_BYTES, pageReserve); err != nil {
				return err
			}
		}
		if err := steady(c); err != nil {
			return err
		}
		return c.Exec(`PRAGMA busy_timeout=30000; PRAGMA journal_mode=wal; PRAGMA synchronous=` + sync + `;
			PRAGMA temp_store=memory; PRAGMA secure_delete=on; PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=4000; PRAGMA foreign_keys=off`)
	})
	if err != nil {
		return err
	}
	w, err := s.newWriter(ctx)
	if err != nil {
		return err
	}
	if err := migrate(w.c); err != nil {
		return err
	}
	if s.cfg.Unsealed { // should it ever be opened to be sealed, there is something to do
		if err := w.c.Exec(`DELETE FROM sealing WHERE kind=0`); err != nil {
			return err
		}
	}
	if err := envelope.SyncFolder(s.cfg.Folder); err != nil {
		return err
	}
	if err := s.core.Names.Load(w.c); err != nil {
		return err
	}
	if s.core.Pack, err = body.Load(w.c); err != nil {
		return err
	}
	if s.jobs, err = newJobs(s); err != nil {
		return err
	}
	for range s.cfg.Readers {
		s.readers <- nil
	}
	w.jobs = s.jobs
	return s.core.Start(w.c, w, s.cfg.keeping())
}

// keeping puts the trail's files beside the database.
func (c Config) keeping() relational.Keeping {
	return relational.Keeping{Folder: filepath.Join(c.Folder, "audit"), Marks: c.Audit.Marks, Wait: c.Audit.Wait, Off: c.Audit.Off}
}

// scrub brings the whole WAL into the database and cuts it off: what deleted rows left in it is
// gone then. In the database itself, secure_delete puts zeros in their place.
func (s *Store) scrub(ctx context.Context) error {
	var busy, log, done int
	if err := s.db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &done); err != nil {
		return sqlFault(err)
	}
	if busy != 0 {
		return fault.New(fault.Unavailable, "store_busy", "a long read keeps the log from being cut off")
	}
	return nil
}

func (s *Store) dsn() string {
	u := url.URL{Scheme: "file", Path: s.path, RawQuery: "_txlock=immediate&vfs=" + s.disk.name}
	return u.String()
}

// reader lends a read-only connection; giveBack returns it.
func (s *Store) reader(ctx context.Context) (*conn, error) {
	select {
	case c := <-s.readers:
		if c != nil {
			return c, nil
		}
		c, err := s.openReader()
		if err != nil {
			s.readers <- nil
			return nil, err
		}
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.core.Stopped():
		return nil, relational.ErrClosed
	}
}

func (s *Store) giveBack(c *conn) { s.readers <- c }

func (s *Store) openReader() (*conn, error) {
	u := url.URL{Scheme: "file", Path: s.path, RawQuery: "vfs=" + s.disk.name}
	db, err := sqlite3.OpenFlags(u.String(), sqlite3.OPEN_READWRITE|sqlite3.OPEN_URI)
	if err != nil {
		return nil, sqlFault(err)
	}
	err = db.Exec(`PRAGMA busy_timeout=10000; PRAGMA query_only=on; PRAGMA temp_store=memory; PRAGMA cache_size=-8192`)
	if err == nil {
		err = steady(db)
	}
	if err != nil {
		db.Close()
		return nil, sqlFault(err)
	}
	return newConn(db), nil
}

// steady keeps plans from depending on the values that are bound: SQLite would else prepare a kept
// statement anew for most of them (SQLITE_DBCONFIG_ENABLE_QPSG).
func steady(c *sqlite3.Conn) error {
	_, err := c.Config(sqlite3.DBCONFIG_ENABLE_QPSG, true)
	return err
}

// Jobs leases work that Enqueue commands left.
func (s *Store) Jobs() queue.Runner { return s.jobs }

// Transact applies the commands in one serialisable transaction; see store.Store.
func (s *Store) Transact(ctx context.Context, actor store.Actor, commands []store.Command) ([]store.Result, error) {
	return s.core.Transact(ctx, actor, commands)
}

// Trail is the audit trail.
func (s *Store) Trail() store.Trail {
	return relational.Trail{Store: s.core, Lend: s.lend, Counters: counters}
}

// Catalogue is the search parameters as this process last saw them.
func (s *Store) Catalogue() *search.Catalogue { return s.core.Known() }

// ReindexSome does the next batch of work on the index; see store.Store.
func (s *Store) ReindexSome(ctx context.Context, job int64) (bool, error) {
	return s.core.ReindexSome(ctx, job)
}

// Erasures says how originals are erased; see store.Store.
func (s *Store) Erasures(ctx context.Context, original func(context.Context, string) error) error {
	return s.core.Erasures(ctx, original)
}

// Vault has the data keys of the store.
func (s *Store) Vault() *envelope.Vault { return s.core.Keys.Vault }

// Changed is closed when this process next commits.
func (s *Store) Changed() <-chan struct{} { return s.core.Changed() }

// View calls f with one snapshot; see store.Store. The snapshot holds no lock that a writer
// waits for, but it keeps the WAL from shrinking: f should not take long.
func (s *Store) View(ctx context.Context, actor store.Actor, f func(store.View) error) error {
	return s.core.Look(ctx, actor, s.lend, f)
}

// lend calls f with a connection that is within one snapshot.
func (s *Store) lend(ctx context.Context, f func(db.Conn) error) error {
	return s.snapshot(ctx, func(c *conn) error { return f(c) })
}

// snapshot calls f with a connection that is within one snapshot.
func (s *Store) snapshot(ctx context.Context, f func(*conn) error) error {
	c, err := s.reader(ctx)
	if err != nil {
		return sqlFault(err)
	}
	defer s.giveBack(c)
	return c.interruptible(ctx, func() error {
		if err := c.Exec(`BEGIN`); err != nil {
			return err
		}
		defer func() {
			c.db.SetInterrupt(context.Background())
			c.Exec(`COMMIT`)
		}()
		// BEGIN alone takes no snapshot; the first read does.
		if _, _, err := db.One(c, `SELECT 1 FROM counter`); err != nil {
			return err
		}
		return f(c)
	})
}

// inspector is what SQLite tells of itself.
var inspector = relational.Inspector{
	Faults: func(c db.Conn) (int, error) {
		found, err := db.Texts(c, `PRAGMA integrity_check(100)`)
		if err != nil || len(found) == 1 && found[0] == "ok" {
			return 0, err
		}
		return len(found), nil
	},
	Repair:   `REINDEX`,
	Counters: counters,
}

// Check gives the first damage as a fault; see Inspect.
func (s *Store) Check(ctx context.Context) error { return s.core.Check(ctx, inspector) }

// Inspect looks for damage: SQLite's own check, and what relational.Store.Inspect does. It
// holds snapshots for as long as it takes.
func (s *Store) Inspect(ctx context.Context, repair bool, found func(store.Damage)) error {
	return s.core.Inspect(ctx, repair, inspector, found)
}

// Close stops the writer after what waits is done and closes the files.
func (s *Store) Close() error {
	if !s.core.Stop() {
		return nil
	}
	var first error
	for range s.cfg.Readers {
		if c := <-s.readers; c != nil {
			if err := c.close(); first == nil {
				first = err
			}
		}
	}
	if err := s.db.Close(); first == nil {
		first = err
	}
	s.core.Release()
	s.core.Pack.Close()
	s.disk.release()
	if err := s.core.Keys.Close(); first == nil {
		first = err
	}
	if first != nil {
		return sqlFault(first)
	}
	return nil
}

// unhealthy is the fault that every write gets once a sync has failed.
func unhealthy(err error) *fault.Error {
	return fault.New(fault.Unavailable, "store_unhealthy", "the disk failed to keep what was written; nothing more is accepted until a restart: %w", err)
}

// sqlFault makes a fault of an error of SQLite. Its texts hold statements and file names of
// the store at most, never values.
func sqlFault(err error) error {
	var code sqlite3.ErrorCode
	switch {
	case err == nil:
		return nil
	case fault.As(err) != nil:
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Unavailable, "canceled", "the request ended or took too long: %w", err)
	case !errors.As(err, &code):
		return fault.New(fault.Internal, "store", "store: %w", err)
	}
	if errors.Is(err, sqlite3.IOERR_DATA) {
		return fault.New(fault.Corrupt, "store_damaged", "a page of the database cannot be opened: it is damaged, or the keys are of another store")
	}
	switch code {
	case sqlite3.FULL:
		return fault.New(fault.Full, "disk_full", "there is no space left to store this")
	case sqlite3.BUSY, sqlite3.LOCKED:
		return &fault.Error{Kind: fault.Unavailable, Code: "store_busy", Message: "the store is busy", RetryAfter: time.Second, Err: err}
	case sqlite3.INTERRUPT:
		return fault.New(fault.Unavailable, "canceled", "the request ended or took too long")
	case sqlite3.CORRUPT, sqlite3.NOTADB:
		return fault.New(fault.Corrupt, "store_damaged", "the database file is damaged: %w", err)
	case sqlite3.IOERR, sqlite3.CANTOPEN, sqlite3.READONLY, sqlite3.PERM:
		return fault.New(fault.Unavailable, "store_io", "the store cannot be read or written: %w", err)
	}
	return fault.New(fault.Internal, "store", "store: %w", err)
}
