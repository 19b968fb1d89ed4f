package sheet

import (
	"fmt"

	"chartlake/document"
	"chartlake/eval/reading"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// Code draws a bar code with its upper left corner at a place and writes it down. symbology is
// that of document.Code; module is the width of its narrowest part in points, height that of a
// linear code. The text is the program's own; one that cannot be encoded is a programming
// mistake and panics.
func (s *Sheet) Code(x, y float64, symbology, text string, module, height float64) {
	var w gozxing.Writer
	var f gozxing.BarcodeFormat
	switch symbology {
	case "code128":
		w, f = oned.NewCode128Writer(), gozxing.BarcodeFormat_CODE_128
	case "code39":
		w, f = oned.NewCode39Writer(), gozxing.BarcodeFormat_CODE_39
	case "qr":
		w, f = qrcode.NewQRCodeWriter(), gozxing.BarcodeFormat_QR_CODE
	case "datamatrix":
		w, f = datamatrix.NewDataMatrixWriter(), gozxing.BarcodeFormat_DATA_MATRIX
	default:
		panic("sheet: no codes of the symbology " + symbology)
	}
	m, err := w.Encode(text, f, 1, 1, map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_MARGIN: 0})
	if err != nil {
		panic(fmt.Sprintf("sheet: code: %v", err))
	}
	if height == 0 {
		height = module * float64(m.GetHeight())
	}
	s.codeModules(m, x, y, module, height/float64(m.GetHeight()))
	s.truth.codes = append(s.truth.codes, reading.Code{Symbology: symbology, Text: text,
		Box: document.Box{X: x / s.Width, Y: y / s.Height, W: module * float64(m.GetWidth()) / s.Width, H: height / s.Height}})
}

// codeModules fills the dark modules, neighbours of a row as one.
func (s *Sheet) codeModules(m *gozxing.BitMatrix, x, y, w, h float64) {
	for j := range m.GetHeight() {
		for i := 0; i < m.GetWidth(); i++ {
			n := i
			for n < m.GetWidth() && m.Get(n, j) {
				n++
			}
			if n > i {
				s.Fill(x+float64(i)*w, y+float64(j)*h, float64(n-i)*w, h, Black)
			}
			i = n
		}
	}
}
