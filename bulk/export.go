package bulk

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/search"
	"chartlake/store"
)

// ExportAsk is what an export is asked for.
type ExportAsk struct {
	URL      string   // of the request, for the manifest
	Token    bool     // the files need the token that the request had
	Level    string   // "" the system, "Patient", "Group"
	Group    string   // id
	Types    []string // what may be exported, in order
	Since    time.Time
	Filters  map[string][]string // by type: queries, of which one must match
	Elements []string
}

// exportRequest is an ExportAsk as its task keeps it.
type exportRequest struct {
	ExportAsk
	Key []byte
}

// Export takes an export in and gives the id of its task.
func (d *Desk) Export(ctx context.Context, actor store.Actor, ask ExportAsk) (string, error) {
	return d.begin(ctx, d.newID(), KindExport, actor, exportRequest{ExportAsk: ask, Key: newKey()})
}

// exportProgress is how far an export is: everything before is in its files.
type exportProgress struct {
	Seq     int64 // the moment; 0: not begun
	At      time.Time
	Match   matches
	Step    int   // type, then deleted type
	After   int64 // change that the last page ended with; of matches: how many were read
	Files   []exportFile
	Entries int
}

// exportFile is a file; the last one may be written to still.
type exportFile struct {
	Kind  string // "", deleted
	Type  string
	Count int
	Text  int64
	File  file
}

const deletedKind = "deleted"

// matches is where the changes stand that _typeFilter found, eight bytes each in the order of
// Types.
type matches struct {
	Types  []string
	Counts []int
	File   file
}

const matchFile = "match"

// Limits of what an export does between two times that it keeps how far it is.
const (
	keepBytes = 16 << 20
	keepEvery = time.Second
)

// exporting is an export at work.
type exporting struct {
	d        *Desk
	task     *store.Task
	ask      exportRequest
	p        exportProgress
	before   []byte
	patients map[string]bool
	shown    func(*fhir.Node) *fhir.Node
	out      *fileWriter
	seqs     []int64 // matches of the type at hand
	seqsOf   string
	dirty    int64
	kept     time.Time
}

// export does or goes on with an export.
func (d *Desk) export(ctx context.Context, task *store.Task) error {
	e := &exporting{d: d, task: task, before: task.Progress, kept: d.Now()}
	if json.Unmarshal(task.Request, &e.ask) != nil || len(task.Progress) > 0 && json.Unmarshal(task.Progress, &e.p) != nil {
		return fault.New(fault.Corrupt, "task_damaged", "the row of a task cannot be read")
	}
	ctx = audit.Within(ctx, "$export")
	if len(e.ask.Elements) > 0 && d.Elements != nil {
		e.shown = d.Elements(e.ask.Elements)
	}
	if e.p.Seq == 0 {
		if err := e.begin(ctx); err != nil {
			return err
		}
	}
	if err := e.members(ctx); err != nil {
		return err
	}
	for e.p.Step < e.steps() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := e.page(ctx); err != nil {
			return err
		}
		if e.dirty >= keepBytes || d.Now().Sub(e.kept) >= keepEvery {
			if err := e.keep(ctx, false); err != nil {
				return err
			}
		}
	}
	return e.keep(ctx, true)
}

// begin sets the moment of the export, and finds what the filters let through at it. Filters
// search what is current: where something was written between the moment and the search, both
// are done again. Of a store that never rests the state is that of the search, and the time that of
// the moment before it: the next export since then repeats what was written between, and misses
// nothing.
func (e *exporting) begin(ctx context.Context) error {
	const tries = 5
	for try := 1; ; try++ {
		_, err := e.d.Store.Transact(ctx, operator, []store.Command{store.ChangeTask{ID: e.task.ID, Fence: true, Modify: func(t *store.Task, now store.Moment) error {
			e.p.Seq, e.p.At = now.Seq, now.At
			return same(t, e.before)
		}}})
		if err != nil {
			return err
		}
		if len(e.ask.Filters) == 0 {
			break
		}
		top, err := e.search(ctx)
		if err != nil {
			return err
		}
		if top == e.p.Seq {
			break
		}
		if try == tries {
			e.p.Seq = top
			break
		}
	}
	return e.keep(ctx, false)
}

// search notes the changes that the filters let through, of one snapshot whose last change it
// gives.
func (e *exporting) search(ctx context.Context) (top int64, err error) {
	e.p.Match = matches{}
	out, err := e.d.write(ctx, e.task.ID, matchFile, e.ask.Key, file{})
	if err != nil {
		return 0, err
	}
	err = e.d.Store.View(ctx, e.task.Owner, func(v store.View) error {
		if top, err = v.Seq(); err != nil {
			return err
		}
		for _, typ := range e.ask.Types {
			queries := e.ask.Filters[typ]
			if queries == nil {
				continue
			}
			seqs, err := found(v, typ, queries)
			if err != nil {
				return err
			}
			var text []byte
			for _, seq := range seqs {
				text = binary.BigEndian.AppendUint64(text, uint64(seq))
			}
			if _, err := out.Write(text); err != nil {
				return err
			}
			e.p.Match.Types, e.p.Match.Counts = append(e.p.Match.Types, typ), append(e.p.Match.Counts, len(seqs))
		}
		return nil
	})
	if err == nil {
		e.p.Match.File, err = out.sync()
	}
	return top, err
}

// found gives the changes that made the matches of any query, in order, each once.
func found(v store.View, typ string, queries []string) (seqs []int64, err error) {
	catalogue, err := v.Parameters()
	if err != nil {
		return nil, err
	}
	for _, raw := range queries {
		q, err := Filter(typ, raw, search.Options{Catalogue: catalogue})
		if err != nil {
			return nil, err
		}
		q.Count, q.CountSet = search.MaxCount, true
		for {
			page, err := v.Search(q)
			if err != nil {
				return nil, err
			}
			for i := range page.Matches {
				seqs = append(seqs, page.Matches[i].Seq)
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				break
			}
		}
	}
	slices.Sort(seqs)
	return slices.Compact(seqs), nil
}

// members finds whose data a Group's export is, as the Group was at the moment.
func (e *exporting) members(ctx context.Context) error {
	if e.ask.Level != "Group" {
		return nil
	}
	e.patients = map[string]bool{}
	return e.d.Store.View(ctx, e.task.Owner, func(v store.View) error {
		return e.group(v, e.ask.Group, map[string]bool{})
	})
}

// group adds the members of a group, and of the groups in it.
func (e *exporting) group(v store.View, id string, seen map[string]bool) error {
	seen[id] = true
	key := store.Key{Type: "Group", ID: id}
	got, err := v.Read(key)
	for err == nil && got.Seq > e.p.Seq && got.Version > 1 {
		got, err = v.VersionRead(key, got.Version-1)
	}
	if err == nil && got.Seq > e.p.Seq {
		err = fault.New(fault.NotFound, "not_found", "there was no such group")
	}
	if err != nil {
		if len(seen) > 1 && (fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone)) {
			return nil // a member that is not there
		}
		return err
	}
	for _, m := range got.Resource.Get("member").Items() {
		typ, id, ok := strings.Cut(m.Str("entity", "reference"), "/")
		switch {
		case !ok || m.Get("inactive").True():
		case typ == "Patient":
			e.patients[id] = true
		case typ == "Group" && !seen[id]:
			if err := e.group(v, id, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

// steps are the types, and with _since once more for what was deleted.
func (e *exporting) steps() int {
	if e.ask.Since.IsZero() {
		return len(e.ask.Types)
	}
	return 2 * len(e.ask.Types)
}

// page writes one page of what is next.
func (e *exporting) page(ctx context.Context) error {
	q := store.ExportQuery{Type: e.ask.Types[e.p.Step%len(e.ask.Types)], Top: e.p.Seq, After: e.p.After, Since: e.ask.Since,
		Patients: e.patients, AnyPatient: e.ask.Level == "Patient", Deleted: e.p.Step >= len(e.ask.Types)}
	filtered := !q.Deleted && e.ask.Filters[q.Type] != nil
	rest := 0
	if filtered {
		all, err := e.matched(ctx, q.Type)
		if err != nil {
			return err
		}
		q.Only, q.After = all[e.p.After:min(int(e.p.After)+store.ExportMax, len(all))], 0
		rest = len(all) - int(e.p.After) - len(q.Only)
	}
	var page *store.ExportPage
	err := e.d.Store.View(ctx, e.task.Owner, func(v store.View) (err error) {
		page, err = v.Export(q)
		return err
	})
	if err != nil {
		return err
	}
	if err := e.write(ctx, q, page.Versions); err != nil {
		return err
	}
	switch {
	case filtered && rest > 0:
		e.p.After += int64(len(q.Only))
	case !filtered && page.More:
		e.p.After = page.Last
	default:
		e.p.Step, e.p.After = e.p.Step+1, 0
	}
	return nil
}

// matched gives the changes that the filters of a type let through.
func (e *exporting) matched(ctx context.Context, typ string) ([]int64, error) {
	if e.seqsOf == typ {
		return e.seqs, nil
	}
	f, err := e.d.read(ctx, e.task.ID, matchFile, e.ask.Key, e.p.Match.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for i, t := range e.p.Match.Types {
		n := int64(e.p.Match.Counts[i]) * 8
		if t != typ {
			if _, err := io.CopyN(io.Discard, f, n); err != nil {
				return nil, err
			}
			continue
		}
		text := make([]byte, n)
		if _, err := io.ReadFull(f, text); err != nil {
			return nil, err
		}
		e.seqsOf, e.seqs = typ, make([]int64, 0, n/8)
		for ; len(text) > 0; text = text[8:] {
			e.seqs = append(e.seqs, int64(binary.BigEndian.Uint64(text)))
		}
		return e.seqs, nil
	}
	return nil, fault.New(fault.Corrupt, "task_damaged", "the row of a task cannot be read")
}

// write adds a page to the files. The lines of one page stand in one file.
func (e *exporting) write(ctx context.Context, q store.ExportQuery, versions []store.Version) error {
	if len(versions) == 0 {
		return nil
	}
	kind, typ := "", q.Type
	if q.Deleted {
		kind, typ = deletedKind, "Bundle"
	}
	file, err := e.file(ctx, kind, typ)
	if err != nil {
		return err
	}
	var text []byte
	if q.Deleted {
		text, file.Count = append(deletions(versions).AppendJSON(nil), '\n'), file.Count+1
	} else {
		for i := range versions {
			n := versions[i].Resource
			if e.shown != nil {
				n = e.shown(n)
			}
			text = append(n.AppendJSON(text), '\n')
		}
		file.Count += len(versions)
	}
	e.p.Entries += len(versions)
	file.Text += int64(len(text))
	e.dirty += int64(len(text))
	_, err = e.out.Write(text)
	return err
}

// deletions is a Bundle that does to another store what was done to this one.
func deletions(versions []store.Version) *fhir.Node {
	var entries []*fhir.Node
	for i := range versions {
		entries = append(entries, fhir.NewObject("request", fhir.NewObject("method", "DELETE", "url", versions[i].Key.String())))
	}
	return fhir.NewObject("resourceType", "Bundle", "type", "transaction", "entry", entries)
}

// file gives the file that the next lines go to, opened at its end.
func (e *exporting) file(ctx context.Context, kind, typ string) (*exportFile, error) {
	last := len(e.p.Files) - 1
	if last >= 0 {
		if f := &e.p.Files[last]; f.Kind == kind && f.Type == typ && f.Text < e.d.FileBytes {
			return f, e.open(ctx, last)
		}
		if err := e.finish(); err != nil {
			return nil, err
		}
	}
	e.p.Files = append(e.p.Files, exportFile{Kind: kind, Type: typ})
	return &e.p.Files[last+1], e.open(ctx, last+1)
}

func (e *exporting) open(ctx context.Context, n int) (err error) {
	if e.out == nil {
		e.out, err = e.d.write(ctx, e.task.ID, fileName(n), e.ask.Key, e.p.Files[n].File)
	}
	return err
}

// sync makes the lines so far durable.
func (e *exporting) sync() error {
	if e.out == nil {
		return nil
	}
	made, err := e.out.sync()
	e.p.Files[len(e.p.Files)-1].File = made
	return err
}

func (e *exporting) finish() error {
	if e.out == nil {
		return nil
	}
	err := e.sync()
	e.out = nil
	return err
}

// keep makes what was written count. With done the task is complete.
func (e *exporting) keep(ctx context.Context, done bool) error {
	if err := e.sync(); err != nil {
		return err
	}
	change, after, err := keep(e.task, e.before, e.p)
	if err != nil {
		return err
	}
	modify := change.Modify
	change.Modify = func(t *store.Task, now store.Moment) error {
		if err := modify(t, now); err != nil || !done {
			return err
		}
		t.State, t.Ends = store.TaskComplete, now.At.Add(e.d.Keep)
		return nil
	}
	if _, err := e.d.Store.Transact(ctx, operator, []store.Command{change}); err != nil {
		return err
	}
	if done { // what was found, and what was written twice
		var kept []string
		for _, f := range e.p.Files {
			kept = append(kept, f.File.Pieces...)
		}
		if err := e.d.Shelf.Drop(ctx, e.task.ID, kept...); err != nil {
			return err
		}
	}
	e.before, e.dirty, e.kept = after, 0, e.d.Now()
	return nil
}

// shownElsewhere are parameters that say how a search is answered, not what is found.
var shownElsewhere = []string{"_include", "_revinclude", "_sort", "_count", "_summary", "_elements", "_total", "_contained", "_containedType", "_cursor", "_page", "_explain", "_format", "_pretty"}

// Filter parses a query of _typeFilter.
func Filter(typ, raw string, opts search.Options) (*search.Query, error) {
	pairs, err := search.Pairs(raw)
	if err != nil {
		return nil, err
	}
	for _, p := range pairs {
		name, _, _ := strings.Cut(p.Name, ":")
		if slices.Contains(shownElsewhere, name) {
			return nil, fault.New(fault.Invalid, "bad_type_filter", "_typeFilter takes what a search finds by, not how it is shown")
		}
	}
	return search.Parse(typ, pairs, opts)
}

// indent-free JSON of a manifest is made by json.Marshal; HTML escapes would change addresses.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}
