package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"chartlake/queue"
	"chartlake/queue/riverqueue"
)

// jobs is the queue in this store's database.
type jobs struct{ q *riverqueue.Queue[pgx.Tx] }

// Run leases and handles jobs; see queue.Runner.
func (j *jobs) Run(ctx context.Context, workers int, handlers map[string]queue.Handler) error {
	return readFault(j.q.Run(ctx, workers, handlers))
}

// Held reports whether a job waits or runs.
func (j *jobs) Held(ctx context.Context, kind, subject string) (bool, error) {
	held, err := j.q.Held(ctx, kind, subject)
	return held, readFault(err)
}

// Depth counts jobs by kind.
func (j *jobs) Depth(ctx context.Context) (map[string]queue.Depth, error) {
	d, err := j.q.Depth(ctx)
	return d, readFault(err)
}
