package relational

import (
	"context"
	"errors"
	"time"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/queue"
	"chartlake/store"
	"chartlake/store/body"
	"chartlake/store/db"
	"chartlake/store/index"
)

// Limits of one group of transactions that share a sync.
const (
	groupMax  = 60                    // transactions; PostgreSQL keeps 64 savepoints at hand
	groupTime = 20 * time.Millisecond // from the first one; later ones wait for the next group
	groupTry  = 5                     // times that a group is applied when the database undoes it
)

// request is one Transact on its way through the writer.
type request struct {
	ctx     context.Context
	actor   store.Actor
	work    *work
	inner   func(*Writer) error // instead of work: the store's own housekeeping
	results []store.Result
	err     error
	done    chan struct{}
	turn    *store.Turn
	quiet   bool // nothing that others look for is changed: it is not announced
	lost    bool // it took the transaction with it: it is not tried again
}

// Writer is the one goroutine that changes the database.
type Writer struct {
	s       *Store
	c       Conn
	add     *db.Adder
	rows    index.Rows
	gone    index.Rows // rows to take out
	rids    map[store.Key]int64
	keys    map[subject]int64 // data keys that this group looked up or made
	enqueue func(context.Context, queue.Job) error

	chain *audit.Chain
	head  link // newest row of the trail in this transaction

	known   *catalogued // the search parameters as this transaction has them; nil: not asked for
	now     time.Time   // time of the group; never before that of the group before
	n       Counters
	trained int64 // a dictionary was tried in this process when there were so many versions
}

// submit hands a request to the writer and waits for its end.
func (s *Store) submit(r *request) error {
	if r.turn != nil {
		select {
		case <-r.turn.Before:
		case <-s.stop:
			return ErrClosed
		case <-r.ctx.Done():
			return canceled(r.ctx.Err())
		}
	}
	select {
	case s.requests <- r:
		if r.turn != nil {
			r.turn.Sent()
		}
	case <-s.stop:
		return ErrClosed
	case <-r.ctx.Done():
		return canceled(r.ctx.Err())
	}
	select {
	case <-r.done:
		return r.err
	case <-s.ended:
	}
	// The writer finishes what it has taken before it ends.
	select {
	case <-r.done:
		return r.err
	default:
		return ErrClosed
	}
}

func canceled(err error) error {
	return fault.New(fault.Unavailable, "canceled", "the request ended or took too long: %w", err)
}

func (w *Writer) run() {
	defer w.s.driver.Close()
	for {
		select {
		case r := <-w.s.requests:
			w.group(r)
		case <-w.s.stop:
			for {
				select {
				case r := <-w.s.requests:
					r.err = ErrClosed
					close(r.done)
				default:
					return
				}
			}
		}
	}
}

// group applies a request and those that wait behind it, and makes them durable together.
func (w *Writer) group(first *request) {
	group := []*request{first}
	applied, err := w.attempt(&group, true)
	var again *Again
	for try := 1; err != nil && errors.As(err, &again) && try < groupTry; try++ {
		applied, err = w.attempt(&group, false)
	}
	switch {
	case err != nil:
		for _, r := range group {
			if r.err == nil {
				r.err = err
			}
		}
	case applied > 0 && !quiet(group):
		w.s.Announce()
	}
	for _, r := range group {
		if r.err != nil {
			r.results = nil
		}
		close(r.done)
	}
	if err == nil && w.n.Seq >= max(body.After, 2*w.trained) && w.s.Pack.Plain() {
		w.trained = w.n.Seq
		w.s.Background(w.s.train)
	}
}

// attempt applies a group in one transaction; with grow it takes in what waits. An error means
// that nothing of the group is kept.
func (w *Writer) attempt(group *[]*request, grow bool) (applied int, err error) {
	if err := w.s.driver.Healthy(); err != nil {
		return 0, err
	}
	if w.n, err = w.s.driver.Begin(); err != nil {
		return 0, err
	}
	defer w.add.Reset()
	clear(w.rids)
	clear(w.keys)
	kept := false
	defer func() {
		if !kept { // another process may write other rows under the same numbers
			w.head = link{seq: -1}
		}
	}()
	if err := w.findHead(); err != nil {
		w.s.driver.Rollback()
		return 0, err
	}
	w.known = nil
	w.now = time.UnixMilli(max(w.s.Now().UnixMilli(), w.n.Time)).UTC()
	started := time.Now()
	for i := 0; i < len(*group); i++ {
		r := (*group)[i]
		if !r.lost {
			if err := w.one(r); err != nil {
				w.s.driver.Rollback()
				return 0, err
			}
			if r.err == nil {
				applied++
			}
		}
		if grow && i == len(*group)-1 && len(*group) < groupMax && time.Since(started) < groupTime {
			select {
			case r := <-w.s.requests:
				*group = append(*group, r)
			default:
			}
		}
	}
	if applied == 0 {
		w.s.driver.Rollback()
		return 0, nil
	}
	w.n.Time, w.n.Quiet = w.now.UnixMilli(), quiet(*group)
	if err := w.s.driver.Commit(w.n); err != nil {
		return 0, err
	}
	kept = true
	w.s.trail.advanced(w.head)
	w.add.Publish()
	if w.known != nil {
		w.s.known.Store(w.known)
	}
	return applied, nil
}

// quiet reports whether a group holds nothing that others look for.
func quiet(group []*request) bool {
	for _, r := range group {
		if !r.quiet && r.err == nil {
			return false
		}
	}
	return true
}

// one applies a request in a savepoint: all of it or nothing. An error says that the
// transaction is lost with all that was applied in it; what is wrong with the request alone
// is the request's.
func (w *Writer) one(r *request) (lost error) {
	if r.err = r.ctx.Err(); r.err != nil {
		r.err = canceled(r.err)
		return nil
	}
	before, head := w.n, w.head
	w.rows.Reset()
	w.gone.Reset()
	if r.err = w.within(r); r.err == nil {
		w.add.Keep()
		return nil
	}
	var again *Again
	if errors.As(r.err, &again) {
		lost, r.err = r.err, nil
		return lost
	}
	w.n, w.head = before, head
	w.n, w.known = before, nil
	w.add.Forget()
	clear(w.rids)
	clear(w.keys)
	if w.c.Undo() != nil {
		r.lost = true
		return &Again{Err: r.err}
	}
	return nil
}

func (w *Writer) within(r *request) (err error) {
	if err = w.c.Exec(`SAVEPOINT request`); err != nil {
		return err
	}
	if r.inner != nil {
		err = r.inner(w)
	} else {
		r.results, err = w.apply(r)
	}
	if err == nil {
		err = w.c.Exec(`RELEASE request`)
	}
	if err == nil {
		err = w.c.Flush()
	}
	return err
}
