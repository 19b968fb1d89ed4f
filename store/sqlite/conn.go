package sqlite

import (
	"context"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"chartlake/fault"
)

// conn is one SQLite connection with its prepared statements. One goroutine uses it at a time.
type conn struct {
	db    *sqlite3.Conn
	stmts map[string]*sqlite3.Stmt
}

func newConn(db *sqlite3.Conn) *conn { return &conn{db: db, stmts: map[string]*sqlite3.Stmt{}} }

// maxArguments is how many values SQLite takes in one statement (SQLITE_MAX_VARIABLE_NUMBER).
const maxArguments = 32_766

// maxStatements bounds the prepared statements that a connection keeps; search SQL varies.
const maxStatements = 500

// prepare gives a statement ready to bind. kept statements are reset, never closed.
func (c *conn) prepare(sql string) (*sqlite3.Stmt, error) {
	if s := c.stmts[sql]; s != nil {
		return s, nil
	}
	if len(c.stmts) >= maxStatements {
		for text, s := range c.stmts {
			if !s.Busy() {
				s.Close()
				delete(c.stmts, text)
			}
		}
	}
	s, _, err := c.db.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT)
	if err != nil {
		return nil, err
	}
	c.stmts[sql] = s
	return s, nil
}

// bind binds int64, int, float64, string, []byte and nil.
func bind(s *sqlite3.Stmt, args []any) error {
	for i, a := range args {
		var err error
		switch v := a.(type) {
		case int64:
			err = s.BindInt64(i+1, v)
		case int:
			err = s.BindInt64(i+1, int64(v))
		case float64:
			err = s.BindFloat(i+1, v)
		case string:
			err = s.BindText(i+1, v)
		case []byte:
			if v == nil {
				err = s.BindNull(i + 1)
			} else {
				err = s.BindBlob(i+1, v)
			}
		case nil:
			err = s.BindNull(i + 1)
		default:
			panic(fmt.Sprintf("sqlite: bind of %T", a))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// exec runs a statement that gives no rows.
func (c *conn) exec(sql string, args ...any) error {
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	if err := bind(s, args); err != nil {
		return err
	}
	s.Step()
	return s.Reset()
}

// query calls row for each row until it returns false. The same statement must not be
// running already: callers that recurse collect rows first.
func (c *conn) query(sql string, args []any, row func(*sqlite3.Stmt) bool) error {
	if len(args) > maxArguments {
		return fault.New(fault.TooLarge, "query_too_large", "the query has too many alternatives to be answered at once")
	}
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	if s.Busy() {
		if s, _, err = c.db.Prepare(sql); err != nil {
			return err
		}
		defer s.Close()
	}
	if err := bind(s, args); err != nil {
		return err
	}
	for s.Step() {
		if !row(s) {
			break
		}
	}
	err = s.Err()
	if r := s.Reset(); err == nil {
		err = r
	}
	return err
}

// one gives the first column of the first row as an integer; ok false when there is no row.
func (c *conn) one(sql string, args ...any) (v int64, ok bool, err error) {
	err = c.query(sql, args, func(s *sqlite3.Stmt) bool {
		v, ok = s.ColumnInt64(0), s.ColumnType(0) != sqlite3.NULL
		return false
	})
	return v, ok, err
}

// interruptible runs f while ctx can stop its statements.
func (c *conn) interruptible(ctx context.Context, f func() error) error {
	old := c.db.SetInterrupt(ctx)
	defer c.db.SetInterrupt(old)
	return f()
}

func (c *conn) close() error {
	for _, s := range c.stmts {
		s.Close()
	}
	return c.db.Close()
}
