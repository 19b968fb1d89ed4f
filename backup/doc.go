// Package backup copies a store and its originals to another folder while both are in use, and
// makes a data folder of such a copy again.
//
// A backup is a folder that many snapshots share:
//
//	chartlake-backup              says what the folder is
//	snapshots/<id>/manifest       what belongs to the snapshot: path, size and SHA-256 of every file
//	snapshots/<id>/database       the database, without the rows of the search index
//	blobs/<aa>/<hash>             the originals as they lie in the blob store, sealed or plain
//
// An original that an earlier snapshot brought is not copied again. A snapshot is there once
// its manifest is; what a crash leaves is called <id>.partial and counts for nothing.
//
// Keys never go into the folder (docs/design/sealing.md): who has it can read nothing of what
// is sealed. Restore checks every file against the manifest before anything uses it, names the
// one that is damaged or missing, and refuses a folder that is not empty.
package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"chartlake/fault"
)

const (
	markFile     = "chartlake-backup"
	markText     = "chartlake backup 1\n"
	snapshots    = "snapshots"
	manifestName = "manifest"
	databaseName = "database"
	partial      = ".partial"
)

// place is the folder of a backup. A bucket would have the same few operations.
type place struct{ root string }

// openPlace opens a backup. With make an empty or missing folder becomes one.
func openPlace(root string, create bool) (*place, error) {
	p := &place{root}
	text, err := os.ReadFile(p.path(markFile))
	switch {
	case err == nil && string(text) == markText:
		return p, nil
	case err == nil:
		return nil, fault.New(fault.Unsupported, "backup_newer", "the backup was made by a newer Chartlake")
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTDIR):
		return nil, ioFault("read the backup folder", err)
	case !create:
		return nil, fault.New(fault.NotFound, "no_backup", "this folder is no backup of Chartlake (no %s)", markFile)
	}
	entries, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, ioFault("read the backup folder", err)
	}
	if len(entries) > 0 {
		return nil, fault.New(fault.Conflict, "backup_folder", "the folder has something else in it; give an empty one, or one that has a backup")
	}
	if err := os.MkdirAll(p.path(snapshots), 0o700); err != nil {
		return nil, ioFault("make the backup folder", err)
	}
	return p, p.write(markFile, func(w io.Writer) error {
		_, err := io.WriteString(w, markText)
		return err
	})
}

func (p *place) path(parts ...string) string {
	return filepath.Join(append([]string{p.root}, parts...)...)
}

// lock keeps other backups out until unlock is called or the process ends.
func (p *place) lock() (unlock func(), err error) {
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

// write makes a file durable under its name, or leaves none. Folders are made where missing.
func (p *place) write(name string, fill func(io.Writer) error) error {
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
		err = syncFolder(filepath.Dir(path))
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
	return syncFolder(filepath.Dir(dir))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// ioFault makes a fault of an error of the file system; a fault stays as it is.
func ioFault(what string, err error) error {
	if err == nil {
		return nil
	}
	if f := fault.As(err); f != nil {
		return f
	}
	if path := new(fs.PathError); errors.As(err, &path) {
		err = path.Err
	}
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return fault.New(fault.Full, "disk_full", "%s: there is no space left", what)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return fault.New(fault.Unavailable, "backup_io", "%s: %w", what, err)
}

// summing hashes and counts what is read through it, and ends when its context does.
type summing struct {
	ctx  context.Context
	r    io.Reader
	sum  hash.Hash
	size int64
}

func newSumming(ctx context.Context, r io.Reader) *summing {
	return &summing{ctx: ctx, r: r, sum: sha256.New()}
}

func (s *summing) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.r.Read(p)
	s.sum.Write(p[:n])
	s.size += int64(n)
	return n, err
}

func (s *summing) hex() string { return hex.EncodeToString(s.sum.Sum(nil)) }

// sumFile hashes a file.
func sumFile(ctx context.Context, path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	s := newSumming(ctx, f)
	_, err = io.Copy(io.Discard, s)
	return s.hex(), s.size, err
}
