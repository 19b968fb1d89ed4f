package riverqueue

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"chartlake/queue"
)

// OpenPostgres prepares the queue's tables in a PostgreSQL database, in the schema that the
// pool's connections have first in their search path. logger may be nil.
//
// It needs LISTEN and advisory locks of a session, so a pooler between them and the database
// must pool sessions, not transactions.
func OpenPostgres(ctx context.Context, pool *pgxpool.Pool, logger *slog.Logger) (*Queue[pgx.Tx], error) {
	return open(ctx, &postgres{pool: pool}, logger)
}

// postgres is the queue's database on a server that many machines share.
type postgres struct{ pool *pgxpool.Pool }

func (p *postgres) driver() riverdriver.Driver[pgx.Tx] { return riverpgxv5.New(p.pool) }

func (p *postgres) version(ctx context.Context) (have int, err error) {
	err = p.pool.QueryRow(ctx, `SELECT max(version) FROM river_migration WHERE line='main'`).Scan(&have)
	return have, err
}

// prepare makes the index that finds a job which waits by what it is about.
func (p *postgres) prepare(ctx context.Context) error {
	_, err := p.pool.Exec(ctx, `CREATE INDEX IF NOT EXISTS chartlake_job_subject ON river_job ((args->>'subject'), (args->>'kind'))
		WHERE state IN ('available', 'pending', 'retryable', 'scheduled')`)
	return err
}

func (p *postgres) waiting(ctx context.Context, tx pgx.Tx, job queue.Job) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*) FROM river_job WHERE args->>'subject'=$1 AND args->>'kind'=$2
		AND state IN ('available', 'pending', 'retryable', 'scheduled')`, job.Subject, job.Kind).Scan(&n)
	return n, err
}

func (p *postgres) held(ctx context.Context, job queue.Job) (n int, err error) {
	err = p.pool.QueryRow(ctx, `SELECT count(*) FROM river_job WHERE args->>'subject'=$1 AND args->>'kind'=$2
		AND state IN ('available', 'pending', 'retryable', 'scheduled', 'running')`, job.Subject, job.Kind).Scan(&n)
	return n, err
}

func (p *postgres) depth(ctx context.Context, count func(kind, state string, n int)) error {
	rows, err := p.pool.Query(ctx, `SELECT args->>'kind', state::text, count(*) FROM river_job WHERE state NOT IN ('completed', 'cancelled') GROUP BY 1, 2`)
	if err != nil {
		return err
	}
	var kind, state string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&kind, &state, &n}, func() error {
		count(kind, state, n)
		return nil
	})
	return err
}

// lockKey is the number of the advisory lock that an id stands for: its 8 random bytes.
func lockKey(id string) (key int64, ok bool) {
	b, err := hex.DecodeString(strings.TrimPrefix(id, "w"))
	if err != nil || len(b) != 8 {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(b)), true
}

// lock holds an advisory lock in a session of its own. The server lets it go when the session
// ends; keep makes a new session where that was not ours to decide.
func (p *postgres) lock(ctx context.Context) (id string, keep func(context.Context) error, unlock func(), err error) {
	id = newID()
	key, _ := lockKey(id)
	var mu sync.Mutex
	var session *pgxpool.Conn
	keep = func(ctx context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if session != nil {
			if session.Ping(ctx) == nil {
				return nil
			}
			session.Release()
			session = nil
		}
		c, err := p.pool.Acquire(ctx)
		if err != nil {
			return err
		}
		var held bool
		err = c.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, key).Scan(&held)
		if err == nil && !held {
			err = errors.New("not held")
		}
		if err != nil {
			c.Release()
			return err
		}
		session = c
		return nil
	}
	if err := keep(ctx); err != nil {
		return "", nil, nil, err
	}
	return id, keep, func() {
		mu.Lock()
		defer mu.Unlock()
		if session != nil {
			// Closed, not given back: the lock belongs to the session.
			session.Hijack().Close(context.WithoutCancel(ctx))
		}
	}, nil
}

func (p *postgres) alive(ctx context.Context, id string) (bool, error) {
	key, ok := lockKey(id)
	if !ok {
		return false, nil
	}
	// A lock of the transaction ends with this one statement.
	var free bool
	err := p.pool.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, key).Scan(&free)
	return !free, err
}

func (p *postgres) owners(ctx context.Context) ([]string, error) {
	rows, err := p.pool.Query(ctx, `SELECT DISTINCT coalesce(attempted_by[array_upper(attempted_by, 1)], '') FROM river_job WHERE state='running'`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func (p *postgres) offer(ctx context.Context, id string) error {
	_, err := p.pool.Exec(ctx, `UPDATE river_job SET state='available', attempt=greatest(attempt-1, 0)
		WHERE state='running' AND coalesce(attempted_by[array_upper(attempted_by, 1)], '')=$1`, id)
	return err
}
