package bulk

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/fhir/definition"
	"chartlake/fhir/validate"
	"chartlake/store"
)

// Size of a chunk, which is one transaction: enough that a sync is cheap, little enough that
// other writes do not wait long.
const (
	chunkLines = 500
	chunkBytes = 4 << 20
)

// chunk is some lines of a file. Chunks are prepared side by side and written in order.
type chunk struct {
	file, round int   // number of the file, and of its turn in this round; from 0
	first       int   // lines before
	start, end  int64 // in the text of the file
	lines       []line
	read        int  // lines, empty ones too
	last        bool // the file ends here
	broken      error
	stamp       string
	typ         string

	before *chunk
	sent   chan struct{} // stands in the store's line
	done   chan struct{} // is in the store, or the import has failed
	once   sync.Once
	err    error // set before done is closed
}

// line is a line that is not empty.
type line struct {
	text []byte
	at   int // number in the file, from 1
	end  int64
	long bool // too long to be looked at
}

func newChunk() *chunk { return &chunk{sent: make(chan struct{}), done: make(chan struct{})} }

func closedChunk() *chunk {
	c := newChunk()
	c.inLine()
	close(c.done)
	return c
}

func (c *chunk) inLine() { c.once.Do(func() { close(c.sent) }) }

func (c *chunk) fail(err error) {
	c.err = err
	c.before = nil // so that chunks that are done can be forgotten
	c.inLine()
	close(c.done)
}

// item is what becomes of a line: a resource to write, a refusal, or neither where its references
// are not there yet and a later round comes back to it.
type item struct {
	line    int // 0: the file
	end     int64
	key     store.Key
	res     *fhir.Node
	err     error
	pending bool
}

// items reads and validates the lines of a chunk.
func (l *loading) items(ctx context.Context, c *chunk) ([]item, error) {
	list := make([]item, 0, len(c.lines)+1)
	missing := map[string]bool{}
	for _, line := range c.lines {
		it := item{line: line.at, end: line.end}
		res, err := l.resource(c, line)
		conditional := err == nil && conditional(res)
		if l.p.Pass > 0 && !conditional {
			continue // an earlier round has done it
		}
		if conditional {
			it.pending, err = l.resolve(ctx, res, missing)
			if f := fault.As(err); err != nil && (f == nil || !final(f.Kind) && f.Kind != fault.Precondition) {
				return nil, err
			}
			if it.pending && l.p.Pass >= rounds-1 {
				it.pending, err = false, unresolved()
			}
		}
		if it.err = err; err == nil && !it.pending {
			it.key, it.res = store.Key{Type: res.Type(), ID: res.ID()}, res
		}
		list = append(list, it)
	}
	if c.broken != nil && l.p.Pass == 0 {
		list = append(list, item{end: c.end, err: c.broken})
	}
	return list, nil
}

// resource reads and validates one line.
func (l *loading) resource(c *chunk, line line) (*fhir.Node, error) {
	if line.long {
		return nil, fault.New(fault.TooLarge, "line_too_long", "the line has more than %d bytes", lineMax)
	}
	n, err := fhir.Parse(line.text)
	if err != nil {
		return nil, err
	}
	switch {
	case n.Kind() != fhir.Object || definition.R4().ResourceType(n.Type()) == nil:
		return nil, fault.New(fault.Invalid, "unknown_type", "the line is no resource of R4")
	case c.typ != "" && n.Type() != c.typ:
		return nil, fault.New(fault.Invalid, "type_mismatch", "the resource is not of the type that was stated for its file")
	case n.Type() == "AuditEvent":
		return nil, fault.New(fault.Unsupported, "audit_read_only", "the audit trail is written by the server alone")
	case n.ID() == "":
		return nil, fault.New(fault.Invalid, "no_id", "the resource has no id: an import keeps ids")
	}
	v := validate.Validator{Unresolved: true}
	switch l.ask.Mode {
	case Minimal:
		return n, nil
	case Strict:
		v.Level, v.Library = validate.Full, l.d.Library
	}
	return n, validate.Error(v.Resource(n))
}

// batch is the items of one transaction, and where it stands in its chunk.
type batch struct {
	items       []item
	start, end  int64
	first, last bool
}

// work writes a chunk: as one transaction, or as several where a resource is in it twice or some
// are refused.
func (l *loading) work(ctx context.Context, c *chunk) error {
	items, err := l.items(ctx, c)
	if err != nil {
		l.stop(err)
		return err
	}
	const few = 8
	b := batch{start: c.start, first: true}
	alone := false
	for limit := max(len(items), 1); ; {
		b.items = items[:upTo(items, limit)]
		if b.last, b.end = len(b.items) == len(items), c.end; !b.last {
			b.end = b.items[len(b.items)-1].end
		}
		culprit, err := l.write(ctx, c, b, alone)
		switch {
		case err != nil && elsewhere(err) && !alone && b.first: // one before it was refused a line
			alone = true
			continue
		case err != nil && culprit < 0:
			l.stop(err)
			return err
		case err != nil:
			items[culprit].err, items[culprit].res = single(err), nil
			alone, limit = true, max(culprit, few)
			continue
		case b.last:
			return nil
		}
		items, b.start, b.first = items[len(b.items):], b.end, false
		limit *= 2
	}
}

// upTo is how many items, at most limit, a transaction can have: no resource is in it twice.
func upTo(items []item, limit int) int {
	seen := map[store.Key]bool{}
	for i := range items {
		if i == limit || items[i].res != nil && seen[items[i].key] {
			return i
		}
		if items[i].res != nil {
			seen[items[i].key] = true
		}
	}
	return len(items)
}

// write makes a batch durable with how far the import is then. Where all is well it goes at once,
// prepared beside others, in its place of the line. Where a line is refused it waits for those
// before it, because then it is known where in the report its refusals stand. culprit is the item
// that an error is about; -1: none of them.
func (l *loading) write(ctx context.Context, c *chunk, b batch, alone bool) (culprit int, err error) {
	var commands []store.Command
	var at []int
	var refusals []item
	pending := 0
	for i, it := range b.items {
		switch {
		case it.err != nil:
			refusals = append(refusals, it)
		case it.pending:
			pending++
		default:
			commands, at = append(commands, store.Update{Resource: it.res, SkipSame: true}), append(at, i)
		}
	}
	if (alone || len(refusals) > 0) && b.first {
		if err := wait(ctx, c.before); err != nil {
			return -1, err
		}
	}
	if len(refusals) > 0 {
		if err := l.refuse(ctx, c, refusals); err != nil {
			return -1, err
		}
	}
	turn := &store.Turn{Before: c.before.sent, Sent: func() {
		if b.last {
			c.inLine()
		}
	}}
	change := store.ChangeTask{ID: l.task.ID, Turn: turn, Modify: l.step(c, b, len(refusals), pending)}
	_, err = l.d.Store.Transact(ctx, l.task.Owner, append(commands, change))
	if i := entryOf(err); i >= 0 && i < len(at) {
		return at[i], err
	}
	return -1, err
}

// elsewhere reports whether a step did not stand on what the store has.
func elsewhere(err error) bool {
	f := fault.As(err)
	return f != nil && f.Code == errTurn.Code
}

// wait waits until a chunk is in the store.
func wait(ctx context.Context, c *chunk) error {
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// entryOf is the command that a transaction failed for, where that is the client's fault; else -1.
func entryOf(err error) int {
	f := fault.As(err)
	if f == nil {
		return -1
	}
	switch f.Kind {
	case fault.Internal, fault.Unavailable, fault.Full, fault.Corrupt:
		return -1
	}
	text, ok := strings.CutPrefix(f.Path, "Bundle.entry[")
	if !ok {
		return -1
	}
	text, _, _ = strings.Cut(text, "]")
	if i, err := strconv.Atoi(text); err == nil {
		return i
	}
	return -1
}

// single takes the place within the transaction off a fault.
func single(err error) error {
	f := *fault.As(err)
	_, path, _ := strings.Cut(f.Path, "]")
	f.Path = strings.TrimPrefix(path, ".")
	return &f
}

// step is how far the import is with a batch, beside the batch in one transaction.
func (l *loading) step(c *chunk, b batch, refusals, pending int) func(*store.Task, store.Moment) error {
	lines := c.first
	if n := len(b.items); n > 0 && b.items[n-1].line > 0 {
		lines = b.items[n-1].line
	}
	return func(t *store.Task, now store.Moment) error {
		if t.State.Over() {
			return errOver
		}
		var at importProgress
		if err := json.Unmarshal(t.Progress, &at); err != nil {
			return err
		}
		if at.Pass != l.p.Pass || at.File != c.round || at.Offset != b.start {
			return errTurn
		}
		at.Offset, at.Line, at.Stamp = b.end, lines, c.stamp
		if b.last {
			at.Line = c.first + c.read
		}
		if b.last && c.last {
			at.File, at.Offset, at.Line, at.Stamp = at.File+1, 0, 0, ""
		}
		at.counted(now.Done)
		at.later(c.file, pending)
		if refusals > 0 {
			at.refused(refusals)
			at.Report.Count = min(at.Report.Count+refusals, errorsMax)
			at.Report.File = l.report
		}
		var err error
		t.State = store.TaskRunning
		t.Progress, err = json.Marshal(at)
		return err
	}
}

// refuse writes refusals into the report, behind what counts in it. All chunks before are done.
func (l *loading) refuse(ctx context.Context, c *chunk, refusals []item) error {
	task, err := l.d.task(ctx, l.task.ID)
	if err != nil {
		return err
	}
	var at importProgress
	if err := json.Unmarshal(task.Progress, &at); err != nil {
		return err
	}
	out, err := l.d.write(ctx, l.task.ID, errorFile, l.ask.Key, at.Report.File)
	if err != nil {
		return err
	}
	for i, r := range refusals {
		if at.Report.Count+i >= errorsMax {
			break
		}
		if _, err := out.Write(append(refused(c.file+1, r).AppendJSON(nil), '\n')); err != nil {
			return err
		}
	}
	l.report, err = out.sync()
	return err
}

// Canonical addresses of what says where a refused resource stands.
const (
	positionURL = "https://chartlake.dev/fhir/StructureDefinition/import-position"
	faultSystem = "https://chartlake.dev/fhir/CodeSystem/fault"
)

// refused says why a line was not imported: the number of its file in the import, its line, and
// what is wrong, without values.
func refused(file int, r item) *fhir.Node {
	where := "file " + itoa(file)
	parts := []*fhir.Node{fhir.NewObject("url", "file", "valueInteger", fhir.NewInt(file))}
	if r.line > 0 {
		where += ", line " + itoa(r.line)
		parts = append(parts, fhir.NewObject("url", "line", "valueInteger", fhir.NewInt(r.line)))
	}
	var issues []*fhir.Node
	add := func(severity, code, text, path, ours string) {
		issue := fhir.NewObject("severity", severity, "code", code,
			"details", fhir.NewObject("coding", []*fhir.Node{fhir.NewObject("system", faultSystem, "code", ours)}),
			"diagnostics", where+": "+text)
		if path != "" {
			issue.Set("expression", fhir.NewArray(fhir.NewString(path)))
		}
		issues = append(issues, issue)
	}
	switch f := fault.As(r.err); {
	case f == nil:
		add("fatal", "exception", "the server failed", "", "internal")
	case len(f.Issues) > 0:
		for _, i := range f.Issues {
			add(i.Severity, i.Code, i.Message, i.Path, f.Code)
		}
	default:
		add("error", fault.IssueType(r.err), f.Message, f.Path, f.Code)
	}
	return fhir.NewObject("resourceType", "OperationOutcome", "extension", []*fhir.Node{fhir.NewObject("extension", parts, "url", positionURL)}, "issue", issues)
}

var byteOrderMark = []byte("\xef\xbb\xbf")

func blank(text []byte) bool { return len(bytes.TrimSpace(text)) == 0 }
