package bulk

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"

	"chartlake/fault"
)

// Limits of what is read.
const (
	lineMax   = 32 << 20  // bytes of one resource, as of the store
	textMax   = 1 << 40   // bytes of one file, unpacked
	windowMax = 128 << 20 // memory of a zstd stream
	readSize  = 256 << 10
)

// read gives the chunks of all files of this round that are left, in order, to take.
func (l *loading) read(ctx context.Context, take func(*chunk) error) error {
	for n := l.p.File; n < l.p.turns(); n++ {
		r := &reader{l: l, ctx: ctx, round: n, file: l.p.turn(n), take: take}
		if n == l.p.File {
			r.offset, r.line, r.stamp = l.p.Offset, l.p.Line, l.p.Stamp
		}
		if err := r.run(); err != nil {
			return err
		}
	}
	return nil
}

// reader cuts a file into chunks.
type reader struct {
	l      *loading
	ctx    context.Context
	round  int // of the file in this round
	file   int
	offset int64 // where to begin
	line   int
	stamp  string
	take   func(*chunk) error

	in  *bufio.Reader
	pos int64
}

// run reads a file to its end. What makes the file unreadable is its own last refusal; what may
// be better the next time ends the job, which is then tried again.
func (r *reader) run() error {
	body, stamp, err := r.open()
	if err != nil {
		return r.refuse(err)
	}
	defer body.Close()
	if r.offset > 0 && stamp != r.stamp {
		return r.refuse(fault.New(fault.Invalid, "source_changed", "the file is another one than when the import began with it"))
	}
	r.stamp = stamp
	text, err := unpacked(body)
	if err != nil {
		return r.refuse(err)
	}
	defer text.Close()
	r.in = bufio.NewReaderSize(text, readSize)
	if skipped, err := io.CopyN(io.Discard, r.in, r.offset); err != nil {
		if errors.Is(err, io.EOF) {
			err = fault.New(fault.Invalid, "source_changed", "the file is shorter than when the import began with it")
		}
		r.pos = skipped
		return r.refuse(unreadable(err))
	}
	r.pos = r.offset
	for {
		c, err := r.chunk()
		if err != nil {
			c.broken, c.last = unreadable(err), true
			if !final(fault.KindOf(c.broken)) {
				return c.broken
			}
		}
		last := c.last
		if err := r.take(c); err != nil || last {
			return err
		}
	}
}

func (r *reader) open() (io.ReadCloser, string, error) {
	file := r.l.files[r.file]
	if file.URL == "" {
		f, err := r.l.d.read(r.ctx, r.l.task.ID, uploadName(r.file), r.l.ask.Key, r.l.ask.Uploads[r.file])
		return f, "", err
	}
	src, err := r.l.d.source(file.URL)
	if err != nil {
		return nil, "", err
	}
	return src.open(r.ctx)
}

// refuse ends a file that could not be read; what may be better the next time is given back.
func (r *reader) refuse(err error) error {
	if !final(fault.KindOf(err)) {
		return err
	}
	c := r.next()
	c.start, c.end, c.broken, c.last = r.offset, r.offset, err, true
	return r.take(c)
}

func (r *reader) next() *chunk {
	c := newChunk()
	c.round = r.round
	c.file, c.first, c.start, c.stamp, c.typ = r.file, r.line, r.pos, r.stamp, r.l.files[r.file].Type
	return c
}

// unreadable makes a fault of an error of a stream.
func unreadable(err error) error {
	switch {
	case fault.As(err) != nil:
		return err
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, zstd.ErrMagicMismatch), errors.Is(err, zstd.ErrCRCMismatch),
		errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return fault.New(fault.Unsupported, "source_damaged", "the packed file is damaged from here on")
	case errors.As(err, new(packedError)):
		return fault.New(fault.Unsupported, "source_damaged", "the packed file is damaged from here on")
	}
	return fault.New(fault.Unavailable, sourceAway, "the source broke off: %w", err)
}

// chunk reads the next lines. An error comes with what was read before it.
func (r *reader) chunk() (*chunk, error) {
	c := r.next()
	size := 0
	for len(c.lines) < chunkLines && size < chunkBytes {
		text, long, err := r.readLine()
		if err != nil && !errors.Is(err, io.EOF) {
			c.end = r.pos
			return c, err
		}
		ended := err != nil
		if r.pos > textMax {
			c.end = r.pos
			return c, fault.New(fault.TooLarge, "source_too_large", "the file has more than %d bytes", int64(textMax))
		}
		if !ended || len(text) > 0 || long {
			r.line++
			c.read++
		}
		if long || !blank(text) {
			c.lines = append(c.lines, line{text: text, at: r.line, end: r.pos, long: long})
			size += len(text)
		}
		if ended {
			c.last = true
			break
		}
	}
	c.end = r.pos
	return c, nil
}

// readLine reads up to the next line break. Of a line that is too long nothing is kept. The last
// line comes with io.EOF.
func (r *reader) readLine() (text []byte, long bool, err error) {
	begin := r.pos == 0
	for {
		piece, err := r.in.ReadSlice('\n')
		r.pos += int64(len(piece))
		if long = long || len(text)+len(piece) > lineMax; long {
			text = nil
		} else {
			text = append(text, piece...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if begin {
			text = bytes.TrimPrefix(text, byteOrderMark)
		}
		return bytes.TrimRight(text, "\r\n"), long, err
	}
}

// packedError is an error of unpacking, not of what is read.
type packedError struct{ error }

// unpacked gives the text of a file that is plain, gzip or zstd, as its first bytes say.
func unpacked(body io.Reader) (io.ReadCloser, error) {
	in := &reading{r: body}
	buffered := bufio.NewReaderSize(in, readSize)
	head, err := buffered.Peek(4)
	if err != nil && in.err != nil {
		return nil, unreadable(in.err)
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, fault.New(fault.Unsupported, "source_damaged", "the packed file is damaged")
		}
		return &unpacking{z, z.Close, in}, nil
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(windowMax))
		if err != nil {
			return nil, fault.New(fault.Unsupported, "source_damaged", "the packed file is damaged")
		}
		return &unpacking{z, func() error { z.Close(); return nil }, in}, nil
	}
	return &unpacking{buffered, func() error { return nil }, in}, nil
}

type unpacking struct {
	io.Reader
	close func() error
	in    *reading
}

// Read tells what is wrong with the packing from what is wrong with its source.
func (u *unpacking) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && u.in.err == nil {
		err = packedError{err}
	}
	return n, err
}

func (u *unpacking) Close() error { return u.close() }
