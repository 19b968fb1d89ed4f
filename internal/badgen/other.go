package badgen

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"hash/adler32"
	"math/rand/v2"
	"strings"
)

// packed is data as a zlib stream.
func packed(data []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(data) // into memory
	_ = z.Close()
	return b.Bytes()
}

// zeros is a zlib stream whose own content is a zlib stream of zeros, n bytes long itself:
// packed again it is a thousand times shorter, and unpacked twice a hundred and fifty times
// longer. The inner stream is one block with fixed codes that repeats a zero by matches of
// 258 bytes, 13 bits each (RFC 1951, 3.2.5 and 3.2.6): length code 285 is 11000101, distance
// code 0 is 00000.
func zeros(n int) []byte {
	w := bits{out: []byte{0x78, 0x9C}}
	w.put(0b011, 3) // last block, fixed codes
	w.reversed(0x30, 8)
	count := 1
	for len(w.out) < n {
		w.reversed(0b11000101, 8)
		w.put(0, 5)
		count += 258
	}
	w.put(0, 7) // end of block
	w.flush()
	sum := adler32Zeros(count)
	return append(w.out, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
}

// adler32Zeros is the Adler-32 checksum of n zeros: the low half stays 1, the high half counts.
func adler32Zeros(n int) uint32 {
	if n < 1<<16 {
		return adler32.Checksum(make([]byte, n))
	}
	return uint32(n%65521)<<16 | 1
}

// bits writes bits from the lowest of each byte on, as deflate has them.
type bits struct {
	out  []byte
	hold uint32
	n    int
}

func (b *bits) put(v uint32, n int) {
	b.hold |= v << b.n
	for b.n += n; b.n >= 8; b.n -= 8 {
		b.out = append(b.out, byte(b.hold))
		b.hold >>= 8
	}
}

// reversed writes a Huffman code, whose highest bit comes first.
func (b *bits) reversed(code uint32, n int) {
	for i := n - 1; i >= 0; i-- {
		b.put(code>>i&1, 1)
	}
}

func (b *bits) flush() {
	if b.n > 0 {
		b.put(0, 8-b.n)
	}
}

func anyKinds() []kind {
	good := func(r *rand.Rand) []byte { return paper(someFont, someText).add(helvetica).bytes() }
	return []kind{
		{"any/empty", func(*rand.Rand, int) []byte { return nil }},
		{"any/one-byte", func(r *rand.Rand, s int) []byte { return []byte{three(s, 0, '%', byte(r.Uint32()))} }},
		{"any/head-only", func(r *rand.Rand, _ int) []byte {
			return [][]byte{[]byte("%PDF-1.7\n"), []byte("\x89PNG\r\n\x1a\n"), {0xFF, 0xD8, 0xFF}, []byte("II*\x00"), []byte("MM\x00*"), []byte("%PDF-1.7\n%%EOF")}[r.IntN(6)]
		}},
		{"any/noise", func(r *rand.Rand, s int) []byte { return noise(r, three(s, 100, 10_000, 1_000_000)) }},
		{"any/head-and-noise", func(r *rand.Rand, s int) []byte {
			head := [][]byte{[]byte("%PDF-1.7\n"), []byte("\x89PNG\r\n\x1a\n"), {0xFF, 0xD8, 0xFF, 0xE0}, []byte("II*\x00\x08\x00\x00\x00")}[r.IntN(4)]
			return append(bytes.Clone(head), noise(r, three(s, 100, 10_000, 1_000_000))...)
		}},
		{"any/polyglot", func(r *rand.Rand, s int) []byte {
			return three(s, append(smallJPEG(r), good(r)...), append(good(r), smallPNG(r)...), append(smallJPEG(r)[:20], good(r)...))
		}},
		{"any/wrong-kind", func(r *rand.Rand, _ int) []byte {
			var b bytes.Buffer
			switch r.IntN(6) {
			case 0:
				z := gzip.NewWriter(&b)
				_, _ = z.Write(good(r))
				_ = z.Close()
			case 1:
				z := zip.NewWriter(&b)
				if f, err := z.Create("a.pdf"); err == nil {
					_, _ = f.Write(good(r))
				}
				_ = z.Close()
			case 2:
				b.WriteString("<!doctype html><script>location='http://192.0.2.1/'</script>")
			case 3:
				b.WriteString("GIF89a\x01\x00\x01\x00\x00\x00\x00;")
			case 4:
				b.WriteString("\xff\xfea\x00b\x00c\x00")
			case 5:
				b.WriteString(`{"resourceType":"Bundle"}`)
			}
			return b.Bytes()
		}},
		// The harmless test string that every virus scanner knows, put together here so that
		// no scanner finds it in this file.
		{"any/eicar", func(r *rand.Rand, s int) []byte {
			sign := []byte(strings.Join([]string{`X5O!P%@AP[4\PZX54(P^)7CC)7}`, "$EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*"}, ""))
			return three(s, sign, append(good(r), sign...), append(smallPNG(r), sign...))
		}},
		{"any/name", func(r *rand.Rand, _ int) []byte { return good(r) }},
		{"any/tail", func(r *rand.Rand, s int) []byte { return append(good(r), noise(r, three(s, 10, 2000, 2_000_000))...) }},
		{"any/head", func(r *rand.Rand, s int) []byte {
			return append(bytes.Repeat([]byte("\n"), three(s, 10, 1000, 100_000)), good(r)...)
		}},
	}
}
