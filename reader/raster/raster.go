package raster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"chartlake/fault"
)

// Media types that Open knows.
const (
	TIFF = "image/tiff"
	JPEG = "image/jpeg"
	PNG  = "image/png"
)

// Limits bound a file before it is decoded; 0 means no bound.
type Limits struct {
	Pixels int64 // of one page
	Pages  int
}

// File is a picture file whose headers were read. It is safe for concurrent use where the
// reader below it is.
type File struct {
	file  io.ReaderAt
	size  int64
	kind  string
	pages []header
}

// header is what is known of a page before it is decoded.
type header struct {
	width, height int // as stored; 0: not known, because the file ends before it says
	orientation   int // 1..8, EXIF tag 274
	dpiX, dpiY    float64
	tiff          *directory
	jpeg          jpegHeader
}

// Open reads the headers of a file of a known type and holds them against the limits: a
// TooLarge fault, too_many_pixels or too_many_pages. A damaged head is not refused here but
// when the page is decoded, because the document is accepted and its page fails.
func Open(file io.ReaderAt, size int64, mediaType string, l Limits) (*File, error) {
	f := &File{file: file, size: size, kind: mediaType}
	var err error
	switch mediaType {
	case PNG:
		f.pages = []header{pngHead(file, size)}
	case JPEG:
		f.pages = []header{jpegHead(file, size)}
	case TIFF:
		f.pages, err = tiffHead(file, size, l.Pages)
	default:
		err = fault.New(fault.Unsupported, "unsupported_type", "not a picture type that can be read")
	}
	if err != nil {
		return nil, err
	}
	for i, p := range f.pages {
		if l.Pixels > 0 && int64(p.width)*int64(p.height) > l.Pixels {
			return nil, fault.New(fault.TooLarge, "too_many_pixels",
				"page %d has more than %d pixels", i+1, l.Pixels)
		}
	}
	return f, nil
}

// Pages is the number of pages.
func (f *File) Pages() int { return len(f.pages) }

// Memory is about how many bytes decoding a page takes, for a budget over several pages.
func (f *File) Memory(number int) int64 {
	if number < 1 || number > len(f.pages) {
		return 0
	}
	p := f.pages[number-1]
	// decoded at up to 4 bytes, grey copy and turned copy, two layers of a form printed in colour
	return int64(p.width) * int64(p.height) * 8
}

// Picture is a decoded page as stored; Gray and Colour give it upright.
type Picture struct {
	stored      image.Image
	orientation int
	stretchX    float64 // to square pixels, ≥ 1
	stretchY    float64
	DPI         float64 // of the square picture; 0 where the file does not say
	Orientation int     // EXIF value as stored, 1 where there is none
}

// Page decodes a page. A damaged one is a Corrupt fault: page_unreadable or truncated; what
// is not known is Unsupported with the code page_unsupported.
func (f *File) Page(ctx context.Context, number int) (p *Picture, err error) {
	if number < 1 || number > len(f.pages) {
		return nil, fault.New(fault.NotFound, "no_such_page", "there is no page %d of %d", number, len(f.pages))
	}
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, unreadable(number, fmt.Errorf("decoder panicked: %T", r))
		}
	}()
	h := f.pages[number-1]
	if h.width <= 0 || h.height <= 0 {
		return nil, unreadable(number, io.ErrUnexpectedEOF)
	}
	var img image.Image
	section := bufio.NewReaderSize(&stoppable{ctx: ctx, r: io.NewSectionReader(f.file, 0, f.size)}, 64<<10)
	switch f.kind {
	case PNG:
		img, err = png.Decode(section)
	case JPEG:
		img, err = decodeJPEG(section, h.jpeg)
	case TIFF:
		img, err = decodeTIFF(ctx, f.file, f.size, h.tiff)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, unreadable(number, err)
	}
	if b := img.Bounds(); b.Dx() != h.width || b.Dy() != h.height {
		return nil, unreadable(number, errors.New("size differs from header"))
	}
	return upright(img, h), nil
}

// upright prepares turning and squaring.
func upright(img image.Image, h header) *Picture {
	p := &Picture{stored: img, orientation: h.orientation, Orientation: h.orientation, stretchX: 1, stretchY: 1}
	if p.orientation < 1 || p.orientation > 8 {
		p.orientation, p.Orientation = 1, 1
	}
	x, y := h.dpiX, h.dpiY
	if !plausibleDPI(x) || !plausibleDPI(y) {
		return p
	}
	p.DPI = max(x, y)
	switch ratio := x / y; {
	case ratio > 4 || ratio < 0.25:
		p.DPI = 0 // not a scanner's resolution
	case ratio > 1.1:
		p.stretchY = ratio
	case ratio < 0.9:
		p.stretchX = 1 / ratio
	}
	return p
}

// plausibleDPI: scanners and faxes give 72 to 2400; less is a screen's or a made-up value.
func plausibleDPI(v float64) bool { return v >= 50 && v <= 4800 }

// unreadable names why a page does not decode.
func unreadable(number int, err error) error {
	if f := fault.As(err); f != nil {
		return f
	}
	var unsupportedJPEG jpeg.UnsupportedError
	var unsupportedPNG png.UnsupportedError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return fault.New(fault.Corrupt, "truncated", "page %d cannot be read: the data ends too early", number)
	case errors.As(err, &unsupportedJPEG) || errors.As(err, &unsupportedPNG) || errors.Is(err, errUnsupported):
		return fault.New(fault.Unsupported, "page_unsupported", "page %d cannot be read: %w", number, err)
	}
	return fault.New(fault.Corrupt, "page_unreadable", "page %d cannot be read: its data is damaged", number)
}

// errUnsupported marks a feature that this package does not decode.
var errUnsupported = errors.New("not supported")

// stoppable ends reading when the context does; the decoders know no context.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s *stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}
