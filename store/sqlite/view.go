package sqlite

import (
	"context"
	"time"

	"github.com/ncruces/go-sqlite3"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
)

// View calls f with one snapshot; see store.Store. The snapshot holds no lock that a writer
// waits for, but it keeps the WAL from shrinking: f should not take long.
func (s *Store) View(ctx context.Context, actor store.Actor, f func(store.View) error) error {
	if actor.ID == "" {
		return errNoActor
	}
	c, err := s.reader(ctx)
	if err != nil {
		return sqlFault(err)
	}
	defer s.giveBack(c)
	return c.interruptible(ctx, func() error {
		if err := c.exec(`BEGIN`); err != nil {
			return sqlFault(err)
		}
		defer func() {
			c.db.SetInterrupt(context.Background())
			c.exec(`COMMIT`)
		}()
		// BEGIN alone takes no snapshot; the first read does.
		if _, _, err := c.one(`SELECT 1 FROM counter`); err != nil {
			return sqlFault(err)
		}
		return f(&view{s: s, c: c, actor: actor})
	})
}

// view is a snapshot for an actor.
type view struct {
	s     *Store
	c     *conn
	actor store.Actor

	patients  []int64 // rids of the actor's patients
	confined  bool
	confineOK bool
}

var _ store.View = (*view)(nil)

func notFound() error {
	return fault.New(fault.NotFound, "not_found", "there is no such resource")
}

// row reads the current state of a resource; NotFound for what was never written or is not
// visible to the actor, which look the same.
func (v *view) row(key store.Key) (*row, error) {
	t, err := v.s.names.findType(v.c, key.Type)
	if err != nil {
		return nil, sqlFault(err)
	}
	r := &row{key: key, t: t}
	err = v.c.query(`SELECT rid, version, seq, deleted, updated FROM resource WHERE type=? AND id=?`, []any{t, storedID(key.ID)}, func(s *sqlite3.Stmt) bool {
		r.rid, r.version, r.seq, r.deleted, r.updated = s.ColumnInt64(0), s.ColumnInt64(1), s.ColumnInt64(2), s.ColumnBool(3), s.ColumnInt64(4)
		return false
	})
	if err != nil {
		return nil, sqlFault(err)
	}
	if r.version == 0 {
		return nil, notFound()
	}
	ok, err := v.visible(r.rid, r.t)
	if err == nil && !ok {
		err = notFound()
	}
	return r, err
}

// Read gives the current version.
func (v *view) Read(key store.Key) (*store.Version, error) {
	r, err := v.row(key)
	if err != nil {
		return nil, err
	}
	if r.deleted {
		return nil, gone()
	}
	return v.bySeq(r.seq)
}

func gone() error { return fault.New(fault.Gone, "deleted", "the resource is deleted") }

// VersionRead gives one version.
func (v *view) VersionRead(key store.Key, version int) (*store.Version, error) {
	r, err := v.row(key)
	if err != nil {
		return nil, err
	}
	seq, ok, err := v.c.one(`SELECT seq FROM version WHERE rid=? AND version=?`, r.rid, version)
	if err != nil {
		return nil, sqlFault(err)
	}
	if !ok {
		return nil, fault.New(fault.NotFound, "version_not_found", "the resource has no such version")
	}
	got, err := v.bySeq(seq)
	if err == nil && got.Op == store.OpDelete {
		return nil, fault.New(fault.Gone, "deleted", "this version is a deletion")
	}
	return got, err
}

const versionColumns = `v.seq, v.rid, v.version, v.op, v.time, v.dict, v.body, v.type, r.id`

// scanVersion reads a row of versionColumns; the body is unpacked by decode afterwards.
type rawVersion struct {
	seq, version, op, time, dict, t, rid int64
	id                                   string
	body                                 []byte
}

func scanVersion(s *sqlite3.Stmt) rawVersion {
	r := rawVersion{seq: s.ColumnInt64(0), rid: s.ColumnInt64(1), version: s.ColumnInt64(2), op: s.ColumnInt64(3), time: s.ColumnInt64(4),
		dict: s.ColumnInt64(5), t: s.ColumnInt64(7)}
	if s.ColumnType(6) != sqlite3.NULL {
		r.body = s.ColumnBlob(6, nil)
	}
	if s.ColumnType(8) == sqlite3.BLOB {
		r.id = formatUUID(s.ColumnBlob(8, nil))
	} else {
		r.id = s.ColumnText(8)
	}
	return r
}

func (v *view) decode(r rawVersion) (*store.Version, error) {
	out := &store.Version{Key: store.Key{Type: v.typeName(r.t), ID: r.id}, Version: int(r.version), Seq: r.seq, Op: opOf(r.op), At: time.UnixMilli(r.time).UTC()}
	if r.body == nil {
		return out, nil
	}
	body, err := v.s.pack.unpack(v.c, r.dict, r.body)
	if err != nil {
		return nil, err
	}
	res, err := fhir.Parse(body)
	if err != nil {
		return nil, fault.New(fault.Corrupt, "body_damaged", "a stored body is not JSON: %w", err)
	}
	out.Resource = withMeta(res, r.version, r.time)
	return out, nil
}

func (v *view) typeName(t int64) string {
	if name := v.s.names.typeName(t); name != "" {
		return name
	}
	var name string
	v.c.query(`SELECT name FROM type WHERE t=?`, []any{t}, func(s *sqlite3.Stmt) bool {
		name = s.ColumnText(0)
		return false
	})
	return name
}

// bySeq reads one version.
func (v *view) bySeq(seq int64) (*store.Version, error) {
	var raw rawVersion
	found := false
	err := v.c.query(`SELECT `+versionColumns+` FROM version v CROSS JOIN resource r ON r.rid=v.rid WHERE v.seq=?`, []any{seq}, func(s *sqlite3.Stmt) bool {
		raw, found = scanVersion(s), true
		return false
	})
	if err != nil {
		return nil, sqlFault(err)
	}
	if !found {
		return nil, fault.New(fault.Corrupt, "version_missing", "version %d is missing from the store", seq)
	}
	return v.decode(raw)
}

// body gives the unpacked JSON of a version, without the meta that the columns hold.
func (v *view) body(seq int64) ([]byte, error) {
	var dict int64
	var packed []byte
	err := v.c.query(`SELECT dict, body FROM version WHERE seq=?`, []any{seq}, func(s *sqlite3.Stmt) bool {
		dict, packed = s.ColumnInt64(0), s.ColumnBlob(1, nil)
		return false
	})
	if err != nil {
		return nil, err
	}
	return v.s.pack.unpack(v.c, dict, packed)
}

// instant formats milliseconds as a FHIR instant.
func instant(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// confine finds the actor's patients. An actor that is confined to patients of whom none is
// here sees nothing.
func (v *view) confine() error {
	if v.confineOK {
		return nil
	}
	v.confined = v.actor.Patients != nil
	if v.confined {
		t, err := v.s.names.findType(v.c, "Patient")
		if err != nil {
			return sqlFault(err)
		}
		v.patients = []int64{}
		for _, id := range v.actor.Patients {
			rid, ok, err := v.c.one(`SELECT rid FROM resource WHERE type=? AND id=?`, t, storedID(id))
			if err != nil {
				return sqlFault(err)
			}
			if ok {
				v.patients = append(v.patients, rid)
			}
		}
	}
	v.confineOK = true
	return nil
}

// visible reports whether the actor may see a resource. A deleted resource is in no
// compartment, so a confined actor does not see that it was there.
func (v *view) visible(rid, t int64) (bool, error) {
	if err := v.confine(); err != nil {
		return false, err
	}
	if !v.confined {
		return true, nil
	}
	for _, p := range v.patients {
		_, ok, err := v.c.one(`SELECT 1 FROM compartment WHERE patient=? AND type=? AND rid=?`, p, t, rid)
		if err != nil || ok {
			return ok, sqlFault(err)
		}
	}
	return false, nil
}

// keys gives the keys of up to limit matches of a query, in the order of rid.
func (v *view) keys(q *search.Query, limit int) ([]store.Key, error) {
	c := *q
	c.Sort, c.Include, c.RevInclude, c.Cursor, c.Total = nil, nil, nil, "", search.TotalNone
	c.Count, c.CountSet = limit, true
	hits, _, err := v.find(&c)
	if err != nil {
		return nil, err
	}
	list := make([]store.Key, 0, len(hits))
	for _, h := range hits {
		var key store.Key
		err := v.c.query(`SELECT type, id FROM resource WHERE rid=?`, []any{h.rid}, func(s *sqlite3.Stmt) bool {
			key.Type = v.typeName(s.ColumnInt64(0))
			if s.ColumnType(1) == sqlite3.BLOB {
				key.ID = formatUUID(s.ColumnBlob(1, nil))
			} else {
				key.ID = s.ColumnText(1)
			}
			return false
		})
		if err != nil {
			return nil, sqlFault(err)
		}
		list = append(list, key)
	}
	return list, nil
}
