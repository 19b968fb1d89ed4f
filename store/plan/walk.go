package plan

import (
	"chartlake/search"
	"chartlake/store/db"
	"chartlake/store/index"
)

// walkable reports whether the sort parameter has an index in its own order.
func (f *finder) walkable() bool {
	k := f.q.Sort[0]
	return k.Code == "_lastUpdated" || k.Param != nil && k.Param.Kind == search.KindDate
}

// walk goes along the index of the sort parameter, one ordered stream per length class,
// merged, and tests each entry; then come the matches without a value, by rid.
func (f *finder) walk(tt *typed) ([]Hit, error) {
	f.walked = true
	if f.q.Sort[0].Code == "_lastUpdated" {
		return f.walkUpdated(tt)
	}
	number, err := f.p.param(tt.name, f.q.Sort[0].Param.IndexName())
	if err != nil {
		return nil, err
	}
	var hits []Hit
	if !f.pos.Rest {
		if hits, err = f.walkDates(tt, number); err != nil || len(hits) >= f.limit {
			return hits, err
		}
	}
	rest, err := f.walkRest(tt, number, f.limit-len(hits))
	return append(hits, rest...), err
}

// walkDates merges the ordered streams of the length classes.
func (f *finder) walkDates(tt *typed, number int64) ([]Hit, error) {
	classes, err := f.p.distinct(64, `SELECT min(class) FROM date WHERE p=? AND class>?`, number)
	if err != nil {
		return nil, err
	}
	multi, _, err := db.One(f.p.Conn, `SELECT multi FROM param WHERE p=?`, number)
	if err != nil {
		return nil, err
	}
	var streams []db.Frag
	for _, class := range classes {
		streams = append(streams, f.walkSQL(tt, number, class, multi != 0))
	}
	var hits []Hit
	err = f.p.Conn.Merge(streams, f.q.Sort[0].Desc, f.limit, func(lo, length, rid int64) {
		hits = append(hits, Hit{RID: rid, Keys: []any{lo, length}})
	})
	return hits, err
}

// walkSQL is the ordered stream of one class. Where resources have several values only the
// entry counts that sorts the resource; where none has, the filters on the same parameter
// bound the walk.
func (f *finder) walkSQL(tt *typed, number, class int64, multi bool) db.Frag {
	op, dir := ">", ""
	if f.q.Sort[0].Desc {
		op, dir = "<", " DESC"
	}
	q := db.SQL(`SELECT d.lo, d.len, d.rid FROM date d WHERE d.p=? AND d.class=? AND d.rid<=?`, number, class, f.pos.Top)
	if len(f.pos.Keys) == 2 {
		lo, n := f.pos.Keys[0].value(), f.pos.Keys[1].value()
		q = q.With(` AND d.lo`+op+`=? AND (d.lo,d.len,d.rid)`+op+`(?,?,?)`, lo, lo, n, f.pos.Last)
	}
	if multi {
		better := "<"
		if f.q.Sort[0].Desc {
			better = ">"
		}
		q = q.With(` AND NOT EXISTS (SELECT 1 FROM ` + f.p.Conn.Table("forward", search.KindDate) + ` w WHERE w.rid=d.rid AND w.p=? AND (w.lo` + better + `d.lo OR w.lo=d.lo AND w.hi` + better + `d.len)` + db.Seek + `)`)
		q.Args = append(q.Args, number)
	} else {
		for i := range f.q.Filters {
			fl := &f.q.Filters[i]
			if fl.Param == f.q.Sort[0].Param && fl.Modifier == search.NoModifier && len(fl.Values) == 1 {
				min, max := dateBounds(&fl.Values[0], index.DateReach(class))
				q = q.With(` AND d.lo>=? AND d.lo<?`, min, max)
			}
		}
	}
	tests := where(tt.conds, -1, "d.rid")
	return db.Join("", q, db.SQL(` AND (`), db.SQL(tests.Text[len(` WHERE `):], tests.Args...), db.SQL(`) ORDER BY d.lo`+dir+`, d.len`+dir+`, d.rid`+dir))
}

// walkRest gives the matches without a value under the sort parameter.
func (f *finder) walkRest(tt *typed, number int64, limit int) ([]Hit, error) {
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
	q := db.Join("", db.SQL(`SELECT d.rid FROM `), from, where(tt.conds, -1, "d.rid"),
		db.SQL(` AND d.rid>? AND d.rid<=? AND NOT EXISTS (SELECT 1 FROM `+f.p.Conn.Table("forward", search.KindDate)+` WHERE rid=d.rid AND p=?`+db.Seek+`) ORDER BY d.rid LIMIT ?`, last, f.pos.Top, number, limit))
	var hits []Hit
	err = f.p.Conn.Query(q.Text, q.Args, func(s db.Row) bool {
		hits = append(hits, Hit{RID: s.Int(0)})
		return true
	})
	return hits, err
}

func (f *finder) walkUpdated(tt *typed) ([]Hit, error) {
	op, dir := ">", ""
	if f.q.Sort[0].Desc {
		op, dir = "<", " DESC"
	}
	q := db.SQL(`SELECT d.updated, d.rid FROM resource d INDEXED BY resource_updated WHERE d.type=? AND d.version>0 AND d.deleted=0 AND d.rid<=?`, tt.t, f.pos.Top)
	if len(f.pos.Keys) == 1 {
		last := f.pos.Keys[0].value()
		q = q.With(` AND d.updated`+op+`=? AND (d.updated,d.rid)`+op+`(?,?)`, last, last, f.pos.Last)
	}
	tests := where(tt.conds, -1, "d.rid")
	q = db.Join("", q, db.SQL(` AND (`), db.SQL(tests.Text[len(` WHERE `):], tests.Args...), db.SQL(`) ORDER BY d.updated`+dir+`, d.rid`+dir+` LIMIT ?`, f.limit))
	var hits []Hit
	err := f.p.Conn.Query(q.Text, q.Args, func(s db.Row) bool {
		hits = append(hits, Hit{RID: s.Int(1), Keys: []any{s.Int(0)}})
		return true
	})
	return hits, err
}
