// Package pixel holds the operations on grey pictures that reading needs: turning, levelling,
// scaling, evening out the background, and the way back of every coordinate. Pictures are
// *image.Gray with 0 black and 255 white.
package pixel

import "image"

// Turn gives the picture turned clockwise by 0, 90, 180 or 270 degrees. The result shares no
// pixels with img, except that a turn by 0 is img itself.
func Turn(img *image.Gray, degrees int) *image.Gray {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	switch ((degrees % 360) + 360) % 360 {
	case 90:
		out := image.NewGray(image.Rect(0, 0, h, w))
		for y := range h {
			row := img.Pix[y*img.Stride : y*img.Stride+w]
			for x, v := range row {
				out.Pix[x*out.Stride+h-1-y] = v
			}
		}
		return out
	case 180:
		out := image.NewGray(image.Rect(0, 0, w, h))
		for y := range h {
			row := img.Pix[y*img.Stride : y*img.Stride+w]
			dst := out.Pix[(h-1-y)*out.Stride:]
			for x, v := range row {
				dst[w-1-x] = v
			}
		}
		return out
	case 270:
		out := image.NewGray(image.Rect(0, 0, h, w))
		for y := range h {
			row := img.Pix[y*img.Stride : y*img.Stride+w]
			for x, v := range row {
				out.Pix[(w-1-x)*out.Stride+y] = v
			}
		}
		return out
	}
	return img
}
