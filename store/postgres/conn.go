package postgres

import (
	"context"
	"encoding/binary"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"chartlake/fault"
	"chartlake/search"
	"chartlake/store/db"
	"chartlake/store/ident"
)

// conn is one connection within a transaction or snapshot; see db.Conn. Statements that give
// no rows wait until the next query or the end, and go to the server with it in one batch:
// a transaction of a thousand resources is a few round trips.
type conn struct {
	pg    *pgx.Conn
	ctx   context.Context
	texts map[string]string // statements in PostgreSQL's words
	wait  []statement
	bulks []*bulk // rows that wait, before wait
}

type statement struct {
	text string // in PostgreSQL's words
	args []any
}

func newConn(ctx context.Context, pg *pgx.Conn) *conn {
	return &conn{pg: pg, ctx: ctx, texts: map[string]string{}}
}

// maxArguments is how many values PostgreSQL takes in one statement.
const maxArguments = 65_535

// maxTexts bounds the statements that a connection keeps translated; search SQL varies.
const maxTexts = 500

// words puts PostgreSQL's words in place of those that db.Words lists. With
// join_collapse_limit at 1 a JOIN is made in the order that is written; OFFSET 0 keeps a
// sub-query from being merged into the outer one, and IS TRUE an IN from becoming a join.
var words = strings.NewReplacer("CROSS JOIN", "JOIN", "instr(", "strpos(", " IS ?", " IS NOT DISTINCT FROM ?", db.Seek, " OFFSET 0", db.Once, " IS TRUE")

var indexedBy = regexp.MustCompile(` INDEXED BY \w+`)

// text translates a statement and numbers its arguments. Whole numbers are sent as bigint,
// also where a column is narrower: one that is out of its range then matches nothing.
func (c *conn) text(sql string, args []any) string {
	if t, ok := c.texts[sql]; ok {
		return t
	}
	t := translate(sql, args)
	if len(c.texts) >= maxTexts {
		clear(c.texts)
	}
	c.texts[sql] = t
	return t
}

func translate(sql string, args []any) string {
	sql = indexedBy.ReplaceAllString(words.Replace(sql), "")
	var b strings.Builder
	n := 0
	for i := 0; i < len(sql); i++ {
		if sql[i] != '?' {
			b.WriteByte(sql[i])
			continue
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n + 1))
		switch args[n].(type) {
		case int64, int:
			b.WriteString("::bigint")
		}
		n++
	}
	return b.String()
}

// Exec puts a statement off; see db.Conn.
func (c *conn) Exec(sql string, args ...any) error {
	if c.gather(sql, args) {
		return nil
	}
	c.later(c.text(sql, args), args)
	if len(c.wait) >= maxWait {
		return c.Flush()
	}
	return nil
}

// maxWait bounds the statements that wait, and so the memory that they take.
const maxWait = 5_000

func (c *conn) later(text string, args []any) {
	c.settle()
	c.wait = append(c.wait, statement{text, args})
}

// batch takes what waits.
func (c *conn) batch() *pgx.Batch {
	c.settle()
	b := &pgx.Batch{}
	for _, s := range c.wait {
		b.Queue(s.text, s.args...)
	}
	c.wait = c.wait[:0]
	return b
}

// Flush sends what waits.
func (c *conn) Flush() error {
	b := c.batch()
	if b.Len() == 0 {
		return nil
	}
	return pgFault(c.pg.SendBatch(c.ctx, b).Close())
}

// Query calls row for each row until it returns false; see db.Conn.
func (c *conn) Query(sql string, args []any, row func(db.Row) bool) error {
	if len(args) > maxArguments {
		return fault.New(fault.TooLarge, "query_too_large", "the query has too many alternatives to be answered at once")
	}
	b := c.batch()
	text := c.text(sql, args)
	if b.Len() == 0 {
		rows, err := c.pg.Query(c.ctx, text, args...)
		if err != nil {
			return pgFault(err)
		}
		return pgFault(each(rows, row))
	}
	before := b.Len()
	b.Queue(text, args...)
	results := c.pg.SendBatch(c.ctx, b)
	for range before {
		if _, err := results.Exec(); err != nil {
			results.Close()
			return pgFault(err)
		}
	}
	rows, err := results.Query()
	if err == nil {
		err = each(rows, row)
	}
	if cerr := results.Close(); err == nil {
		err = cerr
	}
	return pgFault(err)
}

func each(rows pgx.Rows, row func(db.Row) bool) error {
	defer rows.Close()
	r := &tuple{rows: rows}
	for rows.Next() {
		r.values = rows.RawValues()
		if !row(r) {
			break
		}
	}
	rows.Close()
	return rows.Err()
}

// Merge leaves the merging to the database: every query is an index in its own order.
func (c *conn) Merge(queries []db.Frag, desc bool, limit int, row func(a, b, c int64)) error {
	if len(queries) == 0 {
		return nil
	}
	dir := ""
	if desc {
		dir = " DESC"
	}
	for i := range queries {
		queries[i] = queries[i].With(` LIMIT ?`, limit).Wrap(`(`, `)`)
	}
	all := db.Join(` UNION ALL `, queries...).Wrap(`SELECT * FROM (`, `) m ORDER BY 1`+dir+`, 2`+dir+`, 3`+dir).With(` LIMIT ?`, limit)
	return c.Query(all.Text, all.Args, func(r db.Row) bool {
		row(r.Int(0), r.Int(1), r.Int(2))
		return true
	})
}

// ID is how an id stands in the database; see schema.sql.
func (c *conn) ID(id string) any {
	if u, ok := ident.UUID(id); ok {
		return u
	}
	b := append(make([]byte, 1, len(id)+2), id...)
	if len(b) == 16 {
		b = append(b, 0)
	}
	return b
}

// Table gives the table for values of a kind; see schema.sql.
func (c *conn) Table(base string, kind search.Kind) string {
	switch kind {
	case search.KindNumber, search.KindQuantity:
		return base + "_number"
	case search.KindString:
		return base + "_sealed"
	}
	if base == "forward" {
		return "forward_date"
	}
	return base
}

// SealsPages is false: the server writes its pages itself.
func (c *conn) SealsPages() bool { return false }

// List gives numbers as rows.
func (c *conn) List(rids []int64) db.Frag {
	return db.SQL(`SELECT unnest(?::bigint[]) AS rid`, rids)
}

// Undo goes back to the savepoint of a request.
func (c *conn) Undo() error {
	c.drop()
	_, err := c.pg.Exec(c.ctx, `ROLLBACK TO request; RELEASE request`)
	return pgFault(err)
}

// drop forgets what waits.
func (c *conn) drop() {
	c.wait = c.wait[:0]
	c.bulks = nil
}

// tuple reads one row of a result in PostgreSQL's binary format.
type tuple struct {
	rows   pgx.Rows
	values [][]byte
}

func (t *tuple) Null(i int) bool { return t.values[i] == nil }

func (t *tuple) Int(i int) int64 {
	switch v := t.values[i]; len(v) {
	case 1:
		return int64(v[0])
	case 2:
		return int64(int16(binary.BigEndian.Uint16(v)))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(v)))
	case 8:
		return int64(binary.BigEndian.Uint64(v))
	}
	return 0
}

func (t *tuple) Float(i int) float64 {
	if len(t.values[i]) != 8 {
		return 0
	}
	return math.Float64frombits(binary.BigEndian.Uint64(t.values[i]))
}

func (t *tuple) Text(i int) string { return string(t.values[i]) }

func (t *tuple) Bytes(i int) []byte {
	if t.values[i] == nil {
		return nil
	}
	return append([]byte{}, t.values[i]...)
}

func (t *tuple) ID(i int) string {
	v := t.values[i]
	if len(v) == 16 {
		return ident.FormatUUID(v)
	}
	return strings.Trim(string(v), "\x00")
}

// Numbers of PostgreSQL's types that the schema has (catalogue pg_type).
const (
	typeBytes  = 17
	typeInt8   = 20
	typeInt2   = 21
	typeInt4   = 23
	typeFloat8 = 701
)

// Value reads a column as what it is.
func (t *tuple) Value(i int) any {
	if t.values[i] == nil {
		return nil
	}
	switch t.rows.FieldDescriptions()[i].DataTypeOID {
	case typeBytes:
		return t.Bytes(i)
	case typeFloat8:
		return t.Float(i)
	case typeInt2, typeInt4, typeInt8:
		return t.Int(i)
	}
	return t.Text(i)
}
