package riverqueue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"chartlake/queue"
)

// Open prepares the queue's tables in a SQLite database. locks is a folder for lock files,
// made where it is missing. logger may be nil.
func Open(ctx context.Context, db *sql.DB, locks string, logger *slog.Logger) (*Queue[*sql.Tx], error) {
	if err := os.MkdirAll(locks, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of worker locks: %w", err)
	}
	return open(ctx, &sqlite{db: db, locks: locks}, logger)
}

// sqlite is the queue's database in a file that the processes of one machine share.
type sqlite struct {
	db    *sql.DB
	locks string // folder of the processes' lock files
}

func (s *sqlite) driver() riverdriver.Driver[*sql.Tx] { return riversqlite.New(s.db) }

func (s *sqlite) version(ctx context.Context) (have int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT max(version) FROM river_migration WHERE line='main'`).Scan(&have)
	return have, err
}

// prepare makes the index that finds a job which waits by what it is about.
func (s *sqlite) prepare(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `CREATE INDEX IF NOT EXISTS chartlake_job_subject ON river_job (json_extract(args, '$.subject'), json_extract(args, '$.kind'), state)`)
	return err
}

func (s *sqlite) waiting(ctx context.Context, tx *sql.Tx, job queue.Job) (n int, err error) {
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM river_job WHERE json_extract(args, '$.subject')=? AND json_extract(args, '$.kind')=?
		AND state IN ('available', 'pending', 'retryable', 'scheduled')`, job.Subject, job.Kind).Scan(&n)
	return n, err
}

func (s *sqlite) held(ctx context.Context, job queue.Job) (n int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT count(*) FROM river_job WHERE json_extract(args, '$.subject')=? AND json_extract(args, '$.kind')=?
		AND state IN ('available', 'pending', 'retryable', 'scheduled', 'running')`, job.Subject, job.Kind).Scan(&n)
	return n, err
}

func (s *sqlite) depth(ctx context.Context, count func(kind, state string, n int)) error {
	rows, err := s.db.QueryContext(ctx, `SELECT json_extract(args, '$.kind'), state, count(*) FROM river_job WHERE state NOT IN ('completed', 'cancelled') GROUP BY 1, 2`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var kind, state string
		var n int
		if err := rows.Scan(&kind, &state, &n); err != nil {
			return err
		}
		count(kind, state, n)
	}
	return rows.Err()
}

// lock holds a lock on a file of its own. The system keeps it as long as the process lives.
func (s *sqlite) lock(context.Context) (id string, keep func(context.Context) error, unlock func(), err error) {
	id = newID()
	path := filepath.Join(s.locks, id)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", nil, nil, err
	}
	if held, err := tryLock(f); err != nil || !held {
		f.Close()
		return "", nil, nil, errors.Join(err, errors.New("not held"))
	}
	return id, func(context.Context) error { return nil }, func() {
		os.Remove(path)
		f.Close()
	}, nil
}

func (s *sqlite) alive(_ context.Context, id string) (bool, error) {
	if id == "" {
		return false, nil
	}
	f, err := os.OpenFile(filepath.Join(s.locks, filepath.Base(id)), os.O_RDWR, 0)
	if err != nil {
		return false, nil
	}
	defer f.Close()
	free, err := tryLock(f)
	return err != nil || !free, nil
}

func (s *sqlite) owners(ctx context.Context) (list []string, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT DISTINCT json_extract(attempted_by, '$[#-1]') FROM river_job WHERE state='running'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var owner sql.NullString
		if err := rows.Scan(&owner); err != nil {
			return nil, err
		}
		list = append(list, owner.String)
	}
	return list, rows.Err()
}

func (s *sqlite) offer(ctx context.Context, id string) error {
	_, err := s.db.ExecContext(ctx, `UPDATE river_job SET state='available', attempt=max(attempt-1, 0)
		WHERE state='running' AND ifnull(json_extract(attempted_by, '$[#-1]'), '')=?`, id)
	if err == nil {
		os.Remove(filepath.Join(s.locks, filepath.Base(id)))
	}
	return err
}
