package bulk

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/klauspost/compress/zstd"

	"chartlake/envelope"
	"chartlake/fault"
)

// The files of a job stand in its folder, each a chain of frames: four bytes of length, a nonce,
// and text packed with zstd and sealed with AES-256-GCM under the job's own key. A frame is bound to
// its file and place. A file can be cut after any frame and gone on with: that is what resuming does.
// The key is in the row of the job; once that is gone nobody can read what a disk may still hold.

const (
	frameText = 1 << 20                 // bytes of text of a full frame
	frameMax  = frameText + frameText/2 // bytes of a frame as it stands: more is damage
	nonceSize = 12
)

// newKey makes the key of a job's files.
func newKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // does not fail
	return key
}

func sealer(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fault.New(fault.Corrupt, "task_damaged", "the row of a task cannot be read")
	}
	return cipher.NewGCM(block)
}

func frameAbout(name string, n int64) []byte {
	return binary.AppendVarint([]byte(name+"\x00"), n)
}

// fileWriter adds frames to a file.
type fileWriter struct {
	f      *os.File
	name   string
	aead   cipher.AEAD
	pack   *zstd.Encoder
	text   []byte
	frames int64
	size   int64 // on the disk
}

// openFile opens a file of a job to go on after so many bytes and frames; what stands behind
// them is cut off.
func openFile(folder, name string, key []byte, size, frames int64) (*fileWriter, error) {
	aead, err := sealer(key)
	if err != nil {
		return nil, err
	}
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(folder, name), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, diskFault(err)
	}
	if err = f.Truncate(size); err == nil {
		_, err = f.Seek(size, io.SeekStart)
	}
	if err == nil && size == 0 {
		err = envelope.SyncFolder(folder)
	}
	if err != nil {
		f.Close()
		return nil, diskFault(err)
	}
	return &fileWriter{f: f, name: name, aead: aead, pack: pack, frames: frames, size: size}, nil
}

// Write adds text.
func (w *fileWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		take := min(len(p), frameText-len(w.text))
		w.text, p = append(w.text, p[:take]...), p[take:]
		if len(w.text) == frameText {
			if err := w.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

func (w *fileWriter) flush() error {
	if len(w.text) == 0 {
		return nil
	}
	packed := w.pack.EncodeAll(w.text, nil)
	w.text = w.text[:0]
	frame := make([]byte, 4+nonceSize, 4+nonceSize+len(packed)+w.aead.Overhead())
	_, _ = rand.Read(frame[4:])
	frame = w.aead.Seal(frame, frame[4:4+nonceSize], packed, frameAbout(w.name, w.frames))
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
	if _, err := w.f.Write(frame); err != nil {
		return diskFault(err)
	}
	w.frames++
	w.size += int64(len(frame))
	return nil
}

// sync makes all that was written durable.
func (w *fileWriter) sync() error {
	if err := w.flush(); err != nil {
		return err
	}
	return diskFault(w.f.Sync())
}

func (w *fileWriter) close() { _ = w.f.Close() }

// fileReader reads the text of a file up to a size.
type fileReader struct {
	f      *os.File
	r      io.Reader
	name   string
	aead   cipher.AEAD
	unpack *zstd.Decoder
	frames int64
	left   int64 // bytes on the disk
	text   bytes.Reader
}

// readFile opens a file of a job; size is how much of it counts.
func readFile(folder, name string, key []byte, size int64) (*fileReader, error) {
	aead, err := sealer(key)
	if err != nil {
		return nil, err
	}
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*frameText))
	if err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		unpack.Close()
		return nil, fault.New(fault.Gone, "file_gone", "the file is not kept any more")
	}
	return &fileReader{f: f, r: f, name: name, aead: aead, unpack: unpack, left: size}, nil
}

func (r *fileReader) Read(p []byte) (int, error) {
	for r.text.Len() == 0 {
		if r.left == 0 {
			return 0, io.EOF
		}
		if err := r.frame(); err != nil {
			return 0, err
		}
	}
	return r.text.Read(p)
}

func (r *fileReader) frame() error {
	damaged := fault.New(fault.Corrupt, "file_damaged", "a file of the job is damaged")
	var head [4]byte
	if _, err := io.ReadFull(r.r, head[:]); err != nil {
		return damaged
	}
	n := int64(binary.BigEndian.Uint32(head[:]))
	if r.left -= 4 + n; n < nonceSize || n > frameMax || r.left < 0 {
		return damaged
	}
	frame := make([]byte, n)
	if _, err := io.ReadFull(r.r, frame); err != nil {
		return damaged
	}
	packed, err := r.aead.Open(frame[nonceSize:nonceSize], frame[:nonceSize], frame[nonceSize:], frameAbout(r.name, r.frames))
	if err != nil {
		return damaged
	}
	text, err := r.unpack.DecodeAll(packed, nil)
	if err != nil {
		return damaged
	}
	r.frames++
	r.text.Reset(text)
	return nil
}

// Close ends reading.
func (r *fileReader) Close() error {
	r.unpack.Close()
	return r.f.Close()
}

func fileName(n int) string { return strconv.Itoa(n) + ".ndjson" }
