package bulk

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"io"
	"slices"
	"strconv"

	"github.com/klauspost/compress/zstd"

	"chartlake/fault"
)

// A file of a job is a chain of frames: four bytes of length, a nonce, and text packed with zstd
// and sealed with AES-256-GCM under the job's own key. A frame is bound to its file and place. The
// frames stand in pieces on a Shelf; which pieces count is in the row of the job, with the key. So a
// job goes on where its row says, in whatever process, and once the row is gone nobody can read what
// a disk may still hold.

const (
	frameText = 1 << 20                 // bytes of text of a full frame
	frameMax  = frameText + frameText/2 // bytes of a frame as it stands: more is damage
	nonceSize = 12
)

// file is how much of a file counts.
type file struct {
	Pieces []string `json:",omitempty"`
	Frames int64
}

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
	ctx       context.Context
	shelf     Shelf
	job, name string
	aead      cipher.AEAD
	pack      *zstd.Encoder
	text      []byte
	frames    int64  // sealed so far
	piece     []byte // frames that are not on the shelf yet
	at        file   // what is on the shelf
}

// write opens a file of a job to go on behind what counts of it.
func (d *Desk) write(ctx context.Context, job, name string, key []byte, at file) (*fileWriter, error) {
	aead, err := sealer(key)
	if err != nil {
		return nil, err
	}
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	at.Pieces = slices.Clip(at.Pieces)
	return &fileWriter{ctx: ctx, shelf: d.Shelf, job: job, name: name, aead: aead, pack: pack, frames: at.Frames, at: at}, nil
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

// flush seals a frame.
func (w *fileWriter) flush() error {
	if len(w.text) == 0 {
		return nil
	}
	packed := w.pack.EncodeAll(w.text, nil)
	w.text = w.text[:0]
	start := len(w.piece)
	w.piece = append(w.piece, make([]byte, 4+nonceSize)...)
	nonce := w.piece[start+4:]
	_, _ = rand.Read(nonce)
	w.piece = w.aead.Seal(w.piece, bytes.Clone(nonce), packed, frameAbout(w.name, w.frames))
	binary.BigEndian.PutUint32(w.piece[start:], uint32(len(w.piece)-start-4))
	w.frames++
	if len(w.piece) >= pieceBytes {
		return w.put()
	}
	return nil
}

func (w *fileWriter) put() error {
	if len(w.piece) == 0 {
		return nil
	}
	name := newPiece()
	if err := w.shelf.Put(w.ctx, w.job, name, w.piece); err != nil {
		return err
	}
	w.at.Pieces, w.at.Frames = append(w.at.Pieces, name), w.frames
	w.piece = w.piece[:0]
	return nil
}

// sync makes all that was written durable and says how much counts then.
func (w *fileWriter) sync() (file, error) {
	err := w.flush()
	if err == nil {
		err = w.put()
	}
	return file{slices.Clip(w.at.Pieces), w.at.Frames}, err
}

// fileReader reads the text of a file.
type fileReader struct {
	ctx       context.Context
	shelf     Shelf
	job, name string
	aead      cipher.AEAD
	unpack    *zstd.Decoder
	at        file
	next      int   // piece
	frames    int64 // read so far
	piece     []byte
	text      bytes.Reader
}

// read opens a file of a job. ctx must live as long as it is read.
func (d *Desk) read(ctx context.Context, job, name string, key []byte, at file) (*fileReader, error) {
	aead, err := sealer(key)
	if err != nil {
		return nil, err
	}
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*frameText))
	if err != nil {
		return nil, err
	}
	r := &fileReader{ctx: ctx, shelf: d.Shelf, job: job, name: name, aead: aead, unpack: unpack, at: at}
	if len(at.Pieces) > 0 { // what is not kept any more is said before anything is given
		if err := r.load(); err != nil {
			unpack.Close()
			return nil, err
		}
	}
	return r, nil
}

func (r *fileReader) Read(p []byte) (int, error) {
	for r.text.Len() == 0 {
		switch {
		case len(r.piece) > 0:
			if err := r.frame(); err != nil {
				return 0, err
			}
		case r.next < len(r.at.Pieces):
			if err := r.load(); err != nil {
				return 0, err
			}
		case r.frames != r.at.Frames:
			return 0, fileDamaged()
		default:
			return 0, io.EOF
		}
	}
	return r.text.Read(p)
}

// load gets the next piece.
func (r *fileReader) load() (err error) {
	r.piece, err = r.shelf.Get(r.ctx, r.job, r.at.Pieces[r.next])
	r.next++
	switch {
	case fault.Is(err, fault.NotFound):
		return fault.New(fault.Gone, "file_gone", "the file is not kept any more")
	case err == nil && len(r.piece) == 0:
		return fileDamaged()
	}
	return err
}

func fileDamaged() error {
	return fault.New(fault.Corrupt, "file_damaged", "a file of the job is damaged")
}

// frame opens the next frame of the piece.
func (r *fileReader) frame() error {
	if len(r.piece) < 4 {
		return fileDamaged()
	}
	n := int64(binary.BigEndian.Uint32(r.piece))
	if n < nonceSize || n > frameMax || n > int64(len(r.piece)-4) {
		return fileDamaged()
	}
	frame := r.piece[4 : 4+n]
	r.piece = r.piece[4+n:]
	packed, err := r.aead.Open(frame[nonceSize:nonceSize], frame[:nonceSize], frame[nonceSize:], frameAbout(r.name, r.frames))
	if err != nil {
		return fileDamaged()
	}
	text, err := r.unpack.DecodeAll(packed, nil)
	if err != nil {
		return fileDamaged()
	}
	r.frames++
	r.text.Reset(text)
	return nil
}

// Close ends reading.
func (r *fileReader) Close() error {
	r.unpack.Close()
	return nil
}

func fileName(n int) string { return strconv.Itoa(n) + ".ndjson" }
