package postgres

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"chartlake/envelope"
	"chartlake/fault"
)

// shelf is an envelope.Shelf in the table data_key. The lock of its row 0 keeps processes
// apart. It has connections of its own: a key must outlive a transaction that is rolled back.
type shelf struct {
	pool  *pgxpool.Pool
	about []byte
}

var _ envelope.Shelf = (*shelf)(nil)

// openShelf gives the table, and its name where it has none.
func openShelf(ctx context.Context, pool *pgxpool.Pool) (*shelf, error) {
	s := &shelf{pool: pool}
	name := make([]byte, 16)
	rand.Read(name)
	if _, err := pool.Exec(ctx, `INSERT INTO data_key VALUES (0, 0, $1) ON CONFLICT DO NOTHING`, name); err != nil {
		return nil, pgFault(err)
	}
	return s, pgFault(pool.QueryRow(ctx, `SELECT wrapped FROM data_key WHERE id=0`).Scan(&s.about))
}

// About is the name that row 0 holds.
func (s *shelf) About() []byte { return s.about }

// Get reads a row.
func (s *shelf) Get(id int64) (w envelope.Wrapped, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), connectTime)
	defer cancel()
	var master int64
	var wrapped []byte
	err = s.pool.QueryRow(ctx, `SELECT master, wrapped FROM data_key WHERE id=$1 AND id>0`, id).Scan(&master, &wrapped)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return w, fault.New(fault.NotFound, "key_unknown", "data key %d is not in the database: it is older than the data, or of another store", id)
	case err != nil:
		return w, pgFault(err)
	case master == 0:
		return w, fault.New(fault.Gone, "key_destroyed", "data key %d was destroyed: what it sealed was erased", id)
	}
	return record(master, wrapped), nil
}

func record(master int64, wrapped []byte) (w envelope.Wrapped) {
	w.Master = uint32(master)
	copy(w.Bytes[:], wrapped)
	return w
}

// locked runs f in a transaction that has the lock.
func (s *shelf) locked(f func(ctx context.Context, tx pgx.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*connectTime)
	defer cancel()
	return pgFault(pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT id FROM data_key WHERE id=0 FOR UPDATE`); err != nil {
			return err
		}
		return f(ctx, tx)
	}))
}

// Add inserts rows.
func (s *shelf) Add(n int, make func(id int64) (envelope.Wrapped, error)) (first int64, err error) {
	err = s.locked(func(ctx context.Context, tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT max(id)+1 FROM data_key`).Scan(&first); err != nil {
			return err
		}
		var ids, masters []int64
		var wrapped [][]byte
		for i := range int64(n) {
			w, err := make(first + i)
			if err != nil {
				return err
			}
			ids, masters, wrapped = append(ids, first+i), append(masters, int64(w.Master)), append(wrapped, w.Bytes[:])
		}
		_, err := tx.Exec(ctx, `INSERT INTO data_key SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])`, ids, masters, wrapped)
		return err
	})
	return first, err
}

// Destroy empties rows, then has the server clear away what they were.
func (s *shelf) Destroy(ids []int64) error {
	err := s.locked(func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE data_key SET master=0, wrapped='' WHERE id>0 AND id=ANY($1)`, ids)
		return err
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*connectTime)
	defer cancel()
	_, err = s.pool.Exec(ctx, `VACUUM data_key`)
	return pgFault(err)
}

// Through reads a run of rows and writes back those that changed.
func (s *shelf) Through(from int64, limit int, visit func(int64, *envelope.Wrapped) error, last func() error) (next int64, err error) {
	from = max(from, 1)
	err = s.locked(func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id, master, wrapped FROM data_key WHERE id>=$1 ORDER BY id LIMIT $2`, from, limit)
		if err != nil {
			return err
		}
		type row struct {
			ID, Master int64
			Wrapped    []byte
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
		if err != nil {
			return err
		}
		var ids, masters []int64
		var wrapped [][]byte
		for _, r := range list {
			w := record(r.Master, r.Wrapped)
			if next = r.ID + 1; r.Master == 0 {
				continue
			}
			old := w
			if err := visit(r.ID, &w); err != nil {
				return err
			}
			if w != old {
				ids, masters, wrapped = append(ids, r.ID), append(masters, int64(w.Master)), append(wrapped, w.Bytes[:])
			}
		}
		if len(ids) > 0 {
			_, err = tx.Exec(ctx, `UPDATE data_key k SET master=u.master, wrapped=u.wrapped
				FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) u (id, master, wrapped) WHERE k.id=u.id`, ids, masters, wrapped)
			if err != nil {
				return err
			}
		}
		var there bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM data_key WHERE id>=$1)`, next).Scan(&there); err != nil {
			return err
		}
		if there && len(list) > 0 {
			return nil
		}
		next = 0
		if last != nil {
			return last()
		}
		return nil
	})
	return next, err
}
