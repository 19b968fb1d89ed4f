package scan

import "encoding/binary"

// WithOrientation puts an EXIF segment with this orientation (1 to 8, EXIF 2.3 tag 274)
// behind the start mark of a JPEG. Bytes that do not begin as a JPEG come back unchanged.
func WithOrientation(jpeg []byte, orientation int) []byte {
	if len(jpeg) < 2 || jpeg[0] != 0xFF || jpeg[1] != 0xD8 {
		return jpeg
	}
	exif := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	exif = binary.BigEndian.AppendUint16(exif, uint16(orientation))
	exif = append(exif, 0, 0, 0, 0, 0, 0) // rest of the value, no further directory
	out := append([]byte{0xFF, 0xD8, 0xFF, 0xE1}, 0, 0)
	binary.BigEndian.PutUint16(out[4:], uint16(len(exif)+2))
	return append(append(out, exif...), jpeg[2:]...)
}
