package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"

	"chartlake/fault"
	"chartlake/store"
)

// Limits of one group of transactions that share a sync.
const (
	groupMax  = 64                    // transactions
	groupTime = 20 * time.Millisecond // from the first one; later ones wait for the next group
)

// request is one Transact on its way through the writer.
type request struct {
	ctx     context.Context
	actor   store.Actor
	work    *work
	inner   func(*writer) error // instead of work: the store's own housekeeping
	results []store.Result
	err     error
	done    chan struct{}
}

// writer is the one goroutine that changes the database.
type writer struct {
	s    *Store
	conn *sql.Conn // held for good, so that c may be used while a tx is open
	tx   *sql.Tx
	c    *conn
	add  *adder
	rows rows
	gone rows // rows to take out
	rids map[store.Key]int64

	now               time.Time // time of the group; never before that of the group before
	rid, seq, auditAt int64     // counters
	trained           bool      // a dictionary was tried in this process
}

func (s *Store) newWriter(ctx context.Context) (*writer, error) {
	c, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{s: s, conn: c, rids: map[store.Key]int64{}}
	err = c.Raw(func(dc any) error {
		w.c = newConn(dc.(driver.Conn).Raw())
		return nil
	})
	w.add = newAdder(s.names, w.c)
	return w, err
}

// submit hands a request to the writer and waits for its end.
func (s *Store) submit(r *request) error {
	if f := s.sick.Load(); f != nil {
		return f
	}
	select {
	case s.requests <- r:
	case <-s.stop:
		return errClosed
	case <-r.ctx.Done():
		return sqlFault(r.ctx.Err())
	}
	select {
	case <-r.done:
		return r.err
	case <-s.stop:
		// The writer finishes what it has taken; what it has not taken gets errClosed from it.
		<-r.done
		return r.err
	}
}

func (w *writer) run() {
	defer func() {
		for _, s := range w.c.stmts {
			s.Close()
		}
		w.conn.Close()
	}()
	for {
		select {
		case r := <-w.s.requests:
			w.group(r)
		case <-w.s.stop:
			for {
				select {
				case r := <-w.s.requests:
					r.err = errClosed
					close(r.done)
				default:
					return
				}
			}
		}
	}
}

// group applies a request and those that wait behind it, and makes them durable together.
func (w *writer) group(first *request) {
	group := []*request{first}
	var applied []*request
	err := w.begin()
	if err == nil {
		started := time.Now()
		for r := first; r != nil; {
			if r.err = w.one(r); r.err == nil {
				applied = append(applied, r)
			} else if w.s.sick.Load() != nil {
				break
			}
			r = nil
			if len(group) < groupMax && time.Since(started) < groupTime {
				select {
				case r = <-w.s.requests:
					group = append(group, r)
				default:
				}
			}
		}
		err = w.commit(len(applied) > 0)
	}
	if err != nil {
		for _, r := range applied {
			r.err = err
		}
		if len(applied) == 0 && first.err == nil {
			first.err = err
		}
	}
	if err == nil && len(applied) > 0 {
		w.s.announce()
	}
	for _, r := range group {
		if r.err != nil {
			r.results = nil
		}
		close(r.done)
	}
	if err == nil && w.seq >= dictionaryAfter && !w.trained && w.s.pack.plain() {
		w.trained = true
		w.s.background(w.s.train)
	}
}

// begin opens the transaction of a group and reads the counters.
func (w *writer) begin() (err error) {
	if f := w.s.sick.Load(); f != nil {
		return f
	}
	if w.tx, err = w.conn.BeginTx(context.Background(), nil); err != nil {
		return w.broken(err)
	}
	clear(w.rids)
	var last int64
	err = w.c.query(`SELECT name, value FROM counter`, nil, func(s *sqlite3.Stmt) bool {
		switch s.ColumnText(0) {
		case "rid":
			w.rid = s.ColumnInt64(1)
		case "seq":
			w.seq = s.ColumnInt64(1)
		case "audit":
			w.auditAt = s.ColumnInt64(1)
		case "time":
			last = s.ColumnInt64(1)
		}
		return true
	})
	if err != nil {
		w.tx.Rollback()
		return w.broken(err)
	}
	w.now = time.UnixMilli(max(w.s.cfg.Now().UnixMilli(), last)).UTC()
	return nil
}

// one applies a request in a savepoint: all of it or nothing.
func (w *writer) one(r *request) error {
	if err := r.ctx.Err(); err != nil {
		return sqlFault(err)
	}
	if err := w.c.exec(`SAVEPOINT request`); err != nil {
		return w.broken(err)
	}
	rid, seq, auditAt := w.rid, w.seq, w.auditAt
	w.rows.reset()
	w.gone.reset()
	var results []store.Result
	var err error
	if r.inner != nil {
		err = r.inner(w)
	} else {
		results, err = w.apply(r)
	}
	if err == nil {
		err = w.c.exec(`RELEASE request`)
	}
	if err == nil {
		w.add.publish()
		r.results = results
		return nil
	}
	w.rid, w.seq, w.auditAt = rid, seq, auditAt
	w.add.forget()
	clear(w.rids)
	if rerr := w.c.exec(`ROLLBACK TO request`); rerr == nil {
		rerr = w.c.exec(`RELEASE request`)
		if rerr != nil {
			w.broken(rerr)
		}
	} else {
		// SQLite has rolled back the whole transaction (disk full, input/output error).
		w.broken(err)
	}
	if fault.As(err) == nil {
		return w.broken(err)
	}
	return err
}

// commit makes the group durable. A sync that failed is never tried again.
func (w *writer) commit(any bool) error {
	if w.c.db.GetAutocommit() {
		// The transaction is gone: a statement failed so badly that SQLite rolled it back.
		w.tx.Rollback()
		w.reload()
		return &fault.Error{Kind: fault.Unavailable, Code: "store_rolled_back", Message: "the transaction was rolled back", RetryAfter: time.Second}
	}
	if !any {
		return sqlFault(w.tx.Rollback())
	}
	err := w.c.exec(`UPDATE counter SET value = CASE name WHEN 'rid' THEN ? WHEN 'seq' THEN ? WHEN 'audit' THEN ? ELSE ? END`,
		w.rid, w.seq, w.auditAt, w.now.UnixMilli())
	if err != nil {
		w.tx.Rollback()
		w.reload()
		return w.broken(err)
	}
	if err = w.tx.Commit(); err != nil {
		w.tx.Rollback()
		f := w.broken(err)
		w.reload()
		return f
	}
	return nil
}

// reload makes the numbers in memory those of the database again.
func (w *writer) reload() {
	w.add.forget()
	if w.s.sick.Load() == nil {
		if err := w.s.names.load(w.c); err != nil {
			w.broken(err)
		}
	}
}

// broken makes a fault of an error of the writer. An input/output error means that what the
// disk holds is not known: nothing is written any more.
func (w *writer) broken(err error) error {
	if errors.Is(err, sqlite3.IOERR) || errors.Is(err, sqlite3.CORRUPT) {
		f := unhealthy(err)
		w.s.sick.CompareAndSwap(nil, f)
		return f
	}
	return sqlFault(err)
}
