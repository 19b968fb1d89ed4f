package raster

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"io"
)

// pngHead reads IHDR and, before the pixels, pHYs and eXIf. Source: W3C PNG, sections 5 and 11.
func pngHead(file io.ReaderAt, size int64) header {
	var h header
	h.orientation = 1
	var b [8 + 13]byte
	for at := int64(8); at+8 <= size; {
		if n, _ := file.ReadAt(b[:8], at); n < 8 {
			break
		}
		length, name := int64(binary.BigEndian.Uint32(b[:4])), string(b[4:8])
		body := at + 8
		switch name {
		case "IHDR":
			if n, _ := file.ReadAt(b[:8], body); n < 8 {
				return h
			}
			w, hh := binary.BigEndian.Uint32(b[:4]), binary.BigEndian.Uint32(b[4:8])
			if w > 1<<31-1 || hh > 1<<31-1 {
				return h
			}
			h.width, h.height = int(w), int(hh)
		case "pHYs":
			if n, _ := file.ReadAt(b[:9], body); n == 9 && b[8] == 1 {
				h.dpiX = perMetre(binary.BigEndian.Uint32(b[:4]))
				h.dpiY = perMetre(binary.BigEndian.Uint32(b[4:8]))
			}
		case "eXIf":
			if data := readPart(file, body, length); data != nil {
				h.orientation = exif(data).orientation
			}
		case "IDAT", "IEND":
			return h
		}
		at = body + length + 4
	}
	return h
}

func perMetre(v uint32) float64 { return float64(v) * 0.0254 }

// maxHead bounds a metadata block that is read into memory. EXIF in JPEG is at most 64 KiB.
const maxHead = 1 << 20

func readPart(file io.ReaderAt, at, length int64) []byte {
	if length <= 0 || length > maxHead {
		return nil
	}
	data := make([]byte, length)
	if n, _ := file.ReadAt(data, at); int64(n) < length {
		return nil
	}
	return data
}

type jpegHeader struct {
	components int
	adobe      bool
}

// maxMarkers bounds the walk through a JPEG's segments; files have dozens.
const maxMarkers = 4096

// jpegHead walks the segments up to the first frame: size, JFIF density, EXIF, Adobe marker.
// Source: ITU-T T.81 annex B; JFIF 1.02; Exif 2.3, 4.6.
func jpegHead(file io.ReaderAt, size int64) header {
	h := header{orientation: 1}
	var b [20]byte
	at := int64(2)
	var meta exifData
	for range maxMarkers {
		n, _ := file.ReadAt(b[:4], at)
		if n < 4 || b[0] != 0xFF {
			return h
		}
		marker := b[1]
		if marker == 0xFF { // fill byte
			at++
			continue
		}
		if marker == 0x01 || marker >= 0xD0 && marker <= 0xD8 {
			at += 2
			continue
		}
		length := int64(binary.BigEndian.Uint16(b[2:4]))
		body := at + 4
		switch {
		case marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC:
			if n, _ := file.ReadAt(b[:6], body); n < 6 {
				return h
			}
			h.height, h.width = int(binary.BigEndian.Uint16(b[1:3])), int(binary.BigEndian.Uint16(b[3:5]))
			h.jpeg.components = int(b[5])
			if meta.orientation != 0 {
				h.orientation = meta.orientation
			}
			if h.dpiX == 0 {
				h.dpiX, h.dpiY = meta.dpiX, meta.dpiY
			}
			// The Adobe marker may come after the frame.
			h.jpeg.adobe = h.jpeg.adobe || adobeFollows(file, at+2+length)
			return h
		case marker == 0xE0:
			if n, _ := file.ReadAt(b[:14], body); n >= 12 && string(b[:5]) == "JFIF\x00" {
				h.dpiX = density(b[7], binary.BigEndian.Uint16(b[8:10]))
				h.dpiY = density(b[7], binary.BigEndian.Uint16(b[10:12]))
			}
		case marker == 0xE1:
			if data := readPart(file, body, length-2); len(data) > 6 && string(data[:6]) == "Exif\x00\x00" && meta.orientation == 0 {
				meta = exif(data[6:])
			}
		case marker == 0xEE:
			if n, _ := file.ReadAt(b[:5], body); n == 5 && string(b[:5]) == "Adobe" {
				h.jpeg.adobe = true
			}
		case marker == 0xDA || marker == 0xD9:
			return h
		}
		if length < 2 {
			return h
		}
		at += 2 + length
	}
	return h
}

func adobeFollows(file io.ReaderAt, at int64) bool {
	var b [9]byte
	for range 64 {
		if n, _ := file.ReadAt(b[:], at); n < 9 || b[0] != 0xFF || b[1] == 0xDA || b[1] == 0xD9 {
			return false
		}
		if b[1] == 0xEE && string(b[4:9]) == "Adobe" {
			return true
		}
		at += 2 + int64(binary.BigEndian.Uint16(b[2:4]))
	}
	return false
}

func density(unit byte, v uint16) float64 {
	switch unit {
	case 1:
		return float64(v)
	case 2:
		return float64(v) * 2.54
	}
	return 0
}

// adobeMarker says "four components, not transformed".
var adobeMarker = []byte{0xFF, 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0}

// decodeJPEG decodes with the standard library. A four-component file without Adobe's marker
// gets one, because the library asks for it; such files hold ink, not its inverse.
func decodeJPEG(r io.Reader, h jpegHeader) (image.Image, error) {
	if h.components != 4 || h.adobe {
		return jpeg.Decode(r)
	}
	br := bufio.NewReader(r)
	if _, err := br.Discard(2); err != nil {
		return nil, err
	}
	img, err := jpeg.Decode(io.MultiReader(bytes.NewReader([]byte{0xFF, 0xD8}), bytes.NewReader(adobeMarker), br))
	if m, ok := img.(*image.CMYK); ok && err == nil {
		for i := range m.Pix {
			m.Pix[i] = 255 - m.Pix[i]
		}
	}
	return img, err
}

type exifData struct {
	orientation int
	dpiX, dpiY  float64
}

// exif reads orientation and resolution from an EXIF block, which is a small TIFF: the first
// directory only, values within the block only. Source: Exif 2.3, 4.6.4.
func exif(data []byte) exifData {
	var out exifData
	order, first, ok := tiffOrder(data)
	if !ok || int64(first)+2 > int64(len(data)) {
		return out
	}
	n := int(order.Uint16(data[first:]))
	unit := 2
	for i := range n {
		at := int64(first) + 2 + int64(i)*12
		if at+12 > int64(len(data)) {
			break
		}
		e := data[at : at+12]
		tag, kind := order.Uint16(e), order.Uint16(e[2:])
		switch {
		case tag == tagOrientation && kind == typeShort:
			if v := int(order.Uint16(e[8:])); v >= 1 && v <= 8 {
				out.orientation = v
			}
		case tag == tagResolutionUnit && kind == typeShort:
			unit = int(order.Uint16(e[8:]))
		case (tag == tagXResolution || tag == tagYResolution) && kind == typeRational:
			v := rational(data, order, int64(order.Uint32(e[8:])))
			if tag == tagXResolution {
				out.dpiX = v
			} else {
				out.dpiY = v
			}
		}
	}
	if out.orientation == 0 {
		out.orientation = 1
	}
	switch unit {
	case 3:
		out.dpiX, out.dpiY = out.dpiX*2.54, out.dpiY*2.54
	case 2:
	default:
		out.dpiX, out.dpiY = 0, 0
	}
	return out
}

func rational(data []byte, order binary.ByteOrder, at int64) float64 {
	if at < 0 || at+8 > int64(len(data)) {
		return 0
	}
	n, d := order.Uint32(data[at:]), order.Uint32(data[at+4:])
	if d == 0 {
		return 0
	}
	return float64(n) / float64(d)
}

func tiffOrder(b []byte) (order binary.ByteOrder, first uint32, ok bool) {
	if len(b) < 8 {
		return nil, 0, false
	}
	switch string(b[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return nil, 0, false
	}
	return order, order.Uint32(b[4:]), true
}
