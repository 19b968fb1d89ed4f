// Package queue is durable work: a job is enqueued in the store's own transaction, leased
// by one worker at a time, tried again with growing pauses, and set aside as dead when its
// attempts are used up. A job carries ids only, never patient data.
//
// The queue never owns a document: the store does. A lost job is offered again by the
// pipeline's sweeper, so handlers must be idempotent.
package queue

import (
	"context"
	"time"
)

// Document is the kind of the job that takes a document through the pipeline; its subject is
// the document's id.
const Document = "document"

// Job is a piece of work. Kind names the handler, Subject is the id that it is about
// (a document's id), and one Kind and Subject is queued at most once at a time.
type Job struct {
	Kind        string
	Subject     string
	Priority    int       // 1 (first) to 4; 0 means 2
	NotBefore   time.Time // zero: now
	Attempt     int       // from 1, set when leased
	MaxAttempts int       // 0: 5
}

// Handler does a job. nil completes it; an error is tried again until MaxAttempts, after
// which Dead is called once. A canceled context means that the process stops: the job is
// offered again.
type Handler interface {
	Work(ctx context.Context, job Job) error
	Dead(ctx context.Context, job Job, err error)
}

// Runner works on jobs until its context ends.
type Runner interface {
	// Run leases and handles jobs with so many workers and returns when ctx ended and the
	// handlers came back.
	Run(ctx context.Context, workers int, handlers map[string]Handler) error
	// Depth counts jobs that wait, are running and are dead, by kind.
	Depth(ctx context.Context) (map[string]Depth, error)
	// Held reports whether a job of this kind and subject waits or runs.
	Held(ctx context.Context, kind, subject string) (bool, error)
}

// Depth is how many jobs of a kind are in which state.
type Depth struct{ Waiting, Running, Dead int }
