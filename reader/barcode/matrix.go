package barcode

import (
	"image"

	"chartlake/reader/pixel"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/aztec"
	"github.com/makiuchi-d/gozxing/datamatrix"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// matrixSide is the longer side in pixels to which a large place is shrunk: the largest QR code
// has 177 modules.
const matrixSide = 900

// matrix decodes a picture of a code made of dots with paper around it; the text is empty where
// it cannot.
func matrix(img *image.Gray, eyed bool) (symbology, text string) {
	if factor := max(img.Rect.Dx(), img.Rect.Dy()) / matrixSide; factor > 1 {
		img = pixel.Shrink(img, factor)
	}
	readers := map[string]gozxing.Reader{QR: qrcode.NewQRCodeReader()}
	order := []string{QR}
	if !eyed {
		readers[DataMatrix], readers[Aztec] = datamatrix.NewDataMatrixReader(), aztec.NewAztecReader()
		order = []string{DataMatrix, QR, Aztec}
	}
	harder := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	for try := range 3 {
		look := img
		switch try {
		case 1: // the grain of a scan makes edges ragged
			look = pixel.Blur(img)
		case 2: // modules of two or three pixels
			if max(img.Rect.Dx(), img.Rect.Dy()) > matrixSide/2 {
				continue
			}
			look = pixel.Resize(img, 3*img.Rect.Dx(), 3*img.Rect.Dy())
		}
		for _, s := range order {
			for _, binarize := range []func(gozxing.LuminanceSource) gozxing.Binarizer{gozxing.NewHybridBinarizer, gozxing.NewGlobalHistgramBinarizer} {
				if text, ok := decode(readers[s], binarize(source(look)), harder); ok {
					return s, text
				}
			}
		}
	}
	return "", ""
}

// decode asks a reader of the library, which may panic on what is no code.
func decode(r gozxing.Reader, b gozxing.Binarizer, hints map[gozxing.DecodeHintType]any) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	bitmap, err := gozxing.NewBinaryBitmap(b)
	if err != nil {
		return "", false
	}
	result, err := r.Decode(bitmap, hints)
	if err != nil || result == nil {
		return "", false
	}
	return result.GetText(), true
}

// source gives a picture, whose rows lie one behind the other, to the library.
func source(img *image.Gray) gozxing.LuminanceSource {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	s, err := gozxing.NewPlanarYUVLuminanceSource(img.Pix, w, h, 0, 0, w, h, false)
	if err != nil {
		panic(err) // the part is the whole
	}
	return s
}
