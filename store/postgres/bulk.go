package postgres

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
	{`INSERT INTO version VALUES (?,?,?,?,?,?,?,?,?)`,
		`INSERT INTO version (seq, rid, version, type, op, time, dict, key_id, body) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::int[], $5::smallint[], $6::bigint[], $7::int[], $8::int[], $9::bytea[])`,
		func(rows [][]any) []any {
			return []any{ints[int64](rows, 0), ints[int64](rows, 1), ints[int32](rows, 2), ints[int32](rows, 3),
				ints[int16](rows, 4), ints[int64](rows, 5), ints[int32](rows, 6), ints[int32](rows, 7), blobs(rows, 8)}
		}},
	{`INSERT INTO resource VALUES (?,?,?,?,?,?,?)`,
		`INSERT INTO resource (rid, type, id, version, seq, deleted, updated) SELECT * FROM unnest($1::bigint[], $2::int[], $3::bytea[], $4::int[], $5::bigint[], $6::smallint[], $7::bigint[])`,
		func(rows [][]any) []any {
			return []any{ints[int64](rows, 0), ints[int32](rows, 1), blobs(rows, 2), ints[int32](rows, 3),
				ints[int64](rows, 4), ints[int16](rows, 5), ints[int64](rows, 6)}
		}},
	{`INSERT INTO audit VALUES (?,?,?,?,?,?,?,?,?,?)`,
		`INSERT INTO audit SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::bytea[], $9::bytea[], $10::int[])`,
		func(rows [][]any) []any {
			return []any{ints[int64](rows, 0), ints[int64](rows, 1), texts(rows, 2), texts(rows, 3), texts(rows, 4), texts(rows, 5),
				ints[int32](rows, 6), blobs(rows, 7), blobs(rows, 8), ints[int32](rows, 9)}
		}},
	{`INSERT INTO audit_about VALUES (?,?)`, `INSERT INTO audit_about SELECT * FROM unnest($1::bigint[], $2::bigint[])`,
		func(rows [][]any) []any { return []any{ints[int64](rows, 0), ints[int64](rows, 1)} }},
}

func ints[T int16 | int32 | int64](rows [][]any, i int) []T {
	out := make([]T, len(rows))
	for n, r := range rows {
		out[n] = T(r[i].(int64))
	}
	return out
}

func texts(rows [][]any, i int) []string {
	out := make([]string, len(rows))
	for n, r := range rows {
		out[n] = r[i].(string)
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
