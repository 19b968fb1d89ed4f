package bulk

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"chartlake/queue"
	"chartlake/store"
	"chartlake/store/postgres"
	"chartlake/store/postgres/pgtest"
	"chartlake/store/sqlite"
)

// killEnv makes this test binary a worker that is killed.
const killEnv = "CHARTLAKE_BULK_KILL"

// place is where a store and its jobs are; url is empty for SQLite.
type place struct{ folder, url string }

func (p place) desk(ctx context.Context) (*Desk, error) {
	var st store.Store
	var err error
	if p.url == "" {
		st, err = sqlite.Open(ctx, sqlite.Config{Folder: filepath.Join(p.folder, "data")})
	} else {
		st, err = postgres.Open(ctx, postgres.Config{URL: p.url, Folder: filepath.Join(p.folder, "data")})
	}
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return New(Config{Store: st, Shelf: Folder(filepath.Join(p.folder, "bulk")), FileBytes: 20 << 10,
		Now: func() time.Time { now = now.Add(keepEvery); return now }}), nil // an export is kept after every page
}

// killing kills the process before or after a transaction, by turns.
type killing struct {
	store.Store
	left  atomic.Int64
	after bool
}

func (k *killing) Transact(ctx context.Context, actor store.Actor, commands []store.Command) ([]store.Result, error) {
	last := k.left.Add(-1) == 0
	if last && !k.after {
		die()
	}
	res, err := k.Store.Transact(ctx, actor, commands)
	if last {
		die()
	}
	return res, err
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// TestMain runs the tests, or a worker that does one job until its n-th transaction kills it.
func TestMain(m *testing.M) {
	spec := os.Getenv(killEnv)
	if spec == "" {
		os.Exit(pgtest.Run(m))
	}
	words := strings.SplitN(spec, " ", 4)
	ctx := context.Background()
	d, err := place{words[2], words[3]}.desk(ctx)
	if err != nil {
		os.Exit(3)
	}
	k := &killing{Store: d.Store}
	var n int64
	if _, err := fmt.Sscan(words[0], &n); err != nil {
		os.Exit(4)
	}
	k.left.Store(n)
	k.after = n%2 == 0
	d.Store = k
	task, err := d.task(ctx, words[1])
	if err != nil {
		os.Exit(5)
	}
	if err := d.Handlers()[task.Kind].Work(ctx, queue.Job{Kind: task.Kind, Subject: task.ID}); err != nil {
		os.Exit(6)
	}
	k.Store.Close()
	os.Exit(0)
}

// killed works on a task in processes that are killed (SIGKILL), each a little later than the one
// before, until one does it to its end.
func (p place) killed(t *testing.T, id string) {
	t.Helper()
	for kills := 0; ; kills++ {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s %s %s", killEnv, 1+kills%4, id, p.folder, p.url))
		out, err := cmd.CombinedOutput()
		if err == nil {
			if kills < 3 {
				t.Errorf("killed %d times only", kills)
			}
			return
		}
		if !strings.Contains(err.Error(), "killed") || kills > 200 {
			t.Fatalf("after %d kills: %v %s", kills, err, out)
		}
	}
}

// A worker that is killed in the middle of an import or an export loses nothing and does nothing
// twice, in both databases.
func TestKilled(t *testing.T) {
	t.Parallel()
	const n = 3000
	for name, url := range map[string]func() string{"sqlite": func() string { return "" }, "postgres": func() string { return pgtest.URL(t) }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := place{t.TempDir(), url()}
			files := importLines(n)
			var ids []string
			begin := func(f func(d *Desk) (string, error)) {
				d, err := p.desk(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer d.Store.Close()
				id, err := f(d)
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, id)
			}
			begin(func(d *Desk) (string, error) { return d.Upload(t.Context(), anna, ImportAsk{}, several(files[:]...)) })
			p.killed(t, ids[0])
			begin(func(d *Desk) (string, error) {
				return d.Export(t.Context(), anna, ExportAsk{Types: []string{"Patient"}})
			})
			p.killed(t, ids[1])
			d, err := p.desk(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer d.Store.Close()
			for i, id := range ids {
				task, err := d.task(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					importedOnce(t, d, task, n)
				} else if seen := exportedOnce(t, d, task); seen != n-5-4 {
					t.Errorf("%d of %d exported", seen, n-5-4)
				}
			}
			if err := d.Store.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
