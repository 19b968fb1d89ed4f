package sqlite

import (
	"github.com/ncruces/go-sqlite3"

	"chartlake/search"
)

// walkable reports whether the sort parameter has an index in its own order.
func (f *finder) walkable() bool {
	k := f.q.Sort[0]
	return k.Code == "_lastUpdated" || k.Param != nil && k.Param.Kind == search.KindDate
}

// walk goes along the index of the sort parameter, one ordered stream per length class,
// merged, and tests each entry; then come the matches without a value, by rid.
func (f *finder) walk(tt *typed) ([]hit, error) {
	f.walked = true
	if f.q.Sort[0].Code == "_lastUpdated" {
		return f.walkUpdated(tt)
	}
	number, err := f.p.param(tt.name, f.q.Sort[0].Param.Code)
	if err != nil {
		return nil, err
	}
	var hits []hit
	if !f.pos.Rest {
		if hits, err = f.walkDates(tt, number); err != nil || len(hits) >= f.limit {
			return hits, err
		}
	}
	rest, err := f.walkRest(tt, number, f.limit-len(hits))
	return append(hits, rest...), err
}

// stream is one class of the date index.
type stream struct {
	s          *sqlite3.Stmt
	lo, n, rid int64
}

func (f *finder) walkDates(tt *typed, number int64) ([]hit, error) {
	classes, err := f.p.distinct(64, `SELECT min(class) FROM date WHERE p=? AND class>?`, number)
	if err != nil {
		return nil, err
	}
	multi, _, err := f.v.c.one(`SELECT multi FROM param WHERE p=?`, number)
	if err != nil {
		return nil, err
	}
	desc := f.q.Sort[0].Desc
	var streams []*stream
	defer func() {
		for _, st := range streams {
			st.s.Close()
		}
	}()
	for _, class := range classes {
		q := f.walkSQL(tt, number, class, multi != 0)
		s, _, err := f.v.c.db.Prepare(q.sql)
		if err != nil {
			return nil, err
		}
		st := &stream{s: s}
		if err := bind(s, q.args); err != nil {
			s.Close()
			return nil, err
		}
		streams = append(streams, st)
	}
	live := streams[:0:0]
	for _, st := range streams {
		if ok, err := st.next(); err != nil {
			return nil, err
		} else if ok {
			live = append(live, st)
		}
	}
	var hits []hit
	for len(hits) < f.limit && len(live) > 0 {
		best := 0
		for i := range live {
			if before(live[i], live[best], desc) {
				best = i
			}
		}
		st := live[best]
		hits = append(hits, hit{rid: st.rid, keys: []any{st.lo, st.n}})
		ok, err := st.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			live = append(live[:best], live[best+1:]...)
		}
	}
	return hits, nil
}

func (st *stream) next() (bool, error) {
	if st.s.Step() {
		st.lo, st.n, st.rid = st.s.ColumnInt64(0), st.s.ColumnInt64(1), st.s.ColumnInt64(2)
		return true, nil
	}
	return false, st.s.Err()
}

// before orders by start, length and rid; all three turn around when descending.
func before(a, b *stream, desc bool) bool {
	if desc {
		a, b = b, a
	}
	if a.lo != b.lo {
		return a.lo < b.lo
	}
	if a.n != b.n {
		return a.n < b.n
	}
	return a.rid < b.rid
}

// walkSQL is the ordered stream of one class. Where resources have several values only the
// entry counts that sorts the resource; where none has, the filters on the same parameter
// bound the walk.
func (f *finder) walkSQL(tt *typed, number, class int64, multi bool) frag {
	op, dir := ">", ""
	if f.q.Sort[0].Desc {
		op, dir = "<", " DESC"
	}
	q := sqlf(`SELECT d.lo, d.len, d.rid FROM date d WHERE d.p=? AND d.class=? AND d.rid<=?`, number, class, f.pos.Top)
	if len(f.pos.Keys) == 2 {
		lo, n := f.pos.Keys[0].value(), f.pos.Keys[1].value()
		q = q.with(` AND d.lo`+op+`=? AND (d.lo,d.len,d.rid)`+op+`(?,?,?)`, lo, lo, n, f.pos.Last)
	}
	if multi {
		better := "<"
		if f.q.Sort[0].Desc {
			better = ">"
		}
		q = q.with(` AND NOT EXISTS (SELECT 1 FROM forward w WHERE w.rid=d.rid AND w.p=? AND (w.lo` + better + `d.lo OR w.lo=d.lo AND w.hi` + better + `d.len))`)
		q.args = append(q.args, number)
	} else {
		for i := range f.q.Filters {
			fl := &f.q.Filters[i]
			if fl.Param == f.q.Sort[0].Param && fl.Modifier == search.NoModifier && len(fl.Values) == 1 {
				min, max := dateBounds(&fl.Values[0], dateReach(class))
				q = q.with(` AND d.lo>=? AND d.lo<?`, min, max)
			}
		}
	}
	tests := where(tt.conds, -1, "d.rid")
	return join("", q, sqlf(` AND (`), frag{tests.sql[len(` WHERE `):], tests.args}, sqlf(`) ORDER BY d.lo`+dir+`, d.len`+dir+`, d.rid`+dir))
}

// walkRest gives the matches without a value under the sort parameter.
func (f *finder) walkRest(tt *typed, number int64, limit int) ([]hit, error) {
	for i := range f.q.Filters {
		fl := &f.q.Filters[i]
		if fl.Param == f.q.Sort[0].Param && fl.Chain == nil && fl.Modifier == search.NoModifier {
			return nil, nil // the filter wants a value
		}
	}
	last := int64(0)
	if f.pos.Rest {
		last = f.pos.Last
	}
	from, err := f.p.from(tt.name, tt.conds, -1)
	if err != nil {
		return nil, err
	}
	q := join("", sqlf(`SELECT d.rid FROM `), from, where(tt.conds, -1, "d.rid"),
		sqlf(` AND d.rid>? AND d.rid<=? AND NOT EXISTS (SELECT 1 FROM forward WHERE rid=d.rid AND p=?) ORDER BY d.rid LIMIT ?`, last, f.pos.Top, number, limit))
	var hits []hit
	err = f.v.c.query(q.sql, q.args, func(s *sqlite3.Stmt) bool {
		hits = append(hits, hit{rid: s.ColumnInt64(0)})
		return true
	})
	return hits, err
}

func (f *finder) walkUpdated(tt *typed) ([]hit, error) {
	op, dir := ">", ""
	if f.q.Sort[0].Desc {
		op, dir = "<", " DESC"
	}
	q := sqlf(`SELECT d.updated, d.rid FROM resource d INDEXED BY resource_updated WHERE d.type=? AND d.version>0 AND d.deleted=0 AND d.rid<=?`, tt.t, f.pos.Top)
	if len(f.pos.Keys) == 1 {
		last := f.pos.Keys[0].value()
		q = q.with(` AND d.updated`+op+`=? AND (d.updated,d.rid)`+op+`(?,?)`, last, last, f.pos.Last)
	}
	tests := where(tt.conds, -1, "d.rid")
	q = join("", q, sqlf(` AND (`), frag{tests.sql[len(` WHERE `):], tests.args}, sqlf(`) ORDER BY d.updated`+dir+`, d.rid`+dir+` LIMIT ?`, f.limit))
	var hits []hit
	err := f.v.c.query(q.sql, q.args, func(s *sqlite3.Stmt) bool {
		hits = append(hits, hit{rid: s.ColumnInt64(1), keys: []any{s.ColumnInt64(0)}})
		return true
	})
	return hits, err
}
