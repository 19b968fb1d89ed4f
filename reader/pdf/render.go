package pdf

import (
	"context"
	"image"
	"math"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/requests"
)

// Picture is a rendered page as it is stored, that is after /Rotate and before Page.Rotation.
type Picture struct {
	Image  image.Image // *image.Gray or *image.RGBA without transparency
	DPI    float64     // what it was rendered at
	Capped bool        // DPI was lowered to keep within the pixels allowed
}

// Gray renders a page on white paper, form values and notes included. Where pictures cover
// much of it, the page is drawn in colour first: PDFium resamples pictures twice as fast then.
func (f *File) Gray(ctx context.Context, number int, dpi float64, pixels int64, pictures bool) (Picture, error) {
	format := requests.RenderImageFormatGrayscale
	if pictures {
		format = requests.RenderImageFormatRGBA
	}
	p, err := f.render(ctx, number, pixels, format, func(*content) float64 { return dpi })
	if m, ok := p.Image.(*image.RGBA); ok && err == nil {
		p.Image = grayscale(m)
	}
	return p, err
}

func grayscale(m *image.RGBA) *image.Gray {
	out := image.NewGray(m.Rect)
	for y := range m.Rect.Dy() {
		src, dst := m.Pix[y*m.Stride:], out.Pix[y*out.Stride:(y+1)*out.Stride]
		for x := range dst {
			p := src[4*x : 4*x+3 : 4*x+3]
			dst[x] = byte((299*uint32(p[0]) + 587*uint32(p[1]) + 114*uint32(p[2]) + 500) / 1000)
		}
	}
	return out
}

// Colour renders a page at most width pixels wide.
func (f *File) Colour(ctx context.Context, number, width int, pixels int64) (Picture, error) {
	return f.render(ctx, number, pixels, requests.RenderImageFormatRGBA, func(c *content) float64 {
		return float64(width) / c.width * 72
	})
}

// render draws the page with its form, and where that does not end, without.
func (f *File) render(ctx context.Context, number int, pixels int64, format requests.RenderImageFormat,
	resolution func(*content) float64) (Picture, error) {
	if f.form == enums.FPDF_FORMTYPE_NONE {
		return f.draw(ctx, number, pixels, format, false, resolution)
	}
	timed, cancel := context.WithTimeout(ctx, formTime)
	defer cancel()
	p, err := f.draw(timed, number, pixels, format, true, resolution)
	if err != nil && timed.Err() != nil && ctx.Err() == nil {
		return f.draw(ctx, number, pixels, format, false, resolution)
	}
	return p, err
}

func (f *File) draw(ctx context.Context, number int, pixels int64, format requests.RenderImageFormat, form bool,
	resolution func(*content) float64) (p Picture, err error) {
	err = f.page(ctx, number, func(c *content) error {
		p.DPI, p.Capped = capped(c.width, c.height, resolution(c), pixels)
		w := max(1, int(math.Round(c.width*p.DPI/72)))
		h := max(1, int(math.Round(c.height*p.DPI/72)))
		out, err := c.pdfium.RenderPageInPixels(&requests.RenderPageInPixels{
			Page: c.handle, Width: w, Height: h, ImageFormat: format,
			RenderFlags: enums.FPDF_RENDER_FLAG_ANNOT,
			RenderForm:  form, Document: &c.document,
		})
		if err != nil {
			return err
		}
		defer out.CleanupFunc()
		// The picture is a view of the instance's memory: copy it before it goes away.
		p.Image = copied(out.Result.RenderedImage)
		return nil
	})
	return p, err
}

// capped lowers dpi until the page fits into the pixels allowed.
func capped(width, height, dpi float64, pixels int64) (float64, bool) {
	most := math.Sqrt(float64(pixels) / (width / 72 * height / 72))
	if dpi <= most {
		return dpi, false
	}
	return most, true
}

func copied(img image.Image) image.Image {
	switch m := img.(type) {
	case *image.Gray:
		out := image.NewGray(m.Rect)
		for y := range m.Rect.Dy() {
			copy(out.Pix[y*out.Stride:(y+1)*out.Stride], m.Pix[y*m.Stride:])
		}
		return out
	case *image.RGBA:
		out := image.NewRGBA(m.Rect)
		for y := range m.Rect.Dy() {
			onWhite(out.Pix[y*out.Stride:(y+1)*out.Stride], m.Pix[y*m.Stride:])
		}
		return out
	}
	return img
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
