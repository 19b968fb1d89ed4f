package relational

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/db"
)

// receive notes an arrival: of a new document, or of one that is known. The same
// Idempotency-Key of the same actor changes nothing when it names the same bytes, and is a
// Conflict when it names others.
func (t *turn) receive(c store.Receive, res *store.Result) error {
	d := c.Document
	if d.ID == "" || d.ID != d.SHA256 {
		return fault.New(fault.Invalid, "bad_document", "a document's id is the SHA-256 of its bytes")
	}
	if c.Key != "" {
		known, ok, err := t.idempotent(t.r.actor.ID, c.Key)
		if err != nil {
			return err
		}
		if ok && known != d.ID {
			return fault.New(fault.Conflict, "idempotency_conflict", "this Idempotency-Key was used for other bytes")
		}
		if ok {
			res.Document, err = t.document(d.ID)
			res.Duplicate = true
			return err
		}
	}
	_, err := t.document(d.ID)
	switch {
	case err == nil:
		res.Duplicate = true
	case !fault.Is(err, fault.NotFound):
		return err
	default:
		if err := t.notErasing(d.ID, c.After); err != nil {
			return err
		}
		if err := t.newDocument(&d); err != nil {
			return err
		}
	}
	at := c.Arrival.At
	if at.IsZero() {
		at = t.now
	}
	actor := c.Arrival.Actor
	if actor == "" {
		actor = t.r.actor.ID
	}
	name, err := t.sealText(d.ID, "name", c.Arrival.Name)
	if err == nil {
		err = t.c.Exec(`INSERT INTO arrival (document, at, source, name, actor) VALUES (?,?,?,?,?)`, d.ID, at.UnixMilli(), c.Arrival.Source, name, actor)
	}
	if err == nil && res.Duplicate {
		err = t.touch(documentTouched + d.ID) // it has one arrival more
	}
	if err == nil && c.Key != "" {
		err = t.c.Exec(`INSERT INTO idempotency VALUES (?,?,?,?)`, t.r.actor.ID, c.Key, d.ID, t.now.UnixMilli())
	}
	if err != nil {
		return err
	}
	res.Op = store.OpCreate
	if res.Duplicate {
		res.Op = store.OpUpdate
	}
	if res.Document, err = t.document(d.ID); err == nil {
		t.tale.document(audit.Receive, res.Document)
	}
	return err
}

// notErasing refuses a document whose original is still to be erased: that would take the one that
// has just come. One that was erased since the change after has been taken already, perhaps.
func (t *turn) notErasing(id string, after int64) error {
	pending, _, err := db.One(t.c, `SELECT count(*) FROM erasure WHERE state=0 AND documents LIKE ?`, "%"+id+"%")
	if err != nil {
		return err
	}
	if pending > 0 {
		return fault.New(fault.Unavailable, "erasure_unfinished", "a document of these bytes is just being erased; send it again in a minute")
	}
	if after == 0 {
		return nil
	}
	_, since, err := db.One(t.c, `SELECT seq FROM touched WHERE what=? AND seq>?`, documentTouched+id, after)
	if err == nil && since {
		return &fault.Error{Kind: fault.Unavailable, Code: "erased_meanwhile", Message: "a document of these bytes was erased while it came; send it again", RetryAfter: time.Second}
	}
	return err
}

func (t *turn) newDocument(d *store.Document) error {
	d.State, d.ReceivedAt, d.SettledAt = store.Received, t.now, nil
	if err := t.c.Exec(`DELETE FROM sealing WHERE kind=? AND subject=?`, ofErasedDocument, d.ID); err != nil {
		return err
	}
	if err := t.saveDocument(d, true); err != nil {
		return err
	}
	return t.history(d.ID, "", store.Received, "")
}

func (t *turn) history(id string, from, to store.State, code string) error {
	return t.c.Exec(`INSERT INTO history (document, at, "from", "to", code, actor) VALUES (?,?,?,?,?,?)`, id, t.now.UnixMilli(), string(from), string(to), code, t.r.actor.ID)
}

func (t *turn) saveDocument(d *store.Document, fresh bool) error {
	segments, err := json.Marshal(d.Segments)
	if err != nil {
		return err
	}
	resources, err := json.Marshal(d.Resources)
	if err != nil {
		return err
	}
	question, err := t.sealText(d.ID, "question", d.Question)
	if err != nil {
		return err
	}
	stated, err := t.sealText(d.ID, "stated_patient", d.Patient)
	if err != nil {
		return err
	}
	if err := t.linkPatients(d); err != nil {
		return err
	}
	if err := t.listKinds(d); err != nil {
		return err
	}
	var settled any
	if d.SettledAt != nil {
		settled = d.SettledAt.UnixMilli()
	}
	if err := t.touch(documentTouched + d.ID); err != nil {
		return err
	}
	if fresh {
		return t.c.Exec(`INSERT INTO document VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`, d.ID, string(d.State), d.Code, question, d.MediaType, d.Pages, d.Bytes,
			d.ReceivedAt.UnixMilli(), settled, d.Type, stated, string(segments), string(resources))
	}
	return t.c.Exec(`UPDATE document SET state=?, code=?, question=?, media_type=?, pages=?, bytes=?, settled=?, stated_type=?, stated_patient=?, segments=?, resources=? WHERE id=?`,
		string(d.State), d.Code, question, d.MediaType, d.Pages, d.Bytes, settled, d.Type, stated, string(segments), string(resources), d.ID)
}

// move takes a document along the table of store.Legal.
func (t *turn) move(c store.Move, res *store.Result) error {
	d, err := t.document(c.ID)
	if err != nil {
		return err
	}
	from := d.State
	named := false
	for _, s := range c.From {
		named = named || s == from
	}
	if !named || !store.Legal(from, c.To) {
		return fault.New(fault.Conflict, "illegal_move", "the document is %s and cannot become %s by this step", from, c.To)
	}
	d.State, d.Code, d.Question = c.To, c.Code, c.Question
	if c.Set != nil {
		c.Set(d)
		if d.ID != c.ID || d.State != c.To {
			return fault.New(fault.Invalid, "bad_move", "Set must not change a document's id or state")
		}
	}
	if from != c.To {
		d.SettledAt = nil
		if c.To.Settled() {
			now := t.now
			d.SettledAt = &now
		}
		if err := t.history(d.ID, from, c.To, c.Code); err != nil {
			return err
		}
	}
	if err := t.saveDocument(d, false); err != nil {
		return err
	}
	t.tale.parts(d)
	t.tale.step(audit.Move, string(c.To), audit.Target{Type: "document", ID: d.ID})
	res.Op = store.OpUpdate
	res.Document, err = t.document(d.ID)
	return err
}

// linkPatients notes whose a document's segments are.
func (t *turn) linkPatients(d *store.Document) error {
	if err := t.c.Exec(`DELETE FROM document_patient WHERE document=?`, d.ID); err != nil {
		return err
	}
	linked := map[string]bool{}
	for _, segment := range d.Segments {
		id, ok := strings.CutPrefix(segment.Patient, "Patient/")
		if !ok || linked[id] {
			continue
		}
		linked[id] = true
		rid, err := t.ridOf("Patient", id)
		if err == nil {
			err = t.c.Exec(`INSERT INTO document_patient VALUES (?,?)`, rid, d.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// listKinds notes under which kinds a document is listed: what its sender said, and what it holds.
func (t *turn) listKinds(d *store.Document) error {
	if err := t.c.Exec(`DELETE FROM document_kind WHERE document=?`, d.ID); err != nil {
		return err
	}
	kinds := []string{d.Type}
	for _, segment := range d.Segments {
		kinds = append(kinds, segment.Type)
	}
	slices.Sort(kinds)
	for _, kind := range slices.Compact(kinds) {
		if kind == "" {
			continue
		}
		if err := t.c.Exec(`INSERT INTO document_kind VALUES (?,?,?,?)`, d.ID, kind, string(d.State), d.ReceivedAt.UnixMilli()); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) document(id string) (*store.Document, error) {
	return (&view{s: w.s, c: w.c}).Document(id)
}

func (w *Writer) idempotent(actor, key string) (string, bool, error) {
	return (&view{s: w.s, c: w.c, actor: store.Actor{ID: actor}}).Idempotent(key)
}

const documentColumns = `id, state, code, question, media_type, pages, bytes, received, settled, stated_type, stated_patient, segments, resources`

func scanDocument(s db.Row) (d store.Document, segments, resources string) {
	d = store.Document{ID: s.Text(0), SHA256: s.Text(0), State: store.State(s.Text(1)), Code: s.Text(2), Question: s.Text(3),
		MediaType: s.Text(4), Pages: int(s.Int(5)), Bytes: s.Int(6), ReceivedAt: time.UnixMilli(s.Int(7)).UTC(),
		Type: s.Text(9), Patient: s.Text(10)}
	if !s.Null(8) {
		at := time.UnixMilli(s.Int(8)).UTC()
		d.SettledAt = &at
	}
	return d, s.Text(11), s.Text(12)
}

// finish fills a document's lists.
func (v *view) finish(d *store.Document, segments, resources string) error {
	if err := json.Unmarshal([]byte(segments), &d.Segments); err != nil {
		return fault.New(fault.Corrupt, "document_damaged", "a stored document row is not readable: %w", err)
	}
	if err := json.Unmarshal([]byte(resources), &d.Resources); err != nil {
		return fault.New(fault.Corrupt, "document_damaged", "a stored document row is not readable: %w", err)
	}
	if d.Segments == nil {
		d.Segments = []store.DocumentSegment{}
	}
	d.Arrivals = []store.Arrival{}
	var err error
	if d.Question, err = v.s.openText(d.ID, "question", d.Question); err != nil {
		return err
	}
	if d.Patient, err = v.s.openText(d.ID, "stated_patient", d.Patient); err != nil {
		return err
	}
	err = v.c.Query(`SELECT at, source, name, actor FROM arrival WHERE document=? ORDER BY n`, []any{d.ID}, func(s db.Row) bool {
		d.Arrivals = append(d.Arrivals, store.Arrival{At: time.UnixMilli(s.Int(0)).UTC(), Source: s.Text(1), Name: s.Text(2), Actor: s.Text(3)})
		return true
	})
	for i := range d.Arrivals {
		if err == nil {
			d.Arrivals[i].Name, err = v.s.openText(d.ID, "name", d.Arrivals[i].Name)
		}
	}
	return err
}

// mayDocument reports whether the actor may see a document: a confined one only when every
// part of it belongs to patients of theirs.
func (v *view) mayDocument(d *store.Document) bool {
	if v.actor.Patients == nil {
		return true
	}
	own := map[string]bool{}
	for _, p := range v.actor.Patients {
		own["Patient/"+p] = true
	}
	for _, s := range d.Segments {
		if !own[s.Patient] {
			return false
		}
	}
	return len(d.Segments) > 0
}

func documentNotFound() error {
	return fault.New(fault.NotFound, "document_not_found", "there is no such document")
}

// Document gives a document with its arrivals and history.
func (v *view) Document(id string) (*store.Document, error) {
	d, err := v.document(id)
	switch {
	case v.tale == nil:
	case err == nil:
		v.tale.document(audit.Read, d)
	default:
		v.tale.step(audit.Read, "document", audit.Target{Type: "document", ID: v.s.unnamed(id)})
	}
	return d, err
}

func (v *view) document(id string) (*store.Document, error) {
	var d store.Document
	var segments, resources string
	found := false
	err := v.c.Query(`SELECT `+documentColumns+` FROM document WHERE id=?`, []any{id}, func(s db.Row) bool {
		d, segments, resources = scanDocument(s)
		found = true
		return false
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, documentNotFound()
	}
	if err := v.finish(&d, segments, resources); err != nil {
		return nil, err
	}
	if !v.mayDocument(&d) {
		return nil, documentNotFound()
	}
	err = v.c.Query(`SELECT at, "from", "to", code, actor FROM history WHERE document=? ORDER BY n`, []any{id}, func(s db.Row) bool {
		d.History = append(d.History, store.StateChange{At: time.UnixMilli(s.Int(0)).UTC(), From: store.State(s.Text(1)), To: store.State(s.Text(2)),
			Code: s.Text(3), Actor: s.Text(4)})
		return true
	})
	return &d, err
}

// Idempotent gives the document that a key of this actor was used for.
func (v *view) Idempotent(key string) (string, bool, error) {
	document, found := "", false
	err := v.c.Query(`SELECT document FROM idempotency WHERE actor=? AND key=?`, []any{v.actor.ID, key}, func(s db.Row) bool {
		document, found = s.Text(0), true
		return false
	})
	return document, found, err
}
