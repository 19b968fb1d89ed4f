package raster

import (
	"encoding/binary"
	"io"
	"math"

	"chartlake/fault"
)

// TIFF 6.0 tags and types that are read here.
const (
	tagSubfileType     = 254
	tagWidth           = 256
	tagHeight          = 257
	tagBitsPerSample   = 258
	tagCompression     = 259
	tagPhotometric     = 262
	tagFillOrder       = 266
	tagStripOffsets    = 273
	tagOrientation     = 274
	tagSamplesPerPixel = 277
	tagRowsPerStrip    = 278
	tagStripByteCounts = 279
	tagXResolution     = 282
	tagYResolution     = 283
	tagPlanar          = 284
	tagT4Options       = 292
	tagT6Options       = 293
	tagResolutionUnit  = 296
	tagPredictor       = 317
	tagColorMap        = 320
	tagTileWidth       = 322
	tagTileHeight      = 323
	tagTileOffsets     = 324
	tagTileByteCounts  = 325
	tagExtraSamples    = 338
	tagSampleFormat    = 339
	tagJPEGTables      = 347
	tagSubsampling     = 530

	typeByte      = 1
	typeShort     = 3
	typeLong      = 4
	typeRational  = 5
	typeUndefined = 7
)

// Bounds of a directory. A page of 100,000 rows in strips of one row has 10^5 strips.
const (
	maxEntries = 4096
	maxValues  = 1 << 20
	maxIFDs    = 1 << 16 // directories walked, thumbnails included, where no page limit is set
)

// directory is one image file directory: a page of a TIFF.
type directory struct {
	order                        binary.ByteOrder
	width, height                int
	subfile                      uint32
	bits                         []uint32
	compression, photometric     uint32
	fillOrder, planar, predictor uint32
	samples                      int
	offsets, counts              []uint32
	rows                         int // per strip
	tileWidth, tileHeight        int
	tiled                        bool
	t4                           uint32
	colours                      []uint32
	extra, formats               []uint32
	tables                       []byte
	subX, subY                   int
	orientation                  int
	resolutionX, resolutionY     float64
	resolutionUnit               uint32
	at                           uint32 // where it is in the file
}

// tiffHead walks the chain of directories. A loop or a pointer out of the file ends it; pages
// found so far stay. Reduced pictures (thumbnails) and masks are no pages of their own.
func tiffHead(file io.ReaderAt, size int64, limit int) ([]header, error) {
	var b [8]byte
	if n, _ := file.ReadAt(b[:], 0); n < 8 {
		return []header{{}}, nil
	}
	order, next, ok := tiffOrder(b[:])
	if !ok {
		return nil, fault.New(fault.Unsupported, "unsupported_type", "not a TIFF file that can be read")
	}
	seen := map[uint32]bool{}
	var pages, reduced []header
	for next != 0 && !seen[next] && len(seen) < maxIFDs {
		seen[next] = true
		d, after, ok := readDirectory(file, size, order, next, false)
		if !ok {
			break
		}
		d.at, next = next, after
		if d.subfile&(1|4) != 0 {
			reduced = append(reduced, d.header())
			continue
		}
		pages = append(pages, d.header())
		if limit > 0 && len(pages) > limit {
			return nil, fault.New(fault.TooLarge, "too_many_pages", "the file has more than %d pages", limit)
		}
	}
	if len(seen) >= maxIFDs {
		return nil, fault.New(fault.TooLarge, "too_many_pages", "the file has more than %d directories", maxIFDs)
	}
	if len(pages) == 0 {
		pages = reduced
	}
	if len(pages) == 0 {
		pages = []header{{}} // one page that will be named as unreadable
	}
	return pages, nil
}

func (d *directory) header() header {
	h := header{width: d.width, height: d.height, orientation: d.orientation, tiff: d}
	unit := 1.0
	switch d.resolutionUnit {
	case 3:
		unit = 2.54
	case 1:
		// No unit: only the ratio of both is meaningful. Values as scanners give them are inches.
	}
	h.dpiX, h.dpiY = d.resolutionX*unit, d.resolutionY*unit
	return h
}

// readDirectory reads the directory at offset and gives the next one's offset. Without data
// the long lists (where the strips are, the palette) are left out: thousands of pages may
// point at the same megabytes.
func readDirectory(file io.ReaderAt, size int64, order binary.ByteOrder, offset uint32, data bool) (*directory, uint32, bool) {
	var b [2]byte
	if n, _ := file.ReadAt(b[:], int64(offset)); n < 2 {
		return nil, 0, false
	}
	count := int(order.Uint16(b[:]))
	if count == 0 || count > maxEntries {
		return nil, 0, false
	}
	entries := make([]byte, count*12+4)
	n, _ := file.ReadAt(entries, int64(offset)+2)
	next := uint32(0)
	if n == len(entries) {
		next = order.Uint32(entries[count*12:])
	}
	d := &directory{order: order, compression: 1, fillOrder: 1, planar: 1, predictor: 1, samples: 1,
		photometric: math.MaxUint32, rows: math.MaxInt32, orientation: 1, subX: 2, subY: 2, resolutionUnit: 2}
	p := entryReader{file: file, size: size, order: order}
	for i := 0; (i+1)*12 <= n; i++ {
		d.entry(&p, entries[i*12:i*12+12], data)
	}
	return d, next, true
}

// entry takes one tag; tags may come in any order.
func (d *directory) entry(p *entryReader, e []byte, data bool) {
	if data {
		d.list(p, e)
	}
	one := func() uint32 {
		if v := p.values(e); len(v) > 0 {
			return v[0]
		}
		return 0
	}
	size := func() int { return int(min(one(), math.MaxInt32)) }
	switch d.order.Uint16(e) {
	case tagSubfileType:
		d.subfile = one()
	case tagWidth:
		d.width = size()
	case tagHeight:
		d.height = size()
	case tagBitsPerSample:
		d.bits = p.values(e)
	case tagCompression:
		d.compression = one()
	case tagPhotometric:
		d.photometric = one()
	case tagFillOrder:
		d.fillOrder = one()
	case tagOrientation:
		d.orientation = size()
	case tagSamplesPerPixel:
		d.samples = size()
	case tagRowsPerStrip:
		d.rows = size()
	case tagXResolution:
		d.resolutionX = p.fraction(e)
	case tagYResolution:
		d.resolutionY = p.fraction(e)
	case tagResolutionUnit:
		d.resolutionUnit = one()
	case tagPlanar:
		d.planar = one()
	case tagT4Options:
		d.t4 = one()
	case tagPredictor:
		d.predictor = one()
	case tagTileWidth:
		d.tileWidth = size()
	case tagTileHeight:
		d.tileHeight = size()
	case tagExtraSamples:
		d.extra = p.values(e)
	case tagSampleFormat:
		d.formats = p.values(e)
	case tagSubsampling:
		if v := p.values(e); len(v) == 2 {
			d.subX, d.subY = int(v[0]), int(v[1])
		}
	}
}

// list takes the tags that hold much.
func (d *directory) list(p *entryReader, e []byte) {
	switch d.order.Uint16(e) {
	case tagStripOffsets, tagTileOffsets:
		d.tiled = d.order.Uint16(e) == tagTileOffsets
		d.offsets = p.values(e)
	case tagStripByteCounts, tagTileByteCounts:
		d.counts = p.values(e)
	case tagColorMap:
		d.colours = p.values(e)
	case tagJPEGTables:
		d.tables = p.bytes(e)
	}
}

// entryReader reads the values of a directory's entries, in place or elsewhere in the file.
type entryReader struct {
	file  io.ReaderAt
	size  int64
	order binary.ByteOrder
	total int64 // bytes read for this directory
}

// maxDirectory bounds what one directory may make us read.
const maxDirectory = 32 << 20

func (p *entryReader) raw(e []byte, unit int64) []byte {
	count := int64(p.order.Uint32(e[4:]))
	if count <= 0 || count > maxValues {
		return nil
	}
	length := count * unit
	if length <= 4 {
		return e[8 : 8+length]
	}
	p.total += length
	at := int64(p.order.Uint32(e[8:]))
	if p.total > maxDirectory || at+length > p.size {
		return nil
	}
	data := make([]byte, length)
	if n, _ := p.file.ReadAt(data, at); int64(n) < length {
		return nil
	}
	return data
}

func (p *entryReader) values(e []byte) []uint32 {
	switch p.order.Uint16(e[2:]) {
	case typeByte:
		data := p.raw(e, 1)
		out := make([]uint32, len(data))
		for i, v := range data {
			out[i] = uint32(v)
		}
		return out
	case typeShort:
		data := p.raw(e, 2)
		out := make([]uint32, len(data)/2)
		for i := range out {
			out[i] = uint32(p.order.Uint16(data[2*i:]))
		}
		return out
	case typeLong, 13: // 13: IFD, an offset
		data := p.raw(e, 4)
		out := make([]uint32, len(data)/4)
		for i := range out {
			out[i] = p.order.Uint32(data[4*i:])
		}
		return out
	}
	return nil
}

func (p *entryReader) bytes(e []byte) []byte {
	if k := p.order.Uint16(e[2:]); k != typeByte && k != typeUndefined {
		return nil
	}
	return p.raw(e, 1)
}

func (p *entryReader) fraction(e []byte) float64 {
	switch p.order.Uint16(e[2:]) {
	case typeRational:
		return rational(p.raw(e, 8), p.order, 0)
	case typeShort, typeLong:
		if v := p.values(e); len(v) > 0 {
			return float64(v[0])
		}
	}
	return 0
}
