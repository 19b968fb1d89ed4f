package sheet

import (
	"fmt"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// QR draws a QR code (ISO/IEC 18004) of this width at a corner, Code128 a linear one
// (ISO/IEC 15417). The text is the program's own; one that cannot be encoded is a programming
// mistake and panics.
func (s *Sheet) QR(x, y, width float64, text string) {
	m, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, 1, 1, noMargin)
	s.modules(m, err, x, y, width, width)
}

// Code128 draws a linear code.
func (s *Sheet) Code128(x, y, width, height float64, text string) {
	m, err := oned.NewCode128Writer().Encode(text, gozxing.BarcodeFormat_CODE_128, 1, 1, noMargin)
	s.modules(m, err, x, y, width, height)
}

var noMargin = map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_MARGIN: 0}

// modules fills the dark modules, neighbours of a row as one.
func (s *Sheet) modules(m *gozxing.BitMatrix, err error, x, y, width, height float64) {
	if err != nil {
		panic(fmt.Sprintf("sheet: code: %v", err))
	}
	w, h := width/float64(m.GetWidth()), height/float64(m.GetHeight())
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
