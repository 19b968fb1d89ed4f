// Package riverqueue is the queue on River (https://riverqueue.com) over SQLite or PostgreSQL:
// jobs are enqueued in the transaction of the store, so that a document and its job are there
// together or not at all.
//
// It adds to River what a document needs: one kind and subject waits at most once, a crash of
// the process or a graceful stop uses no attempt up, and jobs of a process that died are
// offered again as soon as another one looks: each process holds a lock of its own (SQLite: on
// a file, PostgreSQL: an advisory lock of its session), which the system lets go when the
// process ends in whatever way.
package riverqueue

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
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

// Queue enqueues and works on jobs in one database. T is the store's transaction.
type Queue[T any] struct {
	db     database[T]
	logger *slog.Logger
	insert *river.Client[T]
}

// database is what differs between the databases.
type database[T any] interface {
	driver() riverdriver.Driver[T]
	// version is the newest version of River's tables; an error where there are none.
	version(ctx context.Context) (int, error)
	// prepare makes what this package needs beside River's tables.
	prepare(ctx context.Context) error
	// waiting counts the jobs of this kind and subject that wait, within tx.
	waiting(ctx context.Context, tx T, job queue.Job) (int, error)
	// held counts the jobs of this kind and subject that wait or run.
	held(ctx context.Context, job queue.Job) (int, error)
	// depth counts the jobs that are not done, by kind and state.
	depth(ctx context.Context, count func(kind, state string, n int)) error
	// lock holds a lock that ends with this process and gives the id that it stands for.
	// keep, called now and then, takes it again where it was lost.
	lock(ctx context.Context) (id string, keep func(context.Context) error, unlock func(), err error)
	// alive reports whether the process with this id holds its lock.
	alive(ctx context.Context, id string) (bool, error)
	// owners are the ids of the processes that jobs run under.
	owners(ctx context.Context) ([]string, error)
	// offer makes the jobs that run under an id wait again, and gives back their attempt.
	offer(ctx context.Context, id string) error
}

// args is the one kind of job that River sees.
type args struct {
	Kind_   string `json:"kind"`
	Subject string `json:"subject"`
}

func (args) Kind() string { return "chartlake" }

// open brings River's tables up to date and makes the client that enqueues.
func open[T any](ctx context.Context, db database[T], logger *slog.Logger) (*Queue[T], error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	q := &Queue[T]{db: db, logger: logger}
	if err := q.migrate(ctx); err != nil {
		return nil, fmt.Errorf("migrate the queue: %w", err)
	}
	var err error
	q.insert, err = river.NewClient(db.driver(), &river.Config{Logger: logger})
	return q, err
}

// migrate brings River's tables to the version of the driver; a look is enough when they are.
func (q *Queue[T]) migrate(ctx context.Context) error {
	m, err := rivermigrate.New(q.db.driver(), &rivermigrate.Config{Logger: q.logger})
	if err != nil {
		return err
	}
	newest := m.AllVersions()[len(m.AllVersions())-1].Version
	if have, err := q.db.version(ctx); err == nil && have >= newest {
		return nil
	}
	if _, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	return q.db.prepare(ctx)
}

// EnqueueTx offers a job within tx. A job of this kind and subject that already waits is
// kept; one that is running is not waiting, so a new one is offered behind it.
func (q *Queue[T]) EnqueueTx(ctx context.Context, tx T, job queue.Job) error {
	if job.Kind == "" || job.Subject == "" {
		return fault.New(fault.Invalid, "bad_job", "a job needs a kind and a subject")
	}
	if n, err := q.db.waiting(ctx, tx, job); err != nil || n > 0 {
		return err
	}
	opts := &river.InsertOpts{MaxAttempts: job.MaxAttempts, Priority: job.Priority, ScheduledAt: job.NotBefore}
	if opts.MaxAttempts <= 0 {
		opts.MaxAttempts = defaultAttempts
	}
	if opts.Priority < 1 || opts.Priority > 4 {
		opts.Priority = defaultPriority
	}
	_, err := q.insert.InsertTx(ctx, tx, args{job.Kind, job.Subject}, opts)
	return err
}

// Held reports whether a job waits or runs.
func (q *Queue[T]) Held(ctx context.Context, kind, subject string) (bool, error) {
	n, err := q.db.held(ctx, queue.Job{Kind: kind, Subject: subject})
	return n > 0, err
}

// Depth counts jobs by kind.
func (q *Queue[T]) Depth(ctx context.Context) (map[string]queue.Depth, error) {
	out := map[string]queue.Depth{}
	err := q.db.depth(ctx, func(kind, state string, n int) {
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
	})
	return out, err
}

// Run leases and handles jobs until ctx ends and the handlers came back.
func (q *Queue[T]) Run(ctx context.Context, workers int, handlers map[string]queue.Handler) error {
	id, keep, unlock, err := q.db.lock(ctx)
	if err != nil {
		return fmt.Errorf("lock of this worker: %w", err)
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
	client, err := river.NewClient(q.db.driver(), &river.Config{
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
			if err := errors.Join(keep(ctx), q.adopt(ctx)); err != nil && ctx.Err() == nil {
				q.logger.Warn("look for jobs of processes that died", "error", err)
			}
		case <-ctx.Done():
			stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			defer cancel()
			return client.StopAndCancel(stop)
		}
	}
}

// adopt offers the jobs again that run under processes which are no more, without using an
// attempt up.
func (q *Queue[T]) adopt(ctx context.Context) error {
	owners, err := q.db.owners(ctx)
	if err != nil {
		return err
	}
	for _, owner := range owners {
		alive, err := q.db.alive(ctx, owner)
		if err != nil {
			return err
		}
		if alive {
			continue
		}
		if err := q.db.offer(ctx, owner); err != nil {
			return err
		}
	}
	return nil
}

// newID names a run of workers.
func newID() string {
	var random [8]byte
	rand.Read(random[:])
	return "w" + hex.EncodeToString(random[:])
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
