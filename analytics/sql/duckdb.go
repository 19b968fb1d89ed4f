//go:build duckdb

package sql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"chartlake/analytics/view"
	"chartlake/fault"
)

// Engine names what answers.
const Engine = "DuckDB"

// settings shut the engine up in memory: no file, no network, no extension, and no way to change that.
var settings = []string{"SET temp_directory=''", "SET threads=2", "SET autoinstall_known_extensions=false", "SET autoload_known_extensions=false",
	"SET enable_external_access=false", "SET lock_configuration=true"}

func run(ctx context.Context, tables []Table, query string, memory int, to *collector) error {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return err
	}
	defer connector.Close()
	db := sql.OpenDB(connector)
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	d := &inMemory{conn, query}
	setup := append([]string{fmt.Sprintf("SET memory_limit='%dMiB'", memory>>20)}, settings...)
	for _, t := range tables {
		setup = append(setup, create(t))
	}
	for _, s := range setup {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("setting up: %w", err)
		}
	}
	q, err := d.question(ctx)
	if err != nil {
		return d.fault(err)
	}
	named, err := q.tables(tables)
	if err != nil {
		return err
	}
	if err := d.reads(); err != nil {
		return d.fault(err)
	}
	for _, t := range named {
		if err := d.fill(ctx, t); err != nil {
			return d.fault(err)
		}
	}
	return d.fault(d.answer(ctx, to))
}

func create(t Table) string {
	var columns []string
	for _, c := range t.Columns {
		columns = append(columns, quoted(c.Name)+" "+declared(c))
	}
	return "CREATE TABLE " + quoted(t.Name) + " (" + strings.Join(columns, ", ") + ")"
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// declared is the type of a column. Dates are text, because a date may be a year alone.
func declared(c view.Column) string {
	switch {
	case c.Collection:
		return "VARCHAR"
	case c.Type == "boolean":
		return "BOOLEAN"
	case c.Type == "decimal":
		return "DOUBLE"
	case slices.Contains([]string{"integer", "integer64", "positiveInt", "unsignedInt"}, c.Type):
		return "BIGINT"
	}
	return "VARCHAR"
}

// inMemory is a database in memory, and the question to it.
type inMemory struct {
	*sql.Conn
	query string
}

// reads compiles the statement: it is one, it reads, and it wants no parameters. This is beside what
// question says, by another way.
func (d *inMemory) reads() error {
	return d.Raw(func(c any) error {
		prepared, err := c.(driver.Conn).Prepare(d.query) // of several it compiles none
		if err != nil {
			return err
		}
		defer prepared.Close()
		kind, err := prepared.(*duckdb.Stmt).StatementType()
		switch {
		case err != nil:
			return err
		case kind != duckdb.STATEMENT_TYPE_SELECT:
			return errWrites()
		case prepared.NumInput() > 0:
			return errParameters()
		}
		return nil
	})
}

func errParameters() error {
	return invalid("sql_invalid", "there are no parameters: ?, $1 and $name have no value")
}

func (d *inMemory) fill(ctx context.Context, t Table) error {
	return d.Raw(func(c any) error {
		a, err := duckdb.NewAppenderFromConn(c.(driver.Conn), "", t.Name)
		if err != nil {
			return err
		}
		kinds := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			kinds[i] = declared(c)
		}
		values := make([]driver.Value, len(t.Columns))
		err = t.Rows(func(row []any) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			for i, v := range row {
				var err error
				if values[i], err = stored(kinds[i], v); err != nil {
					return err
				}
			}
			return a.AppendRow(values...)
		})
		if closed := a.Close(); err == nil {
			err = closed
		}
		return err
	})
}

// stored is a cell as a column of a type takes it.
func stored(kind string, v any) (driver.Value, error) {
	if v == nil {
		return nil, nil
	}
	x, err := plain(v)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "VARCHAR":
		if s, ok := x.(string); ok {
			return strings.ToValidUTF8(s, "\uFFFD"), nil
		}
	case "BOOLEAN":
		if b, ok := x.(bool); ok {
			return b, nil
		}
	case "BIGINT":
		if n, ok := x.(int64); ok {
			return n, nil
		}
	case "DOUBLE":
		switch n := x.(type) {
		case float64:
			return n, nil
		case int64:
			return float64(n), nil
		case string: // a number that is too large for a double: infinite, and null in an answer
			f, err := strconv.ParseFloat(n, 64)
			if errors.Is(err, strconv.ErrRange) {
				return f, nil
			}
		}
	}
	return nil, fault.New(fault.Corrupt, "table_value", "a value of a table has not the type of its column")
}

func (d *inMemory) answer(ctx context.Context, to *collector) error {
	rows, err := d.QueryContext(ctx, d.query)
	if err != nil {
		return err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	cells, into, kinds := make([]any, len(types)), make([]any, len(types)), make([]string, len(types))
	for i, t := range types {
		c := view.Column{Name: t.Name()}
		switch kinds[i] = t.DatabaseTypeName(); kinds[i] {
		case "BOOLEAN":
			c.Type = "boolean"
		case "DOUBLE", "FLOAT":
			c.Type = "decimal"
		}
		to.Columns = append(to.Columns, c)
		into[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		row := make([]any, len(cells))
		for i, v := range cells {
			row[i] = cell(v, kinds[i])
		}
		if err := to.add(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// cell gives a value of the driver as answers have them; what is neither number nor truth is text, lists
// and structures as JSON.
func cell(v any, kind string) any {
	switch x := v.(type) {
	case nil, bool, int64:
		return v
	case string:
		return strings.ToValidUTF8(x, "\uFFFD")
	case []byte:
		if kind == "UUID" && len(x) == len(duckdb.UUID{}) {
			id := duckdb.UUID(x)
			return id.String()
		}
		return strings.ToValidUTF8(string(x), "\uFFFD")
	case float64:
		return decimal(x)
	case float32:
		return decimal(float64(x))
	case int8:
		return int64(x)
	case int16:
		return int64(x)
	case int32:
		return int64(x)
	case uint8:
		return int64(x)
	case uint16:
		return int64(x)
	case uint32:
		return int64(x)
	case uint64:
		return whole(new(big.Int).SetUint64(x))
	case *big.Int:
		return whole(x)
	case duckdb.Decimal:
		return decimal(x.Float64())
	case time.Time:
		return moment(x, kind)
	case fmt.Stringer:
		return x.String()
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

func whole(n *big.Int) any {
	if n.IsInt64() {
		return n.Int64()
	}
	return view.Number(n.String())
}

func moment(at time.Time, kind string) string {
	switch kind {
	case "DATE":
		return at.Format(time.DateOnly)
	case "TIME":
		return at.Format("15:04:05.999999")
	}
	return at.UTC().Format("2006-01-02T15:04:05.999999Z07:00")
}

// complaints are those that quote a name only.
var complaints = map[string]string{"Table with name ": "no such table: ", "Referenced column ": "no such column: ", "Scalar Function with name ": "no such function: "}

// fault tells what DuckDB said, without the words of the question: they may be of a patient.
func (d *inMemory) fault(err error) error {
	var says *duckdb.Error
	if !errors.As(err, &says) {
		return err
	}
	switch says.Type {
	case duckdb.ErrorTypeOutOfMemory:
		return errMemory()
	case duckdb.ErrorTypePermission:
		return errWrites()
	}
	for begin, short := range complaints {
		if _, rest, ok := strings.Cut(says.Msg, begin); ok {
			if name := strings.Trim(strings.Fields(rest + " x")[0], `"!`); schemaName(name) {
				return invalid("sql_invalid", "%s%s", short, name)
			}
		}
	}
	return errNotUnderstood()
}

func errNotUnderstood() error {
	return invalid("sql_invalid", "SQL is not understood, or a function in it fails")
}

// schemaName says whether this is a name as tables, columns and functions have.
func schemaName(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") == ""
}
