package relational

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"chartlake/audit"
	"chartlake/envelope"
	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/body"
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
		if err := t.notErasing(d.ID); err != nil {
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
// has just come.
func (t *turn) notErasing(id string) error {
	pending, _, err := db.One(t.c, `SELECT count(*) FROM erasure WHERE state=0 AND documents LIKE ?`, "%"+id+"%")
	if err == nil && pending > 0 {
		err = fault.New(fault.Unavailable, "erasure_unfinished", "a document of these bytes is just being erased; send it again in a minute")
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

// Limits of a list of documents.
const (
	defaultDocuments = 50
	maxDocuments     = 500
)

// documentPosition is where a list of documents ended.
type documentPosition struct {
	Received int64  `json:"r"`
	ID       string `json:"i"`
}

// documentChunk is how many rows are read at once where not every one may be shown.
const documentChunk = 500

// Documents lists documents, newest first, without their history.
func (v *view) Documents(q store.DocumentQuery) (docs []store.Document, next string, err error) {
	docs, next, err = v.documents(q)
	v.tale.documents(q, docs)
	return docs, next, err
}

func (v *view) documents(q store.DocumentQuery) (docs []store.Document, next string, err error) {
	limit := q.Limit
	if limit <= 0 {
		limit = defaultDocuments
	}
	limit = min(limit, maxDocuments)
	about := "documents\x00" + v.actor.ID
	if q.Oldest {
		about += "\x00oldest"
	}
	var pos *documentPosition
	if q.Cursor != "" {
		if pos, err = v.documentPosition(q.Cursor, about); err != nil {
			return nil, "", err
		}
	}
	chunk := limit + 1
	if v.actor.Patients != nil {
		chunk = documentChunk
	}
	docs = []store.Document{}
	for more := true; more && len(docs) <= limit; {
		var found []documentRow
		if found, more, err = v.documentRows(q, pos, chunk); err != nil {
			return nil, "", err
		}
		for i := range found {
			d := &found[i].d
			pos = &documentPosition{d.ReceivedAt.UnixMilli(), d.ID}
			err := v.finish(d, found[i].segments, found[i].resources)
			if fault.Is(err, fault.Gone) {
				continue // erased since the backup that brought it back
			}
			if err != nil {
				return nil, "", err
			}
			if v.mayDocument(d) {
				docs = append(docs, *d)
			}
		}
	}
	if len(docs) > limit {
		docs = docs[:limit]
		last := docs[limit-1]
		plain, err := json.Marshal(documentPosition{last.ReceivedAt.UnixMilli(), last.ID})
		if err != nil {
			return nil, "", err
		}
		next = v.s.Keys.Seal(plain, about)
	}
	return docs, next, nil
}

// Hashes lists the hashes of all documents.
func (v *view) Hashes(after string, limit int) (hashes []string, err error) {
	if v.actor.Patients != nil {
		return nil, fault.New(fault.Forbidden, "confined", "who is confined to patients lists no hashes")
	}
	err = v.c.Query(`SELECT id FROM document WHERE id>? ORDER BY id LIMIT ?`, []any{after, limit}, func(s db.Row) bool {
		hashes = append(hashes, s.Text(0))
		return true
	})
	return hashes, err
}

// Tallies counts the documents of each state and code.
func (v *view) Tallies() (out []store.Tally, err error) {
	if v.actor.Patients == nil {
		err := v.c.Query(`SELECT state, code, count(*), min(received) FROM document GROUP BY state, code ORDER BY state, code`, nil, func(s db.Row) bool {
			out = append(out, store.Tally{State: store.State(s.Text(0)), Code: s.Text(1), Count: int(s.Int(2)), Oldest: time.UnixMilli(s.Int(3)).UTC()})
			return true
		})
		return out, err
	}
	at := map[[2]string]int{}
	for q := (store.DocumentQuery{Limit: maxDocuments}); ; {
		docs, next, err := v.documents(q)
		if err != nil {
			return nil, err
		}
		for _, d := range docs { // newest first
			key := [2]string{string(d.State), d.Code}
			if _, ok := at[key]; !ok {
				at[key] = len(out)
				out = append(out, store.Tally{State: d.State, Code: d.Code})
			}
			t := &out[at[key]]
			t.Count, t.Oldest = t.Count+1, d.ReceivedAt
		}
		if next == "" {
			return out, nil
		}
		q.Cursor = next
	}
}

// listed is the SQL of a list of documents behind a position: id and received, at most limit.
// Every state is a range of an index that is in the order of the list, so a page costs a page
// however many documents there are.
func listed(q store.DocumentQuery, pos *documentPosition, limit int) db.Frag {
	table, id, where := "document", "id", db.SQL(``)
	if q.Type != "" {
		table, id, where = "document_kind", "document", db.SQL(` AND type=?`, q.Type)
	}
	if q.SHA256 != "" {
		where = where.With(` AND `+id+`=?`, q.SHA256)
	}
	if !q.Since.IsZero() {
		where = where.With(` AND received>=?`, q.Since.UnixMilli())
	}
	if !q.Before.IsZero() {
		where = where.With(` AND received<?`, q.Before.UnixMilli())
	}
	beyond, order := "<", "DESC"
	if q.Oldest {
		beyond, order = ">", "ASC"
	}
	if pos != nil {
		where = where.With(` AND (received,`+id+`)`+beyond+`(?,?)`, pos.Received, pos.ID)
	}
	if q.Code != "" && q.Type == "" {
		where = where.With(` AND code=?`, q.Code)
	}
	ordered := ` ORDER BY received ` + order + `, ` + id + ` ` + order + ` LIMIT ?`
	states := q.States
	if len(states) == 0 && q.Type != "" {
		states = store.States()
	}
	if len(states) == 0 {
		return where.Wrap(`SELECT `+id+` AS listed, received FROM `+table+` WHERE TRUE`, ordered).With(``, limit)
	}
	parts := make([]db.Frag, len(states))
	for i, s := range states {
		parts[i] = db.Join(``, db.SQL(`SELECT * FROM (SELECT `+id+` AS listed, received FROM `+table+` WHERE state=?`, string(s)), where, db.SQL(ordered+`) AS one`, limit))
	}
	return db.Join(` UNION ALL `, parts...)
}

func (v *view) documentPosition(cursor, about string) (*documentPosition, error) {
	plain, err := v.s.Keys.Open(cursor, about)
	if err != nil {
		return nil, err
	}
	pos := &documentPosition{}
	if err := json.Unmarshal(plain, pos); err != nil {
		return nil, fault.New(fault.Invalid, "bad_cursor", "the page token is not of this store")
	}
	return pos, nil
}

// documentRow is a document's row as it is read.
type documentRow struct {
	d                   store.Document
	segments, resources string
}

// documentRows reads up to limit rows behind a position; more says that there may be others.
func (v *view) documentRows(q store.DocumentQuery, pos *documentPosition, limit int) (found []documentRow, more bool, err error) {
	order := "DESC"
	if q.Oldest {
		order = "ASC"
	}
	columns := "d." + strings.ReplaceAll(documentColumns, ", ", ", d.")
	all := listed(q, pos, limit).Wrap(`SELECT `+columns+` FROM (`, `) AS list CROSS JOIN document AS d ON d.id=list.listed WHERE TRUE`)
	if q.Code != "" {
		all = all.With(` AND d.code=?`, q.Code)
	}
	all = all.With(` ORDER BY d.received `+order+`, d.id `+order+` LIMIT ?`, limit)
	err = v.c.Query(all.Text, all.Args, func(s db.Row) bool {
		var r documentRow
		r.d, r.segments, r.resources = scanDocument(s)
		found = append(found, r)
		return true
	})
	return found, len(found) == limit, err
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

// Idempotent gives the document that a key of this actor was used for.
func (v *view) Idempotent(key string) (string, bool, error) {
	document, found := "", false
	err := v.c.Query(`SELECT document FROM idempotency WHERE actor=? AND key=?`, []any{v.actor.ID, key}, func(s db.Row) bool {
		document, found = s.Text(0), true
		return false
	})
	return document, found, err
}
