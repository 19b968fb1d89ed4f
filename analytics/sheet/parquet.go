package sheet

import (
	"io"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"chartlake/analytics/view"
)

const (
	// rowsAtOnce are kept before they are handed on; rowsOfGroup make a row group, the unit that
	// readers skip and share out. A group lies in memory until it is written.
	rowsAtOnce  = 256
	rowsOfGroup = 50_000
)

type parquetWriter struct {
	to      *parquet.GenericWriter[any]
	columns []parquetColumn
	rows    []parquet.Row
	count   int
}

type parquetColumn struct {
	view.Column
	from int // place in the row
	kind kind
}

func newParquet(columns []view.Column, out io.Writer) (Writer, error) {
	w := &parquetWriter{}
	group := parquet.Group{}
	for i, c := range columns {
		node := leaf(kindOf(c))
		if c.Collection {
			node = parquet.Repeated(node)
		} else {
			node = parquet.Optional(node)
		}
		if !c.Collection {
			node = parquet.FieldID(node, i+1) // what package iceberg goes by
		}
		group[c.Name] = node
		w.columns = append(w.columns, parquetColumn{c, i, kindOf(c)})
	}
	schema := parquet.NewSchema("row", ordered{group, columns})
	w.to = parquet.NewGenericWriter[any](out, schema, parquet.Compression(&parquet.Zstd), parquet.CreatedBy("chartlake", "", ""))
	return w, nil
}

// ordered is a group whose fields stand in the order of the columns; a Group sorts them by name.
type ordered struct {
	parquet.Group
	columns []view.Column
}

func (o ordered) Fields() []parquet.Field {
	out := make([]parquet.Field, len(o.columns))
	for _, f := range o.Group.Fields() {
		out[slices.IndexFunc(o.columns, func(c view.Column) bool { return c.Name == f.Name() })] = f
	}
	return out
}

func leaf(k kind) parquet.Node {
	switch k {
	case truth:
		return parquet.Leaf(parquet.BooleanType)
	case whole:
		return parquet.Leaf(parquet.Int64Type)
	case decimal:
		return parquet.Leaf(parquet.DoubleType)
	}
	return parquet.String()
}

func (w *parquetWriter) Write(row []any) error {
	var out parquet.Row
	if n := len(w.rows); n < cap(w.rows) {
		out = w.rows[:n+1][n][:0] // the storage of an earlier row
	}
	for at, c := range w.columns {
		v := row[c.from]
		if !c.Collection {
			x, err := c.value(v)
			if err != nil {
				return err
			}
			defined := 1
			if v == nil {
				defined = 0
			}
			out = append(out, x.Level(0, defined, at))
			continue
		}
		list, _ := v.([]any)
		if len(list) == 0 {
			out = append(out, parquet.NullValue().Level(0, 0, at))
		}
		for i, item := range list {
			x, err := c.value(item)
			if err != nil {
				return err
			}
			out = append(out, x.Level(min(i, 1), 1, at))
		}
	}
	w.rows = append(w.rows, out)
	if w.count++; w.count%rowsOfGroup == 0 {
		if err := w.flush(); err != nil {
			return err
		}
		return w.to.Flush()
	}
	if len(w.rows) == rowsAtOnce {
		return w.flush()
	}
	return nil
}

func (w *parquetWriter) flush() error {
	_, err := w.to.WriteRows(w.rows)
	w.rows = w.rows[:0]
	return err
}

func (w *parquetWriter) Close() error {
	if err := w.flush(); err != nil {
		return err
	}
	return w.to.Close()
}

func (c parquetColumn) value(v any) (parquet.Value, error) {
	switch x := v.(type) {
	case nil:
		return parquet.NullValue(), nil
	case bool:
		if c.kind == truth {
			return parquet.BooleanValue(x), nil
		}
		if c.kind == words {
			return parquet.ByteArrayValue([]byte(strconv.FormatBool(x))), nil
		}
	case int64:
		switch c.kind {
		case whole:
			return parquet.Int64Value(x), nil
		case decimal:
			return parquet.DoubleValue(float64(x)), nil
		case words:
			return parquet.ByteArrayValue([]byte(strconv.FormatInt(x, 10))), nil
		}
	case view.Number:
		if c.kind == words {
			return parquet.ByteArrayValue([]byte(x)), nil
		}
		if f, err := strconv.ParseFloat(string(x), 64); err == nil && c.kind == decimal {
			return parquet.DoubleValue(f), nil
		}
	case string:
		if c.kind == words {
			return parquet.ByteArrayValue([]byte(x)), nil
		}
	}
	return parquet.Value{}, noValue(c.Column)
}
