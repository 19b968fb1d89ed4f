package sqlite

import (
	"github.com/ncruces/go-sqlite3"

	"chartlake/search"
)

// finder finds the matches of one page. It has three ways:
//
//   - in the order of rid, when nothing is to be sorted by;
//   - gather: all matches from the smallest set, sorted by their forward values;
//   - walk: along the sort parameter's own index, testing each entry, when every set is large.
type finder struct {
	v     *view
	p     *planner
	q     *search.Query
	pos   *position
	limit int

	walked bool // the hits come from a walk: one without keys has no sort value
}

// typed is one type of the query with its compiled conditions.
type typed struct {
	name   string
	t      int64
	conds  []cond
	driver int
}

func (f *finder) run(types []string) ([]hit, error) {
	var list []typed
	for _, name := range types {
		t, err := f.v.s.names.findType(f.v.c, name)
		if err != nil {
			return nil, err
		}
		conds, err := f.p.conds(name, f.v.filters(f.q, name))
		if err != nil {
			return nil, err
		}
		if err := f.p.measure(conds); err != nil {
			return nil, err
		}
		list = append(list, typed{name, t, conds, smallest(conds)})
	}
	if len(f.q.Sort) == 0 {
		return f.byRID(list)
	}
	if len(list) == 1 && len(f.q.Sort) == 1 {
		tt := &list[0]
		large := tt.driver < 0 || tt.conds[tt.driver].size >= countLimit
		if large && f.walkable() {
			return f.walk(tt)
		}
	}
	return f.gather(list)
}

// source is the rows of one type's matches, as a sub-query with the column rid.
func (f *finder) source(tt *typed) (frag, error) {
	driver := tt.driver
	if driver >= 0 && tt.conds[driver].size >= countLimit && !tt.conds[driver].ordered && len(f.q.Sort) == 0 {
		// A large set without order would be read whole for each page; all resources of the
		// type in order, tested, cost only what the page needs.
		driver = -1
		for i, c := range tt.conds {
			if c.set.sql != "" && c.ordered {
				driver = i
			}
		}
	}
	from, err := f.p.from(tt.name, tt.conds, driver)
	if err != nil {
		return frag{}, err
	}
	distinct := ""
	if driver >= 0 && !tt.conds[driver].ordered {
		distinct = "DISTINCT "
	}
	bounds := sqlf(` AND d.rid<=?`, f.pos.Top)
	if len(f.q.Sort) == 0 {
		bounds = bounds.with(` AND d.rid>?`, f.pos.Last)
	}
	return join("", sqlf(`SELECT `+distinct+`d.rid AS rid FROM `), from, where(tt.conds, driver, "d.rid"), bounds), nil
}

func (f *finder) byRID(list []typed) ([]hit, error) {
	var sources []frag
	for i := range list {
		s, err := f.source(&list[i])
		if err != nil {
			return nil, err
		}
		sources = append(sources, s)
	}
	all := union(sources).with(` ORDER BY rid LIMIT ?`, f.limit)
	var hits []hit
	err := f.v.c.query(all.sql, all.args, func(s *sqlite3.Stmt) bool {
		hits = append(hits, hit{rid: s.ColumnInt64(0)})
		return true
	})
	return hits, err
}

// sortValue is a resource's value under a sort key, as SQL over a rid.
func (f *finder) sortValue(k search.SortKey, r string) (frag, error) {
	switch k.Code {
	case "_id":
		return sqlf(`(SELECT id FROM resource WHERE rid=` + r + `)`), nil
	case "_lastUpdated":
		return sqlf(`(SELECT updated FROM resource WHERE rid=` + r + `)`), nil
	}
	number, err := f.p.param(k.Param.Type, k.Param.Code)
	if err != nil {
		return frag{}, err
	}
	pick := "min"
	if k.Desc {
		pick = "max"
	}
	return sqlf(`(SELECT `+pick+`(lo) FROM forward WHERE rid=`+r+` AND p=?)`, number), nil
}

// gather sorts all matches. Resources without a value come last in either direction.
func (f *finder) gather(list []typed) ([]hit, error) {
	var sources []frag
	for i := range list {
		s, err := f.source(&list[i])
		if err != nil {
			return nil, err
		}
		sources = append(sources, s)
	}
	columns := frag{sql: `rid`}
	var order []frag
	for i, k := range f.q.Sort {
		name := "k" + itoa(int64(i))
		v, err := f.sortValue(k, "m.rid")
		if err != nil {
			return nil, err
		}
		columns = join("", columns, sqlf(`, `), v, sqlf(` AS `+name))
		dir := ""
		if k.Desc {
			dir = " DESC"
		}
		order = append(order, sqlf(name+` IS NULL, `+name+dir))
	}
	all := join("", sqlf(`SELECT * FROM (SELECT `), columns, sqlf(` FROM (`), union(sources), sqlf(`) m)`))
	if len(f.pos.Keys) == len(f.q.Sort) {
		all = join(` WHERE `, all, f.behind())
	}
	all = join("", all, sqlf(` ORDER BY `), join(`, `, order...), sqlf(`, rid LIMIT ?`, f.limit))
	var hits []hit
	err := f.v.c.query(all.sql, all.args, func(s *sqlite3.Stmt) bool {
		h := hit{rid: s.ColumnInt64(0)}
		for i := range f.q.Sort {
			h.keys = append(h.keys, column(s, i+1))
		}
		hits = append(hits, h)
		return true
	})
	return hits, err
}

// behind is the condition that a row comes after the last one of the page before.
func (f *finder) behind() frag {
	var alternatives []frag
	var equal []frag
	for i, k := range f.q.Sort {
		name, last := "k"+itoa(int64(i)), f.pos.Keys[i].value()
		if last != nil {
			op := ">"
			if k.Desc {
				op = "<"
			}
			more := sqlf(`(`+name+op+`? OR `+name+` IS NULL)`, last)
			alternatives = append(alternatives, join(` AND `, append(equal[:len(equal):len(equal)], more)...))
		}
		equal = append(equal, sqlf(name+` IS ?`, last))
	}
	alternatives = append(alternatives, join(` AND `, append(equal, sqlf(`rid>?`, f.pos.Last))...))
	for i := range alternatives {
		alternatives[i] = alternatives[i].wrap(`(`, `)`)
	}
	return join(` OR `, alternatives...).wrap(`(`, `)`)
}

// column reads a column as what it is.
func column(s *sqlite3.Stmt, i int) any {
	switch s.ColumnType(i) {
	case sqlite3.INTEGER:
		return s.ColumnInt64(i)
	case sqlite3.FLOAT:
		return s.ColumnFloat(i)
	case sqlite3.TEXT:
		return s.ColumnText(i)
	case sqlite3.BLOB:
		return s.ColumnBlob(i, nil)
	}
	return nil
}
