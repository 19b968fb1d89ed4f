package pdf

import (
	"encoding/binary"
	"math"
)

// glyph is a character of the text layer, in page space.
type glyph struct {
	code                     rune // 0: not known
	left, right, bottom, top float64
	angle                    float64 // radians
	scale                    float64 // points for each unit of the font's size
	object                   uint64  // address of its text object; 0: PDFium made the character
}

// How PDFium's text page holds its characters in WebAssembly's memory: CPDF_TextPage has a
// vector of them, of which each CharInfo is a record (core/fpdftext/cpdf_textpage.h). The offsets
// are those of the release that go-pdfium embeds. They are not promised to stay: each page is
// held against what PDFium's functions say, and read by those where it differs.
const (
	vectorAt   = 16 // in the text page: addresses of the first record and behind the last
	recordSize = 80
	unicodeAt  = 4
	boxAt      = 20 // left, bottom, right, top
	matrixAt   = 52 // a to f
	objectAt   = 76
)

// glyphs gives the characters of a text page: out of memory in one piece, since three calls for
// each cost as much as all else of a page. It is good until the next call.
func (n *native) glyphs(text uint64, count int) []glyph {
	n.chars = n.chars[:0]
	if records, ok := n.records(text, count); ok {
		for i := range count {
			n.chars = append(n.chars, record(records[i*recordSize:]))
		}
		if n.asFunctionsSay(text) {
			return n.chars
		}
		n.chars = n.chars[:0]
	}
	for i := range count {
		n.chars = append(n.chars, n.char(text, i))
	}
	return n.chars
}

// records is a view of the records of all characters.
func (n *native) records(text uint64, count int) ([]byte, bool) {
	vector, ok := n.memory.Read(uint32(text)+vectorAt, 8)
	if !ok || n.err != nil {
		return nil, false
	}
	first, end := binary.LittleEndian.Uint32(vector), binary.LittleEndian.Uint32(vector[4:])
	if uint64(end) != uint64(first)+uint64(count)*recordSize {
		return nil, false
	}
	return n.memory.Read(first, end-first)
}

func record(b []byte) glyph {
	float := func(at int) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b[at:]))) }
	g := glyph{code: rune(binary.LittleEndian.Uint32(b[unicodeAt:])), object: uint64(binary.LittleEndian.Uint32(b[objectAt:]))}
	g.left, g.bottom, g.right, g.top = float(boxAt), float(boxAt+4), float(boxAt+8), float(boxAt+12)
	g.pose(float(matrixAt), float(matrixAt+8), float(matrixAt+12))
	return g
}

// pose takes the direction and the size from the matrix, as FPDFText_GetCharAngle does.
func (g *glyph) pose(a, c, d float64) {
	if c == 0 && a > 0 {
		g.angle, g.scale = 0, math.Abs(d)
		return
	}
	if g.angle = math.Atan2(c, a); g.angle < 0 {
		g.angle += 2 * math.Pi
	}
	g.scale = math.Hypot(c, d)
}

// probes is how many characters of a page, spread over it, are asked for by PDFium's functions.
const probes = 4

// asFunctionsSay reports whether what was read out of memory is what PDFium's functions give.
func (n *native) asFunctionsSay(text uint64) bool {
	for i := range min(probes, len(n.chars)) {
		at := i * (len(n.chars) - 1) / (probes - 1)
		g, said := n.chars[at], n.char(text, at)
		differ := max(math.Abs(g.left-said.left), math.Abs(g.right-said.right), math.Abs(g.bottom-said.bottom),
			math.Abs(g.top-said.top), math.Abs(g.angle-said.angle), math.Abs(g.scale-said.scale))
		if g.code != said.code || g.object != said.object || !(differ <= 1e-4*max(1, g.scale)) {
			return false
		}
	}
	return n.err == nil
}

// char asks PDFium's functions for a character.
func (n *native) char(text uint64, i int) glyph {
	at := uint64(i)
	g := glyph{code: rune(n.int(textUnicode, text, at)), object: n.call(textObject, text, at), scale: 1}
	n.call(textBox, text, at, n.at(0, 8), n.at(1, 8), n.at(2, 8), n.at(3, 8))
	v := n.doubles()
	g.left, g.right, g.bottom, g.top = v[0], v[1], v[2], v[3]
	if m, ok := n.matrixOf(textMatrix, text, at); ok {
		g.pose(m.a, m.c, m.d)
	}
	return g
}
