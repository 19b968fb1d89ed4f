package sqlite

import (
	"cmp"
	"slices"
)

// Index rows, as the tables of schema.sql have them. All are values so that a batch of one
// table is one slice, sorted by key before it is written: sorted inserts into the trees are
// several times as fast (docs/performance, and fhir.md of the design).
type (
	tokenRow     struct{ p, c, s, rid int64 }
	referenceRow struct{ p, target, rid int64 }
	dateRow      struct{ p, class, lo, length, rid int64 }
	numberRow    struct {
		p, u, class int64 // u is 0 for plain numbers
		lo, hi      float64
		rid         int64
	}
	stringRow struct {
		p   int64
		v   string
		h   int64
		rid int64
	}
	longRow struct {
		p, rid int64
		v      string
	}
	uriRow struct {
		p   int64
		v   string
		rid int64
	}
	compositeRow struct {
		p, a, b, k, class int64
		lo, hi            any // int64, float64, or nil
		rid               int64
		rest              []byte
	}
	compartmentRow struct{ patient, t, rid int64 }
	forwardRow     struct {
		rid, p int64
		lo, hi any // int64, float64, string, or nil
	}
)

// rows are the index rows of one batch.
type rows struct {
	token       []tokenRow
	reference   []referenceRow
	date        []dateRow
	number      []numberRow
	quantity    []numberRow
	str         []stringRow
	long        []longRow
	uri         []uriRow
	composite   []compositeRow
	compartment []compartmentRow
	forward     []forwardRow
}

func (r *rows) reset() {
	*r = rows{r.token[:0], r.reference[:0], r.date[:0], r.number[:0], r.quantity[:0], r.str[:0], r.long[:0],
		r.uri[:0], r.composite[:0], r.compartment[:0], r.forward[:0]}
}

func (r *rows) empty() bool {
	return len(r.token)+len(r.reference)+len(r.date)+len(r.number)+len(r.quantity)+len(r.str)+len(r.long)+
		len(r.uri)+len(r.composite)+len(r.compartment)+len(r.forward) == 0
}

// class groups spans by the power of two of their length, so that a search for overlap can
// bound the start of what may overlap: 0 for a point, else 1 + ceil(log2(length)).
func dateClass(length int64) int64 {
	if length <= 0 {
		return 0
	}
	c := int64(1)
	for l := int64(1); l < length; l <<= 1 {
		c++
	}
	return c
}

// dateReach is the longest span of a class in milliseconds.
func dateReach(class int64) int64 {
	if class == 0 {
		return 0
	}
	return 1 << (class - 1)
}

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

// write puts the rows into the index, or takes them out, each table in the order of its key.
func (r *rows) write(c *conn, remove bool) error {
	r.sort()
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
			return err
		}
		var buf [9]any
		for i := range n {
			if err := bind(s, args(i, buf[:0])); err != nil {
				return err
			}
			s.Step()
			if err := s.Reset(); err != nil {
				return err
			}
		}
		return nil
	}
	steps := []struct {
		n    int
		args func(i int, a []any) []any
	}{
		{len(r.token), func(i int, a []any) []any { x := &r.token[i]; return append(a, x.p, x.c, x.s, x.rid) }},
		{len(r.reference), func(i int, a []any) []any { x := &r.reference[i]; return append(a, x.p, x.target, x.rid) }},
		{len(r.date), func(i int, a []any) []any { x := &r.date[i]; return append(a, x.p, x.class, x.lo, x.length, x.rid) }},
		{len(r.number), func(i int, a []any) []any { x := &r.number[i]; return append(a, x.p, x.class, x.lo, x.hi, x.rid) }},
		{len(r.quantity), func(i int, a []any) []any {
			x := &r.quantity[i]
			return append(a, x.p, x.u, x.class, x.lo, x.hi, x.rid)
		}},
		{len(r.str), func(i int, a []any) []any { x := &r.str[i]; return append(a, x.p, x.v, x.h, x.rid) }},
		{len(r.long), func(i int, a []any) []any { x := &r.long[i]; return append(a, x.p, x.rid, x.v) }},
		{len(r.uri), func(i int, a []any) []any { x := &r.uri[i]; return append(a, x.p, x.v, x.rid) }},
		{len(r.composite), func(i int, a []any) []any {
			x := &r.composite[i]
			return append(a, x.p, x.a, x.b, x.k, x.class, x.lo, x.hi, x.rid, x.rest)
		}},
		{len(r.compartment), func(i int, a []any) []any { x := &r.compartment[i]; return append(a, x.patient, x.t, x.rid) }},
		{len(r.forward), func(i int, a []any) []any { x := &r.forward[i]; return append(a, x.rid, x.p, x.lo, x.hi) }},
	}
	for i, step := range steps {
		if err := run(i, step.n, step.args); err != nil {
			return err
		}
	}
	return nil
}

func (r *rows) sort() {
	slices.SortFunc(r.token, func(a, b tokenRow) int {
		return cmp.Or(cmp.Compare(a.p, b.p), cmp.Compare(a.c, b.c), cmp.Compare(a.s, b.s), cmp.Compare(a.rid, b.rid))
	})
	slices.SortFunc(r.reference, func(a, b referenceRow) int {
		return cmp.Or(cmp.Compare(a.p, b.p), cmp.Compare(a.target, b.target), cmp.Compare(a.rid, b.rid))
	})
	slices.SortFunc(r.date, func(a, b dateRow) int {
		return cmp.Or(cmp.Compare(a.p, b.p), cmp.Compare(a.class, b.class), cmp.Compare(a.lo, b.lo), cmp.Compare(a.rid, b.rid))
	})
	byNumber := func(a, b numberRow) int {
		return cmp.Or(cmp.Compare(a.p, b.p), cmp.Compare(a.u, b.u), cmp.Compare(a.class, b.class), cmp.Compare(a.lo, b.lo), cmp.Compare(a.rid, b.rid))
	}
	slices.SortFunc(r.number, byNumber)
	slices.SortFunc(r.quantity, byNumber)
	slices.SortFunc(r.str, func(a, b stringRow) int { return cmp.Or(cmp.Compare(a.p, b.p), cmp.Compare(a.v, b.v)) })
	slices.SortFunc(r.uri, func(a, b uriRow) int { return cmp.Or(cmp.Compare(a.p, b.p), cmp.Compare(a.v, b.v)) })
	slices.SortFunc(r.composite, func(a, b compositeRow) int {
		return cmp.Or(cmp.Compare(a.p, b.p), cmp.Compare(a.a, b.a), cmp.Compare(a.b, b.b), cmp.Compare(a.k, b.k))
	})
	slices.SortFunc(r.compartment, func(a, b compartmentRow) int {
		return cmp.Or(cmp.Compare(a.patient, b.patient), cmp.Compare(a.t, b.t), cmp.Compare(a.rid, b.rid))
	})
	slices.SortFunc(r.forward, func(a, b forwardRow) int { return cmp.Or(cmp.Compare(a.rid, b.rid), cmp.Compare(a.p, b.p)) })
}
