package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"time"

	"chartlake/blob"
	"chartlake/blob/folder"
	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/sqlite"
)

const shownMax = 20 // violations of one kind that are written out

// labActor is who looks after the server has ended.
var labActor = store.Actor{ID: "system:lab", Name: "Durability lab"}

// blobFolder finds the blobs below a data folder.
func blobFolder(data string) string {
	found := filepath.Join(data, "blobs")
	filepath.WalkDir(data, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && (e.Name() == blob.Plain || e.Name() == blob.Sealed) {
			found = filepath.Dir(path)
			return fs.SkipAll
		}
		return nil
	})
	return found
}

// lost counts acknowledged documents without their bytes or without their row. It may run
// between two lives of the server only.
func (l *ledger) lost(data string) int {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, sqlite.Config{Folder: data})
	if err != nil {
		return len(l.ids())
	}
	defer db.Close()
	blobs, err := folder.Open(blobFolder(data), folder.Options{Reserve: -1, Vault: db.Vault()})
	if err != nil {
		return len(l.ids())
	}
	n := 0
	err = db.View(ctx, labActor, func(v store.View) error {
		for _, id := range l.ids() {
			doc, err := v.Document(id)
			if err != nil || doc.SHA256 != id || blob.Verify(ctx, blobs, id) != nil {
				n++
			}
		}
		return nil
	})
	if err != nil {
		return len(l.ids())
	}
	return n
}

// recheck asks a server that has just started for some of what was acknowledged before.
func (s *server) recheck(log *ledger) (violated []string) {
	for i, id := range log.ids() { // a map's order: other ones each time
		if i == 20 {
			break
		}
		status, body, err := s.get("/documents/" + id)
		var doc struct{ ID, SHA256 string }
		if err != nil || status != http.StatusOK || json.Unmarshal(body, &doc) != nil || doc.SHA256 != id {
			violated = append(violated, fmt.Sprintf("document %s was acknowledged, and after the restart the answer is %d", id, status))
		}
	}
	return violated
}

// settle waits until every acknowledged document has come to rest, and counts those that
// have not.
func (s *server) settle(log *ledger, most time.Duration) int {
	waiting := log.ids()
	for deadline := time.Now().Add(most); len(waiting) > 0 && time.Now().Before(deadline); {
		var still []string
		for _, id := range waiting {
			status, body, err := s.get("/documents/" + id)
			var doc struct {
				State store.State `json:"state"`
			}
			if err != nil || status != http.StatusOK || json.Unmarshal(body, &doc) != nil || !doc.State.Settled() {
				still = append(still, id)
			}
		}
		if waiting = still; len(waiting) > 0 {
			time.Sleep(100 * time.Millisecond)
		}
	}
	return len(waiting)
}

// audit opens what the last server left and checks the invariants on the data itself.
func audit(data string, log *ledger) (violated []string) {
	say := func(format string, args ...any) {
		if len(violated) < shownMax {
			violated = append(violated, fmt.Sprintf(format, args...))
		}
	}
	ctx := context.Background()
	for _, w := range log.wrong {
		say("%s", w)
	}
	db, err := sqlite.Open(ctx, sqlite.Config{Folder: data})
	if err != nil {
		return append(violated, "store: "+err.Error())
	}
	defer db.Close()
	blobs, err := folder.Open(blobFolder(data), folder.Options{Reserve: -1, Vault: db.Vault()})
	if err != nil {
		return append(violated, "blobs: "+err.Error())
	}
	if _, err := blob.Scrub(ctx, blobs, func(i blob.Info, err error) { say("blob %s: %v", i.Hash, err) }); err != nil {
		say("blobs: %v", err)
	}
	if err := db.Check(ctx); err != nil {
		say("store: %v", err)
	}
	err = db.View(ctx, labActor, func(v store.View) error {
		for cursor := ""; ; {
			docs, next, err := v.Documents(store.DocumentQuery{Limit: 500, Cursor: cursor})
			if err != nil {
				return err
			}
			for i := range docs {
				if err := auditDocument(v, docs[i].ID, log, say); err != nil {
					return err
				}
			}
			if cursor = next; cursor == "" {
				return nil
			}
		}
	})
	if err != nil {
		say("store: %v", err)
	}
	return violated
}

// auditDocument checks one document: a legal history that settles once, a record where it was
// filed, every resource that it says it made, and no arrival without an upload.
func auditDocument(v store.View, id string, log *ledger, say func(string, ...any)) error {
	doc, err := v.Document(id)
	if err != nil {
		return err
	}
	at := store.State("")
	settled := 0
	for _, c := range doc.History {
		if c.From != at || at != "" && !store.Legal(at, c.To) {
			say("document %s: history goes from %q to %q by way of %q", id, at, c.To, c.From)
		}
		at = c.To
		if at.Settled() {
			settled++
		}
	}
	if at != doc.State {
		say("document %s: state %s, history ends in %s", id, doc.State, at)
	}
	if log.acked[id] > 0 && settled != 1 {
		say("document %s settled %d times", id, settled)
	}
	switch doc.State {
	case store.Filed, store.NeedsReview, store.Held:
		if _, err := v.Record(id, 0); err != nil {
			say("document %s is %s without a record: %v", id, doc.State, err)
		}
		for _, key := range doc.Resources {
			if _, err := v.Read(key); err != nil && !fault.Is(err, fault.Gone) {
				say("document %s: %s: %v", id, key, err)
			}
		}
		if len(doc.Resources) == 0 {
			say("document %s is %s and made no resource", id, doc.State)
		}
	case store.Failed:
		say("document %s failed with %s", id, doc.Code)
	}
	if len(doc.Arrivals) == 0 {
		say("document %s has no arrival", id)
	}
	return nil
}
