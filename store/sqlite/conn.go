package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/ncruces/go-sqlite3"

	"chartlake/fault"
	"chartlake/search"
	"chartlake/store/db"
	"chartlake/store/ident"
)

// conn is one SQLite connection with its prepared statements. One goroutine uses it at a time.
type conn struct {
	db    *sqlite3.Conn
	stmts map[string]*sqlite3.Stmt
}

func newConn(db *sqlite3.Conn) *conn { return &conn{db: db, stmts: map[string]*sqlite3.Stmt{}} }

// maxArguments is how many values SQLite takes in one statement (SQLITE_MAX_VARIABLE_NUMBER).
const maxArguments = 32_766

func errTooLarge() error {
	return fault.New(fault.TooLarge, "query_too_large", "the query has too many alternatives to be answered at once")
}

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

// Exec runs a statement that gives no rows.
func (c *conn) Exec(sql string, args ...any) error {
	s, err := c.prepare(sql)
	if err != nil {
		return sqlFault(err)
	}
	if err := bind(s, args); err != nil {
		return sqlFault(err)
	}
	s.Step()
	return sqlFault(s.Reset())
}

// Query calls row for each row until it returns false; see db.Conn.
func (c *conn) Query(sql string, args []any, row func(db.Row) bool) error {
	if len(args) > maxArguments {
		return errTooLarge()
	}
	s, err := c.prepare(sql)
	if err != nil {
		return sqlFault(err)
	}
	if err := bind(s, args); err != nil {
		return sqlFault(err)
	}
	for s.Step() {
		if !row(stmtRow{s}) {
			break
		}
	}
	err = s.Err()
	if r := s.Reset(); err == nil {
		err = r
	}
	return sqlFault(err)
}

// stmtRow reads the row that a statement stands on.
type stmtRow struct{ s *sqlite3.Stmt }

func (r stmtRow) Int(i int) int64     { return r.s.ColumnInt64(i) }
func (r stmtRow) Float(i int) float64 { return r.s.ColumnFloat(i) }
func (r stmtRow) Text(i int) string   { return r.s.ColumnText(i) }
func (r stmtRow) Null(i int) bool     { return r.s.ColumnType(i) == sqlite3.NULL }

func (r stmtRow) Bytes(i int) []byte {
	if r.Null(i) {
		return nil
	}
	return r.s.ColumnBlob(i, nil)
}

// Value reads a column as what it is.
func (r stmtRow) Value(i int) any {
	switch r.s.ColumnType(i) {
	case sqlite3.INTEGER:
		return r.Int(i)
	case sqlite3.FLOAT:
		return r.Float(i)
	case sqlite3.TEXT:
		return r.Text(i)
	case sqlite3.BLOB:
		return r.Bytes(i)
	}
	return nil
}

func (r stmtRow) ID(i int) string {
	if r.s.ColumnType(i) == sqlite3.BLOB {
		return ident.FormatUUID(r.s.ColumnBlob(i, nil))
	}
	return r.Text(i)
}

// ID is how an id stands in the database: 16 bytes for a UUID in lower case, else text.
func (c *conn) ID(id string) any {
	if u, ok := ident.UUID(id); ok {
		return u
	}
	return id
}

// Table gives the one table that holds values of every kind.
func (c *conn) Table(base string, _ search.Kind) string { return base }

// SealsPages is true: see page.go.
func (c *conn) SealsPages() bool { return true }

// List gives numbers as rows.
func (c *conn) List(rids []int64) db.Frag {
	text := []byte{'['}
	for i, rid := range rids {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, rid, 10)
	}
	return db.SQL(`SELECT value AS rid FROM json_each(?)`, string(append(text, ']')))
}

// Merge steps through all queries at once, so that each is read as far as it is needed.
func (c *conn) Merge(queries []db.Frag, desc bool, limit int, row func(a, b, c int64)) error {
	var live []*stream
	for _, q := range queries {
		if len(q.Args) > maxArguments {
			return errTooLarge()
		}
		s, _, err := c.db.Prepare(q.Text)
		if err != nil {
			return sqlFault(err)
		}
		defer s.Close()
		if err := bind(s, q.Args); err != nil {
			return sqlFault(err)
		}
		st := &stream{s: s}
		if ok, err := st.next(); err != nil {
			return sqlFault(err)
		} else if ok {
			live = append(live, st)
		}
	}
	for ; limit > 0 && len(live) > 0; limit-- {
		best := 0
		for i := range live {
			if order := slices.Compare(live[i].at[:], live[best].at[:]); order < 0 && !desc || order > 0 && desc {
				best = i
			}
		}
		st := live[best]
		row(st.at[0], st.at[1], st.at[2])
		ok, err := st.next()
		if err != nil {
			return sqlFault(err)
		}
		if !ok {
			live = append(live[:best], live[best+1:]...)
		}
	}
	return nil
}

// stream is one query of a merge and the row that it stands on.
type stream struct {
	s  *sqlite3.Stmt
	at [3]int64
}

func (st *stream) next() (bool, error) {
	if st.s.Step() {
		st.at = [3]int64{st.s.ColumnInt64(0), st.s.ColumnInt64(1), st.s.ColumnInt64(2)}
		return true, nil
	}
	return false, st.s.Err()
}

// Flush has nothing to do: statements are run at once.
func (c *conn) Flush() error { return nil }

// Undo goes back to the savepoint of a request. It fails where SQLite has rolled back the
// whole transaction (disk full, input/output error).
func (c *conn) Undo() error {
	if err := c.Exec(`ROLLBACK TO request`); err != nil {
		return err
	}
	return c.Exec(`RELEASE request`)
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
