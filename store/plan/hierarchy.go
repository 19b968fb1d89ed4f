package plan

import (
	"slices"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store/db"
)

// maxMembers is how many resources the hierarchies of one query may have: a list in its SQL.
const maxMembers = 5_000

// hierarchy adds to the resources that a reference may be to those that are part of them, over
// all steps, or that they are part of. Each step leads over resources that the actor sees.
func (p *Planner) hierarchy(f *search.Filter, targets []int64) ([]int64, error) {
	all := slices.Clone(targets)
	for _, typ := range f.Param.Targets {
		along := p.Catalogue.Hierarchy(typ)
		if along == nil || f.Target != "" && f.Target != typ {
			continue
		}
		members, err := p.ofType(typ, targets, "")
		if err != nil {
			return nil, err
		}
		seen := map[int64]bool{}
		for next := members; len(next) > 0; {
			var found []int64
			if f.Modifier == search.Below {
				found, err = p.parts(along, next)
			} else {
				found, err = p.wholes(along, next)
			}
			if err != nil {
				return nil, err
			}
			next = nil
			for _, rid := range found {
				if !seen[rid] {
					seen[rid] = true
					next = append(next, rid)
				}
			}
			if all = append(all, next...); len(all) > maxMembers {
				return nil, fault.New(fault.TooLarge, "too_costly", "the hierarchy of %s:%s has more than %d members", f.Code, f.Modifier, maxMembers)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// live is the condition of what is there, and not only referred to or deleted.
const live = ` AND version>0 AND deleted=0`

// ofType leaves the resources of a type for which a further condition holds.
func (p *Planner) ofType(typ string, rids []int64, also string) (list []int64, err error) {
	t, err := p.Names.FindType(p.Conn, typ)
	if err != nil {
		return nil, err
	}
	err = inChunks(rids, func(some []int64) error {
		q := db.In(some).Wrap(`SELECT rid FROM resource WHERE rid IN `, ` AND type=?`+also)
		return p.Conn.Query(q.Text, append(q.Args, t), func(r db.Row) bool {
			list = append(list, r.Int(0))
			return true
		})
	})
	return list, err
}

// parts are the visible resources that are part of one of these.
func (p *Planner) parts(along *search.Param, of []int64) (list []int64, err error) {
	number, err := p.param(along.Type, along.IndexName())
	if err != nil {
		return nil, err
	}
	visible, err := p.conds(along.Type, nil)
	if err != nil {
		return nil, err
	}
	err = inChunks(of, func(some []int64) error {
		q := db.Join("", db.SQL(`SELECT x.rid FROM reference x`), where(visible, -1, "x.rid"), db.SQL(` AND x.p=? AND x.target IN `, number), db.In(some))
		return p.Conn.Query(q.Text, q.Args, func(r db.Row) bool {
			list = append(list, r.Int(0))
			return len(list) <= maxMembers
		})
	})
	return list, err
}

// wholes are what the visible ones of these are part of. Their content says so: the index leads
// the other way only.
func (p *Planner) wholes(along *search.Param, of []int64) (list []int64, err error) {
	visible, err := p.conds(along.Type, nil)
	if err != nil {
		return nil, err
	}
	var here []int64
	err = inChunks(of, func(some []int64) error {
		q := db.Join("", db.SQL(`SELECT d.rid FROM resource d`), where(visible, -1, "d.rid"), db.SQL(` AND d.version>0 AND d.deleted=0 AND d.rid IN `), db.In(some))
		return p.Conn.Query(q.Text, q.Args, func(r db.Row) bool {
			here = append(here, r.Int(0))
			return true
		})
	})
	if p.read += len(here); err == nil && p.read > maxReads {
		err = errTooCostly(along.Code + ":above")
	}
	if err != nil {
		return nil, err
	}
	var refs []search.Value
	err = p.Read(here, func(_ int64, res *fhir.Node) error {
		values, err := p.Catalogue.ExtractOne(res, p.Base, along.IndexName())
		for i := range values {
			refs = append(refs, search.Value{Ref: values[i].Ref})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.targets(&search.Filter{Param: along, Target: along.Type, Values: refs})
}

// inChunks calls f with parts of a list that fit into a statement.
func inChunks(list []int64, f func([]int64) error) error {
	for some := range slices.Chunk(list, 500) {
		if err := f(some); err != nil {
			return err
		}
	}
	return nil
}
