package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// call is one system call of the traced server, with the lines where it began and ended.
type tracedCall struct {
	name, args string
	begin, end int
}

var (
	traceBegin  = regexp.MustCompile(`^(\d+) +(\w+)\((.*)$`)
	traceResume = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
)

// readTrace reads strace's file, joining calls that other threads interrupt.
func readTrace(path string) ([]tracedCall, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var calls []tracedCall
	open := map[string]int{} // thread → index of its unfinished call
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if m := traceResume.FindStringSubmatch(line); m != nil {
			if i, ok := open[m[1]]; ok {
				calls[i].args += m[3]
				calls[i].end = n
				delete(open, m[1])
			}
		} else if m := traceBegin.FindStringSubmatch(line); m != nil {
			c := tracedCall{name: m[2], args: m[3], begin: n, end: n}
			if strings.HasSuffix(line, "<unfinished ...>") {
				open[m[1]] = len(calls)
			}
			calls = append(calls, c)
		}
	}
	return calls, lines.Err()
}

// TestOrderOfWrites traces an upload to the real server and holds it to the order of
// docs/design/life-of-a-document.md §1: file sync → rename → folder sync → database sync → 202.
func TestOrderOfWrites(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	dir := t.TempDir()
	trace := filepath.Join(dir, "trace")
	wrapper := filepath.Join(dir, "traced")
	script := fmt.Sprintf("#!/bin/sh\nexec %q -D -f -y -s 32 -e trace=openat,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,write,pwrite64 -e signal=none -o %q %q \"$@\"\n", strace, trace, built(t))
	if err := os.WriteFile(wrapper, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(strace, "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here: %s", out)
	}
	s, err := start(options{Server: wrapper}, filepath.Join(dir, "data"), nil)
	if err != nil {
		t.Fatal(err)
	}
	status, r := s.post(context.Background(), labReport(rand.New(rand.NewPCG(1, 1)), 1), "scan.pdf", "")
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if status != 202 {
		t.Fatalf("status %d: %s", status, s.stderr.String())
	}
	calls, err := readTrace(trace)
	if err != nil {
		t.Fatal(err)
	}
	blobFile := filepath.Join(r.ID[:2], r.ID)
	after := 0
	step := func(what string, match func(tracedCall) bool) tracedCall {
		t.Helper()
		for _, c := range calls {
			if c.begin > after && match(c) {
				t.Logf("line %5d–%-5d %s: %s(%.150s", c.begin, c.end, what, c.name, strings.ReplaceAll(c.args, dir, ""))
				after = c.end
				return c
			}
		}
		t.Fatalf("%s: not found after line %d of the trace", what, after)
		return tracedCall{}
	}
	isSync := func(c tracedCall) bool { return c.name == "fsync" || c.name == "fdatasync" }
	tmp := filepath.Join("blobs", "tmp") + string(filepath.Separator)
	step("key sync", func(c tracedCall) bool { // what is sealed under a key that is lost is lost
		return isSync(c) && strings.Contains(c.args, "data.keys>") && strings.HasSuffix(c.args, "= 0")
	})
	step("file sync", func(c tracedCall) bool {
		return isSync(c) && strings.Contains(c.args, tmp) && strings.HasSuffix(c.args, "= 0")
	})
	step("rename", func(c tracedCall) bool {
		return strings.HasPrefix(c.name, "rename") && strings.Contains(c.args, tmp) && strings.Contains(c.args, blobFile) && strings.HasSuffix(c.args, "= 0")
	})
	step("folder sync", func(c tracedCall) bool {
		return isSync(c) && strings.Contains(c.args, filepath.Join("blobs", "sealed", r.ID[:2])+">") && strings.HasSuffix(c.args, "= 0")
	})
	step("database written", func(c tracedCall) bool { return c.name == "pwrite64" && strings.Contains(c.args, "chartlake.db-wal>") })
	step("database sync", func(c tracedCall) bool {
		return isSync(c) && strings.Contains(c.args, "chartlake.db-wal>") && strings.HasSuffix(c.args, "= 0")
	})
	step("acknowledged", func(c tracedCall) bool { return c.name == "write" && strings.Contains(c.args, "HTTP/1.1 202") })
	// Nothing said 202 before.
	for _, c := range calls {
		if c.begin < after && c.name == "write" && strings.Contains(c.args, "HTTP/1.1 202") && c.end < after {
			t.Errorf("acknowledged on line %d already", c.begin)
		}
	}
}
