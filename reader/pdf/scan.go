package pdf

import (
	"math"

	"chartlake/document"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// Scan says that a page is one picture and nothing else that is seen, so that the picture can
// be taken as it is stored: rendering a 300-dpi page resamples every pixel, which costs ten
// times as much as decoding it and makes it no better.
type Scan struct {
	Box           document.Box // where the picture lies, not cut to the page
	Width, Height int          // pixels as stored
	Orientation   int          // EXIF value that makes the stored picture lie as on the page
	DPI           float64      // of the upright page
	object        int          // index of the picture among the objects of its page
}

const (
	scanCover  = 0.97 // share of the page that the picture must cover
	scanSquare = 0.02 // difference of the resolutions across and down that is no fax
)

// scan finds out whether the page is a scan. It is called after the walk through the objects.
func (c *content) scan() *Scan {
	p := c.page
	if c.pictures != 1 || c.single == nil || p.Paths > 0 || c.hidden.shown || p.Truncated || len(p.Images) != 1 {
		return nil
	}
	if p.Images[0].Box.Area() < scanCover {
		return nil
	}
	clear, err := c.pdfium.FPDFPage_HasTransparency(&requests.FPDFPage_HasTransparency{Page: c.handle})
	if err != nil || clear.HasTransparency {
		return nil
	}
	s := c.single
	across := float64(s.Width) / (s.Box.W * c.width / 72)
	down := float64(s.Height) / (s.Box.H * c.height / 72)
	if s.Orientation >= 5 {
		across, down = float64(s.Height)/(s.Box.W*c.width/72), float64(s.Width)/(s.Box.H*c.height/72)
	}
	if s.DPI = (across + down) / 2; math.Abs(across-down) > scanSquare*s.DPI {
		return nil
	}
	return s
}

// candidate describes a picture object of the page itself that may be its scan.
func (w *walk) candidate(o uint64, m matrix) *Scan {
	own, ok := w.native.matrixOf(objectMatrix, o)
	if !ok {
		return nil
	}
	size, ok := w.pixels(o)
	if !ok || size[0] == 0 || size[1] == 0 || size[0] > 1<<16 || size[1] > 1<<16 {
		return nil
	}
	ref, err := w.pdfium.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: w.handle, Index: w.top})
	if err != nil || w.stencil(ref.PageObject) || w.clipped(ref.PageObject) {
		return nil
	}
	m = own.then(m)
	s := &Scan{Box: m.box(0, 0, 1, 1), Width: int(size[0]), Height: int(size[1]), object: w.top}
	s.Orientation = m.orientation()
	if s.Orientation == 0 {
		return nil
	}
	return s
}

// orientation is the EXIF value of a picture whose unit square the matrix maps to the page;
// 0 where its edges are not along the page's.
func (m matrix) orientation() int {
	const slant = 0.002
	// Rows of the picture go down from the top of the unit square: along -c, -d.
	switch {
	case math.Abs(m.b) < slant*math.Abs(m.a) && math.Abs(m.c) < slant*math.Abs(m.d):
		return [4]int{1, 4, 2, 3}[2*bit(m.a < 0)+bit(m.d > 0)]
	case math.Abs(m.a) < slant*math.Abs(m.b) && math.Abs(m.d) < slant*math.Abs(m.c):
		return [4]int{5, 6, 8, 7}[2*bit(m.b < 0)+bit(m.c > 0)]
	}
	return 0
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// stencil reports whether the picture is a mask through which colour is poured: its pixels
// are no shades.
func (w *walk) stencil(o references.FPDF_PAGEOBJECT) bool {
	m, err := w.pdfium.FPDFImageObj_GetImageMetadata(&requests.FPDFImageObj_GetImageMetadata{ImageObject: o, Page: w.handle})
	return err != nil || m.ImageMetadata.Colorspace == enums.FPDF_COLORSPACE_UNKNOWN
}

// clipped reports whether a clip path hides a part of the picture, as far as that is not plain.
func (w *walk) clipped(o references.FPDF_PAGEOBJECT) bool {
	clip, err := w.pdfium.FPDFPageObj_GetClipPath(&requests.FPDFPageObj_GetClipPath{PageObject: o})
	if err != nil {
		return false // there is none
	}
	paths, err := w.pdfium.FPDFClipPath_CountPaths(&requests.FPDFClipPath_CountPaths{ClipPath: clip.ClipPath})
	if err != nil {
		return false
	}
	for i := range max(0, paths.Count) {
		n, err := w.pdfium.FPDFClipPath_CountPathSegments(&requests.FPDFClipPath_CountPathSegments{ClipPath: clip.ClipPath, PathIndex: i})
		if err != nil || n.Count < 4 || n.Count > 6 {
			return true
		}
		var corners []point
		for k := range n.Count {
			s, err := w.pdfium.FPDFClipPath_GetPathSegment(&requests.FPDFClipPath_GetPathSegment{ClipPath: clip.ClipPath, PathIndex: i, SegmentIndex: k})
			if err != nil {
				return true
			}
			at, err := w.pdfium.FPDFPathSegment_GetPoint(&requests.FPDFPathSegment_GetPoint{PathSegment: s.PathSegment})
			if err != nil {
				return true
			}
			corners = append(corners, point{float64(at.X), float64(at.Y)})
		}
		if around(corners, w.toPage).Clamp().Area() < scanCover {
			return true
		}
	}
	return false
}

// embedded gives the picture of a scan, as stored and in grey, to show.
func (h *handle) embedded(number, object int, show func(raw) error) error {
	return h.page(number, func(c *content) error {
		o, err := c.pdfium.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: c.handle, Index: object})
		if err != nil {
			return err
		}
		b, err := c.pdfium.FPDFImageObj_GetBitmap(&requests.FPDFImageObj_GetBitmap{ImageObject: o.PageObject})
		if err != nil {
			return err
		}
		defer c.pdfium.FPDFBitmap_Destroy(&requests.FPDFBitmap_Destroy{Bitmap: b.Bitmap})
		m, err := c.bitmap(b.Bitmap)
		if err != nil {
			return err
		}
		return show(m)
	})
}

// bitmap is a view of a bitmap in the instance.
func (c *content) bitmap(b references.FPDF_BITMAP) (raw, error) {
	w, err := c.pdfium.FPDFBitmap_GetWidth(&requests.FPDFBitmap_GetWidth{Bitmap: b})
	if err != nil {
		return raw{}, err
	}
	h, err := c.pdfium.FPDFBitmap_GetHeight(&requests.FPDFBitmap_GetHeight{Bitmap: b})
	if err != nil {
		return raw{}, err
	}
	stride, err := c.pdfium.FPDFBitmap_GetStride(&requests.FPDFBitmap_GetStride{Bitmap: b})
	if err != nil {
		return raw{}, err
	}
	format, err := c.pdfium.FPDFBitmap_GetFormat(&requests.FPDFBitmap_GetFormat{Bitmap: b})
	if err != nil {
		return raw{}, err
	}
	buffer, err := c.pdfium.FPDFBitmap_GetBuffer(&requests.FPDFBitmap_GetBuffer{Bitmap: b})
	if err != nil {
		return raw{}, err
	}
	bytes := map[enums.FPDF_BITMAP_FORMAT]int{enums.FPDF_BITMAP_FORMAT_GRAY: 1, enums.FPDF_BITMAP_FORMAT_BGR: 3,
		enums.FPDF_BITMAP_FORMAT_BGRX: 4}[format.Format]
	if bytes == 0 || w.Width <= 0 || h.Height <= 0 ||
		len(buffer.Buffer) < stride.Stride*h.Height || stride.Stride < bytes*w.Width {
		return raw{}, errPlain
	}
	return raw{width: w.Width, height: h.Height, channels: 1, tinted: tinted(buffer.Buffer, w.Width, h.Height, stride.Stride, bytes), row: func(dst []byte, y int) {
		grey(dst, buffer.Buffer[y*stride.Stride:], bytes)
	}}, nil
}

// Ink is coloured where its strongest and its weakest colour differ by tintChroma and it is not
// black; a picture is tinted where a share of its pixels is, but no photograph.
const (
	tintStep   = 7 // every seventh pixel of every seventh row is looked at
	tintChroma = 48
	tintDark   = 110
	tintLeast  = 0.006
	tintMost   = 0.4
)

// tinted reports whether pixels of 1, 3 or 4 bytes have coloured ink beside paper.
func tinted(pix []byte, width, height, stride, bytes int) bool {
	if bytes < 3 {
		return false
	}
	n, ink := 0, 0
	for y := 0; y < height; y += tintStep {
		for x := 0; x < width; x += tintStep {
			p := pix[y*stride+x*bytes:]
			high, low := max(p[0], p[1], p[2]), min(p[0], p[1], p[2])
			n++
			if high-low > tintChroma && high >= tintDark {
				ink++
			}
		}
	}
	return float64(ink) >= tintLeast*float64(n) && float64(ink) <= tintMost*float64(n)
}

// grey takes a row of pixels of 1, 3 or 4 bytes (blue, green, red) by luminance, ITU-R BT.601.
func grey(dst, src []byte, bytes int) {
	if bytes == 1 {
		copy(dst, src)
		return
	}
	for x := range dst {
		p := src[x*bytes : x*bytes+3 : x*bytes+3]
		dst[x] = byte((299*uint32(p[2]) + 587*uint32(p[1]) + 114*uint32(p[0]) + 500) / 1000)
	}
}
