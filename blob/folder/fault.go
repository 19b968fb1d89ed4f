package folder

import (
	"errors"
	"io/fs"
	"syscall"

	"chartlake/blob"
	"chartlake/fault"
)

func brokenFault() error {
	return fault.New(fault.Unavailable, blob.SyncFailed, "a sync of the blob folder failed; nothing is taken until the process has started again")
}

func full() error {
	return fault.New(fault.Full, "disk_full", "no space left for new files; what is stored can still be read")
}

// fault turns an error of the disk into one that says nothing about paths.
func (s *Store) fault(what string, err error) error {
	if f := fault.As(err); f != nil {
		return err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return full()
	}
	return fault.New(fault.Unavailable, blob.DiskFailed, "%s: %w", what, cause(err))
}

// cause takes the path out of a file error.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

func notFound() error { return fault.New(fault.NotFound, "blob_not_found", "there is no such blob") }

func (s *Store) readFault(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return notFound()
	}
	return s.fault("look at a blob", err)
}
