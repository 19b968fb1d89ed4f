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
	file, first int   // number of the file from 0, lines before
	start, end  int64 // in the text of the file
	lines       []line
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

// part is what of a chunk is one transaction: no resource is in it twice.
type part struct {
	end      int64
	lines    int // of the file, up to its end
	commands []store.Command
	at       []int // lines of the commands
	refused  []refusal
	last     bool
}

// refusal is a line that was not imported.
type refusal struct {
	line int // 0: the file
	err  error
}

// work writes a chunk.
func (l *loading) work(ctx context.Context, c *chunk) error {
	start := c.start
	parts := l.parse(c)
	for i, p := range parts {
		if err := l.write(ctx, c, p, start, i == 0, i == len(parts)-1); err != nil {
			l.stop(err)
			return err
		}
		start = p.end
	}
	return nil
}

// parse makes parts of a chunk's lines.
func (l *loading) parse(c *chunk) []*part {
	p := &part{lines: c.first}
	parts := []*part{p}
	seen := map[store.Key]bool{}
	for _, line := range c.lines {
		res, err := l.resource(c, line)
		if err == nil {
			key := store.Key{Type: res.Type(), ID: res.ID()}
			if seen[key] {
				p = &part{}
				parts = append(parts, p)
				clear(seen)
			}
			seen[key] = true
			p.commands, p.at = append(p.commands, store.Update{Resource: res, SkipSame: true}), append(p.at, line.at)
		} else {
			p.refused = append(p.refused, refusal{line.at, err})
		}
		p.end, p.lines = line.end, line.at
	}
	p.end, p.last = c.end, c.last
	if c.broken != nil {
		p.refused = append(p.refused, refusal{0, c.broken})
	}
	return parts
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

// write makes a part durable with how far the import is then. Where all is well it goes at once,
// prepared beside others, in its place of the line. Where a line is refused it waits for those
// before it, because then it is known where in the report its refusals stand.
func (l *loading) write(ctx context.Context, c *chunk, p *part, start int64, first, last bool) error {
	turn := &store.Turn{Before: c.before.sent, Sent: func() {
		if last {
			c.inLine()
		}
	}}
	alone := len(p.refused) > 0
	for {
		if alone && first {
			if err := wait(ctx, c.before); err != nil {
				return err
			}
		}
		change := store.ChangeTask{ID: l.task.ID, Turn: turn, Modify: l.step(c, p, start)}
		if len(p.refused) > 0 {
			if err := l.refuse(ctx, c, p); err != nil {
				return err
			}
		}
		_, err := l.d.Store.Transact(ctx, l.task.Owner, append(p.commands[:len(p.commands):len(p.commands)], change))
		switch i := culprit(err, len(p.commands)); {
		case err == nil:
			return nil
		case elsewhere(err) && !alone && first: // one before it was refused a line
		case i >= 0:
			p.refused = append(p.refused, refusal{p.at[i], single(err)})
			p.commands, p.at = append(p.commands[:i:i], p.commands[i+1:]...), append(p.at[:i:i], p.at[i+1:]...)
		default:
			return err
		}
		alone = true
	}
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

// culprit is the command that a transaction failed for, where that is the client's fault; else -1.
func culprit(err error, commands int) int {
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
	if i, err := strconv.Atoi(text); err == nil && i >= 0 && i < commands {
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

// step is how far the import is with a part, beside the part in one transaction.
func (l *loading) step(c *chunk, p *part, start int64) func(*store.Task, store.Moment) error {
	return func(t *store.Task, now store.Moment) error {
		if t.State.Over() {
			return errOver
		}
		var at importProgress
		if err := json.Unmarshal(t.Progress, &at); err != nil {
			return err
		}
		if at.File != c.file || at.Offset != start {
			return errTurn
		}
		at.Offset, at.Line, at.Stamp = p.end, p.lines, c.stamp
		if p.last {
			at.File, at.Offset, at.Line, at.Stamp = at.File+1, 0, 0, ""
		}
		at.counted(now.Done)
		if n := len(p.refused); n > 0 {
			at.Failed += n
			at.Report.Count = min(at.Report.Count+n, errorsMax)
			at.Report.Size, at.Report.Frames = l.report.size, l.report.frames
		}
		var err error
		t.State = store.TaskRunning
		t.Progress, err = json.Marshal(at)
		return err
	}
}

// refuse writes refusals into the report, behind what counts in it. All chunks before are done.
func (l *loading) refuse(ctx context.Context, c *chunk, p *part) error {
	task, err := l.d.task(ctx, l.task.ID)
	if err != nil {
		return err
	}
	var at importProgress
	if err := json.Unmarshal(task.Progress, &at); err != nil {
		return err
	}
	l.report.close()
	if l.report, err = openFile(l.folder, errorFile, l.ask.Key, at.Report.Size, at.Report.Frames); err != nil {
		return err
	}
	for i, r := range p.refused {
		if at.Report.Count+i >= errorsMax {
			break
		}
		if _, err := l.report.Write(append(refused(c.file+1, r).AppendJSON(nil), '\n')); err != nil {
			return err
		}
	}
	return l.report.sync()
}

// Canonical addresses of what says where a refused resource stands.
const (
	positionURL = "https://chartlake.dev/fhir/StructureDefinition/import-position"
	faultSystem = "https://chartlake.dev/fhir/CodeSystem/fault"
)

// refused says why a line was not imported: the number of its file in the import, its line, and
// what is wrong, without values.
func refused(file int, r refusal) *fhir.Node {
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
