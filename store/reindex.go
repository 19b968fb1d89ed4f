package store

import (
	"context"
	"strconv"
	"time"

	"chartlake/fault"
	"chartlake/queue"
)

// ReindexJob is the kind of the job that indexes resources again; its subject is the number of
// a Reindexing.
const ReindexJob = "reindex"

// Reindexing is work on the search index: a SearchParameter that is new, changed or gone, or
// resources that are to be indexed anew.
type Reindexing struct {
	Job      int64
	Resource string // SearchParameter/id, or what is read anew: Type/id, types, "" everything
	State    ReindexState
	Done     int // resources that were read
	Began    time.Time
}

// ReindexState is how far a Reindexing is.
type ReindexState string

const (
	ReindexRunning  ReindexState = "indexing"
	ReindexRemoving ReindexState = "removing" // the rows of a parameter that is no longer in force
	ReindexDone     ReindexState = "complete"
)

// Reindexer works on jobs of kind ReindexJob, a batch of resources at a time, so that other
// writes come between. What a batch has done is kept with it in one transaction: a job that is
// cut goes on where it was.
type Reindexer struct{ Store Store }

// Work does one job to its end.
func (r Reindexer) Work(ctx context.Context, job queue.Job) error {
	n, err := strconv.ParseInt(job.Subject, 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "bad_job", "the subject of the job is no number")
	}
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if more, err = r.Store.ReindexSome(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// Dead leaves what was begun as it is: a parameter that is not complete stays refused, and
// $reindex of its SearchParameter offers the job again.
func (r Reindexer) Dead(context.Context, queue.Job, error) {}
