package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"chartlake/fault"
	"chartlake/store"
)

// Manifest is what a task that is complete has made
// (http://hl7.org/fhir/uv/bulkdata/export.html#response---complete-status).
type Manifest struct {
	TransactionTime string         `json:"transactionTime"`
	Request         string         `json:"request"`
	Token           bool           `json:"requiresAccessToken"`
	Output          []ManifestFile `json:"output"`
	Deleted         []ManifestFile `json:"deleted,omitempty"`
	Error           []ManifestFile `json:"error"`
	Extension       map[string]any `json:"extension,omitempty"`
}

// ManifestFile is one file. Those of an import's output have no address: they are in the store.
type ManifestFile struct {
	Type  string `json:"type"`
	URL   string `json:"url,omitempty"`
	Count int    `json:"count"`
}

// shownFiles is how many files of an import its manifest names by their number.
const shownFiles = 1000

// asked is what all requests have in common.
type asked struct {
	URL   string
	Token bool
	Key   []byte
}

// Look gives a task to whoever asked for it, as far as they still see as much as then. manages
// says that the caller manages the server. To others it looks as if it were not there.
func (d *Desk) Look(ctx context.Context, actor store.Actor, manages bool, id string) (*store.Task, error) {
	task, err := d.task(ctx, id)
	if err != nil {
		return nil, err
	}
	owner := task.Owner
	sees := actor.Patients == nil || owner.Patients != nil && !slices.ContainsFunc(owner.Patients, func(p string) bool { return !slices.Contains(actor.Patients, p) })
	gone := task.State == store.TaskCanceled || task.State.Over() && !task.Ends.IsZero() && !task.Ends.After(d.Now())
	if gone || !sees || owner.ID != actor.ID && !(manages && actor.Patients == nil) {
		return nil, fault.New(fault.NotFound, "task_not_found", "there is no such task")
	}
	return task, nil
}

// Says tells how far a task is, in few words (X-Progress).
func Says(task *store.Task) string {
	switch task.Kind {
	case KindExport:
		var r exportRequest
		var p exportProgress
		if json.Unmarshal(task.Request, &r) == nil && json.Unmarshal(task.Progress, &p) == nil && p.Seq > 0 {
			return fmt.Sprintf("%d resources; type %d of %d", p.Entries, min(p.Step%max(len(r.Types), 1)+1, len(r.Types)), len(r.Types))
		}
	case KindImport:
		var p importProgress
		if json.Unmarshal(task.Progress, &p) == nil && p.List.Frames > 0 {
			return fmt.Sprintf("%d resources, %d refused; file %d of %d", p.Created+p.Updated+p.Same, p.Failed, min(p.File+1, p.turns()), p.turns())
		}
	}
	return string(task.State)
}

// Manifest shows what a task that is complete has made; at is the address of the task, below
// which its files are.
func (d *Desk) Manifest(ctx context.Context, task *store.Task, at string) ([]byte, error) {
	damaged := fault.New(fault.Corrupt, "task_damaged", "the row of a task cannot be read")
	var a asked
	if json.Unmarshal(task.Request, &a) != nil {
		return nil, damaged
	}
	m := Manifest{TransactionTime: instant(task.Began), Request: a.URL, Token: a.Token, Output: []ManifestFile{}, Error: []ManifestFile{}}
	switch task.Kind {
	case KindExport:
		var p exportProgress
		if json.Unmarshal(task.Progress, &p) != nil {
			return nil, damaged
		}
		m.TransactionTime = instant(p.At)
		for i, f := range p.Files {
			file := ManifestFile{Type: f.Type, URL: at + "/" + fileName(i), Count: f.Count}
			if f.Kind == deletedKind {
				m.Deleted = append(m.Deleted, file)
			} else {
				m.Output = append(m.Output, file)
			}
		}
	case KindImport:
		var p importProgress
		if json.Unmarshal(task.Progress, &p) != nil {
			return nil, damaged
		}
		for _, t := range sortedTypes(p.Done) {
			m.Output = append(m.Output, ManifestFile{Type: t, Count: p.Done[t]})
		}
		if p.Report.Count > 0 {
			m.Error = append(m.Error, ManifestFile{Type: "OperationOutcome", URL: at + "/" + errorFile, Count: p.Report.Count})
		}
		m.Extension = map[string]any{"created": p.Created, "updated": p.Updated, "unchanged": p.Same, "refused": p.Failed, "files": d.named(ctx, task, a.Key, p.List)}
	case KindAnswer:
		var p answerProgress
		if json.Unmarshal(task.Progress, &p) != nil {
			return nil, damaged
		}
		file := []ManifestFile{{Type: p.Type, URL: at + "/" + fileName(0), Count: 1}}
		if m.Output = file; p.Type == "OperationOutcome" {
			m.Output, m.Error = m.Error, file
		}
	}
	return encodeJSON(m)
}

// named tells which file of an import has which number.
func (d *Desk) named(ctx context.Context, task *store.Task, key []byte, list file) []string {
	files, err := d.readList(ctx, task.ID, key, list)
	if err != nil {
		return nil
	}
	names := []string{}
	for _, f := range files[:min(len(files), shownFiles)] {
		names = append(names, f.URL)
	}
	return names
}

// Open gives the text of a file of a task that is complete. ctx must live as long as it is read.
func (d *Desk) Open(ctx context.Context, task *store.Task, name string) (io.ReadCloser, error) {
	none := fault.New(fault.NotFound, "file_not_found", "the task has no such file")
	var a asked
	if task.State != store.TaskComplete || json.Unmarshal(task.Request, &a) != nil {
		return nil, none
	}
	var at file
	switch task.Kind {
	case KindExport:
		var p exportProgress
		text, ok := strings.CutSuffix(name, ".ndjson")
		n, err := strconv.Atoi(text)
		if ok && err == nil && json.Unmarshal(task.Progress, &p) == nil && n >= 0 && n < len(p.Files) && fileName(n) == name {
			at = p.Files[n].File
		}
	case KindImport:
		var p importProgress
		if name == errorFile && json.Unmarshal(task.Progress, &p) == nil && p.Report.Count > 0 {
			at = p.Report.File
		}
	case KindAnswer:
		var p answerProgress
		if name == fileName(0) && json.Unmarshal(task.Progress, &p) == nil {
			at = p.File
		}
	}
	if at.Frames == 0 {
		return nil, none
	}
	return d.read(ctx, task.ID, name, a.Key, at)
}

func instant(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }
