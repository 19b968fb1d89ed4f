package sniff

import (
	"bytes"
	"encoding/binary"
	"testing"

	"chartlake/fault"
	"chartlake/reader/readertest"
)

func TestType(t *testing.T) {
	t.Parallel()
	pdf := readertest.PDF("", readertest.Letter(""))
	little := readertest.TIFF(binary.LittleEndian, readertest.Directory{Tags: readertest.Bilevel(8, 1, 1), Strips: [][]byte{{1}}})
	big := readertest.TIFF(binary.BigEndian, readertest.Directory{Tags: readertest.Bilevel(8, 1, 1), Strips: [][]byte{{1}}})
	jpeg := []byte{0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 'J', 'F', 'I', 'F', 0}
	cases := []struct {
		name string
		data []byte
		kind string // or the code of the refusal
	}{
		{"pdf", pdf, PDF},
		{"pdf behind a mark and blanks", append([]byte("\xEF\xBB\xBF\r\n"), pdf...), PDF},
		{"pdf behind a mail header", append([]byte("Content-Type: application/pdf\r\n\r\n"), pdf...), PDF},
		{"little endian tiff", little, TIFF},
		{"big endian tiff", big, TIFF},
		{"jpeg", jpeg, JPEG},
		{"png with bytes behind it", []byte("\x89PNG\r\n\x1a\n and more"), PNG},
		{"nothing", nil, "empty"},
		{"one byte", []byte{'%'}, "unsupported_type"},
		{"text named .pdf", []byte("Dear Sir, please find attached\n"), "unsupported_type"},
		{"bigtiff little", []byte("II+\x00\x08\x00\x00\x00"), "unsupported_type"},
		{"bigtiff big", []byte("MM\x00+\x00\x08\x00\x00"), "unsupported_type"},
		{"gzip", []byte{0x1F, 0x8B, 8, 0}, "unsupported_type"},
		{"gzip with a pdf inside", append([]byte{0x1F, 0x8B, 8, 0}, pdf...), "unsupported_type"},
		{"zip and pdf", append([]byte("PK\x03\x04aaaa"), pdf...), "unsupported_type"},
		{"page and pdf", append([]byte("<html><script>"), pdf...), "unsupported_type"},
		{"program and pdf", append([]byte("MZ\x90\x00"), pdf...), "unsupported_type"},
		{"jpeg and pdf", append(append([]byte{}, jpeg...), pdf...), "unsupported_type"},
		{"gif", []byte("GIF89a"), "unsupported_type"},
		{"pdf beyond the first kilobyte", append(bytes.Repeat([]byte(" "), 1024), pdf...), "unsupported_type"},
	}
	for _, c := range cases {
		file, size := readertest.Reader(c.data)
		kind, err := Type(file, size)
		if err != nil {
			kind = fault.As(err).Code
		}
		if kind != c.kind {
			t.Errorf("%s: %s, want %s", c.name, kind, c.kind)
		}
	}
}

func FuzzType(f *testing.F) {
	f.Add([]byte("%PDF-1.7"))
	f.Add([]byte("PK\x03\x04%PDF-1.7"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, size := readertest.Reader(data)
		if kind, err := Type(file, size); (kind == "") == (err == nil) || err != nil && fault.As(err) == nil {
			t.Fatalf("%q, %v", kind, err)
		}
	})
}
