package pipeline

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"chartlake/blob"
	"chartlake/document"
	"chartlake/fault"
	"chartlake/reader"
	"chartlake/store"
)

const (
	stageRead       = "read"
	stageUnderstand = "understand"
	partHead        = "head"
)

// head is the first output of reading: what does not belong to a page.
type head struct {
	MediaType string `json:"media_type"`
	Pages     int    `json:"pages"`
}

func readKey(id, version, part string) store.StageKey {
	return store.StageKey{Input: id, Stage: stageRead, Version: version, Part: part}
}

// read gives the document's pages: those that were read before from the store, the others
// from the file, each stored as soon as it is read.
func (p *Pipeline) read(ctx context.Context, row *store.Document) (*document.Document, error) {
	version := p.Reader.Version()
	doc, have, err := p.stored(ctx, row, version)
	if err != nil || doc != nil {
		return doc, err
	}
	file, err := blob.OpenVerified(ctx, p.Blobs, row.ID)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	password, err := p.Password(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	done := len(have)
	p.progress.set(row.ID, Progress{Stage: stageRead, Page: done, Of: row.Pages})
	doc, err = p.Reader.Read(ctx, file, file.Size(), reader.Options{
		SHA256: row.ID, Password: password,
		Known: func(number int) *document.Page { return have[number] },
		OnPage: func(page *document.Page, of int) error {
			if err := p.keep(ctx, readKey(row.ID, version, strconv.Itoa(page.Number)), page); err != nil {
				return err
			}
			p.Metrics.page(page)
			done++
			p.progress.set(row.ID, Progress{Stage: stageRead, Page: done, Of: of})
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return doc, p.keep(ctx, readKey(row.ID, version, partHead), head{doc.MediaType, len(doc.Pages)})
}

// keep stores a stage's output.
func (p *Pipeline) keep(ctx context.Context, key store.StageKey, output any) error {
	body, err := json.Marshal(output)
	if err != nil {
		return err
	}
	_, err = p.Store.Transact(ctx, Actor, []store.Command{store.PutStage{Key: key, Output: body}})
	return err
}

// stored gives the whole document where it was read to its end by this version of the
// reader, else the pages that were.
func (p *Pipeline) stored(ctx context.Context, row *store.Document, version string) (doc *document.Document, have map[int]*document.Page, err error) {
	have = map[int]*document.Page{}
	err = p.Store.View(ctx, Actor, func(v store.View) error {
		var h head
		whole, err := load(v, readKey(row.ID, version, partHead), &h)
		if err != nil {
			return err
		}
		of := max(h.Pages, row.Pages)
		for n := 1; n <= of || of == 0; n++ {
			page := new(document.Page)
			ok, err := load(v, readKey(row.ID, version, strconv.Itoa(n)), page)
			if err != nil {
				return err
			}
			if ok {
				have[n] = page
			} else if of == 0 {
				break
			}
		}
		if whole && len(have) == h.Pages {
			doc = &document.Document{SHA256: row.ID, MediaType: h.MediaType, Pages: make([]document.Page, h.Pages)}
			for n, page := range have {
				doc.Pages[n-1] = *page
			}
		}
		return nil
	})
	return doc, have, err
}

// load reads a stage's output into a value.
func load(v store.View, key store.StageKey, into any) (bool, error) {
	body, ok, err := v.Stage(key)
	if err != nil || !ok {
		return false, err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return false, fault.New(fault.Corrupt, "stage_damaged", "the stored output of stage %s cannot be read", key.Stage)
	}
	return true, nil
}

// Reading is what the reader made of a document, in the version that its record was made
// from. NotFound where it has not been read to its end yet.
func (p *Pipeline) Reading(ctx context.Context, actor store.Actor, row *store.Document) (*document.Document, error) {
	version, err := p.readBy(ctx, actor, row)
	if err != nil {
		return nil, err
	}
	doc, _, err := p.stored(ctx, row, version)
	if err == nil && doc == nil {
		err = fault.New(fault.NotFound, "not_read", "the document has not been read yet")
	}
	return doc, err
}

// Page is one page of Reading, without loading the others. NotFound where it has not been
// read yet.
func (p *Pipeline) Page(ctx context.Context, actor store.Actor, row *store.Document, number int) (*document.Page, error) {
	version, err := p.readBy(ctx, actor, row)
	if err != nil {
		return nil, err
	}
	page := new(document.Page)
	err = p.Store.View(ctx, Actor, func(v store.View) error {
		ok, err := load(v, readKey(row.ID, version, strconv.Itoa(number)), page)
		if err == nil && !ok {
			err = fault.New(fault.NotFound, "not_read", "the page has not been read yet")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// readBy is the version of the reader whose pages belong to the document's record, for an
// actor who may see the document. Stage outputs are not by patient, so this is where it is asked.
func (p *Pipeline) readBy(ctx context.Context, actor store.Actor, row *store.Document) (string, error) {
	if _, err := p.Row(ctx, actor, row.ID); err != nil {
		return "", err
	}
	rec, _, err := p.Newest(ctx, Actor, row.ID)
	switch {
	case err == nil && rec.Versions["reader"] != "":
		return rec.Versions["reader"], nil
	case err != nil && !fault.Is(err, fault.NotFound):
		return "", err
	}
	return p.Reader.Version(), nil
}

// timed runs f as a stage: with its time measured, and a panic turned into an error that
// holds nothing of what was processed.
func (p *Pipeline) timed(id, stage string, f func() error) (err error) {
	defer p.Metrics.stage(stage, time.Now())
	defer func() {
		if v := recover(); v != nil {
			p.Log.Error("a stage panicked", "document", id, "stage", stage, "where", panicked())
			err = fault.New(fault.Internal, "panic_"+stage, "stage %s stopped on this document", stage)
		}
	}()
	return f()
}
