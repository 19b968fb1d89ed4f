package relational

import (
	"strconv"
	"time"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/plan"
)

// view is a snapshot for an actor.
type view struct {
	s     *Store
	c     db.Conn
	actor store.Actor
	tale  *tale // what was given; nil where the store reads for itself

	patients  []int64 // rids of the actor's patients
	confined  bool
	confineOK bool

	catalogue *search.Catalogue // nil: not asked for
}

var _ store.View = (*view)(nil)

func notFound() error {
	return fault.New(fault.NotFound, "not_found", "there is no such resource")
}

// row reads the current state of a resource; NotFound for what was never written or is not
// visible to the actor, which look the same.
func (v *view) row(key store.Key) (*row, error) {
	return v.find(key, selectRow+` FROM resource r`, nil)
}

const selectRow = `SELECT r.rid, r.version, r.seq, r.deleted, r.updated`

// find is row, and calls also with what else was selected, of a resource that is there.
func (v *view) find(key store.Key, from string, also func(db.Row)) (*row, error) {
	t, err := v.s.Names.FindType(v.c, key.Type)
	if err != nil {
		return nil, err
	}
	r := &row{key: key, t: t}
	err = v.c.Query(from+` WHERE r.type=? AND r.id=?`, []any{t, v.c.ID(key.ID)}, func(s db.Row) bool {
		r.rid, r.version, r.seq, r.deleted, r.updated = s.Int(0), s.Int(1), s.Int(2), s.Int(3) != 0, s.Int(4)
		if also != nil && r.version > 0 {
			also(s)
		}
		return false
	})
	if err != nil {
		return nil, err
	}
	if r.erased() && v.actor.Patients == nil {
		return nil, erased()
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
	got, err := v.read(key)
	v.tale.one(audit.Read, key, 0, got, err)
	return got, err
}

// read finds a resource and its current version by one statement: a read by id is what is asked
// for most.
func (v *view) read(key store.Key) (*store.Version, error) {
	var raw rawVersion
	missing := false
	r, err := v.find(key, currentVersion, func(s db.Row) {
		if missing = s.Null(5); !missing {
			raw = rawVersion{op: s.Int(5), time: s.Int(6), dict: s.Int(7), key: s.Int(9)}
			raw.readBody(s, 8)
		}
	})
	switch {
	case err != nil:
		return nil, err
	case r.deleted:
		return nil, gone()
	case missing:
		return nil, versionMissing(r.seq)
	}
	raw.rid, raw.version, raw.seq, raw.t, raw.id = r.rid, r.version, r.seq, r.t, key.ID
	return v.decode(raw)
}

const currentVersion = selectRow + `, v.op, v.time, v.dict, v.body, v.key_id FROM resource r LEFT JOIN version v ON v.seq=r.seq`

func gone() error { return fault.New(fault.Gone, "deleted", "the resource is deleted") }

// VersionRead gives one version.
func (v *view) VersionRead(key store.Key, version int) (*store.Version, error) {
	got, err := v.versionRead(key, version)
	v.tale.one(audit.VRead, key, version, got, err)
	return got, err
}

func (v *view) versionRead(key store.Key, version int) (*store.Version, error) {
	r, err := v.row(key)
	if err != nil {
		return nil, err
	}
	seq, ok, err := db.One(v.c, `SELECT seq FROM version WHERE rid=? AND version=?`, r.rid, version)
	if err != nil {
		return nil, err
	}
	none := fault.New(fault.NotFound, "version_not_found", "the resource has no such version")
	if !ok {
		return nil, none
	}
	got, err := v.bySeq(seq)
	if err == nil {
		if ok, err = v.belonged(got, r.rid); err == nil && !ok {
			err = none
		}
	}
	if err == nil && got.Op == store.OpDelete {
		err = fault.New(fault.Gone, "deleted", "this version is a deletion")
	}
	if err != nil {
		return nil, err
	}
	return got, nil
}

const versionColumns = `v.seq, v.rid, v.version, v.op, v.time, v.dict, v.body, v.type, r.id, v.key_id`

// scanVersion reads a row of versionColumns; the body is unpacked by decode afterwards.
type rawVersion struct {
	seq, version, op, time, dict, t, rid, key int64
	id                                        string
	body                                      []byte
}

func scanVersion(s db.Row) rawVersion {
	r := rawVersion{seq: s.Int(0), rid: s.Int(1), version: s.Int(2), op: s.Int(3), time: s.Int(4),
		dict: s.Int(5), t: s.Int(7), key: s.Int(9)}
	r.readBody(s, 6)
	r.id = s.ID(8)
	return r
}

// readBody leaves the body of a deletion, which has none, nil.
func (r *rawVersion) readBody(s db.Row, column int) {
	if !s.Null(column) {
		r.body = s.Bytes(column)
	}
}

func (v *view) decode(r rawVersion) (*store.Version, error) {
	got, _, err := v.decodeSized(r)
	return got, err
}

// decodeSized also tells the bytes of its JSON.
func (v *view) decodeSized(r rawVersion) (*store.Version, int, error) {
	out := &store.Version{Key: store.Key{Type: v.typeName(r.t), ID: r.id}, Version: int(r.version), Seq: r.seq, Op: opOf(r.op), At: time.UnixMilli(r.time).UTC()}
	if r.body == nil {
		return out, 0, nil
	}
	body, err := v.s.openBody(v.c, r.key, r.dict, r.body, aboutVersion(r.rid, r.version))
	if err != nil {
		return nil, 0, err
	}
	read := fhir.Parse
	if r.key != 0 {
		read = fhir.Reopen // the seal proves that the bytes are what was written
	}
	res, err := read(body)
	if err != nil {
		return nil, 0, fault.New(fault.Corrupt, "body_damaged", "a stored body is not JSON: %w", err)
	}
	if res.Type() != out.Key.Type || res.ID() != out.Key.ID {
		return nil, 0, fault.New(fault.Corrupt, store.BodyOther, "a stored body is another resource's")
	}
	addMeta(res, r.version, r.time)
	out.Resource = res
	return out, len(body), nil
}

func (v *view) typeName(t int64) string {
	if name := v.s.Names.TypeName(t); name != "" {
		return name
	}
	var name string
	v.c.Query(`SELECT name FROM type WHERE t=?`, []any{t}, func(s db.Row) bool {
		name = s.Text(0)
		return false
	})
	return name
}

// bySeq reads one version.
func (v *view) bySeq(seq int64) (*store.Version, error) {
	var raw rawVersion
	found := false
	err := v.c.Query(`SELECT `+versionColumns+` FROM version v CROSS JOIN resource r ON r.rid=v.rid WHERE v.seq=?`, []any{seq}, func(s db.Row) bool {
		raw, found = scanVersion(s), true
		return false
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, versionMissing(seq)
	}
	return v.decode(raw)
}

func versionMissing(seq int64) error {
	return fault.New(fault.Corrupt, "version_missing", "version %d is missing from the store", seq)
}

// body gives the unpacked JSON of a version, without the meta that the columns hold.
func (v *view) body(seq int64) ([]byte, error) {
	var rid, version, dict, key int64
	var sealed []byte
	err := v.c.Query(`SELECT rid, version, dict, key_id, body FROM version WHERE seq=?`, []any{seq}, func(s db.Row) bool {
		rid, version, dict, key, sealed = s.Int(0), s.Int(1), s.Int(2), s.Int(3), s.Bytes(4)
		return false
	})
	if err != nil {
		return nil, err
	}
	return v.s.openBody(v.c, key, dict, sealed, aboutVersion(rid, version))
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
		t, err := v.s.Names.FindType(v.c, "Patient")
		if err != nil {
			return err
		}
		v.patients = []int64{}
		for _, id := range v.actor.Patients {
			rid, ok, err := db.One(v.c, `SELECT rid FROM resource WHERE type=? AND id=?`, t, v.c.ID(id))
			if err != nil {
				return err
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
		_, ok, err := db.One(v.c, `SELECT 1 FROM compartment WHERE patient=? AND type=? AND rid=?`, p, t, rid)
		if err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// planner compiles queries for this actor over this snapshot.
func (v *view) planner() (*plan.Planner, error) {
	if err := v.confine(); err != nil {
		return nil, err
	}
	catalogue, err := v.Parameters()
	if err != nil {
		return nil, err
	}
	return &plan.Planner{Conn: v.c, Names: v.s.Names, Keys: v.s.Keys, Catalogue: catalogue, Confined: v.confined, Patients: v.patients,
		Base: v.s.Base, Read: v.contents}, nil
}

// contents calls f with the current content of resources, in the order of rids.
func (v *view) contents(rids []int64, f func(rid int64, res *fhir.Node) error) error {
	i := 0
	return v.each(rids, func(got *store.Version, _ int) (bool, error) {
		i++
		return true, f(rids[i-1], got.Resource)
	})
}

// keys gives the keys of up to limit matches of a query, in the order of rid.
func (v *view) keys(q *search.Query, limit int) ([]store.Key, error) {
	c := *q
	c.Sort, c.Include, c.RevInclude, c.Cursor, c.Total = nil, nil, nil, "", search.TotalNone
	c.Count, c.CountSet = limit, true
	p, err := v.planner()
	if err != nil {
		return nil, err
	}
	found, err := p.Find(&c, nil)
	if err != nil {
		return nil, err
	}
	list := make([]store.Key, 0, len(found.Hits))
	for _, h := range found.Hits {
		var key store.Key
		var t int64
		err := v.c.Query(`SELECT type, id FROM resource WHERE rid=?`, []any{h.RID}, func(s db.Row) bool {
			t, key.ID = s.Int(0), s.ID(1)
			return false
		})
		if err != nil {
			return nil, err
		}
		key.Type = v.typeName(t)
		list = append(list, key)
	}
	return list, nil
}

// target names a version.
func target(key store.Key, version int64) string {
	return key.String() + "/_history/" + itoa(version)
}

func itoa(i int64) string { return strconv.FormatInt(i, 10) }
