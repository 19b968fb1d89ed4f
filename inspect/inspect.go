// Package inspect holds what belongs together against each other: the store against itself,
// documents against their histories, records, resources, jobs and originals, and originals
// against their hashes. It reports each thing that is wrong under a stable code and, when asked,
// makes good what can be made good from what is sound.
//
// It refuses to delete: what nobody owns is set aside under lost+found. It changes nothing that
// a client or a person wrote; a document whose results are damaged is run again, which makes a
// new version. docs/guide/operations.md has the codes and what each repair does.
package inspect

import (
	"context"
	"time"

	"chartlake/blob"
	"chartlake/fault"
	"chartlake/queue"
	"chartlake/store"
)

// Codes of damage beside those of package store. Subjects are hashes of documents.
const (
	DocumentBlob     = "document_blob"     // the original is not there
	DocumentHistory  = "document_history"  // the history does not lead to the state by legal moves
	DocumentRecord   = "document_record"   // it has come to rest without a record
	DocumentResource = "document_resource" // a resource that it made was never there
	DocumentStuck    = "document_stuck"    // it has not come to rest and no job will take it further
	RecordGap        = "record_gap"        // versions of the record are not dense from 1
	RecordDamaged    = "record_damaged"    // a version of the record cannot be read
	BlobOrphan       = "blob_orphan"       // an original of no document, older than a day
	BlobDamaged      = "blob_damaged"      // an original does not have the bytes of its hash
)

// OrphanAge is how long an original may be without a document: its upload may be under way.
const OrphanAge = 24 * time.Hour

// Actor is who repairs, in history and audit.
var Actor = store.Actor{ID: "system:check", Name: "chartlake check"}

// Config is what is inspected. Store and Blobs are needed.
type Config struct {
	Store  store.Store
	Blobs  blob.Originals
	Repair bool
	// Original, where set, brings the stored bytes of an original from elsewhere (a backup).
	// NotFound where it is not there either.
	Original func(ctx context.Context, hash string) error
	// Quick leaves out reading the originals.
	Quick bool
	Now   func() time.Time // nil: the clock
}

// Summary is how much was looked at.
type Summary struct {
	Documents int `json:"documents"`
	Originals int `json:"originals"`
}

// Run inspects everything and calls found for each thing that is wrong. An error says that
// inspecting could not go on.
func Run(ctx context.Context, c Config, found func(store.Damage)) (s Summary, err error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	r := &run{Config: c, ctx: ctx, found: found}
	if err := c.Store.Inspect(ctx, c.Repair, found); err != nil {
		return r.Summary, err
	}
	err = r.hold()
	return r.Summary, err
}

// run is one inspection.
type run struct {
	Config
	Summary
	ctx   context.Context
	found func(store.Damage)
}

// tell reports damage, after trying to repair it where a repair is given.
func (r *run) tell(code, subject string, repair func() error) error {
	d := store.Damage{Code: code, Subject: subject}
	if r.Repair && repair != nil {
		err := repair()
		if r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		d.Repaired = err == nil
	}
	r.found(d)
	return nil
}

func (r *run) view(f func(store.View) error) error { return r.Store.View(r.ctx, Actor, f) }

// hold goes through the hashes of the documents and of the originals side by side, both in their
// order, so that neither is held in memory and no original is asked for alone.
func (r *run) hold() error {
	documents := &hashes{r: r}
	if err := documents.next(); err != nil {
		return err
	}
	err := r.Blobs.List(r.ctx, "", func(info blob.Info) error {
		for !documents.end && documents.at < info.Hash {
			if err := r.document(documents.at, false); err != nil {
				return err
			}
			if err := documents.next(); err != nil {
				return err
			}
		}
		r.Originals++
		if documents.end || documents.at != info.Hash {
			return r.alone(info)
		}
		if err := r.original(info); err != nil {
			return err
		}
		if err := r.document(info.Hash, true); err != nil {
			return err
		}
		return documents.next()
	})
	for err == nil && !documents.end {
		if err = r.document(documents.at, false); err == nil {
			err = documents.next()
		}
	}
	return err
}

// hashes goes through the hashes of all documents, a page at a time.
type hashes struct {
	r    *run
	page []string
	at   string
	end  bool
}

func (h *hashes) next() error {
	if len(h.page) == 0 {
		err := h.r.view(func(v store.View) (err error) {
			h.page, err = v.Hashes(h.at, 500)
			return err
		})
		if err != nil {
			return err
		}
	}
	if h.end = len(h.page) == 0; !h.end {
		h.at, h.page = h.page[0], h.page[1:]
	}
	return nil
}

// alone looks at an original that no document had when the documents were listed.
func (r *run) alone(info blob.Info) error {
	before := r.Now().Add(-OrphanAge)
	err := r.view(func(v store.View) error { _, err := v.Document(info.Hash); return err })
	switch {
	case err == nil: // it came meanwhile
		return r.original(info)
	case !fault.Is(err, fault.NotFound):
		return err
	case !info.At.Before(before):
		return nil
	}
	return r.tell(BlobOrphan, info.Hash, func() error { return r.Blobs.SetAside(r.ctx, info.Hash, before) })
}

// original looks whether an original has the bytes of its hash.
func (r *run) original(info blob.Info) error {
	if r.Quick {
		return nil
	}
	err := blob.Verify(r.ctx, r.Blobs, info.Hash)
	switch f := fault.As(err); {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case err == nil, fault.Is(err, fault.NotFound), fault.Is(err, fault.Gone): // deleted or erased meanwhile
		return nil
	case f != nil && f.Kind == fault.Unavailable && f.Code != blob.DiskFailed:
		return err
	}
	return r.tell(BlobDamaged, info.Hash, func() error { return r.replace(info.Hash) })
}

// replace puts a good copy in the place of damaged bytes, which are kept.
func (r *run) replace(hash string) error {
	if r.Original == nil {
		return errNothing
	}
	if err := r.Blobs.SetAside(r.ctx, hash, r.Now().Add(time.Hour)); err != nil {
		return err
	}
	return r.bring(hash)
}

// bring fetches an original from elsewhere.
func (r *run) bring(hash string) error {
	if r.Original == nil {
		return errNothing
	}
	if err := r.Original(r.ctx, hash); err != nil {
		return err
	}
	return blob.Verify(r.ctx, r.Blobs, hash)
}

var errNothing = fault.New(fault.NotFound, "nothing_to_repair_from", "there is no other copy")

// document looks at a document; listed says that its original was listed.
func (r *run) document(id string, listed bool) error {
	r.Documents++
	var found []string
	var doc *store.Document
	err := r.view(func(v store.View) (err error) {
		if doc, err = v.Document(id); err != nil {
			return err
		}
		found, err = lookAt(v, doc)
		return err
	})
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) { // erased meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	for _, code := range found {
		if err := r.tell(code, id, r.repairOf(code, doc)); err != nil {
			return err
		}
	}
	if !listed { // or it came meanwhile
		if _, err := r.Blobs.Stat(r.ctx, doc.SHA256); fault.Is(err, fault.NotFound) {
			return r.tell(DocumentBlob, id, func() error { return r.bring(doc.SHA256) })
		} else if err != nil && !fault.Is(err, fault.Gone) {
			return err
		}
	}
	return r.waits(doc)
}

// lookAt gives the codes of what is wrong with a document, each once.
func lookAt(v store.View, doc *store.Document) (found []string, err error) {
	if !history(doc) {
		found = append(found, DocumentHistory)
	}
	records, err := v.Records(doc.ID)
	if err != nil {
		return nil, err
	}
	dense, whole := true, true
	for i, rec := range records {
		dense = dense && rec.Version == i+1
		_, err := v.Record(doc.ID, rec.Version)
		if fault.Is(err, fault.Gone) {
			continue // erased
		}
		whole = whole && err == nil
	}
	if !dense {
		found = append(found, RecordGap)
	}
	if !whole {
		found = append(found, RecordDamaged)
	}
	if !rests(doc.State) {
		return found, nil
	}
	if len(records) == 0 {
		found = append(found, DocumentRecord)
	}
	for _, key := range doc.Resources {
		if _, err := v.Read(key); fault.Is(err, fault.NotFound) {
			return append(found, DocumentResource), nil
		}
	}
	return found, nil
}

// rests reports whether a document in this state has been read and filed, or waits to be.
func rests(s store.State) bool {
	return s == store.Filed || s == store.NeedsReview || s == store.Held
}

// history reports whether a document's history begins with nothing, goes by legal moves, and
// ends in its state.
func history(doc *store.Document) bool {
	at := store.State("")
	for _, c := range doc.History {
		if c.From != at || at != "" && !store.Legal(at, c.To) {
			return false
		}
		at = c.To
	}
	return at == doc.State
}

// repairOf is what makes something good again; nil where nothing does.
func (r *run) repairOf(code string, doc *store.Document) func() error {
	switch code {
	case DocumentRecord, DocumentResource:
		return func() error { return r.again(doc) }
	}
	return nil
}

// again puts a document at the start of its way.
func (r *run) again(doc *store.Document) error {
	_, err := r.Store.Transact(r.ctx, Actor, []store.Command{
		store.Move{ID: doc.ID, From: []store.State{doc.State}, To: store.Received},
		store.Enqueue{Job: queue.Job{Kind: queue.Document, Subject: doc.ID}}})
	return err
}

// waits looks whether a document that has not come to rest has a job. A job ends a moment
// after the document's last move, so the document is asked again.
func (r *run) waits(doc *store.Document) error {
	if doc.State.Settled() {
		return nil
	}
	held, err := r.Store.Jobs().Held(r.ctx, queue.Document, doc.ID)
	if err != nil || held {
		return err
	}
	now := *doc
	err = r.view(func(v store.View) error {
		d, err := v.Document(doc.ID)
		if err == nil {
			now = *d
		}
		return err
	})
	if err != nil || now.State.Settled() {
		return err
	}
	return r.tell(DocumentStuck, doc.ID, func() error {
		_, err := r.Store.Transact(r.ctx, Actor, []store.Command{store.Enqueue{Job: queue.Job{Kind: queue.Document, Subject: doc.ID}}})
		return err
	})
}
