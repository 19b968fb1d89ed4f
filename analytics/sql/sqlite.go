//go:build !duckdb

package sql

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"chartlake/analytics/view"
)

// Engine names what answers.
const Engine = "SQLite"

func run(ctx context.Context, tables []Table, query string, memoryMax int, to *collector) error {
	db, err := sqlite3.Open(":memory:")
	if err != nil {
		return err
	}
	defer db.Close()
	d := &memory{Conn: db, read: map[string]bool{}}
	if err := d.prepare(ctx, tables, memoryMax); err != nil {
		return err
	}
	if err := d.answer(query, nil); err != nil { // which tables are read is known when it is compiled
		return d.fault(err, query)
	}
	for _, t := range tables {
		if !d.read[t.Name] {
			continue
		}
		if err := d.fill(t); err != nil {
			return d.fault(err, query)
		}
	}
	return d.fault(d.answer(query, to), query)
}

// memory is a database in memory, and the tables that a statement was seen to read.
type memory struct {
	*sqlite3.Conn
	read map[string]bool
}

func (d *memory) prepare(ctx context.Context, tables []Table, memoryMax int) error {
	d.SetInterrupt(ctx)
	d.HardHeapLimit(int64(memoryMax))
	d.Limit(sqlite3.LIMIT_LENGTH, 64<<20)
	d.Limit(sqlite3.LIMIT_ATTACHED, 0)
	setup := "PRAGMA temp_store=MEMORY; PRAGMA journal_mode=OFF; PRAGMA trusted_schema=OFF;"
	for _, t := range tables {
		var columns []string
		for _, c := range t.Columns {
			columns = append(columns, sqlite3.QuoteIdentifier(c.Name)+" "+declared(c))
		}
		setup += "CREATE TABLE " + sqlite3.QuoteIdentifier(t.Name) + " (" + strings.Join(columns, ", ") + ");"
	}
	if err := d.Exec(setup); err != nil {
		return err
	}
	_, err := d.Config(sqlite3.DBCONFIG_DQS_DML, false) // "x" names a column, or nothing
	return err
}

// declared is the type of a column; DATE and the like would make numbers of years.
func declared(c view.Column) string {
	switch {
	case c.Collection:
		return "TEXT"
	case c.Type == "boolean":
		return "BOOLEAN"
	case c.Type == "decimal":
		return "REAL"
	case slices.Contains([]string{"integer", "integer64", "positiveInt", "unsignedInt"}, c.Type):
		return "INTEGER"
	}
	return "TEXT"
}

func (d *memory) fill(t Table) error {
	insert, _, err := d.Prepare("INSERT INTO " + sqlite3.QuoteIdentifier(t.Name) + " VALUES (?" + strings.Repeat(",?", len(t.Columns)-1) + ")")
	if err != nil {
		return err
	}
	defer insert.Close()
	if err := d.Exec("BEGIN"); err != nil {
		return err
	}
	if err := t.Rows(func(row []any) error {
		for i, v := range row {
			if err := bind(insert, i+1, v); err != nil {
				return err
			}
		}
		return insert.Exec()
	}); err != nil {
		return err
	}
	return d.Exec("COMMIT")
}

func bind(s *sqlite3.Stmt, i int, v any) error {
	v, err := plain(v)
	if err != nil {
		return err
	}
	switch x := v.(type) {
	case bool:
		return s.BindBool(i, x)
	case int64:
		return s.BindInt64(i, x)
	case float64:
		return s.BindFloat(i, x)
	case string:
		return s.BindText(i, x)
	}
	return s.BindNull(i)
}

// answer compiles the statement and gives its rows to a collector; with none it is compiled only.
func (d *memory) answer(query string, to *collector) error {
	if err := d.SetAuthorizer(d.may); err != nil {
		return err
	}
	defer d.SetAuthorizer(nil)
	s, rest, err := d.Prepare(query)
	if err != nil {
		return err
	}
	if s == nil {
		return invalid("sql_empty", "there is no SQL to answer")
	}
	defer s.Close()
	if more, _, err := d.Prepare(rest); err != nil || more != nil {
		more.Close()
		return invalid("sql_invalid", "one statement is answered at a time")
	}
	if !s.ReadOnly() {
		return errWrites()
	}
	if s.BindCount() > 0 {
		return invalid("sql_invalid", "there are no parameters: ?, :name, @name and $name have no value")
	}
	if to == nil {
		return nil
	}
	for i := range s.ColumnCount() {
		c := view.Column{Name: s.ColumnName(i)}
		if s.ColumnDeclType(i) == "BOOLEAN" {
			c.Type = "boolean"
		}
		to.Columns = append(to.Columns, c)
	}
	for s.Step() {
		row := make([]any, len(to.Columns))
		for i := range row {
			row[i] = cell(s, i)
		}
		if err := to.add(row); err != nil {
			return err
		}
	}
	return s.Err()
}

// may lets a statement read, and nothing else.
func (d *memory) may(action sqlite3.AuthorizerActionCode, name, _, _, _ string) sqlite3.AuthorizerReturnCode {
	switch action {
	case sqlite3.AUTH_READ:
		d.read[name] = true
		return sqlite3.AUTH_OK
	case sqlite3.AUTH_SELECT, sqlite3.AUTH_FUNCTION, sqlite3.AUTH_RECURSIVE:
		return sqlite3.AUTH_OK
	}
	return sqlite3.AUTH_DENY
}

func cell(s *sqlite3.Stmt, i int) any {
	switch s.ColumnType(i) {
	case sqlite3.INTEGER:
		return s.ColumnInt64(i)
	case sqlite3.FLOAT:
		return decimal(s.ColumnFloat(i))
	case sqlite3.TEXT, sqlite3.BLOB:
		return strings.ToValidUTF8(s.ColumnText(i), "\uFFFD")
	}
	return nil
}

// named are the complaints that quote a name only.
var named = []string{"no such table: ", "no such column: ", "no such function: ", "ambiguous column name: ", "wrong number of arguments to function "}

// fault tells what SQLite said, without the words of the question: they may be of a patient.
func (d *memory) fault(err error, query string) error {
	var code sqlite3.ErrorCode
	if !errors.As(err, &code) {
		return err
	}
	switch code {
	case sqlite3.NOMEM, sqlite3.TOOBIG, sqlite3.FULL:
		return errMemory()
	case sqlite3.AUTH:
		return errWrites()
	}
	var says *sqlite3.Error
	if !errors.As(err, &says) {
		return invalid("sql_invalid", "SQL is not understood, or a function in it fails")
	}
	text := says.Error()
	for _, n := range named {
		if i := strings.Index(text, n); i >= 0 && schemaName(text[i+len(n):]) {
			return invalid("sql_invalid", "%s", text[i:])
		}
	}
	if at := says.SQL(); at != "" && strings.HasSuffix(query, at) {
		return invalid("sql_invalid", "SQL is not understood at character %d", len([]rune(query[:len(query)-len(at)]))+1)
	}
	return invalid("sql_invalid", "SQL is not understood, or a function in it fails")
}

// schemaName says whether this is a name as tables, columns and functions have: a word, or two with a point.
func schemaName(s string) bool {
	return len(s) <= 64 && strings.Trim(strings.TrimSuffix(s, "()"), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") == ""
}
