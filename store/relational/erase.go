package relational

import (
	"context"
	"encoding/json"
	"strings"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/store"
	"chartlake/store/db"
)

// erasing is one erasure within its transaction. It first finds all that goes and asks whether
// it may, then takes the rows away and notes what is to follow: keys, originals, the log.
type erasing struct {
	*turn
	command   store.Erase
	patient   int64 // rid; 0: one resource alone
	key       int64 // of the patient
	rows      []row
	documents []string
	keys      []int64
	gone      []subject // whose keys these are
	kept      int       // that belong to other patients, too
}

func (t *turn) erase(i int, c store.Erase) error {
	cur, err := t.erasable(c)
	if err != nil {
		return err
	}
	t.results[i].Erased = &store.Erased{}
	t.tale.step(audit.Erase, c.Key.Type, audit.Target{Type: c.Key.Type, ID: c.Key.ID})
	if cur.erased() {
		return nil
	}
	e := &erasing{turn: t, command: c}
	if c.Key.Type == "Patient" {
		t.tale.about(c.Key.ID)
		err = e.gather(cur)
	} else {
		err = e.take(cur)
	}
	if err == nil && e.kept > 0 && c.Shared == "" {
		err = fault.New(fault.Conflict, "shared_with_others", "%d resources and documents belong to other patients, too: say whether they are kept or erased", e.kept)
	}
	if err == nil {
		err = e.held()
	}
	if err != nil {
		return err
	}
	for n := range e.rows {
		if err := e.removeResource(&e.rows[n]); err != nil {
			return err
		}
	}
	for _, d := range e.documents {
		if err := e.removeDocument(d); err != nil {
			return err
		}
	}
	t.results[i].Erased = &store.Erased{Resources: len(e.rows), Documents: len(e.documents), Kept: e.kept}
	return e.note()
}

// erasable gives the row of what is to be erased, if that may be done.
func (t *turn) erasable(c store.Erase) (*row, error) {
	if t.s.eraser.Load() == nil {
		return nil, fault.New(fault.Unavailable, "erase_not_ready", "this process cannot erase originals yet")
	}
	if t.r.actor.Patients != nil {
		return nil, fault.New(fault.Forbidden, "outside_compartment", "who is confined to patients erases nothing")
	}
	if err := t.flush(); err != nil {
		return nil, err
	}
	if _, done, err := keyIn(t.c, subject{allSealed, ""}); err != nil || !done {
		if err == nil {
			err = fault.New(fault.Unavailable, "sealing_under_way", "what an older version stored is still being sealed; try again when that is done")
		}
		return nil, err
	}
	cur, err := t.current(c.Key)
	if err == nil && cur.version == 0 && !cur.erased() {
		err = notFound()
	}
	return cur, err
}

// gather finds what belongs to a patient: what is in the compartment, every resource whose
// versions are sealed under the patient's key (deleted ones, too), and documents.
func (e *erasing) gather(patient *row) error {
	e.patient = patient.rid
	key, found, err := keyIn(e.c, subject{ofPatient, itoa(patient.rid)})
	if err != nil {
		return err
	}
	if found {
		e.key = key
		e.keys = append(e.keys, key)
		e.forget(subject{ofPatient, itoa(patient.rid)})
	}
	inside := map[int64]bool{patient.rid: true}
	var rids []int64
	add := func(r db.Row) bool {
		if rid := r.Int(0); !inside[rid] {
			inside[rid] = true
			rids = append(rids, rid)
		}
		return true
	}
	rids = append(rids, patient.rid)
	if err := e.c.Query(`SELECT rid FROM compartment WHERE patient=?`, []any{patient.rid}, add); err != nil {
		return err
	}
	compartment := len(rids)
	if err := e.c.Query(`SELECT DISTINCT rid FROM version WHERE key_id=? AND key_id>0`, []any{e.key}, add); err != nil {
		return err
	}
	for n, rid := range rids {
		if err := e.consider(rid, n < compartment); err != nil {
			return err
		}
	}
	return e.gatherDocuments()
}

// consider takes a resource that is the patient's. One in the compartments of others is shared;
// one that was moved to another patient keeps its new versions, the old ones die with the key.
func (e *erasing) consider(rid int64, inside bool) error {
	r := row{rid: rid}
	err := e.c.Query(`SELECT type, id, version, seq, deleted, updated FROM resource WHERE rid=?`, []any{rid}, func(s db.Row) bool {
		r.t, r.key.ID, r.version, r.seq, r.deleted, r.updated = s.Int(0), s.ID(1), s.Int(2), s.Int(3), s.Int(4) != 0, s.Int(5)
		return false
	})
	if err != nil {
		return err
	}
	r.key.Type = (&view{s: e.s, c: e.c}).typeName(r.t)
	newest, _, err := db.One(e.c, `SELECT key_id FROM version WHERE rid=? AND body IS NOT NULL ORDER BY version DESC LIMIT 1`, rid)
	switch {
	case err != nil:
		return err
	case newest == e.key || r.version == 0 || rid == e.patient:
		return e.take(&r)
	case !inside:
		return nil
	case e.command.Shared == store.SharedErase:
		return e.take(&r)
	}
	e.kept++
	return nil
}

// take notes a resource, and its own key where it has one.
func (e *erasing) take(r *row) error {
	own := subject{ofOneOfMany, itoa(r.rid)}
	key, found, err := keyIn(e.c, own)
	if found {
		e.keys = append(e.keys, key)
		e.forget(own)
	}
	e.rows = append(e.rows, *r)
	return err
}

// gatherDocuments takes the documents of the patient alone; those of others, too, as Shared says.
func (e *erasing) gatherDocuments() error {
	var ids []string
	err := e.c.Query(`SELECT document FROM document_patient WHERE patient=? ORDER BY document`, []any{e.patient}, func(r db.Row) bool {
		ids = append(ids, r.Text(0))
		return true
	})
	for _, id := range ids {
		if err != nil {
			return err
		}
		var others int64
		if others, _, err = db.One(e.c, `SELECT count(*) FROM document_patient WHERE document=? AND patient<>?`, id, e.patient); err != nil {
			return err
		}
		if others > 0 && e.command.Shared != store.SharedErase {
			e.kept++
			continue
		}
		e.documents = append(e.documents, id)
	}
	return err
}

// held refuses what is under a legal hold.
func (e *erasing) held() error {
	for n := range e.rows {
		r := &e.rows[n]
		if !r.live() {
			continue
		}
		v, err := e.version(r)
		if fault.Is(err, fault.Gone) {
			continue
		}
		if err != nil {
			return err
		}
		if onHold(v.Resource) {
			return fault.New(fault.Conflict, "legal_hold", "a legal hold is on this or on a part of it; take the tag off first")
		}
	}
	return nil
}

// onHold looks for the tag of a legal hold.
func onHold(res *fhir.Node) bool {
	for _, tag := range res.Get("meta").Get("tag").Items() {
		if tag.Str("system") == store.HoldSystem && tag.Str("code") == store.HoldCode {
			return true
		}
	}
	return false
}

// removeResource takes all versions and index rows away. What stays is that there was a
// resource of this id, so that reading it says Gone and references to it stay what they are.
func (e *erasing) removeResource(r *row) error {
	if r.live() {
		if _, err := e.unindex(r); err != nil && !fault.Is(err, fault.Gone) {
			return err
		}
	}
	if r.key.Type == "SearchParameter" && r.live() {
		if err := e.define(r.key, r.seq, nil); err != nil {
			return err
		}
	}
	if err := e.c.Exec(`DELETE FROM version WHERE rid=?`, r.rid); err != nil {
		return err
	}
	if err := e.touch(r.key.String()); err != nil {
		return err
	}
	return e.c.Exec(`UPDATE resource SET version=0, seq=0, deleted=2, updated=? WHERE rid=?`, e.now.UnixMilli(), r.rid)
}

// removeDocument takes all rows of a document away, and notes that it is not to come back by a
// worker that still reads it.
func (e *erasing) removeDocument(id string) error {
	own := subject{ofDocument, id}
	key, found, err := keyIn(e.c, own)
	if err != nil {
		return err
	}
	if found {
		e.keys = append(e.keys, key)
		e.forget(own)
	}
	for _, sql := range []string{`DELETE FROM document WHERE id=?`, `DELETE FROM arrival WHERE document=?`, `DELETE FROM history WHERE document=?`,
		`DELETE FROM record WHERE document=?`, `DELETE FROM stage WHERE input=?`, `DELETE FROM idempotency WHERE document=?`,
		`DELETE FROM document_patient WHERE document=?`, `DELETE FROM document_kind WHERE document=?`} {
		if err := e.c.Exec(sql, id); err != nil {
			return err
		}
	}
	if err := e.touch(documentTouched + id); err != nil {
		return err
	}
	return e.c.Exec(`INSERT INTO sealing VALUES (?,?,0) ON CONFLICT DO NOTHING`, ofErasedDocument, id)
}

// forget takes a subject's key out of the table; the key itself is destroyed once that is durable.
func (e *erasing) forget(s subject) {
	e.gone = append(e.gone, s)
}

// unseal takes the subjects that have no key any more out of the table.
func (e *erasing) unseal() error {
	for _, s := range e.gone {
		delete(e.turn.keys, s)
		if err := e.c.Exec(`DELETE FROM sealing WHERE kind=? AND subject=?`, s.kind, s.id); err != nil {
			return err
		}
	}
	return nil
}

// note writes down what is to follow.
func (e *erasing) note() error {
	if err := e.unseal(); err != nil {
		return err
	}
	keys, err := json.Marshal(append([]int64{}, e.keys...))
	if err != nil {
		return err
	}
	return e.c.Exec(`INSERT INTO erasure (at, target, state, key_ids, documents) VALUES (?,?,0,?,?)`,
		e.now.UnixMilli(), e.command.Key.String(), string(keys), strings.Join(e.documents, " "))
}

// Erasures says how the original of a document is erased, and finishes erasures that were cut.
func (s *Store) Erasures(ctx context.Context, original func(ctx context.Context, document string) error) error {
	s.eraser.Store(&original)
	return s.finishErasures(ctx)
}

// pending is an erasure whose rows are gone.
type pending struct {
	n         int64
	keys      []int64
	documents []string
}

// finishErasures does what follows the rows: keys, originals, and what the log and free pages
// still hold. Each step may be done again, so that one that is cut is gone on with at the next start.
func (s *Store) finishErasures(ctx context.Context) error {
	s.finishing.Lock()
	defer s.finishing.Unlock()
	var todo []pending
	err := s.Snapshot(ctx, checker, func(sv store.View) error {
		var bad error
		err := sv.(*view).c.Query(`SELECT n, key_ids, documents FROM erasure WHERE state=0 ORDER BY n`, nil, func(r db.Row) bool {
			p := pending{n: r.Int(0), documents: strings.Fields(r.Text(2))}
			bad = json.Unmarshal([]byte(r.Text(1)), &p.keys)
			todo = append(todo, p)
			return bad == nil
		})
		if err == nil && bad != nil {
			err = fault.New(fault.Corrupt, "erasure_damaged", "what is left to erase cannot be read")
		}
		return err
	})
	if err != nil || len(todo) == 0 {
		return err
	}
	for _, p := range todo {
		if err := s.finish(ctx, p); err != nil {
			return fault.New(fault.Unavailable, "erasure_unfinished", "the rows are erased, not yet all keys, originals and logs; that is done at the next start: %w", err)
		}
	}
	return nil
}

func (s *Store) finish(ctx context.Context, p pending) error {
	if err := s.Keys.Vault.Destroy(p.keys); err != nil {
		return err
	}
	original := *s.eraser.Load()
	for _, d := range p.documents {
		if err := original(ctx, d); err != nil {
			return err
		}
	}
	if s.Scrub != nil {
		if err := s.Scrub(ctx); err != nil {
			return err
		}
	}
	return s.inner(ctx, func(w *Writer) error {
		t := &turn{Writer: w, r: &request{ctx: ctx, actor: checker}}
		for _, d := range p.documents { // bytes that were put before now may have gone with it
			if err := t.touch(documentTouched + d); err != nil {
				return err
			}
		}
		return w.c.Exec(`UPDATE erasure SET state=1 WHERE n=?`, p.n)
	})
}

// erases reports whether commands erase something.
func erases(commands []store.Command) bool {
	for _, c := range commands {
		if _, ok := c.(store.Erase); ok {
			return true
		}
	}
	return false
}

// dropErased takes out what a backup brought back of patients and documents whose keys were
// destroyed since: nobody can read it, and it is not damage.
func (s *Store) dropErased(ctx context.Context) error {
	return s.inner(ctx, func(w *Writer) error {
		type owner struct {
			subject
			key int64
		}
		var all []owner
		err := w.c.Query(`SELECT kind, subject, key_id FROM sealing WHERE key_id>0`, nil, func(r db.Row) bool {
			all = append(all, owner{subject{r.Int(0), r.Text(1)}, r.Int(2)})
			return true
		})
		for _, o := range all {
			if err != nil {
				return err
			}
			var lives bool
			if lives, err = s.Keys.Vault.Lives(o.key); err != nil || lives {
				continue
			}
			e := &erasing{turn: &turn{Writer: w, r: &request{ctx: ctx, actor: checker}}}
			if o.kind == ofDocument {
				err = e.removeDocument(o.id)
			} else if err = e.dropSealed(o.key); err == nil {
				e.forget(o.subject)
			}
			if err == nil {
				err = e.unseal()
			}
		}
		return err
	})
}

// dropSealed takes out the resources of which nothing is left but what a destroyed key sealed.
func (e *erasing) dropSealed(key int64) error {
	var rids []int64
	err := e.c.Query(`SELECT DISTINCT v.rid FROM version v WHERE v.key_id=? AND NOT EXISTS
		(SELECT 1 FROM version o WHERE o.rid=v.rid AND o.body IS NOT NULL AND o.key_id<>?)`, []any{key, key}, func(r db.Row) bool {
		rids = append(rids, r.Int(0))
		return true
	})
	for _, rid := range rids {
		if err == nil {
			err = e.removeResource(&row{rid: rid})
		}
	}
	return err
}
