package pdf

import (
	"context"
	"errors"
	"image"
	"io"
	"time"

	"chartlake/fault"

	"github.com/klippa-app/go-pdfium/enums"
)

// File is an open PDF. It is for one goroutine; several may open the same bytes. It keeps a
// child to itself until Close.
type File struct {
	engine   *Engine
	file     io.ReaderAt
	size     int64
	password string

	pages int
	form  enums.FPDF_FORMTYPE
	child *child // nil: none now
}

// Open reads the structure of a PDF. The password may be the user's or the owner's; it is
// tried only where the file asks for one. The bytes are read as they are needed.
func (e *Engine) Open(ctx context.Context, file io.ReaderAt, size int64, password string) (*File, error) {
	f := &File{engine: e, file: file, size: size, password: password}
	if err := f.Prepare(ctx); err != nil {
		return nil, err
	}
	return f, nil
}

// Pages is the number of pages that the file says it has.
func (f *File) Pages() int { return f.pages }

// XFA reports whether the form is an XFA form, whose true values may differ from the page.
func (f *File) XFA() bool {
	return f.form == enums.FPDF_FORMTYPE_XFA_FULL || f.form == enums.FPDF_FORMTYPE_XFA_FOREGROUND
}

// Dynamic reports whether the form is an XFA form that asks to be laid out from its XML (the
// catalogue's NeedsRendering, ISO 32000-1 table 28): its page is a stand-in.
func (f *File) Dynamic() bool { return f.form == enums.FPDF_FORMTYPE_XFA_FULL }

// callTimeout is the bound of a call whose caller gave no deadline. Legal files that need
// longer exist; they are not worth a worker. Source: 99th percentile of odd public files 1-3 s.
const callTimeout = 30 * time.Second

// Prepare gives the file a living child before the clock of a page starts: waiting for one to
// become free is not the page's fault.
func (f *File) Prepare(ctx context.Context) error {
	if f.child != nil {
		return nil
	}
	for {
		c, err := f.engine.child(ctx)
		if err != nil {
			return err
		}
		used := c.used
		err = f.open(ctx, c)
		if errors.Is(err, errGone) && used && ctx.Err() == nil {
			continue // it may have ended while it had nothing to do
		}
		if errors.Is(err, errGone) {
			return fault.New(fault.Corrupt, "unreadable_pdf", "the PDF's structure cannot be read")
		}
		return err
	}
}

// open lets a child open the file. A child that fails in it is given back.
func (f *File) open(ctx context.Context, c *child) error {
	e := &encoder{}
	e.int(int(f.size))
	e.text(f.password)
	f.child = c
	kind, body, err := f.ask(ctx, toOpen, e.b, messageMost)
	if err != nil {
		f.Close()
		return err
	}
	d := &decoder{b: body}
	pages, form := d.int(), d.int()
	if kind != fromOpened || d.bad || pages < 0 {
		c.kill()
		f.Close()
		return errGone
	}
	f.pages, f.form = pages, enums.FPDF_FORMTYPE(form)
	return nil
}

// ask sends a request and gives the answer. When ctx ends the child is killed. The error is a
// fault, the end of ctx, or errGone where the child ended by itself.
func (f *File) ask(ctx context.Context, request byte, body []byte, most int) (kind byte, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	c := f.child
	stop := context.AfterFunc(ctx, c.kill)
	kind, answer, failed, err := c.ask(request, body, most, f.file, f.size)
	if !stop() || err != nil {
		c.kill()
		f.Close()
	}
	switch {
	case ctx.Err() != nil:
		return 0, nil, timeout(ctx)
	case failed != nil && (err != nil || kind == fromRefusal):
		return 0, nil, fault.New(fault.Unavailable, "unreadable", "the file cannot be read: %w", failed)
	case err != nil:
		return 0, nil, errGone
	case kind == fromRefusal:
		return 0, nil, f.fault(refusal(answer))
	}
	return kind, answer, nil
}

// timeout is the fault for a context that ended: the caller's cancel stays a cancel.
func timeout(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return fault.New(fault.Corrupt, "page_timeout", "reading took longer than its limit")
}

func (f *File) fault(r refusal) error {
	switch r {
	case refusedPassword:
		if f.password != "" {
			return fault.New(fault.Corrupt, "encrypted", "the PDF is encrypted and the given password does not open it")
		}
		return fault.New(fault.Corrupt, "encrypted", "the PDF is encrypted and needs a password")
	case refusedEncryption:
		return fault.New(fault.Corrupt, "encrypted", "the PDF is encrypted in a way that is not known")
	case refusedFile:
		return fault.New(fault.Corrupt, "unreadable_pdf", "the PDF's structure cannot be read")
	case refusedSize:
		return fault.New(fault.Corrupt, "page_size", "the page's stated size cannot be")
	case refusedEngine:
		return fault.New(fault.Unavailable, "pdf_engine", "the PDF engine does not start")
	}
	return unreadable()
}

func unreadable() error {
	return fault.New(fault.Corrupt, "page_unreadable", "the page cannot be read: its content is damaged")
}

// page asks for something of page number. Its errors are faults and the end of ctx.
func (f *File) page(ctx context.Context, number int, request byte, body []byte, most int) (byte, *decoder, error) {
	if number < 1 || number > f.pages {
		return 0, nil, fault.New(fault.NotFound, "no_such_page", "there is no page %d of %d", number, f.pages)
	}
	if err := f.Prepare(ctx); err != nil {
		return 0, nil, err
	}
	kind, answer, err := f.ask(ctx, request, body, most)
	if errors.Is(err, errGone) {
		err = unreadable()
	}
	return kind, &decoder{b: answer}, err
}

// broken ends a child whose answer has no sense.
func (f *File) broken() error {
	f.child.kill()
	f.Close()
	return unreadable()
}

// Close gives the child back. The file may be used again afterwards: it is then opened anew.
func (f *File) Close() error {
	if f.child != nil {
		f.engine.giveBack(f.child)
		f.child = nil
	}
	return nil
}

// Read takes the content of page number (from 1).
func (f *File) Read(ctx context.Context, number int) (*Page, error) {
	e := &encoder{}
	e.int(number)
	kind, d, err := f.page(ctx, number, toRead, e.b, messageMost)
	if err != nil {
		return nil, err
	}
	annotated := d.flags()[0]
	p := d.page()
	if kind != fromPage || d.bad {
		return nil, f.broken()
	}
	if !annotated {
		return p, nil
	}
	if !f.fields(ctx, number, p) {
		p.FormFailed = true
	}
	if ctx.Err() != nil {
		return nil, timeout(ctx)
	}
	return p, nil
}

// formTime bounds the reading of a page's form: some broken forms never end, and the page's
// own text is not lost for them.
const formTime = 8 * time.Second

// fields adds the page's form and notes and reports whether they could be read.
func (f *File) fields(ctx context.Context, number int, p *Page) bool {
	ctx, cancel := context.WithTimeout(ctx, formTime)
	defer cancel()
	e := &encoder{}
	e.int(number)
	kind, d, err := f.page(ctx, number, toFields, e.b, messageMost)
	if err != nil {
		return false
	}
	printed := d.int()
	with := d.page()
	if kind != fromFields || d.bad || printed != len(p.Words) || len(with.Words) < printed {
		f.broken()
		return false
	}
	p.Words = append(p.Words, with.Words[printed:]...)
	p.Fields, p.Marks, p.Truncated = with.Fields, with.Marks, p.Truncated || with.Truncated
	return true
}

// Picture is a rendered page as it is stored, that is after /Rotate and before Page.Rotation.
type Picture struct {
	Image  image.Image // *image.Gray or *image.RGBA without transparency
	DPI    float64     // what it was rendered at
	Capped bool        // DPI was lowered to keep within the pixels allowed
	Tinted bool        // it is grey here, but has coloured ink beside paper
}

// Gray renders a page on white paper, form values and notes included. Where pictures cover
// much of it, the page is drawn in colour first: PDFium resamples pictures twice as fast then.
func (f *File) Gray(ctx context.Context, number int, dpi float64, pixels int64, pictures bool) (Picture, error) {
	return f.render(ctx, drawing{page: number, dpi: dpi, pixels: pixels, viaColour: pictures})
}

// Colour renders a page at most width pixels wide.
func (f *File) Colour(ctx context.Context, number, width int, pixels int64) (Picture, error) {
	return f.render(ctx, drawing{page: number, width: width, pixels: pixels, colour: true})
}

// render draws the page with its form, and where that does not end, without.
func (f *File) render(ctx context.Context, d drawing) (Picture, error) {
	if f.form == enums.FPDF_FORMTYPE_NONE {
		return f.draw(ctx, d)
	}
	timed, cancel := context.WithTimeout(ctx, formTime)
	defer cancel()
	with := d
	with.form = true
	p, err := f.draw(timed, with)
	if err != nil && timed.Err() != nil && ctx.Err() == nil {
		return f.draw(ctx, d)
	}
	return p, err
}

func (f *File) draw(ctx context.Context, d drawing) (Picture, error) {
	e := &encoder{}
	e.int(d.page)
	e.float(d.dpi)
	e.int(d.width)
	e.int(int(d.pixels))
	e.flags(d.viaColour, d.colour, d.form)
	channels := int64(1)
	if d.colour {
		channels = 4
	}
	return f.picture(ctx, d.page, toDraw, e.b, d.pixels, channels)
}

// Embedded decodes the picture of a scan, as stored and in grey.
func (f *File) Embedded(ctx context.Context, number int, s *Scan) (Picture, error) {
	e := &encoder{}
	e.int(number)
	e.int(s.object)
	return f.picture(ctx, number, toEmbedded, e.b, int64(s.Width)*int64(s.Height), 1)
}

// picture takes a picture of about pixels at most.
func (f *File) picture(ctx context.Context, number int, request byte, body []byte, pixels, channels int64) (Picture, error) {
	most := (pixels+pixels/50)*channels + 1<<16 // the sides are rounded to whole pixels
	kind, d, err := f.page(ctx, number, request, body, int(min(most, 2<<30)))
	if err != nil {
		return Picture{}, err
	}
	w, h, n := d.int(), d.int(), d.int()
	p := Picture{DPI: d.float()}
	flags := d.flags()
	p.Capped, p.Tinted = flags[0], flags[1]
	if kind != fromPicture || d.bad || int64(n) != channels || w < 1 || h < 1 || w > 1<<20 || h > 1<<20 ||
		int64(w)*int64(h)*channels != int64(len(d.b)) {
		return Picture{}, f.broken()
	}
	bounds := image.Rect(0, 0, w, h)
	if n == 4 {
		p.Image = &image.RGBA{Pix: d.b, Stride: 4 * w, Rect: bounds}
	} else {
		p.Image = &image.Gray{Pix: d.b, Stride: w, Rect: bounds}
	}
	return p, nil
}
