package postgres

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"

	"github.com/jackc/pgx/v5"

	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/relational"
)

var _ store.Copier = (*Store)(nil)

// Engine names the database and its schema.
func (s *Store) Engine() string { return fmt.Sprintf("postgresql %d", len(steps)+1) }

// KeyCheck tells whether two stores have the same keys.
func (s *Store) KeyCheck() []byte { return s.core.Keys.Check() }

// Rebuild makes the search index anew; see store.Copier.
func (s *Store) Rebuild(ctx context.Context) error { return s.core.Rebuild(ctx) }

// keyTable holds wrapped data keys: no copy of the data has it (docs/design/sealing.md).
const keyTable = "data_key"

// Copy has pg_dump write an archive (format custom) from a snapshot that this session holds, so
// that the documents are those of the archive. pg_dump must be in PATH and no older than the
// server. See store.Copier.
func (s *Store) Copy(ctx context.Context, file string, document func(hash string) error) error {
	return s.snapshot(ctx, func(c *conn) error {
		var snapshot, schema string
		if err := c.pg.QueryRow(ctx, `SELECT pg_export_snapshot(), current_schema()`).Scan(&snapshot, &schema); err != nil {
			return err
		}
		args := []string{"--format=custom", "--no-owner", "--no-privileges", "--schema=" + quoted(schema), "--snapshot=" + snapshot, "--file=" + file}
		for _, table := range append(relational.IndexTables(c), keyTable) {
			args = append(args, "--exclude-table-data="+quoted(schema)+"."+table)
		}
		if err := tool(ctx, s.conns, "pg_dump", args...); err != nil {
			return err
		}
		if err := syncFile(file); err != nil {
			return err
		}
		hashes, err := db.Texts(c, `SELECT id FROM document ORDER BY id`)
		for _, hash := range hashes {
			if err == nil {
				err = document(hash)
			}
		}
		return err
	})
}

// CopyKeys has pg_dump write the wrapped data keys; see store.Copier.
func (s *Store) CopyKeys(ctx context.Context, file string) error {
	return s.snapshot(ctx, func(c *conn) error {
		var schema string
		if err := c.pg.QueryRow(ctx, `SELECT current_schema()`).Scan(&schema); err != nil {
			return err
		}
		err := tool(ctx, s.conns, "pg_dump", "--format=custom", "--data-only", "--table="+quoted(schema)+"."+keyTable, "--file="+file)
		if err == nil {
			err = syncFile(file)
		}
		return err
	})
}

// Restore brings the archives of Copy and CopyKeys into the database at a URL, into the schema that comes
// first in its search path, which must have no tables. pg_restore must be in PATH.
func Restore(ctx context.Context, databaseURL, file, keys string) error {
	cfg, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return fault.New(fault.Invalid, "store_url", "the store's URL is none of PostgreSQL (postgres://user@host/name)")
	}
	configure(cfg, nil)
	pg, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return pgFault(err)
	}
	defer pg.Close(context.WithoutCancel(ctx))
	var schema string
	var tables int
	err = pg.QueryRow(ctx, `SELECT current_schema(), (SELECT count(*) FROM pg_tables WHERE schemaname=current_schema())`).Scan(&schema, &tables)
	if err != nil {
		return pgFault(err)
	}
	if tables > 0 {
		return fault.New(fault.Conflict, "store_not_empty", "the database has tables already; restore into an empty one")
	}
	contents, err := listing(ctx, file)
	if err != nil {
		return err
	}
	list, err := os.CreateTemp("", "chartlake-restore-*")
	if err != nil {
		return fault.New(fault.Unavailable, "restore", "make a temporary file: %w", err)
	}
	defer os.Remove(list.Name())
	defer list.Close()
	if !strings.Contains(contents, " "+schema+" ") {
		return fault.New(fault.Conflict, "schema_name", "the backup is of a schema of another name; restore into a database whose search_path begins with that")
	}
	for line := range strings.Lines(contents) {
		// The schema itself is there.
		if !strings.Contains(line, " SCHEMA - ") && !strings.Contains(line, " COMMENT - SCHEMA ") {
			if _, err := list.WriteString(line); err != nil {
				return fault.New(fault.Full, "restore", "write a temporary file: %w", err)
			}
		}
	}
	args := []string{"--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", "--dbname=" + cfg.Database}
	if err := tool(ctx, cfg, "pg_restore", append(args, "--use-list="+list.Name(), file)...); err != nil {
		return err
	}
	return tool(ctx, cfg, "pg_restore", append(args, "--data-only", keys)...)
}

// listing is the table of contents of an archive.
func listing(ctx context.Context, file string) (string, error) {
	path, err := find("pg_restore")
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, path, "--list", file)
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return "", fault.New(fault.Corrupt, "backup_damaged", "pg_restore cannot read the archive")
	}
	return out.String(), nil
}

func find(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fault.New(fault.Unavailable, "postgres_tools", "%s of PostgreSQL is not in PATH; install the client programs of the server's version", name)
	}
	return path, nil
}

// tool runs a program of PostgreSQL against a database. What it is told goes by environment, so
// that no password stands in the list of processes.
func tool(ctx context.Context, cfg *pgx.ConnConfig, name string, args ...string) error {
	path, err := find(name)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), "PGHOST="+cfg.Host, fmt.Sprintf("PGPORT=%d", cfg.Port), "PGUSER="+cfg.User,
		"PGDATABASE="+cfg.Database, "PGPASSWORD="+cfg.Password, "PGOPTIONS=", "PGAPPNAME=chartlake")
	cmd.Env = append(cmd.Env, security(cfg.ConnString())...)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return fault.New(fault.Unavailable, "canceled", "%s was interrupted", name)
		}
		// Its text may hold names and values; the first line tells enough of what is wrong.
		if strings.Contains(said.String(), "version mismatch") {
			return fault.New(fault.Unsupported, "postgres_tools", "%s is older than the server; install the client programs of the server's version", name)
		}
		return fault.New(fault.Unavailable, "postgres_tools", "%s failed: %w", name, err)
	}
	return nil
}

// security gives the settings of TLS that a URL has, under the names of libpq's environment.
func security(connString string) (env []string) {
	u, err := url.Parse(connString)
	if err != nil {
		return nil
	}
	for param, variable := range map[string]string{"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT",
		"sslkey": "PGSSLKEY", "passfile": "PGPASSFILE"} {
		if v := u.Query().Get(param); v != "" {
			env = append(env, variable+"="+v)
		}
	}
	return env
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		err = f.Sync()
		if e := f.Close(); err == nil {
			err = e
		}
	}
	if err != nil {
		return fault.New(fault.Unavailable, "backup_file", "the copy cannot be synced: %w", err)
	}
	return nil
}
