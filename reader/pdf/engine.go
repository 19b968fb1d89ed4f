package pdf

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"time"

	"chartlake/fault"

	"golang.org/x/sync/semaphore"
)

// Config says where compiled code is kept and how much may run at once. The zero value works.
type Config struct {
	// CacheDir keeps PDFium compiled for this machine (22 MB of executable code), so that a
	// child starts in 0.1 s instead of 4. It is made with mode 0700; one that others can write
	// to is refused. Empty: a temporary folder, gone with the engine.
	CacheDir string
	// Instances is how many files may be open at once, each in a child; more wait. 0: 4.
	Instances int
	// Idle is how many children without a file are kept for the next one. 0: 2.
	Idle int
	// Memory bounds PDFium's memory for one file in bytes. 0: 512 MiB.
	Memory int64
}

const (
	defaultInstances = 4
	defaultIdle      = 2
	defaultMemory    = 512 << 20
	wasmPage         = 64 << 10 // WebAssembly core specification, 4.2.8
)

// Engine opens PDF files, each in a child process of our own binary that holds PDFium; the
// first is started at the first use. It is safe for concurrent use; close it after the last file.
type Engine struct {
	config Config
	slots  *semaphore.Weighted

	mu        sync.Mutex
	idle      []*child
	children  map[*child]struct{} // all that run
	temporary bool                // the cache folder is our own
	closed    bool

	compiled sync.Mutex // held while PDFium is compiled
}

// New makes an engine. It does no work yet; Warm or the first Open does.
func New(c Config) *Engine {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&c.Instances, defaultInstances)
	set(&c.Idle, defaultIdle)
	if c.Memory <= 0 {
		c.Memory = defaultMemory
	}
	return &Engine{config: c, slots: semaphore.NewWeighted(int64(c.Instances)), children: map[*child]struct{}{}}
}

// Warm compiles PDFium into the cache folder, unless it is there, and proves it by starting one
// instance. It is for the build or the installation; an engine with the same folder then starts
// warm. It takes seconds and is not cut short when ctx ends meanwhile.
func Warm(ctx context.Context, cacheDir string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := private(cacheDir); err != nil {
		return err
	}
	l, err := load(cacheDir, defaultMemory)
	if err != nil {
		return fault.New(fault.Unavailable, "pdf_engine", "the PDF engine does not start: %w", err)
	}
	instance, err := l.instance()
	if err == nil {
		err = instance.Close()
	}
	if closed := l.close(); err == nil {
		err = closed
	}
	return err
}

// private makes the folder with mode 0700 or checks that nobody else can write to it.
func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.New(fault.Unavailable, "pdf_cache", "the PDF engine's cache folder cannot be made")
	}
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return fault.New(fault.Unavailable, "pdf_cache", "the PDF engine's cache folder is not a folder")
	}
	if info.Mode().Perm()&0o022 != 0 {
		if err := os.Chmod(dir, 0o700); err != nil {
			return fault.New(fault.Unavailable, "pdf_cache",
				"the PDF engine's cache folder is writable for others; it holds executable code")
		}
	}
	return nil
}

// CacheWarm reports whether the folder holds compiled code of some version.
func CacheWarm(dir string) bool {
	found, err := filepath.Glob(filepath.Join(dir, "wazero-*", "*"))
	return err == nil && len(found) > 0
}

// child gives a child for one file; giveBack ends its use.
func (e *Engine) child(ctx context.Context) (*child, error) {
	if err := e.slots.Acquire(ctx, 1); err != nil {
		if ctx.Err() == context.Canceled {
			return nil, ctx.Err()
		}
		return nil, fault.New(fault.Unavailable, "pdf_busy", "too many PDF files are being read")
	}
	c, err := e.rested()
	if c == nil && err == nil {
		c, err = e.fresh()
	}
	if err != nil {
		e.slots.Release(1)
		return nil, err
	}
	return c, nil
}

// rested takes a child that waits, nil where none does.
func (e *Engine) rested() (*child, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, fault.New(fault.Unavailable, "reader_closed", "the PDF engine is closed")
	}
	for len(e.idle) > 0 {
		c := e.idle[len(e.idle)-1]
		e.idle = e.idle[:len(e.idle)-1]
		c.idle.Stop()
		if !c.gone() {
			return c, nil
		}
		delete(e.children, c)
	}
	return nil, nil
}

// fresh starts a child. The children may only read the cache: where PDFium is not in it yet,
// another process fills it first, one that sees no document.
func (e *Engine) fresh() (*child, error) {
	if !hooked.Load() {
		return nil, fault.New(fault.Unavailable, "pdf_engine", "this program does not start with pdf.ChildMain")
	}
	dir, err := e.cache()
	if err != nil {
		return nil, err
	}
	if !CacheWarm(dir) {
		if err := e.compile(dir); err != nil {
			return nil, err
		}
	}
	c, err := start(dir, e.config.Memory)
	if err != nil { // the cache may be of another version
		if err := e.compile(dir); err != nil {
			return nil, err
		}
		if c, err = start(dir, e.config.Memory); err != nil {
			return nil, fault.New(fault.Unavailable, "pdf_engine", "the PDF engine does not start: %w", err)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		c.kill()
		return nil, fault.New(fault.Unavailable, "reader_closed", "the PDF engine is closed")
	}
	e.children[c] = struct{}{}
	return c, nil
}

// cache is the folder of compiled code.
func (e *Engine) cache() (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.config.CacheDir == "" {
		dir, err := os.MkdirTemp("", "chartlake-pdf-")
		if err != nil {
			return "", fault.New(fault.Unavailable, "pdf_cache", "no folder can be made for the PDF engine's code")
		}
		e.config.CacheDir, e.temporary = dir, true
	}
	return e.config.CacheDir, private(e.config.CacheDir)
}

// compile fills the cache, in a process of its own that gives its 300 MB back.
func (e *Engine) compile(dir string) error {
	e.compiled.Lock()
	defer e.compiled.Unlock()
	c := command(compileName, dir)
	started, ended := make(chan error, 1), make(chan struct{})
	go keep(c, started, ended)
	<-ended
	if <-started != nil || !c.ProcessState.Success() {
		return fault.New(fault.Unavailable, "pdf_engine", "the PDF engine cannot be compiled")
	}
	return nil
}

// idleTime is how long a child waits for a next file. One costs about 0.15 s of CPU to start
// and 60 MB to keep.
const idleTime = 30 * time.Second

// giveBack ends the use of a child: it is kept for the next file, where it is alive, small
// enough and not one too many.
func (e *Engine) giveBack(c *child) {
	defer e.slots.Release(1)
	keep := c.settle() && !c.large()
	e.mu.Lock()
	defer e.mu.Unlock()
	if keep && !e.closed && len(e.idle) < e.config.Idle {
		c.used = true
		e.idle = append(e.idle, c)
		c.idle = time.AfterFunc(idleTime, func() { e.retire(c) })
		return
	}
	c.kill()
	delete(e.children, c)
}

// retire ends a child that waited too long.
func (e *Engine) retire(c *child) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, other := range e.idle {
		if other == c {
			e.idle = append(e.idle[:i], e.idle[i+1:]...)
			c.kill()
			delete(e.children, c)
			return
		}
	}
}

// Close ends every child, those of open files too, and waits until they are gone.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	children := e.children
	e.children, e.idle = map[*child]struct{}{}, nil
	for c := range children {
		c.kill()
	}
	e.mu.Unlock()
	for c := range children {
		<-c.ended
	}
	if e.temporary {
		return os.RemoveAll(e.config.CacheDir)
	}
	return nil
}
