package plan

import (
	"slices"
	"strconv"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store/db"
	"chartlake/store/index"
)

// cond is one required condition, compiled in up to two forms: the set of all resources that
// fulfil it, to start from, and a test of one resource, to go on with.
type cond struct {
	what    string  // parameter, for the plan
	set     db.Frag // SELECT … AS rid; empty sql where only a test exists
	ordered bool    // set gives each rid once, in ascending order
	test    func(r string) db.Frag
	size    int64 // rows of set, counted up to countLimit
	counted bool  // size is known already
	deep    int   // steps of chains and _has within it that are part of its SQL
}

// countLimit bounds how far the planner counts; sets beyond it are large.
const countLimit = 2_000

// inSet tests against the set itself, which is made once per statement.
func inSet(set db.Frag) func(string) db.Frag {
	return func(r string) db.Frag { return set.Wrap(r+" IN (", ")"+db.Once) }
}

// exists tests by a seek: from is what follows FROM.
func exists(from db.Frag) db.Frag { return from.Wrap(`EXISTS (SELECT 1 FROM `, db.Seek+`)`) }

func not(test func(string) db.Frag) func(string) db.Frag {
	return func(r string) db.Frag { return test(r).Wrap("NOT (", ")") }
}

// conds compiles the filters of a type, and the actor's compartments as one more condition:
// it is part of every step, also inside chains.
func (p *Planner) conds(resourceType string, filters []search.Filter) ([]cond, error) {
	var list []cond
	var read, open, urls []*search.Filter
	for i := range filters {
		switch {
		case filters[i].Reads():
			read = append(read, &filters[i])
			continue
		case p.opens(&filters[i]):
			open = append(open, &filters[i])
			continue
		case p.overURL(&filters[i]):
			urls = append(urls, &filters[i])
			continue
		}
		c, err := p.filter(resourceType, &filters[i])
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if p.Confined {
		c, err := p.compartment(resourceType)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	for len(open) > 0 {
		same, rest := []*search.Filter(nil), []*search.Filter(nil)
		for _, f := range open {
			if f.Param == open[0].Param {
				same = append(same, f)
			} else {
				rest = append(rest, f)
			}
		}
		c, err := p.opened(resourceType, same, list)
		if err != nil {
			return nil, err
		}
		list, open = append(list, c), rest
	}
	for _, f := range urls {
		c, err := p.chain(resourceType, f, list)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if len(read) > 0 {
		c, err := p.readable(resourceType, list, read)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

func (p *Planner) compartment(resourceType string) (cond, error) {
	t, err := p.Names.FindType(p.Conn, resourceType)
	if err != nil {
		return cond{}, err
	}
	patients := db.In(p.Patients)
	where := db.Join("", db.SQL(`patient IN `), patients, db.SQL(` AND type=?`, t))
	return cond{what: "compartment", set: where.Wrap(`SELECT rid FROM compartment WHERE `, ``), ordered: len(p.Patients) == 1,
		test: func(r string) db.Frag {
			return exists(where.Wrap(`compartment WHERE `, ` AND rid=`+r))
		}}, nil
}

// param gives the number of a parameter; 0 when nothing has been indexed under it.
func (p *Planner) param(typ, code string) (int64, error) {
	return p.Names.FindParam(p.Conn, typ, code)
}

func (p *Planner) filter(resourceType string, f *search.Filter) (cond, error) {
	switch {
	case f.Any != nil:
		return p.anyOf(resourceType, f)
	case f.Reads():
		return p.readable(resourceType, nil, []*search.Filter{f})
	case f.Has != nil:
		return p.has(resourceType, f)
	case f.Param == nil && f.Code == "_id":
		return p.id(resourceType, f)
	case f.Param == nil:
		return p.lastUpdated(resourceType, f)
	case f.Chain != nil:
		return p.chain(resourceType, f, nil)
	case p.opens(f):
		return p.opened(resourceType, []*search.Filter{f}, nil)
	}
	// Parameters of every resource are read through one type in a search of the whole system.
	number, err := p.param(resourceType, f.Param.IndexName())
	if err != nil {
		return cond{}, err
	}
	if f.Modifier == search.Missing {
		return p.missing(resourceType, f, number)
	}
	if p.private(f.Param) {
		c, _ := p.byHash(f, number)
		return c, nil
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
		c, err = p.uri(f, number)
	case search.KindDate:
		c, err = p.date(f, number)
	case search.KindNumber:
		c, err = p.number(f, number)
	case search.KindQuantity:
		c, err = p.quantity(f, number)
	case search.KindComposite:
		c, err = p.composite(f, number)
	case search.KindWords:
		c, err = p.words(f, number)
	}
	c.what = f.Code
	return c, err
}

// has is _has: resources that others refer to.
func (p *Planner) has(resourceType string, f *search.Filter) (cond, error) {
	h := f.Has
	number, err := p.param(h.Type, h.Param.IndexName())
	if err != nil {
		return cond{}, err
	}
	t, err := p.Names.FindType(p.Conn, resourceType)
	if err != nil {
		return cond{}, err
	}
	inner, deep, err := p.step(h.Type, &h.Filter)
	if err != nil {
		return cond{}, err
	}
	from, err := p.matchSet(h.Type, inner)
	if err != nil {
		return cond{}, err
	}
	named, err := p.referredByURL(resourceType, h.Param, number, from)
	if err != nil {
		return cond{}, err
	}
	d := smallest(inner)
	if d >= 0 && inner[d].size <= fewReferrers {
		list, err := p.referred(h.Param, resourceType, from)
		return p.found("_has, read", append(list, named...)), err
	}
	// The targets may be of other types, deleted, or not there at all.
	set := db.Join("", db.SQL(`SELECT DISTINCT x.target AS rid FROM reference x CROSS JOIN resource y ON y.rid=x.target AND y.type=? AND y.version>0 AND y.deleted=0 WHERE x.p=? AND x.target>0 AND x.rid IN (`, t, number), from, db.SQL(`)`+db.Once))
	if d < 0 || inner[d].size >= countLimit {
		// Too many refer: looking at each candidate's own references ends sooner.
		set = db.Frag{}
	}
	// One _has stands within another: each has a name of its own for its references.
	p.within++
	x := "x" + strconv.Itoa(p.within)
	c := cond{what: "_has", set: set, deep: deep, test: func(r string) db.Frag {
		tests := []db.Frag{db.SQL(x+`.p=? AND `+x+`.target=`+r, number)}
		for _, c := range inner {
			tests = append(tests, c.test(x+".rid"))
		}
		return exists(db.Join(" AND ", tests...).Wrap(`reference `+x+` WHERE `, ``))
	}}
	if len(named) > 0 {
		also, others := p.found("", named), c.test
		if c.set.Text != "" {
			c.set = union([]db.Frag{c.set, also.set})
		}
		c.test = func(r string) db.Frag { return db.AnyOf([]db.Frag{others(r), also.test(r)}) }
	}
	return c, nil
}

// fewReferrers is how many resources are read to know what they refer to. The index leads from
// what is referred to, so that to go the other way along it costs all references of a parameter.
const fewReferrers = 64

// referred gives the resources of a type that the members of a small set refer to.
func (p *Planner) referred(by *search.Param, resourceType string, set db.Frag) ([]int64, error) {
	rids, err := p.few(set, "_has")
	if err != nil {
		return nil, err
	}
	keys := map[search.Reference]bool{}
	var refs []search.Value
	err = p.Read(rids, func(_ int64, res *fhir.Node) error {
		values, err := p.Catalogue.ExtractOne(res, p.Base, by.IndexName())
		for i := range values {
			ref := search.Reference{Type: values[i].Ref.Type, ID: values[i].Ref.ID}
			if ref.Type == resourceType && !keys[ref] {
				keys[ref] = true
				refs = append(refs, search.Value{Ref: ref})
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	targets, err := p.targets(&search.Filter{Param: by, Values: refs})
	if err != nil {
		return nil, err
	}
	return p.ofType(resourceType, targets, live)
}

// chain searches the resources that a reference points to; others are conditions that must hold
// as well.
func (p *Planner) chain(resourceType string, f *search.Filter, others []cond) (cond, error) {
	number, err := p.param(resourceType, f.Param.IndexName())
	if err != nil {
		return cond{}, err
	}
	var sets []db.Frag
	deepest := 0
	for i := range f.Chain {
		link := &f.Chain[i]
		inner, deep, err := p.step(link.Type, &link.Filter)
		if err != nil {
			return cond{}, err
		}
		deepest = max(deepest, deep)
		from, err := p.matchSet(link.Type, inner)
		if err != nil {
			return cond{}, err
		}
		sets = append(sets, db.Join("", db.SQL(`SELECT x.rid FROM (`), from, db.SQL(`) i CROSS JOIN reference x ON x.p=? AND x.target=i.rid`, number)))
		named, err := p.chainByURL(resourceType, f, link, from, others)
		if err != nil {
			return cond{}, err
		}
		if len(named) > 0 {
			sets = append(sets, p.Conn.List(named))
		}
		held, err := p.chainWithin(resourceType, f, link)
		if err != nil {
			return cond{}, err
		}
		if held.Text != "" {
			sets = append(sets, held)
		}
	}
	set := db.Join(` UNION ALL `, sets...).Wrap(`SELECT rid FROM (`, `) c`)
	return cond{what: f.Code + ".", set: set, test: inSet(set), deep: deepest}, nil
}

// Chains and _has of any length: after so many steps what was found is listed, and the steps
// before it are no longer part of the SQL. It may be so many resources at once, and so many in
// a query, because a statement takes no more values.
const (
	maxDeep   = 6
	maxListed = 5_000
	maxLists  = 20_000
)

// step compiles what must hold at the end of a step, and says how deep its SQL is then.
func (p *Planner) step(resourceType string, f *search.Filter) (inner []cond, deep int, err error) {
	if inner, err = p.conds(resourceType, []search.Filter{*f}); err != nil {
		return nil, 0, err
	}
	for i := range inner {
		deep = max(deep, inner[i].deep)
	}
	if deep < maxDeep {
		return inner, deep + 1, nil
	}
	set, err := p.matchSet(resourceType, inner)
	if err != nil {
		return nil, 0, err
	}
	rids, err := p.first(set, maxListed+1)
	if err != nil {
		return nil, 0, err
	}
	if p.listed += len(rids); len(rids) > maxListed || p.listed > maxLists {
		return nil, 0, fault.New(fault.TooLarge, "too_costly", "after %d steps a chain has found more than %d resources; add a parameter that leaves fewer", maxDeep, maxListed)
	}
	return []cond{p.list(f.Code+", listed", rids)}, 1, nil
}

// list is a condition of resources that are known already.
func (p *Planner) list(what string, rids []int64) cond {
	list := db.In(rids)
	return cond{what: what, set: list.Wrap(`SELECT rid FROM resource WHERE rid IN `, ``), ordered: len(rids) <= 1,
		test: func(r string) db.Frag { return list.Wrap(r+` IN `, ``) }}
}

// found is a condition of resources that are known already, of any number.
func (p *Planner) found(what string, rids []int64) cond {
	slices.Sort(rids)
	rids = slices.Compact(rids)
	if len(rids) <= fewFound {
		return p.list(what, rids)
	}
	set := p.Conn.List(rids)
	return cond{what: what, set: set, ordered: true, test: inSet(set), size: min(int64(len(rids)), countLimit), counted: true}
}

// fewFound is how many resources are listed one by one.
const fewFound = 500

// matchSet gives all resources of a type that fulfil the conditions, starting from the
// smallest set.
func (p *Planner) matchSet(resourceType string, list []cond) (db.Frag, error) {
	if err := p.measure(list); err != nil {
		return db.Frag{}, err
	}
	driver := smallest(list)
	p.note("within: "+resourceType, list, driver)
	from, err := p.from(resourceType, list, driver)
	if err != nil {
		return db.Frag{}, err
	}
	return db.Join("", db.SQL(`SELECT d.rid FROM `), from, where(list, driver, "d.rid")), nil
}

// from is what the driver's rows come from, as table d: a set, or all resources of the type.
func (p *Planner) from(resourceType string, list []cond, driver int) (db.Frag, error) {
	if driver >= 0 {
		return list[driver].set.Wrap(`(`, `) d`), nil
	}
	t, err := p.Names.FindType(p.Conn, resourceType)
	return db.SQL(`(SELECT rid FROM resource INDEXED BY resource_type WHERE type=? AND version>0 AND deleted=0) d`, t), err
}

// where tests every condition but the driver.
func where(list []cond, driver int, r string) db.Frag {
	var tests []db.Frag
	for i, c := range list {
		if i != driver {
			tests = append(tests, c.test(r))
		}
	}
	if len(tests) == 0 {
		return db.Frag{Text: ` WHERE TRUE`}
	}
	return allOf(tests).Wrap(` WHERE `, ``)
}

// measure counts the sets, each up to countLimit.
func (p *Planner) measure(list []cond) error {
	for i := range list {
		if list[i].set.Text == "" || list[i].counted {
			continue
		}
		q := list[i].set.Wrap(`SELECT count(*) FROM (SELECT 1 FROM (`, `) m LIMIT 2000) n`)
		n, _, err := db.One(p.Conn, q.Text, q.Args...)
		if err != nil {
			return err
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
		if c.set.Text == "" {
			continue
		}
		if best < 0 || c.size < list[best].size || c.size == list[best].size && c.ordered && !list[best].ordered {
			best = i
		}
	}
	return best
}

// id is _id.
func (p *Planner) id(resourceType string, f *search.Filter) (cond, error) {
	t, err := p.Names.FindType(p.Conn, resourceType)
	if err != nil {
		return cond{}, err
	}
	var rids []int64
	for _, v := range f.Values {
		rid, ok, err := db.One(p.Conn, `SELECT rid FROM resource WHERE type=? AND id=? AND version>0 AND deleted=0`, t, p.Conn.ID(v.Text))
		if err != nil {
			return cond{}, err
		}
		if ok {
			rids = append(rids, rid)
		}
	}
	if f.Modifier == search.Not {
		list := db.In(rids)
		return cond{what: "_id", test: func(r string) db.Frag {
			if len(rids) == 0 {
				return db.Frag{Text: "TRUE"}
			}
			return list.Wrap(r+` NOT IN `, ``)
		}}, nil
	}
	return p.list("_id", rids), nil
}

func (p *Planner) lastUpdated(resourceType string, f *search.Filter) (cond, error) {
	t, err := p.Names.FindType(p.Conn, resourceType)
	if err != nil {
		return cond{}, err
	}
	var tests []db.Frag
	for _, v := range f.Values {
		tests = append(tests, dateTest(&v, "u.updated", "(u.updated+1)"))
	}
	any := db.AnyOf(tests)
	return cond{what: "_lastUpdated",
		set: db.Join("", db.SQL(`SELECT u.rid FROM resource u INDEXED BY resource_updated WHERE u.type=? AND u.version>0 AND u.deleted=0 AND `, t), any),
		test: func(r string) db.Frag {
			return exists(any.Wrap(`resource u WHERE u.rid=`+r+` AND `, ``))
		}}, nil
}

// missing is :missing, both ways.
func (p *Planner) missing(resourceType string, f *search.Filter, number int64) (cond, error) {
	var have func(string) db.Frag
	switch f.Param.Kind {
	case search.KindDate, search.KindNumber, search.KindQuantity, search.KindString:
		table := "sealed"
		if !p.private(f.Param) {
			table = p.Conn.Table("forward", f.Param.Kind)
		}
		have = func(r string) db.Frag { return exists(db.SQL(table+` WHERE rid=`+r+` AND p=?`, number)) }
	case search.KindReference:
		sub, err := p.param(resourceType, f.Param.IndexName()+index.SubIdentifier)
		if err != nil {
			return cond{}, err
		}
		have = inSet(db.SQL(`SELECT rid FROM reference WHERE p=? UNION ALL SELECT rid FROM token WHERE p=?`, number, sub))
	case search.KindURI:
		table := "uri"
		if p.private(f.Param) {
			table = "sealed"
		}
		have = inSet(db.SQL(`SELECT rid FROM `+table+` WHERE p=?`, number))
	case search.KindComposite:
		have = inSet(db.SQL(`SELECT rid FROM `+p.compositeTable(f.Param)+` WHERE p=?`, number))
	default:
		have = inSet(db.SQL(`SELECT rid FROM token WHERE p=?`, number))
	}
	if f.Missing {
		have = not(have)
	}
	return cond{what: f.Code + ":missing", test: have}, nil
}
