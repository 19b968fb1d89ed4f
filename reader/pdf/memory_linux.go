package pdf

import (
	"context"

	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sys/unix"
)

// mapped makes instances keep their memory outside Go's heap, in an address range that is
// reserved as a whole: growing moves nothing, and the end of an instance gives all back.
func mapped(ctx context.Context) context.Context {
	return experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(
		func(_, most uint64) experimental.LinearMemory {
			all, err := unix.Mmap(-1, 0, int(most), unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON)
			if err != nil {
				return &span{}
			}
			return &span{all: all}
		}))
}

// span is a reserved range, of which the first bytes are in use.
type span struct {
	all  []byte
	used uint64
}

func (s *span) Reallocate(size uint64) []byte {
	if size > uint64(len(s.all)) {
		return nil
	}
	if size > s.used {
		if unix.Mprotect(s.all[s.used:size], unix.PROT_READ|unix.PROT_WRITE) != nil {
			return nil
		}
		s.used = size
	}
	return s.all[:size:size]
}

func (s *span) Free() {
	if s.all != nil {
		_ = unix.Munmap(s.all)
		s.all = nil
	}
}
