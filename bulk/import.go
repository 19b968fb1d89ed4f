package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"slices"
	"sync"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/store"
)

// Mode is how deep an import looks at a resource before it is written. Structure is what every
// other write passes.
type Mode string

const (
	Strict    Mode = "strict"    // with invariants, all bindings and profiles
	Structure Mode = "structure" // elements, cardinality, formats, required bindings
	Minimal   Mode = "minimal"   // JSON, a type of R4, an id
)

// ParseMode reads a mode, "" being Structure. HealthLake's name for it is known, too.
func ParseMode(s string) (Mode, error) {
	switch Mode(s) {
	case "", Structure, "structure-only":
		return Structure, nil
	case Strict, Minimal:
		return Mode(s), nil
	}
	return "", fault.New(fault.Invalid, "bad_mode", "the modes are strict, structure and minimal")
}

// ImportAsk is what an import is asked for.
type ImportAsk struct {
	URL    string // of the request
	Token  bool
	Mode   Mode
	Inputs []Input
}

// Input is where an import reads from: a file, or a folder or prefix with all that is below it.
type Input struct {
	URL  string
	Type string // what its resources are; "": any
}

// Limits of an import.
const (
	inputsMax  = 1000      // of one request
	listMax    = 100_000   // files of one import
	uploadMax  = 64 << 30  // bytes of an upload
	uploadsMax = 10_000    // files of an upload
	errorsMax  = 1_000_000 // lines of the error report; further ones are only counted
	listFile   = "list"
	errorFile  = "errors.ndjson"
)

type importRequest struct {
	ImportAsk
	Key     []byte
	Uploads []file
}

// Import takes an import in and gives the id of its task. What may not be read is refused.
func (d *Desk) Import(ctx context.Context, actor store.Actor, ask ImportAsk) (string, error) {
	if len(ask.Inputs) == 0 || len(ask.Inputs) > inputsMax {
		return "", fault.New(fault.Invalid, "bad_inputs", "an import has 1 to %d inputs", inputsMax)
	}
	for _, in := range ask.Inputs {
		if _, err := d.source(in.URL); err != nil {
			return "", err
		}
	}
	return d.begin(ctx, d.newID(), KindImport, actor, importRequest{ImportAsk: ask, Key: newKey()})
}

// Upload takes in the files that next gives until io.EOF, makes them durable and imports them.
func (d *Desk) Upload(ctx context.Context, actor store.Actor, ask ImportAsk, next func() (io.Reader, error)) (string, error) {
	id, key := d.newID(), newKey()
	files, err := d.takeAll(ctx, id, key, next)
	if err == nil {
		_, err = d.begin(ctx, id, KindImport, actor, importRequest{ImportAsk: ask, Key: key, Uploads: files})
	}
	if err != nil {
		_ = d.Shelf.Drop(context.WithoutCancel(ctx), id) // else Clean finds them
		return "", err
	}
	return id, nil
}

func (d *Desk) takeAll(ctx context.Context, id string, key []byte, next func() (io.Reader, error)) (files []file, err error) {
	left := int64(uploadMax)
	for {
		body, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "body_unreadable", "the body could not be read to its end")
		}
		if len(files) == uploadsMax {
			return nil, fault.New(fault.TooLarge, "too_many_files", "an upload has at most %d files", uploadsMax)
		}
		n, taken, err := d.take(ctx, id, uploadName(len(files)), key, io.LimitReader(body, left+1))
		if err != nil {
			return nil, err
		}
		if left -= n; left < 0 {
			return nil, fault.New(fault.TooLarge, "body_too_large", "an upload has at most %d bytes", int64(uploadMax))
		}
		files = append(files, taken)
	}
	if left == uploadMax {
		return nil, fault.New(fault.Invalid, "empty", "there is nothing to import")
	}
	return files, nil
}

// take writes a file, and tells how many bytes were read.
func (d *Desk) take(ctx context.Context, id, name string, key []byte, body io.Reader) (n int64, taken file, err error) {
	out, err := d.write(ctx, id, name, key, file{})
	if err != nil {
		return 0, taken, err
	}
	read := &reading{r: body}
	n, err = io.Copy(out, read)
	if read.err != nil {
		return 0, taken, fault.New(fault.Invalid, "body_unreadable", "the body could not be read to its end")
	}
	if err == nil {
		taken, err = out.sync()
	}
	return n, taken, err
}

func uploadName(n int) string { return "upload-" + itoa(n) }

// reading tells errors of the reader from those of the writer.
type reading struct {
	r   io.Reader
	err error
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// importProgress is how far an import is: every line before is in the store or in the report.
type importProgress struct {
	List    file // of files; empty: not made yet
	Files   int
	Pass    int   // round, from 0: all files
	Round   []int // of a later round: its files
	Pending int   // of a later round: lines that it is about and that it has not settled
	Again   []int // files of which the next round reads lines again
	Left    int   // how many lines that are
	File    int   // the one at hand of this round, from 0
	Offset  int64 // where in its text to go on
	Line    int   // lines before
	Stamp   string
	Done    map[string]int // resources by type that are in the store now
	Created int
	Updated int
	Same    int // were there already
	Failed  int
	Report  struct {
		Count int
		File  file
	}
}

// listed is a file of an import.
type listed struct {
	URL  string // "": an uploaded file
	Type string
}

// loading is an import at work.
type loading struct {
	d      *Desk
	task   *store.Task
	ask    importRequest
	p      importProgress // as the job began
	files  []listed
	report file // what was written last, which counts once the row says so
	// resolved are conditional references of which it is known what they are to.
	resolved sync.Map

	mu     sync.Mutex
	failed error
	cancel context.CancelFunc
}

// load does or goes on with an import.
func (d *Desk) load(ctx context.Context, task *store.Task) error {
	l := &loading{d: d, task: task}
	if json.Unmarshal(task.Request, &l.ask) != nil || len(task.Progress) > 0 && json.Unmarshal(task.Progress, &l.p) != nil {
		return fault.New(fault.Corrupt, "task_damaged", "the row of a task cannot be read")
	}
	ctx = audit.Within(ctx, "$import")
	var err error
	if l.p.List.Frames == 0 {
		err = l.list(ctx)
	} else {
		l.files, err = d.readList(ctx, task.ID, l.ask.Key, l.p.List)
	}
	if err != nil {
		return err
	}
	for {
		if err := l.run(ctx); err != nil {
			return err
		}
		if more, err := l.next(ctx); err != nil || !more {
			return err
		}
	}
}

// rounds is how often a file is read: a conditional reference (Practitioner?identifier=…) may be to
// a resource that comes later, and that one have such a reference, too. In the last round what does
// not resolve is refused.
const rounds = 3

// turns is how many files this round has, turn which one comes n-th.
func (p *importProgress) turns() int {
	if p.Pass > 0 {
		return len(p.Round)
	}
	return p.Files
}

func (p *importProgress) turn(n int) int {
	if p.Pass > 0 {
		return p.Round[n]
	}
	return n
}

// next begins the next round where there is one; else the task is complete.
func (l *loading) next(ctx context.Context) (more bool, err error) {
	_, err = l.d.Store.Transact(ctx, operator, []store.Command{store.ChangeTask{ID: l.task.ID, Modify: func(t *store.Task, now store.Moment) error {
		var p importProgress
		if err := json.Unmarshal(t.Progress, &p); err != nil || t.State.Over() || p.Pass != l.p.Pass || p.File != p.turns() {
			return errOver
		}
		p.Same, p.Pending = p.Same+p.Pending, 0 // what a later round had nothing to change of
		if more = len(p.Again) > 0; more {
			p.Pass, p.Round, p.Again, p.File = p.Pass+1, p.Again, nil, 0
			p.Pending, p.Left = p.Left, 0
		} else {
			t.State, t.Ends = store.TaskComplete, now.At.Add(l.d.Keep)
		}
		l.p = p
		t.Progress, err = json.Marshal(p)
		return err
	}}})
	if err == nil && !more { // what was uploaded is in the store
		err = l.d.Shelf.Drop(ctx, l.task.ID, append(slices.Clip(l.p.List.Pieces), l.p.Report.File.Pieces...)...)
	}
	return more, err
}

// list finds the files and makes their list durable, so that going on reads the same ones.
func (l *loading) list(ctx context.Context) error {
	l.files = make([]listed, len(l.ask.Uploads))
	for _, in := range l.ask.Inputs {
		src, err := l.d.source(in.URL)
		if err != nil {
			return err
		}
		urls, err := src.list(ctx, listMax-len(l.files))
		if err != nil {
			return err
		}
		for _, u := range urls {
			l.files = append(l.files, listed{URL: u, Type: in.Type})
		}
	}
	out, err := l.d.write(ctx, l.task.ID, listFile, l.ask.Key, file{})
	if err != nil {
		return err
	}
	if err := json.NewEncoder(out).Encode(l.files); err != nil {
		return err
	}
	if l.p.List, err = out.sync(); err != nil {
		return err
	}
	l.p.Files, l.p.Done = len(l.files), map[string]int{}
	change, after, err := keep(l.task, l.task.Progress, l.p)
	if err != nil {
		return err
	}
	l.task.Progress = after
	_, err = l.d.Store.Transact(ctx, operator, []store.Command{change})
	return err
}

func (d *Desk) readList(ctx context.Context, id string, key []byte, list file) (files []listed, err error) {
	f, err := d.read(ctx, id, listFile, key, list)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := json.NewDecoder(f).Decode(&files); err != nil {
		return nil, fileDamaged()
	}
	return files, nil
}

// ahead is how many chunks are worked on beyond one per processor: they wait for the disk.
const ahead = 2

// run reads the files one after the other, and works on their chunks side by side.
func (l *loading) run(ctx context.Context) error {
	ctx, l.cancel = context.WithCancel(ctx)
	defer l.cancel()
	chunks := make(chan *chunk)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) + ahead {
		workers.Go(func() {
			for c := range chunks {
				c.fail(l.work(ctx, c))
			}
		})
	}
	before := closedChunk()
	err := l.read(ctx, func(c *chunk) error {
		c.before, before = before, c
		select {
		case chunks <- c:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	close(chunks)
	workers.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return l.failed
	}
	return err
}

// stop ends the import for a reason that is not one resource's. The first one counts.
func (l *loading) stop(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == nil {
		l.failed = err
	}
	l.cancel()
}

// counted adds what a batch did. In a later round what was the same has been counted before, or
// is when the round ends.
func (p *importProgress) counted(done []store.Result) {
	if p.Done == nil {
		p.Done = map[string]int{}
	}
	for _, r := range done {
		switch {
		case r.Version == nil:
			continue
		case r.Op == store.OpCreate:
			p.Created++
		case r.Op == store.OpUpdate:
			p.Updated++
		case p.Pass > 0:
			continue
		default:
			p.Same++
		}
		p.Done[r.Version.Key.Type]++
		p.settled(1)
	}
}

// settled takes lines off those that a later round is about.
func (p *importProgress) settled(n int) { p.Pending = max(p.Pending-n, 0) }

func (p *importProgress) refused(n int) {
	p.Failed += n
	p.settled(n)
}

// later notes lines of a file that the next round comes back to.
func (p *importProgress) later(file, n int) {
	if n == 0 {
		return
	}
	p.Left += n
	p.settled(n)
	if !slices.Contains(p.Again, file) {
		p.Again = append(p.Again, file)
	}
}

func sortedTypes(m map[string]int) []string {
	list := make([]string, 0, len(m))
	for t := range m {
		list = append(list, t)
	}
	slices.Sort(list)
	return list
}
