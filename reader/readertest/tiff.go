package readertest

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Tag is an entry of a TIFF directory: SHORT values where all fit, LONG ones else.
type Tag struct {
	ID     uint16
	Values []uint32
}

// Directory is a page of a made TIFF: its tags without those of the strips, and the strips.
type Directory struct {
	Tags   []Tag
	Strips [][]byte
	Loop   bool // its next pointer goes back to the first directory
}

// TIFF makes a file of directories; tags are written in the order given, sorted or not.
func TIFF(order binary.AppendByteOrder, pages ...Directory) []byte {
	var out []byte
	if order.String() == binary.LittleEndian.String() {
		out = append(out, "II*\x00"...)
	} else {
		out = append(out, "MM\x00*"...)
	}
	bo := order.(binary.ByteOrder)
	pointer := len(out)
	out = append(out, 0, 0, 0, 0)
	first := 0
	for _, p := range pages {
		tags := slices.Clone(p.Tags)
		offsets, counts := Tag{ID: 273}, Tag{ID: 279}
		for _, s := range p.Strips {
			offsets.Values = append(offsets.Values, uint32(len(out)))
			counts.Values = append(counts.Values, uint32(len(s)))
			out = append(out, s...)
		}
		tags = append(tags, offsets, counts)
		var extra [][]byte
		entries := make([]byte, 0, 12*len(tags))
		if len(out)%2 == 1 {
			out = append(out, 0)
		}
		at := len(out) // values that do not fit stand before the directory
		for _, t := range tags {
			kind, unit := uint16(4), 4
			if t.ID == 282 || t.ID == 283 {
				kind, unit = 5, 8
			} else if slices.Max(append([]uint32{0}, t.Values...)) < 1<<16 && t.ID != 273 && t.ID != 279 {
				kind, unit = 3, 2
			}
			var data []byte
			for _, v := range t.Values {
				switch unit {
				case 2:
					data = order.AppendUint16(data, uint16(v))
				case 4:
					data = order.AppendUint32(data, v)
				case 8:
					data = order.AppendUint32(order.AppendUint32(data, v), 1)
				}
			}
			entries = order.AppendUint16(entries, t.ID)
			entries = order.AppendUint16(entries, kind)
			entries = order.AppendUint32(entries, uint32(len(t.Values)))
			if len(data) <= 4 {
				entries = append(entries, append(data, 0, 0, 0, 0)[:4]...)
				continue
			}
			entries = order.AppendUint32(entries, uint32(at))
			extra = append(extra, data)
			at += len(data)
		}
		out = append(out, bytes.Join(extra, nil)...)
		bo.PutUint32(out[pointer:], uint32(len(out)))
		if first == 0 {
			first = len(out)
		}
		out = order.AppendUint16(out, uint16(len(tags)))
		out = append(out, entries...)
		pointer = len(out)
		out = append(out, 0, 0, 0, 0)
		if p.Loop {
			bo.PutUint32(out[pointer:], uint32(first))
		}
	}
	return out
}

// Bilevel gives the tags of a page of one bit per pixel; compression 1, 2, 3 or 4.
func Bilevel(width, height, compression uint32) []Tag {
	return []Tag{{256, []uint32{width}}, {257, []uint32{height}}, {258, []uint32{1}}, {259, []uint32{compression}},
		{262, []uint32{0}}, {277, []uint32{1}}, {278, []uint32{height}}}
}
