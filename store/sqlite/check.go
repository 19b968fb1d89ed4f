package sqlite

import (
	"context"
	"time"

	"github.com/ncruces/go-sqlite3"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/store"
)

// Check looks for damage: SQLite's own check, dense versions, bodies that unpack and are
// JSON of the right type and id, and current resources whose index rows are there. It holds
// one snapshot for as long as it takes.
func (s *Store) Check(ctx context.Context) error {
	return s.View(ctx, store.Actor{ID: "system:check"}, func(sv store.View) error {
		v := sv.(*view)
		// Another process may have added numbers.
		if err := s.names.load(v.c); err != nil {
			return sqlFault(err)
		}
		for _, check := range []func() error{v.checkPages, v.checkVersions, v.checkBodies} {
			if err := check(); err != nil {
				return err
			}
		}
		return nil
	})
}

func damaged(format string, args ...any) error {
	return fault.New(fault.Corrupt, "store_damaged", format, args...)
}

func (v *view) checkPages() error {
	found, err := v.c.textRows(`PRAGMA integrity_check(10)`)
	if err != nil {
		return sqlFault(err)
	}
	if len(found) != 1 || found[0] != "ok" {
		return damaged("the database's own check finds %d faults", len(found))
	}
	return nil
}

func (v *view) checkVersions() error {
	n, _, err := v.c.one(`SELECT count(*) FROM resource r WHERE r.version <> (SELECT count(*) FROM version v WHERE v.rid=r.rid)
		OR r.version <> (SELECT ifnull(max(version),0) FROM version v WHERE v.rid=r.rid)`)
	if err == nil && n > 0 {
		return damaged("%d resources have gaps in their versions", n)
	}
	return sqlFault(err)
}

// checkBodies reads every current body and compares the index with it.
func (v *view) checkBodies() error {
	last := int64(0)
	for {
		var raws []rawVersion
		err := v.c.query(`SELECT `+versionColumns+` FROM resource r CROSS JOIN version v ON v.seq=r.seq WHERE r.rid>? AND r.version>0 AND r.deleted=0 ORDER BY r.rid LIMIT 500`,
			[]any{last}, func(s *sqlite3.Stmt) bool {
				raws = append(raws, scanVersion(s))
				return true
			})
		if err != nil || len(raws) == 0 {
			return sqlFault(err)
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
	values, err := v.s.cat.Extract(stripMeta(res.Shallow()), v.s.cfg.Base)
	if err != nil {
		return err
	}
	w := &writer{s: v.s, c: v.c, now: time.Now()}
	w.add = newAdder(v.s.names, v.c)
	w.rids = map[store.Key]int64{}
	x := w.indexer(&w.rows)
	for i := range values {
		if err := x.value(rid, &values[i]); err != nil {
			return damaged("the index of %s is not complete", key)
		}
	}
	for _, r := range w.rows.token {
		if _, ok, err := v.c.one(`SELECT 1 FROM token WHERE p=? AND c=? AND s=? AND rid=?`, r.p, r.c, r.s, r.rid); err != nil || !ok {
			return damaged("the token index of %s is not complete", key)
		}
	}
	for _, r := range w.rows.reference {
		if _, ok, err := v.c.one(`SELECT 1 FROM reference WHERE p=? AND target=? AND rid=?`, r.p, r.target, r.rid); err != nil || !ok {
			return damaged("the reference index of %s is not complete", key)
		}
	}
	for _, r := range w.rows.forward {
		if _, ok, err := v.c.one(`SELECT 1 FROM forward WHERE rid=? AND p=? AND lo=? AND hi=?`, r.rid, r.p, r.lo, r.hi); err != nil || !ok {
			return damaged("the value index of %s is not complete", key)
		}
	}
	return nil
}
