package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"chartlake/store"
	"chartlake/store/db"
	"chartlake/store/postgres/pgtest"
	"chartlake/store/storetest"
)

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

// TestMain runs the children of TestCrash and TestReindexKilled: they work until their k-th send
// kills them.
func TestMain(m *testing.M) {
	spec := os.Getenv(crashEnv)
	if spec == "" {
		os.Exit(pgtest.Run(m))
	}
	var at int64
	var work, folder, url string
	if _, err := fmt.Sscan(spec, &work, &at, &folder, &url); err != nil {
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
	os.Exit(storetest.Child(work, s))
}

// TestCrash kills a client before its k-th message to the server, from the first one that
// makes the tables to the last: what was acknowledged is there, what was not is there whole or
// not at all.
func TestCrash(t *testing.T) {
	t.Parallel()
	storetest.Crash(t, 11, crashEnv, func(k int) (string, func(int)) {
		folder, url := t.TempDir(), pgtest.URL(t)
		return fmt.Sprint("write ", k, " ", folder, " ", url), func(acked int) {
			ctx := context.Background()
			s, err := Open(ctx, Config{URL: url, Folder: folder})
			if err != nil {
				t.Errorf("open after the crash: %v (%v)", err, errors.Unwrap(err))
				return
			}
			defer s.Close()
			// The dead client's transaction may still be ending; it has the lock of the door.
			if _, err := s.queue.Exec(ctx, `SELECT 1 FROM counter FOR UPDATE`); err != nil {
				t.Error(err)
			}
			storetest.AfterCrash(t, s, acked, func(sql string) (n int64, err error) {
				err = s.snapshot(ctx, func(c *conn) error {
					n, _, err = db.One(c, sql)
					return err
				})
				return n, err
			})
		}
	})
}

func TestReindexKilled(t *testing.T) {
	t.Parallel()
	folder, url := t.TempDir(), pgtest.URL(t)
	storetest.ReindexKilled(t, crashEnv, func() store.Store {
		s, err := Open(context.Background(), Config{URL: url, Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}, func(k int) string { return fmt.Sprint("reindex ", k, " ", folder, " ", url) })
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
			_, commands := storetest.CrashStep(i)
			res, err := s.Transact(context.Background(), store.Actor{ID: "user:test"}, commands)
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
