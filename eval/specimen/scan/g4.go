package scan

import (
	"image"
	"strings"
)

// bits collects bits, most significant first.
type bits struct {
	out  []byte
	acc  uint32
	used uint
}

func (b *bits) put(code string) {
	for i := 0; i < len(code); i++ {
		b.acc = b.acc<<1 | uint32(code[i]-'0')
		if b.used++; b.used == 8 {
			b.out = append(b.out, byte(b.acc))
			b.acc, b.used = 0, 0
		}
	}
}

func (b *bits) flush() []byte {
	for b.used != 0 {
		b.put("0")
	}
	return b.out
}

// run writes a run length: as many 2560s as fit, one multiple of 64, and the rest (T.4, 4.1.1).
func (b *bits) run(codes []string, n int) {
	for ; n >= 2560+64; n -= 2560 {
		b.put(codes[63+2560/64])
	}
	if n >= 64 {
		b.put(codes[63+n/64])
		n %= 64
	}
	b.put(codes[n])
}

// Vertical mode codes for an offset of -3 to +3 (T.6, table 1): negative is left.
var vertical = [7]string{"0000010", "000010", "010", "1", "011", "000011", "0000011"}

const (
	passMode       = "0001"
	horizontalMode = "001"
	endOfLine      = "000000000001"
)

// G4 encodes a picture by ITU-T T.6 (facsimile group 4): levels under 128 are black. The
// result ends with the end-of-block mark.
func G4(img *image.Gray) []byte {
	white, black := strings.Fields(whiteCodes), strings.Fields(blackCodes)
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	b := &bits{}
	reference, line := make([]bool, w), make([]bool, w)
	for y := 0; y < h; y++ {
		row := img.Pix[y*img.Stride : y*img.Stride+w]
		for x, level := range row {
			line[x] = level < 128
		}
		encodeLine(b, line, reference, white, black)
		reference, line = line, reference
	}
	b.put(endOfLine)
	b.put(endOfLine)
	return b.flush()
}

// change finds the first changing element right of x to a colour other than the given one;
// a line is white before its first element.
func change(line []bool, x int, colour bool) int {
	for x++; x < len(line); x++ {
		before := x > 0 && line[x-1]
		if line[x] != before && line[x] != colour {
			return x
		}
	}
	return len(line)
}

// encodeLine is the coding procedure of T.6, 2.2.5.
func encodeLine(b *bits, line, reference []bool, white, black []string) {
	w := len(line)
	a0, colour := -1, false
	for a0 < w {
		a1 := runEnd(line, max(a0, 0), colour)
		b1 := change(reference, a0, colour)
		b2 := runEnd(reference, min(b1, w), !colour)
		switch {
		case b2 < a1:
			b.put(passMode)
			a0 = b2
		case a1-b1 >= -3 && a1-b1 <= 3:
			b.put(vertical[a1-b1+3])
			a0, colour = a1, !colour
		default:
			a2 := runEnd(line, a1, !colour)
			b.put(horizontalMode)
			first, second := white, black
			if colour {
				first, second = black, white
			}
			b.run(first, a1-max(a0, 0))
			b.run(second, a2-a1)
			a0 = a2
		}
	}
}

// runEnd is where the run of a colour that includes x ends; x itself if it has another colour.
func runEnd(line []bool, x int, colour bool) int {
	for x < len(line) && line[x] == colour {
		x++
	}
	return x
}
