package barcode

import (
	"image"
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
)

// A linear code is read from profiles: the mean of many rows along its bars, which takes the
// grain, the specks and the ragged edges of a fax out of it.

const (
	finer      = 4    // samples of a profile to a pixel
	slopeMost  = 0.18 // columns to a row by which bars lean: 10 degrees
	slopeRows  = 32   // rows that are enough to see it
	profileMax = 8000 // pixels; longer places are not read
)

// linear decodes upright bars. own is where they were seen in the picture, which has a margin.
// The places of the answer are columns; its text is empty where there is none.
func linear(img *image.Gray, own image.Rectangle, lean float64) decoded {
	readers := rowReaders()
	votes := map[[2]string]int{}
	for _, rows := range bands(own) {
		p := profile(img, rows, own, lean)
		for _, reach := range [3]int{0, 24, 72} {
			if !p.darker(reach) {
				break
			}
			r, ok := p.decode(readers)
			if !ok {
				continue
			}
			key := [2]string{r.symbology, r.text}
			if votes[key]++; votes[key] >= r.needs {
				r.from, r.to = max(r.from/finer-1, 0), min(r.to/finer+2, img.Rect.Dx())
				return r
			}
			break // one vote for a profile
		}
	}
	return decoded{}
}

// Bars go from the top of a code to its bottom, and are about half of its area; the strokes of
// letters are neither.
const (
	alike    = 0.6 // least correlation of the profiles of upper and lower half
	inkLeast = 0.3
)

// barred reports whether the rows of a place have bars in common.
func barred(img *image.Gray, own image.Rectangle, lean float64) bool {
	mid := (own.Min.Y + own.Max.Y) / 2
	upper, n := sheared(img, [2]int{own.Min.Y, mid}, own, lean, 1)
	lower, m := sheared(img, [2]int{mid, own.Max.Y}, own, lean, 1)
	lightest := 1.0
	var a, b, aa, bb, ab float64
	for x := own.Min.X; x < own.Max.X; x++ {
		u, l := float64(upper[x])/float64(max(n, 1)), float64(lower[x])/float64(max(m, 1))
		a, b, aa, bb, ab = a+u, b+l, aa+u*u, bb+l*l, ab+u*l
		lightest = max(lightest, u, l)
	}
	k := float64(own.Dx())
	spread := math.Sqrt((aa - a*a/k) * (bb - b*b/k))
	return (a+b)/(2*k) <= (1-inkLeast)*lightest && ab-a*b/k >= alike*spread
}

// bands are the rows that profiles are made of: all, thirds, and narrow ones where a stain or a
// stroke spoils the wider.
func bands(own image.Rectangle) (out [][2]int) {
	y, h := own.Min.Y, own.Dy()
	add := func(from, to float64) {
		a, b := y+int(from*float64(h)), y+int(math.Ceil(to*float64(h)))
		out = append(out, [2]int{a, max(min(b, own.Max.Y), a+1)})
	}
	add(0.1, 0.9)
	for _, p := range [3]float64{0.35, 0.05, 0.65} {
		add(p, p+0.3)
	}
	for i := range 8 {
		p := 0.06 + 0.11*float64(i)
		add(p, p+0.09)
	}
	return out
}

// slope is by how many columns to a row the bars lean: where they stand upright after shearing,
// their profile has the most contrast.
func slope(img *image.Gray, own image.Rectangle) float64 {
	most := int(slopeMost*float64(own.Dy())) + 1
	best, at := -1.0, 0.0
	step := max(1, own.Dy()/slopeRows)
	for shift := -most; shift <= most; shift++ {
		lean := float64(shift) / float64(own.Dy())
		sums, _ := sheared(img, [2]int{own.Min.Y, own.Max.Y}, own, lean, step)
		sum := 0.0
		for x := own.Min.X; x+1 < own.Max.X; x++ {
			d := float64(sums[x+1] - sums[x])
			sum += d * d
		}
		sum *= 1 - 0.002*math.Abs(float64(shift)) // of equals the straightest
		if sum > best {
			best, at = sum, lean
		}
	}
	return at
}

// sheared sums every step-th of the rows [rows[0], rows[1]), each shifted by its lean about the
// middle of own, and says how many there were.
func sheared(img *image.Gray, rows [2]int, own image.Rectangle, lean float64, step int) (sums []int, n int) {
	w := img.Rect.Dx()
	sums = make([]int, w)
	for y := rows[0]; y < rows[1]; y += step {
		n++
		row := img.Pix[y*img.Stride : y*img.Stride+w]
		shift := int(math.Round(lean * (float64(y) - float64(own.Min.Y+own.Max.Y)/2)))
		for x := range sums {
			sums[x] += int(row[min(max(x+shift, 0), w-1)])
		}
	}
	return sums, n
}

// signal is a profile across bars, with finer samples than pixels.
type signal struct {
	light []float32
	ink   []bool
}

// profile is the mean of the rows [rows[0], rows[1]).
func profile(img *image.Gray, rows [2]int, own image.Rectangle, lean float64) *signal {
	sums, rowCount := sheared(img, rows, own, lean, 1)
	w, n := len(sums), float32(rowCount)
	p := &signal{light: make([]float32, finer*w), ink: make([]bool, finer*w)}
	for x := range w {
		a, b := float32(sums[x])/n, float32(sums[min(x+1, w-1)])/n
		for i := range finer {
			p.light[finer*x+i] = a + (b-a)*float32(i)/finer
		}
	}
	return p
}

// darker takes as ink what is darker than the middle between the darkest and the lightest place
// within so many pixels; 0: of all. It reports whether there is contrast at all.
func (p *signal) darker(reach int) bool {
	low, high := slices.Min(p.light), slices.Max(p.light)
	if high-low < grain {
		return false
	}
	for x := range len(p.light) / finer {
		a, b := low, high
		if reach > 0 {
			a, b = high, low
			for near := max(0, x-reach); near <= min(len(p.light)/finer-1, x+reach); near++ {
				a, b = min(a, p.light[finer*near]), max(b, p.light[finer*near])
			}
			if b-a <= (high-low)/4 {
				a, b = low, high
			}
		}
		for i := finer * x; i < finer*(x+1); i++ {
			p.ink[i] = p.light[i] < (a+b)/2
		}
	}
	return true
}

// rowReader decodes one row. Where the symbology has no check character, needs is 2.
type rowReader struct {
	symbology string
	needs     int
	oned.RowDecoder
}

func rowReaders() []rowReader {
	return []rowReader{
		{Code128, 1, oned.NewCode128Reader().(oned.RowDecoder)},
		{Code39, 2, oned.NewCode39Reader().(oned.RowDecoder)},
		{Code93, 1, oned.NewCode93Reader().(oned.RowDecoder)},
		{EAN13, 2, oned.NewMultiFormatUPCEANReader(nil).(oned.RowDecoder)},
		{ITF, 2, oned.NewITFReader().(oned.RowDecoder)},
		{Codabar, 2, oned.NewCodaBarReader().(oned.RowDecoder)},
	}
}

// decoded is what a reader found in a profile; from and to are samples of it.
type decoded struct {
	symbology, text string
	needs, from, to int
}

// decode asks the readers about the profile, from both ends.
func (p *signal) decode(readers []rowReader) (decoded, bool) {
	n := len(p.ink)
	for _, turned := range [2]bool{false, true} {
		row := gozxing.NewBitArray(n)
		for i, ink := range p.ink {
			if ink && turned {
				row.Set(n - 1 - i)
			} else if ink {
				row.Set(i)
			}
		}
		for _, r := range readers {
			result := r.try(row)
			if result == nil || len(result.GetResultPoints()) < 2 {
				continue
			}
			d := decoded{symbology: r.symbology, text: result.GetText(), needs: r.needs, from: n}
			for _, point := range result.GetResultPoints() {
				x := int(point.GetX())
				if turned {
					x = n - 1 - x
				}
				d.from, d.to = min(d.from, x), max(d.to, x)
			}
			if s, ok := retail[result.GetBarcodeFormat()]; ok {
				d.symbology = s
			}
			return d, true
		}
	}
	return decoded{}, false
}

var retail = map[gozxing.BarcodeFormat]string{gozxing.BarcodeFormat_EAN_13: EAN13, gozxing.BarcodeFormat_EAN_8: EAN8,
	gozxing.BarcodeFormat_UPC_A: UPCA, gozxing.BarcodeFormat_UPC_E: UPCE}

// try decodes a row; a reader that panics has read nothing.
func (r rowReader) try(row *gozxing.BitArray) (result *gozxing.Result) {
	defer func() {
		if recover() != nil {
			result = nil
		}
	}()
	result, err := r.DecodeRow(0, row, nil)
	if err != nil {
		return nil
	}
	return result
}
