package postgres

import (
	"chartlake/store/index"
)

// bulk gathers the rows of an INSERT that is repeated, so that they go to the server as one
// statement over arrays.
type bulk struct {
	*bulkForm
	rows [][]any
}

// bulkForm is an INSERT of the shared code with the same over arrays.
type bulkForm struct {
	insert, arrays string
	columns        func(rows [][]any) []any
}

var bulkForms = []*bulkForm{
	{`INSERT INTO version VALUES (?,?,?,?,?,?,?,0,?)`,
		`INSERT INTO version SELECT seq, rid, version, type, op, time, dict, 0, body
			FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::int[], $5::smallint[], $6::bigint[], $7::int[], $8::bytea[]) r (seq, rid, version, type, op, time, dict, body)`,
		func(rows [][]any) []any {
			return []any{ints[int64](rows, 0), ints[int64](rows, 1), ints[int32](rows, 2), ints[int32](rows, 3), ints[int16](rows, 4), ints[int64](rows, 5), ints[int32](rows, 6), blobs(rows, 7)}
		}},
	{`INSERT INTO resource VALUES (?,?,?,?,?,?,?)`,
		`INSERT INTO resource SELECT * FROM unnest($1::bigint[], $2::int[], $3::bytea[], $4::int[], $5::bigint[], $6::smallint[], $7::bigint[])`,
		func(rows [][]any) []any {
			return []any{ints[int64](rows, 0), ints[int32](rows, 1), blobs(rows, 2), ints[int32](rows, 3), ints[int64](rows, 4), ints[int16](rows, 5), ints[int64](rows, 6)}
		}},
}

func ints[T int16 | int32 | int64](rows [][]any, i int) []T {
	out := make([]T, len(rows))
	for n, r := range rows {
		out[n] = T(r[i].(int64))
	}
	return out
}

func blobs(rows [][]any, i int) [][]byte {
	out := make([][]byte, len(rows))
	for n, r := range rows {
		out[n], _ = r[i].([]byte)
	}
	return out
}

// gather keeps the arguments of a statement that is repeated; false for any other. What is
// gathered comes before the next other statement.
func (c *conn) gather(sql string, args []any) bool {
	for _, b := range c.bulks {
		if b.insert == sql {
			b.rows = append(b.rows, args)
			return true
		}
	}
	for _, f := range bulkForms {
		if f.insert == sql {
			c.bulks = append(c.bulks, &bulk{f, [][]any{args}})
			return true
		}
	}
	return false
}

// settle puts what was gathered behind the statements that wait.
func (c *conn) settle() {
	for _, b := range c.bulks {
		c.wait = append(c.wait, statement{b.arrays, b.columns(b.rows)})
	}
	c.bulks = nil
}

// WriteIndex puts the rows into the index, or takes them out: one statement over arrays for
// each table, in the order of its key.
func (c *conn) WriteIndex(r *index.Rows, remove bool) error {
	r.Sort()
	w := &rowWriter{c: c, remove: remove}
	write(w, "token", r.Token, col("p", "int", func(x *index.Token) int32 { return int32(x.P) }), col("c", "bigint", func(x *index.Token) int64 { return x.C }),
		col("s", "int", func(x *index.Token) int32 { return int32(x.S) }), col("rid", "bigint", func(x *index.Token) int64 { return x.RID }))
	write(w, "reference", r.Reference, col("p", "int", func(x *index.Reference) int32 { return int32(x.P) }), col("target", "bigint", func(x *index.Reference) int64 { return x.Target }),
		col("rid", "bigint", func(x *index.Reference) int64 { return x.RID }))
	write(w, "date", r.Date, col("p", "int", func(x *index.Date) int32 { return int32(x.P) }), col("class", "int", func(x *index.Date) int32 { return int32(x.Class) }),
		col("lo", "bigint", func(x *index.Date) int64 { return x.Lo }), col("len", "bigint", func(x *index.Date) int64 { return x.Len }), col("rid", "bigint", func(x *index.Date) int64 { return x.RID }))
	number := []column[index.Number]{col("p", "int", func(x *index.Number) int32 { return int32(x.P) }), col("class", "int", func(x *index.Number) int32 { return int32(x.Class) }),
		col("lo", "float8", func(x *index.Number) float64 { return x.Lo }), col("hi", "float8", func(x *index.Number) float64 { return x.Hi }), col("rid", "bigint", func(x *index.Number) int64 { return x.RID })}
	write(w, "number", r.Number, number...)
	write(w, "quantity", r.Quantity, append(number, col("u", "int", func(x *index.Number) int32 { return int32(x.U) }))...)
	write(w, "string", r.String, col("p", "int", func(x *index.String) int32 { return int32(x.P) }), col("v", "text", func(x *index.String) string { return x.V }),
		col("h", "bigint", func(x *index.String) int64 { return x.H }), col("rid", "bigint", func(x *index.String) int64 { return x.RID }))
	write(w, "string_long", r.Long, col("p", "int", func(x *index.Long) int32 { return int32(x.P) }), col("rid", "bigint", func(x *index.Long) int64 { return x.RID }),
		col("v", "text", func(x *index.Long) string { return x.V }))
	write(w, "uri", r.URI, col("p", "int", func(x *index.URI) int32 { return int32(x.P) }), col("v", "text", func(x *index.URI) string { return x.V }),
		col("rid", "bigint", func(x *index.URI) int64 { return x.RID }))
	write(w, "compartment", r.Compartment, col("patient", "bigint", func(x *index.Compartment) int64 { return x.Patient }), col("type", "int", func(x *index.Compartment) int32 { return int32(x.T) }),
		col("rid", "bigint", func(x *index.Compartment) int64 { return x.RID }))
	w.forward(r.Forward)
	w.composite(r.Composite)
	return nil
}

// rowWriter makes the statements of one batch of rows.
type rowWriter struct {
	c      *conn
	remove bool
}

// column is one column of a table over rows of one kind.
type column[R any] struct {
	name, sqlType string
	array         func(rows []R) any
}

func col[R, T any](name, sqlType string, value func(*R) T) column[R] {
	return column[R]{name, sqlType, func(rows []R) any {
		out := make([]T, len(rows))
		for i := range rows {
			out[i] = value(&rows[i])
		}
		return out
	}}
}

// write puts off one statement for all rows of a table.
func write[R any](w *rowWriter, table string, rows []R, columns ...column[R]) {
	if len(rows) == 0 {
		return
	}
	names, arrays, same := "", "", ""
	var args []any
	for i, c := range columns {
		if i > 0 {
			names, arrays, same = names+", ", arrays+", ", same+" AND "
		}
		names += c.name
		arrays += "?::" + c.sqlType + "[]"
		same += "t." + c.name + "=u." + c.name
		args = append(args, c.array(rows))
	}
	sql := `INSERT INTO ` + table + ` (` + names + `) SELECT * FROM unnest(` + arrays + `)`
	if w.remove {
		sql = `DELETE FROM ` + table + ` t USING unnest(` + arrays + `) u (` + names + `) WHERE ` + same
	}
	w.c.later(w.c.text(sql, args), args)
}

// forward divides the values by kind.
func (w *rowWriter) forward(rows []index.Forward) {
	var dates, numbers, texts []index.Forward
	for _, r := range rows {
		switch r.Lo.(type) {
		case int64:
			dates = append(dates, r)
		case float64:
			numbers = append(numbers, r)
		default:
			texts = append(texts, r)
		}
	}
	rid, p := col("rid", "bigint", func(x *index.Forward) int64 { return x.RID }), col("p", "int", func(x *index.Forward) int32 { return int32(x.P) })
	lo := func(x *index.Forward) any { return x.Lo }
	hi := func(x *index.Forward) any { return x.Hi }
	write(w, "forward_date", dates, rid, p, col("lo", "bigint", as[int64](lo)), col("hi", "bigint", as[int64](hi)))
	write(w, "forward_number", numbers, rid, p, col("lo", "float8", as[float64](lo)), col("hi", "float8", as[float64](hi)))
	write(w, "forward_string", texts, rid, p, col("lo", "text", as[string](lo)), col("hi", "bigint", as[int64](hi)))
}

// composite divides the rows by the kind of their second part.
func (w *rowWriter) composite(rows []index.Composite) {
	var whole, numbers, texts []index.Composite
	for _, r := range rows {
		switch r.Lo.(type) {
		case int64:
			whole = append(whole, r)
		case float64:
			numbers = append(numbers, r)
		default:
			texts = append(texts, r)
		}
	}
	key := []column[index.Composite]{col("p", "int", func(x *index.Composite) int32 { return int32(x.P) }), col("a", "bigint", func(x *index.Composite) int64 { return x.A }),
		col("b", "bigint", func(x *index.Composite) int64 { return x.B }), col("k", "bigint", func(x *index.Composite) int64 { return x.K }),
		col("class", "int", func(x *index.Composite) int32 { return int32(x.Class) }), col("rid", "bigint", func(x *index.Composite) int64 { return x.RID }),
		col("rest", "bytea", func(x *index.Composite) []byte { return x.Rest })}
	key = key[:len(key):len(key)]
	lo := func(x *index.Composite) any { return x.Lo }
	hi := func(x *index.Composite) any { return x.Hi }
	write(w, "composite", whole, append(key, col("lo", "bigint", as[int64](lo)), col("hi", "bigint", as[int64](hi)))...)
	write(w, "composite_number", numbers, append(key, col("lo", "float8", as[float64](lo)), col("hi", "float8", as[float64](hi)))...)
	write(w, "composite_string", texts, append(key, col("lo", "text", as[string](lo)), col("hi", "bigint", as[int64](hi)))...)
}

// as gives a value that is known to be a T.
func as[T, R any](value func(*R) any) func(*R) T {
	return func(r *R) T {
		v, _ := value(r).(T)
		return v
	}
}
