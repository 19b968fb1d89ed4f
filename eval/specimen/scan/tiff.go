package scan

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
)

// TIFFPage is one page of a TIFF: 1-bit group 4 when Bilevel, else grey with deflate.
type TIFFPage struct {
	Picture    *image.Gray
	DPIX, DPIY int
	Bilevel    bool
}

// TIFF tags and values of TIFF 6.0 that are written here.
const (
	typeShort, typeLong, typeRational = 3, 4, 5

	tagWidth, tagLength, tagBits, tagCompression, tagPhotometric = 256, 257, 258, 259, 262
	tagOffsets, tagSamples, tagRows, tagByteCounts               = 273, 277, 278, 279
	tagXResolution, tagYResolution, tagResolutionUnit            = 282, 283, 296

	compressionG4, compressionDeflate = 4, 8
	whiteIsZero, blackIsZero          = 0, 1
	inch                              = 2
)

// TIFF writes pages as one little-endian file with a strip a page.
func TIFF(pages []TIFFPage) []byte {
	out := []byte("II*\x00\x00\x00\x00\x00")
	link := 4 // where the offset of the next directory goes
	for _, p := range pages {
		strip := p.strip()
		at := uint32(len(out))
		out = append(out, strip...)
		if len(out)%2 == 1 {
			out = append(out, 0)
		}
		resolution := uint32(len(out))
		for _, v := range []int{p.DPIX, 1, p.DPIY, 1} {
			out = binary.LittleEndian.AppendUint32(out, uint32(v))
		}
		binary.LittleEndian.PutUint32(out[link:], uint32(len(out)))
		out = p.directory(out, at, uint32(len(strip)), resolution)
		link = len(out) - 4
	}
	return out
}

func (p TIFFPage) strip() []byte {
	if p.Bilevel {
		return G4(p.Picture)
	}
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	w := p.Picture.Bounds().Dx()
	for y := 0; y < p.Picture.Bounds().Dy(); y++ {
		z.Write(p.Picture.Pix[y*p.Picture.Stride : y*p.Picture.Stride+w]) // a bytes.Buffer takes everything
	}
	z.Close()
	return b.Bytes()
}

func (p TIFFPage) directory(out []byte, strip, length, resolution uint32) []byte {
	depth, compression, photometric := uint32(8), uint32(compressionDeflate), uint32(blackIsZero)
	if p.Bilevel {
		depth, compression, photometric = 1, compressionG4, whiteIsZero
	}
	w, h := uint32(p.Picture.Bounds().Dx()), uint32(p.Picture.Bounds().Dy())
	entries := []struct {
		tag, kind uint16
		value     uint32
	}{
		{tagWidth, typeLong, w}, {tagLength, typeLong, h}, {tagBits, typeShort, depth}, {tagCompression, typeShort, compression},
		{tagPhotometric, typeShort, photometric}, {tagOffsets, typeLong, strip}, {tagSamples, typeShort, 1}, {tagRows, typeLong, h},
		{tagByteCounts, typeLong, length}, {tagXResolution, typeRational, resolution}, {tagYResolution, typeRational, resolution + 8},
		{tagResolutionUnit, typeShort, inch},
	}
	out = binary.LittleEndian.AppendUint16(out, uint16(len(entries)))
	for _, e := range entries {
		out = binary.LittleEndian.AppendUint16(out, e.tag)
		out = binary.LittleEndian.AppendUint16(out, e.kind)
		out = binary.LittleEndian.AppendUint32(out, 1)
		out = binary.LittleEndian.AppendUint32(out, e.value)
	}
	return append(out, 0, 0, 0, 0)
}
