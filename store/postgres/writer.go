package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"chartlake/fault"
	"chartlake/queue"
	"chartlake/store/db"
	"chartlake/store/relational"
)

// writer is the one connection of this process that changes the database; see
// relational.Driver. The lock of the row in counter makes it the only one of all processes:
// it is taken before anything is read, and let go by the commit. It is a lock of a row, so any
// database of PostgreSQL's kind has it; one that runs transactions as serializable instead of
// waiting says so (SQLSTATE 40001), and the group is applied again.
type writer struct {
	s  *Store
	c  *conn // its pg is nil before the first connection
	tx pgx.Tx
	id string // of the transaction, to ask what became of it
}

// connect opens the connection where there is none.
func (w *writer) connect(ctx context.Context) error {
	if w.c.pg != nil && !w.c.pg.IsClosed() {
		return nil
	}
	cfg := w.s.conns.Copy()
	pg, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return pgFault(err)
	}
	if err := prepare(ctx, pg); err != nil {
		pg.Close(ctx)
		return pgFault(err)
	}
	w.c.pg = pg
	return nil
}

// connectTime is how long one try to connect or to learn a commit's fate may take.
const connectTime = 10 * time.Second

// Begin takes the lock of the write door and reads the counters.
func (w *writer) Begin() (n relational.Counters, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), connectTime)
	defer cancel()
	if err := w.connect(ctx); err != nil {
		return n, err
	}
	w.c.drop()
	// A connection that has been idle may be lost without our knowing: one more try.
	if w.tx, err = w.c.pg.Begin(w.c.ctx); err != nil {
		w.c.pg.Close(ctx)
		if err := w.connect(ctx); err != nil {
			return n, err
		}
		if w.tx, err = w.c.pg.Begin(w.c.ctx); err != nil {
			return n, pgFault(err)
		}
	}
	err = w.tx.QueryRow(w.c.ctx, `SELECT rid, seq, audit, time, pg_current_xact_id()::text FROM counter FOR UPDATE`).Scan(&n.RID, &n.Seq, &n.Audit, &n.Time, &w.id)
	if err != nil {
		w.Rollback()
		var pg *pgconn.PgError
		if errors.As(err, &pg) && (pg.Code == lockNotAvailable || pg.Code == queryCanceled) {
			return n, pgFault(err) // another process has had the door for too long
		}
		return n, w.lost(err)
	}
	return n, nil
}

// counters reads the counters without the lock.
func counters(c db.Conn) (n relational.Counters, err error) {
	err = c.Query(`SELECT rid, seq, audit, time FROM counter`, nil, func(r db.Row) bool {
		n = relational.Counters{RID: r.Int(0), Seq: r.Int(1), Audit: r.Int(2), Time: r.Int(3)}
		return false
	})
	return n, err
}

// Codes of a wait for a lock that the server ended: by lock_timeout, or by whoever runs it.
const (
	lockNotAvailable = "55P03"
	queryCanceled    = "57014"
)

// Commit makes the group durable.
func (w *writer) Commit(n relational.Counters) error {
	err := w.c.Exec(`UPDATE counter SET rid=?, seq=?, audit=?, time=?`, n.RID, n.Seq, n.Audit, n.Time)
	if err == nil && !n.Quiet {
		err = w.c.Exec(`SELECT pg_notify(?, ?)`, channel, w.s.schema+" "+w.s.process)
	}
	if err == nil {
		err = w.c.Flush()
	}
	if err != nil {
		w.Rollback()
		return w.lost(err)
	}
	err = w.tx.Commit(w.c.ctx)
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrTxCommitRollback), errors.As(err, &pg):
		w.Rollback()
		return w.lost(err)
	}
	return w.fate()
}

// lost says of an error before or at the commit that nothing is kept: where the connection
// is gone, the group may be applied again.
func (w *writer) lost(err error) error {
	err = pgFault(err)
	if fault.Is(err, fault.Unavailable) {
		var again *relational.Again
		if !errors.As(err, &again) {
			return &relational.Again{Err: err}
		}
	}
	return err
}

// fate asks what became of a commit whose answer was lost.
func (w *writer) fate() error {
	ctx, cancel := context.WithTimeout(context.Background(), connectTime)
	defer cancel()
	for wait := 10 * time.Millisecond; ; wait *= 2 {
		status := ""
		w.c.pg.Close(ctx)
		err := w.connect(ctx)
		if err == nil {
			err = w.c.pg.QueryRow(ctx, `SELECT coalesce(pg_xact_status($1::text::xid8), '')`, w.id).Scan(&status)
		}
		switch {
		case status == "committed":
			return nil
		case status == "aborted":
			return &relational.Again{Err: unreachable(err)}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return fault.New(fault.Unavailable, "commit_unknown", "the connection was lost while this was being committed; ask whether it is there before trying again")
		}
	}
}

// Rollback leaves nothing of the group.
func (w *writer) Rollback() {
	w.c.drop()
	if w.tx != nil {
		ctx, cancel := context.WithTimeout(context.Background(), connectTime)
		defer cancel()
		_ = w.tx.Rollback(ctx)
		w.tx = nil
	}
}

// Enqueue offers a job within the transaction.
func (w *writer) Enqueue(_ context.Context, job queue.Job) error {
	if err := w.c.Flush(); err != nil {
		return err
	}
	return w.lost(w.s.jobs.q.EnqueueTx(w.c.ctx, w.tx, job))
}

// Healthy is always nil: the server looks after its disk, and stops when a sync fails.
func (w *writer) Healthy() error { return nil }

// Close lets the connection go.
func (w *writer) Close() {
	w.Rollback()
	if w.c.pg != nil {
		ctx, cancel := context.WithTimeout(context.Background(), connectTime)
		defer cancel()
		w.c.pg.Close(ctx)
	}
}
