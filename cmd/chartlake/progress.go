package main

import (
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows long work on stderr: a bar on a terminal, nothing otherwise (commands that
// run long without one print a line per step themselves).
type progress struct {
	mu   sync.Mutex
	bar  *progressbar.ProgressBar
	what string
	show bool
}

func (e *env) progress(what string) *progress {
	f, ok := e.stderr.(*os.File)
	return &progress{what: what, show: ok && term.IsTerminal(int(f.Fd())) && !e.cli.JSON}
}

// step is one more of so many.
func (p *progress) step(of int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.show {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions(of, progressbar.OptionSetDescription(p.what), progressbar.OptionSetWriter(os.Stderr),
			progressbar.OptionThrottle(65*time.Millisecond), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	}
	_ = p.bar.Add(1)
}

func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
