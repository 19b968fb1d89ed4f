// Package headroom bounds how much garbage piles up in a process that for a while holds much:
// Go's collector waits until as much again is there as is in use (GOGC=100), which doubles the
// memory of a long document while it is understood. Keep makes it wait for a fixed number of
// bytes at most. Unlike a memory limit it costs no more where much is in use for long.
package headroom

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// Bounds of the collector's percentage. Below the least, collecting would cost more than a few
// per cent of a processor where objects come and go quickly.
const (
	percentMost  = 100
	percentLeast = 25
)

// Keep holds what is not in use any more to about so many bytes, and returns at once. It does
// nothing where the environment says how to collect (GOGC, GOMEMLIMIT).
func Keep(bytes uint64) {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		watch(bytes, func(percent int) { debug.SetGCPercent(percent) })
	}
}

// percentSeldom is the percentage of Seldom: collecting takes a quarter of the time then.
const percentSeldom = 300

var seldom atomic.Bool

// Seldom lets garbage pile up to three times what is in use, as far as the bytes of Keep allow it:
// for a command that does one thing and ends.
func Seldom() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		seldom.Store(true)
		debug.SetGCPercent(percentSeldom)
	}
}

// sentinel is collected in every cycle; it is larger than what the runtime keeps together in
// one block (16 bytes without pointers), because such objects may not be finalized.
type sentinel struct{ _ [32]byte }

// watch sets the percentage after each collection by what is in use then.
func watch(bytes uint64, set func(percent int)) {
	now := percentMost
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var again func(*sentinel)
	again = func(*sentinel) {
		metrics.Read(sample)
		most := uint64(percentMost)
		if seldom.Load() {
			most = percentSeldom
		}
		if p := percent(bytes, sample[0].Value.Uint64(), most); p != now {
			now = p
			set(p)
		}
		runtime.SetFinalizer(&sentinel{}, again)
	}
	runtime.SetFinalizer(&sentinel{}, again)
}

// percent is the collector's percentage at which live bytes leave room for so many more, at most so
// much.
func percent(bytes, live, most uint64) int {
	if live == 0 {
		return int(most)
	}
	return int(min(max(100*bytes/live, percentLeast), most))
}
