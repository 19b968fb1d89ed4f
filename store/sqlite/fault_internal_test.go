package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"chartlake/audit"
	"chartlake/fault"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/storetest"
)

var tester = store.Actor{ID: "user:test"}

// A sync that fails: the write is refused, so is every later one, no sync is tried again,
// reads go on, and after a restart what was acknowledged is there.
func TestSyncFails(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	folder := t.TempDir()
	var armed atomic.Bool
	var after atomic.Int64
	s, err := Open(ctx, Config{Folder: folder, trap: func(op byte) error {
		if op == 's' && armed.Load() {
			after.Add(1)
			return errors.New("input/output error")
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, first := storetest.CrashStep(0)
	if _, err := s.Transact(ctx, tester, first); err != nil {
		t.Fatal(err)
	}
	armed.Store(true)
	for i := 1; i < 4; i++ {
		_, commands := storetest.CrashStep(i)
		_, err := s.Transact(ctx, tester, commands)
		if f := fault.As(err); f == nil || f.Kind != fault.Unavailable || f.Code != "store_unhealthy" {
			t.Errorf("write %d after a failed sync: %v", i, err)
		}
	}
	// Its audit row waits for the next process.
	err = s.View(ctx, store.Actor{ID: "user:who-reads", RequestID: "0"}, func(v store.View) error {
		_, err := v.Read(store.Key{Type: "Basic", ID: "counter"})
		return err
	})
	if err != nil {
		t.Errorf("reads must go on: %v", err)
	}
	s.Close()
	if n := after.Load(); n != 1 {
		t.Errorf("%d syncs were tried, want 1", n)
	}
	verify(t, folder, 1)
}

// A full disk: refused as Full, and accepted again once there is space.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var full atomic.Bool
	s, err := Open(ctx, Config{Folder: t.TempDir(), trap: func(op byte) error {
		if op == 'w' && full.Load() {
			return sqlite3.FULL
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 6 {
		full.Store(i%2 == 1)
		_, commands := storetest.CrashStep(i)
		_, err := s.Transact(ctx, tester, commands)
		if i%2 == 1 && !fault.Is(err, fault.Full) || i%2 == 0 && err != nil {
			t.Errorf("write %d: %v", i, err)
		}
	}
	if err := s.Check(ctx); err != nil {
		t.Error(err)
	}
}

// While a disk is full, reads go on: their audit rows wait in room that was taken before. Once
// there is no more, they wait, and are refused with their context. All are in the trail later.
func TestDiskFullReads(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var full atomic.Bool
	s, err := Open(ctx, Config{Folder: t.TempDir(), trap: func(op byte) error {
		if op == 'w' && full.Load() {
			return sqlite3.FULL
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, commands := storetest.CrashStep(0)
	if _, err := s.Transact(ctx, tester, commands); err != nil {
		t.Fatal(err)
	}
	full.Store(true)
	reader := store.Actor{ID: "user:who-reads"}
	const reads = 300
	for range reads {
		err := s.View(ctx, reader, func(v store.View) error { _, err := v.Read(store.Key{Type: "Basic", ID: "counter"}); return err })
		if err != nil {
			t.Fatal(err)
		}
	}
	large := audit.Event{Outcome: audit.Success, Steps: []audit.Step{{Action: audit.Read, Targets: make([]audit.Target, 20_000)}}}
	for i := range large.Steps[0].Targets {
		large.Steps[0].Targets[i] = audit.Target{Type: "document", ID: fmt.Sprintf("%064x", i)}
	}
	taken := 0
	for ; taken < 10; taken++ {
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		err := s.Trail().Note(short, reader, large)
		cancel()
		if f := fault.As(err); f != nil {
			if f.Code != "journal_full" {
				t.Error(err)
			}
			break
		}
	}
	if taken == 0 || taken == 10 {
		t.Errorf("%d large events were taken in while nothing could be written", taken)
	}
	full.Store(false)
	large.Steps[0].Targets = append(large.Steps[0].Targets, large.Steps[0].Targets...)
	for i := range large.Steps[0].Targets {
		large.Steps[0].Targets[i].ID = fmt.Sprintf("%064x", i)
	}
	if err := s.Trail().Note(ctx, reader, large); err != nil { // more than the journal takes at once
		t.Error(err)
	}
	taken++
	r, err := s.Trail().Verify(ctx, nil)
	if err != nil || r.Broken > 0 || r.Rows < int64(reads+taken) {
		t.Errorf("%+v %v", r, err)
	}
}

const crashEnv = "CHARTLAKE_CRASH"

// TestMain runs the children of TestCrash and TestReindexKilled: they work until their k-th write
// or sync kills them.
func TestMain(m *testing.M) {
	spec := os.Getenv(crashEnv)
	if spec == "" {
		os.Exit(m.Run())
	}
	var at int64
	work, folder := "", ""
	if _, err := fmt.Sscan(spec, &work, &at, &folder); err != nil {
		os.Exit(3)
	}
	var n atomic.Int64
	s, err := Open(context.Background(), Config{Folder: folder, trap: func(byte) error {
		if n.Add(1) == at {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	}})
	if err != nil {
		os.Exit(4)
	}
	os.Exit(storetest.Child(work, s))
}

// TestCrash kills a child before its k-th write, sync or truncate of a database file: what
// was acknowledged is there, what was not is there whole or not at all.
func TestCrash(t *testing.T) {
	t.Parallel()
	storetest.Crash(t, 29, crashEnv, func(k int) (string, func(int)) {
		folder := t.TempDir()
		return fmt.Sprint("write ", k, " ", folder), func(acked int) {
			if _, err := os.Stat(folder + "/store.key"); err == nil {
				verify(t, folder, acked)
			}
		}
	})
}

func TestReindexKilled(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	storetest.ReindexKilled(t, crashEnv, func() store.Store {
		s, err := Open(context.Background(), Config{Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}, func(k int) string { return fmt.Sprint("reindex ", k, " ", folder) })
}

// verify opens a folder after a crash.
func verify(t *testing.T, folder string, acked int) {
	t.Helper()
	ctx := context.Background()
	s, err := Open(ctx, Config{Folder: folder})
	if err != nil {
		t.Errorf("open after the crash: %v", err)
		return
	}
	defer s.Close()
	storetest.AfterCrash(t, s, acked, func(sql string) (n int64, err error) {
		err = s.snapshot(ctx, func(c *conn) error {
			n, _, err = db.One(c, sql)
			return err
		})
		return n, err
	})
}
