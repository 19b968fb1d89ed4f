package postgres

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"chartlake/fault"
	"chartlake/fhir"
	"chartlake/queue"
	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/postgres/pgtest"
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

// line is a connection whose sends a test watches.
type line struct {
	net.Conn
	sending func(p []byte) error // before it is sent; an error breaks the line
	sent    func(p []byte)       // afterwards
}

func (l *line) Write(p []byte) (int, error) {
	if l.sending != nil {
		if err := l.sending(p); err != nil {
			l.Close()
			return 0, err
		}
	}
	n, err := l.Conn.Write(p)
	if l.sent != nil {
		l.sent(p)
	}
	return n, err
}

// dialer makes lines.
func dialer(make func(net.Conn) net.Conn) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return make(c), nil
	}
}

const crashEnv = "CHARTLAKE_CRASH"

// TestMain runs the child of TestCrash: it writes until its k-th send kills it.
func TestMain(m *testing.M) {
	spec := os.Getenv(crashEnv)
	if spec == "" {
		os.Exit(pgtest.Run(m))
	}
	var at int64
	var folder, url string
	if _, err := fmt.Sscan(spec, &at, &folder, &url); err != nil {
		os.Exit(3)
	}
	var n atomic.Int64
	kill := func([]byte) error {
		if n.Add(1) == at {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	}
	s, err := Open(context.Background(), Config{URL: url, Folder: folder, dial: dialer(func(c net.Conn) net.Conn { return &line{Conn: c, sending: kill} })})
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

const crashSteps = 4

// TestCrash kills a client before its k-th message to the server, from the first one that
// makes the tables to the last, for every k (without CHARTLAKE_LAB for one in 13): what was
// acknowledged is there, what was not is there whole or not at all.
func TestCrash(t *testing.T) {
	t.Parallel()
	every := 13
	if os.Getenv("CHARTLAKE_LAB") != "" {
		every = 1
	}
	points := 0
	for k := 1; ; k += every {
		folder, url := t.TempDir(), pgtest.URL(t)
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s %s", crashEnv, k, folder, url))
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
		verify(t, url, folder, acked)
	}
	t.Logf("%d points", points)
	if points < 5 {
		t.Errorf("only %d points", points)
	}
}

// verify opens a store and checks that the first acked steps are there, and each later one
// whole or not at all.
func verify(t *testing.T, url, folder string, acked int) {
	t.Helper()
	ctx := context.Background()
	s, err := Open(ctx, Config{URL: url, Folder: folder})
	if err != nil {
		t.Errorf("open after the crash: %v (%v)", err, errors.Unwrap(err))
		return
	}
	defer s.Close()
	// The dead client's transaction may still be ending; a write waits for it.
	if _, err := s.Transact(ctx, tester, []store.Command{store.Update{Resource: resource(`{"resourceType":"Group","id":"after","type":"person","actual":false}`)}}); err != nil {
		t.Errorf("write after the crash: %v", err)
	}
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
			_, err := v.Document(id)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
			if err == nil {
				there++
			} else if i < acked {
				t.Errorf("step %d was acknowledged and is lost: %v", i, err)
			}
		}
		for q, more := range map[string]int{
			`SELECT count(*) FROM version v JOIN type t ON t.t=v.type WHERE t.name='Patient'`:               0,
			`SELECT count(*) FROM version v JOIN type t ON t.t=v.type WHERE t.name='Observation'`:           0,
			`SELECT coalesce(max(version),0) FROM version v JOIN type t ON t.t=v.type WHERE t.name='Basic'`: 0,
			`SELECT count(*) FROM audit`:       1,
			`SELECT count(*) FROM idempotency`: 0,
		} {
			if n, _, err := db.One(c, q); err != nil || n != int64(there+more) {
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

// A commit whose answer is lost is asked after: the client learns the truth, and nothing is
// done twice.
func TestLostCommit(t *testing.T) {
	t.Parallel()
	for _, delivered := range []bool{true, false} {
		var armed atomic.Bool
		s, err := Open(context.Background(), Config{URL: pgtest.URL(t), Folder: t.TempDir(), dial: dialer(func(c net.Conn) net.Conn {
			l := &line{Conn: c}
			isCommit := func(p []byte) bool {
				return strings.Contains(string(p), "commit\x00") && armed.CompareAndSwap(true, false)
			}
			if delivered {
				l.sent = func(p []byte) {
					if isCommit(p) {
						l.Close()
					}
				}
			} else {
				l.sending = func(p []byte) error {
					if isCommit(p) {
						return errors.New("broken pipe")
					}
					return nil
				}
			}
			return l
		})})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for i := range 3 {
			armed.Store(i == 1)
			_, commands := step(i)
			res, err := s.Transact(context.Background(), tester, commands)
			if err != nil {
				t.Errorf("delivered %v, step %d: %v (%v)", delivered, i, err, errors.Unwrap(err))
				continue
			}
			if v := res[4].Version.Version; v != i+1 {
				t.Errorf("delivered %v, step %d made version %d", delivered, i, v)
			}
			if armed.Load() {
				t.Error("no commit was seen on the line")
			}
		}
		if err := s.Check(context.Background()); err != nil {
			t.Error(err)
		}
	}
}
