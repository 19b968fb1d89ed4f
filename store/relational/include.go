package relational

import (
	"chartlake/fault"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/plan"
)

// maxIncluded bounds what one page brings along.
const maxIncluded = 10_000

// included gives what _include and _revinclude ask for, each resource once, without the
// matches themselves. The actor's compartments hold here as everywhere.
func (v *view) included(q *search.Query, matches []store.Version, hits []plan.Hit) ([]store.Version, error) {
	in := &includer{v: v, q: q, seen: map[int64]bool{}}
	var rids []int64
	for _, h := range hits {
		in.seen[h.RID] = true
		rids = append(rids, h.RID)
	}
	from, fromRIDs := matches, rids
	for round := 0; len(from) > 0; round++ {
		before := len(in.out)
		for i := range from {
			if err := in.one(&from[i], fromRIDs[i], round > 0); err != nil {
				return nil, err
			}
			if len(in.out) > maxIncluded {
				return nil, fault.New(fault.TooLarge, "too_many_included", "more than %d included resources on a page; ask for fewer matches", maxIncluded)
			}
		}
		from, fromRIDs = in.out[before:], in.rids[before:]
		if !in.iterates() {
			break
		}
	}
	return in.out, nil
}

type includer struct {
	v    *view
	q    *search.Query
	seen map[int64]bool
	out  []store.Version
	rids []int64
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
			if values, err = in.v.s.Catalogue.ExtractReferences(res.Resource, in.v.s.Base); err != nil {
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
	r, err := in.v.row(key)
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	}
	if r.deleted {
		return nil
	}
	return in.add(r.rid)
}

func (in *includer) add(rid int64) error {
	if in.seen[rid] {
		return nil
	}
	in.seen[rid] = true
	got, err := in.v.byRID(rid)
	if err == nil {
		in.out, in.rids = append(in.out, *got), append(in.rids, rid)
	}
	return err
}

// backward adds the resources that refer to rid.
func (in *includer) backward(inc search.Include, rid int64) error {
	params := []*search.Param{inc.Param}
	if inc.Param == nil {
		params = params[:0]
		for _, p := range in.v.s.Catalogue.Params(inc.Source) {
			if p.Kind == search.KindReference {
				params = append(params, p)
			}
		}
	}
	t, err := in.v.s.Names.FindType(in.v.c, inc.Source)
	if err != nil {
		return err
	}
	for _, p := range params {
		number, err := in.v.s.Names.FindParam(in.v.c, p.Type, p.Code)
		if err != nil {
			return err
		}
		var found []int64
		err = in.v.c.Query(`SELECT rid FROM reference WHERE p=? AND target=? LIMIT ?`, []any{number, rid, maxIncluded + 1}, func(s db.Row) bool {
			found = append(found, s.Int(0))
			return true
		})
		if err != nil {
			return err
		}
		for _, other := range found {
			ok, err := in.v.visible(other, t)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			if err := in.add(other); err != nil {
				return err
			}
			if len(in.out) > maxIncluded {
				return nil
			}
		}
	}
	return nil
}
