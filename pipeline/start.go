package pipeline

import (
	"context"
	"fmt"
	"strconv"

	"chartlake/store"
)

const stageStart = "start"

// start marks that a run begins, before anything can go wrong, and moves a new document on.
// The mark names how far the document had come and how often it was received, so that marks
// of earlier runs and of earlier pages do not count. end marks that the run came to an end
// and did not take the process with it; it is nil where so many runs did that the document
// was set aside.
func (p *Pipeline) start(ctx context.Context, row *store.Document) (end func(context.Context), err error) {
	key := store.StageKey{Input: row.ID, Stage: stageStart, Version: strconv.Itoa(received(row))}
	at, lost := "", 0
	err = p.Store.View(ctx, Actor, func(v store.View) error {
		reached, err := p.reached(v, row)
		if err != nil {
			return err
		}
		for n := 1; ; n++ {
			at = fmt.Sprintf("%s/%d", reached, n)
			key.Part = at
			if _, ok, err := v.Stage(key); err != nil || !ok {
				return err
			}
			key.Part = at + "/end"
			if _, ok, err := v.Stage(key); err != nil {
				return err
			} else if !ok {
				lost++
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if lost >= p.StartsMax {
		return nil, p.fail(ctx, row.ID, "crash_loop")
	}
	key.Part = at
	steps := []store.Command{store.PutStage{Key: key, Output: []byte("{}")}}
	if row.State == store.Received {
		steps = append(steps, store.Move{ID: row.ID, From: []store.State{store.Received}, To: store.Reading})
	}
	if _, err := p.Store.Transact(ctx, Actor, steps); err != nil {
		return nil, err
	}
	if row.State == store.Received {
		row.State = store.Reading
	}
	return func(ctx context.Context) {
		key.Part = at + "/end"
		if _, err := p.Store.Transact(ctx, Actor, []store.Command{store.PutStage{Key: key, Output: []byte("{}")}}); err != nil {
			p.Log.Warn("the end of a run could not be noted", "document", row.ID, "code", codeOf(err))
		}
	}, nil
}

// received counts how often a document was put at the start of its way.
func received(row *store.Document) int {
	n := 0
	for _, c := range row.History {
		if c.To == store.Received {
			n++
		}
	}
	return n
}

// reached names how far a document has come: the pages that are stored, or the state after.
func (p *Pipeline) reached(v store.View, row *store.Document) (string, error) {
	if row.State == store.Understood {
		return string(store.Understood), nil
	}
	pages := 0
	for n := 1; n <= max(row.Pages, 1); n++ {
		_, ok, err := v.Stage(readKey(row.ID, p.Reader.Version(), strconv.Itoa(n)))
		if err != nil {
			return "", err
		}
		if ok {
			pages++
		}
	}
	return "page " + strconv.Itoa(pages), nil
}
