package postgres

import (
	"strings"

	"chartlake/store/index"
)

// column is one column of a table over rows of one kind: its values become one array.
type column[R any] struct {
	name, array string // the type of the array in SQL
	values      func(rows []R) any
}

func col[R, T any](name, array string, value func(*R) T) column[R] {
	return column[R]{name, array, func(rows []R) any {
		out := make([]T, len(rows))
		for i := range rows {
			out[i] = value(&rows[i])
		}
		return out
	}}
}

// narrow is a column of small numbers, whole one of large ones.
func narrow[R any](name string, value func(*R) int64) column[R] {
	return col(name, "int[]", func(r *R) int32 { return int32(value(r)) })
}

func whole[R any](name string, value func(*R) int64) column[R] { return col(name, "bigint[]", value) }

func double[R any](name string, value func(*R) float64) column[R] {
	return col(name, "float8[]", value)
}

func text[R any](name string, value func(*R) string) column[R] { return col(name, "text[]", value) }

// as gives a value that is known to be a T.
func as[T, R any](value func(*R) any) func(*R) T {
	return func(r *R) T {
		v, _ := value(r).(T)
		return v
	}
}

// indexTables is what each table of the index takes from its rows.
type indexTables struct {
	token       []column[index.Token]
	reference   []column[index.Reference]
	date        []column[index.Date]
	number      []column[index.Number]
	quantity    []column[index.Number]
	hashed      []column[index.Hashed]
	sealed      []column[index.Sealed]
	uri         []column[index.URI]
	compartment []column[index.Compartment]
	forward     kinds[index.Forward]
	composite   kinds[index.Composite]
}

// kinds are the tables for values that are whole numbers, numbers or sealed texts.
type kinds[R any] struct{ whole, double, sealed []column[R] }

var tables = indexTables{
	token: []column[index.Token]{
		narrow("p", func(x *index.Token) int64 { return x.P }),
		whole("c", func(x *index.Token) int64 { return x.C }),
		narrow("s", func(x *index.Token) int64 { return x.S }),
		whole("rid", func(x *index.Token) int64 { return x.RID }),
	},
	reference: []column[index.Reference]{
		narrow("p", func(x *index.Reference) int64 { return x.P }),
		whole("target", func(x *index.Reference) int64 { return x.Target }),
		whole("rid", func(x *index.Reference) int64 { return x.RID }),
	},
	date: []column[index.Date]{
		narrow("p", func(x *index.Date) int64 { return x.P }),
		narrow("class", func(x *index.Date) int64 { return x.Class }),
		whole("lo", func(x *index.Date) int64 { return x.Lo }),
		whole("len", func(x *index.Date) int64 { return x.Len }),
		whole("rid", func(x *index.Date) int64 { return x.RID }),
	},
	number:   numbers,
	quantity: append(numbers[:len(numbers):len(numbers)], narrow("u", func(x *index.Number) int64 { return x.U })),
	hashed: []column[index.Hashed]{
		narrow("p", func(x *index.Hashed) int64 { return x.P }),
		whole("h", func(x *index.Hashed) int64 { return x.H }),
		whole("k", func(x *index.Hashed) int64 { return x.K }),
		whole("rid", func(x *index.Hashed) int64 { return x.RID }),
	},
	sealed: []column[index.Sealed]{
		narrow("p", func(x *index.Sealed) int64 { return x.P }),
		whole("rid", func(x *index.Sealed) int64 { return x.RID }),
		col("v", "bytea[]", func(x *index.Sealed) []byte { return x.V }),
	},
	uri: []column[index.URI]{
		narrow("p", func(x *index.URI) int64 { return x.P }),
		text("v", func(x *index.URI) string { return x.V }),
		whole("rid", func(x *index.URI) int64 { return x.RID }),
	},
	compartment: []column[index.Compartment]{
		whole("patient", func(x *index.Compartment) int64 { return x.Patient }),
		narrow("type", func(x *index.Compartment) int64 { return x.T }),
		whole("rid", func(x *index.Compartment) int64 { return x.RID }),
	},
	forward: byKind([]column[index.Forward]{
		whole("rid", func(x *index.Forward) int64 { return x.RID }),
		narrow("p", func(x *index.Forward) int64 { return x.P }),
	}, func(x *index.Forward) any { return x.Lo }, func(x *index.Forward) any { return x.Hi }),
	composite: byKind([]column[index.Composite]{
		narrow("p", func(x *index.Composite) int64 { return x.P }),
		whole("a", func(x *index.Composite) int64 { return x.A }),
		whole("b", func(x *index.Composite) int64 { return x.B }),
		whole("k", func(x *index.Composite) int64 { return x.K }),
		narrow("class", func(x *index.Composite) int64 { return x.Class }),
		whole("rid", func(x *index.Composite) int64 { return x.RID }),
		col("rest", "bytea[]", func(x *index.Composite) []byte { return x.Rest }),
	}, func(x *index.Composite) any { return x.Lo }, func(x *index.Composite) any { return x.Hi }),
}

var numbers = []column[index.Number]{
	narrow("p", func(x *index.Number) int64 { return x.P }),
	narrow("class", func(x *index.Number) int64 { return x.Class }),
	double("lo", func(x *index.Number) float64 { return x.Lo }),
	double("hi", func(x *index.Number) float64 { return x.Hi }),
	whole("rid", func(x *index.Number) int64 { return x.RID }),
}

// byKind adds the columns lo and hi, which differ by kind. Beside a sealed text, hi is a whole number.
func byKind[R any](key []column[R], lo, hi func(*R) any) kinds[R] {
	key = key[:len(key):len(key)]
	return kinds[R]{
		whole:  append(key, whole("lo", as[int64](lo)), whole("hi", as[int64](hi))),
		double: append(key, double("lo", as[float64](lo)), double("hi", as[float64](hi))),
		sealed: append(key, col("lo", "bytea[]", as[[]byte](lo)), whole("hi", as[int64](hi))),
	}
}

// WriteIndex puts the rows into the index, or takes them out: one statement over arrays for
// each table, in the order of its key.
func (c *conn) WriteIndex(r *index.Rows, remove bool) error {
	r.Sort()
	write(c, remove, "token", r.Token, tables.token)
	write(c, remove, "reference", r.Reference, tables.reference)
	write(c, remove, "date", r.Date, tables.date)
	write(c, remove, "number", r.Number, tables.number)
	write(c, remove, "quantity", r.Quantity, tables.quantity)
	write(c, remove, "hashed", r.Hashed, tables.hashed)
	write(c, remove, "sealed", r.Sealed, tables.sealed)
	write(c, remove, "uri", r.URI, tables.uri)
	write(c, remove, "compartment", r.Compartment, tables.compartment)
	writeKinds(c, remove, "forward_date", "forward", r.Forward, tables.forward, func(x *index.Forward) any { return x.Lo })
	writeKinds(c, remove, "composite", "composite", r.Composite, tables.composite, func(x *index.Composite) any { return x.Lo })
	return nil
}

// write puts off one statement for all rows of a table.
func write[R any](c *conn, remove bool, table string, rows []R, columns []column[R]) {
	if len(rows) == 0 {
		return
	}
	var names, arrays, same []string
	var args []any
	for _, col := range columns {
		names = append(names, col.name)
		arrays = append(arrays, "?::"+col.array)
		same = append(same, "t."+col.name+"=u."+col.name)
		args = append(args, col.values(rows))
	}
	columnList, arrayList := strings.Join(names, ", "), strings.Join(arrays, ", ")
	sql := `INSERT INTO ` + table + ` (` + columnList + `) SELECT * FROM unnest(` + arrayList + `)`
	if remove {
		sql = `DELETE FROM ` + table + ` t USING unnest(` + arrayList + `) u (` + columnList + `) WHERE ` + strings.Join(same, " AND ")
	}
	c.later(c.text(sql, args), args)
}

// writeKinds divides the rows by the kind of their values.
func writeKinds[R any](c *conn, remove bool, wholes, base string, rows []R, columns kinds[R], value func(*R) any) {
	var whole, double, sealed []R
	for i := range rows {
		switch value(&rows[i]).(type) {
		case int64:
			whole = append(whole, rows[i])
		case float64:
			double = append(double, rows[i])
		default:
			sealed = append(sealed, rows[i])
		}
	}
	write(c, remove, wholes, whole, columns.whole)
	write(c, remove, base+"_number", double, columns.double)
	write(c, remove, base+"_sealed", sealed, columns.sealed)
}
