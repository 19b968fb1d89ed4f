package sqlite

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// disk is what SQLite opens its files through. It passes everything on, and watches the
// syncs of every connection of the store: writer, queue, checkpoints. The first that fails
// makes the store unhealthy, and no sync is tried after it: the kernel may have dropped what
// could not be written and then report success (PostgreSQL's fsyncgate). SQLite alone would
// swallow a failed checkpoint and try it again.
type disk struct {
	vfs.VFS
	name   string
	failed func(error)
	broken atomic.Bool
	// trap, where set, is asked before each write (w), sync (s) and truncate (t): tests make
	// faults with it.
	trap func(op byte) error
	// pages, where set, seals what is written (page.go).
	pages *pageCipher
}

var disks atomic.Int64

// newDisk registers a disk under a name of its own; release takes it away.
func newDisk(failed func(error), trap func(op byte) error) *disk {
	d := &disk{VFS: vfs.Find("os"), name: "chartlake-" + strconv.FormatInt(disks.Add(1), 10), failed: failed, trap: trap}
	vfs.Register(d.name, d)
	return d
}

// release forgets the disk a minute after its database was closed: a connection on which the queue
// was just beginning something closes on its own, and must find the disk then.
func (d *disk) release() { time.AfterFunc(time.Minute, func() { vfs.Unregister(d.name) }) }

func (d *disk) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := vfsutil.WrapOpen(d.VFS, name, flags)
	return d.opened(f, flags, err)
}

func (d *disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := vfsutil.WrapOpenFilename(d.VFS, name, flags)
	return d.opened(f, flags, err)
}

func (d *disk) opened(f vfs.File, flags vfs.OpenFlag, err error) (vfs.File, vfs.OpenFlag, error) {
	if err != nil {
		return f, flags, err
	}
	f, err = d.openPages(d.wrap(f, flags), flags)
	return f, flags, err
}

func (d *disk) wrap(f vfs.File, flags vfs.OpenFlag) vfs.File {
	if f == nil || flags&(vfs.OPEN_MAIN_DB|vfs.OPEN_MAIN_JOURNAL|vfs.OPEN_WAL) == 0 {
		return f
	}
	w := &diskFile{File: f, disk: d}
	if flags&vfs.OPEN_MAIN_DB != 0 {
		w.shm = vfsutil.WrapSharedMemory(f)
	}
	return w
}

// diskFile is a database file or its WAL.
type diskFile struct {
	vfs.File
	disk *disk
	shm  vfs.SharedMemory
}

func (f *diskFile) Sync(flags vfs.SyncFlag) error {
	if f.disk.broken.Load() {
		return sqlite3.IOERR_FSYNC
	}
	err := f.trapped('s')
	if err == nil {
		err = f.File.Sync(flags)
	}
	if err != nil {
		f.disk.broken.Store(true)
		f.disk.failed(err)
		return sqlite3.IOERR_FSYNC
	}
	return nil
}

func (f *diskFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.trapped('w'); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, off)
}

func (f *diskFile) Truncate(size int64) error {
	if err := f.trapped('t'); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *diskFile) trapped(op byte) error {
	if f.disk.trap == nil {
		return nil
	}
	return f.disk.trap(op)
}

func (f *diskFile) Unwrap() vfs.File                { return f.File }
func (f *diskFile) SharedMemory() vfs.SharedMemory  { return f.shm }
func (f *diskFile) LockState() vfs.LockLevel        { return vfsutil.WrapLockState(f.File) }
func (f *diskFile) SizeHint(size int64) error       { return vfsutil.WrapSizeHint(f.File, size) }
func (f *diskFile) ChunkSize(size int)              { vfsutil.WrapChunkSize(f.File, size) }
func (f *diskFile) HasMoved() (bool, error)         { return vfsutil.WrapHasMoved(f.File) }
func (f *diskFile) BusyHandler(handler func() bool) { vfsutil.WrapBusyHandler(f.File, handler) }
