package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"

	"chartlake/fault"
	"chartlake/queue"
	"chartlake/store/db"
	"chartlake/store/relational"
)

// writer is the one connection that changes the database; see relational.Driver.
type writer struct {
	conn *sql.Conn // held for good, so that c may be used while a tx is open
	tx   *sql.Tx
	c    *conn
	jobs *jobs
	sick *atomic.Pointer[fault.Error] // why nothing is written any more
}

func (s *Store) newWriter(ctx context.Context) (*writer, error) {
	c, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{conn: c, sick: &s.sick}
	err = c.Raw(func(dc any) error {
		w.c = newConn(dc.(driver.Conn).Raw())
		return nil
	})
	return w, err
}

// Begin opens the transaction of a group and reads the counters.
func (w *writer) Begin() (n relational.Counters, err error) {
	if w.tx, err = w.conn.BeginTx(context.Background(), nil); err != nil {
		return n, w.broken(err)
	}
	if n, err = counters(w.c); err != nil {
		w.tx.Rollback()
		return n, w.broken(err)
	}
	return n, nil
}

// counters reads the counters.
func counters(c db.Conn) (n relational.Counters, err error) {
	err = c.Query(`SELECT name, value FROM counter`, nil, func(r db.Row) bool {
		switch r.Text(0) {
		case "rid":
			n.RID = r.Int(1)
		case "seq":
			n.Seq = r.Int(1)
		case "audit":
			n.Audit = r.Int(1)
		case "time":
			n.Time = r.Int(1)
		}
		return true
	})
	return n, err
}

// Commit makes the group durable. A sync that failed is never tried again.
func (w *writer) Commit(n relational.Counters) error {
	err := w.c.Exec(`UPDATE counter SET value = CASE name WHEN 'rid' THEN ? WHEN 'seq' THEN ? WHEN 'audit' THEN ? ELSE ? END`,
		n.RID, n.Seq, n.Audit, n.Time)
	if err == nil {
		err = w.tx.Commit()
	}
	if err != nil {
		w.tx.Rollback()
		return w.broken(err)
	}
	return nil
}

// Rollback leaves nothing of the group.
func (w *writer) Rollback() { w.tx.Rollback() }

// Enqueue offers a job within the transaction.
func (w *writer) Enqueue(ctx context.Context, job queue.Job) error {
	return w.jobs.q.EnqueueTx(context.WithoutCancel(ctx), w.tx, job)
}

// Healthy gives the fault of a sync that failed.
func (w *writer) Healthy() error {
	if f := w.sick.Load(); f != nil {
		return f
	}
	return nil
}

// Close lets the statements and the connection go.
func (w *writer) Close() {
	for _, s := range w.c.stmts {
		s.Close()
	}
	w.conn.Close()
}

// broken makes a fault of an error of the writer. An input/output error means that what the
// disk holds is not known: nothing is written any more.
func (w *writer) broken(err error) error {
	if errors.Is(err, sqlite3.IOERR) || errors.Is(err, sqlite3.CORRUPT) {
		f := unhealthy(err)
		w.sick.CompareAndSwap(nil, f)
		return f
	}
	return sqlFault(err)
}
