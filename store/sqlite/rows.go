package sqlite

import (
	"chartlake/store/index"
)

// insert and remove are the statements of each table.
var tables = []struct{ name, insert, remove string }{
	{"token", `INSERT OR IGNORE INTO token VALUES (?,?,?,?)`, `DELETE FROM token WHERE p=? AND c=? AND s=? AND rid=?`},
	{"reference", `INSERT OR IGNORE INTO reference VALUES (?,?,?)`, `DELETE FROM reference WHERE p=? AND target=? AND rid=?`},
	{"date", `INSERT OR IGNORE INTO date VALUES (?,?,?,?,?)`, `DELETE FROM date WHERE p=? AND class=? AND lo=? AND len=? AND rid=?`},
	{"number", `INSERT OR IGNORE INTO number VALUES (?,?,?,?,?)`, `DELETE FROM number WHERE p=? AND class=? AND lo=? AND hi=? AND rid=?`},
	{"quantity", `INSERT OR IGNORE INTO quantity VALUES (?,?,?,?,?,?)`, `DELETE FROM quantity WHERE p=? AND u=? AND class=? AND lo=? AND hi=? AND rid=?`},
	{"string", `INSERT OR IGNORE INTO string VALUES (?,?,?,?)`, `DELETE FROM string WHERE p=? AND v=? AND h=? AND rid=?`},
	{"string_long", `INSERT OR IGNORE INTO string_long VALUES (?,?,?)`, `DELETE FROM string_long WHERE p=? AND rid=? AND v=?`},
	{"uri", `INSERT OR IGNORE INTO uri VALUES (?,?,?)`, `DELETE FROM uri WHERE p=? AND v=? AND rid=?`},
	{"composite", `INSERT OR IGNORE INTO composite VALUES (?,?,?,?,?,?,?,?,?)`,
		`DELETE FROM composite WHERE p=? AND a=? AND b=? AND k=? AND class=? AND lo IS ? AND hi IS ? AND rid=? AND rest=?`},
	{"compartment", `INSERT OR IGNORE INTO compartment VALUES (?,?,?)`, `DELETE FROM compartment WHERE patient=? AND type=? AND rid=?`},
	{"forward", `INSERT OR IGNORE INTO forward VALUES (?,?,?,?)`, `DELETE FROM forward WHERE rid=? AND p=? AND lo IS ? AND hi IS ?`},
}

// WriteIndex puts the rows into the index, or takes them out, each table in the order of its key.
func (c *conn) WriteIndex(r *index.Rows, remove bool) error {
	r.Sort()
	run := func(table int, n int, args func(i int, a []any) []any) error {
		if n == 0 {
			return nil
		}
		sql := tables[table].insert
		if remove {
			sql = tables[table].remove
		}
		s, err := c.prepare(sql)
		if err != nil {
			return sqlFault(err)
		}
		var buf [9]any
		for i := range n {
			if err := bind(s, args(i, buf[:0])); err != nil {
				return sqlFault(err)
			}
			s.Step()
			if err := s.Reset(); err != nil {
				return sqlFault(err)
			}
		}
		return nil
	}
	steps := []struct {
		n    int
		args func(i int, a []any) []any
	}{
		{len(r.Token), func(i int, a []any) []any { x := &r.Token[i]; return append(a, x.P, x.C, x.S, x.RID) }},
		{len(r.Reference), func(i int, a []any) []any { x := &r.Reference[i]; return append(a, x.P, x.Target, x.RID) }},
		{len(r.Date), func(i int, a []any) []any { x := &r.Date[i]; return append(a, x.P, x.Class, x.Lo, x.Len, x.RID) }},
		{len(r.Number), func(i int, a []any) []any { x := &r.Number[i]; return append(a, x.P, x.Class, x.Lo, x.Hi, x.RID) }},
		{len(r.Quantity), func(i int, a []any) []any {
			x := &r.Quantity[i]
			return append(a, x.P, x.U, x.Class, x.Lo, x.Hi, x.RID)
		}},
		{len(r.String), func(i int, a []any) []any { x := &r.String[i]; return append(a, x.P, x.V, x.H, x.RID) }},
		{len(r.Long), func(i int, a []any) []any { x := &r.Long[i]; return append(a, x.P, x.RID, x.V) }},
		{len(r.URI), func(i int, a []any) []any { x := &r.URI[i]; return append(a, x.P, x.V, x.RID) }},
		{len(r.Composite), func(i int, a []any) []any {
			x := &r.Composite[i]
			return append(a, x.P, x.A, x.B, x.K, x.Class, x.Lo, x.Hi, x.RID, x.Rest)
		}},
		{len(r.Compartment), func(i int, a []any) []any { x := &r.Compartment[i]; return append(a, x.Patient, x.T, x.RID) }},
		{len(r.Forward), func(i int, a []any) []any { x := &r.Forward[i]; return append(a, x.RID, x.P, x.Lo, x.Hi) }},
	}
	for i, step := range steps {
		if err := run(i, step.n, step.args); err != nil {
			return err
		}
	}
	return nil
}
