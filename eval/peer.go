package eval

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"chartlake/fault"
)

// peer is another program that reads pages.
type peer struct {
	name string
	// args gives the commands that read the load's files, one after the other.
	args func(l load) [][]string
}

// tesseract is run as people run it, once for each page, on one processor.
var tesseract = peer{"tesseract", func(l load) [][]string {
	var list [][]string
	for _, f := range l.files {
		list = append(list, []string{"tesseract", f, "stdout", "-l", "eng", "tsv"})
	}
	return list
}}

// ocrmypdf writes plain PDF, which is its cheapest way; ocrmypdfSkip leaves pages with text alone.
var (
	ocrmypdf     = peer{"ocrmypdf", func(l load) [][]string { return ocrmypdfArgs(l) }}
	ocrmypdfSkip = peer{"ocrmypdf --skip-text", func(l load) [][]string { return ocrmypdfArgs(l, "--skip-text") }}
)

func ocrmypdfArgs(l load, more ...string) [][]string {
	args := append([]string{"ocrmypdf", "--quiet", "--output-type", "pdf", "--jobs", "1"}, more...)
	return [][]string{append(args, l.files[0], filepath.Join(filepath.Dir(l.files[0]), "out.pdf"))}
}

// run measures the peer on a load; ok is false where it is not installed.
func (p peer) run(ctx context.Context, l load) (run LoadRun, ok bool, err error) {
	run = LoadRun{Load: l.name, Program: p.name, Pages: l.pages}
	began := time.Now()
	for _, args := range p.args(l) {
		if _, err := exec.LookPath(args[0]); err != nil {
			return run, false, nil
		}
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
		if err := cmd.Run(); err != nil {
			if ctx.Err() != nil {
				return run, false, ctx.Err()
			}
			return run, false, fault.New(fault.Unavailable, "bench_peer", "%s did not read the pages: %w", p.name, err)
		}
		state := cmd.ProcessState // its times hold those of its children
		run.CPU += (state.UserTime() + state.SystemTime()).Seconds()
		if r, ok := state.SysUsage().(*syscall.Rusage); ok {
			run.PeakMB = max(run.PeakMB, float64(r.Maxrss)/1024) // Linux counts in KB
		}
	}
	run.CPU /= float64(l.pages)
	run.Wall = time.Since(began).Seconds() / float64(l.pages)
	return run, true, nil
}
