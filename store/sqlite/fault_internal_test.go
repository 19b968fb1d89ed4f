package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/queue"
	"chartlake/store"
	"chartlake/store/db"
)

var tester = store.Actor{ID: "user:test"}

func resource(format string, args ...any) *fhir.Node {
	n, err := fhir.Parse(fmt.Appendf(nil, format, args...))
	if err != nil {
		panic(err)
	}
	return n
}

// step is one transaction of the crash tests: a document, its job, two linked resources, and
// a resource that gets a further version each time.
func step(i int) (id string, commands []store.Command) {
	id = fmt.Sprintf("%064x", i+1)
	return id, []store.Command{
		store.Receive{Document: store.Document{ID: id, SHA256: id}, Arrival: store.Arrival{Source: "http"}, Key: id},
		store.Enqueue{Job: queue.Job{Kind: "document", Subject: id}},
		store.Create{FullURL: "urn:uuid:p", Resource: resource(`{"resourceType":"Patient","identifier":[{"value":"%s"}],"name":[{"family":"A%d"}]}`, id, i)},
		store.Create{Resource: resource(`{"resourceType":"Observation","status":"final","identifier":[{"value":"%s"}],"subject":{"reference":"urn:uuid:p"},"effectiveDateTime":"2020-01-01"}`, id)},
		store.Update{Resource: resource(`{"resourceType":"Basic","id":"counter","code":{"text":"%d"}}`, i)},
	}
}

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
	_, first := step(0)
	if _, err := s.Transact(ctx, tester, first); err != nil {
		t.Fatal(err)
	}
	armed.Store(true)
	for i := 1; i < 4; i++ {
		_, commands := step(i)
		_, err := s.Transact(ctx, tester, commands)
		if f := fault.As(err); f == nil || f.Kind != fault.Unavailable || f.Code != "store_unhealthy" {
			t.Errorf("write %d after a failed sync: %v", i, err)
		}
	}
	err = s.View(ctx, tester, func(v store.View) error {
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
		_, commands := step(i)
		_, err := s.Transact(ctx, tester, commands)
		if i%2 == 1 && !fault.Is(err, fault.Full) || i%2 == 0 && err != nil {
			t.Errorf("write %d: %v", i, err)
		}
	}
	if err := s.Check(ctx); err != nil {
		t.Error(err)
	}
}

const crashEnv = "CHARTLAKE_CRASH"

// TestMain runs the child of TestCrash: it writes until the k-th write or sync kills it.
func TestMain(m *testing.M) {
	spec := os.Getenv(crashEnv)
	if spec == "" {
		os.Exit(m.Run())
	}
	var at int64
	folder := ""
	if _, err := fmt.Sscan(spec, &at, &folder); err != nil {
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
	for i := range crashSteps {
		_, commands := step(i)
		if _, err := s.Transact(context.Background(), tester, commands); err != nil {
			os.Exit(5)
		}
		fmt.Println(i)
	}
	s.Close()
	os.Exit(0)
}

const crashSteps = 5

// TestCrash kills a child before its k-th write, sync or truncate of a database file, for
// every k (without CHARTLAKE_LAB for one in 29): what was acknowledged is there, what was
// not is there whole or not at all.
func TestCrash(t *testing.T) {
	t.Parallel()
	every := 29
	if os.Getenv("CHARTLAKE_LAB") != "" {
		every = 1
	}
	points := 0
	for k := 1; ; k += every {
		folder := t.TempDir()
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", crashEnv, k, folder))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acked := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			acked++
		}
		io.Copy(io.Discard, out)
		err = cmd.Wait()
		if err == nil {
			if acked != crashSteps {
				t.Errorf("a child that was not killed wrote %d", acked)
			}
			break
		}
		if !strings.Contains(err.Error(), "killed") {
			t.Fatalf("point %d: child %v", k, err)
		}
		points++
		if _, err := os.Stat(folder + "/store.key"); err != nil {
			continue
		}
		verify(t, folder, acked)
	}
	t.Logf("%d points", points)
	if points < 10 {
		t.Errorf("only %d points", points)
	}
}

// verify opens a folder and checks that the first acked steps are there, and each later one
// whole or not at all.
func verify(t *testing.T, folder string, acked int) {
	t.Helper()
	ctx := context.Background()
	s, err := Open(ctx, Config{Folder: folder})
	if err != nil {
		t.Errorf("open after the crash: %v", err)
		return
	}
	defer s.Close()
	if err := s.Check(ctx); err != nil {
		t.Error(err)
	}
	depth, err := s.Jobs().Depth(ctx)
	if err != nil {
		t.Fatal(err)
	}
	there := 0
	err = s.snapshot(ctx, func(c *conn) error {
		v := s.core.View(c, tester)
		for i := range crashSteps {
			id, _ := step(i)
			_, derr := v.Document(id)
			has := derr == nil
			if has {
				there++
			}
			for what, q := range map[string]string{
				"patients":     `SELECT count(*) FROM version v JOIN type t ON t.t=v.type WHERE t.name='Patient'`,
				"observations": `SELECT count(*) FROM version v JOIN type t ON t.t=v.type WHERE t.name='Observation'`,
				"audit rows":   `SELECT count(*) FROM audit`,
			} {
				n, _, err := db.One(c, q)
				if err != nil {
					return err
				}
				if has && n < int64(i+1) {
					t.Errorf("step %d is there, %s: %d", i, what, n)
				}
			}
			if i < acked && !has {
				t.Errorf("step %d was acknowledged and is lost: %v", i, derr)
			}
		}
		for _, q := range []string{`SELECT count(*) FROM version v JOIN type t ON t.t=v.type WHERE t.name='Patient'`, `SELECT count(*) FROM audit`,
			`SELECT ifnull(max(version),0) FROM version v JOIN type t ON t.t=v.type WHERE t.name='Basic'`} {
			if n, _, err := db.One(c, q); err != nil || n != int64(there) {
				t.Errorf("%d steps are there, %s gives %d (%v)", there, q, n, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if depth["document"].Waiting != there {
		t.Errorf("%d documents, %d jobs", there, depth["document"].Waiting)
	}
	if there > acked+1 {
		t.Errorf("%d acknowledged, %d there", acked, there)
	}
}
