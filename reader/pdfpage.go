package reader

import (
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"math"
	"strings"
	"sync"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/reader/layout"
	"chartlake/reader/pdf"
	"chartlake/reader/pixel"
	"chartlake/reader/raster"
)

// Resolutions in dots per inch.
const (
	ocrDPI    = 300.0 // of a page without pictures of its own resolution
	ocrMinDPI = 150.0 // a coarse scan is rendered no coarser; OCR enlarges it further
	lookDPI   = 100.0 // to see where ink is
	markDPI   = 150.0 // to see check boxes
)

// pdfReader reads the pages of a PDF.
type pdfReader struct {
	reader *Reader
	file   *pdf.File
	seen   *regions
	looked *looked
}

func (p *pdfReader) prepare(ctx context.Context, _ int) error { return p.file.Prepare(ctx) }
func (p *pdfReader) close()                                   { p.file.Close() }

func (p *pdfReader) read(ctx context.Context, number int) (*document.Page, error) {
	content, err := p.file.Read(ctx, number)
	if err != nil {
		return nil, err
	}
	if p.standIn(content) {
		return nil, fault.New(fault.Unsupported, "xfa_dynamic", "the form is a dynamic XFA form: its page only says that another "+
			"program is needed; print it to a PDF with that program")
	}
	v := judge(content)
	if content.FormFailed {
		v = v.because("the page's form fields could not be read")
	}
	if content.Truncated {
		v = v.because("the page has more content than its bounds; the rest was left out")
	}
	if p.file.XFA() {
		v = v.because("the form is XFA; its data may differ from what the page shows")
	}
	if v.verify {
		if v, err = p.verify(ctx, number, content, v); err != nil {
			return nil, err
		}
	}
	if v.source == document.SourceOCR {
		page, err := p.scan(ctx, number, content, v)
		if err != nil || page != nil {
			return page, err
		}
	}
	return p.text(ctx, number, content, v)
}

// standInWords is more than the message has that stands in for a dynamic XFA form; the usual
// English one has 90.
const standInWords = 160

// standIn reports whether the page only says that the form is made by another program: the only
// page of a dynamic XFA form, with little text and no fields.
func (p *pdfReader) standIn(content *pdf.Page) bool {
	return p.file.Dynamic() && p.file.Pages() == 1 && len(content.Words) <= standInWords &&
		len(content.Fields)+len(content.Marks) == 0 && coverage(content.Images) < pictured
}

// text makes the page from its text layer.
func (p *pdfReader) text(ctx context.Context, number int, content *pdf.Page, v verdict) (*document.Page, error) {
	page := &document.Page{Number: number, Width: content.Width, Height: content.Height, DPI: 72,
		Source: document.SourceText, Rotation: content.Rotation, Blank: v.blank,
		Fields: content.Fields, Marks: content.Marks, Reasons: v.reasons}
	var err error
	if page.Words, err = p.visible(ctx, number, content, page, v); err != nil {
		return nil, err
	}
	if p.reader.ocr != nil && !v.verify {
		if err := p.pictures(ctx, number, content, page); err != nil {
			return nil, err
		}
	}
	if err := p.codes(ctx, number, content, page); err != nil {
		return nil, err
	}
	var img *image.Gray
	if boxed(content) {
		if img, err = p.upright(ctx, number, content, markDPI); err != nil {
			return nil, err
		}
	}
	strike(page, nil, content.Rules)
	complete(page, img, content.Rules)
	return page, nil
}

// visible gives the words that a person sees. Words without ink are evidence of nothing: they
// are dropped, except where they are the verified reading of the picture under them.
func (p *pdfReader) visible(ctx context.Context, number int, content *pdf.Page, page *document.Page, v verdict) ([]document.Word, error) {
	words := make([]document.Word, 0, len(content.Words))
	var doubtful bool
	for _, w := range content.Words {
		doubtful = doubtful || w.Faint || w.Hidden && !v.verify
	}
	var img *image.Gray
	if doubtful {
		var err error
		if img, err = p.upright(ctx, number, content, lookDPI); err != nil {
			return nil, err
		}
	}
	dropped := 0
	moved := make([]int, len(content.Words))
	for i, w := range content.Words {
		moved[i] = -1
		if (w.Faint || w.Hidden && !v.verify) && !inked(img, w.Box) {
			dropped++
			continue
		}
		moved[i] = len(words)
		words = append(words, w.Word)
	}
	if dropped > 0 {
		page.Reasons = append(page.Reasons, fmt.Sprintf("%d words without ink were left out", dropped))
		refer(page, moved)
	}
	return words, nil
}

// refer follows words to their new places, for the fields and marks that name them; -1: the
// word is gone.
func refer(page *document.Page, moved []int) {
	follow := func(words []int) (out []int) {
		for _, w := range words {
			if w >= 0 && w < len(moved) && moved[w] >= 0 {
				out = append(out, moved[w])
			}
		}
		return out
	}
	for i := range page.Fields {
		f := &page.Fields[i]
		f.KeyWords, f.ValueWords = follow(f.KeyWords), follow(f.ValueWords)
	}
	for _, marks := range [][]document.Mark{page.Marks, page.Signatures} {
		for i := range marks {
			marks[i].LabelWords = follow(marks[i].LabelWords)
		}
	}
}

// upright renders the page in the pose that content's boxes refer to.
func (p *pdfReader) upright(ctx context.Context, number int, content *pdf.Page, dpi float64) (*image.Gray, error) {
	s, err := p.stored(ctx, number, content, dpi, p.reader.limits.Pixels/4)
	if err != nil {
		return nil, err
	}
	return pixel.Turn(s.img, content.Rotation), nil
}

// shown is a page's picture before its Rotation.
type shown struct {
	img    *image.Gray
	dpi    float64
	capped bool // the page is very large: dpi is less than was asked for
	tinted bool // it has coloured ink beside paper
}

// stored gives the page's picture: the scan that the page is, or a rendering.
func (p *pdfReader) stored(ctx context.Context, number int, content *pdf.Page, dpi float64, pixels int64) (shown, error) {
	if s := content.Scan; s != nil && int64(s.Width)*int64(s.Height) <= pixels {
		embedded, err := p.file.Embedded(ctx, number, s)
		if img, ok := embedded.Image.(*image.Gray); err == nil && ok && img.Rect.Dx() == s.Width && img.Rect.Dy() == s.Height {
			laid, real := lay(img, content, dpi)
			return shown{laid, real, false, embedded.Tinted}, nil
		}
		if ctx.Err() != nil {
			return shown{}, err
		}
	}
	picture, err := p.file.Gray(ctx, number, dpi, pixels, coverage(content.Images) >= pictured)
	if err != nil {
		return shown{}, err
	}
	img, ok := picture.Image.(*image.Gray)
	if !ok {
		return shown{}, fmt.Errorf("rendering gave %T", picture.Image)
	}
	return shown{img, picture.DPI, picture.Capped, picture.Tinted}, nil
}

// apart separates the inks of a page with coloured ink, where it is a form printed in colour. It is
// rendered in colour for that; where that fails the page is read as it is.
func (p *pdfReader) apart(ctx context.Context, number int, s shown) *inks {
	if !s.tinted {
		return nil
	}
	picture, err := p.file.Colour(ctx, number, s.img.Rect.Dx(), p.reader.limits.Pixels)
	if err != nil {
		return nil
	}
	form, filled, ok := raster.Layers(picture.Image)
	if !ok {
		return nil
	}
	return &inks{form, filled}
}

// lay puts the picture of a scan onto its page at a whole part of its own resolution that is
// not below dpi.
func lay(stored *image.Gray, content *pdf.Page, dpi float64) (*image.Gray, float64) {
	s := content.Scan
	factor := max(1, int(s.DPI/dpi+0.1))
	img := pixel.Shrink(raster.Upright(stored, s.Orientation), factor)
	real := s.DPI / float64(factor)
	width, height := content.Width, content.Height
	if content.Rotation%180 != 0 {
		width, height = height, width
	}
	page := image.NewGray(image.Rect(0, 0, int(math.Round(width/72*real)), int(math.Round(height/72*real))))
	for i := range page.Pix {
		page.Pix[i] = 255
	}
	left := int(math.Round(s.Box.X * float64(page.Rect.Dx())))
	top := int(math.Round(s.Box.Y * float64(page.Rect.Dy())))
	for y := range page.Rect.Dy() {
		sy := y - top
		if sy < 0 || sy >= img.Rect.Dy() {
			continue
		}
		from, to := max(0, left), min(page.Rect.Dx(), left+img.Rect.Dx())
		if from < to {
			copy(page.Pix[y*page.Stride+from:y*page.Stride+to], img.Pix[sy*img.Stride+from-left:])
		}
	}
	return page, real
}

// contrast is the difference between the darkest and the lightest pixel that print leaves.
const contrast = 60

// inked reports whether a box of the page shows print.
func inked(img *image.Gray, b document.Box) bool {
	w, h := float64(img.Rect.Dx()), float64(img.Rect.Dy())
	x0, x1 := int(b.X*w), min(img.Rect.Dx(), int(math.Ceil((b.X+b.W)*w)))
	y0, y1 := int(b.Y*h), min(img.Rect.Dy(), int(math.Ceil((b.Y+b.H)*h)))
	low, high := byte(255), byte(0)
	for y := y0; y < y1; y++ {
		for _, v := range img.Pix[y*img.Stride+x0 : y*img.Stride+max(x0, x1)] {
			low, high = min(low, v), max(high, v)
		}
	}
	// A box that print fills has no paper in it: then the dark itself shows it.
	return int(high)-int(low) >= contrast
}

// Sides of a check box in points.
const (
	boxMin = 5.0
	boxMax = 25.0
)

// boxed reports whether the page may have check boxes that only its picture shows: short rules
// that meet as the sides of a square, circles, or signs among the words.
func boxed(content *pdf.Page) bool {
	if content.Rounds > 0 || cornered(content) {
		return true
	}
	for _, w := range content.Words {
		if strings.ContainsAny(w.Text, "☐☑☒□■○●◯◉✓✔✗✘") || strings.Contains(w.Text, "[") && strings.Contains(w.Text, "]") {
			return true
		}
	}
	return false
}

// shortMax is the number of short rules from which they are not compared one by one.
const shortMax = 500

// cornered reports whether two short rules of about the same length meet at their ends. The
// edges of a table's cells do not: one of the two is longer.
func cornered(content *pdf.Page) bool {
	var level, upright []layout.Rule // in points
	for _, r := range content.Rules {
		r.X0, r.X1 = r.X0*content.Width, r.X1*content.Width
		r.Y0, r.Y1 = r.Y0*content.Height, r.Y1*content.Height
		switch long := math.Max(r.X1-r.X0, r.Y1-r.Y0); {
		case long < boxMin || long > boxMax:
		case r.Vertical():
			upright = append(upright, r)
		default:
			level = append(level, r)
		}
	}
	if len(level) > shortMax || len(upright) > shortMax {
		return true
	}
	const meet = 2.0 // points
	for _, l := range level {
		for _, u := range upright {
			x, y := min(math.Abs(l.X0-u.X0), math.Abs(l.X1-u.X0)), min(math.Abs(u.Y0-l.Y0), math.Abs(u.Y1-l.Y0))
			wide, high := l.X1-l.X0, u.Y1-u.Y0
			if x <= meet && y <= meet && wide >= 0.7*high && high >= 0.7*wide {
				return true
			}
		}
	}
	return false
}

// scanBytes is what a pixel of a page takes while it is read: grey and turned, and, of a form
// printed in colour, in four bytes and in two layers.
const scanBytes = 6

// scan reads the page by OCR. Without OCR a page with a text layer falls back to it (nil page).
func (p *pdfReader) scan(ctx context.Context, number int, content *pdf.Page, v verdict) (*document.Page, error) {
	if p.reader.ocr == nil {
		if readable(content) {
			return nil, nil
		}
		return nil, p.reader.missing()
	}
	dpi := resolution(content.Images)
	pixels := int64(content.Width / 72 * dpi * content.Height / 72 * dpi)
	release, err := p.reader.reserve(ctx, scanBytes*min(pixels, p.reader.limits.Pixels))
	if err != nil {
		return nil, err
	}
	defer release()
	s, err := p.stored(ctx, number, content, dpi, p.reader.limits.Pixels)
	if err != nil {
		return nil, err
	}
	page := &document.Page{Number: number, DPI: s.dpi, Reasons: v.reasons}
	if s.capped {
		page.Reasons = append(page.Reasons, fmt.Sprintf("rendered at %.0f dpi, because the page is very large", s.dpi))
	}
	if err := p.reader.recognise(ctx, page, s.img, p.apart(ctx, number, s)); err != nil {
		return nil, err
	}
	adopt(page, content)
	return page, nil
}

// readable reports whether a text layer is there to fall back to: known characters.
func readable(content *pdf.Page) bool {
	return content.Chars.All >= littleText && share(content.Chars.Unknown, content.Chars.All) <= unknownMax
}

// resolution is the pictures' own, within what OCR wants: more costs time, less loses print.
func resolution(images []pdf.Image) float64 {
	dpi := 0.0
	for _, i := range images {
		if i.Box.Area() > 0.05 {
			dpi = math.Max(dpi, i.DPI)
		}
	}
	if dpi == 0 {
		return ocrDPI
	}
	return min(max(dpi, ocrMinDPI), ocrDPI)
}

// adopt takes the form's fields and marks onto a page that was read by OCR: their boxes are
// turned as the page was, and the words that they name are the recognised ones in their boxes.
func adopt(page *document.Page, content *pdf.Page) {
	turn := ((page.Rotation-content.Rotation)%360 + 360) % 360
	within := func(b document.Box) (words []int) {
		for i, w := range page.Words {
			if b.Intersect(w.Box).Area() > w.Box.Area()/2 {
				words = append(words, i)
			}
		}
		return words
	}
	for _, f := range content.Fields {
		f.KeyBox, f.ValueBox = turnBox(f.KeyBox, turn), turnBox(f.ValueBox, turn)
		f.KeyWords, f.ValueWords = within(f.KeyBox), within(f.ValueBox)
		page.Fields = append(page.Fields, f)
	}
	for _, m := range content.Marks {
		m.Box, m.LabelWords = turnBox(m.Box, turn), nil
		page.Marks = append(page.Marks, m)
	}
}

// turnBox turns a box of the page clockwise with it.
func turnBox(b document.Box, degrees int) document.Box {
	switch degrees {
	case 90:
		return document.Box{X: 1 - b.Y - b.H, Y: b.X, W: b.H, H: b.W}
	case 180:
		return document.Box{X: 1 - b.X - b.W, Y: 1 - b.Y - b.H, W: b.W, H: b.H}
	case 270:
		return document.Box{X: b.Y, Y: 1 - b.X - b.W, W: b.H, H: b.W}
	}
	return b
}

// Pictures inside a born-digital page that are worth reading: this share of the page at
// least, this share of it under words at most, and this many words found; a logo or a photo
// gives less.
const (
	pictureMin   = 0.02
	pictureWords = 3
	pictureText  = 0.1
	wordSure     = 0.6
)

// pictures reads pictures within a page of text by OCR and adds their words.
func (p *pdfReader) pictures(ctx context.Context, number int, content *pdf.Page, page *document.Page) error {
	var wanted []document.Box
	for _, i := range content.Images {
		if i.Box.Area() >= pictureMin && i.DPI >= 70 && written(page.Words, i.Box) < pictureText {
			wanted = append(wanted, i.Box)
		}
	}
	if len(wanted) == 0 || len(wanted) > 12 {
		return nil
	}
	dpi := resolution(content.Images)
	img, err := p.upright(ctx, number, content, dpi)
	if err != nil {
		return err
	}
	found := 0
	for _, b := range wanted {
		part, at := crop(img, b)
		if part.Rect.Dx() < 32 || part.Rect.Dy() < 16 {
			continue
		}
		words, err := p.seen.read(part, func() ([]document.Word, error) {
			result, err := p.reader.ocr.Page(ctx, part, dpi)
			if err != nil || result.Rotation != 0 {
				return nil, err
			}
			return result.Words, nil
		})
		if err != nil {
			return err
		}
		if len(words) < pictureWords {
			continue
		}
		for _, w := range words {
			w.Box = document.Box{X: at.X + w.Box.X*at.W, Y: at.Y + w.Box.Y*at.H, W: w.Box.W * at.W, H: w.Box.H * at.H}
			page.Words = append(page.Words, w)
			found++
		}
	}
	if found > 0 {
		page.Reasons = append(page.Reasons, fmt.Sprintf("%d words inside pictures were read by OCR", found))
	}
	return nil
}

// written is the share of a box that lies under words.
func written(words []document.Word, b document.Box) float64 {
	area := 0.0
	for _, w := range words {
		area += w.Box.Intersect(b).Area()
	}
	return area / b.Area()
}

// crop copies a part of a picture and says which part exactly.
func crop(img *image.Gray, b document.Box) (*image.Gray, document.Box) {
	w, h := float64(img.Rect.Dx()), float64(img.Rect.Dy())
	r := image.Rect(int(b.X*w), int(b.Y*h), int(math.Ceil((b.X+b.W)*w)), int(math.Ceil((b.Y+b.H)*h))).Intersect(img.Rect)
	out := image.NewGray(image.Rect(0, 0, r.Dx(), r.Dy()))
	for y := range r.Dy() {
		copy(out.Pix[y*out.Stride:(y+1)*out.Stride], img.Pix[(r.Min.Y+y)*img.Stride+r.Min.X:])
	}
	return out, document.Box{X: float64(r.Min.X) / w, Y: float64(r.Min.Y) / h, W: float64(r.Dx()) / w, H: float64(r.Dy()) / h}
}

// regions remembers what pictures say: a letterhead stands on every page.
type regions struct {
	mu    sync.Mutex
	words map[[sha256.Size]byte][]document.Word
}

func (s *regions) read(img *image.Gray, recognise func() ([]document.Word, error)) ([]document.Word, error) {
	key := sha256.Sum256(img.Pix)
	s.mu.Lock()
	words, ok := s.words[key]
	s.mu.Unlock()
	if ok {
		return words, nil
	}
	all, err := recognise()
	if err != nil {
		return nil, err
	}
	for _, w := range all {
		if w.Confidence >= wordSure {
			words = append(words, w)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.words == nil {
		s.words = map[[sha256.Size]byte][]document.Word{}
	}
	if len(s.words) < 256 {
		s.words[key] = words
	}
	return words, nil
}
