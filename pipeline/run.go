package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"time"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/queue"
	"chartlake/record"
	"chartlake/store"
)

// conflictsMax is how often filing is done again because a person acted in between, or another
// process filed a patient who may be the same.
const conflictsMax = 20

var errDeadline = errors.New("the document took too long")

// Work is queue.Handler's: it takes one document as far as it goes. nil means that the
// document is settled; an error means that trying again may help.
func (p *Pipeline) Work(ctx context.Context, job queue.Job) error {
	err := p.work(ctx, job)
	if codeOf(err) == store.Unhealthy && p.Halt != nil {
		p.Halt(err)
	}
	return err
}

func (p *Pipeline) work(ctx context.Context, job queue.Job) error {
	p.Metrics.running.Inc()
	defer p.Metrics.running.Dec()
	defer p.progress.done(job.Subject)
	row, err := p.Row(ctx, Actor, job.Subject)
	if fault.Is(err, fault.NotFound) || err == nil && row.State.Settled() {
		return nil
	}
	if err != nil {
		return err
	}
	log := p.Log.With("document", row.ID)
	end, err := p.start(ctx, row)
	if err != nil || end == nil {
		return err
	}
	limited, cancel := context.WithTimeoutCause(ctx, p.Deadline+time.Duration(row.Pages)*p.DeadlinePage, errDeadline)
	defer cancel()
	err = p.run(limited, row)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil: // the process stops; that is no attempt
		end(context.WithoutCancel(ctx))
		return ctx.Err()
	case context.Cause(limited) == errDeadline:
		log.Warn("a run took too long")
		return p.fail(ctx, row.ID, "deadline")
	case permanent(err):
		return p.fail(ctx, row.ID, codeOf(err))
	}
	p.Metrics.errors.WithLabelValues(codeOf(err)).Inc()
	log.Warn("a run ended with an error", "code", codeOf(err), "attempt", job.Attempt)
	end(ctx)
	return err
}

// Dead is queue.Handler's: the attempts are used up. An error that came from around the
// document leaves it as it is, and the sweeper offers it again.
func (p *Pipeline) Dead(ctx context.Context, job queue.Job, err error) {
	switch fault.KindOf(err) {
	case fault.Unavailable, fault.Full, fault.Conflict:
		p.Log.Warn("a document waits for the sweeper", "document", job.Subject, "code", codeOf(err))
		return
	}
	if err := p.fail(ctx, job.Subject, codeOf(err)); err != nil {
		p.Log.Error("a document could not be set aside", "document", job.Subject, "code", codeOf(err))
	}
}

// run is one run of a document that is not settled.
func (p *Pipeline) run(ctx context.Context, row *store.Document) error {
	var doc *document.Document
	var rec *record.Record
	err := p.timed(row.ID, stageRead, func() (err error) { doc, err = p.read(ctx, row); return err })
	if err == nil {
		err = unreadable(doc)
	}
	if err == nil {
		err = p.timed(row.ID, stageUnderstand, func() (err error) { rec, err = p.understand(ctx, row, doc); return err })
	}
	if err == nil {
		err = p.timed(row.ID, "file", func() error { return p.file(ctx, row.ID, doc, rec) })
	}
	return err
}

// unreadable is the error of a document of which not one page could be read.
func unreadable(doc *document.Document) error {
	if len(doc.Pages) == 0 {
		return fault.New(fault.Corrupt, "no_pages", "the file has no pages")
	}
	for i := range doc.Pages {
		if doc.Pages[i].Failed == nil {
			return nil
		}
	}
	return fault.New(fault.Corrupt, doc.Pages[0].Failed.Code, "none of the %d pages could be read", len(doc.Pages))
}

// understand gives the machine's record, made once for these versions, and moves the
// document on.
func (p *Pipeline) understand(ctx context.Context, row *store.Document, doc *document.Document) (*record.Record, error) {
	p.progress.set(row.ID, Progress{Stage: stageUnderstand, Page: len(doc.Pages), Of: len(doc.Pages)})
	key := store.StageKey{Input: row.ID, Stage: stageUnderstand, Version: p.understandVersion()}
	rec := new(record.Record)
	var known bool
	err := p.Store.View(ctx, Actor, func(v store.View) (err error) {
		known, err = load(v, key, rec)
		return err
	})
	if err != nil {
		return nil, err
	}
	var steps []store.Command
	if !known {
		if rec, err = p.Understand(ctx, doc); err != nil {
			return nil, err
		}
		body, err := json.Marshal(rec)
		if err != nil {
			return nil, err
		}
		steps = append(steps, store.PutStage{Key: key, Output: body})
	}
	if row.State == store.Reading {
		steps = append(steps, store.Move{ID: row.ID, From: []store.State{store.Reading}, To: store.Understood})
	}
	if len(steps) > 0 {
		if _, err := p.Store.Transact(ctx, Actor, steps); err != nil {
			return nil, err
		}
		row.State = store.Understood
	}
	return rec, nil
}

// file asks whose the document is and files it, on top of what people decided before.
func (p *Pipeline) file(ctx context.Context, id string, doc *document.Document, machine *record.Record) error {
	p.progress.set(id, Progress{Stage: "file", Page: len(doc.Pages), Of: len(doc.Pages)})
	p.Filing.Lock()
	defer p.Filing.Unlock()
	machine, err := p.restacked(ctx, id, doc, machine)
	if err != nil {
		return err
	}
	for range conflictsMax {
		var settled Settled
		settled, err = p.fileOnce(ctx, id, doc, machine)
		if err == nil {
			p.Metrics.settle(settled.State, settled.Code)
			p.Log.Info("a document is settled", "document", id, "state", settled.State, "code", settled.Code, "open", settled.Open)
			return nil
		}
		if !conflict(err) {
			return err
		}
		row, e := p.Row(ctx, Actor, id)
		if e != nil {
			return e
		}
		if row.State.Settled() {
			return nil // another run, or a person, was quicker; theirs stands
		}
	}
	return err
}

func (p *Pipeline) fileOnce(ctx context.Context, id string, doc *document.Document, machine *record.Record) (settled Settled, err error) {
	rec, err := clone(machine)
	if err != nil {
		return settled, err
	}
	var steps []store.Command
	err = p.Store.View(ctx, Actor, func(v store.View) error {
		row, err := v.Document(id)
		if err != nil {
			return err
		}
		if row.State != store.Understood {
			return fault.New(fault.Conflict, "state_changed", "the document is not waiting to be filed")
		}
		old, after, err := newest(v, id)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		cameOn(rec, row.ReceivedAt)
		if p.Adjust != nil {
			if err := p.Adjust(v, doc, rec); err != nil {
				return err
			}
		}
		if old != nil {
			Merge(old, rec)
		}
		var asked []store.Command
		if err := p.Identify(rec, KnownIn(v, &asked)); err != nil {
			return err
		}
		if err := p.Compare(v, row, rec); err != nil {
			return err
		}
		steps, settled, err = p.Commands(v, Filing{Row: row, From: store.Understood, Read: doc, Record: rec, After: after, Action: "machine", Asked: asked})
		return err
	})
	if err != nil {
		return settled, err
	}
	_, err = p.Store.Transact(ctx, Actor, steps)
	return settled, err
}

// clone copies a record, so that a second try does not build on the first.
func clone(rec *record.Record) (*record.Record, error) {
	body, err := json.Marshal(rec)
	if err != nil {
		return nil, err
	}
	out := new(record.Record)
	return out, json.Unmarshal(body, out)
}

// fail sets a document aside with a code. One that is settled already stays as it is.
func (p *Pipeline) fail(ctx context.Context, id, code string) error {
	_, err := p.Store.Transact(ctx, Actor, []store.Command{store.Move{ID: id,
		From: []store.State{store.Received, store.Reading, store.Understood}, To: store.Failed, Code: code}})
	if err == nil {
		p.Metrics.settle(store.Failed, code)
		p.Log.Warn("a document failed", "document", id, "code", code)
		return nil
	}
	if conflict(err) {
		if row, e := p.Row(ctx, Actor, id); e == nil && row.State.Settled() {
			return nil
		}
	}
	return err
}

// Row gives a document's row.
func (p *Pipeline) Row(ctx context.Context, actor store.Actor, id string) (row *store.Document, err error) {
	err = p.Store.View(ctx, actor, func(v store.View) (err error) { row, err = v.Document(id); return err })
	return row, err
}

// Newest gives the newest version of a document's record with its number.
func (p *Pipeline) Newest(ctx context.Context, actor store.Actor, id string) (rec *record.Record, version int, err error) {
	err = p.Store.View(ctx, actor, func(v store.View) (err error) { rec, version, err = newest(v, id); return err })
	return rec, version, err
}

func newest(v store.View, id string) (*record.Record, int, error) {
	body, err := v.Record(id, 0)
	if err != nil {
		return nil, 0, err
	}
	rec := new(record.Record)
	if err := json.Unmarshal(body.Body, rec); err != nil {
		return nil, 0, fault.New(fault.Corrupt, "record_damaged", "the record of document %s cannot be read", id)
	}
	return rec, body.Version, nil
}

// permanent reports an error that will come again however often one tries.
func permanent(err error) bool {
	switch fault.KindOf(err) {
	case fault.Corrupt, fault.Unsupported, fault.TooLarge, fault.Invalid:
		return true
	}
	return false
}

func codeOf(err error) string {
	if f := fault.As(err); f != nil && f.Code != "" {
		return f.Code
	}
	return "internal"
}

// panicked names the functions that led to a panic, without values.
func panicked() string {
	pcs := make([]uintptr, 24)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var names []string
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") {
			names = append(names, f.Function+":"+strconv.Itoa(f.Line))
		}
		if !more || len(names) == 12 {
			return strings.Join(names, " < ")
		}
	}
}
