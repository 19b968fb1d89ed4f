// Package journal keeps what is to be written into a store soon, in files of the process, so
// that it is not lost with the process: an entry is appended before an access is answered, and
// is done with once the store has it. Each entry has a number; a store that keeps the number
// of the newest entry that it has of each journal, in the transaction that takes the entries
// in, has every entry exactly once.
//
// An append is one write without a sync: it outlives the process, also when that is killed,
// and not a power cut. The room of a journal is taken when it is made, so that entries go on
// while a disk is full; where there is no more room in it, Append refuses. It refuses entries
// that are larger than EntryMax, too.
package journal

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"golang.org/x/sys/unix"

	"chartlake/fault"
)

const (
	// halfSize is the room of each of the two files that are written in turn: some 15,000
	// reads, which is two seconds of all that two processors can answer.
	halfSize = 2 << 20
	// EntryMax is the largest entry: half of a file, so that one of that size always finds room
	// once the other file is done with.
	EntryMax = halfSize / 2
	headSize = 16 // length, checksum, number
)

// Entry is one entry that a process left behind.
type Entry struct {
	N       int64
	Payload []byte
}

// Journal is a journal that this process holds. All methods are safe for many goroutines.
type Journal struct {
	ID string // 32 hexadecimal digits

	mu     sync.Mutex
	halves [2]*half
	now    int   // the half that is written
	next   int64 // number of the next entry
	done   int64 // the store has all up to here
}

type half struct {
	f    *os.File
	end  int64 // bytes
	last int64 // number of the newest entry in it; 0: none
}

// Full is the code of the refusal of an entry for which there is no room until others are done.
const Full = "journal_full"

var name = regexp.MustCompile(`^([0-9a-f]{32})-a\.journal$`)

// Open takes over a journal of the folder that no living process holds, or makes one called
// fresh, and gives what is left in all that nobody holds. The first is the one taken over; the
// others are held until Close as well, and may be left to the next process once they are done.
func Open(folder, fresh string) (mine *Journal, others []*Journal, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, nil, fault.New(fault.Unavailable, "audit_journal", "make the folder of the audit journal: %w", err)
	}
	list, err := os.ReadDir(folder)
	if err != nil {
		return nil, nil, fault.New(fault.Unavailable, "audit_journal", "read the folder of the audit journal: %w", err)
	}
	var found []*Journal
	for _, entry := range list {
		m := name.FindStringSubmatch(entry.Name())
		if m == nil {
			continue
		}
		j, err := open(folder, m[1])
		if err != nil {
			closeAll(found)
			return nil, nil, err
		}
		if j != nil {
			found = append(found, j)
		}
	}
	if len(found) == 0 {
		j, err := open(folder, fresh)
		if err == nil && j == nil {
			err = fault.New(fault.Conflict, "audit_journal", "another process holds this audit journal")
		}
		return j, nil, err
	}
	return found[0], found[1:], nil
}

func closeAll(list []*Journal) {
	for _, j := range list {
		j.Close()
	}
}

// open opens one journal, nil where another process holds it.
func open(folder, id string) (*Journal, error) {
	j := &Journal{ID: id}
	for i, letter := range []string{"a", "b"} {
		f, err := os.OpenFile(filepath.Join(folder, id+"-"+letter+".journal"), os.O_RDWR|os.O_CREATE, 0o600)
		if err == nil && i == 0 {
			err = lock(f)
			if errors.Is(err, unix.EWOULDBLOCK) {
				f.Close()
				return nil, nil
			}
		}
		if err == nil {
			err = reserve(f, halfSize)
		}
		if err != nil {
			j.Close()
			return nil, fault.New(fault.Unavailable, "audit_journal", "open the audit journal: %w", err)
		}
		j.halves[i] = &half{f: f}
	}
	return j, nil
}

// lock is let go by the system when the process ends.
func lock(f *os.File) error {
	for {
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != unix.EINTR {
			return err
		}
	}
}

// Left gives the entries behind number done, in order, and numbers the next ones behind all.
// It comes before the first Append.
func (j *Journal) Left(done int64) ([]Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all [2][]Entry
	j.done, j.next = done, done+1
	for i, h := range j.halves {
		var err error
		if all[i], err = h.read(); err != nil {
			return nil, fault.New(fault.Unavailable, "audit_journal", "read the audit journal: %w", err)
		}
		if n := len(all[i]); n > 0 {
			h.last = all[i][n-1].N
			j.next = max(j.next, h.last+1)
		}
	}
	if a, b := all[0], all[1]; len(a) > 0 && len(b) > 0 && b[0].N < a[0].N {
		all[0], all[1] = b, a
	}
	var left []Entry
	for _, list := range all {
		for _, e := range list {
			if e.N > done {
				left = append(left, e)
			}
		}
	}
	// What is left stays where it is until it is done: the other half is written first.
	for i, h := range j.halves {
		h.end = int64(halfSize)
		if h.last <= done {
			h.end, j.now = 0, i
		}
	}
	return left, nil
}

// read gives the entries of a half: as far as each is whole and follows the one before. Behind
// them may stand what was written in an earlier turn.
func (h *half) read() (list []Entry, err error) {
	data := make([]byte, halfSize)
	n, err := h.f.ReadAt(data, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	for data = data[:n]; len(data) >= headSize; {
		size := int(binary.LittleEndian.Uint32(data))
		if size > EntryMax || headSize+size > len(data) || checksum(data[8:headSize+size]) != binary.LittleEndian.Uint32(data[4:]) {
			break
		}
		e := Entry{N: int64(binary.LittleEndian.Uint64(data[8:])), Payload: data[headSize : headSize+size : headSize+size]}
		if e.N < 1 || len(list) > 0 && e.N != list[len(list)-1].N+1 {
			break
		}
		list = append(list, e)
		data = data[headSize+size:]
	}
	return list, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// Append writes an entry and gives its number. Refused are entries that are too large, and,
// as Unavailable with code Full, all for which there is no room until others are done.
func (j *Journal) Append(payload []byte) (int64, error) {
	if len(payload) > EntryMax {
		return 0, fault.New(fault.TooLarge, "audit_entry_too_large", "an audit entry has more than %d bytes", EntryMax)
	}
	b := make([]byte, headSize, headSize+len(payload))
	binary.LittleEndian.PutUint32(b, uint32(len(payload)))
	b = append(b, payload...)
	j.mu.Lock()
	defer j.mu.Unlock()
	h := j.halves[j.now]
	if h.end+int64(len(b)) > halfSize {
		other := j.halves[1-j.now]
		if other.last > j.done {
			return 0, fault.New(fault.Unavailable, Full, "the audit trail cannot take more before the store has what waits")
		}
		j.now, h = 1-j.now, other
		h.end = 0
	}
	binary.LittleEndian.PutUint64(b[8:], uint64(j.next))
	binary.LittleEndian.PutUint32(b[4:], checksum(b[8:]))
	if _, err := h.f.WriteAt(b, h.end); err != nil {
		return 0, fault.New(fault.Unavailable, "audit_journal", "write the audit journal: %w", err)
	}
	h.end += int64(len(b))
	h.last = j.next
	j.next++
	return h.last, nil
}

// Done says that the store has all entries up to n, durably.
func (j *Journal) Done(n int64) {
	j.mu.Lock()
	j.done = max(j.done, n)
	j.mu.Unlock()
}

// Sync makes the entries outlive a power cut; for a time in which the store takes none.
func (j *Journal) Sync() error {
	for _, h := range j.halves {
		if err := h.f.Sync(); err != nil {
			return fault.New(fault.Unavailable, "audit_journal", "sync the audit journal: %w", err)
		}
	}
	return nil
}

// Close lets the journal go; another process may take it over.
func (j *Journal) Close() {
	for i := len(j.halves) - 1; i >= 0; i-- { // the first half has the lock
		if j.halves[i] != nil {
			j.halves[i].f.Close()
		}
	}
}
