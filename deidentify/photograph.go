package deidentify

import (
	"image"

	"chartlake/document"
)

// Sizes of photographs, as shares of the longer side of the page: a passport picture on a card that
// fills a page has a fifth, a thumbnail of a face in a chart some hundredths. Print has tones
// between black and white at the rims of its letters alone, a photograph nearly everywhere.
const (
	tiles     = 96   // along the longer side
	least     = 3    // tiles along each side of a photograph
	toned     = 0.55 // of a tile's pixels that are neither ink nor paper
	ink       = 48   // at most this bright, of 255
	paper     = 208  // at least this bright
	smoothest = 3    // grey levels between neighbours: less on the whole is a shaded field, not a picture
	screened  = 0.22 // of a tile's pixels that differ from the next one, where all are black or white
)

// Photographs finds the places of pictures with tones, and of screened ones in scans of black and
// white: full-face photographs are among them (164.514(b)(2)(i)(Q)), and what else they show
// is not judged.
func Photographs(img *image.RGBA) []document.Box {
	b := img.Bounds()
	size := max(max(b.Dx(), b.Dy())/tiles, 4)
	columns, rows := b.Dx()/size, b.Dy()/size
	marked := make([]bool, columns*rows)
	for y := range rows {
		for x := range columns {
			marked[y*columns+x] = photographic(img, x*size, y*size, size)
		}
	}
	var out []document.Box
	for i := range marked {
		if !marked[i] {
			continue
		}
		r, n := flood(marked, i, columns, rows)
		if r.Dx() < least || r.Dy() < least || 2*n < r.Dx()*r.Dy() {
			continue
		}
		r = r.Inset(-1) // the rim's tiles are partly paper
		w, h := float64(b.Dx()), float64(b.Dy())
		out = append(out, document.Box{X: float64(r.Min.X*size) / w, Y: float64(r.Min.Y*size) / h, W: float64(r.Dx()*size) / w, H: float64(r.Dy()*size) / h}.Clamp())
	}
	return out
}

// photographic judges a square of pixels.
func photographic(img *image.RGBA, x0, y0, size int) bool {
	middle, change, flips, dark, last := 0, 0, 0, 0, -1
	for y := y0; y < y0+size; y++ {
		last = -1
		for x := x0; x < x0+size; x++ {
			i := img.PixOffset(x, y)
			v := (299*int(img.Pix[i]) + 587*int(img.Pix[i+1]) + 114*int(img.Pix[i+2])) / 1000
			if v > ink && v < paper {
				middle++
			}
			if v <= 127 {
				dark++
			}
			if last >= 0 {
				change += max(v-last, last-v)
				if (v > 127) != (last > 127) {
					flips++
				}
			}
			last = v
		}
	}
	n := size * size
	if float64(middle) >= toned*float64(n) && change >= smoothest*n/2 {
		return true
	}
	return middle < n/20 && float64(flips) >= screened*float64(n) && 4*dark >= n && 4*dark <= 3*n
}

// flood takes the marked tiles that hang together with tile i, and gives what is around them and
// how many they are.
func flood(marked []bool, i, columns, rows int) (image.Rectangle, int) {
	around, n := image.Rectangle{}, 0
	stack := []int{i}
	marked[i] = false
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		x, y := at%columns, at/columns
		around = around.Union(image.Rect(x, y, x+1, y+1))
		n++
		for _, d := range [8][2]int{{-1, -1}, {0, -1}, {1, -1}, {-1, 0}, {1, 0}, {-1, 1}, {0, 1}, {1, 1}} {
			if nx, ny := x+d[0], y+d[1]; nx >= 0 && ny >= 0 && nx < columns && ny < rows && marked[ny*columns+nx] {
				marked[ny*columns+nx] = false
				stack = append(stack, ny*columns+nx)
			}
		}
	}
	return around, n
}
