package relational

import (
	"encoding/json"
	"strings"
	"time"

	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/db"
)

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
