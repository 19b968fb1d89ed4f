package postgres

import (
	"bytes"
	"context"
	_ "embed"

	"github.com/jackc/pgx/v5"

	"chartlake/fault"
	"chartlake/queue/riverqueue"
	"chartlake/store/db"
	"chartlake/store/seal"
)

//go:embed schema.sql
var schema string

// steps bring an older schema up to date: steps[i] makes version i+2 of version i+1. The
// schema as it is now is schema.sql; a test proves that old + steps = new.
var steps = []string{
	`CREATE TABLE reindex (job bigint PRIMARY KEY, id text NOT NULL, body text NOT NULL, state integer NOT NULL, last bigint NOT NULL,
                      top bigint NOT NULL, done bigint NOT NULL, at bigint NOT NULL)`,
	`ALTER TABLE audit DROP COLUMN previous;
	ALTER TABLE audit ALTER actor TYPE text COLLATE "C";
	CREATE INDEX audit_at ON audit (at);
	CREATE INDEX audit_actor ON audit (actor, seq);
	CREATE TABLE audit_about (h bigint, seq bigint, PRIMARY KEY (h, seq));
	CREATE TABLE audit_journal (id text COLLATE "C" PRIMARY KEY, n bigint NOT NULL)`,
}

// migrating is the number of the lock that processes take to change the schema: "chartlak".
const migrating = 0x63686172746c616b

// migrate makes the tables or brings older ones up to date, in one transaction, and loads the
// keys. Processes that start at once do it one after the other.
func (s *Store) migrate(ctx context.Context, c *conn, cfg Config) error {
	if err := version(ctx, c.pg); err != nil {
		return err
	}
	if _, err := c.pg.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(migrating)); err != nil {
		return err
	}
	defer c.pg.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(migrating))
	if err := s.tables(ctx, c, cfg.Folder); err != nil {
		return err
	}
	q, err := riverqueue.OpenPostgres(ctx, s.queue, cfg.Logger)
	s.jobs = &jobs{q}
	return err
}

// version refuses servers before 14: they neither tell what became of a transaction nor plan
// the arrays of the index rows well.
func version(ctx context.Context, pg *pgx.Conn) error {
	var n int
	if err := pg.QueryRow(ctx, `SELECT current_setting('server_version_num')::int`).Scan(&n); err != nil {
		return err
	}
	if n < 140_000 {
		return fault.New(fault.Unsupported, "store_server", "the database server is PostgreSQL %d; 14 or newer is needed", n/10_000)
	}
	return nil
}

func (s *Store) tables(ctx context.Context, c *conn, folder string) error {
	newest := int64(len(steps) + 1)
	// The first schema of the search path is where tables are made; another one's do not count.
	there, _, err := db.One(c, `SELECT count(*) FROM pg_tables WHERE schemaname=current_schema() AND tablename='chartlake'`)
	if err != nil {
		return err
	}
	have, key := int64(0), []byte(nil)
	if there > 0 {
		err = c.Query(`SELECT schema, key FROM chartlake`, nil, func(r db.Row) bool {
			have, key = r.Int(0), r.Bytes(1)
			return false
		})
		if err != nil {
			return err
		}
	}
	if have > newest {
		return fault.New(fault.Unsupported, "store_newer", "the database has schema %d, this program knows %d: a newer Chartlake wrote it", have, newest)
	}
	if s.core.Keys, err = seal.Load(folder, have == 0); err != nil {
		return err
	}
	if have > 0 && !bytes.Equal(key, s.core.Keys.Check()) {
		return fault.New(fault.Corrupt, "store_key_other", "store.key in the data folder is not the key of this database; copy it from a machine that has it")
	}
	if have == newest {
		return nil
	}
	return pgx.BeginFunc(ctx, c.pg, func(tx pgx.Tx) error {
		todo := []string{schema}
		if have > 0 {
			todo = steps[have-1:]
		}
		for _, step := range todo {
			if _, err := tx.Exec(ctx, step, pgx.QueryExecModeSimpleProtocol); err != nil {
				return err
			}
		}
		if have == 0 {
			_, err = tx.Exec(ctx, `INSERT INTO chartlake VALUES ($1, $2)`, newest, s.core.Keys.Check())
		} else {
			_, err = tx.Exec(ctx, `UPDATE chartlake SET schema=$1`, newest)
		}
		return err
	})
}
