// Package pgtest starts a PostgreSQL server of its own for tests: in a temporary folder, on a
// Unix socket, as a user that is not root. It ends with the test process, however that ends.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a running server. The zero Server starts with the first URL.
type Server struct {
	once    sync.Once
	err     error
	folder  string
	stop    io.Closer
	done    func() error
	schemas atomic.Int64
}

// URL gives an empty schema of a server that the process's tests share, or skips the test
// where PostgreSQL is not installed. Run must be called from TestMain.
func URL(t testing.TB) string {
	t.Helper()
	url, err := shared.schema()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("PostgreSQL is not installed here (initdb and postgres in PATH or /usr/lib/postgresql)")
	}
	if err != nil {
		t.Fatal(err)
	}
	return url
}

var shared Server

// Run runs the tests and then stops the server that they used.
func Run(m *testing.M) int {
	code := m.Run()
	if err := shared.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "stop the database server:", err)
		return max(code, 1)
	}
	return code
}

func (s *Server) schema() (string, error) {
	s.once.Do(func() { s.err = s.start() })
	if s.err != nil {
		return "", s.err
	}
	name := fmt.Sprintf("t%d", s.schemas.Add(1))
	c, err := pgx.Connect(context.Background(), s.url(""))
	if err != nil {
		return "", err
	}
	defer c.Close(context.Background())
	_, err = c.Exec(context.Background(), "CREATE SCHEMA "+name)
	return s.url(name), err
}

func (s *Server) url(schema string) string {
	return "postgres://tester@/postgres?host=" + s.folder + "&search_path=" + schema
}

// program finds a program of the server: in PATH, else the newest of Debian's folders.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return "", &exec.Error{Name: name, Err: exec.ErrNotFound}
	}
	sort.Strings(found)
	return found[len(found)-1], nil
}

// keeper runs the server until its standard input ends, which it does with the test process.
const keeper = `"$0" -D "$1" -k "$1" -c listen_addresses= -c fsync="$2" -c max_connections=400 -c shared_buffers=128MB \
	-c max_wal_size=2GB -c logging_collector=off >"$1/log" 2>&1 & pid=$!
trap '' INT TERM
read _
kill -INT $pid
wait $pid
rm -rf "$1"`

func (s *Server) start() error {
	initdb, err := program("initdb")
	if err != nil {
		return err
	}
	postgres, err := program("postgres")
	if err != nil {
		return err
	}
	// The path of a socket holds 107 bytes at most, so it does not go where test folders go.
	if s.folder, err = os.MkdirTemp("", "pg"); err != nil {
		return err
	}
	attr, err := ordinary(s.folder)
	if err != nil {
		return err
	}
	init := exec.Command(initdb, "-D", s.folder, "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
	init.SysProcAttr, init.Dir = attr, "/"
	if out, err := init.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	sync := "off"
	if os.Getenv("CHARTLAKE_PG_FSYNC") != "" {
		sync = "on" // measurements, and whoever pulls the plug
	}
	run := exec.Command("/bin/sh", "-c", keeper, postgres, s.folder, sync)
	run.SysProcAttr, run.Dir = attr, "/"
	if s.stop, err = run.StdinPipe(); err != nil {
		return err
	}
	if err := run.Start(); err != nil {
		return err
	}
	s.done = run.Wait
	return s.await()
}

// await waits until the server answers.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, s.url(""))
		if err == nil {
			return c.Close(ctx)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// ordinary gives the folder to a user that is not root, because a server refuses root.
func ordinary(folder string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true} // an interrupt of the terminal is not for the server
	if os.Getuid() != 0 {
		return attr, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, os.Chown(folder, int(uid), int(gid))
}

// Close stops the server and removes its folder.
func (s *Server) Close() error {
	if s.stop == nil {
		return nil
	}
	s.stop.Close()
	return s.done()
}

// CPU is the processor time that the server has used so far, in all its processes.
func CPU() time.Duration {
	text, err := os.ReadFile(filepath.Join(shared.folder, "postmaster.pid"))
	if err != nil {
		return 0
	}
	postmaster, _, _ := strings.Cut(string(text), "\n")
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	var ticks int64
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// After the name, which may hold anything: state, ppid, ..., utime, stime, cutime, cstime.
		pid, rest, ok := strings.Cut(string(text), " (")
		f := strings.Fields(rest[strings.LastIndexByte(rest, ')')+1:])
		if !ok || len(f) < 15 || pid != postmaster && f[1] != postmaster {
			continue
		}
		times := f[11:13]
		if pid == postmaster {
			times = f[11:15]
		}
		for _, t := range times {
			n, _ := strconv.ParseInt(t, 10, 64)
			ticks += n
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond // USER_HZ is 100
}
