//go:build unix

package riverqueue

import (
	"bytes"
	"errors"
	"os"
	"syscall"
)

// tryLock takes the lock of an open file if nobody holds it. The system lets it go when the
// process ends.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// firstFrame names the place of a panic: the first file of ours on the stack. The panic's
// own text may hold data and is left out.
func firstFrame(stack []byte) string {
	seen := false
	for line := range bytes.SplitSeq(stack, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if bytes.HasPrefix(line, []byte("panic(")) {
			seen = true
			continue
		}
		if i := bytes.LastIndexByte(line, '/'); seen && i >= 0 && bytes.Contains(line, []byte(".go:")) && !bytes.Contains(line, []byte("/runtime/")) {
			place, _, _ := bytes.Cut(line[i+1:], []byte(" "))
			return string(place)
		}
	}
	return "an unknown place"
}
