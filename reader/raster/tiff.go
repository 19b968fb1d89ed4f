package raster

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math"

	"golang.org/x/image/tiff/lzw"
)

// TIFF compressions and photometric interpretations. Sources: TIFF 6.0; Adobe technical note
// 2 (7); libtiff's registry (8, 32946).
const (
	noCompression = 1
	ccittRLE      = 2
	ccittG3       = 3
	ccittG4       = 4
	lzwCode       = 5
	oldJPEG       = 6
	jpegCode      = 7
	deflateAdobe  = 8
	packBits      = 32773
	deflateOld    = 32946

	whiteIsZero = 0
	blackIsZero = 1
	rgb         = 2
	palette     = 3
	mask        = 4
	cmyk        = 5
	yCbCr       = 6
)

var errDamaged = errors.New("damaged directory")

// decodeTIFF decodes the page of a directory into *image.Gray or *image.RGBA.
func decodeTIFF(ctx context.Context, file io.ReaderAt, size int64, head *directory) (image.Image, error) {
	if head == nil {
		return nil, io.ErrUnexpectedEOF
	}
	d, _, ok := readDirectory(file, size, head.order, head.at, true)
	if !ok {
		return nil, io.ErrUnexpectedEOF
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	t := &tiffPage{directory: d, file: file, size: size}
	bounds := image.Rect(0, 0, d.width, d.height)
	if d.colour() {
		t.rgba = image.NewRGBA(bounds)
	} else {
		t.gray = image.NewGray(bounds)
	}
	planes := 1
	if d.planar == 2 && d.samples > 1 {
		planes = d.samples
	}
	across, down := 1, (d.height+d.rows-1)/d.rows
	if d.tiled {
		across, down = (d.width+d.tileWidth-1)/d.tileWidth, (d.height+d.tileHeight-1)/d.tileHeight
	}
	if len(d.offsets) < across*down*planes {
		return nil, io.ErrUnexpectedEOF
	}
	for plane := range planes {
		for y := range down {
			for x := range across {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				n := plane*across*down + y*across + x
				if err := t.piece(n, x, y, plane, planes > 1); err != nil {
					return nil, fmt.Errorf("strip %d: %w", n, err)
				}
			}
		}
	}
	if t.rgba != nil {
		return t.rgba, nil
	}
	return t.gray, nil
}

// check holds a directory against what is decoded here and completes its defaults.
func (d *directory) check() error {
	if d.width <= 0 || d.height <= 0 || d.samples < 1 || d.samples > 16 {
		return errDamaged
	}
	if len(d.bits) == 0 {
		d.bits = []uint32{1}
	}
	for _, b := range d.bits {
		if b != d.bits[0] {
			return fmt.Errorf("%w: samples of different depths", errUnsupported)
		}
	}
	for _, f := range d.formats {
		if f != 1 && f != 4 {
			return fmt.Errorf("%w: sample format %d", errUnsupported, f)
		}
	}
	switch d.bits[0] {
	case 1, 2, 4, 8, 16:
	default:
		return fmt.Errorf("%w: %d bits per sample", errUnsupported, d.bits[0])
	}
	switch d.compression {
	case noCompression, lzwCode, jpegCode, deflateAdobe, deflateOld, packBits:
	case ccittRLE, ccittG3, ccittG4:
		if d.bits[0] != 1 || d.samples != 1 {
			return errDamaged
		}
	default:
		return fmt.Errorf("%w: compression %d", errUnsupported, d.compression)
	}
	if d.predictor != 1 && (d.predictor != 2 || d.bits[0] < 8) {
		return fmt.Errorf("%w: predictor %d", errUnsupported, d.predictor)
	}
	if d.photometric == math.MaxUint32 { // faxes leave it out
		d.photometric = whiteIsZero
		if d.samples >= 3 {
			d.photometric = rgb
		}
	}
	return d.checkShape()
}

func (d *directory) checkShape() error {
	need := map[uint32]int{whiteIsZero: 1, blackIsZero: 1, mask: 1, palette: 1, rgb: 3, yCbCr: 3, cmyk: 4}[d.photometric]
	if need == 0 {
		return fmt.Errorf("%w: photometric interpretation %d", errUnsupported, d.photometric)
	}
	if d.samples < need {
		return errDamaged
	}
	if d.photometric == palette && (d.bits[0] > 8 || len(d.colours) < 3<<d.bits[0]) {
		return errDamaged
	}
	if d.photometric != palette && d.colour() && d.bits[0] < 8 {
		return fmt.Errorf("%w: %d bits per colour", errUnsupported, d.bits[0])
	}
	if d.tiled && (d.tileWidth <= 0 || d.tileHeight <= 0 || d.tileWidth > 1<<16 || d.tileHeight > 1<<16) {
		return errDamaged
	}
	if d.planar == 2 && d.compression == jpegCode && d.samples > 1 {
		return fmt.Errorf("%w: JPEG in separate planes", errUnsupported)
	}
	d.rows = min(d.rows, d.height)
	if d.rows <= 0 {
		d.rows = d.height
	}
	if d.photometric == yCbCr && d.compression != jpegCode {
		ok := func(v int) bool { return v == 1 || v == 2 || v == 4 }
		if !ok(d.subX) || !ok(d.subY) || d.bits[0] != 8 || d.planar == 2 || d.tiled && (d.tileWidth%d.subX != 0 || d.tileHeight%d.subY != 0) {
			return fmt.Errorf("%w: colour subsampling", errUnsupported)
		}
	}
	return nil
}

func (d *directory) colour() bool {
	return d.photometric == rgb || d.photometric == palette || d.photometric == cmyk || d.photometric == yCbCr
}

type tiffPage struct {
	*directory
	file io.ReaderAt
	size int64
	gray *image.Gray
	rgba *image.RGBA
}

// piece decodes strip or tile n, which is column x and row y of a plane.
func (t *tiffPage) piece(n, x, y, plane int, single bool) error {
	left, top := 0, y*t.rows
	wide, high := t.width, min(t.rows, t.height-y*t.rows)
	if t.tiled {
		left, top, wide, high = x*t.tileWidth, y*t.tileHeight, t.tileWidth, t.tileHeight
	}
	raw, err := t.raw(n)
	if err != nil {
		return err
	}
	if t.compression == jpegCode {
		return t.jpeg(raw, left, top, wide, high)
	}
	samples := t.samples
	if single {
		samples = 1
	}
	rowBytes := (wide*samples*int(t.bits[0]) + 7) / 8
	rows := high
	if t.photometric == yCbCr {
		rowBytes = (wide + t.subX - 1) / t.subX * (t.subX*t.subY + 2)
		rows = (high + t.subY - 1) / t.subY
	}
	if int64(rowBytes)*int64(rows) > 1<<31 {
		return errDamaged
	}
	data, err := t.unpack(raw, rowBytes, rows, wide)
	if err != nil {
		return err
	}
	if t.photometric == yCbCr {
		t.subsampled(data, left, top, wide, high, rowBytes)
		return nil
	}
	if t.predictor == 2 {
		for r := range rows {
			t.undoDifference(data[r*rowBytes:(r+1)*rowBytes], samples)
		}
	}
	for r := range min(high, t.height-top) {
		row := data[r*rowBytes : (r+1)*rowBytes]
		switch {
		case single:
			t.planeRow(row, left, top+r, min(wide, t.width-left), plane)
		case t.rgba != nil:
			t.colourRow(row, left, top+r, min(wide, t.width-left))
		default:
			t.grayRow(row, left, top+r, min(wide, t.width-left))
		}
	}
	return nil
}

// raw reads the bytes of a strip or tile. A count that is missing or wrong is bounded by the file.
func (t *tiffPage) raw(n int) ([]byte, error) {
	at := int64(t.offsets[n])
	length := t.size - at
	if n < len(t.counts) && t.counts[n] > 0 {
		length = int64(t.counts[n])
	}
	if at <= 0 || length <= 0 || at >= t.size {
		return nil, io.ErrUnexpectedEOF
	}
	// A strip that claims more than the file has is cut; whether it suffices shows in decoding.
	data := make([]byte, min(length, t.size-at))
	if got, _ := t.file.ReadAt(data, at); got < len(data) {
		return nil, io.ErrUnexpectedEOF
	}
	return data, nil
}

// unpack gives exactly rows·rowBytes bytes, so that a bomb cannot grow beyond its page.
func (t *tiffPage) unpack(raw []byte, rowBytes, rows, wide int) ([]byte, error) {
	want := rowBytes * rows
	if t.fillOrder == 2 && (t.bits[0] < 8 || t.compression == ccittRLE || t.compression == ccittG3 || t.compression == ccittG4) {
		reverseBits(raw)
	}
	switch t.compression {
	case noCompression:
		if len(raw) < want {
			return nil, io.ErrUnexpectedEOF
		}
		return raw[:want], nil
	case ccittRLE, ccittG3, ccittG4:
		return decodeFax(raw, wide, rows, t.compression, t.t4)
	case lzwCode:
		return exactly(lzw.NewReader(bytes.NewReader(raw), lzw.MSB, 8), want)
	case deflateAdobe, deflateOld:
		r, err := zlib.NewReader(bytes.NewReader(raw))
		if err != nil {
			return nil, err
		}
		return exactly(r, want)
	case packBits:
		return unpackBits(raw, want)
	}
	return nil, errUnsupported
}

func exactly(r io.ReadCloser, want int) ([]byte, error) {
	defer r.Close()
	// Grow with what really comes: a short file must not claim a large page's memory.
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, int64(want)))
	if n == int64(want) {
		return out.Bytes(), nil
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return nil, err
}

// unpackBits undoes Apple PackBits. Source: TIFF 6.0 section 9.
func unpackBits(raw []byte, want int) ([]byte, error) {
	out := make([]byte, 0, min(want, 128*len(raw)))
	for i := 0; i < len(raw) && len(out) < want; {
		n := int(int8(raw[i]))
		i++
		switch {
		case n >= 0:
			end := min(i+n+1, len(raw))
			out = append(out, raw[i:end]...)
			i = end
		case n != -128 && i < len(raw):
			for range 1 - n {
				out = append(out, raw[i])
			}
			i++
		}
	}
	if len(out) < want {
		return nil, io.ErrUnexpectedEOF
	}
	return out[:want], nil
}

// undoDifference undoes horizontal differencing. Source: TIFF 6.0 section 14.
func (t *tiffPage) undoDifference(row []byte, samples int) {
	if t.bits[0] == 8 {
		for i := samples; i < len(row); i++ {
			row[i] += row[i-samples]
		}
		return
	}
	for i := 2 * samples; i+1 < len(row); i += 2 {
		v := t.order.Uint16(row[i:]) + t.order.Uint16(row[i-2*samples:])
		t.order.PutUint16(row[i:], v)
	}
}

// sample gives sample i of a row, scaled to 8 bits.
func (t *tiffPage) sample(row []byte, i int) byte {
	switch bits := int(t.bits[0]); bits {
	case 8:
		return row[i]
	case 16:
		if t.order == binary.ByteOrder(binary.LittleEndian) {
			return row[2*i+1]
		}
		return row[2*i]
	default:
		v := t.small(row, i, bits)
		return byte(int(v) * 255 / (1<<bits - 1))
	}
}

// small gives a sample of fewer than 8 bits unscaled.
func (t *tiffPage) small(row []byte, i, bits int) byte {
	at := i * bits
	return row[at/8] >> (8 - bits - at%8) & (1<<bits - 1)
}

func (t *tiffPage) grayRow(row []byte, left, y, wide int) {
	dst := t.gray.Pix[y*t.gray.Stride+left:]
	// A second sample is transparency: on white paper.
	for x := range wide {
		v := t.sample(row, x*t.samples)
		if t.photometric == whiteIsZero {
			v = 255 - v
		}
		if t.samples > 1 && t.transparent() {
			v = overWhite(v, t.sample(row, x*t.samples+1), t.extra[0] == 1)
		}
		dst[x] = v
	}
}

// transparent reports whether the first extra sample is alpha.
func (t *tiffPage) transparent() bool {
	return len(t.extra) > 0 && (t.extra[0] == 1 || t.extra[0] == 2)
}

// overWhite lays a sample on white; premultiplied as TIFF's associated alpha.
func overWhite(v, alpha byte, premultiplied bool) byte {
	if premultiplied {
		return byte(min(255, int(v)+255-int(alpha)))
	}
	return byte((int(v)*int(alpha) + 255*(255-int(alpha)) + 127) / 255)
}

func (t *tiffPage) colourRow(row []byte, left, y, wide int) {
	dst := t.rgba.Pix[y*t.rgba.Stride+4*left:]
	for x := range wide {
		px := dst[4*x : 4*x+4]
		px[3] = 255
		s := x * t.samples
		switch t.photometric {
		case palette:
			v := 0
			if bits := int(t.bits[0]); bits == 8 {
				v = int(row[s])
			} else {
				v = int(t.small(row, s, bits))
			}
			n := 1 << t.bits[0]
			for k := range 3 {
				px[k] = byte(t.colours[k*n+v] >> 8)
			}
		case rgb:
			for k := range 3 {
				px[k] = t.sample(row, s+k)
				if t.samples > 3 && t.transparent() {
					px[k] = overWhite(px[k], t.sample(row, s+3), t.extra[0] == 1)
				}
			}
		case cmyk:
			px[0], px[1], px[2] = color.CMYKToRGB(t.sample(row, s), t.sample(row, s+1), t.sample(row, s+2), t.sample(row, s+3))
		}
	}
}

// planeRow takes one sample of each pixel where the planes are stored apart. CMYK keeps black
// for last: it multiplies what the other inks left.
func (t *tiffPage) planeRow(row []byte, left, y, wide, plane int) {
	if t.rgba == nil {
		if plane == 0 {
			one := *t
			d := *t.directory
			d.samples = 1
			one.directory = &d
			one.grayRow(row, left, y, wide)
		}
		return
	}
	dst := t.rgba.Pix[y*t.rgba.Stride+4*left:]
	for x := range wide {
		v := t.sample(row, x)
		px := dst[4*x : 4*x+4]
		switch {
		case plane < 3 && t.photometric == rgb:
			px[plane], px[3] = v, 255
		case plane < 3 && t.photometric == cmyk:
			px[plane], px[3] = 255-v, 255
		case plane == 3 && t.photometric == cmyk:
			for k := range 3 {
				px[k] = byte(int(px[k]) * (255 - int(v)) / 255)
			}
		}
	}
}

// subsampled takes YCbCr units of subX·subY luminances and two colour differences.
func (t *tiffPage) subsampled(data []byte, left, top, wide, high, rowBytes int) {
	unit := t.subX*t.subY + 2
	for y := range min(high, t.height-top) {
		for x := range min(wide, t.width-left) {
			at := y/t.subY*rowBytes + x/t.subX*unit
			lum := data[at+y%t.subY*t.subX+x%t.subX]
			r, g, b := color.YCbCrToRGB(lum, data[at+unit-2], data[at+unit-1])
			px := t.rgba.Pix[(top+y)*t.rgba.Stride+4*(left+x):]
			px[0], px[1], px[2], px[3] = r, g, b, 255
		}
	}
}

// jpeg decodes a strip or tile that is a JPEG stream, whose tables may stand in a tag of their own.
func (t *tiffPage) jpeg(raw []byte, left, top, wide, high int) error {
	if len(raw) < 4 || raw[0] != 0xFF || raw[1] != 0xD8 {
		return errDamaged
	}
	var stream bytes.Buffer
	stream.Write(raw[:2])
	if t.photometric == rgb || t.photometric == cmyk {
		stream.Write(adobeMarker) // else the library takes three components for YCbCr
	}
	if tables := t.tables; len(tables) > 4 && tables[0] == 0xFF && tables[1] == 0xD8 {
		stream.Write(tables[2 : len(tables)-2])
	}
	stream.Write(raw[2:])
	config, err := jpeg.DecodeConfig(bytes.NewReader(stream.Bytes()))
	if err != nil {
		return err
	}
	if config.Width > wide+16 || config.Height > high+16 || config.Width < min(wide, t.width-left) {
		return errDamaged
	}
	img, err := jpeg.Decode(&stream)
	if err != nil {
		return err
	}
	if img.Bounds().Dy() < min(high, t.height-top) {
		return io.ErrUnexpectedEOF
	}
	t.place(img, left, top, wide, high)
	return nil
}

func (t *tiffPage) place(img image.Image, left, top, wide, high int) {
	for y := range min(high, t.height-top) {
		for x := range min(wide, t.width-left) {
			if t.gray != nil {
				v := color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y
				if t.photometric == whiteIsZero {
					v = 255 - v
				}
				t.gray.Pix[(top+y)*t.gray.Stride+left+x] = v
				continue
			}
			c := img.At(x, y)
			if ink, ok := c.(color.CMYK); ok {
				// The library undoes Adobe's inversion, which TIFF does not have.
				c = color.CMYK{C: 255 - ink.C, M: 255 - ink.M, Y: 255 - ink.Y, K: 255 - ink.K}
			}
			r, g, b, _ := c.RGBA()
			px := t.rgba.Pix[(top+y)*t.rgba.Stride+4*(left+x):]
			px[0], px[1], px[2], px[3] = byte(r>>8), byte(g>>8), byte(b>>8), 255
		}
	}
}
