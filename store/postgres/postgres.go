// Package postgres is the store in a PostgreSQL database that many processes on many machines
// share: versioned resources and their search index, documents, records, jobs and audit rows.
//
// It is a driver of store/relational, which has the way of reads and writes. Writers of all
// processes take turns by the lock of one row; readers have snapshots (REPEATABLE READ, READ
// ONLY) of their own and wait for nobody. A commit is answered once the server has it on its
// disk (synchronous_commit).
//
// The keys of the store are not in the database: who has it, or a backup of it, cannot tell
// the codes and identifiers in the index, nor open a body. Master keys come from store.key in the
// data folder of each process, which is made with a new database and must be copied to every
// other machine; data keys are in the database, wrapped. Texts and birth dates of the index are
// keyed hashes and sealed values; dates of events, numbers, URIs and ids stand in clear in its tables.
// Refused are a database whose key file is missing, another one or readable by others, one
// that a newer Chartlake has written, and servers before PostgreSQL 14.
package postgres

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"chartlake/envelope"
	"chartlake/fault"
	"chartlake/queue"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/body"
	"chartlake/store/db"
	"chartlake/store/ident"
	"chartlake/store/relational"
)

// Config says where the store is. URL and Folder are needed.
type Config struct {
	URL    string      // postgres://user:password@host/name?search_path=…; PGPASSWORD and ~/.pgpass are read, too
	Folder string      // holds store.key; made with mode 0700 where it is missing
	Base   string      // this server's FHIR base URL: absolute references to it are local
	Audit  store.Audit // how the audit trail is kept
	// Sealer seals the master keys in store.key; nil: they stand in it as they are.
	Sealer  envelope.Sealer
	Readers int // snapshots at once; 0: twice the cores, at least 4
	Logger  *slog.Logger
	Now     func() time.Time // nil: the clock

	dial pgconn.DialFunc // for tests; nil: the network
}

// Store is the store in a database. Open makes one; the zero Store is of no use.
type Store struct {
	core  *relational.Store
	conns *pgx.ConnConfig
	reads *pgxpool.Pool
	queue *pgxpool.Pool
	jobs  *jobs

	schema, process string // what notifications tell stores and processes apart by
}

var _ store.Store = (*Store)(nil)

// Open opens the store at cfg.URL, making its tables where there are none and bringing an
// older schema up to date. Faults: Invalid (the URL), Unavailable (cannot be reached, or
// refuses us), Corrupt (key missing or another one), Unsupported (written by a newer version,
// or too old a server).
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Folder == "" {
		return nil, fault.New(fault.Invalid, "store_folder", "the store needs a folder for its key")
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
	s := &Store{}
	if err := s.start(ctx, cfg); err != nil {
		if s.core != nil {
			s.core.Stop()
			s.core.Release()
		}
		s.closePools()
		return nil, pgFault(err)
	}
	return s, nil
}

// queueConns is how many connections the queue may have: to lease and complete, to listen,
// for the lock of its workers, for housekeeping.
const queueConns = 8

func (s *Store) start(ctx context.Context, cfg Config) error {
	pool, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		// pgx takes passwords out of its error, but not names of hosts and users.
		return fault.New(fault.Invalid, "store_url", "the store's URL is none of PostgreSQL (postgres://user@host/name)")
	}
	configure(pool.ConnConfig, cfg.dial)
	s.conns = pool.ConnConfig
	s.core = &relational.Store{Base: cfg.Base, Now: cfg.Now, Names: db.NewNames(), Catalogue: search.R4(), Logger: cfg.Logger, Snapshot: s.View}

	s.core.Scrub = s.scrub
	w := &writer{s: s, c: newConn(context.Background(), nil)}
	if err := w.connect(ctx); err != nil {
		return err
	}
	queues := pool.Copy()
	queues.MaxConns = queueConns
	if s.queue, err = pgxpool.NewWithConfig(ctx, queues); err != nil {
		return err
	}
	if err := s.migrate(ctx, w.c, cfg); err != nil {
		w.Close()
		return err
	}
	if err := s.core.Names.Load(w.c); err != nil {
		return err
	}
	if s.core.Pack, err = body.Load(w.c); err != nil {
		return err
	}
	reads := pool.Copy()
	reads.MaxConns = int32(cfg.Readers)
	reads.AfterConnect = prepare
	// A query whose caller is gone ends on the server, too.
	reads.ConnConfig.BuildContextWatcherHandler = func(pg *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: pg, DeadlineDelay: 5 * time.Second}
	}
	if s.reads, err = pgxpool.NewWithConfig(ctx, reads); err != nil {
		return err
	}
	err = w.c.Query(`SELECT current_schema()::regnamespace::oid::text`, nil, func(r db.Row) bool {
		s.schema = r.Text(0)
		return false
	})
	if err != nil {
		return err
	}
	s.process = ident.New(time.Now())
	err = s.core.Start(w.c, w, relational.Keeping{Folder: filepath.Join(cfg.Folder, "audit"), Marks: cfg.Audit.Marks, Wait: cfg.Audit.Wait, Off: cfg.Audit.Off})
	if err == nil {
		s.core.Background(s.listen)
	}
	return err
}

// configure sets what every connection has: binary results by prepared statements, whatever
// the URL says.
func configure(c *pgx.ConnConfig, dial pgconn.DialFunc) {
	c.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	c.ConnectTimeout = connectTime
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "chartlake"
	}
	if dial != nil {
		c.DialFunc = dial
	}
}

// settings of the connections that read and write. The plans are made by store/plan: joins in
// the order that is written, by seeks into the one index that each table has; one plan per
// statement, whatever the statistics say. A client that vanished without a word must not keep
// the lock of the door.
const settings = `
SET join_collapse_limit = 1; SET from_collapse_limit = 1;
SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
SET max_parallel_workers_per_gather = 0; SET jit = off; SET plan_cache_mode = force_generic_plan;
SET work_mem = '32MB'; SET client_min_messages = warning; SET lock_timeout = '30s';
SET idle_in_transaction_session_timeout = '5min'; SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3`

// prepare makes a new connection ready for reads or writes.
func prepare(ctx context.Context, c *pgx.Conn) error {
	if _, err := c.Exec(ctx, settings, pgx.QueryExecModeSimpleProtocol); err != nil {
		return err
	}
	// Stronger than on (remote_apply) stays; off and local could lose what was acknowledged.
	_, err := c.Exec(ctx, `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')`)
	return err
}

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

// scrub has the server clear away deleted rows. Their bytes stay on its disk until other rows
// take their place: what is sealed is unreadable at once, the rest is the disk's encryption's.
func (s *Store) scrub(ctx context.Context) error {
	for _, table := range []string{"version", "hashed", "sealed", "composite_sealed", "date", "forward_date", "token", "document", "arrival"} {
		if _, err := s.queue.Exec(ctx, `VACUUM `+table); err != nil {
			return pgFault(err)
		}
	}
	return nil
}

// Vault has the data keys of the store.
func (s *Store) Vault() *envelope.Vault { return s.core.Keys.Vault }

// Changed is closed when this process, or another one on this database, next commits.
func (s *Store) Changed() <-chan struct{} { return s.core.Changed() }

// View calls f with one snapshot; see store.Store. The snapshot keeps the server from
// cleaning up behind it: f should not take long.
func (s *Store) View(ctx context.Context, actor store.Actor, f func(store.View) error) error {
	return s.core.Look(ctx, actor, s.lend, f)
}

// lend calls f with a connection that is within one snapshot.
func (s *Store) lend(ctx context.Context, f func(db.Conn) error) error {
	return s.snapshot(ctx, func(c *conn) error { return f(c) })
}

// snapshot calls f with a connection that is within one snapshot.
func (s *Store) snapshot(ctx context.Context, f func(*conn) error) error {
	select {
	case <-s.core.Stopped():
		return relational.ErrClosed
	default:
	}
	pooled, err := s.reads.Acquire(ctx)
	if err != nil {
		return pgFault(err)
	}
	defer pooled.Release()
	pg := pooled.Conn()
	// BEGIN alone takes no snapshot; the first query does.
	if _, err := pg.Exec(ctx, `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1`, pgx.QueryExecModeSimpleProtocol); err != nil {
		return readFault(err)
	}
	defer func() {
		// A connection that is not back outside of a transaction is not used again.
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectTime)
		defer cancel()
		if _, err := pg.Exec(end, `ROLLBACK`, pgx.QueryExecModeSimpleProtocol); err != nil {
			pg.Close(end)
		}
	}()
	return readFault(f(newConn(ctx, pg)))
}

// readFault makes of an error that a write would try again one that the caller may.
func readFault(err error) error {
	err = pgFault(err)
	if f := fault.As(err); f != nil {
		return f
	}
	return err
}

// inspector is what the server tells of a database. Its pages have checksums of their own,
// which it checks whenever it reads one.
var inspector = relational.Inspector{Counters: counters}

// Check gives the first damage as a fault; see Inspect.
func (s *Store) Check(ctx context.Context) error { return s.core.Check(ctx, inspector) }

// Inspect looks for damage as relational.Store.Inspect does. It holds snapshots for as long as
// it takes.
func (s *Store) Inspect(ctx context.Context, repair bool, found func(store.Damage)) error {
	return s.core.Inspect(ctx, repair, inspector, found)
}

// Jobs leases work that Enqueue commands left.
func (s *Store) Jobs() queue.Runner { return s.jobs }

// Close stops the writer after what is under way and lets the connections go.
func (s *Store) Close() error {
	if !s.core.Stop() {
		return nil
	}
	s.closePools()
	s.core.Release()
	s.core.Pack.Close()
	return nil
}

func (s *Store) closePools() {
	for _, p := range []*pgxpool.Pool{s.reads, s.queue} {
		if p != nil {
			p.Close()
		}
	}
}
