package relational

import (
	"slices"

	"chartlake/fault"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/db"
)

// What one page brings along at most: resources, and bytes of their JSON.
const (
	maxIncluded      = 10_000
	maxIncludedBytes = 2 * PageBytes
)

func tooManyIncluded() error {
	return fault.New(fault.TooLarge, "too_many_included", "more than %d included resources or %d MB of them on a page; ask for fewer matches", maxIncluded, maxIncludedBytes>>20)
}

// included gives what _include and _revinclude ask for, each resource once, without the
// matches themselves. The actor's compartments hold here as everywhere.
func (v *view) included(q *search.Query, matches []store.Version, rids []int64) ([]store.Version, error) {
	catalogue, err := v.Parameters()
	if err != nil {
		return nil, err
	}
	in := &includer{v: v, q: q, catalogue: catalogue, seen: map[int64]bool{}, keys: map[store.Key]bool{}, back: map[search.Include]map[int64]int64{}}
	for _, rid := range rids {
		in.seen[rid] = true
	}
	from := matches
	for round := 0; len(from) > 0; round++ {
		in.rids = nil
		for i := range from {
			if err := in.one(&from[i], rids[i], round > 0); err != nil {
				return nil, err
			}
			if len(in.out)+len(in.rids) > maxIncluded {
				return nil, tooManyIncluded()
			}
		}
		before := len(in.out)
		err := v.each(in.rids, func(got *store.Version, size int) (bool, error) {
			in.out = append(in.out, *got)
			if in.bytes += size; in.bytes > maxIncludedBytes {
				return false, tooManyIncluded()
			}
			return true, nil
		})
		if err != nil {
			return nil, err
		}
		from, rids = in.out[before:], in.rids
		if !in.iterates() {
			break
		}
	}
	return in.out, nil
}

type includer struct {
	v *view
	q *search.Query

	catalogue *search.Catalogue

	seen  map[int64]bool     // found, on the page or to be brought along
	keys  map[store.Key]bool // references that were followed
	out   []store.Version
	bytes int     // of out, as JSON
	rids  []int64 // found in this round
	back  map[search.Include]map[int64]int64
}

func (in *includer) iterates() bool {
	for _, list := range [][]search.Include{in.q.Include, in.q.RevInclude} {
		for _, i := range list {
			if i.Iterate {
				return true
			}
		}
	}
	return false
}

// one follows the includes of one resource; after the first round only those that iterate.
func (in *includer) one(res *store.Version, rid int64, iterate bool) error {
	var values []search.IndexValue
	for _, inc := range in.q.Include {
		if iterate && !inc.Iterate || inc.Source != "" && inc.Source != res.Key.Type {
			continue
		}
		if values == nil {
			var err error
			if values, err = in.catalogue.ExtractReferences(res.Resource, in.v.s.Base); err != nil {
				return err
			}
		}
		for i := range values {
			ref := &values[i].Ref
			if inc.Param != nil && values[i].Param.Code != inc.Param.Code || !ref.Local() || inc.Target != "" && ref.Type != inc.Target {
				continue
			}
			if err := in.forward(store.Key{Type: ref.Type, ID: ref.ID}); err != nil {
				return err
			}
		}
	}
	for _, inc := range in.q.RevInclude {
		if iterate && !inc.Iterate || inc.Target != "" && inc.Target != res.Key.Type {
			continue
		}
		if err := in.backward(inc, rid); err != nil {
			return err
		}
	}
	return nil
}

func (in *includer) forward(key store.Key) error {
	if in.keys[key] || slices.Contains(in.q.Hidden, key.Type) {
		return nil
	}
	in.keys[key] = true
	r, err := in.v.row(key)
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	}
	if !r.deleted {
		in.add(r.rid)
	}
	return nil
}

func (in *includer) add(rid int64) {
	if !in.seen[rid] {
		in.seen[rid] = true
		in.rids = append(in.rids, rid)
	}
}

// backward adds the resources that refer to rid.
func (in *includer) backward(inc search.Include, rid int64) error {
	from, err := in.sources(inc)
	if err != nil || len(from) == 0 {
		return err
	}
	numbers := make([]int64, 0, len(from))
	for n := range from {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	type referrer struct{ t, rid int64 }
	var found []referrer
	list := db.In(numbers)
	err = in.v.c.Query(`SELECT p, rid FROM reference WHERE p IN `+list.Text+` AND target=? LIMIT ?`, append(list.Args, rid, maxIncluded+1), func(s db.Row) bool {
		found = append(found, referrer{from[s.Int(0)], s.Int(1)})
		return true
	})
	if err != nil {
		return err
	}
	for _, other := range found {
		ok, err := in.v.visible(other.rid, other.t)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		in.add(other.rid)
		if len(in.out)+len(in.rids) > maxIncluded {
			return nil
		}
	}
	return nil
}

// sources gives the numbers of the parameters that an _revinclude goes back along, with the
// number of the type that each is of.
func (in *includer) sources(inc search.Include) (map[int64]int64, error) {
	if list, ok := in.back[inc]; ok {
		return list, nil
	}
	list := map[int64]int64{}
	in.back[inc] = list
	types := []string{inc.Source}
	if inc.Source == "" {
		var err error
		if types, err = db.Texts(in.v.c, `SELECT name FROM type ORDER BY t`); err != nil {
			return nil, err
		}
	}
	for _, typ := range types {
		if slices.Contains(in.q.Hidden, typ) {
			continue
		}
		t, err := in.v.s.Names.FindType(in.v.c, typ)
		if err != nil {
			return nil, err
		}
		params := []*search.Param{inc.Param}
		if inc.Param == nil {
			params = in.catalogue.Params(typ)
		}
		for _, p := range params {
			if p.Kind != search.KindReference || !p.Usable() {
				continue
			}
			number, err := in.v.s.Names.FindParam(in.v.c, p.Type, p.IndexName())
			if err != nil {
				return nil, err
			}
			if number != 0 {
				list[number] = t
			}
		}
	}
	return list, nil
}
