package plan

import (
	"math"

	"chartlake/search"
	"chartlake/store/db"
	"chartlake/store/index"
)

// dateTest compares a span [lo, hi) of a resource, given as SQL, with a query value by the
// table of R4 §3.1.1.4.2.
func dateTest(v *search.Value, lo, hi string) db.Frag {
	from, to := v.Date.Lo, v.Date.Hi
	switch v.Prefix {
	case search.NE:
		return db.SQL(`(`+lo+`<? OR `+hi+`>?)`, from, to)
	case search.GT:
		return db.SQL(hi+`>?`, to)
	case search.LT:
		return db.SQL(lo+`<?`, from)
	case search.GE:
		return db.SQL(`(`+hi+`>? OR `+lo+`>=?)`, to, from)
	case search.LE:
		return db.SQL(`(`+lo+`<? OR `+hi+`<=?)`, from, to)
	case search.SA:
		return db.SQL(lo+`>=?`, to)
	case search.EB:
		return db.SQL(hi+`<=?`, from)
	case search.AP:
		return db.SQL(`(`+lo+`<? AND `+hi+`>?)`, to, from)
	}
	return db.SQL(`(`+lo+`>=? AND `+hi+`<=?)`, from, to)
}

// dateBounds gives the starts [min, max) that a span of at most reach can have to match.
func dateBounds(v *search.Value, reach int64) (least, most int64) {
	from, to := v.Date.Lo, v.Date.Hi
	lowest, highest := int64(math.MinInt64/2), int64(math.MaxInt64/2)
	switch v.Prefix {
	case search.NE:
		return lowest, highest
	case search.GT:
		return to - reach, highest
	case search.LT, search.EB:
		return lowest, from
	case search.GE:
		return min(from, to-reach), highest
	case search.LE:
		return lowest, to
	case search.SA:
		return to, highest
	case search.AP:
		return from - reach, to
	}
	return from, to
}

// numberTest compares the bounds of a number or range of a resource, given as SQL.
func numberTest(v *search.Value, lo, hi string) db.Frag {
	n := v.Number
	switch v.Prefix {
	case search.NE:
		return db.SQL(`(`+lo+`<? OR `+hi+`>=?)`, n.Lo, n.Hi)
	case search.GT:
		return db.SQL(hi+`>?`, n.Exact)
	case search.LT:
		return db.SQL(lo+`<?`, n.Exact)
	case search.GE:
		return db.SQL(hi+`>=?`, n.Exact)
	case search.LE:
		return db.SQL(lo+`<=?`, n.Exact)
	case search.SA:
		return db.SQL(lo+`>?`, n.Exact)
	case search.EB:
		return db.SQL(hi+`<?`, n.Exact)
	case search.AP:
		return db.SQL(`(`+hi+`>=? AND `+lo+`<=?)`, n.Lo, n.Hi)
	}
	return db.SQL(`(`+lo+`>=? AND `+hi+`<?)`, n.Lo, n.Hi)
}

// numberBounds gives the lower ends [min, max] that a match of at most reach can have.
func numberBounds(v *search.Value, reach float64) (min, max float64) {
	n := v.Number
	lowest, highest := math.Inf(-1), math.Inf(1)
	switch v.Prefix {
	case search.NE:
		return lowest, highest
	case search.GT, search.GE:
		return n.Exact - reach, highest
	case search.LT, search.LE, search.EB:
		return lowest, n.Exact
	case search.SA:
		return n.Exact, highest
	case search.AP:
		return n.Lo - reach, n.Hi
	}
	return n.Lo, n.Hi
}

// distinct lists the different values of a key column below a fixed beginning, one seek each.
// next is SELECT min(column) FROM table WHERE beginning AND column>?; at most limit.
func (p *Planner) distinct(limit int, next string, args ...any) ([]int64, error) {
	var list []int64
	last := int64(math.MinInt64)
	for len(list) <= limit {
		v, ok, err := db.One(p.Conn, next, append(append([]any(nil), args...), last)...)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		list = append(list, v)
		last = v
	}
	return list, nil
}

// date compiles a date filter: bounded ranges of each length class as a set, the forward
// values as a test.
func (p *Planner) date(f *search.Filter, number int64) (cond, error) {
	classes, err := p.distinct(64, `SELECT min(class) FROM date WHERE p=? AND class>?`, number)
	if err != nil {
		return cond{}, err
	}
	var sets, tests []db.Frag
	for i := range f.Values {
		v := &f.Values[i]
		for _, class := range classes {
			min, max := dateBounds(v, index.DateReach(class))
			sets = append(sets, db.Join("", db.SQL(`SELECT rid FROM date WHERE p=? AND class=? AND lo>=? AND lo<? AND `, number, class, min, max),
				dateTest(v, "lo", "(lo+len)")))
		}
		tests = append(tests, dateTest(v, "f.lo", "(f.lo+f.hi)"))
	}
	return cond{set: union(sets), test: p.forwardTest(search.KindDate, number, tests)}, nil
}

// union joins sets; SQLite takes 500 terms in one compound, so they are nested.
func union(sets []db.Frag) db.Frag {
	if len(sets) == 0 {
		return db.Frag{Text: `SELECT rid FROM token WHERE FALSE`}
	}
	const terms = 200
	for len(sets) > terms {
		var outer []db.Frag
		for i := 0; i < len(sets); i += terms {
			outer = append(outer, db.Join(` UNION ALL `, sets[i:min(i+terms, len(sets))]...).Wrap(`SELECT rid FROM (`, `) u`))
		}
		sets = outer
	}
	return db.Join(` UNION ALL `, sets...)
}

// forwardTest seeks a resource's own values under a parameter.
func (p *Planner) forwardTest(kind search.Kind, number int64, tests []db.Frag) func(string) db.Frag {
	any, table := db.AnyOf(tests), p.Conn.Table("forward", kind)
	return func(r string) db.Frag {
		return exists(db.Join("", db.SQL(table+` f WHERE f.rid=`+r+` AND f.p=? AND `, number), any))
	}
}

func (p *Planner) number(f *search.Filter, number int64) (cond, error) {
	classes, err := p.distinct(700, `SELECT min(class) FROM number WHERE p=? AND class>?`, number)
	if err != nil {
		return cond{}, err
	}
	var sets, tests []db.Frag
	for i := range f.Values {
		v := &f.Values[i]
		for _, class := range classes {
			min, max := numberBounds(v, index.NumberReach(class))
			sets = append(sets, db.Join("", db.SQL(`SELECT rid FROM number WHERE p=? AND class=? AND lo>=? AND lo<=? AND `, number, class, min, max),
				numberTest(v, "lo", "hi")))
		}
		tests = append(tests, numberTest(v, "f.lo", "f.hi"))
	}
	return cond{set: union(sets), test: p.forwardTest(search.KindNumber, number, tests)}, nil
}
