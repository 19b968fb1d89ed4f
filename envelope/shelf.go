package envelope

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"chartlake/fault"
)

// Shelf keeps wrapped data keys under numbers from 1, which are never used twice. All methods
// are safe for many goroutines and processes.
type Shelf interface {
	// About is 16 bytes that tell this shelf from every other.
	About() []byte
	// Get gives a key: NotFound with code key_unknown where the number was never given out,
	// Gone with code key_destroyed where it was destroyed.
	Get(id int64) (Wrapped, error)
	// Add keeps n new keys durably under the next numbers. make is called for each, while
	// no other process adds or goes through.
	Add(n int, make func(id int64) (Wrapped, error)) (first int64, err error)
	// Destroy overwrites keys, durably. What is destroyed already is no error.
	Destroy(ids []int64) error
	// Through calls visit for up to limit keys from a number on, while no other process adds.
	// A key that visit changes is kept durably. next is where to go on, 0 at the end;
	// last, where given, is called at the end under the same lock.
	Through(from int64, limit int, visit func(id int64, w *Wrapped) error, last func() error) (next int64, err error)
}

// File is a Shelf in one file of records of 64 bytes; the record of key n begins at byte 64 n:
// number of the master key (4, big endian), wrapped key (60). All zero: destroyed. The
// first 64 bytes are the head: a text, and 16 random bytes.
//
// A record lies within a sector of the disk, so a crash leaves the old one or the new one. Since
// numbers are never used twice, the newest copy of the file opens every older backup, but for
// the keys that were destroyed since.
type File struct {
	f      *os.File
	about  [16]byte
	mu     sync.Mutex // flock knows processes, not goroutines
	broken bool
}

var _ Shelf = (*File)(nil)

const (
	recordSize = 64
	fileHead   = "chartlake data keys 1\n"
	aboutAt    = 48
)

// OpenFile opens a shelf, making it where it is missing. Its folder must exist.
func OpenFile(path string) (*File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		head := make([]byte, recordSize)
		copy(head, fileHead)
		rand.Read(head[aboutAt:])
		// Another process may make it at the same moment: a link never replaces.
		if err = linkFile(path, head); err == nil {
			f, err = os.OpenFile(path, os.O_RDWR, 0)
		}
	}
	if err != nil {
		return nil, shelfFault(err)
	}
	s := &File{f: f}
	head := make([]byte, recordSize)
	info, err := f.Stat()
	if err == nil {
		_, err = f.ReadAt(head, 0)
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		f.Close()
		return nil, shelfFault(err)
	case !bytes.HasPrefix(head, []byte(fileHead)):
		f.Close()
		return nil, fault.New(fault.Corrupt, "data_keys_damaged", "data.keys is not a file of data keys")
	case info.Mode().Perm()&0o077 != 0:
		f.Close()
		return nil, fault.New(fault.Forbidden, "data_keys_mode", "data.keys can be read by others; set its mode to 0600")
	}
	copy(s.about[:], head[aboutAt:])
	return s, nil
}

// linkFile makes a file with these bytes durably, or leaves the one that is there.
func linkFile(path string, text []byte) error {
	tmp := path + "." + rand.Text()
	defer os.Remove(tmp)
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Link(tmp, path)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return SyncFolder(filepath.Dir(path))
}

func shelfFault(err error) error {
	if fault.As(err) != nil {
		return err
	}
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return fault.New(fault.Full, "disk_full", "there is no space left for a key")
	}
	return fault.New(fault.Unavailable, "data_keys", "the data keys cannot be read or written: %w", pathless(err))
}

// Close lets the file go.
func (s *File) Close() error { return s.f.Close() }

// About is the random half of the file's head.
func (s *File) About() []byte { return s.about[:] }

// locked runs f under the lock of the file. A sync that failed is never tried again.
func (s *File) locked(f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return fault.New(fault.Unavailable, "store_unhealthy", "the disk failed to keep a key; nothing more is accepted until a restart")
	}
	for {
		err := unix.Flock(int(s.f.Fd()), unix.LOCK_EX)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			return shelfFault(err)
		}
	}
	defer func() { _ = unix.Flock(int(s.f.Fd()), unix.LOCK_UN) }()
	return f()
}

func (s *File) sync() error {
	if err := s.f.Sync(); err != nil {
		s.broken = true
		return shelfFault(err)
	}
	return nil
}

// count is how many records there are; a last one that is not whole was never given out.
func (s *File) count() (int64, error) {
	info, err := s.f.Stat()
	if err != nil {
		return 0, shelfFault(err)
	}
	return info.Size()/recordSize - 1, nil
}

func (s *File) record(id int64, n int) ([]byte, error) {
	b := make([]byte, n*recordSize)
	if _, err := s.f.ReadAt(b, id*recordSize); err != nil {
		return nil, shelfFault(err)
	}
	return b, nil
}

func parseRecord(b []byte) (w Wrapped) {
	w.Master = binary.BigEndian.Uint32(b)
	copy(w.Bytes[:], b[4:])
	return w
}

func (w *Wrapped) append(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, w.Master), w.Bytes[:]...)
}

// Get reads a record without the lock: one that is being rewritten is read again under it by
// the caller (Vault), once it does not open.
func (s *File) Get(id int64) (Wrapped, error) {
	n, err := s.count()
	if err != nil {
		return Wrapped{}, err
	}
	if id < 1 || id > n {
		return Wrapped{}, fault.New(fault.NotFound, "key_unknown", "data key %d is not in data.keys: the file is older than the data, or of another store; restore the newest copy", id)
	}
	b, err := s.record(id, 1)
	if err != nil {
		return Wrapped{}, err
	}
	w := parseRecord(b)
	if w == (Wrapped{}) {
		return w, destroyed(id)
	}
	return w, nil
}

func destroyed(id int64) error {
	return fault.New(fault.Gone, "key_destroyed", "data key %d was destroyed: what it sealed was erased", id)
}

// Add appends records.
func (s *File) Add(n int, make func(id int64) (Wrapped, error)) (first int64, err error) {
	err = s.locked(func() error {
		have, err := s.count()
		if err != nil {
			return err
		}
		first = have + 1
		var b []byte
		for i := range n {
			w, err := make(first + int64(i))
			if err != nil {
				return err
			}
			b = w.append(b)
		}
		if _, err := s.f.WriteAt(b, first*recordSize); err != nil {
			return shelfFault(err)
		}
		return s.sync()
	})
	return first, err
}

// Destroy overwrites records with zeros.
func (s *File) Destroy(ids []int64) error {
	return s.locked(func() error {
		n, err := s.count()
		if err != nil {
			return err
		}
		var zero [recordSize]byte
		for _, id := range ids {
			if id < 1 || id > n {
				continue
			}
			if _, err := s.f.WriteAt(zero[:], id*recordSize); err != nil {
				return shelfFault(err)
			}
		}
		return s.sync()
	})
}

// Through reads a run of records and writes back those that changed.
func (s *File) Through(from int64, limit int, visit func(id int64, w *Wrapped) error, last func() error) (next int64, err error) {
	from = max(from, 1)
	err = s.locked(func() error {
		have, err := s.count()
		if err != nil {
			return err
		}
		n := min(int64(limit), have-from+1)
		if n > 0 {
			if err := s.visit(from, int(n), visit); err != nil {
				return err
			}
			next = from + n
		}
		if next <= have && n > 0 {
			return nil
		}
		next = 0
		if last != nil {
			return last()
		}
		return nil
	})
	return next, err
}

func (s *File) visit(from int64, n int, visit func(id int64, w *Wrapped) error) error {
	b, err := s.record(from, n)
	if err != nil {
		return err
	}
	changed := false
	for i := range n {
		id := from + int64(i)
		w := parseRecord(b[i*recordSize:])
		if w == (Wrapped{}) {
			continue
		}
		old := w
		if err := visit(id, &w); err != nil {
			return err
		}
		if w == old {
			continue
		}
		if _, err := s.f.WriteAt(w.append(nil), id*recordSize); err != nil {
			return shelfFault(err)
		}
		changed = true
	}
	if changed {
		return s.sync()
	}
	return nil
}
