package pdf

import (
	"errors"
	"io"
	"sync"
)

const (
	blockSize  = 64 << 10 // PDFium asks for 512 bytes at a time
	blockCount = 16       // 1 MiB per open file
)

// source lets PDFium read a file of any size with flat memory: a few blocks, the least
// recently used one replaced. drop cuts it off from the file: go-pdfium keeps the reader
// of a killed instance in a table of its own.
type source struct {
	mu     sync.Mutex
	file   io.ReaderAt
	size   int64
	offset int64
	blocks [blockCount]block
	clock  int64
	given  int64 // bytes handed to PDFium, which keeps streams it has loaded
}

type block struct {
	number int64
	used   int64
	data   []byte
}

var errDropped = errors.New("file is closed")

func newSource(file io.ReaderAt, size int64) *source { return &source{file: file, size: size} }

func (s *source) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.file = nil
	s.blocks = [blockCount]block{}
}

func (s *source) Seek(offset int64, whence int) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += s.offset
	case io.SeekEnd:
		offset += s.size
	}
	if offset < 0 {
		return 0, errors.New("negative offset")
	}
	s.offset = offset
	return offset, nil
}

func (s *source) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return 0, errDropped
	}
	if s.offset >= s.size {
		return 0, io.EOF
	}
	data, err := s.block(s.offset / blockSize)
	if err != nil {
		return 0, err
	}
	from := int(s.offset % blockSize)
	if from >= len(data) {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, data[from:])
	s.offset += int64(n)
	s.given += int64(n)
	return n, nil
}

// taken is how many bytes were handed out: about what the instance's memory has grown by.
func (s *source) taken() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.given
}

func (s *source) block(number int64) ([]byte, error) {
	s.clock++
	oldest := 0
	for i := range s.blocks {
		b := &s.blocks[i]
		if b.data != nil && b.number == number {
			b.used = s.clock
			return b.data, nil
		}
		if b.used < s.blocks[oldest].used {
			oldest = i
		}
	}
	b := &s.blocks[oldest]
	if b.data == nil {
		b.data = make([]byte, blockSize)
	}
	b.data = b.data[:min(blockSize, s.size-number*blockSize)]
	n, err := s.file.ReadAt(b.data, number*blockSize)
	if n < len(b.data) {
		b.data, b.used = nil, 0
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	b.number, b.used = number, s.clock
	return b.data, nil
}
