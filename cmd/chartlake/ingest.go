package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"sync"
	"time"

	"golang.org/x/term"

	"chartlake/fault"
	"chartlake/intake"
	"chartlake/internal/phi"
	"chartlake/store"
)

// ingestCommand is `chartlake ingest`.
type ingestCommand struct {
	Paths []string `arg:"" help:"Files, folders, or - for standard input."`
	Data  string   `help:"Put into this data folder instead of a server." placeholder:"DIR"`
	database
	Wait         bool          `help:"Wait until every document settled."`
	Timeout      time.Duration `help:"How long to wait." default:"1h"`
	Type         string        `help:"What the sender says it is (docs/format/record.md)." placeholder:"TYPE"`
	Patient      string        `help:"Whose the sender says it is." placeholder:"ID"`
	Password     string        `help:"Password of encrypted PDFs, or file:NAME." env:"CHARTLAKE_PASSWORD"`
	FailOnReview bool          `help:"Exit with 6 where something needs review (implies --wait)."`
	remote
}

func (ingestCommand) Help() string { return "Example: chartlake ingest scans/ --wait" }

// event is one line of --json.
type event struct {
	Event       string  `json:"event"` // accepted, refused, settled
	File        string  `json:"file,omitempty"`
	ID          string  `json:"id,omitempty"`
	SHA256      string  `json:"sha256,omitempty"`
	DuplicateOf *string `json:"duplicate_of"`
	State       string  `json:"state,omitempty"`
	Code        string  `json:"code,omitempty"`
	Message     string  `json:"message,omitempty"`
}

// target is where files go: a server or a data folder.
type target interface {
	accept(ctx context.Context, f io.Reader, size int64, name string) (intake.Receipt, error)
	state(ctx context.Context, id string) (state store.State, code string, err error)
}

func (c ingestCommand) Run(e *env) error {
	files, err := list(c.Paths)
	if err != nil {
		return err
	}
	if c.Password, err = secret(c.Password); err != nil {
		return err
	}
	to, done, err := c.target(e)
	if err != nil {
		return err
	}
	defer done()
	var ids []string
	var last error
	refused := 0
	bar := e.progress("sending")
	for n, name := range files {
		receipt, err := c.send(e.ctx, to, name)
		bar.step(len(files))
		if e.ctx.Err() != nil {
			return e.ctx.Err()
		}
		if err != nil {
			if k := fault.KindOf(err); k == fault.Unavailable || k == fault.Full || k == fault.Unauthenticated {
				return err // the next file would fare no better
			}
			refused++
			last = err
			e.tellRefused(n, len(files), name, err)
			continue
		}
		ids = append(ids, receipt.ID)
		e.tell(event{Event: "accepted", File: name, ID: receipt.ID, SHA256: receipt.SHA256, DuplicateOf: receipt.DuplicateOf, State: string(receipt.State)})
	}
	bar.done()
	review, failed := 0, 0
	if c.Wait || c.FailOnReview {
		if review, failed, err = c.wait(e, to, ids); err != nil {
			return err
		}
	}
	switch {
	case refused == 1 && len(files) == 1:
		return result(fault.Exit(last))
	case refused > 0 || failed > 0:
		return result(exitSomeFailed)
	case review > 0 && c.FailOnReview:
		return result(exitReview)
	}
	return nil
}

// list gives the regular files of paths, folders walked in order; hidden files are left out.
func list(paths []string) ([]string, error) {
	var out []string
	for n, p := range paths {
		if p == "-" {
			out = append(out, p)
			continue
		}
		info, err := os.Stat(p)
		if err != nil {
			return nil, fault.New(fault.NotFound, "no_such_file", "path %d of %d does not exist or may not be read; nothing was sent", n+1, len(paths))
		}
		if !info.IsDir() {
			out = append(out, p)
			continue
		}
		var inside []string
		err = filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if hidden := d.Name()[0] == '.' && path != p; hidden && d.IsDir() {
				return filepath.SkipDir
			} else if !hidden && d.Type().IsRegular() {
				inside = append(inside, path)
			}
			return nil
		})
		if err != nil {
			return nil, fault.New(fault.Forbidden, "folder_unreadable", "a folder cannot be read")
		}
		sort.Strings(inside)
		out = append(out, inside...)
	}
	if len(out) == 0 {
		return nil, fault.New(fault.NotFound, "no_files", "the paths hold no files")
	}
	return out, nil
}

func (c ingestCommand) send(ctx context.Context, to target, name string) (intake.Receipt, error) {
	if name == "-" {
		return to.accept(ctx, os.Stdin, -1, "")
	}
	f, err := openInput(name)
	if err != nil {
		return intake.Receipt{}, err
	}
	defer f.Close()
	return to.accept(ctx, f, f.size, filepath.Base(name))
}

// target opens where files go.
func (c ingestCommand) target(e *env) (target, func(), error) {
	if c.Data == "" {
		return &serverTarget{c}, func() {}, nil
	}
	workers := 0
	if c.Wait || c.FailOnReview {
		workers = runtime.GOMAXPROCS(0)
	}
	s, err := e.newServer(e.ctx, setting{dataFolder: dataFolder{Data: c.Data, database: c.database}, Mode: "commit"}, workers, "")
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(e.ctx)
	var group sync.WaitGroup
	s.work(ctx, workers, &group)
	return &folderTarget{c, s}, func() {
		cancel()
		group.Wait()
		s.close()
	}, nil
}

// serverTarget posts to a running server.
type serverTarget struct{ ingestCommand }

func (t *serverTarget) accept(ctx context.Context, f io.Reader, size int64, name string) (intake.Receipt, error) {
	q := url.Values{}
	if t.Type != "" {
		q.Set("type", t.Type)
	}
	if t.Patient != "" {
		q.Set("patient", t.Patient)
	}
	path := "/documents"
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	var r intake.Receipt
	header := http.Header{"X-Filename": {url.PathEscape(name)}, "Content-Type": {"application/octet-stream"}}
	if t.Password != "" {
		header.Set("X-Password", url.PathEscape(t.Password))
	}
	err := t.do(ctx, "POST", path, header, f, size, &r)
	return r, err
}

func (t *serverTarget) state(ctx context.Context, id string) (store.State, string, error) {
	var d shownDocument
	err := t.do(ctx, "GET", "/documents/"+id, nil, nil, 0, &d)
	return store.State(d.State), d.Code, err
}

// folderTarget puts into a data folder.
type folderTarget struct {
	ingestCommand
	server *server
}

func (t *folderTarget) accept(ctx context.Context, f io.Reader, _ int64, name string) (intake.Receipt, error) {
	return t.server.door.Accept(ctx, operator, f, intake.Offer{Source: "ingest", Name: phi.Text(name), Type: t.Type, Patient: t.Patient,
		Password: phi.Text(t.Password)})
}

func (t *folderTarget) state(ctx context.Context, id string) (store.State, string, error) {
	row, err := t.server.pipeline.Row(ctx, operator, id)
	if err != nil {
		return "", "", err
	}
	return row.State, row.Code, nil
}

// wait asks for each document until it settled.
func (c ingestCommand) wait(e *env, to target, ids []string) (review, failed int, err error) {
	ctx, cancel := context.WithTimeout(e.ctx, c.Timeout)
	defer cancel()
	bar := e.progress("settling")
	defer bar.done()
	for _, id := range ids {
		for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
			state, code, err := to.state(ctx, id)
			if err != nil {
				return review, failed, err
			}
			if state.Settled() {
				e.tell(event{Event: "settled", ID: id, State: string(state), Code: code})
				switch state {
				case store.NeedsReview, store.Held:
					review++
				case store.Failed, store.Rejected:
					failed++
				}
				bar.step(len(ids))
				break
			}
			select {
			case <-ctx.Done():
				if e.ctx.Err() != nil {
					return review, failed, e.ctx.Err()
				}
				return review, failed, fault.New(fault.Unavailable, "timeout", "not every document settled in %s", c.Timeout)
			case <-time.After(pause):
			}
		}
	}
	return review, failed, nil
}

// tell writes an event: NDJSON with --json, else a line.
func (e *env) tell(ev event) {
	if e.cli.JSON {
		_ = json.NewEncoder(e.stdout).Encode(ev)
		return
	}
	more := ev.Code
	if ev.DuplicateOf != nil {
		more = "known already"
	}
	fmt.Fprintf(e.stdout, "%-9s %s %s %s\n", ev.Event, ev.ID, ev.State, more)
}

// tellRefused says why a file was not taken. Its name is shown to a person at a terminal and
// in the events that were asked for, not in text that may end in a log.
func (e *env) tellRefused(n, of int, name string, err error) {
	f := fault.As(err)
	code := "internal"
	if f != nil {
		code = f.Code
	}
	if e.cli.JSON {
		e.tell(event{Event: "refused", File: name, Code: code, Message: err.Error()})
		return
	}
	shown := fmt.Sprintf("file %d of %d", n+1, of)
	if t, ok := e.stderr.(*os.File); ok && term.IsTerminal(int(t.Fd())) {
		shown = name
	}
	fmt.Fprintf(e.stderr, "chartlake: %s was refused: %v [%s]; nothing of it was kept\n", shown, err, code)
}
