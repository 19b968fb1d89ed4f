package eval

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"chartlake/eval/deid"
	"chartlake/fault"
)

// AnnotateOptions says what BenchAnnotate measures. Zero values take the defaults.
type AnnotateOptions struct {
	Program string // the chartlake to measure; "": this program
	Path    string // file of the text; "": fictional notes
	Size    int    // bytes of the smaller text; 0: a million
	Seed    uint64
	Rounds  int // the best of each figure counts, since other work of the machine only adds; 0: 3
	Done    func(what string)
}

// AnnotateReport is what `chartlake annotate` costs, codes, identifiers and JSON included.
type AnnotateReport struct {
	Machine string        `json:"machine"`
	ReadyMS float64       `json:"ready_ms"` // from start to the answer to one word
	Runs    []AnnotateRun `json:"runs"`
	// Speed is MB of the text behind the smaller size by the CPU that it took more.
	Speed  float64 `json:"mb_per_cpu_second"`
	Double float64 `json:"cpu_ratio_double"` // CPU of twice the text by that of the text, start included
	Same   bool    `json:"same_bytes"`       // each round gave the same bytes
}

// AnnotateRun is the annotation of one text by one process.
type AnnotateRun struct {
	Round  int     `json:"round"`
	Bytes  int     `json:"bytes"`
	CPU    float64 `json:"cpu_seconds"`
	Wall   float64 `json:"wall_seconds"`
	PeakMB float64 `json:"peak_mb"` // resident
	sum    [sha256.Size]byte
}

// BenchAnnotate annotates one word, a text, and a text of twice its size, a process each.
func BenchAnnotate(ctx context.Context, o AnnotateOptions) (*AnnotateReport, error) {
	if o.Size <= 0 {
		o.Size = 1_000_000
	}
	if o.Rounds <= 0 {
		o.Rounds = 3
	}
	if o.Done == nil {
		o.Done = func(string) {}
	}
	if o.Program == "" {
		p, err := self()
		if err != nil {
			return nil, err
		}
		o.Program = p
	}
	dir, err := os.MkdirTemp("", "chartlake-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	texts, err := o.texts(dir)
	if err != nil {
		return nil, err
	}
	r := &AnnotateReport{Machine: fmt.Sprintf("%d processors, %s/%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH), Same: true}
	for round := range o.Rounds {
		for _, path := range texts {
			run, err := annotated(ctx, o.Program, path)
			if err != nil {
				return nil, err
			}
			run.Round = round + 1
			r.Runs = append(r.Runs, run)
			o.Done(fmt.Sprintf("round %d, %d bytes", run.Round, run.Bytes))
		}
	}
	r.sum(len(texts))
	return r, nil
}

// texts writes one word, the text, and twice as much of it.
func (o AnnotateOptions) texts(dir string) ([]string, error) {
	var text []byte
	if o.Path != "" {
		var err error
		if text, err = os.ReadFile(o.Path); err != nil {
			return nil, fault.New(fault.NotFound, "no_text", "the text cannot be read: %w", err)
		}
	}
	var b strings.Builder
	for seed := o.Seed; o.Path == "" && b.Len() < 2*o.Size; seed++ {
		for _, n := range deid.Notes(seed, 50, false) {
			b.WriteString(n.Text + "\n\n")
		}
	}
	if o.Path == "" {
		text = []byte(b.String())
	}
	if len(text) == 0 {
		return nil, fault.New(fault.Invalid, "no_text", "the text is empty")
	}
	for len(text) < 2*o.Size { // a short one is read again: its words are then known
		text = append(text, text...)
	}
	var out []string
	for i, part := range [][]byte{[]byte("fever\n"), text[:o.Size], text[:2*o.Size]} {
		path := filepath.Join(dir, fmt.Sprintf("%d.txt", i))
		if err := os.WriteFile(path, []byte(strings.ToValidUTF8(string(part), "")), 0o600); err != nil {
			return nil, err
		}
		out = append(out, path)
	}
	return out, nil
}

// annotated runs one process.
func annotated(ctx context.Context, program, path string) (run AnnotateRun, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return run, err
	}
	sum := sha256.New()
	cmd := exec.CommandContext(ctx, program, "annotate", path)
	cmd.Stdout = sum
	var said strings.Builder
	cmd.Stderr = &limited{&said, 1 << 12}
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return run, errors.Join(ctx.Err(), fault.New(fault.Unavailable, "bench_annotate", "annotate did not end well: %w: %s", err, said.String()))
	}
	run.Wall, run.Bytes = time.Since(began).Seconds(), int(info.Size())
	run.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		run.PeakMB = float64(u.Maxrss) / 1024 // Linux counts in KB
	}
	sum.Sum(run.sum[:0])
	return run, nil
}

// limited lets through so many bytes and forgets the rest.
type limited struct {
	to   io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if n := min(l.left, len(p)); n > 0 {
		l.left -= n
		if _, err := l.to.Write(p[:n]); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// sum draws the figures from the best run of each of the n texts.
func (r *AnnotateReport) sum(n int) {
	best := append([]AnnotateRun(nil), r.Runs[:n]...)
	for i, run := range r.Runs {
		b := &best[i%n]
		r.Same = r.Same && run.sum == b.sum
		b.CPU, b.Wall = min(b.CPU, run.CPU), min(b.Wall, run.Wall)
	}
	r.ReadyMS = best[0].Wall * 1000
	if more := best[2].CPU - best[1].CPU; more > 0 {
		r.Speed = float64(best[2].Bytes-best[1].Bytes) / 1e6 / more
	}
	if best[1].CPU > 0 {
		r.Double = best[2].CPU / best[1].CPU
	}
}

// Table is the report for people.
func (r *AnnotateReport) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%5s %10s %9s %9s %8s\n", r.Machine, "round", "bytes", "CPU s", "wall s", "peak MB")
	for _, run := range r.Runs {
		fmt.Fprintf(&b, "%5d %10d %9.3f %9.3f %8.0f\n", run.Round, run.Bytes, run.CPU, run.Wall, run.PeakMB)
	}
	same := "the same bytes each time"
	if !r.Same {
		same = "NOT the same bytes each time"
	}
	fmt.Fprintf(&b, "%.2f MB a CPU second; twice the text takes %.2f times the CPU; one word is answered after %.0f ms; %s\n", r.Speed, r.Double, r.ReadyMS, same)
	return b.String()
}
