package relational

import (
	"context"
	"runtime"
	"sync"

	"chartlake/search"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/index"
)

// Limits of one batch of Rebuild. Large batches are sorted before they are written, which is
// several times as fast as row by row.
const (
	rebuildResources = 10_000
	rebuildBytes     = 64 << 20 // of packed bodies
)

// IndexTables are the names of the tables that hold the search index of a database.
func IndexTables(c db.Conn) []string {
	var names []string
	for _, s := range sources(c) {
		names = append(names, s.table)
	}
	return names
}

// Rebuild makes the index of every current resource anew; see store.Copier. What was erased since
// a backup was made is taken out first.
func (s *Store) Rebuild(ctx context.Context) error {
	if err := s.dropErased(ctx); err != nil {
		return err
	}
	err := s.inner(ctx, func(w *Writer) error {
		for _, name := range IndexTables(w.c) {
			if err := w.c.Exec(`DELETE FROM ` + name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	// While a batch is written, the next one is read.
	type read struct {
		batch []indexed
		err   error
	}
	behind := func(last int64) <-chan read {
		c := make(chan read, 1)
		go func() {
			batch, err := s.rebuildBatch(ctx, last)
			c <- read{batch, err}
		}()
		return c
	}
	for next := behind(0); ; {
		got := <-next
		if got.err != nil || len(got.batch) == 0 {
			return got.err
		}
		next = behind(got.batch[len(got.batch)-1].raw.rid)
		if err := s.inner(ctx, func(w *Writer) error { return w.indexAll(got.batch) }); err != nil {
			<-next
			return err
		}
	}
}

// inner does housekeeping in a transaction of its own.
func (s *Store) inner(ctx context.Context, f func(*Writer) error) error {
	return s.submit(&request{ctx: ctx, actor: checker, done: make(chan struct{}), inner: f})
}

// indexed is a current version with its search values.
type indexed struct {
	raw    rawVersion
	key    store.Key
	values []search.IndexValue
	err    error
}

// rebuildBatch reads the current versions of the resources behind a rid, and extracts on all
// processors.
func (s *Store) rebuildBatch(ctx context.Context, last int64) (batch []indexed, err error) {
	err = s.Snapshot(ctx, checker, func(sv store.View) error {
		v := sv.(*view)
		bytes := 0
		err := v.c.Query(`SELECT `+versionColumns+` FROM resource r CROSS JOIN version v ON v.seq=r.seq
			WHERE r.rid>? AND r.version>0 AND r.deleted=0 ORDER BY r.rid LIMIT ?`, []any{last, rebuildResources}, func(row db.Row) bool {
			raw := scanVersion(row)
			batch = append(batch, indexed{raw: raw})
			bytes += len(raw.body)
			return bytes < rebuildBytes
		})
		if err != nil {
			return err
		}
		for i := range batch {
			batch[i].key = store.Key{Type: v.typeName(batch[i].raw.t), ID: batch[i].raw.id}
		}
		return v.extractAll(batch)
	})
	for i := range batch {
		if err == nil {
			err = batch[i].err
		}
	}
	return batch, err
}

// extractAll finds the search values of a batch. Only unpacking needs the connection, and that
// only for a dictionary that is not known yet.
func (v *view) extractAll(batch []indexed) error {
	catalogue, err := v.Parameters()
	if err != nil {
		return err
	}
	bodies := make(chan func(), runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for range cap(bodies) {
		wg.Go(func() {
			for work := range bodies {
				work()
			}
		})
	}
	defer wg.Wait()
	defer close(bodies)
	for i := range batch {
		it := &batch[i]
		got, err := v.decode(it.raw)
		if err != nil {
			return err
		}
		it.raw.body = nil
		bodies <- func() {
			it.values, it.err = catalogue.Extract(stripMeta(got.Resource.Shallow()), v.s.Base)
		}
	}
	return nil
}

// indexAll writes the index rows of a batch at once.
func (w *Writer) indexAll(batch []indexed) error {
	var rows index.Rows
	x := w.indexer(&rows)
	for i := range batch {
		it := &batch[i]
		if err := x.Resource(it.raw.rid, it.key.Type, it.values); err != nil {
			return err
		}
		if err := w.s.compartment(x, &row{rid: it.raw.rid, t: it.raw.t, key: it.key}, it.values); err != nil {
			return err
		}
	}
	return w.c.WriteIndex(&rows, false)
}
