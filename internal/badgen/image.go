package badgen

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
)

// chunk is a chunk of a PNG (ISO/IEC 15948, 5.3).
func chunk(kind string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// pngOf is a PNG of these sides and depth with this data.
func pngOf(w, h uint32, depth, colour, interlace byte, data []byte, more ...[]byte) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	out := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(head, depth, colour, 0, 0, interlace))...)
	for _, m := range more {
		out = append(out, m...)
	}
	return append(append(out, chunk("IDAT", data)...), chunk("IEND", nil)...)
}

// small is a picture with some ink.
func small(r *rand.Rand) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, 120, 80))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for range 30 {
		x, y := r.IntN(100), r.IntN(70)
		for i := range 10 {
			img.SetGray(x+i, y, color.Gray{})
		}
	}
	return img
}

func smallJPEG(r *rand.Rand) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, small(r), nil) // into memory
	return b.Bytes()
}

func smallPNG(r *rand.Rand) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, small(r)) // into memory
	return b.Bytes()
}

// entry is a field of a TIFF directory: tag, type (3 short, 4 long, 5 rational, 16 long8), count and value.
type entry struct {
	tag, kind    uint16
	count, value uint32
}

// tiffOf is a little-endian TIFF whose directories lie one after the other behind some data
// at offset 8; next gives where directory i of n points, from the offset of each.
func tiffOf(data []byte, n int, entries []entry, next func(i int, at func(int) uint32) uint32) []byte {
	out := append([]byte("II*\x00\x00\x00\x00\x00"), data...)
	if len(out)%2 != 0 {
		out = append(out, 0)
	}
	base, size := len(out), 2+12*len(entries)+4
	at := func(i int) uint32 { return uint32(base + i*size) }
	binary.LittleEndian.PutUint32(out[4:], at(0))
	for i := range n {
		out = binary.LittleEndian.AppendUint16(out, uint16(len(entries)))
		for _, e := range entries {
			out = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(out, e.tag), e.kind)
			out = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(out, e.count), e.value)
		}
		out = binary.LittleEndian.AppendUint32(out, next(i, at))
	}
	return out
}

// page are the fields of a TIFF page whose one strip lies at offset 8.
func page(w, h, bits, compression, bytes uint32, more ...entry) []entry {
	return append([]entry{{256, 4, 1, w}, {257, 4, 1, h}, {258, 3, 1, bits}, {259, 3, 1, compression}, {262, 3, 1, 1}, {273, 4, 1, 8}, {277, 3, 1, 1}, {278, 4, 1, h}, {279, 4, 1, bytes}}, more...)
}

func last(int, func(int) uint32) uint32 { return 0 }

func noise(r *rand.Rand, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return out
}

func imageKinds() []kind {
	return []kind{
		{"image/png-vast", func(_ *rand.Rand, s int) []byte {
			side := three(s, uint32(65_535), 1<<30, 1<<31-1)
			return pngOf(side, side, 8, 6, 0, packed(make([]byte, 1000)))
		}},
		{"image/png-bomb", func(_ *rand.Rand, s int) []byte { // under the limit of pixels, and all of it there
			side := three(s, 2000, 6000, 9900)
			return pngOf(uint32(side), uint32(side), 1, 0, 0, packed(zeros((side/8+1)*side)))
		}},
		{"image/png-side", func(_ *rand.Rand, s int) []byte {
			return pngOf(three(s, uint32(0), 1, 90_000_000), three(s, uint32(9), 99_000_000, 1), 1, 0, 0, packed(make([]byte, 100)))
		}},
		{"image/png-header", func(r *rand.Rand, _ int) []byte {
			return pngOf(60, 40, byte(r.IntN(33)), byte(r.IntN(9)), byte(r.IntN(4)), packed(noise(r, 5000)))
		}},
		{"image/png-text-bomb", func(_ *rand.Rand, s int) []byte {
			text := append([]byte("Comment\x00\x00"), packed(zeros(three(s, 1<<16, 1<<22, 1<<26)))...)
			return pngOf(8, 8, 8, 0, 0, packed(make([]byte, 72)), chunk("zTXt", text), chunk("iCCP", text))
		}},
		{"image/png-checksum", func(r *rand.Rand, s int) []byte {
			data := smallPNG(r)
			for range three(s, 1, 4, 40) {
				data[8+r.IntN(len(data)-8)] ^= byte(1 + r.IntN(255))
			}
			return data
		}},
		{"image/png-no-palette", func(r *rand.Rand, s int) []byte {
			return pngOf(60, 40, 8, 3, 0, packed(noise(r, 61*40)), three(s, nil, chunk("PLTE", []byte{1, 2}), chunk("tRNS", noise(r, 400))))
		}},
		{"image/jpeg-vast", func(r *rand.Rand, s int) []byte {
			data := smallJPEG(r)
			at := bytes.Index(data, []byte{0xFF, 0xC0})
			binary.BigEndian.PutUint16(data[at+5:], three(s, uint16(65_535), 0, 65_535))
			binary.BigEndian.PutUint16(data[at+7:], three(s, uint16(65_535), 65_535, 1))
			return data
		}},
		{"image/jpeg-scans", func(_ *rand.Rand, s int) []byte { // progressive, with far more scans than a picture needs
			var b bytes.Buffer
			b.Write([]byte{0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0})
			b.Write(bytes.Repeat([]byte{1}, 64))
			b.Write([]byte{0xFF, 0xC2, 0, 11, 8, 0x20, 0, 0x20, 0, 1, 1, 0x11, 0}) // 8192 by 8192
			b.Write([]byte{0xFF, 0xC4, 0, 20, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
			for range three(s, 10, 1000, 20_000) {
				b.Write([]byte{0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0, 0, 0})
			}
			return b.Bytes()
		}},
		{"image/jpeg-cut", func(r *rand.Rand, s int) []byte {
			data := smallJPEG(r)
			return data[:len(data)*three(s, 9, 5, 2)/10]
		}},
		{"image/jpeg-segment", func(r *rand.Rand, s int) []byte {
			data := smallJPEG(r)
			for range three(s, 1, 5, 30) {
				data[2+r.IntN(min(300, len(data)-2))] = byte(r.Uint32())
			}
			return data
		}},
		{"image/jpeg-exif", func(r *rand.Rand, s int) []byte {
			exif := append([]byte("Exif\x00\x00II*\x00"), three(s, []byte{8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 99, 0, 0, 0, 8, 0, 0, 0}, []byte{8, 0, 0, 0, 0xFF, 0xFF}, noise(r, 200))...)
			data := smallJPEG(r)
			head := append([]byte{0xFF, 0xD8, 0xFF, 0xE1}, byte((len(exif)+2)>>8), byte(len(exif)+2))
			return append(append(head, exif...), data[2:]...)
		}},
		{"image/tiff-loop", func(r *rand.Rand, s int) []byte {
			return tiffOf(noise(r, 100), 3, page(10, 10, 8, 1, 100), func(i int, at func(int) uint32) uint32 {
				return three(s, at(i), at((i+1)%2), at((i+1)%3))
			})
		}},
		{"image/tiff-many", func(r *rand.Rand, s int) []byte {
			n := three(s, 3001, 10_000, 200_000)
			return tiffOf(noise(r, 100), n, page(10, 10, 8, 1, 100), func(i int, at func(int) uint32) uint32 {
				if i+1 == n {
					return 0
				}
				return at(i + 1)
			})
		}},
		{"image/tiff-vast", func(r *rand.Rand, s int) []byte {
			side := three(s, uint32(65_535), 1<<20, 1<<32-1)
			return tiffOf(noise(r, 100), 1, page(side, side, 8, 1, 100), last)
		}},
		{"image/tiff-strip", func(r *rand.Rand, s int) []byte {
			e := page(100, 100, 8, 1, three(s, uint32(5), 1<<32-1, 0))
			e[5].value = three(s, uint32(8), 1<<31, 1<<32-1)
			e[7].value = three(s, uint32(0), 1<<32-1, 1)
			return tiffOf(noise(r, 100), 1, e, last)
		}},
		{"image/tiff-sample", func(r *rand.Rand, _ int) []byte {
			e := page(100, 100, uint32([]int{0, 2, 4, 12, 24, 32, 64, 65_535}[r.IntN(8)]), 1, 10_000)
			e[4].value, e[6].value = uint32(r.IntN(12)), uint32([]int{0, 1, 3, 4, 5, 65_535}[r.IntN(6)])
			return tiffOf(noise(r, 10_000), 1, e, last)
		}},
		{"image/tiff-codec", func(r *rand.Rand, _ int) []byte {
			codec := uint32([]int{0, 2, 3, 4, 5, 6, 7, 8, 9, 32773, 32946, 34676, 50000}[r.IntN(13)])
			data := noise(r, 2000)
			return tiffOf(data, 1, page(1700, 2200, 1, codec, 2000, entry{292, 4, 1, uint32(r.IntN(8))}), last)
		}},
		{"image/tiff-fax-zeros", func(_ *rand.Rand, s int) []byte {
			n := three(s, 1000, 100_000, 4_000_000)
			return tiffOf(make([]byte, n), 1, page(1728, three(s, uint32(2200), 9000, 50_000), 1, three(s, uint32(4), 3, 4), uint32(n)), last)
		}},
		{"image/tiff-flate-bomb", func(_ *rand.Rand, s int) []byte {
			data := packed(zeros(three(s, 1<<20, 1<<24, 1<<28)))
			return tiffOf(data, 1, page(three(s, uint32(1000), 4000, 9000), three(s, uint32(1000), 4000, 9000), 8, 8, uint32(len(data))), last)
		}},
		{"image/tiff-resolution", func(r *rand.Rand, s int) []byte {
			data := append(noise(r, 10_000), three(s, make([]byte, 8), []byte{1, 0, 0, 0, 1, 0, 0, 0}, bytes.Repeat([]byte{255}, 8))...)
			return tiffOf(data, 1, page(100, 100, 8, 1, 10_000, entry{282, 5, 1, 10_008}, entry{283, 5, 1, three(s, uint32(10_008), 4, 1<<32-1)}, entry{296, 3, 1, uint32(r.IntN(9))}), last)
		}},
		{"image/tiff-tiles", func(r *rand.Rand, s int) []byte {
			side := three(s, uint32(0), 7, 1<<32-1)
			return tiffOf(noise(r, 1000), 1, page(100, 100, 8, 1, 1000, entry{322, 4, 1, side}, entry{323, 4, 1, side}, entry{324, 4, three(s, uint32(1), 1<<30, 1), 8}, entry{325, 4, 1, 1000}), last)
		}},
		{"image/tiff-big", func(r *rand.Rand, _ int) []byte {
			return append([]byte("II+\x00\x08\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00"), noise(r, 300)...)
		}},
		{"image/tiff-entries", func(r *rand.Rand, s int) []byte {
			e := page(10, 10, 8, 1, 100)
			r.Shuffle(len(e), func(i, j int) { e[i], e[j] = e[j], e[i] })
			for i := range three(s, 0, 3, len(e)) {
				e[i].kind, e[i].count = uint16(r.IntN(20)), r.Uint32()
			}
			return tiffOf(noise(r, 100), 1, e, last)
		}},
		{"image/blank", func(_ *rand.Rand, s int) []byte {
			side := three(s, 1, 400, 2000)
			return pngOf(uint32(side), uint32(side), 8, 0, 0, packed(bytes.Repeat(append([]byte{0}, bytes.Repeat([]byte{255}, side)...), side)))
		}},
	}
}
