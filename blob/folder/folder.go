// Package folder is the blob store in a folder of the local disk. A blob is the file
// <root>/<key id>/<first two digits>/<hash>, mode 0600 in folders of mode 0700. A write goes
// to a temporary file in <root>/tmp, is synced, renamed, and the folder is synced, together
// with each parent that was newly made; only then does Put return.
//
// It refuses to go on after a sync that failed: the kernel may have dropped the pages, and
// trying again may falsely succeed.
package folder

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"chartlake/blob"
	"chartlake/fault"
	"chartlake/internal/lab"
)

// Options are the settings of a folder. The zero value works.
type Options struct {
	// Reserve is how many bytes must stay free after a Put, so that reading, deleting and
	// the database go on when the disk is nearly full. 0: 64 MiB; negative: none.
	Reserve int64
	// Broken, where set, is called once when a sync has failed.
	Broken func(error)
}

const defaultReserve = 64 << 20

// Store is a blob store in a folder.
type Store struct {
	root     string
	disk     disk
	reserve  int64
	onBroken func(error)
	broken   atomic.Bool
	made     sync.Map // folders that this process made sure of
	unsynced bool     // for the lab's negative control only: leaves out every sync
}

// Open opens the folder, making it where it does not exist.
func Open(root string, o Options) (*Store, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fault.New(fault.Invalid, "blob_folder", "the blob folder's path cannot be made absolute")
	}
	return open(root, realDisk{}, o)
}

func open(root string, d disk, o Options) (*Store, error) {
	s := &Store{root: root, disk: d, reserve: o.Reserve, onBroken: o.Broken, unsynced: lab.BlobUnsynced()}
	if s.reserve == 0 {
		s.reserve = defaultReserve
	}
	for _, dir := range []string{root, s.path("tmp"), s.path(blob.Plain)} {
		if err := s.makeFolder(dir); err != nil {
			return nil, s.fault("open the blob folder", err)
		}
	}
	return s, nil
}

func (s *Store) path(parts ...string) string {
	return filepath.Join(append([]string{s.root}, parts...)...)
}

func (s *Store) folderOf(hash string) string { return s.path(blob.Plain, hash[:2]) }

func (s *Store) file(hash string) string { return filepath.Join(s.folderOf(hash), hash) }

// Open is blob.Store's.
func (s *Store) Open(ctx context.Context, hash string) (blob.Reader, error) {
	if !blob.ValidHash(hash) {
		return nil, notFound()
	}
	f, err := s.disk.Open(s.file(hash))
	if err != nil {
		return nil, s.readFault(err)
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, s.fault("look at a blob", err)
	}
	return &reader{f, st.Size()}, nil
}

type reader struct {
	readFile
	size int64
}

func (r *reader) Size() int64 { return r.size }

// Stat is blob.Store's.
func (s *Store) Stat(ctx context.Context, hash string) (blob.Info, error) {
	if !blob.ValidHash(hash) {
		return blob.Info{}, notFound()
	}
	st, err := s.disk.Stat(s.file(hash))
	if err != nil {
		return blob.Info{}, s.readFault(err)
	}
	return info(hash, st), nil
}

func info(hash string, st fs.FileInfo) blob.Info {
	return blob.Info{Hash: hash, Size: st.Size(), At: modTime(st), Key: blob.Plain}
}

// Delete is blob.Store's.
func (s *Store) Delete(ctx context.Context, hash string, before time.Time) error {
	if !blob.ValidHash(hash) {
		return nil
	}
	unlock, err := s.disk.Lock(s.path("lock"), true)
	if err != nil {
		return s.fault("lock the blob folder", err)
	}
	defer unlock()
	st, err := s.disk.Stat(s.file(hash))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return s.fault("look at a blob", err)
	case !modTime(st).Before(before):
		return fault.New(fault.Conflict, "blob_young", "the blob was put again")
	}
	if err := s.disk.Remove(s.file(hash)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.fault("delete a blob", err)
	}
	return s.sync("sync a blob folder", func() error { return s.disk.SyncFolder(s.folderOf(hash)) })
}

// List is blob.Store's. Files that are no blobs are passed over.
func (s *Store) List(ctx context.Context, after string, f func(blob.Info) error) error {
	dirs, err := s.disk.ReadDir(s.path(blob.Plain))
	if err != nil {
		return s.fault("list blobs", err)
	}
	for _, dir := range dirs {
		if name := dir.Name(); !dir.IsDir() || len(name) != 2 || len(after) >= 2 && name < after[:2] {
			continue
		}
		if err := s.listFolder(ctx, dir.Name(), after, f); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) listFolder(ctx context.Context, dir, after string, f func(blob.Info) error) error {
	entries, err := s.disk.ReadDir(s.path(blob.Plain, dir))
	if err != nil {
		return s.fault("list blobs", err)
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !blob.ValidHash(e.Name()) || e.Name()[:2] != dir || e.Name() <= after {
			continue
		}
		st, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return s.fault("look at a blob", err)
		}
		if err := f(info(e.Name(), st)); err != nil {
			return err
		}
	}
	return nil
}

// Clean removes temporary files that were last written before that time: what a crash or a
// lost connection left. At start nobody writes yet, and every one may go.
func (s *Store) Clean(before time.Time) (int, error) {
	entries, err := s.disk.ReadDir(s.path("tmp"))
	if err != nil {
		return 0, s.fault("list temporary files", err)
	}
	n := 0
	for _, e := range entries {
		st, err := e.Info()
		if err != nil || !st.Mode().IsRegular() || !modTime(st).Before(before) {
			continue
		}
		if s.disk.Remove(s.path("tmp", e.Name())) == nil {
			n++
		}
	}
	return n, nil
}
