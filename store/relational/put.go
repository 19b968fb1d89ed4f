package relational

import (
	"slices"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
	"chartlake/store/index"
)

// put writes a prepared resource as the next version. cur is nil for an id that was made here.
func (t *turn) put(i int, it *item, cur *row, rd *ready) error {
	if err := t.extractedNow(rd); err != nil {
		return err
	}
	if cur == nil {
		typ, err := t.add.Type(it.key.Type)
		if err != nil {
			return err
		}
		cur = &row{key: it.key, t: typ}
	}
	op := store.OpCreate
	var old []search.IndexValue
	if cur.live() {
		op = store.OpUpdate
		var err error
		if old, err = t.unindex(cur); err != nil {
			return err
		}
		t.tale.values(it.key, old)
	}
	next := *cur
	if next.rid == 0 {
		// A resource before this one in the transaction may refer to it.
		next.rid = t.rids[it.key]
	}
	exists := next.rid != 0 && !t.unborn[it.key]
	delete(t.unborn, it.key)
	if next.rid == 0 {
		t.n.RID++
		next.rid = t.n.RID
	}
	t.n.Seq++
	next.version, next.seq, next.updated, next.deleted = cur.version+1, t.n.Seq, t.now.UnixMilli(), false
	t.rids[it.key] = next.rid
	key, err := t.keyFor(&next, rd)
	if err != nil {
		return err
	}
	if err := t.insertVersion(&next, op, rd, key, exists); err != nil {
		return err
	}
	t.claim(rd.resource, key)
	if it.key.Type == "SearchParameter" {
		if err := t.define(it.key, next.seq, rd.resource); err != nil {
			return err
		}
	}
	x := t.indexer(&t.rows)
	if err := x.Resource(next.rid, it.key.Type, rd.values); err != nil {
		return err
	}
	if err := t.s.compartment(x, &next, rd.values); err != nil {
		return err
	}
	if err := t.inside(&next, old, rd.values); err != nil {
		return err
	}
	if t.rows.Len() >= rowsMax {
		if err := t.flush(); err != nil {
			return err
		}
	}
	t.results[i] = store.Result{Op: op, Version: &store.Version{Key: it.key, Version: int(next.version), Seq: next.seq, Op: op, At: t.now,
		Resource: withMeta(rd.resource, next.version, next.updated)}}
	action := audit.Create
	if op == store.OpUpdate {
		action = audit.Update
	}
	t.tale.values(it.key, rd.values)
	t.tale.step(action, it.key.Type, audit.Target{Type: it.key.Type, ID: it.key.ID, Version: int(next.version)})
	return nil
}

// extractedNow makes the values of a resource again where the search parameters have changed
// since it was prepared.
func (t *turn) extractedNow(rd *ready) error {
	catalogue, err := t.parameters()
	if err != nil || rd.by == catalogue {
		return err
	}
	rd.values, err = catalogue.Extract(rd.resource, t.s.Base)
	rd.by = catalogue
	return err
}

func (w *Writer) indexer(into *index.Rows) *index.Indexer {
	return &index.Indexer{Keys: w.s.Keys, Add: w.add, RID: w.ridOf, Rows: into, Clear: w.c.SealsPages()}
}

// ridOf finds the rid of a reference's target; what is not there yet gets a row of version 0,
// so that the reference finds it once it comes.
func (w *Writer) ridOf(resourceType, id string) (int64, error) {
	key := store.Key{Type: resourceType, ID: id}
	if rid := w.rids[key]; rid != 0 {
		return rid, nil
	}
	cur, err := w.current(key)
	if err != nil {
		return 0, err
	}
	if cur.rid == 0 {
		w.n.RID++
		cur.rid = w.n.RID
		err = w.c.Exec(insertResource, cur.rid, cur.t, w.c.ID(id), int64(0), int64(0), int64(0), int64(0))
	}
	w.rids[key] = cur.rid
	return cur.rid, err
}

var opNumber = map[store.Op]int64{store.OpCreate: 1, store.OpUpdate: 2, store.OpDelete: 3}

func opOf(n int64) store.Op {
	return [...]store.Op{"", store.OpCreate, store.OpUpdate, store.OpDelete}[n&3]
}

const insertResource = `INSERT INTO resource VALUES (?,?,?,?,?,?,?)`

// insertVersion adds a version and makes it the current one; exists says that the resource
// has a row already.
func (w *Writer) insertVersion(next *row, op store.Op, rd *ready, key int64, exists bool) error {
	var body []byte
	dict := int64(0)
	if rd != nil {
		var err error
		dict = rd.dict
		if body, err = w.s.sealBody(key, rd.packed, aboutVersion(next.rid, next.version)); err != nil {
			return err
		}
	}
	err := w.c.Exec(`INSERT INTO version VALUES (?,?,?,?,?,?,?,?,?)`, next.seq, next.rid, next.version, next.t, opNumber[op], next.updated, dict, key, body)
	if err != nil {
		return err
	}
	deleted := int64(0)
	if next.deleted {
		deleted = 1
	}
	if exists {
		return w.c.Exec(`UPDATE resource SET version=?, seq=?, deleted=?, updated=? WHERE rid=?`, next.version, next.seq, deleted, next.updated, next.rid)
	}
	return w.c.Exec(insertResource, next.rid, next.t, w.c.ID(next.key.ID), next.version, next.seq, deleted, next.updated)
}

// unindex takes the index rows of the current version out, by extracting its body again, and
// gives its values.
func (w *Writer) unindex(cur *row) ([]search.IndexValue, error) {
	if err := w.flush(); err != nil {
		return nil, err
	}
	body, err := (&view{s: w.s, c: w.c}).body(cur.seq)
	if err != nil {
		return nil, err
	}
	res, err := fhir.Parse(body)
	if err != nil {
		return nil, fault.New(fault.Corrupt, "body_damaged", "a stored body is not JSON: %w", err)
	}
	catalogue, err := w.parameters()
	if err != nil {
		return nil, err
	}
	values, err := catalogue.ExtractAll(res, w.s.Base)
	if err != nil {
		return nil, err
	}
	w.gone.Reset()
	x := w.indexer(&w.gone)
	if err := x.Resource(cur.rid, cur.key.Type, values); err != nil {
		return nil, err
	}
	if err := w.s.compartment(x, cur, values); err != nil {
		return nil, err
	}
	return values, w.c.WriteIndex(&w.gone, true)
}

// compartment adds the rows that put a resource into the compartments of its patients.
func (s *Store) compartment(x *index.Indexer, r *row, values []search.IndexValue) error {
	patients, err := s.patientsOf(x.RID, r, values)
	for _, p := range patients {
		x.Rows.Compartment = append(x.Rows.Compartment, index.Compartment{Patient: p, T: r.t, RID: r.rid})
	}
	return err
}

// patientsOf gives the rids of the patients in whose compartments a resource is, each once.
func (s *Store) patientsOf(ridOf func(resourceType, id string) (int64, error), r *row, values []search.IndexValue) (list []int64, err error) {
	if r.key.Type == "Patient" {
		list = append(list, r.rid)
	}
	codes := s.Catalogue.PatientParams(r.key.Type)
	for i := range values {
		v := &values[i]
		if v.Param.Kind != search.KindReference || v.Ref.Type != "Patient" || v.Ref.URL != "" || !slices.Contains(codes, v.Param.Code) {
			continue
		}
		patient, err := ridOf("Patient", v.Ref.ID)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(list, patient) {
			list = append(list, patient)
		}
	}
	return list, nil
}

// rowsMax is how many index rows wait at most: about 10 MB of them, so that what a transaction
// holds does not grow with it, and enough for the sort to pay.
const rowsMax = 100_000

// flush writes the rows that wait, so that a search of the same transaction finds them.
func (w *Writer) flush() error {
	if w.rows.Empty() {
		return nil
	}
	defer w.rows.Reset()
	return w.c.WriteIndex(&w.rows, false)
}

// withMeta gives the resource as it is read: with meta.versionId and meta.lastUpdated. The
// tree given is not changed.
func withMeta(res *fhir.Node, version, updated int64) *fhir.Node {
	out := res.Shallow()
	addMeta(out, version, updated)
	return out
}

// addMeta does that to a resource itself; its old meta is not changed.
func addMeta(res *fhir.Node, version, updated int64) {
	meta := fhir.NewObject("versionId", itoa(version), "lastUpdated", instant(updated))
	for _, m := range res.Get("meta").Members() {
		meta.Set(m.Name, m.Value)
	}
	res.SetAfter("id", "meta", meta) // where people look for it
}
