// Package searchable writes a PDF of page pictures with their text over them, invisible: what
// is seen is the scan, and it can be searched, marked and copied word by word.
//
// Source: ISO 32000-1:2008 (PDF 1.7). Pages are written as they come and nothing of them is
// kept but where they lie in the file, so memory does not grow with their number. Each word
// stands in its own box; text render mode 3 (9.3.6) hides it. The file has no date and no
// name of any person, and the same pages give the same bytes.
package searchable

import (
	"bufio"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"

	"chartlake/document"
)

// quality of JPEG pictures: print stays sharp at the resolutions of scans.
const quality = 80

// Writer writes a PDF page by page.
type Writer struct {
	out     *bufio.Writer
	at      int64   // bytes written
	offsets []int64 // of objects, by number
	pages   []int   // their objects
	err     error
}

// New begins a file.
func New(out io.Writer) *Writer {
	w := &Writer{out: bufio.NewWriterSize(out, 64<<10), offsets: make([]int64, firstFree)}
	w.print("%%PDF-1.7\n%%\xe2\xe3\xcf\xd3\n")
	w.font()
	return w
}

func (w *Writer) print(format string, args ...any) {
	if w.err != nil {
		return
	}
	n, err := fmt.Fprintf(w.out, format, args...)
	w.at, w.err = w.at+int64(n), err
}

func (w *Writer) object(number int, body string) {
	w.offsets[number] = w.at
	w.print("%d 0 obj\n%s\nendobj\n", number, body)
}

func (w *Writer) stream(number int, entries string, data []byte) {
	w.offsets[number] = w.at
	w.print("%d 0 obj\n<< %s /Length %d >>\nstream\n%s\nendstream\nendobj\n", number, entries, len(data), data)
}

// next takes a number for an object.
func (w *Writer) next() int {
	w.offsets = append(w.offsets, 0)
	return len(w.offsets) - 1
}

// Add writes a page: the upright picture that its boxes refer to, and its words. Without a
// picture the page is white. It gives the first error of writing, as Close does.
func (w *Writer) Add(p *document.Page, picture image.Image) error {
	width, height := paper(p, picture)
	content, page := w.next(), w.next()
	var draw bytes.Buffer
	resources := fmt.Sprintf("/Font << /F %d 0 R >>", fontObject)
	if picture != nil {
		number := w.next()
		entries, data, err := encode(picture)
		if err != nil {
			return err
		}
		b := picture.Bounds()
		w.stream(number, fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d %s", b.Dx(), b.Dy(), entries), data)
		resources += fmt.Sprintf(" /XObject << /P %d 0 R >>", number)
		fmt.Fprintf(&draw, "q %.2f 0 0 %.2f 0 0 cm /P Do Q\n", width, height)
	}
	text(&draw, p, width, height)
	w.stream(content, "/Filter /FlateDecode", deflate(draw.Bytes()))
	w.object(page, fmt.Sprintf("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %.2f %.2f] /Resources << %s >> /Contents %d 0 R >>", pagesObject, width, height, resources, content))
	w.pages = append(w.pages, page)
	return w.err
}

// The size of a page that says nothing of its own, and the longest side that PDF readers
// take (ISO 32000-1, annex C.2).
const (
	letterHeight = 792
	longest      = 14400
)

// paper is the size of a page in points: by its resolution; where that is not known its
// longer side is taken for a letter's.
func paper(p *document.Page, picture image.Image) (width, height float64) {
	width, height = p.Width, p.Height
	if (width <= 0 || height <= 0) && picture != nil {
		width, height = float64(picture.Bounds().Dx()), float64(picture.Bounds().Dy())
	}
	if width <= 0 || height <= 0 {
		return 612, letterHeight
	}
	scale := 1.0
	switch {
	case p.DPI > 0:
		scale = 72 / p.DPI
	case p.Source != document.SourceText:
		scale = letterHeight / max(width, height)
	}
	scale = min(scale, longest/max(width, height))
	return max(width*scale, 1), max(height*scale, 1)
}

// text writes the words so that each fills its box: type as high as the box, stretched to its
// width. A blank follows each word of a line, as wide as the gap, so that copied words stay apart.
func text(b *bytes.Buffer, p *document.Page, width, height float64) {
	b.WriteString("BT 3 Tr\n")
	for _, l := range p.Lines {
		for i, index := range l.Words {
			if index < 0 || index >= len(p.Words) {
				continue
			}
			word := p.Words[index]
			codes := codesOf(word.Text)
			if len(codes) == 0 || word.Box.Empty() {
				continue
			}
			size, run := word.Box.H*height, word.Box.W*width
			fmt.Fprintf(b, "/F %.3f Tf %.3f Tz 1 0 0 1 %.3f %.3f Tm <", size, 100*run/(float64(len(codes))*size*advance/em), word.Box.X*width, (1-word.Box.Y-word.Box.H)*height)
			for _, c := range codes {
				fmt.Fprintf(b, "%04X", c)
			}
			b.WriteString("> Tj\n")
			if i+1 < len(l.Words) && l.Words[i+1] >= 0 && l.Words[i+1] < len(p.Words) {
				if gap := (p.Words[l.Words[i+1]].Box.X - word.Box.X - word.Box.W) * width; gap > 0 {
					fmt.Fprintf(b, "%.3f Tz <0020> Tj\n", 100*gap/(size*advance/em))
				}
			}
		}
	}
	b.WriteString("ET\n")
}

// codesOf is a text in UTF-16. A letter beyond the basic plane is U+FFFD: programs that copy
// text take its halves one by one.
func codesOf(s string) []uint16 {
	return utf16.Encode([]rune(strings.Map(func(r rune) rune {
		if r > 0xFFFF {
			return unicode.ReplacementChar
		}
		return r
	}, s)))
}

// encode gives a picture as bilevel with deflate where it has black and white only, else as
// grey or colour JPEG.
func encode(picture image.Image) (entries string, data []byte, err error) {
	grey, bilevel := levels(picture)
	if bilevel {
		return "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /FlateDecode", deflate(pack(grey)), nil
	}
	var b bytes.Buffer
	space := "/DeviceRGB"
	if grey != nil {
		space, picture = "/DeviceGray", grey
	}
	err = jpeg.Encode(&b, picture, &jpeg.Options{Quality: quality})
	return "/ColorSpace " + space + " /BitsPerComponent 8 /Filter /DCTDecode", b.Bytes(), err
}

// levels gives a picture as grey where it has no colour, else nil; bilevel where every pixel
// is black or white.
func levels(picture image.Image) (grey *image.Gray, bilevel bool) {
	r := picture.Bounds()
	if g, ok := picture.(*image.Gray); ok {
		grey = g
	} else {
		grey = image.NewGray(r)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				red, green, blue, _ := picture.At(x, y).RGBA()
				if red != green || green != blue {
					return nil, false
				}
				grey.SetGray(x, y, color.Gray{Y: uint8(red >> 8)})
			}
		}
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for _, v := range grey.Pix[grey.PixOffset(r.Min.X, y) : grey.PixOffset(r.Max.X-1, y)+1] {
			if v != 0 && v != 255 {
				return grey, false
			}
		}
	}
	return grey, true
}

// pack puts eight black or white pixels into a byte, rows to whole bytes; 1 is white.
func pack(g *image.Gray) []byte {
	r := g.Bounds()
	row := (r.Dx() + 7) / 8
	out := make([]byte, row*r.Dy())
	for y := range r.Dy() {
		for x := range r.Dx() {
			if g.Pix[g.PixOffset(r.Min.X+x, r.Min.Y+y)] != 0 {
				out[y*row+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	return out
}

// Close ends the file: the page tree, the catalog and the cross-reference table.
func (w *Writer) Close() error {
	var kids strings.Builder
	for _, p := range w.pages {
		fmt.Fprintf(&kids, "%d 0 R ", p)
	}
	w.object(pagesObject, fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", kids.String(), len(w.pages)))
	w.object(catalogObject, fmt.Sprintf("<< /Type /Catalog /Pages %d 0 R >>", pagesObject))
	start := w.at
	w.print("xref\n0 %d\n0000000000 65535 f \n", len(w.offsets))
	for _, at := range w.offsets[1:] {
		w.print("%010d 00000 n \n", at)
	}
	w.print("trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(w.offsets), catalogObject, start)
	if w.err != nil {
		return w.err
	}
	return w.out.Flush()
}
