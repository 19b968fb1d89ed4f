package folder

import (
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// disk is what Put needs of a file system, and the place where tests put a disk that fails,
// or forgets what was not synced, at a chosen operation.
type disk interface {
	Create(path string) (file, error) // for writing, must not exist, mode 0600
	Open(path string) (readFile, error)
	Rename(from, to string) error
	Remove(path string) error
	Mkdir(path string) error // one level, mode 0700; fs.ErrExist where it is there
	SyncFolder(path string) error
	ReadDir(path string) ([]fs.DirEntry, error)
	Stat(path string) (fs.FileInfo, error)
	Free(path string) (int64, error) // bytes that this user may still write
	Lock(path string, exclusive bool) (unlock func() error, err error)
}

type file interface {
	io.Writer
	io.WriterAt
	io.ReaderAt
	Sync() error
	Close() error
}

type readFile interface {
	io.ReaderAt
	io.Closer
	Stat() (fs.FileInfo, error)
}

// realDisk is the operating system's.
type realDisk struct{}

func (realDisk) Create(path string) (file, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}
func (realDisk) Open(path string) (readFile, error)         { return os.Open(path) }
func (realDisk) Rename(from, to string) error               { return os.Rename(from, to) }
func (realDisk) Remove(path string) error                   { return os.Remove(path) }
func (realDisk) Mkdir(path string) error                    { return os.Mkdir(path, 0o700) }
func (realDisk) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }
func (realDisk) Stat(path string) (fs.FileInfo, error)      { return os.Lstat(path) }

func (realDisk) SyncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	if e := d.Close(); err == nil {
		err = e
	}
	return err
}

func (realDisk) Free(path string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

// Lock takes an advisory lock on a file that it makes; it works between processes, and
// between goroutines because each call opens the file anew.
func (realDisk) Lock(path string, exclusive bool) (func() error, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	how := unix.LOCK_SH
	if exclusive {
		how = unix.LOCK_EX
	}
	for {
		err = unix.Flock(int(f.Fd()), how)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f.Close, nil
}

func modTime(info fs.FileInfo) time.Time { return info.ModTime().UTC() }
