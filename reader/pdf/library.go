package pdf

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// library is PDFium inside a child. Its code has no checks for an end from outside: those cost
// more than PDFium's own work (a goroutine for each call, a way into Go and back for each turn
// of a loop). What must end is ended with the process.
type library struct {
	pool  pdfium.Pool
	cache wazero.CompilationCache
}

// load takes PDFium from the cache folder, or compiles it and puts it there.
func load(cacheDir string, memory int64) (*library, error) {
	cache, err := wazero.NewCompilationCacheWithDir(cacheDir)
	if err != nil {
		return nil, err
	}
	pool, err := webassembly.Init(webassembly.Config{
		Context:  mapped(context.Background()),
		MaxTotal: 2,                    // a fresh one beside the one that is thrown away
		FSConfig: wazero.NewFSConfig(), // nil would mount the root of the disk
		RuntimeConfig: wazero.NewRuntimeConfig().
			WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
			WithMemoryLimitPages(uint32(memory / wasmPage)).
			WithCompilationCache(cache),
		Stdout:       io.Discard,
		Stderr:       io.Discard,
		ReuseWorkers: false, // one document per instance
	})
	if err != nil {
		return nil, errors.Join(err, cache.Close(context.Background()))
	}
	return &library{pool, cache}, nil
}

func (l *library) instance() (pdfium.Pdfium, error) { return l.pool.GetInstance(time.Minute) }

func (l *library) close() error {
	return errors.Join(l.pool.Close(), l.cache.Close(context.Background()))
}
