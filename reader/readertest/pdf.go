package readertest

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"image/jpeg"
	"strings"
)

// Page is a page of a made PDF. Content is its drawing operators; fonts are /F1 Helvetica,
// /F2 Helvetica-Bold; Pictures are /I1, /I2 ...; Extra goes into the page dictionary.
type Page struct {
	Width, Height float64
	Content       string
	Pictures      []image.Image
	Annotations   []string // dictionaries
	Extra         string
}

// PDF makes a file of pages. catalogue is added to the document catalogue.
func PDF(catalogue string, pages ...Page) []byte {
	w := &writer{}
	w.raw("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	// 1 catalogue, 2 page tree, 3 and 4 fonts; pages follow.
	next := 5
	var kids []string
	for _, p := range pages {
		page, content := next, next+1
		next += 2
		var pictures, notes []string
		for i, m := range p.Pictures {
			w.picture(next, m)
			pictures = append(pictures, fmt.Sprintf("/I%d %d 0 R", i+1, next))
			next++
		}
		for _, a := range p.Annotations {
			w.object(next, strings.ReplaceAll(a, "{page}", fmt.Sprintf("%d 0 R", page)))
			notes = append(notes, fmt.Sprintf("%d 0 R", next))
			next++
		}
		w.stream(content, "", []byte(p.Content))
		w.object(page, fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 %.2f %.2f]/Contents %d 0 R/Annots[%s]"+
			"/Resources<</Font<</F1 3 0 R/F2 4 0 R>>/XObject<<%s>>>>%s>>",
			p.Width, p.Height, content, strings.Join(notes, " "), strings.Join(pictures, ""), p.Extra))
		kids = append(kids, fmt.Sprintf("%d 0 R", page))
	}
	w.object(1, "<</Type/Catalog/Pages 2 0 R"+catalogue+">>")
	w.object(2, fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(kids), strings.Join(kids, " ")))
	w.object(3, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
	w.object(4, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>")
	return w.end(next)
}

// Letter is a letter page with the given drawing operators.
func Letter(content string) Page { return Page{Width: 612, Height: 792, Content: content} }

// Line is the operators that show a text at a place.
func Line(x, y, size float64, text string) string {
	text = strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(text)
	return fmt.Sprintf("BT /F1 %g Tf %g %g Td (%s) Tj ET\n", size, x, y, text)
}

// Bomb makes a PDF whose page content unpacks to size bytes of spaces.
func Bomb(size int64) []byte {
	var packed bytes.Buffer
	z, _ := zlib.NewWriterLevel(&packed, zlib.BestSpeed)
	blank := bytes.Repeat([]byte(" "), 1<<20)
	for ; size > 0; size -= int64(len(blank)) {
		z.Write(blank[:min(size, int64(len(blank)))])
	}
	z.Close()
	w := &writer{}
	w.raw("%PDF-1.7\n")
	w.object(1, "<</Type/Catalog/Pages 2 0 R>>")
	w.object(2, "<</Type/Pages/Count 1/Kids[3 0 R]>>")
	w.object(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R>>")
	w.stream(4, "/Filter/FlateDecode", packed.Bytes())
	return w.end(5)
}

type writer struct {
	out bytes.Buffer
	at  map[int]int
}

func (w *writer) raw(s string) { w.out.WriteString(s) }

func (w *writer) begin(n int) {
	if w.at == nil {
		w.at = map[int]int{}
	}
	w.at[n] = w.out.Len()
	fmt.Fprintf(&w.out, "%d 0 obj\n", n)
}

func (w *writer) object(n int, body string) {
	w.begin(n)
	w.out.WriteString(body + "\nendobj\n")
}

func (w *writer) stream(n int, dictionary string, data []byte) {
	w.begin(n)
	fmt.Fprintf(&w.out, "<</Length %d%s>>stream\n", len(data), dictionary)
	w.out.Write(data)
	w.out.WriteString("\nendstream\nendobj\n")
}

func (w *writer) picture(n int, m image.Image) {
	space := "/DeviceRGB"
	if _, ok := m.(*image.Gray); ok {
		space = "/DeviceGray"
	}
	var data bytes.Buffer
	jpeg.Encode(&data, m, &jpeg.Options{Quality: 90})
	w.stream(n, fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace%s/BitsPerComponent 8/Filter/DCTDecode",
		m.Bounds().Dx(), m.Bounds().Dy(), space), data.Bytes())
}

func (w *writer) end(next int) []byte {
	start := w.out.Len()
	fmt.Fprintf(&w.out, "xref\n0 %d\n0000000000 65535 f \n", next)
	for n := 1; n < next; n++ {
		fmt.Fprintf(&w.out, "%010d 00000 n \n", w.at[n])
	}
	fmt.Fprintf(&w.out, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", next, start)
	return w.out.Bytes()
}
