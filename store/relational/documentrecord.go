package relational

import (
	"encoding/json"
	"time"

	"chartlake/audit"
	"chartlake/envelope"
	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/body"
	"chartlake/store/db"
)

func (t *turn) putRecord(c store.PutRecord, res *store.Result) error {
	if len(c.Body) > body.Max {
		return fault.New(fault.TooLarge, "record_too_large", "the record has more than %d bytes", body.Max)
	}
	newest, _, err := db.One(t.c, `SELECT max(version) FROM record WHERE document=?`, c.Document)
	if err != nil {
		return err
	}
	if newest != int64(c.After) {
		return fault.New(fault.Conflict, "record_changed", "the record is at version %d, the change was made from version %d", newest, c.After)
	}
	d, err := t.document(c.Document)
	if err != nil {
		return err
	}
	t.tale.parts(d)
	dict, packed := t.s.Pack.Pack(c.Body)
	key, err := t.keyOf(subject{ofDocument, c.Document})
	if err != nil {
		return err
	}
	sealed, err := t.s.sealBody(key, packed, aboutRecord(c.Document, newest+1))
	if err != nil {
		return err
	}
	err = t.c.Exec(`INSERT INTO record VALUES (?,?,?,?,?,?,?,?)`, c.Document, newest+1, t.now.UnixMilli(), t.r.actor.ID, c.Action, dict, key, sealed)
	if err != nil {
		return err
	}
	t.tale.step(audit.Record, "record", audit.Target{Type: "record", ID: c.Document, Version: int(newest + 1)})
	res.Record, res.Op = int(newest+1), store.OpCreate
	return t.touch(documentTouched + c.Document)
}

func (t *turn) putStage(i int, c store.PutStage) error {
	k := c.Key
	if c.Make != nil {
		_, there, err := (&view{s: t.s, c: t.c}).Stage(k)
		if err != nil {
			return err
		}
		if there {
			return fault.New(fault.Conflict, "stage_exists", "there is an output under this key already")
		}
		if c.Output, err = c.Make(t.results[:i]); err != nil {
			return err
		}
	}
	if k.Stage != receipts {
		t.tale.step(audit.Create, k.Stage, audit.Target{Type: "stage", ID: t.s.unnamed(k.Input)})
	}
	dict, packed := t.s.Pack.Pack(c.Output)
	key, err := t.keyOfStage(k)
	if err != nil {
		return err
	}
	body, err := t.s.sealBody(key, packed, aboutStage(k))
	if err != nil {
		return err
	}
	return t.c.Exec(`INSERT INTO stage VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`, k.Input, k.Stage, k.Version, k.Part, dict, key, body)
}

// keyOfStage is the key of a stage output: the document's that it was made from, where it was.
func (w *Writer) keyOfStage(k store.StageKey) (int64, error) {
	if w.s.Keys.Unsealed {
		return 0, nil
	}
	there, _, err := db.One(w.c, `SELECT count(*) FROM document WHERE id=?`, k.Input)
	if err != nil {
		return 0, err
	}
	if there == 0 {
		_, gone, err := keyIn(w.c, subject{ofErasedDocument, k.Input})
		if gone {
			err = erased()
		}
		return envelope.Common, err
	}
	return w.keyOf(subject{ofDocument, k.Input})
}

// Record gives a version of a document's record; 0 is the newest.
func (v *view) Record(document string, version int) (*store.RecordVersion, error) {
	r, err := v.record(document, version)
	if v.tale == nil {
		return r, err
	}
	target := audit.Target{Type: "record", ID: v.s.unnamed(document), Version: version}
	if err == nil {
		target.ID, target.Version = document, r.Version
		var d store.Document
		if row := v.c.Query(`SELECT segments FROM document WHERE id=?`, []any{document}, func(s db.Row) bool {
			_ = json.Unmarshal([]byte(s.Text(0)), &d.Segments) // one that is damaged names nobody
			return false
		}); row != nil {
			return nil, row
		}
		v.tale.parts(&d)
	}
	v.tale.step(audit.Read, "record", target)
	return r, err
}

func (v *view) record(document string, version int) (*store.RecordVersion, error) {
	if v.actor.Patients != nil {
		if _, err := v.document(document); err != nil {
			return nil, err
		}
	}
	var r *store.RecordVersion
	var dict, key int64
	err := v.c.Query(`SELECT version, at, actor, action, dict, body, key_id FROM record WHERE document=? AND (version=? OR ?=0) ORDER BY version DESC LIMIT 1`,
		[]any{document, version, version}, func(s db.Row) bool {
			r = &store.RecordVersion{Version: int(s.Int(0)), At: time.UnixMilli(s.Int(1)).UTC(), Actor: s.Text(2), Action: s.Text(3), Body: s.Bytes(5)}
			dict, key = s.Int(4), s.Int(6)
			return false
		})
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fault.New(fault.NotFound, "record_not_found", "the document has no such record")
	}
	r.Body, err = v.s.openBody(v.c, key, dict, r.Body, aboutRecord(document, int64(r.Version)))
	return r, err
}

// Records lists the versions of a record without their bodies, oldest first.
func (v *view) Records(document string) ([]store.RecordVersion, error) {
	if v.tale != nil && !v.tale.machine {
		v.tale.step(audit.History, "record", audit.Target{Type: "record", ID: v.s.unnamed(document)})
	}
	if v.actor.Patients != nil {
		if _, err := v.document(document); err != nil {
			return nil, err
		}
	}
	list := []store.RecordVersion{}
	err := v.c.Query(`SELECT version, at, actor, action FROM record WHERE document=? ORDER BY version`, []any{document}, func(s db.Row) bool {
		list = append(list, store.RecordVersion{Version: int(s.Int(0)), At: time.UnixMilli(s.Int(1)).UTC(), Actor: s.Text(2), Action: s.Text(3)})
		return true
	})
	return list, err
}

// Stage gives a stored stage output. A confined actor gets none but their own receipts: stages are
// not by patient.
func (v *view) Stage(k store.StageKey) ([]byte, bool, error) {
	if v.actor.Patients != nil && k.Stage != receipts {
		return nil, false, nil
	}
	var body []byte
	var dict, key int64
	found := false
	err := v.c.Query(`SELECT dict, body, key_id FROM stage WHERE input=? AND stage=? AND version=? AND part=?`, []any{k.Input, k.Stage, k.Version, k.Part}, func(s db.Row) bool {
		dict, body, key, found = s.Int(0), s.Bytes(1), s.Int(2), true
		return false
	})
	if err != nil || !found {
		return nil, false, err
	}
	if k.Stage != receipts {
		v.tale.step(audit.Read, k.Stage, audit.Target{Type: "stage", ID: v.s.unnamed(k.Input)})
	}
	body, err = v.s.openBody(v.c, key, dict, body, aboutStage(k))
	return body, err == nil, err
}

// receipts is the stage under which requests are remembered that must not be done twice: they
// hold ids that the same caller got before.
const receipts = "request"
