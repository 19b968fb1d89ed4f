package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"image/jpeg"
	"regexp"
	"strconv"
)

// tail is the end of a PDF of fpdf: the number of objects, the catalog, the information
// dictionary and the place of the cross-reference table.
var tail = regexp.MustCompile(`/Size (\d+)\n/Root (\d+) 0 R\n/Info (\d+) 0 R\n>>\nstartxref\n(\d+)\n%%EOF\s*$`)

// resources is the dictionary that all pages of a PDF of fpdf share, open at its pictures.
var resources = regexp.MustCompile(`(?s)\n2 0 obj\n(.*?/XObject <<)(.*?\nendobj)`)

// withPictures adds pictures to a PDF whose pages name them Scan0, Scan1 …, as an
// incremental update (ISO 32000-1 §7.5.6). fpdf itself writes pictures of one width in the
// order of a Go map, so that the same pages would have other bytes in every run.
func withPictures(base []byte, scans []*Scan) ([]byte, error) {
	if len(scans) == 0 {
		return base, nil
	}
	end, dict := tail.FindSubmatch(base), resources.FindSubmatch(base)
	if end == nil || dict == nil {
		return nil, errors.New("sheet: the PDF has an unknown end")
	}
	next, err := strconv.Atoi(string(end[1]))
	if err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(base)
	var names, table bytes.Buffer
	first := next
	for i, s := range scans {
		fmt.Fprintf(&names, "\n/Scan%d %d 0 R", i, next)
		fmt.Fprintf(&table, "%010d 00000 n \n", out.Len())
		if err := writePicture(out, next, s); err != nil {
			return nil, err
		}
		next++
	}
	at := out.Len()
	fmt.Fprintf(out, "2 0 obj\n%s%s%s\n", dict[1], names.Bytes(), dict[2])
	start := out.Len()
	fmt.Fprintf(out, "xref\n2 1\n%010d 00000 n \n%d %d\n%s", at, first, len(scans), table.Bytes())
	fmt.Fprintf(out, "trailer\n<<\n/Size %d\n/Root %s 0 R\n/Info %s 0 R\n/Prev %s\n>>\nstartxref\n%d\n%%%%EOF\n", next, end[2], end[3], end[4], start)
	return out.Bytes(), nil
}

func writePicture(out *bytes.Buffer, number int, s *Scan) error {
	c, err := jpeg.DecodeConfig(bytes.NewReader(s.JPEG))
	if err != nil {
		return err
	}
	space := "DeviceRGB"
	if c.ColorModel == color.GrayModel {
		space = "DeviceGray"
	}
	fmt.Fprintf(out, "%d 0 obj\n<</Type /XObject\n/Subtype /Image\n/Width %d\n/Height %d\n/ColorSpace /%s\n/BitsPerComponent 8\n/Filter /DCTDecode\n/Length %d>>\nstream\n", number, c.Width, c.Height, space, len(s.JPEG))
	out.Write(s.JPEG)
	out.WriteString("\nendstream\nendobj\n")
	return nil
}
