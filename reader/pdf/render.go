package pdf

import (
	"image"
	"math"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/requests"
)

// raw is a picture that is still in the instance: row writes row y as bytes of one (grey) or
// four channels (red, green, blue, 255).
type raw struct {
	width, height, channels int
	dpi                     float64
	capped, tinted          bool
	row                     func(dst []byte, y int)
}

// drawing says how to draw a page.
type drawing struct {
	page      int
	dpi       float64 // 0: by width
	width     int     // pixels
	pixels    int64   // the most
	viaColour bool    // in colour first: PDFium resamples pictures twice as fast then
	colour    bool
	form      bool // with the values of its form
}

// draw gives a page on white paper, notes included, to show.
func (h *handle) draw(d drawing, show func(raw) error) error {
	return h.page(d.page, func(c *content) error {
		format := requests.RenderImageFormatGrayscale
		if d.colour || d.viaColour {
			format = requests.RenderImageFormatRGBA
		}
		m := raw{}
		if d.dpi == 0 {
			d.dpi = float64(d.width) / c.width * 72
		}
		m.dpi, m.capped = capped(c.width, c.height, d.dpi, d.pixels)
		out, err := c.pdfium.RenderPageInPixels(&requests.RenderPageInPixels{
			Page: c.handle, ImageFormat: format,
			Width:       max(1, int(math.Round(c.width*m.dpi/72))),
			Height:      max(1, int(math.Round(c.height*m.dpi/72))),
			RenderFlags: enums.FPDF_RENDER_FLAG_ANNOT,
			RenderForm:  d.form, Document: &c.document,
		})
		if err != nil {
			return err
		}
		defer out.CleanupFunc()
		switch img := out.Result.RenderedImage.(type) {
		case *image.Gray:
			m.width, m.height, m.channels = img.Rect.Dx(), img.Rect.Dy(), 1
			m.row = func(dst []byte, y int) { copy(dst, img.Pix[y*img.Stride:]) }
		case *image.RGBA:
			m.width, m.height, m.channels = img.Rect.Dx(), img.Rect.Dy(), 4
			m.row = func(dst []byte, y int) { onWhite(dst, img.Pix[y*img.Stride:]) }
			if !d.colour {
				m.tinted = tinted(img.Pix, m.width, m.height, img.Stride, 4)
				m = m.grayscale()
			}
		default:
			return errPlain
		}
		return show(m)
	})
}

// grayscale turns the colours to grey by luminance, ITU-R BT.601.
func (m raw) grayscale() raw {
	line, colour := make([]byte, 4*m.width), m.row
	m.channels = 1
	m.row = func(dst []byte, y int) {
		colour(line, y)
		for x := range dst {
			p := line[4*x : 4*x+3 : 4*x+3]
			dst[x] = byte((299*uint32(p[0]) + 587*uint32(p[1]) + 114*uint32(p[2]) + 500) / 1000)
		}
	}
	return m
}

// capped lowers dpi until the page fits into the pixels allowed.
func capped(width, height, dpi float64, pixels int64) (float64, bool) {
	most := math.Sqrt(float64(pixels) / (width / 72 * height / 72))
	if dpi <= most {
		return dpi, false
	}
	return most, true
}

// onWhite lays pixels on white paper: PDFium renders pages that have transparency onto a
// clear ground, with colours that are not multiplied by alpha.
func onWhite(dst, src []byte) {
	for i := 0; i+3 < len(dst); i += 4 {
		a := uint32(src[i+3])
		for k := range 3 {
			dst[i+k] = byte((uint32(src[i+k])*a + 255*(255-a) + 127) / 255)
		}
		dst[i+3] = 255
	}
}
