package relational

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"chartlake/audit"
	"chartlake/audit/journal"
	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/ident"
)

// Keeping says how a store keeps its audit trail.
type Keeping struct {
	Folder string // holds the journals of the processes, and the marks unless Marks says else
	Marks  string // file that the signed marks are added to; "": marks in Folder
	// Wait makes every access wait until its row is on the disk, not only in the journal.
	Wait bool
	// Off leaves the trail out: for measuring what it costs, in builds for the lab alone.
	Off bool
}

// Limits of the trail's keeping.
const (
	clerkPause  = 100 * time.Millisecond // from the first row that waits until it is written
	clerkBatch  = 1_000                  // rows in one transaction
	clerkEarly  = 500                    // so many waiting rows are written without a pause
	waitingMax  = 20_000                 // rows that wait in memory; beyond, accesses wait
	clerkAgain  = time.Second            // after a transaction that failed
	clerkStop   = 10 * time.Second       // how long a stop waits for the last rows
	markEvery   = 10 * time.Second       // between two marks
	marksTurn   = 4 << 20                // bytes of a file of marks, before it is set aside
	fullPause   = 20 * time.Millisecond  // before a full journal is tried again
	journalName = "journal"
)

// trail takes in what the store does not write in a transaction of its own: accesses that
// read, refusals and failures. They go into the journal of the process at once, which is what
// an answer waits for, and together, in order, into the store soon after, by the clerk. None
// is ever dropped: where neither has room, the access waits, and fails with its context.
type trail struct {
	s       *Store
	keeping Keeping
	signer  *audit.Signer
	journal *journal.Journal

	mu      sync.Mutex
	waiting []entry
	taken   int64         // number of the newest entry that was journalled
	settled int64         // the store has all entries up to here
	change  chan struct{} // closed and replaced when settled grows
	urgent  bool          // somebody waits: no pause
	wake    chan struct{}
	closed  bool

	head   link // of the newest row that this process committed
	marked int64
	stop   chan struct{}
	done   chan struct{}
}

// entry is a row on its way, and its number in the journal.
type entry struct {
	n     int64
	row   audit.Row
	about []int64
}

// link is a row of the chain as far as the next one needs it.
type link struct {
	seq  int64
	hash []byte
}

// openTrail takes over what dead processes left. The writer runs already.
func (s *Store) openTrail(k Keeping) (err error) {
	t := &trail{s: s, keeping: k, change: make(chan struct{}), wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	t.signer = audit.NewSigner(s.Keys.Mark(), s.Keys.Check()[:8])
	if k.Marks == "" {
		t.keeping.Marks = filepath.Join(k.Folder, "marks")
	}
	s.trail = t
	if k.Off {
		close(t.done)
		return nil
	}
	defer func() {
		if err != nil {
			close(t.done) // there is no clerk
		}
	}()
	if err := t.chainOld(); err != nil {
		return err
	}
	mine, others, err := journal.Open(filepath.Join(k.Folder, journalName), strings.ReplaceAll(ident.New(s.Now()), "-", ""))
	if err != nil {
		return err
	}
	for _, j := range others {
		if err == nil {
			_, err = t.adopt(j)
		}
		j.Close()
	}
	if err == nil {
		t.settled, err = t.adopt(mine)
		t.taken = t.settled
	}
	if err != nil {
		mine.Close()
		return err
	}
	t.journal = mine
	go t.clerk()
	return nil
}

// adopt writes what a journal holds and the store has not, and gives the number of the newest.
func (t *trail) adopt(j *journal.Journal) (last int64, err error) {
	err = t.s.housekeep(context.Background(), func(w *Writer) (err error) {
		last, _, err = db.One(w.c, `SELECT n FROM audit_journal WHERE id=?`, j.ID)
		return err
	})
	if err != nil {
		return 0, err
	}
	left, err := j.Left(last)
	if err != nil {
		return 0, err
	}
	var list []entry
	for _, e := range left {
		row, about, err := unpackRow(e.Payload)
		if err != nil {
			return 0, err
		}
		list = append(list, entry{e.N, row, about})
		last = e.N
	}
	for ; len(list) > 0; list = list[min(len(list), clerkBatch):] {
		if err := t.write(context.Background(), j.ID, list[:min(len(list), clerkBatch)]); err != nil {
			return 0, err
		}
	}
	j.Done(last)
	return last, nil
}

// write puts rows into the store in one transaction, and notes how far it has the journal.
func (t *trail) write(ctx context.Context, id string, list []entry) error {
	return t.s.housekeep(ctx, func(w *Writer) error {
		for i := range list {
			row := list[i].row // a transaction may be tried again
			if err := w.addRow(&row, list[i].about); err != nil {
				return err
			}
		}
		return w.c.Exec(`INSERT INTO audit_journal VALUES (?,?) ON CONFLICT (id) DO UPDATE SET n=excluded.n`, id, list[len(list)-1].n)
	})
}

// housekeep does something of the store's own through the writer.
func (s *Store) housekeep(ctx context.Context, f func(*Writer) error) error {
	return s.submit(&request{ctx: ctx, done: make(chan struct{}), inner: f, quiet: true})
}

// note takes an event in: when it returns without an error, the event is in the journal, and
// with Keeping.Wait in the store.
func (t *trail) note(ctx context.Context, e *audit.Event) error {
	if t.keeping.Off {
		return nil
	}
	row, about := t.s.rowOf(e)
	payload := packRow(&row, about)
	if len(payload) > journal.EntryMax {
		err := t.s.housekeep(ctx, func(w *Writer) error { row := row; return w.addRow(&row, about) })
		if err == nil {
			audit.Of(ctx).Written(e)
		}
		return err
	}
	for {
		n, wait, err := t.take(payload, row, about)
		if err == nil {
			audit.Of(ctx).Written(e)
			if t.keeping.Wait {
				return t.until(ctx, n)
			}
			return nil
		}
		if wait == nil {
			return err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return err
		case <-t.done:
			return ErrClosed
		}
	}
}

// take journals a row. Where there is no room it gives a channel that is closed when there may be.
func (t *trail) take(payload []byte, row audit.Row, about []int64) (n int64, wait <-chan struct{}, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.journal == nil {
		return 0, nil, ErrClosed
	}
	err = errTrailFull
	if len(t.waiting) < waitingMax {
		n, err = t.journal.Append(payload)
	}
	if err != nil {
		if f := fault.As(err); f.Code == journal.Full && !t.closed {
			return 0, t.change, err
		}
		return 0, nil, err
	}
	t.taken = n
	t.waiting = append(t.waiting, entry{n, row, about})
	if len(t.waiting) == 1 || len(t.waiting) == clerkEarly {
		t.nudge()
	}
	return n, nil, nil
}

var errTrailFull = fault.New(fault.Unavailable, journal.Full, "the audit trail cannot take more before the store has what waits")

func (t *trail) nudge() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// until waits until the store has all entries up to n.
func (t *trail) until(ctx context.Context, n int64) error {
	for {
		t.mu.Lock()
		settled, change := t.settled, t.change
		if settled < n {
			t.urgent = true
			t.nudge()
		}
		t.mu.Unlock()
		if settled >= n {
			return nil
		}
		select {
		case <-change:
		case <-ctx.Done():
			return canceled(ctx.Err())
		case <-t.done:
			return ErrClosed
		}
	}
}

// Flush waits until the store has every row that was taken in before; see store.Trail.
func (s *Store) Flush(ctx context.Context) error {
	t := s.trail
	if t.keeping.Off {
		return nil
	}
	t.mu.Lock()
	n := t.taken
	t.mu.Unlock()
	return t.until(ctx, n)
}

// clerk writes what waits until the trail is closed, and signs marks.
func (t *trail) clerk() {
	defer close(t.done)
	marks := time.NewTicker(markEvery)
	defer marks.Stop()
	for {
		select {
		case <-t.wake:
		case <-marks.C:
			t.sign()
			continue
		case <-t.stop:
			t.last()
			return
		}
		t.pause()
		if err := t.turn(context.Background()); err != nil {
			// Until the store takes rows again they must outlive a power cut.
			_ = t.journal.Sync()
			select {
			case <-time.After(clerkAgain):
			case <-t.stop:
				t.last()
				return
			}
		}
		t.mu.Lock()
		if len(t.waiting) > 0 {
			t.nudge()
		}
		t.mu.Unlock()
	}
}

// pause lets rows gather, unless there are many or somebody waits for them.
func (t *trail) pause() {
	pause := time.NewTimer(clerkPause)
	defer pause.Stop()
	for {
		t.mu.Lock()
		now := t.urgent || t.keeping.Wait || len(t.waiting) >= clerkEarly
		t.mu.Unlock()
		if now {
			return
		}
		select {
		case <-pause.C:
			return
		case <-t.stop:
			t.nudge()
			return
		case <-t.wake:
		}
	}
}

// turn writes the rows that wait, oldest first.
func (t *trail) turn(ctx context.Context) error {
	t.mu.Lock()
	t.urgent = false
	batch := t.waiting[:min(len(t.waiting), clerkBatch):min(len(t.waiting), clerkBatch)]
	t.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	if err := t.write(ctx, t.journal.ID, batch); err != nil {
		return err
	}
	last := batch[len(batch)-1].n
	t.journal.Done(last)
	t.mu.Lock()
	t.waiting = t.waiting[len(batch):]
	if len(t.waiting) == 0 {
		t.waiting = nil
	}
	t.settled = last
	close(t.change)
	t.change = make(chan struct{})
	t.mu.Unlock()
	return nil
}

// last writes what still waits. What cannot be written stays in the journal for the next process.
func (t *trail) last() {
	ctx, cancel := context.WithTimeout(context.Background(), clerkStop)
	defer cancel()
	for {
		t.mu.Lock()
		n := len(t.waiting)
		t.mu.Unlock()
		if n == 0 {
			break
		}
		if err := t.turn(ctx); err != nil {
			_ = t.journal.Sync()
			break
		}
	}
	t.sign()
}

// close writes what waits and lets no more in than the journal takes; the writer runs still.
func (t *trail) close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	close(t.stop)
	<-t.done
}

// release lets the journal go; nobody reads any more.
func (t *trail) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.journal != nil {
		t.journal.Close()
		t.journal = nil
	}
}

// advanced notes the head of the trail after a commit.
func (t *trail) advanced(head link) {
	t.mu.Lock()
	t.head = head
	t.mu.Unlock()
}

// sign adds a mark of the newest row that this process has committed, if there is none yet.
func (t *trail) sign() {
	t.mu.Lock()
	head := t.head
	t.mu.Unlock()
	if head.seq <= t.marked {
		return
	}
	note := t.signer.Sign(audit.Mark{Seq: head.seq, Head: head.hash, At: t.s.Now()})
	if err := addMark(t.keeping.Marks, note); err != nil {
		if t.s.Logger != nil {
			t.s.Logger.Warn("a mark of the audit trail could not be written", "error", err)
		}
		return
	}
	t.marked = head.seq
}

// addMark adds a signed note to a file, durably. A file that has grown large is set aside, in
// the place of the one before it.
func addMark(path, note string) error {
	if info, err := os.Stat(path); err == nil && info.Size() > marksTurn {
		_ = os.Rename(path, path+".1") // where it cannot be, the file goes on growing
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(note + "\n")
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// marks reads the marks that this process and those before it wrote, and those of other files.
func (t *trail) marks(files []string) (marks []audit.Mark, foreign int, err error) {
	for i, name := range append([]string{t.keeping.Marks + ".1", t.keeping.Marks}, files...) {
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) && i < 2 {
			continue
		}
		if err != nil {
			return nil, 0, fault.New(fault.NotFound, "audit_marks", "a file of audit marks cannot be read")
		}
		list, other, err := t.signer.Marks(text)
		if err != nil {
			return nil, 0, err
		}
		marks, foreign = append(marks, list...), foreign+other
	}
	return marks, foreign, nil
}

// Note takes in an event of an access that did not get as far as the store; see store.Trail.
func (s *Store) Note(ctx context.Context, actor store.Actor, e audit.Event) error {
	e.At, e.Actor, e.RequestID = s.Now(), actor.ID, actor.RequestID
	if e.Actor == "" {
		e.Actor = "anonymous"
	}
	if e.Via == "" {
		e.Via = audit.Via(ctx)
	}
	return s.trail.note(ctx, &e)
}
