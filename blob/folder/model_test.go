package folder

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"sort"
	"sync"
	"time"
)

// modelDisk is a disk that forgets. File contents and folder entries have a volatile and a
// durable state; Sync and SyncFolder copy one into the other, and nothing else does. crash
// gives the disk that a machine would find after a power cut: what was synced is there, of
// the rest an arbitrary part.
type modelDisk struct {
	mu    sync.Mutex
	root  *inode
	free  int64
	ops   int                          // operations so far
	fault func(n int, op string) error // asked before each operation
	log   []string
}

type inode struct {
	dir             bool
	data, synced    []byte
	entries, stable map[string]*inode
	at              time.Time
}

func newFolder() *inode {
	return &inode{dir: true, entries: map[string]*inode{}, stable: map[string]*inode{}, at: time.Now()}
}

func newModelDisk() *modelDisk { return &modelDisk{root: newFolder(), free: 1 << 40} }

var errKilled = errors.New("the process is dead")

func (d *modelDisk) step(op string) error {
	d.ops++
	d.log = append(d.log, op)
	if d.fault != nil {
		return d.fault(d.ops, op)
	}
	return nil
}

func (d *modelDisk) find(path string) (*inode, error) {
	n := d.root
	for _, name := range split(path) {
		if n = n.entries[name]; n == nil {
			return nil, fs.ErrNotExist
		}
	}
	return n, nil
}

func split(path string) []string {
	if path == "/" {
		return nil
	}
	return append(split(filepath.Dir(path)), filepath.Base(path))
}

func (d *modelDisk) parent(path string) (*inode, string, error) {
	n, err := d.find(filepath.Dir(path))
	return n, filepath.Base(path), err
}

func (d *modelDisk) Create(path string) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("create"); err != nil {
		return nil, err
	}
	dir, name, err := d.parent(path)
	if err != nil {
		return nil, err
	}
	if dir.entries[name] != nil {
		return nil, fs.ErrExist
	}
	n := &inode{at: time.Now()}
	dir.entries[name] = n
	return &modelFile{d, n}, nil
}

func (d *modelDisk) Open(path string) (readFile, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find(path)
	if err != nil {
		return nil, err
	}
	return &modelFile{d, n}, nil
}

func (d *modelDisk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("rename"); err != nil {
		return err
	}
	a, an, err := d.parent(from)
	if err != nil {
		return err
	}
	b, bn, err := d.parent(to)
	if err != nil {
		return err
	}
	if a.entries[an] == nil {
		return fs.ErrNotExist
	}
	b.entries[bn] = a.entries[an]
	delete(a.entries, an)
	return nil
}

func (d *modelDisk) Remove(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("remove"); err != nil {
		return err
	}
	dir, name, err := d.parent(path)
	if err != nil {
		return err
	}
	if dir.entries[name] == nil {
		return fs.ErrNotExist
	}
	delete(dir.entries, name)
	return nil
}

func (d *modelDisk) Mkdir(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("mkdir"); err != nil {
		return err
	}
	dir, name, err := d.parent(path)
	if err != nil {
		return err
	}
	if dir.entries[name] != nil {
		return fs.ErrExist
	}
	dir.entries[name] = newFolder()
	return nil
}

func (d *modelDisk) SyncFolder(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("sync folder"); err != nil {
		return err
	}
	n, err := d.find(path)
	if err != nil {
		return err
	}
	n.stable = map[string]*inode{}
	for name, child := range n.entries {
		n.stable[name] = child
	}
	return nil
}

func (d *modelDisk) ReadDir(path string) ([]fs.DirEntry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find(path)
	if err != nil {
		return nil, err
	}
	var list []fs.DirEntry
	for name, child := range n.entries {
		list = append(list, fs.FileInfoToDirEntry(modelInfo{name, child}))
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name() < list[j].Name() })
	return list, nil
}

func (d *modelDisk) Stat(path string) (fs.FileInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := d.find(path)
	if err != nil {
		return nil, err
	}
	return modelInfo{filepath.Base(path), n}, nil
}

func (d *modelDisk) Free(string) (int64, error) { return d.free, nil }

func (d *modelDisk) Lock(string, bool) (func() error, error) {
	return func() error { return nil }, nil
}

// crash is the disk after a power cut. Of what was not synced, each change survives or not
// as rng says; a file's unsynced bytes survive in part.
func (d *modelDisk) crash(rng *rand.Rand) *modelDisk {
	seen := map[*inode]*inode{}
	return &modelDisk{root: d.root.crash(rng, seen), free: d.free}
}

func (n *inode) crash(rng *rand.Rand, seen map[*inode]*inode) *inode {
	if c := seen[n]; c != nil {
		return c
	}
	c := &inode{dir: n.dir, at: n.at}
	seen[n] = c
	if !n.dir {
		c.data = n.synced
		if len(n.data) > len(n.synced) && rng.IntN(2) == 0 {
			c.data = n.data[:len(n.synced)+rng.IntN(len(n.data)-len(n.synced)+1)]
		}
		c.synced = c.data
		return c
	}
	c.entries, c.stable = map[string]*inode{}, map[string]*inode{}
	names := map[string]bool{}
	for name := range n.entries {
		names[name] = true
	}
	for name := range n.stable {
		names[name] = true
	}
	for name := range names {
		child := n.stable[name]
		if child != n.entries[name] && rng.IntN(2) == 0 {
			child = n.entries[name]
		}
		if child != nil {
			k := child.crash(rng, seen)
			c.entries[name], c.stable[name] = k, k
		}
	}
	return c
}

type modelFile struct {
	d *modelDisk
	n *inode
}

func (f *modelFile) Write(p []byte) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.step("write"); err != nil {
		half := len(p) / 2 // a write that fails may have written a part
		f.n.data = append(f.n.data, p[:half]...)
		return half, err
	}
	f.n.data = append(f.n.data, p...)
	return len(p), nil
}

func (f *modelFile) WriteAt(p []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.step("write"); err != nil {
		return 0, err
	}
	f.n.data = append([]byte(nil), f.n.data...) // what was synced stays what it was
	return copy(f.n.data[off:], p), nil
}

func (f *modelFile) ReadAt(p []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if off >= int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.n.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *modelFile) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.step("sync"); err != nil {
		return err
	}
	f.n.synced = append([]byte(nil), f.n.data...)
	return nil
}

func (f *modelFile) Close() error { return nil }

func (f *modelFile) Stat() (fs.FileInfo, error) { return modelInfo{"", f.n}, nil }

type modelInfo struct {
	name string
	n    *inode
}

func (i modelInfo) Name() string       { return i.name }
func (i modelInfo) Size() int64        { return int64(len(i.n.data)) }
func (i modelInfo) ModTime() time.Time { return i.n.at }
func (i modelInfo) IsDir() bool        { return i.n.dir }
func (i modelInfo) Sys() any           { return nil }
func (i modelInfo) Mode() fs.FileMode {
	if i.n.dir {
		return fs.ModeDir | 0o700
	}
	return 0o600
}
