// Package relational is the store over a relational database: what its snapshots and its one
// write door do is the same for every database, a driver brings connections, transactions and
// the schema. See ../DESIGN.md.
//
// One goroutine writes: it takes what waits, applies each Transact in a savepoint of its own,
// and makes all of them durable by one commit (group commit).
package relational

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/queue"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/body"
	"chartlake/store/db"
	"chartlake/store/index"
	"chartlake/store/seal"
)

// Conn is the connection that writes.
type Conn interface {
	db.Conn
	// WriteIndex puts rows into the index, or takes them out. Rows that are there already, or
	// are not there, are no error. The driver may sort the batch.
	WriteIndex(rows *index.Rows, remove bool) error
	// Flush brings up the errors of statements that were put off.
	Flush() error
	// Undo goes back to the savepoint named request and lets it go. An error says that the
	// whole transaction is lost.
	Undo() error
}

// Counters are what a transaction begins from and leaves: the last rid, change number and
// audit row given out, and the time of the last change in milliseconds. Quiet says of what is
// committed that no other process need be told.
type Counters struct {
	RID, Seq, Audit, Time int64
	Quiet                 bool
}

// Driver is what a database brings to the door. One goroutine calls it.
type Driver interface {
	// Begin opens a transaction beside which no other process writes.
	Begin() (Counters, error)
	// Commit stores the counters and makes the transaction durable. An error of kind Again
	// says that nothing of it is kept.
	Commit(Counters) error
	// Rollback leaves nothing of the transaction. It may be called when there is none.
	Rollback()
	// Enqueue offers a job within the transaction.
	Enqueue(ctx context.Context, job queue.Job) error
	// Healthy is nil, or the fault that every write gets from now on.
	Healthy() error
	// Close lets the connection go.
	Close()
}

// Again marks an error after which the same transaction may be tried again from its beginning,
// because the database has undone it: it lost a race or its connection before the commit.
type Again struct{ Err error }

func (a *Again) Error() string { return a.Err.Error() }
func (a *Again) Unwrap() error { return a.Err }

// Store is what snapshots and transactions of one database share. A driver embeds it.
type Store struct {
	Base      string           // this server's FHIR base URL: absolute references to it are local
	Now       func() time.Time // the clock
	Keys      *seal.Keys
	Names     *db.Names
	Pack      *body.Packer
	Catalogue *search.Catalogue // R4's own parameters
	Logger    *slog.Logger      // may be nil
	// Snapshot calls f with a snapshot for an actor: the driver's View.
	Snapshot func(context.Context, store.Actor, func(store.View) error) error

	// Scrub, where set, takes out of the database's files what deleted rows left in them.
	Scrub func(context.Context) error

	eraser    atomic.Pointer[func(ctx context.Context, document string) error]
	finishing sync.Mutex // of erasures
	trail     *trail
	known     atomic.Pointer[catalogued]
	driver    Driver
	requests  chan *request
	stop      chan struct{}
	ended     chan struct{} // the writer takes no request any more
	done      sync.WaitGroup
	closed    atomic.Bool

	mu      sync.Mutex
	changed chan struct{}
}

// Start begins to write through conn, the connection of the driver's transactions, and opens
// the audit trail. The store must be stopped, also where it fails.
func (s *Store) Start(conn Conn, driver Driver, keeping Keeping) error {
	s.driver, s.requests, s.stop, s.changed = driver, make(chan *request, 256), make(chan struct{}), make(chan struct{})
	s.ended = make(chan struct{})
	w := &Writer{s: s, c: conn, add: db.NewAdder(s.Names, conn), rids: map[store.Key]int64{}, keys: map[subject]int64{}, enqueue: driver.Enqueue,
		chain: audit.NewChain(s.Keys.Audit()), head: link{seq: -1}}
	_, sealed, err := keyIn(conn, subject{allSealed, ""})
	if err != nil {
		return err
	}
	pending, err := pendingReindex(conn)
	if err != nil {
		return err
	}
	s.done.Add(1)
	go func() {
		defer s.done.Done()
		defer close(s.ended)
		w.run()
	}()
	if err := s.openTrail(keeping); err != nil {
		return err
	}
	if len(pending) > 0 {
		s.Background(func(ctx context.Context) error { return s.offerReindex(ctx, pending) })
	}
	if !sealed {
		s.Background(s.Reseal)
	}
	return nil
}

// Transact applies the commands in one serialisable transaction; see store.Store. Its audit row
// is part of the transaction; that of one that fails is not, and follows.
func (s *Store) Transact(ctx context.Context, actor store.Actor, commands []store.Command) ([]store.Result, error) {
	if actor.ID == "" {
		return nil, ErrNoActor
	}
	results, err := s.transact(ctx, actor, commands)
	if err != nil {
		return nil, s.tried(commands).end(ctx, actor, err)
	}
	return results, nil
}

func (s *Store) transact(ctx context.Context, actor store.Actor, commands []store.Command) ([]store.Result, error) {
	if s.closed.Load() {
		return nil, ErrClosed
	}
	if err := s.driver.Healthy(); err != nil {
		return nil, err
	}
	w, err := s.prepare(commands)
	if err != nil {
		return nil, err
	}
	r := &request{ctx: ctx, actor: actor, work: w, turn: turnOf(commands), done: make(chan struct{})}
	if err := s.submit(r); err != nil {
		return nil, err
	}
	audit.Of(ctx).Written(&audit.Event{Outcome: audit.Success})
	if erases(commands) {
		if err := s.finishErasures(context.WithoutCancel(ctx)); err != nil {
			return nil, err
		}
	}
	return r.results, nil
}

// turnOf is where a transaction wants to stand; nil: anywhere.
func turnOf(commands []store.Command) *store.Turn {
	for _, c := range commands {
		if c, ok := c.(store.ChangeTask); ok && c.Turn != nil {
			return c.Turn
		}
	}
	return nil
}

// View gives a snapshot over a connection that is within one.
func (s *Store) View(c db.Conn, actor store.Actor) store.View {
	return &view{s: s, c: c, actor: actor}
}

// Stopped is closed when the store is being closed.
func (s *Store) Stopped() <-chan struct{} { return s.stop }

// Changed is closed when this process next commits.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Announce says that something was committed, here or in another process.
func (s *Store) Announce() {
	s.mu.Lock()
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
}

// Background does housekeeping beside the writer until the store is closed.
func (s *Store) Background(f func(context.Context) error) {
	s.done.Add(1)
	go func() {
		defer s.done.Done()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() {
			select {
			case <-s.stop:
				cancel()
			case <-ctx.Done():
			}
		}()
		if err := f(ctx); err != nil && ctx.Err() == nil && s.Logger != nil {
			s.Logger.Warn("housekeeping of the store", "error", err)
		}
	}()
}

// Stop ends writing after what is under way; false when it has ended already.
func (s *Store) Stop() bool {
	if s.driver == nil { // never started
		return false
	}
	if !s.closed.CompareAndSwap(false, true) {
		return false
	}
	if s.trail != nil {
		s.trail.close()
	}
	close(s.stop)
	s.done.Wait()
	return true
}

// Release lets go what the last readers may still have used; Stop came before.
func (s *Store) Release() {
	if s.trail != nil {
		s.trail.release()
	}
}

// Faults of every driver.
var (
	ErrClosed  = fault.New(fault.Unavailable, "store_closed", "the store is closed")
	ErrNoActor = fault.New(fault.Unauthenticated, "no_actor", "who acts is not stated")
)
