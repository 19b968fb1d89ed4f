package searchable

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
)

// The letters are invisible, so one glyph without an outline serves for all of them: a
// TrueType font that is made here, of two empty glyphs, whose every character is half as wide
// as it is high and stands on its baseline.
const (
	em      = 1000
	advance = em / 2
)

// table is a table of a TrueType font file.
type table struct {
	tag  string
	data []byte
}

func words(values ...int) []byte {
	var b []byte
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, uint16(v))
	}
	return b
}

// glyphless is the font file. Tables and fields: OpenType 1.9.1, chapters head, hhea, hmtx,
// maxp, loca, glyf, cmap, name, OS/2 and post.
func glyphless() []byte {
	long := func(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	tables := []table{
		{"OS/2", join(words(4, advance, 400, 5, 0, 650, 700, 0, 140, 650, 700, 0, 480, 50, 250, 0), make([]byte, 10), make([]byte, 16), []byte("CHRT"),
			words(64, 32, 0xFFFD, em, 0, 0, em, 0), make([]byte, 8), words(em/2, em*7/10, 0, 32, 1))},
		{"cmap", join(words(0, 1, 3, 1), long(12), words(4, 24, 0, 2, 2, 0, 0, 0xFFFF, 0, 0xFFFF, 1, 0))},
		{"glyf", make([]byte, 4)},
		{"head", join(words(1, 0, 1, 0), long(0), long(0x5F0F3CF5), words(11, em), make([]byte, 16), words(0, 0, advance, em, 0, 8, 2, 0, 0))},
		{"hhea", join(words(1, 0, em, 0, 0, advance, 0, 0, advance, 1, 0, 0), make([]byte, 8), words(0, 2))},
		{"hmtx", words(advance, 0, advance, 0)},
		{"loca", words(0, 0, 0)},
		{"maxp", join(words(1, 0, 2, 0, 0, 0, 0, 1), make([]byte, 16))},
		{"name", words(0, 0, 6)},
		{"post", join(words(3, 0, 0, 0, -100, 50), long(1), make([]byte, 16))},
	}
	n := len(tables)
	out := join(words(1, 0, n, 128, 3, n*16-128)) // search fields for ten tables: 8 is the greatest power of two below
	at := 12 + 16*n
	var body []byte
	head := 0
	for _, t := range tables {
		if t.tag == "head" {
			head = at + len(body)
		}
		out = append(out, t.tag...)
		out = append(out, long(sum(t.data))...)
		out = append(out, long(uint32(at+len(body)))...)
		out = append(out, long(uint32(len(t.data)))...)
		body = append(body, t.data...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
	}
	out = append(out, body...)
	binary.BigEndian.PutUint32(out[head+8:], 0xB1B0AFBA-sum(out)) // checkSumAdjustment
	return out
}

// sum is a table's checksum (OpenType, "Calculating checksums").
func sum(data []byte) (s uint32) {
	for i := 0; i < len(data); i += 4 {
		var four [4]byte
		copy(four[:], data[i:])
		s += binary.BigEndian.Uint32(four[:])
	}
	return s
}

// toUnicode is the ToUnicode map of codes that are UTF-16 already (ISO 32000-1, 9.10.3).
const toUnicode = `/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
1 beginbfrange
<0000> <FFFF> <0000>
endbfrange
endcmap
CMapName currentdict /CMap defineresource pop
end
end
`

func deflate(data []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(data) // into memory
	_ = z.Close()
	return b.Bytes()
}

// Objects of the font, which come first in the file.
const (
	catalogObject = 1 + iota
	pagesObject
	fontObject
	cidFontObject
	descriptorObject
	glyphsObject
	fileObject
	unicodeObject
	firstFree
)

// font writes the objects of the font. Its descent is -1 and not 0, which poppler takes for
// a descent that is not known.
func (w *Writer) font() {
	w.object(fontObject, fmt.Sprintf("<< /Type /Font /Subtype /Type0 /BaseFont /GlyphLess /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>", cidFontObject, unicodeObject))
	w.object(cidFontObject, fmt.Sprintf("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /GlyphLess /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor %d 0 R /DW %d /CIDToGIDMap %d 0 R >>",
		descriptorObject, advance, glyphsObject))
	w.object(descriptorObject, fmt.Sprintf("<< /Type /FontDescriptor /FontName /GlyphLess /Flags 5 /FontBBox [0 0 %d %d] /ItalicAngle 0 /Ascent %d /Descent -1 /CapHeight %d /StemV 80 /FontFile2 %d 0 R >>",
		advance, em, em, em, fileObject))
	every := make([]byte, 2*65536) // each code is glyph 1
	for i := 1; i < len(every); i += 2 {
		every[i] = 1
	}
	w.stream(glyphsObject, "/Filter /FlateDecode", deflate(every))
	file := glyphless()
	w.stream(fileObject, fmt.Sprintf("/Filter /FlateDecode /Length1 %d", len(file)), deflate(file))
	w.stream(unicodeObject, "", []byte(toUnicode))
}
