package relational

import (
	"context"
	"strings"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/store"
	"chartlake/store/db"
)

// checker is who repairs, in the audit trail.
var checker = store.Actor{ID: "system:check", Name: "chartlake check"}

// Inspector is what a database tells of itself.
type Inspector struct {
	Faults   func(db.Conn) (int, error) // how many its own check finds; nil: it has none
	Repair   string                     // the statement that may help then; "": nothing does
	Counters func(db.Conn) (Counters, error)
}

// inspection is one run of Inspect over one snapshot.
type inspection struct {
	*view
	ctx    context.Context
	repair bool
	found  func(store.Damage)
	own    Inspector
}

// Inspect looks for damage in a snapshot; see store.Store.
func (s *Store) Inspect(ctx context.Context, repair bool, own Inspector, found func(store.Damage)) error {
	// What is repaired first is seen by what is compared after it: rows first, then the index.
	for _, check := range []func(*inspection) error{
		(*inspection).checkPages, (*inspection).checkCounters, (*inspection).checkOrphans,
		(*inspection).checkVersions, (*inspection).checkBodies,
	} {
		err := s.Snapshot(ctx, checker, func(v store.View) error {
			x := &inspection{view: v.(*view), ctx: ctx, repair: repair, found: found, own: own}
			// Another process may have added numbers.
			if err := s.Names.Load(x.c); err != nil {
				return err
			}
			return check(x)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Check gives the first damage as a fault.
func (s *Store) Check(ctx context.Context, own Inspector) error {
	var first *store.Damage
	n := 0
	err := s.Inspect(ctx, false, own, func(d store.Damage) {
		if n++; first == nil {
			first = &d
		}
	})
	if err == nil && first != nil {
		err = fault.New(fault.Corrupt, "store_damaged", "the store is damaged in %d place(s), first: %s of %s", n, first.Code, first.Subject)
	}
	return err
}

// mend does a repair in a transaction of its own, with an audit row, and reports whether it
// could. Nothing is left of one that fails.
func (x *inspection) mend(target string, f func(w *Writer) error) bool {
	if !x.repair {
		return false
	}
	r := &request{ctx: x.ctx, actor: checker, done: make(chan struct{}), inner: func(w *Writer) error {
		if err := f(w); err != nil {
			return err
		}
		return w.audit(checker, []audit.Step{{Action: audit.Update, Of: "repair", Targets: []audit.Target{named(target)}}})
	}}
	return x.s.submit(r) == nil
}

// named gives what was repaired as the trail names it.
func named(target string) audit.Target {
	kind, id, _ := strings.Cut(target, "/")
	return audit.Target{Type: kind, ID: id}
}

func (x *inspection) checkPages() error {
	if x.own.Faults == nil {
		return nil
	}
	n, err := x.own.Faults(x.c)
	if err != nil || n == 0 {
		return err
	}
	repaired := x.own.Repair != "" && x.mend("database", func(w *Writer) error {
		if err := w.c.Exec(x.own.Repair); err != nil {
			return err
		}
		still, err := x.own.Faults(w.c)
		if err == nil && still > 0 {
			err = errNotMended
		}
		return err
	})
	x.found(store.Damage{Code: store.DatabasePages, Subject: itoa(int64(n)), Repaired: repaired})
	return nil
}

// errNotMended ends a repair that did not help; nobody sees it.
var errNotMended = fault.New(fault.Corrupt, "store_damaged", "the repair did not help")

// checkCounters holds the counters against what they count: one that is behind would give a
// number out twice.
func (x *inspection) checkCounters() error {
	counters := []struct {
		name, top string
		of        func(*Writer) *int64
	}{
		{"rid", `SELECT max(rid) FROM resource`, func(w *Writer) *int64 { return &w.n.RID }},
		{"seq", newestChange, func(w *Writer) *int64 { return &w.n.Seq }},
		{"audit", `SELECT max(seq) FROM audit`, func(w *Writer) *int64 { return &w.n.Audit }},
	}
	have, err := x.own.Counters(x.c)
	if err != nil {
		return err
	}
	for _, c := range counters {
		top, _, err := db.One(x.c, c.top)
		if err != nil {
			return err
		}
		if *c.of(&Writer{n: have}) >= top {
			continue
		}
		repaired := x.mend("counter/"+c.name, func(w *Writer) error {
			top, _, err := db.One(w.c, c.top)
			n := c.of(w)
			*n = max(*n, top)
			return err
		})
		x.found(store.Damage{Code: store.CounterBehind, Subject: c.name, Repaired: repaired})
	}
	return nil
}

// checkOrphans looks for versions whose resource has no row. Its id stands in the bodies, so
// the row can be written again.
func (x *inspection) checkOrphans() error {
	var rids []int64
	err := x.c.Query(`SELECT DISTINCT v.rid FROM version v WHERE NOT EXISTS (SELECT 1 FROM resource r WHERE r.rid=v.rid)`, nil, func(r db.Row) bool {
		rids = append(rids, r.Int(0))
		return true
	})
	for _, rid := range rids {
		repaired := x.mend("resource/"+itoa(rid), func(w *Writer) error { return w.bringBack(rid) })
		x.found(store.Damage{Code: store.ResourceMissing, Subject: itoa(rid), Repaired: repaired})
	}
	return err
}

// bringBack writes the row of a resource from its versions.
func (w *Writer) bringBack(rid int64) error {
	next := row{rid: rid}
	var seqs []int64
	err := w.c.Query(`SELECT seq, version, type, op, time FROM version WHERE rid=? ORDER BY version DESC`, []any{rid}, func(s db.Row) bool {
		if next.version == 0 {
			next.seq, next.version, next.t, next.updated = s.Int(0), s.Int(1), s.Int(2), s.Int(4)
			next.deleted = opOf(s.Int(3)) == store.OpDelete
		}
		if opOf(s.Int(3)) != store.OpDelete {
			seqs = append(seqs, s.Int(0))
		}
		return true
	})
	for _, seq := range seqs {
		if err != nil || next.key.ID != "" {
			break
		}
		var text []byte
		if text, err = (&view{s: w.s, c: w.c}).body(seq); err == nil {
			var res *fhir.Node
			if res, err = fhir.Parse(text); err == nil {
				next.key = store.Key{Type: res.Type(), ID: res.ID()}
			}
		}
	}
	if err != nil {
		return err
	}
	if next.key.ID == "" {
		return errNotMended
	}
	deleted := int64(0)
	if next.deleted {
		deleted = 1
	}
	return w.c.Exec(insertResource, next.rid, next.t, w.c.ID(next.key.ID), next.version, next.seq, deleted, next.updated)
}

// checkVersions looks for resources that are not at their newest version, and for versions
// that are not dense. A version that is gone cannot be made again.
func (x *inspection) checkVersions() error {
	type uneven struct {
		key    store.Key
		rid    int64
		dense  bool
		behind bool
	}
	var list []uneven
	err := x.c.Query(`SELECT r.rid, r.type, r.id, r.version, r.seq, r.deleted, (SELECT count(*) FROM version v WHERE v.rid=r.rid),
		(SELECT v.version FROM version v WHERE v.rid=r.rid ORDER BY v.version DESC LIMIT 1),
		(SELECT v.seq FROM version v WHERE v.rid=r.rid ORDER BY v.version DESC LIMIT 1),
		(SELECT v.op FROM version v WHERE v.rid=r.rid ORDER BY v.version DESC LIMIT 1) FROM resource r`, nil, func(s db.Row) bool {
		version, count := s.Int(3), s.Int(6)
		if version == 0 && count == 0 {
			return true // only referred to
		}
		u := uneven{key: store.Key{Type: x.s.Names.TypeName(s.Int(1)), ID: s.ID(2)}, rid: s.Int(0)}
		if count == 0 {
			list = append(list, u)
			return true
		}
		u.dense = count == s.Int(7)
		u.behind = version != s.Int(7) || s.Int(4) != s.Int(8) || (s.Int(5) != 0) != (opOf(s.Int(9)) == store.OpDelete)
		if !u.dense || u.behind {
			list = append(list, u)
		}
		return true
	})
	for _, u := range list {
		if !u.dense {
			x.found(store.Damage{Code: store.VersionGap, Subject: u.key.String()})
		}
		if u.behind {
			repaired := x.mend(u.key.String(), func(w *Writer) error { return w.catchUp(u.rid) })
			x.found(store.Damage{Code: store.ResourceBehind, Subject: u.key.String(), Repaired: repaired})
		}
	}
	return err
}

// catchUp takes the row of a resource to its newest version.
func (w *Writer) catchUp(rid int64) error {
	return w.c.Exec(`UPDATE resource SET (version, seq, deleted, updated) = (SELECT v.version, v.seq, CASE WHEN v.op=3 THEN 1 ELSE 0 END, v.time
		FROM version v WHERE v.rid=? ORDER BY v.version DESC LIMIT 1) WHERE rid=?`, rid, rid)
}
