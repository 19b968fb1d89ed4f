package envelope

import (
	"bytes"
	"crypto/cipher"
	"encoding/binary"
	"io"
	"sync"

	"chartlake/fault"
)

// A Stream is a long text sealed in pieces, so that it is written and read at any place
// without being held in memory:
//
//	head (StreamHead bytes): a text, the data key's number (8, big endian), the text's size (8),
//	                         the stream's own key sealed under the data key
//	pieces of 64 KiB, the last one shorter, each followed by its tag (16)
//
// A piece's nonce is its number and whether it is the last, so pieces cannot be moved, left out
// or cut off. The stream's key is bound to the size, the data key and about (the hash of the
// text). The head is written last, once the hash is known.
const (
	StreamHead  = 128
	streamMagic = "chartlake sealed 1\n"
	streamSize  = 32 // where the size stands; the key's number is before it
	pieceSize   = 64 << 10
)

// StreamWriter seals what is written to it. Close it, then write Head at the beginning.
type StreamWriter struct {
	w    io.Writer
	key  Key
	aead cipher.AEAD
	buf  []byte
	n    uint64 // pieces written
	size int64
}

// NewStream writes room for the head to w, and seals what comes.
func NewStream(w io.Writer) (*StreamWriter, error) {
	s := &StreamWriter{w: w, key: newKey(), buf: make([]byte, 0, pieceSize+tagSize)}
	s.aead = s.key.aead()
	_, err := w.Write(make([]byte, StreamHead))
	return s, err
}

// Write seals whole pieces as they become full.
func (s *StreamWriter) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		if len(s.buf) == pieceSize {
			if err := s.flush(false); err != nil {
				return n, err
			}
		}
		take := min(pieceSize-len(s.buf), len(p))
		s.buf = append(s.buf, p[:take]...)
		p, n = p[take:], n+take
	}
	return n, nil
}

// Close seals the last piece.
func (s *StreamWriter) Close() error { return s.flush(true) }

func (s *StreamWriter) flush(last bool) error {
	nonce := pieceNonce(s.n, last)
	s.size += int64(len(s.buf))
	sealed := s.aead.Seal(s.buf[:0], nonce[:], s.buf, nil)
	s.n++
	_, err := s.w.Write(sealed)
	s.buf = s.buf[:0]
	return err
}

func pieceNonce(n uint64, last bool) (nonce [nonceSize]byte) {
	binary.BigEndian.PutUint64(nonce[:], n)
	if last {
		nonce[8] = 1
	}
	return nonce
}

// Head gives the head of the finished stream under a data key.
func (s *StreamWriter) Head(v *Vault, id int64, about []byte) ([]byte, error) {
	head := append(make([]byte, 0, StreamHead), streamMagic...)
	head = binary.BigEndian.AppendUint64(head[:streamSize-8], uint64(id))
	head = binary.BigEndian.AppendUint64(head, uint64(s.size))
	head, err := v.Seal(head, id, s.key[:], headAbout(head, about))
	if err != nil {
		return nil, err
	}
	return head[:StreamHead], nil
}

// Reader reads back a closed stream whose head may not be written yet, from r.
func (s *StreamWriter) Reader(r io.ReaderAt) *StreamReader {
	return &StreamReader{r: r, aead: s.aead, size: s.size, have: -1}
}

func headAbout(head, about []byte) []byte {
	return append(append([]byte(nil), head[:streamSize+8]...), about...)
}

// StreamKey gives the number of the data key of a stream's head; ok false where it is no head.
func StreamKey(head []byte) (id int64, ok bool) {
	if len(head) < StreamHead || !bytes.HasPrefix(head, []byte(streamMagic)) {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(head[streamSize-8:])), true
}

// StreamText is how long the text of a stream of so many bytes is.
func StreamText(size int64) int64 {
	size -= StreamHead
	pieces := max(1, (size+pieceSize+tagSize-1)/(pieceSize+tagSize))
	return max(0, size-pieces*tagSize)
}

// StreamReader reads the text of a stream at any place; many goroutines may.
type StreamReader struct {
	r    io.ReaderAt
	aead cipher.AEAD
	size int64

	mu    sync.Mutex
	have  int64 // number of the piece that is in piece; -1: none
	piece []byte
	buf   []byte
}

// OpenStream opens a stream. Faults: Gone with code key_destroyed, Corrupt.
func (v *Vault) OpenStream(r io.ReaderAt, about []byte) (*StreamReader, error) {
	head := make([]byte, StreamHead)
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	}
	id, ok := StreamKey(head)
	size := int64(binary.BigEndian.Uint64(head[streamSize:]))
	if !ok || size < 0 {
		return nil, damaged()
	}
	var key Key
	text, err := v.Open(key[:0], id, head[streamSize+8:streamSize+8+Overhead+len(key)], headAbout(head, about))
	if err != nil {
		return nil, err
	}
	if len(text) != len(key) {
		return nil, damaged()
	}
	return &StreamReader{r: r, aead: key.aead(), size: size, have: -1}, nil
}

// Size is that of the text.
func (s *StreamReader) Size() int64 { return s.size }

// ReadAt is io.ReaderAt's; a damaged piece is Corrupt.
func (s *StreamReader) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fault.New(fault.Invalid, "bad_offset", "a place before the beginning")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(p) > 0 && off < s.size {
		if err := s.load(off / pieceSize); err != nil {
			return n, err
		}
		c := copy(p, s.piece[off%pieceSize:])
		p, n, off = p[c:], n+c, off+int64(c)
	}
	if len(p) > 0 {
		return n, io.EOF
	}
	return n, nil
}

func (s *StreamReader) load(i int64) error {
	if s.have == i {
		return nil
	}
	if s.buf == nil {
		s.buf = make([]byte, pieceSize+tagSize)
	}
	s.have = -1
	last := (i+1)*pieceSize >= s.size
	length := min(pieceSize, s.size-i*pieceSize)
	buf := s.buf[:length+tagSize]
	if n, err := s.r.ReadAt(buf, StreamHead+i*(pieceSize+tagSize)); n < len(buf) {
		if err == io.EOF {
			return damaged()
		}
		return err
	}
	nonce := pieceNonce(uint64(i), last)
	piece, err := s.aead.Open(buf[:0], nonce[:], buf, nil)
	if err != nil {
		return damaged()
	}
	s.piece, s.have = piece, i
	return nil
}
