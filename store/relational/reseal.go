package relational

import (
	"context"

	"chartlake/envelope"
	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/db"
)

// resealRun is how much of an older store is sealed in one transaction: some 20 ms.
const resealRun = 100

// Reseal seals what an older version wrote in clear, or what belongs to a patient and was sealed
// under the common key, beside all else, and then notes that nothing is left. It may be cut at any point: what is sealed stays sealed, the rest follows at
// the next start. Erasing waits for its end.
func (s *Store) Reseal(ctx context.Context) error {
	sealed := false
	err := s.inner(ctx, func(w *Writer) (err error) {
		_, sealed, err = keyIn(w.c, subject{allSealed, ""})
		return err
	})
	if err != nil || sealed || s.Keys.Unsealed {
		return err
	}
	for _, step := range []func(context.Context) error{s.resealDocuments, s.resealStages,
		func(ctx context.Context) error { return s.resealVersions(ctx, ownKey) },
		func(ctx context.Context) error {
			return s.resealVersions(ctx, func(t string) bool { return !ownKey(t) })
		},
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return s.inner(ctx, func(w *Writer) error {
		return w.c.Exec(`INSERT INTO sealing VALUES (?,'',0) ON CONFLICT DO NOTHING`, allSealed)
	})
}

// ownKey reports whether a resource's key comes from itself, not from what it belongs to.
func ownKey(typ string) bool { return typ != "Provenance" && typ != "Binary" }

// resealer is a turn for keyFor alone.
func (w *Writer) resealer() *turn {
	r := &request{actor: checker, work: &work{}}
	return &turn{Writer: w, r: r, unborn: map[store.Key]bool{}, claims: map[string]int64{}}
}

// resealVersions seals bodies of some types, oldest first. For what belongs to others it may only be
// seen now whose it is: such bodies are looked at under the common key, too.
func (s *Store) resealVersions(ctx context.Context, which func(typ string) bool) error {
	claims, most := map[string]int64{}, int64(0)
	if !which("Patient") {
		most = envelope.Common
		if err := s.collectClaims(ctx, claims); err != nil {
			return err
		}
	}
	for last := int64(-1); ; {
		var raws []rawVersion
		err := s.inner(ctx, func(w *Writer) error {
			raws = nil
			err := w.c.Query(`SELECT `+versionColumns+` FROM version v CROSS JOIN resource r ON r.rid=v.rid WHERE v.seq>? AND v.key_id<=? AND v.body IS NOT NULL ORDER BY v.seq LIMIT ?`,
				[]any{last, most, resealRun}, func(r db.Row) bool {
					raws = append(raws, scanVersion(r))
					return true
				})
			t := w.resealer()
			t.claims = claims
			for _, raw := range raws {
				if err == nil && which((&view{s: s, c: w.c}).typeName(raw.t)) {
					err = t.resealVersion(raw)
				}
			}
			return err
		})
		if err != nil || len(raws) == 0 {
			return err
		}
		last = raws[len(raws)-1].seq
	}
}

func (t *turn) resealVersion(raw rawVersion) error {
	got, err := (&view{s: t.s, c: t.c}).decode(raw)
	if fault.Is(err, fault.Corrupt) {
		return nil // it stays as it is, for check to find
	}
	if err != nil {
		return err
	}
	res := stripMeta(got.Resource.Shallow())
	values, err := t.s.Catalogue.Extract(res, t.s.Base)
	if err != nil {
		return err
	}
	key, err := t.keyFor(&row{rid: raw.rid, t: raw.t, version: raw.version, key: got.Key}, &ready{resource: res, values: values})
	if err != nil {
		return err
	}
	if key == 0 {
		key = envelope.Common
	}
	if key == raw.key {
		return nil
	}
	about := aboutVersion(raw.rid, raw.version)
	packed, err := t.s.unseal(raw.key, raw.body, about)
	if err != nil {
		return err
	}
	body, err := t.s.sealBody(key, packed, about)
	if err != nil {
		return err
	}
	return t.c.Exec(`UPDATE version SET key_id=?, body=? WHERE seq=?`, key, body, raw.seq)
}

// collectClaims finds which Binary resources the resources of the store attach.
func (s *Store) collectClaims(ctx context.Context, claims map[string]int64) error {
	for last := int64(-1); ; {
		var raws []rawVersion
		err := s.inner(ctx, func(w *Writer) error {
			raws = nil
			err := w.c.Query(`SELECT `+versionColumns+` FROM version v CROSS JOIN resource r ON r.rid=v.rid WHERE v.seq>? AND v.key_id>? AND v.body IS NOT NULL ORDER BY v.seq LIMIT ?`,
				[]any{last, envelope.Common, 10 * resealRun}, func(r db.Row) bool {
					raws = append(raws, scanVersion(r))
					return true
				})
			for _, raw := range raws {
				if err != nil {
					break
				}
				got, e := (&view{s: s, c: w.c}).decode(raw)
				if e == nil && ownKey(got.Key.Type) {
					for _, id := range attached(got.Resource) {
						claims[id] = raw.key
					}
				}
			}
			return err
		})
		if err != nil || len(raws) == 0 {
			return err
		}
		last = raws[len(raws)-1].seq
	}
}

// sealedRow is a packed row of a document.
type sealedRow struct {
	part store.StageKey // of a stage output
	n    int64          // version of a record, number of an arrival
	name string
	body []byte
}

// resealDocuments seals names, records and stage outputs, one document in one transaction.
func (s *Store) resealDocuments(ctx context.Context) error {
	for last := ""; ; {
		var ids []string
		err := s.inner(ctx, func(w *Writer) (err error) {
			if ids, err = db.Texts(w.c, `SELECT id FROM document WHERE id>? ORDER BY id LIMIT 20`, last); err != nil {
				return err
			}
			for _, id := range ids {
				if err := w.resealDocument(id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		last = ids[len(ids)-1]
	}
}

func (w *Writer) resealDocument(id string) error {
	d, err := w.document(id)
	if err != nil {
		return err
	}
	if err := w.resealer().saveDocument(d, false); err != nil {
		return err
	}
	var names, records []sealedRow
	err = w.c.Query(`SELECT n FROM arrival WHERE document=? ORDER BY n`, []any{id}, func(r db.Row) bool {
		names = append(names, sealedRow{n: r.Int(0)})
		return true
	})
	for i, a := range names {
		if err == nil {
			if a.name, err = w.sealText(id, "name", d.Arrivals[i].Name); err == nil {
				err = w.c.Exec(`UPDATE arrival SET name=? WHERE n=?`, a.name, a.n)
			}
		}
	}
	if err != nil {
		return err
	}
	err = w.c.Query(`SELECT version, body FROM record WHERE document=? AND key_id=0`, []any{id}, func(r db.Row) bool {
		records = append(records, sealedRow{n: r.Int(0), body: r.Bytes(1)})
		return true
	})
	if err != nil || len(records) == 0 {
		return err
	}
	key, err := w.keyOf(subject{ofDocument, id})
	if err != nil {
		return err
	}
	for _, r := range records {
		body, err := w.s.sealBody(key, r.body, aboutRecord(id, r.n))
		if err == nil {
			err = w.c.Exec(`UPDATE record SET key_id=?, body=? WHERE document=? AND version=?`, key, body, id, r.n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// resealStages seals stage outputs, whosever they are.
func (s *Store) resealStages(ctx context.Context) error {
	for more := true; more; {
		err := s.inner(ctx, func(w *Writer) error {
			var rows []sealedRow
			err := w.c.Query(`SELECT input, stage, version, part, body FROM stage WHERE key_id=0 LIMIT ?`, []any{resealRun}, func(r db.Row) bool {
				rows = append(rows, sealedRow{part: store.StageKey{Input: r.Text(0), Stage: r.Text(1), Version: r.Text(2), Part: r.Text(3)}, body: r.Bytes(4)})
				return true
			})
			more = len(rows) > 0
			for _, r := range rows {
				if err != nil {
					break
				}
				err = w.resealStage(r)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) resealStage(r sealedRow) error {
	k := r.part
	key, err := w.keyOfStage(k)
	if err != nil {
		return err
	}
	body, err := w.s.sealBody(key, r.body, aboutStage(k))
	if err != nil {
		return err
	}
	return w.c.Exec(`UPDATE stage SET key_id=?, body=? WHERE input=? AND stage=? AND version=? AND part=?`, key, body, k.Input, k.Stage, k.Version, k.Part)
}
