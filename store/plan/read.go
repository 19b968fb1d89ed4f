package plan

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store/db"
)

// maxRead is how many resources one step of a plan reads to decide by their content: half a
// second of one processor.
const maxRead = 5_000

// maxReads is how many a whole query reads: several steps, or a step for each of several types.
const maxReads = 4 * maxRead

// errTooCostly refuses a step that would read more.
func errTooCostly(what string) error {
	return fault.New(fault.TooLarge, "too_costly", "%s is decided by reading resources, and the other parameters leave more than %d; add one that leaves fewer", what, maxRead)
}

// readable is what can be decided by reading resources only. Those that fulfil the other
// conditions, the actor's compartments among them, are read here and now.
func (p *Planner) readable(resourceType string, others []cond, filters []*search.Filter) (cond, error) {
	from, err := p.matchSet(resourceType, others)
	if err != nil {
		return cond{}, err
	}
	rids, err := p.few(from, filters[0].Code)
	if err != nil {
		return cond{}, err
	}
	var found []int64
	err = p.Read(rids, func(rid int64, res *fhir.Node) error {
		for _, f := range filters {
			if ok, err := p.Catalogue.Matches(f, res); err != nil || !ok {
				return err
			}
		}
		found = append(found, rid)
		return nil
	})
	if err != nil {
		return cond{}, err
	}
	return p.list(filters[0].Code+", read", found), nil
}

// few gives the members of a set in order, or refuses.
func (p *Planner) few(set db.Frag, what string) ([]int64, error) {
	rids, err := p.first(set, maxRead+1)
	if p.read += len(rids); err == nil && (len(rids) > maxRead || p.read > maxReads) {
		err = errTooCostly(what)
	}
	return rids, err
}

// first gives up to limit members of a set, in order where that is all.
func (p *Planner) first(set db.Frag, limit int) (rids []int64, err error) {
	q := set.Wrap(`SELECT DISTINCT rid FROM (`, `) s LIMIT ?`) // sorting here would read it all
	err = p.Conn.Query(q.Text, append(q.Args, limit), func(r db.Row) bool {
		rids = append(rids, r.Int(0))
		return true
	})
	slices.Sort(rids)
	return rids, err
}

// reads reports whether the matches must be gathered here to be sorted: the index has no order
// of the values, or has them sealed.
func (f *finder) reads() bool {
	return slices.ContainsFunc(f.q.Sort, func(k search.SortKey) bool { return f.inBody(k) || f.p.private(k.Param) })
}

// inBody reports whether the values of a sort key are read in the resources.
func (f *finder) inBody(k search.SortKey) bool {
	return k.Param != nil && !search.Support.Ordered(k.Param.Kind)
}

// sortChunk is how many matches have their sort values in memory at once, besides those of a page.
const sortChunk = 1_000

// sorted gathers all matches, some at a time, finds what they are sorted by, and keeps those of
// the page.
func (f *finder) sorted(list []typed) ([]Hit, error) {
	if f.pos.Last != 0 && len(f.pos.Keys) != len(f.q.Sort) {
		return nil, fault.New(fault.Invalid, "bad_cursor", "the page token is of an older version of the server; begin the search anew")
	}
	opened := f.p.openings
	rids, err := f.matches(list)
	if err != nil {
		return nil, err
	}
	texts, err := f.allTexts(list, rids)
	if err != nil {
		return nil, err
	}
	var best []Hit
	for from := 0; from < len(rids); from += sortChunk {
		hits, err := f.keyed(rids[from:min(from+sortChunk, len(rids))])
		if err != nil {
			return nil, err
		}
		for i, all := range texts {
			for n := range hits {
				if all != nil && all[from+n] != "" {
					hits[n].Keys[i] = all[from+n]
				}
			}
		}
		if texts == nil {
			if err := f.sortRead(hits); err != nil {
				return nil, err
			}
		}
		best = append(best, f.behindLast(hits)...)
		if len(best) > 2*f.limit {
			slices.SortFunc(best, f.order)
			best = best[:f.limit]
		}
	}
	if opened = f.p.openings - opened; opened > 0 {
		f.p.say(fmt.Sprintf("_sort: %d sealed values opened", opened))
	}
	slices.SortFunc(best, f.order)
	return best[:min(len(best), f.limit)], nil
}

// matches are all matches in order, as many as can be sorted.
func (f *finder) matches(list []typed) ([]int64, error) {
	sources, err := f.sources(list)
	if err != nil {
		return nil, err
	}
	rids, err := f.p.first(union(sources).Wrap(`SELECT rid FROM (`, `) m`), maxSorted+1)
	if err == nil && len(rids) > maxSorted {
		err = fault.New(fault.TooLarge, "too_costly", "_sort by this parameter gathers all matches, and there are more than %d; add a parameter that leaves fewer", maxSorted)
	}
	return rids, err
}

// allTexts gives the texts of all matches for each sort key that has no order in the index; nil
// where the matches are to be read.
func (f *finder) allTexts(list []typed, rids []int64) ([][]string, error) {
	if !slices.ContainsFunc(f.q.Sort, f.inBody) {
		return nil, nil
	}
	if len(rids) > fewSorted {
		all := make([][]string, len(f.q.Sort))
		whole := true
		for i, k := range f.q.Sort {
			if whole && f.inBody(k) {
				var err error
				if all[i], whole, err = f.sortTexts(list, rids, k); err != nil {
					return nil, err
				}
			}
		}
		if whole {
			return all, nil
		}
	}
	if f.p.read += len(rids); len(rids) > maxRead || f.p.read > maxReads {
		return nil, errTooCostly("_sort by this parameter")
	}
	return nil, nil
}

// behindLast leaves what comes behind the page before.
func (f *finder) behindLast(hits []Hit) []Hit {
	if len(f.pos.Keys) != len(f.q.Sort) {
		return hits
	}
	last := Hit{RID: f.pos.Last}
	for _, k := range f.pos.Keys {
		last.Keys = append(last.Keys, k.value())
	}
	return slices.DeleteFunc(hits, func(h Hit) bool { return f.order(h, last) <= 0 })
}

// keyed gives some matches with their sort values: from the index, opened, or from the resources.
func (f *finder) keyed(rids []int64) ([]Hit, error) {
	hits, at := make([]Hit, len(rids)), make(map[int64]int, len(rids))
	for i, rid := range rids {
		hits[i], at[rid] = Hit{RID: rid, Keys: make([]any, len(f.q.Sort))}, i
	}
	some := f.p.Conn.List(rids)
	columns, places := []db.Frag{db.SQL(`rid`)}, []int(nil)
	for i, k := range f.q.Sort {
		switch {
		case f.inBody(k):
		case f.p.private(k.Param):
			if err := f.sortOpened(hits, at, some, i); err != nil {
				return nil, err
			}
		default:
			v, err := f.sortValue(k, "m.rid")
			if err != nil {
				return nil, err
			}
			columns, places = append(columns, v), append(places, i)
		}
	}
	if len(places) > 0 {
		all := db.Join("", db.SQL(`SELECT `), db.Join(`, `, columns...), db.SQL(` FROM (`), some, db.SQL(`) m`))
		err := f.p.Conn.Query(all.Text, all.Args, func(r db.Row) bool {
			for column, i := range places {
				hits[at[r.Int(0)]].Keys[i] = r.Value(column + 1)
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	return hits, nil
}

// sortRead fills in the sort values that are read in the resources.
func (f *finder) sortRead(hits []Hit) error {
	if !slices.ContainsFunc(f.q.Sort, f.inBody) {
		return nil
	}
	rids := make([]int64, len(hits))
	for i := range hits {
		rids[i] = hits[i].RID
	}
	n := -1
	return f.p.Read(rids, func(_ int64, res *fhir.Node) error {
		n++
		for i, k := range f.q.Sort {
			if !f.inBody(k) {
				continue
			}
			text, ok, err := f.p.Catalogue.SortText(k.Param, res, f.p.Base, k.Desc)
			if err != nil {
				return err
			}
			if ok {
				hits[n].Keys[i] = text
			}
		}
		return nil
	})
}

// order compares two matches by all keys; those without a value come last in either
// direction, equal ones by rid.
func (f *finder) order(a, b Hit) int {
	for i, k := range f.q.Sort {
		x, y := a.Keys[i], b.Keys[i]
		switch {
		case x == nil && y == nil:
			continue
		case x == nil:
			return 1
		case y == nil:
			return -1
		}
		c := compareKeys(x, y)
		if k.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(a.RID, b.RID)
}

// compareKeys orders values as the databases do: numbers, texts byte by byte, bytes.
func compareKeys(x, y any) int {
	switch x := x.(type) {
	case int64:
		if y, ok := y.(int64); ok {
			return cmp.Compare(x, y)
		}
	case float64:
		if y, ok := y.(float64); ok {
			return cmp.Compare(x, y)
		}
	case string:
		if y, ok := y.(string); ok {
			return cmp.Compare(x, y)
		}
	case []byte:
		if y, ok := y.([]byte); ok {
			return bytes.Compare(x, y)
		}
	}
	return cmp.Compare(rank(x), rank(y))
}

func rank(v any) int {
	switch v.(type) {
	case int64, float64:
		return 0
	case string:
		return 1
	}
	return 2
}
