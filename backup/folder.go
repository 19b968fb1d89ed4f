package backup

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"chartlake/envelope"
	"chartlake/fault"
)

// folderPlace is a backup in a folder.
type folderPlace struct{ root string }

func (p folderPlace) path(parts ...string) string {
	return filepath.Join(append([]string{p.root}, parts...)...)
}

func (p folderPlace) open(_ context.Context, name string) (io.ReadCloser, error) {
	f, err := os.Open(p.path(name))
	if err != nil {
		return nil, missingOr("read "+name, err)
	}
	return f, nil
}

// missingOr gives fs.ErrNotExist where a file or one of its folders is missing, else a fault.
func missingOr(what string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return fs.ErrNotExist
	}
	return ioFault(what, err)
}

func (p folderPlace) size(_ context.Context, name string) (int64, error) {
	info, err := os.Stat(p.path(name))
	if err != nil {
		return 0, missingOr("read "+name, err)
	}
	return info.Size(), nil
}

func (p folderPlace) empty(context.Context) (bool, error) {
	entries, err := os.ReadDir(p.root)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return len(entries) == 0, ioFault("read the backup folder", err)
}

func (p folderPlace) close() error { return nil }

// lock keeps other backups out until unlock is called or the process ends.
func (p folderPlace) lock() (unlock func(), err error) {
	f, err := os.OpenFile(p.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, ioFault("lock the backup folder", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fault.New(fault.Conflict, "backup_running", "another backup into this folder is running")
	}
	return func() { f.Close() }, nil
}

// clear removes what backups that were cut off left.
func (p folderPlace) clear(context.Context) error {
	left, err := filepath.Glob(p.path(snapshots, "*"+partial))
	for _, dir := range left {
		if err == nil {
			err = os.RemoveAll(dir)
		}
	}
	return ioFault("remove an unfinished snapshot", err)
}

func (p folderPlace) begin(id string) (dir string, err error) {
	dir = p.path(snapshots, id+partial)
	return dir, ioFault("make the snapshot's folder", makeFolders(dir))
}

func (p folderPlace) commit(_ context.Context, _, dir string) error {
	err := envelope.SyncFolder(dir)
	if err == nil {
		err = os.Rename(dir, strings.TrimSuffix(dir, partial))
	}
	if err == nil {
		err = envelope.SyncFolder(p.path(snapshots))
	}
	return ioFault("write the manifest", err)
}

func (p folderPlace) forget(_, dir string) error { return os.RemoveAll(dir) }

func (p folderPlace) snapshots(context.Context) ([]string, error) {
	entries, err := os.ReadDir(p.path(snapshots))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, ioFault("list the snapshots", err)
	}
	var ids []string
	for _, e := range entries {
		if validID(e.Name()) {
			ids = append(ids, e.Name())
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// write makes a file durable under its name, or leaves none. Folders are made where missing.
func (p folderPlace) write(_ context.Context, name string, fill func(io.Writer) error) error {
	path := p.path(name)
	if err := makeFolders(filepath.Dir(path)); err != nil {
		return ioFault("make a folder of the backup", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return ioFault("write "+name, err)
	}
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = envelope.SyncFolder(filepath.Dir(path))
	}
	if err != nil {
		os.Remove(f.Name())
		return ioFault("write "+name, err)
	}
	return nil
}

// makeFolders makes a folder and its missing parents, durably.
func makeFolders(dir string) error {
	err := os.Mkdir(dir, 0o700)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, fs.ErrNotExist):
		if err := makeFolders(filepath.Dir(dir)); err != nil {
			return err
		}
		return makeFolders(dir)
	case err != nil:
		return err
	}
	return envelope.SyncFolder(filepath.Dir(dir))
}
