package sqlite

import (
	"chartlake/search"
)

// cond is one required condition, compiled in up to two forms: the set of all resources that
// fulfil it, to start from, and a test of one resource, to go on with.
type cond struct {
	what    string // parameter, for the plan
	set     frag   // SELECT … AS rid; empty sql where only a test exists
	ordered bool   // set gives each rid once, in ascending order
	test    func(r string) frag
	size    int64 // rows of set, counted up to countLimit
}

// countLimit bounds how far the planner counts; sets beyond it are large.
const countLimit = 2_000

// inSet tests against the set itself; SQLite makes it once per statement.
func inSet(set frag) func(string) frag {
	return func(r string) frag { return set.wrap(r+" IN (", ")") }
}

func not(test func(string) frag) func(string) frag {
	return func(r string) frag { return test(r).wrap("NOT (", ")") }
}

// planner compiles the filters of one query over one snapshot.
type planner struct{ v *view }

// conds compiles the filters of a type, and the actor's compartments as one more condition:
// it is part of every step, also inside chains.
func (p *planner) conds(resourceType string, filters []search.Filter) ([]cond, error) {
	var list []cond
	for i := range filters {
		c, err := p.filter(resourceType, &filters[i])
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if err := p.v.confine(); err != nil {
		return nil, err
	}
	if p.v.confined {
		c, err := p.compartment(resourceType)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

func (p *planner) compartment(resourceType string) (cond, error) {
	t, err := p.v.s.names.findType(p.v.c, resourceType)
	if err != nil {
		return cond{}, err
	}
	patients := in(p.v.patients)
	where := join("", sqlf(`patient IN `), patients, sqlf(` AND type=?`, t))
	return cond{what: "compartment", set: where.wrap(`SELECT rid FROM compartment WHERE `, ``), ordered: len(p.v.patients) == 1,
		test: func(r string) frag {
			return where.wrap(`EXISTS (SELECT 1 FROM compartment WHERE `, ` AND rid=`+r+`)`)
		}}, nil
}

// param gives the number of a parameter; 0 when nothing has been indexed under it.
func (p *planner) param(typ, code string) (int64, error) {
	return p.v.s.names.findParam(p.v.c, typ, code)
}

func (p *planner) filter(resourceType string, f *search.Filter) (cond, error) {
	switch {
	case f.Has != nil:
		return p.has(resourceType, f)
	case f.Param == nil && f.Code == "_id":
		return p.id(resourceType, f)
	case f.Param == nil:
		return p.lastUpdated(resourceType, f)
	case f.Chain != nil:
		return p.chain(resourceType, f)
	}
	// Parameters of every resource are read through one type in a search of the whole system.
	number, err := p.param(resourceType, f.Param.Code)
	if err != nil {
		return cond{}, err
	}
	if f.Modifier == search.Missing {
		return p.missing(resourceType, f, number)
	}
	var c cond
	switch f.Param.Kind {
	case search.KindToken:
		c, err = p.token(resourceType, f, number)
	case search.KindReference:
		c, err = p.reference(resourceType, f, number)
	case search.KindString:
		c = p.text(f, number)
	case search.KindURI:
		c = p.uri(f, number)
	case search.KindDate:
		c, err = p.date(f, number)
	case search.KindNumber:
		c, err = p.number(f, number)
	case search.KindQuantity:
		c, err = p.quantity(f, number)
	case search.KindComposite:
		c, err = p.composite(f, number)
	}
	c.what = f.Code
	return c, err
}

// has is _has: resources that others refer to.
func (p *planner) has(resourceType string, f *search.Filter) (cond, error) {
	h := f.Has
	number, err := p.param(h.Type, h.Param.Code)
	if err != nil {
		return cond{}, err
	}
	t, err := p.v.s.names.findType(p.v.c, resourceType)
	if err != nil {
		return cond{}, err
	}
	inner, err := p.conds(h.Type, []search.Filter{h.Filter})
	if err != nil {
		return cond{}, err
	}
	from, err := p.matchSet(h.Type, inner)
	if err != nil {
		return cond{}, err
	}
	// The targets may be of other types, deleted, or not there at all.
	set := join("", sqlf(`SELECT DISTINCT x.target AS rid FROM reference x CROSS JOIN resource y ON y.rid=x.target AND y.type=? AND y.version>0 AND y.deleted=0 WHERE x.p=? AND x.target>0 AND x.rid IN (`, t, number), from, sqlf(`)`))
	if d := smallest(inner); d < 0 || inner[d].size >= countLimit {
		// Too many refer: looking at each candidate's own references ends sooner.
		set = frag{}
	}
	return cond{what: "_has", set: set, test: func(r string) frag {
		tests := []frag{sqlf(`x.p=? AND x.target=`+r, number)}
		for _, c := range inner {
			tests = append(tests, c.test("x.rid"))
		}
		return join(" AND ", tests...).wrap(`EXISTS (SELECT 1 FROM reference x WHERE `, `)`)
	}}, nil
}

// chain searches the resources that a reference points to.
func (p *planner) chain(resourceType string, f *search.Filter) (cond, error) {
	number, err := p.param(resourceType, f.Param.Code)
	if err != nil {
		return cond{}, err
	}
	var sets []frag
	for i := range f.Chain {
		link := &f.Chain[i]
		inner, err := p.conds(link.Type, []search.Filter{link.Filter})
		if err != nil {
			return cond{}, err
		}
		from, err := p.matchSet(link.Type, inner)
		if err != nil {
			return cond{}, err
		}
		sets = append(sets, join("", sqlf(`SELECT x.rid FROM (`), from, sqlf(`) i CROSS JOIN reference x ON x.p=? AND x.target=i.rid`, number)))
	}
	set := join(` UNION ALL `, sets...).wrap(`SELECT rid FROM (`, `)`)
	return cond{what: f.Code + ".", set: set, test: inSet(set)}, nil
}

// matchSet gives all resources of a type that fulfil the conditions, starting from the
// smallest set.
func (p *planner) matchSet(resourceType string, list []cond) (frag, error) {
	if err := p.measure(list); err != nil {
		return frag{}, err
	}
	driver := smallest(list)
	from, err := p.from(resourceType, list, driver)
	if err != nil {
		return frag{}, err
	}
	return join("", sqlf(`SELECT d.rid FROM `), from, where(list, driver, "d.rid")), nil
}

// from is what the driver's rows come from, as table d: a set, or all resources of the type.
func (p *planner) from(resourceType string, list []cond, driver int) (frag, error) {
	if driver >= 0 {
		return list[driver].set.wrap(`(`, `) d`), nil
	}
	t, err := p.v.s.names.findType(p.v.c, resourceType)
	return sqlf(`(SELECT rid FROM resource INDEXED BY resource_type WHERE type=? AND version>0 AND deleted=0) d`, t), err
}

// where tests every condition but the driver.
func where(list []cond, driver int, r string) frag {
	var tests []frag
	for i, c := range list {
		if i != driver {
			tests = append(tests, c.test(r))
		}
	}
	if len(tests) == 0 {
		return frag{sql: ` WHERE 1`}
	}
	return join(` AND `, tests...).wrap(` WHERE `, ``)
}

// measure counts the sets, each up to countLimit.
func (p *planner) measure(list []cond) error {
	for i := range list {
		if list[i].set.sql == "" {
			continue
		}
		q := list[i].set.wrap(`SELECT count(*) FROM (SELECT 1 FROM (`, `) LIMIT 2000)`)
		n, _, err := p.v.c.one(q.sql, q.args...)
		if err != nil {
			return sqlFault(err)
		}
		list[i].size = n
	}
	return nil
}

// smallest picks the condition to start from: the smallest set; among large ones a set in
// order of rid. -1 means: start from all resources of the type.
func smallest(list []cond) int {
	best := -1
	for i, c := range list {
		if c.set.sql == "" {
			continue
		}
		if best < 0 || c.size < list[best].size || c.size == list[best].size && c.ordered && !list[best].ordered {
			best = i
		}
	}
	return best
}

// id is _id.
func (p *planner) id(resourceType string, f *search.Filter) (cond, error) {
	t, err := p.v.s.names.findType(p.v.c, resourceType)
	if err != nil {
		return cond{}, err
	}
	var rids []int64
	for _, v := range f.Values {
		rid, ok, err := p.v.c.one(`SELECT rid FROM resource WHERE type=? AND id=? AND version>0 AND deleted=0`, t, storedID(v.Text))
		if err != nil {
			return cond{}, sqlFault(err)
		}
		if ok {
			rids = append(rids, rid)
		}
	}
	list := in(rids)
	test := func(r string) frag { return list.wrap(r+` IN `, ``) }
	if f.Modifier == search.Not {
		return cond{what: "_id", test: func(r string) frag {
			if len(rids) == 0 {
				return frag{sql: "1"}
			}
			return list.wrap(r+` NOT IN `, ``)
		}}, nil
	}
	return cond{what: "_id", set: list.wrap(`SELECT rid FROM resource WHERE rid IN `, ``), ordered: len(rids) <= 1, test: test}, nil
}

func (p *planner) lastUpdated(resourceType string, f *search.Filter) (cond, error) {
	t, err := p.v.s.names.findType(p.v.c, resourceType)
	if err != nil {
		return cond{}, err
	}
	var tests []frag
	for _, v := range f.Values {
		tests = append(tests, dateTest(&v, "u.updated", "(u.updated+1)"))
	}
	any := anyOf(tests)
	return cond{what: "_lastUpdated",
		set: join("", sqlf(`SELECT u.rid FROM resource u INDEXED BY resource_updated WHERE u.type=? AND u.version>0 AND u.deleted=0 AND `, t), any),
		test: func(r string) frag {
			return any.wrap(`EXISTS (SELECT 1 FROM resource u WHERE u.rid=`+r+` AND `, `)`)
		}}, nil
}

// missing is :missing, both ways.
func (p *planner) missing(resourceType string, f *search.Filter, number int64) (cond, error) {
	var have func(string) frag
	switch f.Param.Kind {
	case search.KindDate, search.KindNumber, search.KindQuantity, search.KindString:
		have = func(r string) frag {
			return sqlf(`EXISTS (SELECT 1 FROM forward WHERE rid=`+r+` AND p=?)`, number)
		}
	case search.KindReference:
		sub, err := p.param(resourceType, f.Param.Code+subIdentifier)
		if err != nil {
			return cond{}, err
		}
		have = inSet(sqlf(`SELECT rid FROM reference WHERE p=? UNION ALL SELECT rid FROM token WHERE p=?`, number, sub))
	case search.KindURI:
		have = inSet(sqlf(`SELECT rid FROM uri WHERE p=?`, number))
	case search.KindComposite:
		have = inSet(sqlf(`SELECT rid FROM composite WHERE p=?`, number))
	default:
		have = inSet(sqlf(`SELECT rid FROM token WHERE p=?`, number))
	}
	if f.Missing {
		have = not(have)
	}
	return cond{what: f.Code + ":missing", test: have}, nil
}
