package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// endMax is how long a server may take to end after a sync has failed.
const endMax = 15 * time.Second

// points lets the k-th sync of the k-th life fail, or kill the server, by strace. The first
// points lie in the start of the server, the later ones in uploads and in the pipeline.
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
	real := o.Server
	for k := 1; k <= o.Cycles; k++ {
		r.Cycles++
		script := fmt.Sprintf("#!/bin/sh\nexec %q -D -f --seccomp-bpf -e trace=fsync,fdatasync -e inject=fsync,fdatasync:%s:when=%d -e signal=none -o %q %q \"$@\"\n",
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
		case <-time.After(endMax):
			if hit, err := os.ReadFile(trace); err == nil && bytes.Contains(hit, []byte("(INJECTED)")) {
				r.Violated = append(r.Violated, fmt.Sprintf("sync %d failed, and the server went on for %v", k, endMax))
			}
		}
		s.kill()
		wait()
	}
	return nil
}
