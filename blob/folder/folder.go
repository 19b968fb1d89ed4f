// Package folder is the blob store in a folder of the local disk. A blob is the file
// <root>/sealed/<first two digits>/<hash>, a stream of package envelope (plain/… where there are
// no keys, or as an older version left it), mode 0600 in folders of mode 0700. A write goes
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
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"chartlake/blob"
	"chartlake/envelope"
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
	// Vault gives the data keys that blobs are sealed under; nil: they are stored as they come.
	Vault *envelope.Vault
}

const defaultReserve = 64 << 20

// Store is a blob store in a folder.
type Store struct {
	root     string
	disk     disk
	reserve  int64
	vault    *envelope.Vault
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
	s := &Store{root: root, disk: d, reserve: o.Reserve, vault: o.Vault, onBroken: o.Broken, unsynced: lab.BlobUnsynced()}
	if s.reserve == 0 {
		s.reserve = defaultReserve
	}
	for _, dir := range []string{root, s.path("tmp"), s.path(s.kind())} {
		if err := s.makeFolder(dir); err != nil {
			return nil, s.fault("open the blob folder", err)
		}
	}
	return s, nil
}

func (s *Store) path(parts ...string) string {
	return filepath.Join(append([]string{s.root}, parts...)...)
}

func (s *Store) folderOf(kind, hash string) string { return s.path(kind, hash[:2]) }

func (s *Store) file(kind, hash string) string { return filepath.Join(s.folderOf(kind, hash), hash) }

// Open is blob.Store's.
func (s *Store) Open(ctx context.Context, hash string) (blob.Reader, error) {
	if !blob.ValidHash(hash) {
		return nil, notFound()
	}
	kind, _, err := s.where(hash)
	if err != nil {
		return nil, s.readFault(err)
	}
	if kind == blob.Sealed && s.vault == nil {
		return nil, fault.New(fault.Unavailable, "blob_sealed", "the blob is sealed, and there are no keys")
	}
	return s.openKind(kind, hash)
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
	kind, st, err := s.where(hash)
	if err != nil {
		return blob.Info{}, s.readFault(err)
	}
	return info(kind, hash, st), nil
}

func info(kind, hash string, st fs.FileInfo) blob.Info {
	size := st.Size()
	if kind == blob.Sealed {
		size = envelope.StreamText(size)
	}
	return blob.Info{Hash: hash, Size: size, At: modTime(st), Key: kind}
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
	_, st, err := s.where(hash)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return s.fault("look at a blob", err)
	case !modTime(st).Before(before):
		return fault.New(fault.Conflict, "blob_young", "the blob was put again")
	}
	return s.remove(hash)
}

// List is blob.Store's. Files that are no blobs are passed over.
func (s *Store) List(ctx context.Context, after string, f func(blob.Info) error) error {
	return s.list(ctx, []string{blob.Sealed, blob.Plain}, after, f)
}

// list goes through the blobs of some kinds; one that is there in two is told as the first.
func (s *Store) list(ctx context.Context, kinds []string, after string, f func(blob.Info) error) error {
	names := map[string]bool{}
	for _, kind := range kinds {
		dirs, err := s.disk.ReadDir(s.path(kind))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s.fault("list blobs", err)
		}
		for _, dir := range dirs {
			if name := dir.Name(); dir.IsDir() && len(name) == 2 && (len(after) < 2 || name >= after[:2]) {
				names[name] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if err := s.listFolder(ctx, kinds, name, after, f); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) listFolder(ctx context.Context, kinds []string, dir, after string, f func(blob.Info) error) error {
	found := map[string]blob.Info{}
	for _, kind := range kinds {
		entries, err := s.disk.ReadDir(s.path(kind, dir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s.fault("list blobs", err)
		}
		for _, e := range entries {
			hash := e.Name()
			if _, twice := found[hash]; twice || !blob.ValidHash(hash) || hash[:2] != dir || hash <= after {
				continue
			}
			st, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return s.fault("look at a blob", err)
			}
			found[hash] = info(kind, hash, st)
		}
	}
	for _, hash := range slices.Sorted(maps.Keys(found)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f(found[hash]); err != nil {
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
