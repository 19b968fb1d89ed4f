package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// lineEvery is how often work tells where it is, where stderr is no terminal.
const lineEvery = 10 * time.Second

// progress shows long work on stderr: a bar on a terminal, otherwise a line now and then.
type progress struct {
	mu    sync.Mutex
	bar   *progressbar.ProgressBar
	what  string
	show  bool // a bar
	lines io.Writer
	told  time.Time
	n     int
}

func (e *env) progress(what string) *progress {
	f, ok := e.stderr.(*os.File)
	p := &progress{what: what, lines: e.stderr, told: time.Now()}
	if e.cli.JSON {
		p.lines = io.Discard
	} else {
		p.show = ok && term.IsTerminal(int(f.Fd()))
	}
	return p
}

// step is one more of so many; below zero: nobody knows how many.
func (p *progress) step(of int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	if !p.show {
		if time.Since(p.told) >= lineEvery {
			p.told = time.Now()
			if of < 0 {
				fmt.Fprintf(p.lines, "chartlake: %s: %d\n", p.what, p.n)
			} else {
				fmt.Fprintf(p.lines, "chartlake: %s: %d of %d\n", p.what, p.n, of)
			}
		}
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions(of, progressbar.OptionSetDescription(p.what), progressbar.OptionSetWriter(os.Stderr),
			progressbar.OptionThrottle(65*time.Millisecond), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	}
	_ = p.bar.Add(1)
}

// at says that so many of an unknown number are done.
func (p *progress) at(n int) {
	p.mu.Lock()
	more := n - p.n - 1
	if more >= 0 {
		p.n += more
		if p.bar != nil {
			_ = p.bar.Add(more)
		}
	}
	p.mu.Unlock()
	if more >= 0 {
		p.step(-1)
	}
}

func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
