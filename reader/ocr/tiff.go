package ocr

import (
	"encoding/binary"
	"image"
)

// encode writes grey pictures as one uncompressed TIFF of many pages (TIFF 6.0, §2 and §4):
// the one form in which tesseract takes several pictures from standard input. Resolution says
// 300 dpi, which keeps the command from guessing.
func encode(pictures []*image.Gray) []byte {
	const entries = 12
	size := 8
	for _, p := range pictures {
		size += p.Bounds().Dx()*p.Bounds().Dy() + 2 + entries*12 + 4 + 16 + 2
	}
	out := make([]byte, 0, size)
	le := binary.LittleEndian
	out = append(out, 'I', 'I', 42, 0)
	link := len(out) // where the offset of the next directory goes
	out = le.AppendUint32(out, 0)
	for _, p := range pictures {
		w, h := p.Bounds().Dx(), p.Bounds().Dy()
		pixels := len(out)
		for y := range h {
			out = append(out, p.Pix[y*p.Stride:y*p.Stride+w]...)
		}
		resolution := len(out)
		out = le.AppendUint32(out, 300)
		out = le.AppendUint32(out, 1)
		if len(out)%2 == 1 {
			out = append(out, 0)
		}
		le.PutUint32(out[link:], uint32(len(out)))
		out = le.AppendUint16(out, entries)
		for _, e := range [entries][3]int{ // tag, type (3 short, 4 long, 5 rational), value
			{256, 4, w}, {257, 4, h}, {258, 3, 8}, {259, 3, 1}, {262, 3, 1}, // BlackIsZero
			{273, 4, pixels}, {277, 3, 1}, {278, 4, h}, {279, 4, w * h},
			{282, 5, resolution}, {283, 5, resolution}, {296, 3, 2}, // inches
		} {
			out = le.AppendUint16(out, uint16(e[0]))
			out = le.AppendUint16(out, uint16(e[1]))
			out = le.AppendUint32(out, 1)
			out = le.AppendUint32(out, uint32(e[2]))
		}
		link = len(out)
		out = le.AppendUint32(out, 0)
	}
	return out
}
