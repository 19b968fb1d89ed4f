package plan

import (
	"fmt"
	"slices"
	"strings"

	"chartlake/fault"
	"chartlake/search"
	"chartlake/store/db"
	"chartlake/store/index"
)

// Private values where the database does not seal its pages: what hashes decide is SQL, as it is
// for codes; for all else values are opened, of the resources that a hash or another condition
// leaves, or of all. What is hashed stands in index/private.go.

// maxOpened is how many values a query opens: some 3 seconds of one processor, and 8 MB of rids.
const maxOpened = 1_000_000

// private reports whether the values of a parameter stand in the index hashed and sealed.
func (p *Planner) private(param *search.Param) bool {
	return param != nil && param.Private && !p.Conn.SealsPages()
}

// opens reports whether a filter is decided by opening values.
func (p *Planner) opens(f *search.Filter) bool {
	return p.private(f.Param) && f.Modifier != search.Missing &&
		slices.ContainsFunc(f.Values, func(v search.Value) bool { return !p.hashed(f, &v, 0).sure })
}

// hash is what the hashes of a parameter say of one value of a filter.
type hash struct {
	h, k int64
	some bool // whatever matches has this hash
	sure bool // and whatever has it matches
}

func (p *Planner) hashed(f *search.Filter, v *search.Value, number int64) (at hash) {
	switch {
	case f.Param.Kind == search.KindDate:
		if v.Prefix == search.EQ {
			at.h, at.k, at.sure, at.some = index.Day(p.Keys, number, v.Date)
		}
	case f.Modifier == search.Exact, f.Param.Kind == search.KindURI && f.Modifier == search.NoModifier:
		at.h, at.k = index.WholeText(p.Keys, number, v.Text)
		at.some, at.sure = true, true
	case f.Param.Kind == search.KindString && f.Modifier != search.Contains:
		at.h, at.k, at.sure, at.some = index.Beginning(p.Keys, number, folded(v.Text))
	}
	return at
}

// folded is a text of a query in the form that texts are sealed in.
func folded(text string) string {
	key, long := index.StringKey(text)
	if long != "" {
		return long
	}
	return key
}

// byHash is all resources with the hash of any value; ok is false where a value has none.
func (p *Planner) byHash(f *search.Filter, number int64) (c cond, ok bool) {
	var all []hash
	var sets []db.Frag
	for i := range f.Values {
		at := p.hashed(f, &f.Values[i], number)
		if !at.some {
			return cond{}, false
		}
		all = append(all, at)
		sets = append(sets, db.SQL(`SELECT rid FROM hashed WHERE p=? AND h=? AND k=?`, number, at.h, at.k))
	}
	c = cond{what: f.Code, set: union(sets), ordered: len(sets) == 1}
	if c.test = inSet(c.set); len(all) <= manyPairs {
		c.test = func(r string) db.Frag {
			var tests []db.Frag
			for _, at := range all {
				tests = append(tests, exists(db.SQL(`hashed WHERE p=? AND h=? AND k=? AND rid=`+r, number, at.h, at.k)))
			}
			return db.AnyOf(tests)
		}
	}
	return c, true
}

// opened decides filters on one parameter by opening its values; others are conditions that must
// hold as well.
func (p *Planner) opened(resourceType string, filters []*search.Filter, others []cond) (cond, error) {
	number, err := p.param(resourceType, filters[0].Param.IndexName())
	if err != nil {
		return cond{}, err
	}
	from, err := p.leaves(filters, number, others)
	if err != nil {
		return cond{}, err
	}
	holds := make([]func([]byte) (bool, error), len(filters))
	found := make([][]int64, len(filters))
	for i, f := range filters {
		holds[i] = matcher(f)
	}
	before := p.openings
	err = p.open(filters[0].Code, number, from, func(rid int64, plain []byte) error {
		for i := range filters {
			ok, err := holds[i](plain)
			if err != nil {
				return err
			}
			if ok {
				found[i] = append(found[i], rid)
			}
		}
		return nil
	})
	p.say(fmt.Sprintf("%s: %d sealed values opened", filters[0].Code, p.openings-before))
	// One value may fulfil one filter, and another value another.
	return p.found(filters[0].Code+", opened", inAll(found)), err
}

// inAll gives the numbers that are in each list.
func inAll(lists [][]int64) []int64 {
	all := lists[0]
	for _, list := range lists[1:] {
		slices.Sort(list)
		all = slices.DeleteFunc(all, func(n int64) bool {
			_, in := slices.BinarySearch(list, n)
			return !in
		})
	}
	return all
}

// leaves gives the sealed values of those that the smallest condition leaves.
func (p *Planner) leaves(filters []*search.Filter, number int64, others []cond) (db.Frag, error) {
	list := slices.Clone(others)
	for _, f := range filters {
		if c, ok := p.byHash(f, number); ok {
			list = append(list, c)
		}
	}
	if err := p.measure(list); err != nil {
		return db.Frag{}, err
	}
	d := smallest(list)
	if d >= 0 && list[d].size >= countLimit {
		// Going through all values costs less than a seek for each resource of a large set.
		d = len(others)
	}
	if d < 0 || d == len(list) {
		return db.SQL(`SELECT rid, v FROM sealed WHERE p=?`, number), nil
	}
	return db.Join("", db.SQL(`SELECT s.rid, s.v FROM (`), list[d].set, db.SQL(`) d CROSS JOIN sealed s ON s.p=? AND s.rid=d.rid`, number)), nil
}

// open calls f with values that a query gives as rid and v, opened.
func (p *Planner) open(what string, number int64, q db.Frag, f func(rid int64, plain []byte) error) error {
	var failed error
	err := p.Conn.Query(q.Text, q.Args, func(r db.Row) bool {
		if p.openings++; p.openings > maxOpened {
			failed = fault.New(fault.TooLarge, "too_costly", "%s is decided by opening sealed values, and more than %d would be opened; add a parameter that leaves fewer", what, maxOpened)
			return false
		}
		plain, err := p.Keys.OpenValue(number, r.Int(0), r.Bytes(1))
		if err == nil {
			err = f(r.Int(0), plain)
		}
		failed = err
		return err == nil
	})
	if err != nil {
		return err
	}
	return failed
}

// matcher says of an opened value whether it fulfils a filter.
func matcher(f *search.Filter) func(plain []byte) (bool, error) {
	if f.Param.Kind == search.KindDate {
		return func(plain []byte) (bool, error) {
			span, err := index.OpenDate(plain)
			return err == nil && slices.ContainsFunc(f.Values, func(v search.Value) bool { return dateHolds(&v, span) }), err
		}
	}
	if f.Param.Kind == search.KindURI {
		return func(plain []byte) (bool, error) {
			return slices.ContainsFunc(f.Values, func(v search.Value) bool {
				have := string(plain)
				return have == v.Text || f.Modifier == search.Below && isBelow(have, v.Text) ||
					f.Modifier == search.Above && !strings.HasSuffix(have, "://") && isBelow(v.Text, have)
			}), nil
		}
	}
	holds := strings.HasPrefix
	if f.Modifier == search.Contains {
		holds = strings.Contains
	}
	want := make([]string, len(f.Values))
	for i := range f.Values {
		if want[i] = folded(f.Values[i].Text); f.Modifier == search.Contains {
			want[i] = search.Fold(f.Values[i].Text)
		}
	}
	return func(plain []byte) (bool, error) {
		text := string(plain)
		return slices.ContainsFunc(want, func(w string) bool { return holds(text, w) }), nil
	}
}

// isBelow reports whether a URL lies below another, by whole segments of its path; other uris
// have nothing below them. It is what Planner.uri asks the index for.
func isBelow(uri, top string) bool {
	return strings.Contains(top, "://") && strings.HasPrefix(uri, strings.TrimSuffix(top, "/")+"/")
}

// dateHolds is dateTest of a span that is here.
func dateHolds(v *search.Value, span search.Range) bool {
	from, to, lo, hi := v.Date.Lo, v.Date.Hi, span.Lo, span.Hi
	switch v.Prefix {
	case search.NE:
		return lo < from || hi > to
	case search.GT:
		return hi > to
	case search.LT:
		return lo < from
	case search.GE:
		return hi > to || lo >= from
	case search.LE:
		return lo < from || hi <= to
	case search.SA:
		return lo >= to
	case search.EB:
		return hi <= from
	case search.AP:
		return lo < to && hi > from
	}
	return lo >= from && hi <= to
}

// openedPart is the second part of composites, a text: it is opened where the first holds.
func (p *Planner) openedPart(param *search.Param, part *search.Value, number int64, first db.Frag) (db.Frag, error) {
	key, _ := index.StringKey(part.Text)
	from := db.Join(` AND `, db.SQL(`SELECT rid, lo FROM `+p.compositeTable(param)+` WHERE p=?`, number), first)
	var rids []int64
	err := p.open(param.Code, number, from, func(rid int64, plain []byte) error {
		if strings.HasPrefix(string(plain), key) {
			rids = append(rids, rid)
		}
		return nil
	})
	return p.Conn.List(rids), err
}

// sortOpened fills in the sort values of a private parameter, the i-th key, of some matches.
func (f *finder) sortOpened(hits []Hit, at map[int64]int, some db.Frag, i int) error {
	k := f.q.Sort[i]
	number, err := f.p.param(k.Param.Type, k.Param.IndexName())
	if err != nil {
		return err
	}
	from := db.Join("", db.SQL(`SELECT s.rid, s.v FROM (`), some, db.SQL(`) m CROSS JOIN sealed s ON s.p=? AND s.rid=m.rid`, number))
	return f.p.open("_sort", number, from, func(rid int64, plain []byte) error {
		var v any
		if k.Param.Kind == search.KindDate {
			span, err := index.OpenDate(plain)
			if err != nil {
				return err
			}
			v = span.Lo
		} else {
			v, _ = index.StringKey(string(plain)) // folded already: its beginning
		}
		have := &hits[at[rid]].Keys[i]
		if *have == nil || (compareKeys(v, *have) > 0) == k.Desc {
			*have = v
		}
		return nil
	})
}
