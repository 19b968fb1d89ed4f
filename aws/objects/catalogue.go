package objects

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"chartlake/store"
)

// entry is the object of a name.
type entry struct {
	document string
	size     int64
	at       time.Time
}

// catalogue knows which document a name means: the one that came in last under it. The store has the
// names sealed with their documents, and no index of them, so they are read once and kept; what this
// process takes in is known at once, what others take in within a moment, and another arrival of a
// known document through another process within wholeAge.
type catalogue struct {
	store store.Store

	mu     sync.Mutex
	names  map[name]entry
	sorted []name    // nil: to be made
	whole  time.Time // when all documents were looked at
	recent time.Time // when new ones were
}

const (
	wholeAge  = 5 * time.Minute
	recentAge = time.Second
	overlap   = time.Minute // clocks of processes, and transactions under way
	pageOf    = 500
)

// add notes what was taken in.
func (c *catalogue) add(n name, e entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note(n, e)
}

func (c *catalogue) note(n name, e entry) {
	if old, there := c.names[n]; there && old.at.After(e.at) {
		return
	} else if !there {
		c.sorted = nil
	}
	if c.names == nil {
		c.names = map[name]entry{}
	}
	c.names[n] = e
}

// find gives the object of a name.
func (c *catalogue) find(ctx context.Context, actor store.Actor, n name) (entry, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refresh(ctx, actor); err != nil {
		return entry{}, false, err
	}
	e, ok := c.names[n]
	return e, ok, nil
}

// forget drops the name of a document that is not there any more.
func (c *catalogue) forget(n name, document string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.names[n].document == document {
		delete(c.names, n)
		c.sorted = nil
	}
}

// after gives the names of a bucket with a prefix behind another key, in order, to visit until it says no.
func (c *catalogue) after(ctx context.Context, actor store.Actor, bucket, prefix, after string, visit func(key string, e entry) bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refresh(ctx, actor); err != nil {
		return err
	}
	c.sort()
	from := max(prefix, after)
	i, _ := slices.BinarySearchFunc(c.sorted, name{bucket, from}, compare)
	for ; i < len(c.sorted) && c.sorted[i].bucket == bucket; i++ {
		key := c.sorted[i].key
		if key <= after && after != "" {
			continue
		}
		if !strings.HasPrefix(key, prefix) {
			break
		}
		if !visit(key, c.names[c.sorted[i]]) {
			break
		}
	}
	return nil
}

// buckets are the buckets that anything came into.
func (c *catalogue) buckets(ctx context.Context, actor store.Actor) (out []string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refresh(ctx, actor); err != nil {
		return nil, err
	}
	c.sort()
	for _, n := range c.sorted {
		if len(out) == 0 || out[len(out)-1] != n.bucket {
			out = append(out, n.bucket)
		}
	}
	return out, nil
}

func (c *catalogue) sort() {
	if c.sorted != nil {
		return
	}
	c.sorted = make([]name, 0, len(c.names))
	for n := range c.names {
		c.sorted = append(c.sorted, n)
	}
	slices.SortFunc(c.sorted, compare)
}

func compare(a, b name) int {
	if d := strings.Compare(a.bucket, b.bucket); d != 0 {
		return d
	}
	return strings.Compare(a.key, b.key)
}

// refresh looks at the documents that came since it last did, and from time to time at all.
func (c *catalogue) refresh(ctx context.Context, actor store.Actor) error {
	now := time.Now()
	q := store.DocumentQuery{Limit: pageOf}
	switch {
	case c.whole.IsZero() || now.Sub(c.whole) > wholeAge:
	case now.Sub(c.recent) < recentAge:
		return nil
	default:
		q.Since = c.recent.Add(-overlap)
	}
	found := map[name]entry{}
	err := c.store.View(ctx, actor, func(v store.View) error {
		for {
			docs, next, err := v.Documents(q)
			if err != nil {
				return err
			}
			for i := range docs {
				arrived(&docs[i], found)
			}
			if q.Cursor = next; next == "" {
				return nil
			}
		}
	})
	if err != nil {
		return err
	}
	if q.Since.IsZero() {
		old := c.names
		c.names, c.sorted, c.whole = found, nil, now
		for n, e := range old { // what this process took in while it looked
			if e.at.After(now.Add(-overlap)) {
				c.note(n, e)
			}
		}
	} else {
		for n, e := range found {
			c.note(n, e)
		}
	}
	c.recent = now
	return nil
}

// arrived notes the names under which a document came in here.
func arrived(d *store.Document, into map[name]entry) {
	for _, a := range d.Arrivals {
		bucket, key, ok := strings.Cut(a.Name, "/")
		if a.Source != "s3" || !ok || key == "" {
			continue
		}
		n := name{bucket, key}
		if old, there := into[n]; !there || !old.at.After(a.At) {
			into[n] = entry{d.ID, d.Bytes, a.At}
		}
	}
}
