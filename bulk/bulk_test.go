package bulk

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/queue"
	"chartlake/store"
	"chartlake/store/sqlite"
)

var anna = store.Actor{ID: "user:anna"}

// open makes a desk over a fresh store.
func open(t testing.TB, change func(*Config)) *Desk {
	t.Helper()
	st, err := sqlite.Open(t.Context(), sqlite.Config{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	c := Config{Store: st, Shelf: Folder(filepath.Join(t.TempDir(), "bulk"))}
	if change != nil {
		change(&c)
	}
	return New(c)
}

func one(text string) func() (io.Reader, error) { return several(text) }

func several(texts ...string) func() (io.Reader, error) {
	return func() (io.Reader, error) {
		if len(texts) == 0 {
			return nil, io.EOF
		}
		r := strings.NewReader(texts[0])
		texts = texts[1:]
		return r, nil
	}
}

// work does a task as a worker of the queue does.
func work(t testing.TB, d *Desk, id string) error {
	t.Helper()
	task, err := d.task(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return d.Handlers()[task.Kind].Work(t.Context(), queue.Job{Kind: task.Kind, Subject: id})
}

// finish does a task to its end and gives it.
func finish(t testing.TB, d *Desk, id string, err error) *store.Task {
	t.Helper()
	if err == nil {
		err = work(t, d, id)
	}
	if err != nil {
		t.Fatal(err)
	}
	task, err := d.task(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func (d *Desk) lines(t testing.TB, task *store.Task, name string) (list []string) {
	t.Helper()
	f, err := d.Open(t.Context(), task, name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		list = append(list, s.Text())
	}
	return list
}

// crashing ends every call, before or after it was done, once its fuse has burnt down: what a
// process that is killed leaves behind.
type crashing struct {
	store.Store
	fuse func() int // 0: go on, 1: end before, 2: end after
}

var errKilled = errors.New("killed")

func (c *crashing) Transact(ctx context.Context, actor store.Actor, commands []store.Command) ([]store.Result, error) {
	switch c.fuse() {
	case 1:
		return nil, errKilled
	case 2:
		_, _ = c.Store.Transact(ctx, actor, commands)
		return nil, errKilled
	}
	return c.Store.Transact(ctx, actor, commands)
}

// resuming works on a task, killed again and again, until it is over. What the killed worker wrote
// beyond what counts stays on the shelf, and more is added that does not count either.
func resuming(t *testing.T, d *Desk, id string, seed uint64) *store.Task {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	whole := d.Store
	kills := 0
	for {
		left := 1 + random.IntN(5)
		fuse := make(chan int, 1)
		fuse <- left
		d.Store = &crashing{whole, func() int {
			n := <-fuse
			fuse <- n - 1
			switch {
			case n > 1:
				return 0
			case n == 1:
				return 1 + int(seed+uint64(kills))%2
			}
			return 1
		}}
		err := work(t, d, id)
		d.Store = whole
		task, failed := d.task(t.Context(), id)
		if failed != nil {
			t.Fatal(failed)
		}
		if task.State.Over() {
			if kills < 2 {
				t.Errorf("killed %d times only", kills)
			}
			return task
		}
		if err == nil || kills > 500 {
			t.Fatalf("after %d kills: %v", kills, err)
		}
		kills++
		if err := d.Shelf.Put(t.Context(), id, newPiece(), []byte("left behind")); err != nil {
			t.Fatal(err)
		}
	}
}

// importLines are two files of patients, some lines of which are refused and some refer to what
// comes later.
func importLines(n int) (files [2]string) {
	for i := range n {
		line := fmt.Sprintf(`{"resourceType":"Patient","id":"p%d","identifier":[{"system":"http://x","value":"%d"}]}`, i, i)
		switch {
		case i%701 == 5:
			line = fmt.Sprintf(`{"resourceType":"Patient","id":"p%d","birthDate":"x"}`, i)
		case i%997 == 6:
			line = fmt.Sprintf(`{"resourceType":"Observation","id":"p%d","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?identifier=http://x|%d"}}`, i, n-2)
		}
		files[i%2] += line + "\n"
	}
	return files
}

// importedOnce checks that an import of importLines has every line once.
func importedOnce(t *testing.T, d *Desk, task *store.Task, n int) {
	t.Helper()
	refused := d.lines(t, task, errorFile)
	if task.State != store.TaskComplete || len(refused) != 5 || !slices.Equal(slices.Compact(slices.Sorted(slices.Values(refused))), slices.Sorted(slices.Values(refused))) {
		t.Fatalf("%s, %d refused: %v", task.State, len(refused), refused)
	}
	err := d.Store.View(t.Context(), anna, func(v store.View) error {
		for i := range n {
			key := store.Key{Type: "Patient", ID: fmt.Sprint("p", i)}
			if i%997 == 6 && i%701 != 5 {
				key.Type = "Observation"
			}
			got, err := v.Read(key)
			if i%701 == 5 {
				if !fault.Is(err, fault.NotFound) {
					t.Errorf("%s was to be refused: %v", key, err)
				}
				continue
			}
			if err != nil || got.Version != 1 {
				t.Errorf("%s: %v, %+v", key, err, got)
			} else if key.Type == "Observation" && got.Resource.Str("subject", "reference") != fmt.Sprint("Patient/p", n-2) {
				t.Errorf("%s", got.Resource.AppendJSON(nil))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Manifest(t.Context(), task, "http://x")
	counted, perr := fhir.Parse(m)
	if err != nil || perr != nil || counted.Get("extension").Get("created").Text() != fmt.Sprint(n-5) || counted.Get("extension").Get("unchanged").Text() != "0" {
		t.Errorf("%s", m)
	}
}

// An import that is killed at any step has, in the end, every line once.
func TestImportResumes(t *testing.T) {
	t.Parallel()
	const n = 3000
	files := importLines(n)
	for seed := range uint64(3) {
		d := open(t, nil)
		id, err := d.Upload(t.Context(), anna, ImportAsk{}, several(files[:]...))
		if err != nil {
			t.Fatal(err)
		}
		importedOnce(t, d, resuming(t, d, id, seed), n)
	}
}

// An export that is killed at any step has, in the end, every resource once, as it was when it began.
func TestExportResumes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		now := time.Now()
		d := open(t, func(c *Config) {
			c.FileBytes = 20 << 10
			c.Now = func() time.Time { now = now.Add(keepEvery); return now } // kept after every page
		})
		var commands []store.Command
		n := 3500
		for i := range n {
			res, err := fhir.Parse(fmt.Appendf(nil, `{"resourceType":"Patient","id":"p%d","active":%t}`, i, i%2 == 0))
			if err != nil {
				t.Fatal(err)
			}
			commands = append(commands, store.Update{Resource: res})
		}
		if _, err := d.Store.Transact(t.Context(), anna, commands); err != nil {
			t.Fatal(err)
		}
		ask := ExportAsk{Types: []string{"Patient"}}
		if seed == 2 {
			ask.Filters, n = map[string][]string{"Patient": {"active=true", "_id=p0"}}, n/2
		}
		id, err := d.Export(t.Context(), anna, ask)
		if err != nil {
			t.Fatal(err)
		}
		if seen := exportedOnce(t, d, resuming(t, d, id, seed)); seen != n {
			t.Errorf("seed %d: %d of %d", seed, seen, n)
		}
	}
}

// exportedOnce checks that no resource stands in the files of an export twice, and counts them.
func exportedOnce(t *testing.T, d *Desk, task *store.Task) int {
	t.Helper()
	if task.State != store.TaskComplete {
		t.Errorf("the export is %s", task.State)
	}
	seen := map[string]bool{}
	for i := range 100 {
		f, err := d.Open(t.Context(), task, fileName(i))
		if err != nil {
			break
		}
		for s := bufio.NewScanner(f); s.Scan(); {
			res, err := fhir.Parse(s.Bytes())
			if err != nil || seen[res.ID()] {
				t.Fatalf("%v: %s", err, s.Text())
			}
			seen[res.ID()] = true
		}
		f.Close()
	}
	return len(seen)
}

// What is over its time is forgotten; what is not stays, but what nothing needs any more.
func TestClean(t *testing.T) {
	t.Parallel()
	now := time.Now()
	d := open(t, func(c *Config) { c.Now = func() time.Time { return now } })
	id, err := d.Upload(t.Context(), anna, ImportAsk{}, one(`{"resourceType":"Patient","id":"p"}`))
	if err != nil {
		t.Fatal(err)
	}
	pieces := func(id string) int {
		list, _ := os.ReadDir(filepath.Join(string(d.Shelf.(Folder)), id))
		return len(list)
	}
	if n := pieces(id); n != 1 {
		t.Errorf("an upload has %d pieces", n)
	}
	task := finish(t, d, id, nil)
	if n := pieces(id); task.State != store.TaskComplete || n != 1 {
		t.Errorf("%s, and of its files are left: %d, want the list", task.State, n)
	}
	lost := d.newID()
	if err := d.Shelf.Put(t.Context(), lost, newPiece(), []byte("of an upload that broke off")); err != nil {
		t.Fatal(err)
	}
	if err := d.Clean(t.Context()); err != nil || pieces(id) != 1 || pieces(lost) != 1 {
		t.Fatalf("%v, %d and %d pieces", err, pieces(id), pieces(lost))
	}
	now = now.Add(DefaultKeep + time.Hour)
	if _, err := d.Look(t.Context(), anna, false, id); !fault.Is(err, fault.NotFound) {
		t.Errorf("over its time: %v", err)
	}
	if err := d.Clean(t.Context()); err != nil || pieces(id) != 0 || pieces(lost) != 0 {
		t.Errorf("%v, %d and %d pieces", err, pieces(id), pieces(lost))
	}
	if _, err := d.task(t.Context(), id); !fault.Is(err, fault.NotFound) {
		t.Errorf("the row: %v", err)
	}
}

// Of a job that fails or is given up nothing is kept, of one that ended otherwise nothing is lost.
func TestFailedJobsKeepNothing(t *testing.T) {
	t.Parallel()
	d := open(t, nil)
	kept := func() int {
		list, _ := os.ReadDir(string(d.Shelf.(Folder)))
		return len(list)
	}
	id, err := d.Export(t.Context(), anna, ExportAsk{Types: []string{"Patient"}, Level: "Group", Group: "none",
		Filters: map[string][]string{"Patient": {"active=true"}}})
	if task := finish(t, d, id, err); task.State != store.TaskFailed || kept() != 0 {
		t.Errorf("%s, %d folders", task.State, kept())
	}
	id, err = d.Upload(t.Context(), anna, ImportAsk{}, one(`{"resourceType":"Patient","id":"p"}`))
	if err != nil || kept() != 1 {
		t.Fatalf("%v, %d folders", err, kept())
	}
	if err := d.Cancel(t.Context(), id); err != nil || kept() != 0 {
		t.Errorf("%v, %d folders", err, kept())
	}
	if _, err := d.Upload(t.Context(), anna, ImportAsk{}, one("")); !fault.Is(err, fault.Invalid) || kept() != 0 {
		t.Errorf("an empty upload: %v, %d folders", err, kept())
	}
	id, err = d.Upload(t.Context(), anna, ImportAsk{}, one("{\n"))
	finish(t, d, id, err)
	d.Handlers()[KindImport].(handler).Dead(t.Context(), queue.Job{Subject: id}, errKilled)
	task, err := d.task(t.Context(), id)
	if err != nil || task.State != store.TaskComplete || len(d.lines(t, task, errorFile)) != 1 {
		t.Errorf("%v, %+v", err, task)
	}
}

// Files do not show what is in them, and one that was changed, swapped or cut is found.
func TestFilesAreSealed(t *testing.T) {
	t.Parallel()
	d, key := open(t, nil), newKey()
	shelf := d.Shelf.(Folder)
	w, err := d.write(t.Context(), "job", "1.ndjson", key, file{})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("Testerfamily ", 200_000)
	if _, err := io.WriteString(w, text[:900_000]); err != nil {
		t.Fatal(err)
	}
	if _, err := w.sync(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text[900_000:]); err != nil {
		t.Fatal(err)
	}
	at, err := w.sync()
	if err != nil || len(at.Pieces) != 2 {
		t.Fatalf("%v, %+v", err, at)
	}
	raw, err := shelf.Get(t.Context(), "job", at.Pieces[1])
	if err != nil || strings.Contains(string(raw), "Tester") {
		t.Fatalf("the file shows what is in it: %v", err)
	}
	read := func(name string, at file) (string, error) {
		r, err := d.read(t.Context(), "job", name, key, at)
		if err != nil {
			return "", err
		}
		defer r.Close()
		b, err := io.ReadAll(r)
		return string(b), err
	}
	if got, err := read("1.ndjson", at); err != nil || got != text {
		t.Errorf("%d characters, %v", len(got), err)
	}
	put := func(piece []byte) string {
		name := newPiece()
		if err := shelf.Put(t.Context(), "job", name, piece); err != nil {
			t.Fatal(err)
		}
		return name
	}
	flipped := slices.Clone(raw)
	flipped[len(flipped)/2] ^= 1
	first, second := at.Pieces[0], at.Pieces[1]
	for what, c := range map[string]struct {
		name string
		file
	}{
		"flipped":         {"1.ndjson", file{[]string{first, put(flipped)}, at.Frames}},
		"another file":    {"2.ndjson", at},
		"cut":             {"1.ndjson", file{[]string{first, put(raw[:len(raw)-9])}, at.Frames}},
		"longer":          {"1.ndjson", file{[]string{first, put(append(slices.Clone(raw), 1, 2, 3))}, at.Frames}},
		"empty":           {"1.ndjson", file{[]string{first, put(nil)}, at.Frames}},
		"swapped":         {"1.ndjson", file{[]string{second, first}, at.Frames}},
		"twice":           {"1.ndjson", file{[]string{first, first, second}, at.Frames}},
		"without its end": {"1.ndjson", file{[]string{first}, at.Frames}},
	} {
		if _, err := read(c.name, c.file); !fault.Is(err, fault.Corrupt) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := read("1.ndjson", file{[]string{"none"}, 1}); !fault.Is(err, fault.Gone) {
		t.Errorf("a piece that is not there: %v", err)
	}
}
