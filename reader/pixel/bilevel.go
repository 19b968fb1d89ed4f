package pixel

import "image"

// Bilevel reports whether a picture is black and white only, as a fax is: at most one pixel in
// 500 is a grey.
func Bilevel(img *image.Gray) bool {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	grey, n := 0, 0
	for y := 0; y < h; y += 4 {
		for _, v := range img.Pix[y*img.Stride : y*img.Stride+w] {
			if v > 16 && v < 239 {
				grey++
			}
		}
		n += w
	}
	return 500*grey <= n
}

// Mend gives a copy of a bilevel picture without streaks and specks. A speck fits into a square
// of side pixels and has nothing larger within clear pixels: full stops and the dots of letters
// stand beside a letter, the grain of a shaded area stands among grain.
func Mend(img *image.Gray, side, clear int) *image.Gray {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	out := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		copy(out.Pix[y*w:(y+1)*w], img.Pix[y*img.Stride:y*img.Stride+w])
	}
	unstreak(out)
	comps, labels := Components(Threshold(out, 128))
	tiny := make([]bool, len(comps)+1) // by label
	tiny[0] = true                     // paper
	for i, c := range comps {
		tiny[i+1] = c.W() <= side && c.H() <= side
	}
	for i, c := range comps {
		if !tiny[i+1] || !amongTiny(labels, w, h, c, tiny, clear) {
			continue
		}
		for y := c.Y0; y < c.Y1; y++ {
			for x := c.X0; x < c.X1; x++ {
				if labels[y*w+x] == int32(i+1) {
					out.Pix[y*w+x] = 255
				}
			}
		}
	}
	return out
}

// coarseSpeck and coarseClear are side and clear of Mend for a fax in standard resolution whose
// rows were doubled: a dot of its grain is two or three pixels high.
const (
	coarseSpeck = 3
	coarseClear = 6
)

// Round makes a bilevel picture whose rows or columns were stretched to about twice their number
// readable: without specks and streaks, its stairs smoothed by a binomial kernel of five pixels
// (standard deviation 1).
func Round(img *image.Gray) *image.Gray {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	out := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		src, dst := img.Pix[y*img.Stride:y*img.Stride+w], out.Pix[y*w:(y+1)*w]
		for x, v := range src {
			if v >= 128 {
				dst[x] = 255
			}
		}
	}
	mended := Mend(out, coarseSpeck, coarseClear)
	for i, v := range mended.Pix { // keep the greys between rows, except of what was mended
		y, x := i/w, i%w
		if out.Pix[i] == v {
			mended.Pix[i] = img.Pix[y*img.Stride+x]
		}
	}
	binomial(mended.Pix, out.Pix, w, h, 1, w)
	binomial(out.Pix, mended.Pix, h, w, w, 1)
	return mended
}

// binomial smooths lines of n pixels that are step apart; lines of them, next apart.
func binomial(from, to []uint8, n, lines, step, next int) {
	for line := range lines {
		at := func(i int) int { return int(from[line*next+min(max(i, 0), n-1)*step]) }
		for i := range n {
			sum := at(i-2) + 4*at(i-1) + 6*at(i) + 4*at(i+1) + at(i+2)
			to[line*next+i*step] = uint8((sum + 8) / 16)
		}
	}
}

// amongTiny reports whether nothing within clear pixels of a component is larger than a speck.
func amongTiny(labels []int32, w, h int, c Component, tiny []bool, clear int) bool {
	for y := max(c.Y0-clear, 0); y < min(c.Y1+clear, h); y++ {
		for _, l := range labels[y*w+max(c.X0-clear, 0) : y*w+min(c.X1+clear, w)] {
			if !tiny[l] {
				return false
			}
		}
	}
	return true
}

// streakShare is the part of a page's height from which on ink one pixel wide in one column is
// a streak, the line that dirt on the glass of a fax machine draws down the whole page;
// streakRun is the part of the height that its pieces may have. A ruling line is in one piece,
// and a column of print has paper between its lines and strokes wider than a pixel.
const (
	streakShare = 0.3
	streakRun   = 0.03
)

// unstreak takes streaks out of img itself.
func unstreak(img *image.Gray) {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if w < 3 || h < 100 {
		return
	}
	sum, run, longest := make([]int, w), make([]int, w), make([]int, w)
	for y := range h {
		row := img.Pix[y*img.Stride : y*img.Stride+w]
		for x := 1; x < w-1; x++ {
			switch {
			case row[x] >= 128:
				run[x] = 0
			case row[x-1] >= 128 && row[x+1] >= 128:
				sum[x]++
				run[x]++
				longest[x] = max(longest[x], run[x])
			}
		}
	}
	most := max(streakRun*float64(h), 20)
	for x := 1; x < w-1; x++ {
		if float64(sum[x]) < streakShare*float64(h) || float64(longest[x]) > most {
			continue
		}
		for at := x; at < h*img.Stride; at += img.Stride {
			if img.Pix[at-1] >= 128 && img.Pix[at+1] >= 128 {
				img.Pix[at] = 255
			}
		}
	}
}
