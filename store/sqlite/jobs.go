package sqlite

import (
	"context"
	"database/sql"
	"path/filepath"

	"chartlake/queue"
	"chartlake/queue/riverqueue"
)

// jobs is the queue in this store's database.
type jobs struct{ q *riverqueue.Queue[*sql.Tx] }

func newJobs(s *Store) (*jobs, error) {
	q, err := riverqueue.Open(context.Background(), s.db, filepath.Join(s.cfg.Folder, "workers"), s.cfg.Logger)
	return &jobs{q}, err
}

// Run leases and handles jobs; see queue.Runner.
func (j *jobs) Run(ctx context.Context, workers int, handlers map[string]queue.Handler) error {
	return sqlFault(j.q.Run(ctx, workers, handlers))
}

// Held reports whether a job waits or runs.
func (j *jobs) Held(ctx context.Context, kind, subject string) (bool, error) {
	held, err := j.q.Held(ctx, kind, subject)
	return held, sqlFault(err)
}

// Depth counts jobs by kind.
func (j *jobs) Depth(ctx context.Context) (map[string]queue.Depth, error) {
	d, err := j.q.Depth(ctx)
	return d, sqlFault(err)
}
