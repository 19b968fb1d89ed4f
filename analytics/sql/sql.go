package sql

import (
	"context"
	"strings"
	"time"

	"chartlake/analytics/view"
	"chartlake/fault"
)

// Bounds of one question.
const (
	MaxQuery    = 64 << 10        // bytes of its text
	MaxRows     = 1_000_000       // of the answer
	MaxAnswer   = 256 << 20       // bytes of the values in it
	MaxMemory   = 2 << 30         // of the engine, tables included
	MaxTime     = 2 * time.Minute // with the filling of the tables
	DefaultRows = 10_000          // of the answer where the asker names no number
)

// Table is what a question may read. Rows gives the rows, each in the order of Columns; the row is
// reused. Values are as package view gives them.
type Table struct {
	Name    string
	Columns []view.Column `json:"columns"`
	Rows    func(emit func(row []any) error) error
}

// Answer is a whole answer. Values are nil, bool, int64, view.Number or string.
type Answer struct {
	Columns []view.Column `json:"columns"`
	Rows    [][]any       `json:"rows"`
}

// Ask answers a question over tables, with at most limit rows (0: DefaultRows). Invalid: sql_empty,
// sql_invalid (what SQL does not take, or no statement that only reads), sql_limit for a limit out of bounds.
// TooLarge: sql_too_many_rows, sql_too_large, sql_memory. Unavailable: sql_time.
func Ask(ctx context.Context, tables []Table, query string, limit int) (*Answer, error) {
	return ask(ctx, tables, query, bounds{rows: limit, time: MaxTime, memory: MaxMemory})
}

// bounds are those that a test makes smaller.
type bounds struct {
	rows   int
	time   time.Duration
	memory int
}

func ask(ctx context.Context, tables []Table, query string, b bounds) (*Answer, error) {
	switch {
	case strings.TrimSpace(query) == "":
		return nil, invalid("sql_empty", "there is no SQL to answer")
	case len(query) > MaxQuery:
		return nil, fault.New(fault.TooLarge, "sql_too_large", "SQL has more than %d bytes", MaxQuery)
	case b.rows < 0 || b.rows > MaxRows:
		return nil, invalid("sql_limit", "an answer has 1 to %d rows", MaxRows)
	case b.rows == 0:
		b.rows = DefaultRows
	}
	within, cancel := context.WithTimeout(ctx, b.time)
	defer cancel()
	a := &collector{limit: b.rows}
	err := run(within, tables, query, b.memory, a)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case within.Err() != nil:
		return nil, fault.New(fault.Unavailable, "sql_time", "the answer took longer than %s", b.time)
	case err != nil:
		return nil, err
	}
	a.settle()
	return &a.Answer, nil
}

func invalid(code, format string, args ...any) error {
	return fault.New(fault.Invalid, code, format, args...)
}

func errWrites() error {
	return invalid("sql_invalid", "only statements that read are answered: SELECT, WITH, VALUES")
}

func errMemory() error {
	return fault.New(fault.TooLarge, "sql_memory", "the tables and the answer need more than %d MB of memory", MaxMemory>>20)
}

// collector takes the rows of an answer up to its bounds.
type collector struct {
	Answer
	limit int
	bytes int
}

func (c *collector) add(row []any) error {
	if len(c.Rows) == c.limit {
		return fault.New(fault.TooLarge, "sql_too_many_rows", "the answer has more than %d rows; say LIMIT, or ask for more", c.limit)
	}
	for _, v := range row {
		c.bytes += 16
		switch x := v.(type) {
		case string:
			c.bytes += len(x)
		case view.Number:
			c.bytes += len(x)
		}
	}
	if c.bytes > MaxAnswer {
		return fault.New(fault.TooLarge, "sql_too_large", "the answer has more than %d MB", MaxAnswer>>20)
	}
	c.Rows = append(c.Rows, row)
	return nil
}

// settle gives each column that has no type yet the one that its values have, and values the form of
// their column: whole numbers among decimals become decimals, and anything beside text becomes text.
func (c *collector) settle() {
	for i := range c.Columns {
		if c.Columns[i].Type == "" {
			c.Columns[i].Type = c.typeOf(i)
		}
		for _, row := range c.Rows {
			row[i] = as(c.Columns[i].Type, row[i])
		}
	}
}

func (c *collector) typeOf(i int) string {
	kind := ""
	for _, row := range c.Rows {
		switch row[i].(type) {
		case int64:
			if kind == "" {
				kind = "integer64"
			}
		case view.Number:
			if kind == "" || kind == "integer64" {
				kind = "decimal"
			}
		case bool:
			if kind == "" {
				kind = "boolean"
			} else if kind != "boolean" {
				return "string"
			}
		case string:
			return "string"
		}
		if _, truth := row[i].(bool); row[i] != nil && kind == "boolean" && !truth {
			return "string"
		}
	}
	if kind == "" {
		return "string"
	}
	return kind
}
