package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

const (
	lifeMax = 4 * time.Second  // a life in which no thread comes to its k-th sync ends after this
	endMax  = 10 * time.Second // a server whose sync failed must have ended by then
)

// injected finds the lines of strace's file where a fault was injected, with their time.
var injected = regexp.MustCompile(`(?m)^\d+ +(\d+\.\d+) .*\(INJECTED\)`)

// points lets the k-th sync that a thread makes in the k-th life fail, or kill the server, by
// strace (which counts by thread). The first points lie in the start of the server, the later
// ones in uploads and in the pipeline.
func points(o options, data, root string, log *ledger, r *Result) error {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return fmt.Errorf("points of failure are injected by strace, which is not installed")
	}
	trace, wrapper := filepath.Join(root, "trace"), filepath.Join(root, "injected")
	how := "error=EIO"
	if o.Fault == "point" {
		how = "signal=SIGKILL"
	}
	real, life := o.Server, lifeMax
	if o.Fault == "eio" {
		life += endMax
	}
	for k := 1; k <= o.Cycles; k++ {
		r.Cycles++
		script := fmt.Sprintf("#!/bin/sh\nexec %q -D -f -ttt --seccomp-bpf -e trace=fsync,fdatasync -e inject=fsync,fdatasync:%s:when=%d -e signal=none -o %q %q \"$@\"\n",
			strace, how, k, trace, real)
		if err := os.WriteFile(wrapper, []byte(script), 0o700); err != nil {
			return err
		}
		os.Remove(trace)
		o.Server = wrapper
		s, err := start(o, data, nil)
		if err != nil { // it ended while it started, as it should
			continue
		}
		wait, _ := upload(s, log, o.Uploaders, o.Seed+uint64(k))
		select {
		case <-s.dead:
		case <-time.After(life):
			ended := time.Now()
			s.kill() // and strace ends, and has written everything
			if at, ok := firstInjected(trace); ok && o.Fault == "eio" && ended.Sub(at) > endMax {
				r.Violated = append(r.Violated, fmt.Sprintf("sync %d failed, and the server went on for %v", k, ended.Sub(at)))
			}
		}
		s.kill()
		wait()
	}
	return nil
}

func firstInjected(trace string) (time.Time, bool) {
	text, err := os.ReadFile(trace)
	if err != nil {
		return time.Time{}, false
	}
	m := injected.FindSubmatch(text)
	if m == nil {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseFloat(string(m[1]), 64)
	return time.UnixMilli(int64(seconds * 1000)), err == nil
}
