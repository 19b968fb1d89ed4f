// Package bulk moves FHIR resources in great numbers: $export by the Bulk Data Access IG
// (http://hl7.org/fhir/uv/bulkdata, 2.0.0: system, Patient, Group), $import of NDJSON from
// folders, HTTP(S), S3 and uploads, and answers that are fetched later
// (http://hl7.org/fhir/R4/async.html).
//
// Every one is a task of the store with a job of the queue. What a job has done is kept in the
// same transaction as what it did, so one that is cut goes on where it was: nothing twice,
// nothing left out. A job acts as who asked for it and sees what they may see.
//
// An export is of one moment, whatever is written while it runs. Its files are sealed, kept for
// a day, and given only to who asked for them or who manages the server.
//
// An import reads from where the operator allows: sources named in Config.From, uploads, and
// public addresses by HTTP(S); addresses of private networks are refused.
package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"
	"sync"
	"syscall"
	"time"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/validate"
	"chartlake/queue"
	"chartlake/store"
	"chartlake/store/ident"
)

// Kinds of task, which are kinds of queue job, too. The subject of the job is the task's id.
const (
	KindExport = "export"
	KindImport = "import"
	KindAnswer = "answer"
)

// Defaults of Config.
const (
	DefaultKeep = 24 * time.Hour
	DefaultFile = 256 << 20
	tasksMax    = 1000 // tasks that are not over yet, of all callers
)

// Config is what a Desk needs. Store and Shelf are required.
type Config struct {
	Store store.Store
	Shelf Shelf // of the jobs' files
	// Library is what a strict import validates by; nil: R4's own.
	Library *validate.Library
	// From is where an import may read from besides public HTTP(S): folders, and prefixes of
	// http://, https:// and s3:// addresses.
	From []string
	// Elements gives what shows only some elements of resources (_elements).
	Elements func(names []string) func(*fhir.Node) *fhir.Node
	// Keep is how long a job and its files stay after its end; 0: DefaultKeep.
	Keep time.Duration
	// FileBytes is at what size of its text a file of an export ends; 0: DefaultFile.
	FileBytes int64
	Log       *slog.Logger
	Now       func() time.Time // nil: the clock
}

// Desk takes jobs in, does them and tells how they are.
type Desk struct {
	Config
	mu     sync.Mutex
	answer Answer
}

// Answer makes the answer to a request that was put off, as a resource.
type Answer func(ctx context.Context, task *store.Task) (*fhir.Node, error)

// New makes a desk.
func New(c Config) *Desk {
	if c.Keep == 0 {
		c.Keep = DefaultKeep
	}
	if c.FileBytes == 0 {
		c.FileBytes = DefaultFile
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Desk{Config: c}
}

// Answers sets who answers requests that were put off.
func (d *Desk) Answers(a Answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer = a
}

// ours reports a kind of task that this package makes; the store keeps others' beside them.
func ours(kind string) bool { return kind == KindExport || kind == KindImport || kind == KindAnswer }

// Handlers are what the workers do. Answers are made only where somebody can make them.
func (d *Desk) Handlers() map[string]queue.Handler {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := map[string]queue.Handler{KindExport: handler{d, d.export}, KindImport: handler{d, d.load}}
	if d.answer != nil {
		h[KindAnswer] = handler{d, d.answered}
	}
	return h
}

// begin makes a task durable with its job.
func (d *Desk) begin(ctx context.Context, id, kind string, actor store.Actor, request any) (string, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return "", err
	}
	open := 0
	err = d.Store.View(ctx, actor, func(v store.View) error {
		list, err := v.Tasks()
		for i := range list {
			if ours(list[i].Kind) && !list[i].State.Over() {
				open++
			}
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if open >= tasksMax {
		f := fault.New(fault.Unavailable, "too_many_jobs", "%d jobs are under way; try again later", open)
		f.RetryAfter = time.Minute
		return "", f
	}
	_, err = d.Store.Transact(ctx, actor, []store.Command{
		store.PutTask{Task: store.Task{ID: id, Kind: kind, Owner: actor, State: store.TaskWaiting, Request: body}},
		store.Enqueue{Job: queue.Job{Kind: kind, Subject: id, Priority: 3, MaxAttempts: 10}}})
	if err != nil {
		return "", err
	}
	return id, nil
}

func (d *Desk) newID() string { return ident.New(d.Now()) }

// handler does the jobs of a kind.
type handler struct {
	desk *Desk
	do   func(ctx context.Context, task *store.Task) error
}

// errOver says that a task has ended by other means: nothing is left to do.
var errOver = errors.New("the task is over")

// Work does a job to its end, or goes on with it. What will not get better by trying again ends
// the task.
func (h handler) Work(ctx context.Context, job queue.Job) error {
	task, err := h.desk.task(ctx, job.Subject)
	if fault.Is(err, fault.NotFound) || err == nil && task.State.Over() {
		return nil
	}
	if err == nil {
		err = h.do(ctx, task)
	}
	if errors.Is(err, errOver) {
		return nil
	}
	if f := fault.As(err); f != nil && (final(f.Kind) || f.Code == sourceAway && h.desk.Now().Sub(task.Began) > patience) {
		h.desk.end(ctx, task.ID, store.TaskFailed, f.Code)
		return nil
	}
	return err
}

// A source that does not answer is asked again for so long.
const (
	sourceAway = "source_unavailable"
	patience   = 24 * time.Hour
)

// final kinds of fault are the same however often it is tried.
func final(k fault.Kind) bool {
	switch k {
	case fault.Invalid, fault.Forbidden, fault.NotFound, fault.Gone, fault.Unsupported, fault.TooLarge, fault.Unauthenticated:
		return true
	}
	return false
}

// Dead ends a task whose job was tried too often.
func (h handler) Dead(ctx context.Context, job queue.Job, err error) {
	code := "internal"
	if f := fault.As(err); f != nil {
		code = f.Code
	}
	h.desk.end(ctx, job.Subject, store.TaskFailed, code)
}

// operator acts for the desk itself.
var operator = store.Actor{ID: "system:bulk"}

func (d *Desk) task(ctx context.Context, id string) (task *store.Task, err error) {
	err = d.Store.View(ctx, operator, func(v store.View) error {
		if task, err = v.Task(id); err == nil && !ours(task.Kind) {
			task, err = nil, fault.New(fault.NotFound, "task_not_found", "there is no such task")
		}
		return err
	})
	return task, err
}

// end ends a task that is not over yet. Of one that failed nothing is kept.
func (d *Desk) end(ctx context.Context, id string, state store.TaskState, code string) {
	ended := false
	_, err := d.Store.Transact(ctx, operator, []store.Command{store.ChangeTask{ID: id, Modify: func(t *store.Task, now store.Moment) error {
		if ended = !t.State.Over(); ended {
			t.State, t.Code, t.Ends = state, code, now.At.Add(d.Keep)
		}
		return nil
	}}})
	if err == nil && ended {
		err = d.Shelf.Drop(ctx, id)
	}
	if err != nil {
		d.Log.Warn("a job could not be ended, or its files not be deleted", "kind", "bulk")
	}
}

// keep writes how far a task is, where it is not over and nobody else works on it. before is
// what was kept last.
func keep(task *store.Task, before []byte, progress any) (store.ChangeTask, []byte, error) {
	after, err := json.Marshal(progress)
	return store.ChangeTask{ID: task.ID, Modify: func(t *store.Task, _ store.Moment) error {
		if err := same(t, before); err != nil {
			return err
		}
		t.State, t.Progress = store.TaskRunning, after
		return nil
	}}, after, err
}

// same refuses a task that was ended, or that another worker goes on with.
func same(t *store.Task, before []byte) error {
	if t.State.Over() {
		return errOver
	}
	if string(t.Progress) != string(before) {
		return errTurn
	}
	return nil
}

// errTurn says that what a step stands on is not what the store has.
var errTurn = fault.New(fault.Conflict, "task_elsewhere", "another worker goes on with this task")

// Cancel ends a task and forgets its files.
func (d *Desk) Cancel(ctx context.Context, id string) error {
	_, err := d.Store.Transact(ctx, operator, []store.Command{store.ChangeTask{ID: id, Modify: func(t *store.Task, now store.Moment) error {
		if t.State.Over() { // its files are given up before their time
			t.Ends = now.At
		}
		t.State, t.Ends = store.TaskCanceled, now.At
		return nil
	}}})
	if err == nil {
		err = d.Shelf.Drop(ctx, id)
	}
	return err
}

// Sweep forgets what is over its time until ctx ends.
func (d *Desk) Sweep(ctx context.Context) error {
	every := time.NewTicker(10 * time.Minute)
	defer every.Stop()
	for {
		if err := d.Clean(ctx); err != nil && ctx.Err() == nil {
			d.Log.Warn("old jobs could not be cleaned")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-every.C:
		}
	}
}

// Clean forgets tasks whose time is over with their files, and files of no task.
func (d *Desk) Clean(ctx context.Context) error {
	known := map[string]bool{}
	var old []string
	before, err := d.Shelf.Jobs(ctx) // before the tasks: a task whose files are listed is there
	if err != nil {
		return err
	}
	err = d.Store.View(ctx, operator, func(v store.View) error {
		list, err := v.Tasks()
		for i := range list {
			if t := &list[i]; t.State.Over() && !t.Ends.IsZero() && !t.Ends.After(d.Now()) {
				old = append(old, t.ID)
			} else {
				known[t.ID] = true
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range old {
		if err := d.Shelf.Drop(ctx, id); err != nil {
			return err
		}
		if _, err := d.Store.Transact(ctx, operator, []store.Command{store.DropTask{ID: id}}); err != nil {
			return err
		}
	}
	for id, at := range before {
		if known[id] || d.Now().Sub(at) < d.Keep { // an upload may be on its way
			continue
		}
		if err := d.Shelf.Drop(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// diskFault makes a fault of an error of the file system, without its path.
func diskFault(err error) error {
	var path *fs.PathError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC):
		return fault.New(fault.Full, "disk_full", "the disk is full")
	case errors.As(err, &path):
		return fmt.Errorf("%s a file of a job: %w", path.Op, path.Err)
	}
	return err
}

func itoa(n int) string { return strconv.Itoa(n) }

// Erasing gives what must go in the transaction of an erasure: the tasks whose files may hold
// copies of what is erased. With its row a task's key is gone, so nobody can read its files, not
// even before after, which takes them off the shelf.
func (d *Desk) Erasing(ctx context.Context) (drop []store.Command, after func(), err error) {
	err = d.Store.View(ctx, operator, func(v store.View) error {
		list, err := v.Tasks()
		for i := range list {
			if k := list[i].Kind; k == KindExport || k == KindAnswer {
				drop = append(drop, store.DropTask{ID: list[i].ID})
			}
		}
		return err
	})
	after = func() {
		for _, c := range drop {
			if t, ok := c.(store.DropTask); ok && d.Shelf.Drop(context.WithoutCancel(ctx), t.ID) != nil {
				d.Log.Warn("files of a job could not be deleted; nobody can read them")
			}
		}
	}
	return drop, after, err
}
