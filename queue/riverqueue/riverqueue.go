// Package riverqueue is the queue on River (https://riverqueue.com) over SQLite: jobs are
// enqueued in the transaction of the store, so that a document and its job are there
// together or not at all.
//
// It adds to River what a document needs: one kind and subject waits at most once, a crash of
// the process or a graceful stop uses no attempt up, and jobs of a process that died are
// offered again as soon as another one looks: each process holds a lock on a file of its own,
// which the system lets go when it ends in whatever way.
package riverqueue

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"chartlake/fault"
	"chartlake/queue"
)

const (
	defaultAttempts = 5
	defaultPriority = 2
	// waitAgain is when a job is tried again whose error came from around it (disk full,
	// store not reachable); such an error uses no attempt up.
	waitAgain = 5 * time.Second
	// orphanEvery is how often a running process looks for jobs of processes that died.
	orphanEvery = 30 * time.Second
)

// Queue enqueues and works on jobs in one database.
type Queue struct {
	db     *sql.DB
	locks  string // folder of the processes' lock files
	logger *slog.Logger
	insert *river.Client[*sql.Tx]
}

var _ queue.Runner = (*Queue)(nil)

// args is the one kind of job that River sees.
type args struct {
	Kind_   string `json:"kind"`
	Subject string `json:"subject"`
}

func (args) Kind() string { return "chartlake" }

// Open prepares the queue's tables in db. locks is a folder for lock files, made where it is
// missing. logger may be nil.
func Open(ctx context.Context, db *sql.DB, locks string, logger *slog.Logger) (*Queue, error) {
	if logger == nil {
		logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	q := &Queue{db: db, locks: locks, logger: logger}
	if err := os.MkdirAll(locks, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of worker locks: %w", err)
	}
	driver := riversqlite.New(db)
	if err := migrate(ctx, db, driver, logger); err != nil {
		return nil, err
	}
	var err error
	q.insert, err = river.NewClient(driver, &river.Config{Logger: logger})
	return q, err
}

// migrate brings River's tables to the version of the driver; a look is enough when they are.
func migrate(ctx context.Context, db *sql.DB, driver *riversqlite.Driver, logger *slog.Logger) error {
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: logger})
	if err != nil {
		return err
	}
	var have int
	newest := m.AllVersions()[len(m.AllVersions())-1].Version
	err = db.QueryRowContext(ctx, `SELECT max(version) FROM river_migration WHERE line='main'`).Scan(&have)
	if err == nil && have >= newest {
		return nil
	}
	if _, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	// Finds a job that waits by what it is about.
	_, err = db.ExecContext(ctx, `CREATE INDEX IF NOT EXISTS chartlake_job_subject ON river_job (json_extract(args, '$.subject'), json_extract(args, '$.kind'), state)`)
	return err
}

const waiting = `('available', 'pending', 'retryable', 'scheduled')`

// EnqueueTx offers a job within tx. A job of this kind and subject that already waits is
// kept; one that is running is not waiting, so a new one is offered behind it.
func (q *Queue) EnqueueTx(ctx context.Context, tx *sql.Tx, job queue.Job) error {
	if job.Kind == "" || job.Subject == "" {
		return fault.New(fault.Invalid, "bad_job", "a job needs a kind and a subject")
	}
	var n int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM river_job WHERE json_extract(args, '$.subject')=? AND json_extract(args, '$.kind')=? AND state IN `+waiting,
		job.Subject, job.Kind).Scan(&n)
	if err != nil || n > 0 {
		return err
	}
	opts := &river.InsertOpts{MaxAttempts: job.MaxAttempts, Priority: job.Priority, ScheduledAt: job.NotBefore}
	if opts.MaxAttempts <= 0 {
		opts.MaxAttempts = defaultAttempts
	}
	if opts.Priority < 1 || opts.Priority > 4 {
		opts.Priority = defaultPriority
	}
	_, err = q.insert.InsertTx(ctx, tx, args{job.Kind, job.Subject}, opts)
	return err
}

// Depth counts jobs by kind.
func (q *Queue) Depth(ctx context.Context) (map[string]queue.Depth, error) {
	rows, err := q.db.QueryContext(ctx, `SELECT json_extract(args, '$.kind'), state, count(*) FROM river_job WHERE state NOT IN ('completed', 'cancelled') GROUP BY 1, 2`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]queue.Depth{}
	for rows.Next() {
		var kind, state string
		var n int
		if err := rows.Scan(&kind, &state, &n); err != nil {
			return nil, err
		}
		d := out[kind]
		switch state {
		case "running":
			d.Running += n
		case "discarded":
			d.Dead += n
		default:
			d.Waiting += n
		}
		out[kind] = d
	}
	return out, rows.Err()
}

// Run leases and handles jobs until ctx ends and the handlers came back.
func (q *Queue) Run(ctx context.Context, workers int, handlers map[string]queue.Handler) error {
	id, unlock, err := q.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := q.adopt(ctx); err != nil {
		return err
	}
	bundle := river.NewWorkers()
	work := &worker{handlers: handlers}
	if err := river.AddWorkerSafely(bundle, work); err != nil {
		return err
	}
	client, err := river.NewClient(riversqlite.New(q.db), &river.Config{
		ID: id, Logger: q.logger, Workers: bundle,
		Queues:        map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: max(1, workers)}},
		JobTimeout:    -1,
		RetryPolicy:   growing{},
		MaxAttempts:   defaultAttempts,
		FetchCooldown: 20 * time.Millisecond,
		// Jobs of a process that died are found by its lock; a job that runs long is not stuck.
		RescueStuckJobsAfter:        24 * time.Hour,
		CompletedJobRetentionPeriod: time.Hour,
	})
	if err != nil {
		return err
	}
	// The workers' context is canceled by StopAndCancel below, not by ctx, so that their
	// results can still be written.
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	tick := time.NewTicker(orphanEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := q.adopt(ctx); err != nil && ctx.Err() == nil {
				q.logger.Warn("look for jobs of processes that died", "error", err)
			}
		case <-ctx.Done():
			stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			defer cancel()
			return client.StopAndCancel(stop)
		}
	}
}

// lock makes an id for this run and holds a lock on its file.
func (q *Queue) lock() (id string, unlock func(), err error) {
	var random [8]byte
	rand.Read(random[:])
	id = "w" + hex.EncodeToString(random[:])
	path := filepath.Join(q.locks, id)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", nil, fmt.Errorf("lock of this worker: %w", err)
	}
	if held, err := tryLock(f); err != nil || !held {
		f.Close()
		return "", nil, fmt.Errorf("lock of this worker: %w", errors.Join(err, errors.New("not held")))
	}
	return id, func() {
		os.Remove(path)
		f.Close()
	}, nil
}

// adopt offers the jobs again that run under processes which are no more, without using an
// attempt up.
func (q *Queue) adopt(ctx context.Context) error {
	rows, err := q.db.QueryContext(ctx, `SELECT DISTINCT json_extract(attempted_by, '$[#-1]') FROM river_job WHERE state='running'`)
	if err != nil {
		return err
	}
	var owners []string
	for rows.Next() {
		var owner sql.NullString
		if err := rows.Scan(&owner); err != nil {
			rows.Close()
			return err
		}
		owners = append(owners, owner.String)
	}
	rows.Close()
	for _, owner := range owners {
		if q.alive(owner) {
			continue
		}
		_, err := q.db.ExecContext(ctx, `UPDATE river_job SET state='available', attempt=max(attempt-1, 0) WHERE state='running' AND ifnull(json_extract(attempted_by, '$[#-1]'), '')=?`, owner)
		if err != nil {
			return err
		}
		os.Remove(filepath.Join(q.locks, filepath.Base(owner)))
	}
	return nil
}

// alive reports whether the process that holds a lock still runs.
func (q *Queue) alive(owner string) bool {
	if owner == "" {
		return false
	}
	f, err := os.OpenFile(filepath.Join(q.locks, filepath.Base(owner)), os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	free, err := tryLock(f)
	return err != nil || !free
}

// growing waits 1, 4, 16, 64 … seconds, at most ten minutes, between attempts.
type growing struct{}

func (growing) NextRetry(job *rivertype.JobRow) time.Time {
	wait := time.Second << (2 * max(0, min(job.Attempt-1, 5)))
	return time.Now().Add(min(wait, 10*time.Minute))
}

type worker struct {
	river.WorkerDefaults[args]
	handlers map[string]queue.Handler
}

func (w *worker) Timeout(*river.Job[args]) time.Duration { return -1 }

// Work hands a job to its handler and turns the outcome into River's terms.
func (w *worker) Work(ctx context.Context, job *river.Job[args]) error {
	h := w.handlers[job.Args.Kind_]
	j := queue.Job{Kind: job.Args.Kind_, Subject: job.Args.Subject, Priority: job.Priority, Attempt: job.Attempt, MaxAttempts: job.MaxAttempts}
	if h == nil {
		return river.JobSnooze(time.Minute) // another process knows the kind
	}
	err := guarded(ctx, h, j)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return river.JobSnooze(0)
	case fault.Is(err, fault.Unavailable), fault.Is(err, fault.Full):
		return river.JobSnooze(max(waitAgain, fault.As(err).RetryAfter))
	case job.Attempt >= job.MaxAttempts:
		h.Dead(ctx, j, err)
	}
	return err
}

// guarded makes an error of a panic, so that one document cannot take the process with it.
func guarded(ctx context.Context, h queue.Handler, j queue.Job) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fault.New(fault.Internal, "panic", "the handler of %s stopped in an unexpected way at %s", j.Kind, firstFrame(debug.Stack()))
		}
	}()
	return h.Work(ctx, j)
}
