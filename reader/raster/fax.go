package raster

import (
	"errors"
	"io"
	"math/bits"
)

func reverseBits(data []byte) {
	for i, b := range data {
		data[i] = bits.Reverse8(b)
	}
}

var (
	errFaxCode = errors.New("no such code")
	errFaxEnd  = errors.New("end of page")
)

// faxDamage is the share of rows that may be damaged: a line error of a fax spoils a row or
// two, and the receiving machine copies the row above. More, and the page is not readable.
const faxDamage = 0.1

// decodeFax decodes CCITT data of the TIFF compressions 2, 3 and 4 into rows of packed bits,
// 1 for black. Rows after an end-of-page code are white. Sources: ITU-T T.4, T.6; TIFF 6.0
// sections 10 and 11.
func decodeFax(data []byte, width, rows int, compression, t4 uint32) ([]byte, error) {
	f := fax{data: data, width: width}
	rowBytes := (width + 7) / 8
	out := make([]byte, 0, min(rowBytes*rows, 1<<20))
	reference, current := []int{width, width, width}, []int(nil)
	damaged := 0
	for range rows {
		line, err := f.row(reference, current[:0], compression, t4)
		if err == errFaxEnd {
			break
		}
		if f.at > len(data)*8+codeBits {
			return nil, io.ErrUnexpectedEOF
		}
		if err != nil {
			if compression == ccittG4 {
				return nil, err
			}
			if damaged++; float64(damaged) > faxDamage*float64(rows)+1 || !f.resync() {
				return nil, err
			}
			line = append(current[:0], reference...) // the row above
		} else {
			line = append(line, width, width, width)
		}
		out = paint(out, line, width, rowBytes)
		reference, current = line, reference
	}
	return append(out, make([]byte, rowBytes*rows-len(out))...), nil
}

// fax reads bits; beyond the end come zeros, which are no code.
type fax struct {
	data  []byte
	at    int // in bits
	width int
}

func (f *fax) peek(n int) int {
	i := f.at / 8
	var v uint64
	for k := range 5 {
		v <<= 8
		if i+k < len(f.data) {
			v |= uint64(f.data[i+k])
		}
	}
	return int(v >> (40 - n - f.at%8) & (1<<n - 1))
}

// row decodes one row into the positions where its colour changes, white first.
func (f *fax) row(reference, line []int, compression, t4 uint32) ([]int, error) {
	switch compression {
	case ccittG4:
		if f.peek(24) == 0x001001 || f.at >= len(f.data)*8 && f.at > 0 {
			if f.at >= len(f.data)*8 {
				return nil, io.ErrUnexpectedEOF
			}
			return nil, errFaxEnd
		}
		return f.row2D(reference, line)
	case ccittRLE:
		f.at = (f.at + 7) &^ 7
		if f.at >= len(f.data)*8 {
			return nil, io.ErrUnexpectedEOF
		}
		return f.row1D(line)
	}
	ends := 0
	for f.endOfLine() {
		if ends++; ends >= 2 && t4&1 == 0 || ends >= 3 {
			return nil, errFaxEnd
		}
		if t4&1 != 0 {
			f.at++
			if f.peek(12) == 1 && f.peekBack() { // EOL+1 follows EOL+1: end of page
				return nil, errFaxEnd
			}
		}
	}
	if f.at >= len(f.data)*8 {
		return nil, io.ErrUnexpectedEOF
	}
	if t4&1 != 0 && ends > 0 && !f.peekBack() {
		return f.row2D(reference, line)
	}
	return f.row1D(line)
}

// peekBack is the bit just read: the tag bit that says whether the next row is one-dimensional.
func (f *fax) peekBack() bool {
	i := f.at - 1
	return i >= 0 && i/8 < len(f.data) && f.data[i/8]>>(7-i%8)&1 == 1
}

// endOfLine skips fill bits and an EOL code, where they are next.
func (f *fax) endOfLine() bool {
	if f.peek(11) != 0 {
		return false
	}
	at := f.at
	for f.at < len(f.data)*8 {
		if f.at%8 == 0 && f.data[f.at/8] == 0 {
			f.at += 8
			continue
		}
		f.at++
		if f.peekBack() {
			return true
		}
	}
	f.at = max(at, len(f.data)*8)
	return false
}

// resync goes to the next EOL.
func (f *fax) resync() bool {
	for ; f.at < len(f.data)*8; f.at++ {
		if f.peek(12) == 1 {
			return true
		}
	}
	return false
}

// run reads a run length of a colour.
func (f *fax) run(colour int) (int, error) {
	total := 0
	for {
		c := runTables[colour][f.peek(codeBits)]
		if c.bits == 0 {
			return 0, errFaxCode
		}
		f.at += int(c.bits)
		total += int(c.run)
		if total > f.width {
			return 0, errFaxCode
		}
		if c.run < 64 {
			return total, nil
		}
	}
}

func (f *fax) row1D(line []int) ([]int, error) {
	for a0, colour := 0, 0; a0 < f.width; colour ^= 1 {
		n, err := f.run(colour)
		if err != nil {
			return line, err
		}
		if a0 += n; a0 > f.width {
			return line, errFaxCode
		}
		line = append(line, a0)
		if len(line) > 2*f.width+4 {
			return line, errFaxCode
		}
	}
	return line, nil
}

// row2D decodes against the row above. Source: T.4 section 4.2, T.6 section 2.2.
func (f *fax) row2D(reference, line []int) ([]int, error) {
	a0, colour, i := -1, 0, 0
	for a0 < f.width {
		if len(line) > 2*f.width+4 {
			return line, errFaxCode
		}
		for i > 0 && reference[i-1] > a0 {
			i--
		}
		for i < len(reference)-2 && (reference[i] <= a0 && reference[i] < f.width || i&1 != colour) {
			i++
		}
		b1, b2 := reference[i], reference[min(i+1, len(reference)-1)]
		mode := twoDimensional[f.peek(7)]
		f.at += int(mode.bits)
		switch mode.kind {
		case modePass:
			a0 = b2
		case modeHorizontal:
			first, err := f.run(colour)
			if err != nil {
				return line, err
			}
			second, err := f.run(colour ^ 1)
			if err != nil {
				return line, err
			}
			a1 := max(a0, 0) + first
			a0 = a1 + second
			if a0 > f.width {
				return line, errFaxCode
			}
			line = append(line, a1, a0)
		case modeVertical:
			a1 := b1 + int(mode.shift)
			if a1 < max(a0, 0) || a1 > f.width {
				return line, errFaxCode
			}
			line = append(line, a1)
			a0, colour = a1, colour^1
		default:
			return line, errFaxCode
		}
	}
	return line, nil
}

const (
	modeNone = iota
	modePass
	modeHorizontal
	modeVertical
)

type mode struct {
	kind  uint8
	bits  uint8
	shift int8
}

// twoDimensional is by the next 7 bits. Source: T.4 table 4.
var twoDimensional = func() (t [1 << 7]mode) {
	for _, m := range []struct {
		code string
		mode
	}{
		{"0001", mode{kind: modePass}},
		{"001", mode{kind: modeHorizontal}},
		{"1", mode{kind: modeVertical}},
		{"011", mode{kind: modeVertical, shift: 1}},
		{"000011", mode{kind: modeVertical, shift: 2}},
		{"0000011", mode{kind: modeVertical, shift: 3}},
		{"010", mode{kind: modeVertical, shift: -1}},
		{"000010", mode{kind: modeVertical, shift: -2}},
		{"0000010", mode{kind: modeVertical, shift: -3}},
	} {
		first := 0
		for _, c := range m.code {
			first = first<<1 | int(c-'0')
		}
		m.bits = uint8(len(m.code))
		rest := 7 - len(m.code)
		for i := range 1 << rest {
			t[first<<rest|i] = m.mode
		}
	}
	return t
}()

// paint appends a row: black between every second pair of changes.
func paint(out []byte, line []int, width, rowBytes int) []byte {
	start := len(out)
	out = append(out, make([]byte, rowBytes)...)
	row := out[start:]
	for i := 0; i+1 < len(line); i += 2 {
		from, to := line[i], min(line[i+1], width)
		for from < to {
			if from%8 == 0 && to-from >= 8 {
				row[from/8] = 0xFF
				from += 8
				continue
			}
			row[from/8] |= 0x80 >> (from % 8)
			from++
		}
	}
	return out
}
