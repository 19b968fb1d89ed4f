package pdf

import (
	"encoding/binary"
	"errors"
	"io"
	"math"

	"chartlake/document"
	"chartlake/reader/layout"
)

// Messages between the server and a child: four bytes of length, one of kind, the rest by
// kind. Numbers are varints, floats their eight bytes, texts and lists have their length
// first. Neither side trusts a length: a list cannot be longer than the bytes that are there.
const (
	toOpen     = 'O' // size, password, bytes of memory
	toRead     = 'R' // page
	toFields   = 'F' // page
	toDraw     = 'D' // a drawing
	toEmbedded = 'E' // page, object, most pixels
	toClose    = 'C'
	toBlock    = 'B' // bytes of the file, as asked for; none: they cannot be read

	fromReady   = 'r' // PDFium is loaded
	fromNeed    = 'n' // offset and length of bytes of the file
	fromRefusal = 'x' // a refusal
	fromOpened  = 'o' // pages, form type
	fromPage    = 'p' // annotated, a page
	fromFields  = 'f' // number of words before the form's, a page
	fromPicture = 'i' // width, height, channels, dpi, capped, the pixels row by row
	fromClosed  = 'c'
)

// messageMost bounds a message without pixels: a page of maxChars words with 60 bytes each
// stays below.
const messageMost = 32 << 20

var errWire = errors.New("message out of form")

// receive takes the next message of at most so many bytes.
func receive(r io.Reader, most int) (kind byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if int64(n) > int64(most) {
		return 0, nil, errWire
	}
	body = make([]byte, n)
	_, err = io.ReadFull(r, body)
	return head[4], body, err
}

// send writes a message in one piece.
func send(w io.Writer, kind byte, body []byte) error {
	b := make([]byte, 5, 5+len(body))
	binary.LittleEndian.PutUint32(b, uint32(len(body)))
	b[4] = kind
	_, err := w.Write(append(b, body...))
	return err
}

// encoder appends values.
type encoder struct{ b []byte }

func (e *encoder) int(v int)       { e.b = binary.AppendVarint(e.b, int64(v)) }
func (e *encoder) float(v float64) { e.b = binary.LittleEndian.AppendUint64(e.b, math.Float64bits(v)) }
func (e *encoder) text(v string)   { e.int(len(v)); e.b = append(e.b, v...) }

func (e *encoder) flags(all ...bool) {
	var v byte
	for i, on := range all {
		if on {
			v |= 1 << i
		}
	}
	e.b = append(e.b, v)
}

func (e *encoder) box(v document.Box) {
	for _, x := range [4]float64{v.X, v.Y, v.W, v.H} {
		e.float(x)
	}
}

func (e *encoder) ints(v []int) {
	e.int(len(v))
	for _, x := range v {
		e.int(x)
	}
}

func (e *encoder) page(p *Page) {
	e.float(p.Width)
	e.float(p.Height)
	e.int(p.Rotation)
	e.flags(p.FormFailed, p.Truncated, p.Scan != nil, p.Barred)
	for _, n := range [5]int{p.Paths, p.Rounds, p.Chars.All, p.Chars.Unknown, p.Chars.Hidden} {
		e.int(n)
	}
	if s := p.Scan; s != nil {
		e.box(s.Box)
		e.ints([]int{s.Width, s.Height, s.Orientation, s.object})
		e.float(s.DPI)
	}
	e.int(len(p.Words))
	for _, w := range p.Words {
		e.text(w.Text)
		e.box(w.Box)
		e.float(w.Confidence)
		e.float(w.FontSize)
		e.flags(w.Bold, w.Hidden, w.Faint)
	}
	e.int(len(p.Images))
	for _, i := range p.Images {
		e.box(i.Box)
		e.float(i.DPI)
	}
	e.int(len(p.Rules))
	for _, r := range p.Rules {
		for _, v := range [5]float64{r.X0, r.Y0, r.X1, r.Y1, r.Width} {
			e.float(v)
		}
	}
	e.int(len(p.Fields))
	for _, f := range p.Fields {
		for _, s := range [5]string{f.Name, f.Key, f.Value, f.Source, f.Rule} {
			e.text(s)
		}
		e.ints(f.KeyWords)
		e.ints(f.ValueWords)
		e.box(f.KeyBox)
		e.box(f.ValueBox)
		e.float(f.Confidence)
	}
	e.int(len(p.Marks))
	for _, m := range p.Marks {
		for _, s := range [4]string{string(m.State), m.Shape, m.Label, m.Group} {
			e.text(s)
		}
		e.ints(m.LabelWords)
		e.box(m.Box)
		e.float(m.Fill)
		e.float(m.Confidence)
	}
}

// decoder takes values off a message. After the first that is not there, all are zero and bad
// is set.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) fail() { d.b, d.bad = nil, true }

func (d *decoder) int() int {
	v, n := binary.Varint(d.b)
	if n <= 0 || v != int64(int(v)) {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return int(v)
}

func (d *decoder) take(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.fail()
		return nil
	}
	v := d.b[:n]
	d.b = d.b[n:]
	return v
}

// float is finite: nothing on a page is endless.
func (d *decoder) float() float64 {
	b := d.take(8)
	if b == nil {
		return 0
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(b))
	if math.IsNaN(v) || math.IsInf(v, 0) {
		d.fail()
		return 0
	}
	return v
}

func (d *decoder) text() string { return string(d.take(d.int())) }

func (d *decoder) flags() (all [8]bool) {
	if b := d.take(1); b != nil {
		for i := range all {
			all[i] = b[0]&(1<<i) != 0
		}
	}
	return all
}

func (d *decoder) box() (v document.Box) {
	v.X, v.Y, v.W, v.H = d.float(), d.float(), d.float(), d.float()
	return v
}

// count is the length of a list whose elements have at least so many bytes.
func (d *decoder) count(each int) int {
	n := d.int()
	if n < 0 || n > len(d.b)/each {
		d.fail()
		return 0
	}
	return n
}

func list[T any](d *decoder, each int, element func() T) []T {
	n := d.count(each)
	if n == 0 {
		return nil
	}
	out := make([]T, n)
	for i := range out {
		out[i] = element()
	}
	return out
}

// indexes are those of words that there are.
func (d *decoder) indexes(words int) []int {
	return list(d, 1, func() int {
		v := d.int()
		if v < 0 || v >= words {
			d.fail()
			return 0
		}
		return v
	})
}

func (d *decoder) page() *Page {
	p := &Page{Width: d.float(), Height: d.float(), Rotation: d.int()}
	flags := d.flags()
	p.FormFailed, p.Truncated, p.Barred = flags[0], flags[1], flags[3]
	p.Paths, p.Rounds = d.int(), d.int()
	p.Chars = Chars{All: d.int(), Unknown: d.int(), Hidden: d.int()}
	if flags[2] {
		p.Scan = &Scan{Box: d.box()}
		if n := list(d, 1, d.int); len(n) == 4 {
			p.Scan.Width, p.Scan.Height, p.Scan.Orientation, p.Scan.object = n[0], n[1], n[2], n[3]
		}
		p.Scan.DPI = d.float()
	}
	p.Words = list(d, 50, d.word)
	p.Images = list(d, 40, func() Image { return Image{Box: d.box(), DPI: d.float()} })
	p.Rules = list(d, 40, func() layout.Rule {
		return layout.Rule{X0: d.float(), Y0: d.float(), X1: d.float(), Y1: d.float(), Width: d.float()}
	})
	p.Fields = list(d, 79, func() document.Field { return d.field(len(p.Words)) })
	p.Marks = list(d, 53, func() document.Mark { return d.mark(len(p.Words)) })
	if p.Rotation%90 != 0 || p.Rotation < 0 || p.Rotation > 270 || !(p.Width > 0 && p.Height > 0) {
		d.fail()
	}
	return p
}

func (d *decoder) word() (w Word) {
	w.Text, w.Box, w.Confidence, w.FontSize = d.text(), d.box(), d.float(), d.float()
	flags := d.flags()
	w.Bold, w.Hidden, w.Faint = flags[0], flags[1], flags[2]
	return w
}

func (d *decoder) field(words int) document.Field {
	return document.Field{Name: d.text(), Key: d.text(), Value: d.text(), Source: d.text(), Rule: d.text(),
		KeyWords: d.indexes(words), ValueWords: d.indexes(words), KeyBox: d.box(), ValueBox: d.box(), Confidence: d.float()}
}

func (d *decoder) mark(words int) document.Mark {
	return document.Mark{State: document.MarkState(d.text()), Shape: d.text(), Label: d.text(), Group: d.text(),
		LabelWords: d.indexes(words), Box: d.box(), Fill: d.float(), Confidence: d.float()}
}
