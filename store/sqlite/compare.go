package sqlite

import (
	"math"

	"github.com/ncruces/go-sqlite3"

	"chartlake/search"
)

// dateTest compares a span [lo, hi) of a resource, given as SQL, with a query value by the
// table of R4 §3.1.1.4.2.
func dateTest(v *search.Value, lo, hi string) frag {
	from, to := v.Date.Lo, v.Date.Hi
	switch v.Prefix {
	case search.NE:
		return sqlf(`(`+lo+`<? OR `+hi+`>?)`, from, to)
	case search.GT:
		return sqlf(hi+`>?`, to)
	case search.LT:
		return sqlf(lo+`<?`, from)
	case search.GE:
		return sqlf(`(`+hi+`>? OR `+lo+`>=?)`, to, from)
	case search.LE:
		return sqlf(`(`+lo+`<? OR `+hi+`<=?)`, from, to)
	case search.SA:
		return sqlf(lo+`>=?`, to)
	case search.EB:
		return sqlf(hi+`<=?`, from)
	case search.AP:
		return sqlf(`(`+lo+`<? AND `+hi+`>?)`, to, from)
	}
	return sqlf(`(`+lo+`>=? AND `+hi+`<=?)`, from, to)
}

// dateBounds gives the starts [min, max) that a span of at most reach can have to match.
func dateBounds(v *search.Value, reach int64) (min, max int64) {
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
		return minInt(from, to-reach), highest
	case search.LE:
		return lowest, to
	case search.SA:
		return to, highest
	case search.AP:
		return from - reach, to
	}
	return from, to
}

func minInt(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

// numberTest compares the bounds of a number or range of a resource, given as SQL.
func numberTest(v *search.Value, lo, hi string) frag {
	n := v.Number
	switch v.Prefix {
	case search.NE:
		return sqlf(`(`+lo+`<? OR `+hi+`>=?)`, n.Lo, n.Hi)
	case search.GT:
		return sqlf(hi+`>?`, n.Exact)
	case search.LT:
		return sqlf(lo+`<?`, n.Exact)
	case search.GE:
		return sqlf(hi+`>=?`, n.Exact)
	case search.LE:
		return sqlf(lo+`<=?`, n.Exact)
	case search.SA:
		return sqlf(lo+`>?`, n.Exact)
	case search.EB:
		return sqlf(hi+`<?`, n.Exact)
	case search.AP:
		d := math.Abs(n.Exact) / 10
		return sqlf(`(`+hi+`>=? AND `+lo+`<=?)`, n.Exact-d, n.Exact+d)
	}
	return sqlf(`(`+lo+`>=? AND `+hi+`<?)`, n.Lo, n.Hi)
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
		d := math.Abs(n.Exact) / 10
		return n.Exact - d - reach, n.Exact + d
	}
	return n.Lo, n.Hi
}

// distinct lists the different values of a key column below a fixed beginning, one seek each.
// next is SELECT min(column) FROM table WHERE beginning AND column>?; at most limit.
func (p *planner) distinct(limit int, next string, args ...any) ([]int64, error) {
	var list []int64
	last := int64(math.MinInt64)
	for len(list) <= limit {
		v, ok, err := p.v.c.one(next, append(append([]any(nil), args...), last)...)
		if err != nil {
			return nil, sqlFault(err)
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
func (p *planner) date(f *search.Filter, number int64) (cond, error) {
	classes, err := p.distinct(64, `SELECT min(class) FROM date WHERE p=? AND class>?`, number)
	if err != nil {
		return cond{}, err
	}
	var sets, tests []frag
	for i := range f.Values {
		v := &f.Values[i]
		for _, class := range classes {
			min, max := dateBounds(v, dateReach(class))
			sets = append(sets, join("", sqlf(`SELECT rid FROM date WHERE p=? AND class=? AND lo>=? AND lo<? AND `, number, class, min, max),
				dateTest(v, "lo", "(lo+len)")))
		}
		tests = append(tests, dateTest(v, "lo", "(lo+hi)"))
	}
	return cond{set: union(sets), test: forwardTest(number, tests)}, nil
}

// union joins sets; SQLite takes 500 terms in one compound, so they are nested.
func union(sets []frag) frag {
	if len(sets) == 0 {
		return frag{sql: `SELECT rid FROM token WHERE 0`}
	}
	const terms = 200
	for len(sets) > terms {
		var outer []frag
		for i := 0; i < len(sets); i += terms {
			outer = append(outer, join(` UNION ALL `, sets[i:min(i+terms, len(sets))]...).wrap(`SELECT rid FROM (`, `)`))
		}
		sets = outer
	}
	return join(` UNION ALL `, sets...)
}

func forwardTest(number int64, tests []frag) func(string) frag {
	any := anyOf(tests)
	return func(r string) frag {
		return join("", sqlf(`EXISTS (SELECT 1 FROM forward WHERE rid=`+r+` AND p=? AND `, number), any, sqlf(`)`))
	}
}

func (p *planner) number(f *search.Filter, number int64) (cond, error) {
	classes, err := p.distinct(700, `SELECT min(class) FROM number WHERE p=? AND class>?`, number)
	if err != nil {
		return cond{}, err
	}
	var sets, tests []frag
	for i := range f.Values {
		v := &f.Values[i]
		for _, class := range classes {
			min, max := numberBounds(v, numberReach(class))
			sets = append(sets, join("", sqlf(`SELECT rid FROM number WHERE p=? AND class=? AND lo>=? AND lo<=? AND `, number, class, min, max),
				numberTest(v, "lo", "hi")))
		}
		tests = append(tests, numberTest(v, "lo", "hi"))
	}
	return cond{set: union(sets), test: forwardTest(number, tests)}, nil
}

// units finds the numbers of the units that a query value means.
func (p *planner) units(u search.Unit) ([]int64, error) {
	sql, args := `SELECT u FROM unit WHERE system=? AND code=?`, []any{u.System, u.Code}
	switch {
	case u.Text != "":
		sql, args = `SELECT u FROM unit WHERE code=? OR text=?`, []any{u.Text, u.Text}
	case u.Code == "":
		sql, args = `SELECT u FROM unit WHERE system=?`, []any{u.System}
	}
	var list []int64
	err := p.v.c.query(sql, args, func(s *sqlite3.Stmt) bool {
		list = append(list, s.ColumnInt64(0))
		return true
	})
	return list, sqlFault(err)
}

func (p *planner) quantity(f *search.Filter, number int64) (cond, error) {
	have, err := p.distinct(5_000, `SELECT min(u) FROM quantity WHERE p=? AND u>?`, number)
	if err != nil {
		return cond{}, err
	}
	var sets, tests []frag
	for i := range f.Values {
		v := &f.Values[i]
		units := have
		if !v.Unit.Any() {
			wanted, err := p.units(v.Unit)
			if err != nil {
				return cond{}, err
			}
			units = intersect(have, wanted)
		}
		for _, u := range units {
			classes, err := p.distinct(700, `SELECT min(class) FROM quantity WHERE p=? AND u=? AND class>?`, number, u)
			if err != nil {
				return cond{}, err
			}
			for _, class := range classes {
				min, max := numberBounds(v, numberReach(class))
				sets = append(sets, join("", sqlf(`SELECT rid FROM quantity WHERE p=? AND u=? AND class=? AND lo>=? AND lo<=? AND `, number, u, class, min, max),
					numberTest(v, "lo", "hi")))
			}
		}
		tests = append(tests, quantityTest(v, number, units))
	}
	any := anyOf(tests)
	return cond{set: union(sets), test: func(r string) frag {
		return join("", sqlf(`EXISTS (SELECT 1 FROM forward f WHERE f.rid=`+r+` AND f.p=? AND `, number), any, sqlf(`)`))
	}}, nil
}

// quantityTest compares a forward value f, and seeks its row of the right unit.
func quantityTest(v *search.Value, number int64, units []int64) frag {
	test := numberTest(v, "f.lo", "f.hi")
	if v.Unit.Any() {
		return test
	}
	return join("", test, sqlf(` AND EXISTS (SELECT 1 FROM quantity q WHERE q.p=? AND q.u IN `, number), in(units),
		sqlf(` AND q.class=CASE WHEN f.lo=f.hi THEN 0 ELSE q.class END AND q.lo=f.lo AND q.hi=f.hi AND q.rid=f.rid)`))
}

func intersect(a, b []int64) []int64 {
	in := map[int64]bool{}
	for _, v := range b {
		in[v] = true
	}
	var out []int64
	for _, v := range a {
		if in[v] {
			out = append(out, v)
		}
	}
	return out
}
