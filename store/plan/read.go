package plan

import (
	"bytes"
	"cmp"
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

// reads reports whether the matches must be read to be sorted.
func (f *finder) reads() bool {
	return slices.ContainsFunc(f.q.Sort, func(k search.SortKey) bool { return k.Param != nil && !search.Support.Ordered(k.Param.Kind) })
}

// sorted gathers all matches, reads what the index has no order of, and sorts here.
func (f *finder) sorted(list []typed) ([]Hit, error) {
	hits, err := f.unsorted(list)
	if err != nil {
		return nil, err
	}
	at := map[int64]int{}
	rids := make([]int64, len(hits))
	for i, h := range hits {
		at[h.RID], rids[i] = i, h.RID
	}
	err = f.p.Read(rids, func(rid int64, res *fhir.Node) error {
		h := &hits[at[rid]]
		for i, k := range f.q.Sort {
			if k.Param == nil || search.Support.Ordered(k.Param.Kind) {
				continue
			}
			text, ok, err := f.p.Catalogue.SortText(k.Param, res, f.p.Base, k.Desc)
			if err != nil {
				return err
			}
			if ok {
				h.Keys[i] = text
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(hits, f.order)
	if len(f.pos.Keys) == len(f.q.Sort) {
		last := Hit{RID: f.pos.Last}
		for _, k := range f.pos.Keys {
			last.Keys = append(last.Keys, k.value())
		}
		n := 0
		for n < len(hits) && f.order(hits[n], last) <= 0 {
			n++
		}
		hits = hits[n:]
	}
	return hits[:min(len(hits), f.limit)], nil
}

// unsorted gives all matches with the sort values that the index has.
func (f *finder) unsorted(list []typed) ([]Hit, error) {
	sources, err := f.sources(list)
	if err != nil {
		return nil, err
	}
	columns := db.Frag{Text: `rid`}
	for _, k := range f.q.Sort {
		v := db.Frag{Text: `NULL`}
		if k.Param == nil || search.Support.Ordered(k.Param.Kind) {
			if v, err = f.sortValue(k, "m.rid"); err != nil {
				return nil, err
			}
		}
		columns = db.Join(", ", columns, v)
	}
	all := db.Join("", db.SQL(`SELECT `), columns, db.SQL(` FROM (`), union(sources), db.SQL(`) m LIMIT ?`, maxRead+1))
	var hits []Hit
	err = f.p.Conn.Query(all.Text, all.Args, func(s db.Row) bool {
		h := Hit{RID: s.Int(0)}
		for i := range f.q.Sort {
			h.Keys = append(h.Keys, s.Value(i+1))
		}
		hits = append(hits, h)
		return true
	})
	if f.p.read += len(hits); err == nil && (len(hits) > maxRead || f.p.read > maxReads) {
		err = errTooCostly("_sort by this parameter")
	}
	return hits, err
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
