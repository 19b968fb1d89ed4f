package pdf

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"chartlake/fault"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// Config says where compiled code is kept and how much may run at once. The zero value works.
type Config struct {
	// CacheDir keeps PDFium compiled for this machine (22 MB of executable code), so that a
	// start takes 0.1 s instead of 4. It is made with mode 0700; one that others can write
	// to is refused. Empty: compile at every start.
	CacheDir string
	// Instances is how many files may be open at once; more wait. 0: 4.
	Instances int
	// Memory bounds one instance in bytes. 0: 512 MiB.
	Memory int64
}

const (
	defaultInstances = 4
	defaultMemory    = 512 << 20
	wasmPage         = 64 << 10 // WebAssembly core specification, 4.2.8
)

// Engine opens PDF files. PDFium is compiled or taken from the cache at the first use. It is
// safe for concurrent use; close it after the last file.
type Engine struct {
	config Config

	mu      sync.Mutex
	pool    pdfium.Pool
	cache   wazero.CompilationCache
	stop    context.CancelFunc
	closed  bool
	pending map[*File]struct{}
}

// New makes an engine. It does no work yet; Warm or the first Open does.
func New(c Config) *Engine {
	if c.Instances <= 0 {
		c.Instances = defaultInstances
	}
	if c.Memory <= 0 {
		c.Memory = defaultMemory
	}
	return &Engine{config: c, pending: map[*File]struct{}{}}
}

// Warm compiles PDFium into the cache folder and proves it by starting one instance.
// It is for the build or the installation; an engine with the same folder then starts warm.
func Warm(ctx context.Context, cacheDir string) error {
	e := New(Config{CacheDir: cacheDir, Instances: 1})
	defer e.Close()
	instance, err := e.instance(ctx)
	if err != nil {
		return err
	}
	return instance.Close()
}

// start makes the runtime on first use; a failure is tried again at the next use.
func (e *Engine) start() (pdfium.Pool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, fault.New(fault.Unavailable, "reader_closed", "the PDF engine is closed")
	}
	if e.pool != nil {
		return e.pool, nil
	}
	runtime := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
		WithMemoryLimitPages(uint32(e.config.Memory / wasmPage)).
		WithCloseOnContextDone(true)
	var cache wazero.CompilationCache
	if e.config.CacheDir != "" {
		if err := private(e.config.CacheDir); err != nil {
			return nil, err
		}
		var err error
		if cache, err = wazero.NewCompilationCacheWithDir(e.config.CacheDir); err != nil {
			return nil, fault.New(fault.Unavailable, "pdf_cache", "the PDF engine's cache folder cannot be used")
		}
		runtime = runtime.WithCompilationCache(cache)
	}
	ctx, stop := context.WithCancel(context.Background())
	pool, err := webassembly.Init(webassembly.Config{
		Context:       ctx,
		MaxTotal:      e.config.Instances,
		FSConfig:      wazero.NewFSConfig(), // nil would mount the root of the disk
		RuntimeConfig: runtime,
		Stdout:        io.Discard,
		Stderr:        io.Discard,
		ReuseWorkers:  false, // one document per instance
	})
	if err != nil {
		stop()
		return nil, fault.New(fault.Unavailable, "pdf_engine", "the PDF engine does not start: %w", err)
	}
	e.pool, e.cache, e.stop = pool, cache, stop
	return pool, nil
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

func (e *Engine) instance(ctx context.Context) (pdfium.Pdfium, error) {
	pool, err := e.start()
	if err != nil {
		return nil, err
	}
	instance, err := pool.GetInstanceWithContext(ctx)
	if err != nil {
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, ctx.Err()
		}
		if ctx.Err() != nil {
			return nil, fault.New(fault.Unavailable, "pdf_busy", "too many PDF files are being read")
		}
		return nil, fault.New(fault.Unavailable, "pdf_engine", "the PDF engine gives no instance: %w", err)
	}
	return instance, nil
}

// Close ends every open file and frees the compiled code.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	pool, cache, stop := e.pool, e.cache, e.stop
	var open []*File
	for f := range e.pending {
		open = append(open, f)
	}
	e.mu.Unlock()
	for _, f := range open {
		f.kill()
	}
	if pool == nil {
		return nil
	}
	err := pool.Close()
	stop()
	if cache != nil {
		err = errors.Join(err, cache.Close(context.Background()))
	}
	return err
}

// timeout is the fault for a context that ended: the caller's cancel stays a cancel.
func timeout(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return fault.New(fault.Corrupt, "page_timeout", "reading took longer than its limit")
}

// callTimeout is the bound of a call whose caller gave no deadline. Legal files that need
// longer exist; they are not worth a worker. Source: 99th percentile of odd public files 1-3 s.
const callTimeout = 30 * time.Second
