package plan

import (
	"strconv"

	"chartlake/search"
	"chartlake/store/db"
)

// finder finds the matches of one page. It has three ways:
//
//   - in the order of rid, when nothing is to be sorted by;
//   - gather: all matches from the smallest set, sorted by their forward values;
//   - walk: along the sort parameter's own index, testing each entry, when every set is large.
type finder struct {
	p     *Planner
	q     *search.Query
	pos   *Position
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

func (f *finder) run(types []string) ([]Hit, error) {
	var list []typed
	for _, name := range types {
		t, err := f.p.Names.FindType(f.p.Conn, name)
		if err != nil {
			return nil, err
		}
		conds, err := f.p.conds(name, f.p.filters(f.q, name))
		if err != nil {
			return nil, err
		}
		if err := f.p.measure(conds); err != nil {
			return nil, err
		}
		list = append(list, typed{name, t, conds, smallest(conds)})
		f.p.note(name, conds, smallest(conds))
	}
	if len(f.q.Sort) == 0 {
		f.p.say("in the order of storing, a page at a time")
		return f.byRID(list)
	}
	if f.reads() {
		f.p.say("all matches gathered, read and sorted")
		return f.sorted(list)
	}
	if len(list) == 1 && len(f.q.Sort) == 1 {
		tt := &list[0]
		walk := tt.driver < 0 || tt.conds[tt.driver].size >= countLimit
		if f.pos.Last != 0 {
			walk = f.pos.Walk // sets grow and shrink between two pages
		}
		if walk && f.walkable() {
			f.p.say("a walk along " + f.q.Sort[0].Code + ", testing each")
			return f.walk(tt)
		}
	}
	f.p.say("all matches gathered and sorted")
	return f.gather(list)
}

// source is the rows of one type's matches, as a sub-query with the column rid.
func (f *finder) source(tt *typed) (db.Frag, error) {
	driver := tt.driver
	if driver >= 0 && tt.conds[driver].size >= countLimit && !tt.conds[driver].ordered && len(f.q.Sort) == 0 {
		// A large set without order would be read whole for each page; all resources of the
		// type in order, tested, cost only what the page needs.
		driver = -1
		for i, c := range tt.conds {
			if c.set.Text != "" && c.ordered {
				driver = i
			}
		}
	}
	from, err := f.p.from(tt.name, tt.conds, driver)
	if err != nil {
		return db.Frag{}, err
	}
	distinct := ""
	if driver >= 0 && !tt.conds[driver].ordered {
		distinct = "DISTINCT "
	}
	bounds := db.SQL(` AND d.rid<=?`, f.pos.Top)
	if len(f.q.Sort) == 0 {
		bounds = bounds.With(` AND d.rid>?`, f.pos.Last)
	}
	return db.Join("", db.SQL(`SELECT `+distinct+`d.rid AS rid FROM `), from, where(tt.conds, driver, "d.rid"), bounds), nil
}

// sources is source for each type.
func (f *finder) sources(list []typed) ([]db.Frag, error) {
	var out []db.Frag
	for i := range list {
		s, err := f.source(&list[i])
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (f *finder) byRID(list []typed) ([]Hit, error) {
	sources, err := f.sources(list)
	if err != nil {
		return nil, err
	}
	all := union(sources).With(` ORDER BY rid LIMIT ?`, f.limit)
	var hits []Hit
	err = f.p.Conn.Query(all.Text, all.Args, func(s db.Row) bool {
		hits = append(hits, Hit{RID: s.Int(0)})
		return true
	})
	return hits, err
}

// sortValue is a resource's value under a sort key, as SQL over a rid.
func (f *finder) sortValue(k search.SortKey, r string) (db.Frag, error) {
	switch k.Code {
	case "_id":
		return db.SQL(`(SELECT id FROM resource WHERE rid=` + r + `)`), nil
	case "_lastUpdated":
		return db.SQL(`(SELECT updated FROM resource WHERE rid=` + r + `)`), nil
	}
	number, err := f.p.param(k.Param.Type, k.Param.IndexName())
	if err != nil {
		return db.Frag{}, err
	}
	pick := "min"
	if k.Desc {
		pick = "max"
	}
	return db.SQL(`(SELECT `+pick+`(lo) FROM `+f.p.Conn.Table("forward", k.Param.Kind)+` WHERE rid=`+r+` AND p=?)`, number), nil
}

// gather sorts all matches. Resources without a value come last in either direction.
func (f *finder) gather(list []typed) ([]Hit, error) {
	sources, err := f.sources(list)
	if err != nil {
		return nil, err
	}
	columns := db.Frag{Text: `rid`}
	var order []db.Frag
	for i, k := range f.q.Sort {
		name := "k" + strconv.Itoa(i)
		v, err := f.sortValue(k, "m.rid")
		if err != nil {
			return nil, err
		}
		columns = db.Join("", columns, db.SQL(`, `), v, db.SQL(` AS `+name))
		dir := ""
		if k.Desc {
			dir = " DESC"
		}
		order = append(order, db.SQL(name+` IS NULL, `+name+dir))
	}
	all := db.Join("", db.SQL(`SELECT * FROM (SELECT `), columns, db.SQL(` FROM (`), union(sources), db.SQL(`) m) o`))
	if len(f.pos.Keys) == len(f.q.Sort) {
		all = db.Join(` WHERE `, all, f.behind())
	}
	all = db.Join("", all, db.SQL(` ORDER BY `), db.Join(`, `, order...), db.SQL(`, rid LIMIT ?`, f.limit))
	var hits []Hit
	err = f.p.Conn.Query(all.Text, all.Args, func(s db.Row) bool {
		h := Hit{RID: s.Int(0)}
		for i := range f.q.Sort {
			h.Keys = append(h.Keys, s.Value(i+1))
		}
		hits = append(hits, h)
		return true
	})
	return hits, err
}

// behind is the condition that a row comes after the last one of the page before.
func (f *finder) behind() db.Frag {
	var alternatives []db.Frag
	var equal []db.Frag
	for i, k := range f.q.Sort {
		name, last := "k"+strconv.Itoa(i), f.pos.Keys[i].value()
		if last != nil {
			op := ">"
			if k.Desc {
				op = "<"
			}
			more := db.SQL(`(`+name+op+`? OR `+name+` IS NULL)`, last)
			alternatives = append(alternatives, db.Join(` AND `, append(equal[:len(equal):len(equal)], more)...))
		}
		equal = append(equal, db.SQL(name+` IS ?`, last))
	}
	alternatives = append(alternatives, db.Join(` AND `, append(equal, db.SQL(`rid>?`, f.pos.Last))...))
	for i := range alternatives {
		alternatives[i] = alternatives[i].Wrap(`(`, `)`)
	}
	return db.Join(` OR `, alternatives...).Wrap(`(`, `)`)
}
