package pipeline

import (
	"context"
	"time"

	"chartlake/blob"
	"chartlake/fault"
	"chartlake/queue"
	"chartlake/store"
)

const (
	sweepEvery   = time.Minute
	orphanEvery  = time.Hour
	orphanAge    = 24 * time.Hour
	temporaryAge = time.Hour // no sender is silent for so long; intake cuts it off before
	sweepPage    = 200       // documents of one transaction of offers
)

// Sweep looks after what a crash leaves, at once and then until ctx ends: it offers a job for
// every document that is not settled, removes old temporary files, and deletes blobs that
// are older than a day and have no document.
func (p *Pipeline) Sweep(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	var collected time.Time
	for {
		if err := p.Offer(ctx); err != nil && ctx.Err() == nil {
			p.Log.Error("the sweeper could not offer documents", "code", codeOf(err))
		}
		if now := p.Now(); now.Sub(collected) >= orphanEvery {
			collected = now
			if err := p.Collect(ctx, now); err != nil && ctx.Err() == nil {
				p.Log.Error("the sweeper could not collect orphans", "code", codeOf(err))
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Offer enqueues every document that is not settled and has no job that waits or runs: a second
// job would do beside the first what it has not done yet. The queue itself finds the jobs of
// processes that died.
func (p *Pipeline) Offer(ctx context.Context) error {
	cursor := ""
	for {
		var docs []store.Document
		err := p.Store.View(ctx, Actor, func(v store.View) (err error) {
			docs, cursor, err = v.Documents(store.DocumentQuery{
				States: []store.State{store.Received, store.Reading, store.Understood}, Limit: sweepPage, Cursor: cursor})
			return err
		})
		if err != nil {
			return err
		}
		var offers []store.Command
		for _, d := range docs {
			held, err := p.Store.Jobs().Held(ctx, queue.Document, d.ID)
			if err != nil {
				return err
			}
			if held {
				continue
			}
			offers = append(offers, store.Enqueue{Job: queue.Job{Kind: queue.Document, Subject: d.ID}})
		}
		if len(offers) > 0 {
			if _, err := p.Store.Transact(ctx, Actor, offers); err != nil {
				return err
			}
			p.Metrics.offered.Add(float64(len(offers)))
		}
		if cursor == "" {
			return nil
		}
	}
}

// Collect removes temporary files and orphaned blobs of a crash. A blob is an orphan when no
// document has its hash: nothing else is kept in the blob store.
func (p *Pipeline) Collect(ctx context.Context, now time.Time) error {
	if c, ok := p.Blobs.(interface{ Clean(time.Time) (int, error) }); ok {
		if _, err := c.Clean(now.Add(-temporaryAge)); err != nil {
			return err
		}
	}
	before := now.Add(-orphanAge)
	return p.Blobs.List(ctx, "", func(info blob.Info) error {
		if !info.At.Before(before) {
			return nil
		}
		_, err := p.Row(ctx, Actor, info.Hash)
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		err = p.Blobs.Delete(ctx, info.Hash, before)
		if conflict(err) { // it was put again just now
			return nil
		}
		if err == nil {
			p.Metrics.orphans.Inc()
			p.Log.Info("an orphaned blob was deleted", "blob", info.Hash)
		}
		return err
	})
}

// Rerun puts a settled document at the start of its way again, with a job, in one transaction.
func (p *Pipeline) Rerun(ctx context.Context, actor store.Actor, id string) error {
	_, err := p.Store.Transact(ctx, actor, []store.Command{
		store.Move{ID: id, From: []store.State{store.NeedsReview, store.Filed, store.Held, store.Failed, store.Rejected}, To: store.Received},
		store.Enqueue{Job: queue.Job{Kind: queue.Document, Subject: id}},
	})
	return err
}
