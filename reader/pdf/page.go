package pdf

import (
	"errors"
	"math"

	"chartlake/document"
	"chartlake/reader/layout"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// Page is what a page's content says without rendering it. All boxes are fractions of the
// upright page: after the page's own /Rotate and after Rotation.
type Page struct {
	Width, Height float64 // upright, in points
	Rotation      int     // clockwise degrees that make the page upright, by the direction of its text
	Words         []Word
	Images        []Image
	Rules         []layout.Rule
	Fields        []document.Field // form fields; ValueWords are indexes into Words
	Marks         []document.Mark  // check boxes and radio buttons of the form
	Paths         int              // drawn paths, for pages whose letters are outlines
	Rounds        int              // those that are round and of the size of a radio button
	Barred        bool             // bars or dots as those of a bar code are drawn, or its font is used
	Chars         Chars
	Scan          *Scan // the page is one picture and nothing else that is seen
	FormFailed    bool  // the page's form could not be read
	Truncated     bool  // more content than the bounds of this package; the rest was left out
}

// Word is a word of the text layer with what the judgement of that layer needs.
type Word struct {
	document.Word
	Faint bool // near-white or transparent ink: visible only on a dark ground
}

// Image is a region that a picture covers, and the picture's own resolution.
type Image struct {
	Box document.Box
	DPI float64
}

// Chars counts characters by their sanity.
type Chars struct {
	All     int // without blanks
	Unknown int // no Unicode value, U+FFFD, private use, control characters
	Hidden  int // drawn invisibly (text rendering mode 3 or 7)
}

// Bounds of one page. Legal pages stay far below; the rest is left out and said so.
// Sources: a dense newspaper page has 30,000 characters, a CAD drawing 10^5 paths.
const (
	maxChars    = 100_000
	maxObjects  = 20_000
	maxSegments = 100_000
	maxRules    = 4_000
	maxWidgets  = 3_000
	maxDepth    = 6
	minPoints   = 1.0     // a page smaller than this has no readable content
	maxPoints   = 200_000 // ISO 32000-1 annex C: 14,400 points; beyond, a lie
)

// read takes the content of page number (from 1) but for its form and notes. annotated says
// that it may have some.
func (h *handle) read(number int) (p *Page, annotated bool, err error) {
	h.last = nil
	p = &Page{}
	err = h.page(number, func(c *content) error {
		c.page = p
		p.Width, p.Height = c.width, c.height
		if err := c.objects(); err != nil {
			return err
		}
		if err := c.text(); err != nil {
			return err
		}
		c.turn()
		notes, err := c.pdfium.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: c.handle})
		if annotated = err == nil && notes.Count > 0; !annotated {
			p.Scan = c.scan()
		}
		return err
	})
	if err != nil {
		return nil, false, err
	}
	h.last, h.number = p, number
	return p, annotated, nil
}

// fields takes the form and the notes of a page: of the page that it gives, the words from
// index printed on, the fields and the marks come from them.
func (h *handle) fields(number int) (p *Page, printed int, err error) {
	if h.last == nil || h.number != number {
		if _, _, err := h.read(number); err != nil {
			return nil, 0, err
		}
	}
	p, h.last = h.last, nil
	printed = len(p.Words)
	err = h.page(number, func(c *content) error {
		c.page, c.toPage = p, c.toPage.then(turned(p.Rotation))
		return c.forms()
	})
	return p, printed, err
}

// content is a page while it is read: page space on one side, fractions on the other.
type content struct {
	pdfium        pdfium.Pdfium
	native        *native
	address       uint64 // of the page, for native
	document      references.FPDF_DOCUMENT
	form          enums.FPDF_FORMTYPE
	ref           references.FPDF_PAGE
	handle        requests.Page
	width, height float64 // points, after /Rotate
	toPage        matrix  // page space to fractions of the page, y down
	hidden        visibility
	face          face // of the last word
	pictures      int
	single        *Scan // the first picture, where it may be a scan of the page
	page          *Page
}

// page opens page number and runs work on it.
func (h *handle) page(number int, work func(*content) error) error {
	if err := h.ready(); err != nil {
		return err
	}
	err := h.guard(func() error {
		loaded, err := h.instance.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: h.document, Index: number - 1})
		if err != nil {
			return err
		}
		defer h.instance.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: loaded.Page})
		c := &content{pdfium: h.instance, native: h.native, document: h.document, form: h.form, ref: loaded.Page}
		if c.address = h.native.page(loaded.Page); c.address == 0 {
			return errNative
		}
		c.handle = requests.Page{ByReference: &c.ref}
		if err := c.measure(); err != nil {
			return err
		}
		return work(c)
	})
	var known refusal
	if err != nil && !errors.As(err, &known) {
		return refusedPage
	}
	return err
}

// measure takes the page's size and the way from page space to fractions, which covers crop
// box and /Rotate. PDFium gives whole device pixels, hence the large device.
func (c *content) measure() error {
	size, err := c.pdfium.GetPageSize(&requests.GetPageSize{Page: c.handle})
	if err != nil {
		return err
	}
	c.width, c.height = size.Width, size.Height
	if !(c.width >= minPoints && c.height >= minPoints && c.width <= maxPoints && c.height <= maxPoints) {
		return refusedSize
	}
	const device = 1 << 24
	span := math.Max(c.width, c.height)
	corner := [3][2]float64{{0, 0}, {span, 0}, {0, span}}
	var at [3][2]float64
	for i, p := range corner {
		d, err := c.pdfium.FPDF_PageToDevice(&requests.FPDF_PageToDevice{
			Page: c.handle, SizeX: device, SizeY: device, PageX: p[0], PageY: p[1]})
		if err != nil {
			return err
		}
		at[i] = [2]float64{float64(int32(d.DeviceX)) / device, float64(int32(d.DeviceY)) / device}
	}
	c.toPage = matrix{
		(at[1][0] - at[0][0]) / span, (at[1][1] - at[0][1]) / span,
		(at[2][0] - at[0][0]) / span, (at[2][1] - at[0][1]) / span,
		at[0][0], at[0][1],
	}
	return nil
}

// matrix maps (x,y) to (a·x+c·y+e, b·x+d·y+f), as in ISO 32000-1 section 8.3.3.
type matrix struct{ a, b, c, d, e, f float64 }

var identity = matrix{a: 1, d: 1}

func (m matrix) apply(x, y float64) (float64, float64) {
	return m.a*x + m.c*y + m.e, m.b*x + m.d*y + m.f
}

// then gives the matrix that applies m first and n after it.
func (m matrix) then(n matrix) matrix {
	return matrix{
		m.a*n.a + m.b*n.c, m.a*n.b + m.b*n.d,
		m.c*n.a + m.d*n.c, m.c*n.b + m.d*n.d,
		m.e*n.a + m.f*n.c + n.e, m.e*n.b + m.f*n.d + n.f,
	}
}

// box maps a rectangle of page space to the box around its image.
func (m matrix) box(left, bottom, right, top float64) document.Box {
	x0, y0 := m.apply(left, bottom)
	x1, y1 := x0, y0
	for _, p := range [3][2]float64{{right, bottom}, {left, top}, {right, top}} {
		x, y := m.apply(p[0], p[1])
		x0, x1 = math.Min(x0, x), math.Max(x1, x)
		y0, y1 = math.Min(y0, y), math.Max(y1, y)
	}
	return document.Box{X: x0, Y: y0, W: x1 - x0, H: y1 - y0}
}

// turn makes the page upright where most of its text runs another way.
func (c *content) turn() {
	p := c.page
	r := p.Rotation
	if r == 0 {
		return
	}
	if r != 180 {
		p.Width, p.Height = p.Height, p.Width
	}
	t := turned(r)
	c.toPage = c.toPage.then(t)
	for i := range p.Words {
		p.Words[i].Box = turnBox(t, p.Words[i].Box)
	}
	for i := range p.Images {
		p.Images[i].Box = turnBox(t, p.Images[i].Box)
	}
	for i, rule := range p.Rules {
		x0, y0 := t.apply(rule.X0, rule.Y0)
		x1, y1 := t.apply(rule.X1, rule.Y1)
		p.Rules[i] = ordered(layout.Rule{X0: x0, Y0: y0, X1: x1, Y1: y1, Width: rule.Width})
	}
}

func turnBox(m matrix, b document.Box) document.Box {
	return m.box(b.X, b.Y, b.X+b.W, b.Y+b.H)
}

// turned is the clockwise turn of the unit page, y down.
func turned(degrees int) matrix {
	switch degrees {
	case 90:
		return matrix{b: 1, c: -1, e: 1}
	case 180:
		return matrix{a: -1, d: -1, e: 1, f: 1}
	case 270:
		return matrix{b: -1, c: 1, f: 1}
	}
	return identity
}

// ordered gives the rule with its ends in the order that layout.Rule asks for.
func ordered(r layout.Rule) layout.Rule {
	if (r.Vertical() && r.Y0 > r.Y1) || (!r.Vertical() && r.X0 > r.X1) {
		r.X0, r.Y0, r.X1, r.Y1 = r.X1, r.Y1, r.X0, r.Y0
	}
	return r
}
