package pixel

import "image"

// Ink is a picture of two colours: 1 where there is ink, 0 where there is paper.
type Ink struct {
	W, H int
	Pix  []uint8 // W*H, row by row
}

// NewInk makes an empty sheet.
func NewInk(w, h int) *Ink { return &Ink{w, h, make([]uint8, w*h)} }

// Threshold takes every pixel darker than t as ink.
func Threshold(img *image.Gray, t uint8) *Ink {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	k := NewInk(w, h)
	for y := range h {
		src := img.Pix[y*img.Stride : y*img.Stride+w]
		dst := k.Pix[y*w : (y+1)*w]
		for x, v := range src {
			if v < t {
				dst[x] = 1
			}
		}
	}
	return k
}

// Otsu is the threshold that parts the picture's grey values best, see Otsu, IEEE Trans. SMC
// 9 (1979) 62. For a picture of one grey it is 0.
func Otsu(img *image.Gray) uint8 {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	count := histogram(img, w, h)
	total, sum := 0, 0.0
	for v, n := range count {
		total += n
		sum += float64(v) * float64(n)
	}
	best, low, lowSum, at := 0.0, 0, 0.0, 0
	for v, n := range count {
		low += n
		lowSum += float64(v) * float64(n)
		high := total - low
		if low == 0 || high == 0 {
			continue
		}
		d := lowSum/float64(low) - (sum-lowSum)/float64(high)
		if s := float64(low) * float64(high) * d * d; s > best {
			best, at = s, v+1
		}
	}
	return uint8(min(at, 255))
}

// histogram counts greys, in four tables in turn: most pixels are white, and one count after the
// other in the same place waits for itself.
func histogram(img *image.Gray, w, h int) (count [256]int) {
	var part [4][256]uint32
	for y := range h {
		row := img.Pix[y*img.Stride : y*img.Stride+w]
		for ; len(row) >= 4; row = row[4:] {
			part[0][row[0]]++
			part[1][row[1]]++
			part[2][row[2]]++
			part[3][row[3]]++
		}
		for _, v := range row {
			part[0][v]++
		}
	}
	for i := range part {
		for v, n := range part[i] {
			count[v] += int(n)
		}
	}
	return count
}

// Share is the part of [x0,x1)×[y0,y1) that is ink, 0 for an empty rectangle.
func (k *Ink) Share(x0, y0, x1, y1 int) float64 {
	x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, k.W), min(y1, k.H)
	if x1 <= x0 || y1 <= y0 {
		return 0
	}
	n := 0
	for y := y0; y < y1; y++ {
		for _, v := range k.Pix[y*k.W+x0 : y*k.W+x1] {
			n += int(v)
		}
	}
	return float64(n) / float64((x1-x0)*(y1-y0))
}

// Solid keeps the ink that a square of the given side fits into (a morphological opening):
// bars and pictures stay, letters and lines go. It is nil where nothing stays.
func (k *Ink) Solid(side int) *Ink {
	if k.W < side || k.H < side {
		return nil
	}
	high := make([]int, k.W) // ink pixels upwards from here
	corner := NewInk(k.W, k.H)
	found := false
	for y := range k.H {
		wide := 0 // columns in a row that are at least side high
		for x := range k.W {
			if k.Pix[y*k.W+x] != 0 {
				high[x]++
			} else {
				high[x] = 0
			}
			if high[x] >= side {
				wide++
			} else {
				wide = 0
			}
			if wide >= side {
				corner.Pix[y*k.W+x] = 1 // the lower right corner of a full square
				found = true
			}
		}
	}
	if !found {
		return nil
	}
	return corner.grow(side)
}

// grow puts back the squares of which only the lower right corners are set.
func (k *Ink) grow(side int) *Ink {
	out := NewInk(k.W, k.H)
	reach := make([]int, k.W) // rows upwards that a corner at or below still covers
	for y := k.H - 1; y >= 0; y-- {
		left := 0
		for x := k.W - 1; x >= 0; x-- {
			if k.Pix[y*k.W+x] != 0 {
				reach[x] = side
			}
			if reach[x] > 0 {
				left = side
				reach[x]--
			}
			if left > 0 {
				out.Pix[y*k.W+x] = 1
				left--
			}
		}
	}
	return out
}

// Blur replaces every pixel by the weighted mean of its 3 × 3 neighbourhood (1 2 1, 2 4 2,
// 1 2 1): dither becomes the grey that it stands for.
func Blur(img *image.Gray) *image.Gray {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	out := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		up, at, down := img.Pix[max(y-1, 0)*img.Stride:], img.Pix[y*img.Stride:], img.Pix[min(y+1, h-1)*img.Stride:]
		column := func(x int) int {
			x = min(max(x, 0), w-1)
			return int(up[x]) + 2*int(at[x]) + int(down[x])
		}
		left, mid := column(-1), column(0)
		for x := range w {
			right := column(x + 1)
			out.Pix[y*out.Stride+x] = uint8((left + 2*mid + right + 8) / 16)
			left, mid = mid, right
		}
	}
	return out
}

// Sharpen takes some of the blur out of a picture: every pixel goes away from the mean of its
// neighbourhood by as much as it differs from it (unsharp masking).
func Sharpen(img *image.Gray) *image.Gray {
	mean := Blur(Blur(img))
	for i, m := range mean.Pix {
		y, x := i/mean.Stride, i%mean.Stride
		v := int(img.Pix[y*img.Stride+x])
		mean.Pix[i] = uint8(min(max(2*v-int(m), 0), 255))
	}
	return mean
}

// Whiten makes every grey from white on white and stretches the darker ones over the range.
func Whiten(img *image.Gray, white uint8) *image.Gray {
	var table [256]uint8
	for v := range table {
		table[v] = uint8(min(v*255/max(int(white), 1), 255))
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	out := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		dst := out.Pix[y*out.Stride : y*out.Stride+w]
		for x, v := range img.Pix[y*img.Stride : y*img.Stride+w] {
			dst[x] = table[v]
		}
	}
	return out
}
