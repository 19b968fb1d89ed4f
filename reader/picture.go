package reader

import (
	"context"
	"image"
	"io"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/reader/pixel"
	"chartlake/reader/raster"
	"chartlake/reader/sniff"
)

// Sight says which picture of a page is wanted.
type Sight struct {
	Password string
	Page     int // from 1
	Rotation int // clockwise degrees, as in document.Page: boxes then lie on the picture
	Width    int // pixels at most; 0: 1,200
}

// defaultWidth shows 8-point print of a letter page readably.
const defaultWidth = 1200

// Picture gives the upright page that boxes refer to, for people to look at: after EXIF
// orientation and after Rotation, in colour, on white paper. Boxes are fractions of it.
func (r *Reader) Picture(ctx context.Context, file io.ReaderAt, size int64, s Sight) (image.Image, error) {
	kind, err := sniff.Type(file, size)
	if err != nil {
		return nil, err
	}
	if s.Width <= 0 {
		s.Width = defaultWidth
	}
	ctx, cancel := context.WithTimeout(ctx, r.limits.PageTime)
	defer cancel()
	if kind == sniff.PDF {
		return r.pdfPicture(ctx, file, size, s)
	}
	pictures, err := r.pictures(file, size, kind)
	if err != nil {
		return nil, err
	}
	release, err := r.reserve(ctx, pictures.Memory(s.Page))
	if err != nil {
		return nil, err
	}
	defer release()
	picture, err := pictures.Page(ctx, s.Page)
	if err != nil {
		return nil, err
	}
	return raster.Turn(picture.Colour(s.Width), s.Rotation), nil
}

func (r *Reader) pdfPicture(ctx context.Context, file io.ReaderAt, size int64, s Sight) (image.Image, error) {
	f, err := r.pdf.Open(ctx, file, size, s.Password)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	picture, err := f.Colour(ctx, s.Page, s.Width, r.limits.Pixels)
	if err != nil {
		return nil, err
	}
	m, ok := picture.Image.(*image.RGBA)
	if !ok {
		return picture.Image, nil
	}
	return raster.Turn(m, s.Rotation), nil
}

// reserve waits until decoded pictures of so many bytes fit into memory. A page larger than
// the whole budget is read alone.
func (r *Reader) reserve(ctx context.Context, bytes int64) (release func(), err error) {
	bytes = min(max(bytes, 1), r.limits.Memory)
	if err := r.memory.Acquire(ctx, bytes); err != nil {
		return nil, err
	}
	return func() { r.memory.Release(bytes) }, nil
}

// pictureReader reads the pages of a picture file.
type pictureReader struct {
	reader   *Reader
	pictures *raster.File
}

func (p *pictureReader) prepare(context.Context, int) error { return nil }
func (p *pictureReader) close()                             {}

func (p *pictureReader) read(ctx context.Context, number int) (*document.Page, error) {
	if p.reader.ocr == nil {
		return nil, p.reader.missing()
	}
	release, err := p.reader.reserve(ctx, p.pictures.Memory(number))
	if err != nil {
		return nil, err
	}
	defer release()
	picture, err := p.pictures.Page(ctx, number)
	if err != nil {
		return nil, err
	}
	img := picture.Gray()
	if picture.Coarse() {
		img = pixel.Round(img)
	}
	var apart *inks
	if form, filled, ok := picture.Layers(); ok {
		apart = &inks{form, filled}
	}
	orientation := picture.Orientation
	page := &document.Page{Number: number, DPI: picture.DPI, Reasons: []string{"a picture has no text layer"}}
	if page.DPI == 0 || !paper(img, page.DPI) {
		page.DPI = guessDPI(img)
		page.Reasons = append(page.Reasons, "the file states no resolution that can be; it is guessed from the paper size")
	}
	if orientation != 1 {
		page.Reasons = append(page.Reasons, "turned as its camera or scanner says")
	}
	picture = nil // the coloured original is not needed any more
	if err := p.reader.recognise(ctx, page, img, apart); err != nil {
		return nil, err
	}
	return page, nil
}

// missing is the failure of a page that only OCR could read.
func (r *Reader) missing() error {
	if f := fault.As(r.noOCR); f != nil {
		return f
	}
	return fault.New(fault.Unavailable, "ocr_missing", "the page is a picture and there is no OCR")
}

// paper reports whether a resolution makes the picture a sheet that passes a scanner: 1 to 50
// inches. Cameras and screens state resolutions that make it a stamp or a poster.
func paper(img *image.Gray, dpi float64) bool {
	long := float64(max(img.Rect.Dx(), img.Rect.Dy())) / dpi
	return long >= 1 && long <= 50
}

// guessDPI takes the longer side for 11 inches, the letter page, within what scanners do.
func guessDPI(img *image.Gray) float64 {
	return min(max(float64(max(img.Rect.Dx(), img.Rect.Dy()))/11, 72), 600)
}
