package raster

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"math/rand/v2"
	"testing"

	"chartlake/reader/readertest"

	"golang.org/x/image/ccitt"
)

// bilevel is a picture of one bit per pixel, 1 black, as rows of changes.
type bilevel struct {
	w, h int
	row  [][]int // positions where the colour changes, white first, without the end
}

// blocks is a picture with runs of many lengths; the same for the same size.
func blocks(w, h int) bilevel {
	r := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	b := bilevel{w: w, h: h}
	for y := range h {
		if y%3 == 1 && r.IntN(4) > 0 { // like the row above, a little shifted
			var row []int
			last := -1
			for _, x := range b.row[y-1] {
				x += r.IntN(7) - 3
				if x > last && x < w {
					row, last = append(row, x), x
				}
			}
			b.row = append(b.row, row)
			continue
		}
		var row []int
		for x := r.IntN(w); x < w; x += 1 + r.IntN(1+r.IntN(w)) {
			row = append(row, x)
		}
		b.row = append(b.row, row)
	}
	return b
}

func (b bilevel) packed() (out []byte) {
	for _, row := range b.row {
		out = paint(out, append(append([]int{}, row...), b.w, b.w, b.w), b.w, (b.w+7)/8)
	}
	return out
}

type bitWriter struct {
	out []byte
	n   int
}

func (w *bitWriter) code(s string) {
	for _, c := range s {
		if w.n%8 == 0 {
			w.out = append(w.out, 0)
		}
		if c == '1' {
			w.out[w.n/8] |= 0x80 >> (w.n % 8)
		}
		w.n++
	}
}

func (w *bitWriter) run(colour, n int) {
	short, long := whiteRuns, whiteMakeup
	if colour == 1 {
		short, long = blackRuns, blackMakeup
	}
	for ; n > 2623; n -= 2560 {
		w.code(longMakeup[12])
	}
	switch {
	case n >= 1792:
		w.code(longMakeup[(n-1792)/64])
	case n >= 64:
		w.code(long[n/64-1])
	}
	w.code(short[n%64])
}

func (w *bitWriter) row1D(b bilevel, row []int) {
	at, colour := 0, 0
	for _, x := range append(append([]int{}, row...), b.w) {
		w.run(colour, x-at)
		at, colour = x, colour^1
	}
}

// row2D encodes as T.6 section 2.2 lays down.
func (w *bitWriter) row2D(b bilevel, above, row []int) {
	change := func(row []int, after, colour int) int {
		for i, x := range row {
			if x > after && i%2 == colour {
				return x
			}
		}
		return b.w
	}
	next := func(row []int, after int) int {
		for _, x := range row {
			if x > after {
				return x
			}
		}
		return b.w
	}
	for a0, colour := -1, 0; a0 < b.w; {
		a1 := change(row, a0, colour)
		b1 := change(above, a0, colour)
		b2 := next(above, b1)
		switch d := a1 - b1; {
		case b2 < a1:
			w.code("0001")
			a0 = b2
		case d >= -3 && d <= 3:
			w.code(map[int]string{0: "1", 1: "011", 2: "000011", 3: "0000011", -1: "010", -2: "000010", -3: "0000010"}[d])
			a0, colour = a1, colour^1
		default:
			a2 := next(row, a1)
			w.code("001")
			w.run(colour, a1-max(a0, 0))
			w.run(colour^1, a2-a1)
			a0 = a2
		}
	}
}

const eol = "000000000001"

func encodeG4(b bilevel) []byte {
	var w bitWriter
	var above []int
	for _, row := range b.row {
		w.row2D(b, above, row)
		above = row
	}
	w.code(eol + eol)
	return w.out
}

func encodeG3(b bilevel, twoDimensional, ends bool) []byte {
	var w bitWriter
	var above []int
	for y, row := range b.row {
		if ends {
			w.code(eol)
		}
		switch {
		case twoDimensional && y%4 != 0:
			w.code("0")
			w.row2D(b, above, row)
		case twoDimensional:
			w.code("1")
			w.row1D(b, row)
		default:
			w.row1D(b, row)
		}
		above = row
	}
	if ends {
		for range 6 {
			w.code(eol)
			if twoDimensional {
				w.code("1")
			}
		}
	}
	return w.out
}

func encodeRLE(b bilevel) []byte {
	var w bitWriter
	for _, row := range b.row {
		w.row1D(b, row)
		w.n = len(w.out) * 8
	}
	return w.out
}

func TestFax(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{1, 1}, {7, 5}, {64, 32}, {1728, 60}, {5000, 20}} {
		b := blocks(size[0], size[1])
		want := b.packed()
		for name, c := range map[string]struct {
			data            []byte
			compression, t4 uint32
		}{
			"G4":                 {encodeG4(b), ccittG4, 0},
			"G3":                 {encodeG3(b, false, true), ccittG3, 0},
			"G3 two-dimensional": {encodeG3(b, true, true), ccittG3, 1},
			"G3 without EOL":     {encodeG3(b, false, false), ccittG3, 0},
			"RLE":                {encodeRLE(b), ccittRLE, 0},
		} {
			got, err := decodeFax(c.data, b.w, b.h, c.compression, c.t4)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s of %d×%d: %v, %d of %d bytes differ", name, b.w, b.h, err, differing(got, want), len(want))
			}
		}
	}
}

func differing(a, b []byte) (n int) {
	for i := range b {
		if i >= len(a) || a[i] != b[i] {
			n++
		}
	}
	return n
}

// TestFaxAgainstAnotherDecoder guards the code tables: encoder and decoder here share them.
func TestFaxAgainstAnotherDecoder(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{64, 32}, {1728, 60}, {2600, 40}} {
		b := blocks(size[0], size[1])
		for sub, data := range map[ccitt.SubFormat][]byte{ccitt.Group4: encodeG4(b), ccitt.Group3: encodeG3(b, false, true)} {
			got, err := io.ReadAll(ccitt.NewReader(bytes.NewReader(data), ccitt.MSB, sub, b.w, b.h, &ccitt.Options{Invert: true}))
			if err != nil {
				t.Fatalf("%d×%d: %v", b.w, b.h, err)
			}
			if want := b.packed(); !bytes.Equal(got, want) {
				t.Errorf("format %d of %d×%d: %d bytes differ", sub, b.w, b.h, differing(got, want))
			}
		}
	}
}

// TestFaxDamage: a spoilt row of a Group 3 fax becomes the row above; a Group 4 page is lost.
func TestFaxDamage(t *testing.T) {
	t.Parallel()
	b := blocks(400, 100)
	data := encodeG3(b, false, true)
	data[len(data)/2] ^= 0xFF
	got, err := decodeFax(data, b.w, b.h, ccittG3, 0)
	if err != nil {
		t.Fatal(err)
	}
	wrong, rowBytes := 0, 50
	for y := range b.h {
		if !bytes.Equal(got[y*rowBytes:(y+1)*rowBytes], b.packed()[y*rowBytes:(y+1)*rowBytes]) {
			wrong++
		}
	}
	if wrong == 0 || wrong > 4 {
		t.Errorf("%d rows differ", wrong)
	}
	short := encodeG4(b)
	if _, err := decodeFax(short[:len(short)/2], b.w, b.h, ccittG4, 0); err == nil {
		t.Error("half a page was read")
	}
	if _, err := decodeFax(bytes.Repeat([]byte{0xA5}, 200), 400, 100, ccittG3, 0); !errors.Is(err, errFaxCode) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("noise: %v", err)
	}
}

func TestFaxPages(t *testing.T) {
	t.Parallel()
	b := blocks(64, 32)
	reversed := append([]byte{}, encodeG4(b)...)
	for i := range reversed {
		reversed[i] = bits.Reverse8(reversed[i])
	}
	tags := readertest.Bilevel(64, 32, ccittG4)
	data := readertest.TIFF(binary.LittleEndian,
		readertest.Directory{Tags: tags, Strips: [][]byte{encodeG4(b)}},
		readertest.Directory{Tags: append(append([]readertest.Tag{}, tags...), readertest.Tag{ID: 266, Values: []uint32{2}}), Strips: [][]byte{reversed}},
		readertest.Directory{Tags: append(append([]readertest.Tag{}, tags...), readertest.Tag{ID: 282, Values: []uint32{204}}, readertest.Tag{ID: 283, Values: []uint32{98}}), Strips: [][]byte{encodeG4(b)}},
	)
	want := b.packed()
	for n := 1; n <= 2; n++ {
		g := page(t, data, TIFF, n).Gray()
		for i, v := range g.Pix {
			black := want[i/64*8+i%64/8]>>(7-i%8)&1 == 1
			if (v == 0) != black || v != 0 && v != 255 {
				t.Fatalf("page %d: pixel %d is %d", n, i, v)
			}
		}
	}
	fax := page(t, data, TIFF, 3)
	if !fax.Coarse() {
		t.Error("a fax of 204 by 98 dpi is not coarse")
	}
	if g := fax.Gray(); g.Rect.Dy() != 67 || g.Rect.Dx() != 64 || fax.DPI != 204 {
		t.Errorf("fax resolution: %v at %g", g.Rect, fax.DPI)
	}
}

func zeros(t testing.TB, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	z, _ := zlib.NewWriterLevel(&b, zlib.BestSpeed)
	for ; n > 0; n -= 1 << 16 {
		z.Write(make([]byte, 1<<16))
	}
	z.Close()
	return b.Bytes()
}

func FuzzFax(f *testing.F) {
	b := blocks(64, 32)
	f.Add(encodeG4(b), uint32(4), uint32(0), 64)
	f.Add(encodeG3(b, true, true), uint32(3), uint32(1), 64)
	f.Add(encodeRLE(b), uint32(2), uint32(0), 64)
	f.Fuzz(func(t *testing.T, data []byte, compression, t4 uint32, width int) {
		width = 1 + int(uint(width)%3000)
		out, err := decodeFax(data, width, 50, 2+compression%3, t4)
		if err == nil && len(out) != 50*((width+7)/8) {
			t.Fatalf("%d bytes", len(out))
		}
	})
}

func BenchmarkG4(b *testing.B) {
	p := blocks(1728, 2200)
	data := encodeG4(p)
	b.SetBytes(1728 * 2200 / 8)
	for b.Loop() {
		if _, err := decodeFax(data, p.w, p.h, ccittG4, 0); err != nil {
			b.Fatal(err)
		}
	}
}
