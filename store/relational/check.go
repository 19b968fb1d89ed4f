package relational

import (
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/index"
)

// Check looks for damage in a snapshot: dense versions, bodies that unpack and are JSON of the
// right type and id, and current resources whose index rows are there. pages is the
// database's own check.
func (s *Store) Check(sv store.View, pages func() error) error {
	v := sv.(*view)
	// Another process may have added numbers.
	if err := s.Names.Load(v.c); err != nil {
		return err
	}
	for _, check := range []func() error{pages, v.checkVersions, v.checkBodies} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func damaged(format string, args ...any) error {
	return fault.New(fault.Corrupt, "store_damaged", format, args...)
}

func (v *view) checkVersions() error {
	n, _, err := db.One(v.c, `SELECT count(*) FROM resource r WHERE r.version <> (SELECT count(*) FROM version v WHERE v.rid=r.rid)
		OR r.version <> (SELECT coalesce(max(version),0) FROM version v WHERE v.rid=r.rid)`)
	if err == nil && n > 0 {
		return damaged("%d resources have gaps in their versions", n)
	}
	return err
}

// checkBodies reads every current body and compares the index with it.
func (v *view) checkBodies() error {
	last := int64(0)
	for {
		var raws []rawVersion
		err := v.c.Query(`SELECT `+versionColumns+` FROM resource r CROSS JOIN version v ON v.seq=r.seq WHERE r.rid>? AND r.version>0 AND r.deleted=0 ORDER BY r.rid LIMIT 500`,
			[]any{last}, func(s db.Row) bool {
				raws = append(raws, scanVersion(s))
				return true
			})
		if err != nil || len(raws) == 0 {
			return err
		}
		for _, raw := range raws {
			if err := v.checkOne(raw); err != nil {
				return err
			}
			last = raw.rid
		}
	}
}

func (v *view) checkOne(raw rawVersion) error {
	got, err := v.decode(raw)
	if err != nil {
		return err
	}
	if got.Resource == nil || got.Resource.Type() != got.Key.Type || got.Resource.ID() != got.Key.ID {
		return damaged("the body of %s is of another resource", got.Key)
	}
	return v.checkIndex(raw.rid, got.Key, got.Resource)
}

// checkIndex makes the index rows that a resource should have and looks for each.
func (v *view) checkIndex(rid int64, key store.Key, res *fhir.Node) error {
	values, err := v.s.Catalogue.Extract(stripMeta(res.Shallow()), v.s.Base)
	if err != nil {
		return err
	}
	var rows index.Rows
	x := &index.Indexer{Keys: v.s.Keys, Add: known{v, key}, RID: known{v, key}.rid, Rows: &rows}
	for i := range values {
		if err := x.Value(rid, &values[i]); err != nil {
			return err
		}
	}
	for _, r := range rows.Token {
		if _, ok, err := db.One(v.c, `SELECT 1 FROM token WHERE p=? AND c=? AND s=? AND rid=?`, r.P, r.C, r.S, r.RID); err != nil || !ok {
			return damaged("the token index of %s is not complete", key)
		}
	}
	for _, r := range rows.Reference {
		if _, ok, err := db.One(v.c, `SELECT 1 FROM reference WHERE p=? AND target=? AND rid=?`, r.P, r.Target, r.RID); err != nil || !ok {
			return damaged("the reference index of %s is not complete", key)
		}
	}
	for _, r := range rows.Forward {
		if _, ok, err := db.One(v.c, `SELECT 1 FROM `+v.c.Table("forward", kindOf(r.Lo))+` WHERE rid=? AND p=? AND lo=? AND hi=?`, r.RID, r.P, r.Lo, r.Hi); err != nil || !ok {
			return damaged("the value index of %s is not complete", key)
		}
	}
	return nil
}

// kindOf is the kind of parameter that a forward value belongs to.
func kindOf(value any) search.Kind {
	switch value.(type) {
	case int64:
		return search.KindDate
	case float64:
		return search.KindNumber
	}
	return search.KindString
}

// known gives the numbers that are there; a number that is missing means that the index rows
// of the resource are.
type known struct {
	v   *view
	key store.Key
}

func (k known) there(n int64, err error) (int64, error) {
	if err == nil && n == 0 {
		err = damaged("the index of %s is not complete", k.key)
	}
	return n, err
}

func (k known) Param(resourceType, code string) (int64, error) {
	return k.there(k.v.s.Names.FindParam(k.v.c, resourceType, code))
}

func (k known) System(url string) (int64, error) {
	return k.there(k.v.s.Names.FindSystem(k.v.c, url))
}

func (k known) Unit(u search.Unit) (int64, error) {
	return k.there(k.v.s.Names.FindUnit(k.v.c, u))
}

func (known) Several(int64) error { return nil }

func (k known) rid(resourceType, id string) (int64, error) {
	t, err := k.there(k.v.s.Names.FindType(k.v.c, resourceType))
	if err != nil {
		return 0, err
	}
	rid, _, err := db.One(k.v.c, `SELECT rid FROM resource WHERE type=? AND id=?`, t, k.v.c.ID(id))
	return k.there(rid, err)
}
