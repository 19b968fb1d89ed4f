package pixel

import (
	"image"
	"math"
)

// Shrink averages squares of factor × factor pixels; what is left over at the right and bottom
// edges is averaged too. A factor of 1 gives img itself.
func Shrink(img *image.Gray, factor int) *image.Gray {
	if factor <= 1 {
		return img
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	ow, oh := (w+factor-1)/factor, (h+factor-1)/factor
	out := image.NewGray(image.Rect(0, 0, ow, oh))
	sums := make([]uint32, ow)
	for oy := range oh {
		clear(sums)
		y0, y1 := oy*factor, min((oy+1)*factor, h)
		for y := y0; y < y1; y++ {
			addRow(sums, img.Pix[y*img.Stride:y*img.Stride+w], factor)
		}
		dst := out.Pix[oy*out.Stride : oy*out.Stride+ow]
		rows := uint32(y1 - y0)
		full := rows * uint32(factor)
		for ox := range dst {
			n := full
			if ox == ow-1 {
				n = rows * uint32(w-ox*factor)
			}
			dst[ox] = uint8((sums[ox] + n/2) / n)
		}
	}
	return out
}

func addRow(sums []uint32, row []uint8, factor int) {
	if factor == 2 {
		n := len(row) / 2
		for i := range n {
			sums[i] += uint32(row[2*i]) + uint32(row[2*i+1])
		}
		if len(row)%2 == 1 {
			sums[n] += uint32(row[len(row)-1])
		}
		return
	}
	for i := range sums {
		for _, v := range row[i*factor : min((i+1)*factor, len(row))] {
			sums[i] += uint32(v)
		}
	}
}

// Resize scales to w × h pixels: by area when it gets smaller, by Catmull-Rom splines when it
// gets larger, each direction for itself.
func Resize(img *image.Gray, w, h int) *image.Gray {
	sw, sh := img.Bounds().Dx(), img.Bounds().Dy()
	if w == sw && h == sh || w < 1 || h < 1 || sw < 1 || sh < 1 {
		return img
	}
	across := taps(sw, w)
	mid := make([]float32, w*sh)
	for y := range sh {
		row := img.Pix[y*img.Stride : y*img.Stride+sw]
		dst := mid[y*w : (y+1)*w]
		for x := range dst {
			var sum float32
			for i, k := range across[x].weights {
				sum += k * float32(row[across[x].at(i, sw)])
			}
			dst[x] = sum
		}
	}
	out := image.NewGray(image.Rect(0, 0, w, h))
	sums := make([]float32, w)
	for y, tap := range taps(sh, h) {
		clear(sums)
		for i, k := range tap.weights {
			src := mid[tap.at(i, sh)*w:][:w]
			for x, v := range src {
				sums[x] += k * v
			}
		}
		dst := out.Pix[y*out.Stride : y*out.Stride+w]
		for x, v := range sums {
			dst[x] = uint8(min(max(v+0.5, 0), 255))
		}
	}
	return out
}

// tap says which source pixels make one target pixel.
type tap struct {
	first   int
	weights []float32
}

func (t tap) at(i, size int) int { return min(max(t.first+i, 0), size-1) }

func taps(from, to int) []tap {
	out := make([]tap, to)
	scale := float64(from) / float64(to)
	for i := range out {
		centre := (float64(i)+0.5)*scale - 0.5
		reach := 2.0 // Catmull-Rom needs two pixels to either side
		if scale > 1 {
			reach = 0.5*scale + 0.5
		}
		first, last := int(math.Ceil(centre-reach)), int(math.Floor(centre+reach))
		t := tap{first: first}
		var sum float32
		for p := first; p <= last; p++ {
			k := float32(kernel(float64(p)-centre, scale))
			t.weights = append(t.weights, k)
			sum += k
		}
		for j := range t.weights {
			t.weights[j] /= sum
		}
		out[i] = t
	}
	return out
}

func kernel(d, scale float64) float64 {
	d = math.Abs(d)
	if scale > 1 { // share of the source pixel that the target pixel covers
		return min(max(0.5*scale+0.5-d, 0), 1)
	}
	switch {
	case d < 1:
		return 1.5*d*d*d - 2.5*d*d + 1
	case d < 2:
		return -0.5*d*d*d + 2.5*d*d - 4*d + 2
	}
	return 0
}

// Pad puts n white pixels around a picture.
func Pad(img *image.Gray, n int) *image.Gray {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	out := image.NewGray(image.Rect(0, 0, w+2*n, h+2*n))
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	for y := range h {
		copy(out.Pix[(y+n)*out.Stride+n:], img.Pix[y*img.Stride:y*img.Stride+w])
	}
	return out
}

// Paste copies src into dst with its corner at x, y; what lies outside of dst is cut off.
func Paste(dst, src *image.Gray, x, y int) {
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	x0, x1 := max(0, -x), min(w, dst.Bounds().Dx()-x)
	for row := max(0, -y); row < min(h, dst.Bounds().Dy()-y) && x0 < x1; row++ {
		copy(dst.Pix[(y+row)*dst.Stride+x+x0:], src.Pix[row*src.Stride+x0:row*src.Stride+x1])
	}
}
