package sqlite

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// Pages of the database and of its WAL are sealed with AES-256-GCM, under the disk's watch of
// syncs. SQLite leaves the last pageReserve bytes of each page free (byte 20 of the header,
// https://sqlite.org/fileformat.html#resbyte); on the disk they hold the tag and what makes the
// nonce. SQLite itself sees zeros there, so that its WAL checksums hold.
//
//	page on the disk   sealed (pageSize-pageReserve) ‖ tag (16) ‖ epoch (8) ‖ nonce (12)
//
// An epoch is a key of its own, derived from the page key: one opening of the database, or 2^31
// pages of it, so that random nonces do not run out (NIST SP 800-38D, 8.3). A page is bound to
// its number, a page in the WAL to its frame.
const (
	pageSize    = 4096
	epochSize   = 8
	nonceSize   = 12
	tagSize     = 16
	pageReserve = tagSize + epochSize + nonceSize
	epochPages  = 1 << 31

	walHead   = 32 // https://sqlite.org/fileformat.html#the_write_ahead_log
	frameHead = 24
	frameSize = frameHead + pageSize
)

var errPage = errors.New("a page of the database cannot be opened: it is damaged, or the key is another one")

// pageCipher seals pages; one for all files of a database.
type pageCipher struct {
	key   []byte
	frame cipher.Block // for what tells of a page's content in a frame's head

	mu      sync.RWMutex
	epochs  map[[epochSize]byte]cipher.AEAD
	current [epochSize]byte
	left    atomic.Int64 // pages that may still be sealed in the current epoch
}

// maxEpochs bounds the keys in memory. A database that was opened more often derives them anew.
const maxEpochs = 4096

func newPageCipher(key []byte) (*pageCipher, error) {
	frame, err := hkdf.Expand(sha256.New, key, "wal frame", 32)
	if err != nil {
		return nil, err
	}
	c := &pageCipher{key: key, epochs: map[[epochSize]byte]cipher.AEAD{}}
	if c.frame, err = aes.NewCipher(frame); err != nil {
		return nil, err
	}
	c.fresh()
	return c, nil
}

// fresh begins an epoch.
func (c *pageCipher) fresh() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left.Load() <= 0 {
		rand.Read(c.current[:])
		c.left.Store(epochPages)
	}
}

// epoch gives the cipher of an epoch.
func (c *pageCipher) epoch(e [epochSize]byte) (cipher.AEAD, error) {
	c.mu.RLock()
	a := c.epochs[e]
	c.mu.RUnlock()
	if a != nil {
		return a, nil
	}
	key, err := hkdf.Expand(sha256.New, c.key, "pages "+string(e[:]), 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if a, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.epochs) >= maxEpochs {
		clear(c.epochs)
	}
	c.epochs[e] = a
	return a, nil
}

// place is what a page is bound to: its number from 0, and w for the WAL.
func place(wal bool, n int64) (about [9]byte) {
	binary.BigEndian.PutUint64(about[:], uint64(n))
	if wal {
		about[8] = 'w'
	}
	return about
}

// seal puts the sealed page into out (pageSize bytes).
func (c *pageCipher) seal(out, page []byte, about [9]byte) error {
	const text = pageSize - pageReserve
	for _, b := range page[text:] {
		if b != 0 {
			return errPage // SQLite wrote into what it was told to leave free
		}
	}
	if c.left.Add(-1) < 0 {
		c.fresh()
	}
	c.mu.RLock()
	e := c.current
	c.mu.RUnlock()
	a, err := c.epoch(e)
	if err != nil {
		return err
	}
	nonce := out[pageSize-nonceSize : pageSize]
	rand.Read(nonce)
	copy(out[text+tagSize:], e[:])
	a.Seal(out[:0], nonce, page[:text], about[:])
	return nil
}

// open opens a page where it stands.
func (c *pageCipher) open(page []byte, about [9]byte) error {
	const text = pageSize - pageReserve
	a, err := c.epoch([epochSize]byte(page[text+tagSize:]))
	if err != nil {
		return err
	}
	if _, err := a.Open(page[:0], page[pageSize-nonceSize:pageSize], page[:text+tagSize], about[:]); err != nil {
		return errPage
	}
	clear(page[text:])
	return nil
}

// pageFile is a database or WAL whose pages are sealed. One connection uses it.
type pageFile struct {
	*diskFile
	c    *pageCipher
	wal  bool
	buf  [frameSize]byte
	page [pageSize]byte
}

// clearGap puts zeros between the pointers and the cells of a b-tree page
// (https://sqlite.org/fileformat.html#b_tree_pages): when SQLite arranges a page anew, the bytes of
// cells that moved or went stay there. secure_delete covers all other places where something was
// deleted. The WAL has no such care, because its checksums are over the page as it is; it is cut
// off after an erasure.
func clearGap(page []byte, number int64) {
	// The first byte tells a b-tree page from an overflow or free page only as long as these
	// begin with the number of a page below 2^25.
	if number >= 1<<25 {
		return
	}
	head := page
	if number == 0 {
		head = page[100:]
	}
	begin := len(page) - len(head)
	switch head[0] {
	case 2, 5:
		begin += 12
	case 10, 13:
		begin += 8
	default:
		return
	}
	begin += 2 * int(binary.BigEndian.Uint16(head[3:]))
	end := int(binary.BigEndian.Uint16(head[5:]))
	if begin <= end && end <= pageSize-pageReserve {
		clear(page[begin:end])
	}
}

// DeviceCharacteristics leaves out what holds only for pages that are written as they are.
func (f *pageFile) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return f.File.DeviceCharacteristics() & (vfs.IOCAP_POWERSAFE_OVERWRITE | vfs.IOCAP_SEQUENTIAL | vfs.IOCAP_UNDELETABLE_WHEN_OPEN | vfs.IOCAP_IMMUTABLE)
}

func (f *pageFile) ReadAt(p []byte, off int64) (int, error) {
	if f.wal {
		return f.readWAL(p, off)
	}
	n := 0
	for n < len(p) {
		at := off + int64(n)
		page, in := at/pageSize, int(at%pageSize)
		whole := in == 0 && len(p)-n >= pageSize
		into := f.buf[:pageSize]
		if whole {
			into = p[n : n+pageSize]
		}
		if got, err := f.diskFile.ReadAt(into, page*pageSize); got < pageSize {
			return n, err
		}
		if err := f.c.open(into, place(false, page)); err != nil {
			if page != 0 || whole {
				return n, sqlite3.IOERR_DATA
			}
			f.header(into)
		}
		if whole {
			n += pageSize
		} else {
			n += copy(p[n:], into[in:])
		}
	}
	return n, nil
}

// header stands for page 1 where a part of it is asked for and the page does not open: SQLite
// looks at the page size before it knows whether the WAL has a better page 1, and without a
// lock, so that the page may be just being written. Where it has none, the whole page is read
// next and refused.
func (f *pageFile) header(page []byte) {
	clear(page)
	copy(page, "SQLite format 3\x00")
	binary.BigEndian.PutUint16(page[16:], pageSize)
	page[18], page[19], page[20], page[21], page[22], page[23] = 2, 2, pageReserve, 64, 32, 32
}

func (f *pageFile) WriteAt(p []byte, off int64) (int, error) {
	if f.wal {
		return f.writeWAL(p, off)
	}
	if off%pageSize != 0 || len(p)%pageSize != 0 {
		return 0, sqlite3.IOERR_WRITE
	}
	for n := 0; n < len(p); n += pageSize {
		number := off/pageSize + int64(n/pageSize)
		copy(f.page[:], p[n:n+pageSize])
		clearGap(f.page[:], number)
		if err := f.c.seal(f.buf[:pageSize], f.page[:], place(false, number)); err != nil {
			return n, sqlite3.IOERR_DATA
		}
		if _, err := f.diskFile.WriteAt(f.buf[:pageSize], off+int64(n)); err != nil {
			return n, err
		}
	}
	return len(p), nil
}

// readWAL reads the head, (a part of) a frame's head, a page, or a whole frame. A whole frame is
// read by recovery, which finds the end of the log by checksums: a page that does not open is
// given as zeros, whose checksum is wrong.
func (f *pageFile) readWAL(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at < walHead {
			got, err := f.diskFile.ReadAt(p[n:min(len(p), n+int(walHead-at))], at)
			if n += got; err != nil {
				return n, err
			}
			continue
		}
		frame, in := (at-walHead)/frameSize, int((at-walHead)%frameSize)
		begin := walHead + frame*frameSize
		if in < frameHead {
			head := f.buf[:frameHead]
			if got, err := f.diskFile.ReadAt(head, begin); got < frameHead {
				return n, err
			}
			f.c.frame.Decrypt(head[8:], head[8:])
			n += copy(p[n:], head[in:])
			continue
		}
		page := f.buf[frameHead:]
		if got, err := f.diskFile.ReadAt(page, begin+frameHead); got < pageSize {
			return n, err
		}
		if err := f.c.open(page, place(true, frame)); err != nil {
			if len(p) != frameSize {
				return n, sqlite3.IOERR_DATA
			}
			clear(page)
		}
		n += copy(p[n:], page[in-frameHead:])
	}
	return n, nil
}

// writeWAL takes the head, frames' heads and pages as SQLite writes them. In a frame's head the
// salts and the checksum of the content are enciphered as one block, which never repeats: the
// checksum runs over the whole log.
func (f *pageFile) writeWAL(p []byte, off int64) (n int, err error) {
	if off < walHead {
		if off+int64(len(p)) > walHead {
			return 0, sqlite3.IOERR_WRITE
		}
		return f.diskFile.WriteAt(p, off)
	}
	for n < len(p) {
		at := off + int64(n)
		frame, in := (at-walHead)/frameSize, int((at-walHead)%frameSize)
		var out []byte
		switch {
		case in == 0 && len(p)-n >= frameHead:
			out = f.buf[:frameHead]
			copy(out, p[n:])
			f.c.frame.Encrypt(out[8:], out[8:])
		case in == frameHead && len(p)-n >= pageSize:
			out = f.buf[:pageSize]
			if err := f.c.seal(out, p[n:n+pageSize], place(true, frame)); err != nil {
				return n, sqlite3.IOERR_DATA
			}
		default:
			return n, sqlite3.IOERR_WRITE
		}
		if _, err := f.diskFile.WriteAt(out, at); err != nil {
			return n, err
		}
		n += len(out)
	}
	return n, nil
}

// journalFile is the rollback journal, which SQLite makes only when a database goes over to its
// WAL: it holds page 1 then, which has the schema and nothing of a patient. Whatever is longer
// would be other pages in clear.
type journalFile struct{ *diskFile }

const journalMax = 3 * pageSize // a head of one sector, a page with its number and checksum

func (f *journalFile) WriteAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > journalMax {
		return 0, sqlite3.IOERR_WRITE
	}
	return f.diskFile.WriteAt(p, off)
}

// openPages wraps a file that was opened, by what SQLite says it is.
func (d *disk) openPages(f vfs.File, flags vfs.OpenFlag) (vfs.File, error) {
	if f == nil || d.pages == nil {
		return f, nil
	}
	w, ok := f.(*diskFile)
	switch {
	case flags&(vfs.OPEN_MAIN_DB|vfs.OPEN_WAL) != 0 && ok:
		return &pageFile{diskFile: w, c: d.pages, wal: flags&vfs.OPEN_WAL != 0}, nil
	case flags&vfs.OPEN_MAIN_JOURNAL != 0 && ok:
		return &journalFile{w}, nil
	}
	f.Close()
	return nil, sqlite3.CANTOPEN // temp_store is memory: nothing else touches the disk
}

// plain reports whether a database file is not sealed.
func plain(header io.ReaderAt) (bool, error) {
	var b [16]byte
	n, err := header.ReadAt(b[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return n == len(b) && string(b[:]) == "SQLite format 3\x00", nil
}
