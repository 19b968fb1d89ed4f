package layout

import (
	"image"
	"math"

	"chartlake/reader/pixel"
)

// Stroke is a ruling line in pixels of a level picture: X1 and Y1 are one past the last pixel.
type Stroke struct {
	X0, Y0, X1, Y1 int
	Vertical       bool
}

// Strokes finds the ruling lines of a level picture and the pixels that belong to them and to
// no letter: mask is 1 where such a pixel can be wiped out. size is the usual size of letters
// in pixels. A ruling line is at least three letters long and twelve times as long as thick, or it
// is the edge of a cell that goes from one ruling line to the next. faint, which may be nil, is k
// with what is a little lighter: hairlines are looked for in it too.
func Strokes(k, faint *pixel.Ink, size int) (strokes []Stroke, mask []uint8) {
	least := max(3*size, 24)
	if solid := k.Solid(solidSide); solid != nil { // bars and pictures would join the lines at their edges
		thin := pixel.NewInk(k.W, k.H)
		for i, v := range k.Pix {
			thin.Pix[i] = v &^ solid.Pix[i]
		}
		k = thin
	}
	mask = make([]uint8, len(k.Pix))
	flat, paths := runs(k, least, lineLeast, false)
	steep, steepPaths := runs(k, least, lineLeast, true)
	paths = append(paths, steepPaths...)
	if faint != nil {
		for _, vertical := range []bool{false, true} {
			more, morePaths := runs(faint, least, lineLeast, vertical)
			for i, s := range more {
				if !morePaths[i].hairline(faint) {
					continue
				}
				paths = append(paths, morePaths[i])
				if vertical {
					steep = append(steep, s)
				} else {
					flat = append(flat, s)
				}
			}
		}
	}
	if len(flat) > 1 {
		short, shortPaths := runs(k, max(4*size/3, 10), edgeLeast, true)
		for i, s := range short {
			if s.Y1-s.Y0 < 2*least && bridges(s, flat) {
				steep, paths = append(steep, s), append(paths, shortPaths[i])
			}
		}
	}
	for _, p := range paths {
		p.wipe(k, mask)
	}
	for _, p := range paths {
		p.keepCrossings(k, mask)
	}
	return append(flat, steep...), mask
}

// lineLeast is how many times as long as thick a ruling line is, edgeLeast the edge of a cell
// that is only a line of text high.
const (
	lineLeast = 12
	edgeLeast = 5
)

// bridges reports whether an upright stroke goes exactly from one level stroke to the next, as
// the edges of a table's cells do.
func bridges(s Stroke, flat []Stroke) bool {
	const near = 3 // pixels
	x := (s.X0 + s.X1) / 2
	head, foot := false, false
	for _, f := range flat {
		if x < f.X0-near || x > f.X1+near {
			continue
		}
		head = head || s.Y0 <= f.Y1+near && s.Y0 >= f.Y0-near
		foot = foot || s.Y1 >= f.Y0-near && s.Y1 <= f.Y1+near
	}
	return head && foot
}

// solidSide is the thickness in pixels from which ink is a bar and no line.
const solidSide = 10

// streak is a run of ink along one row (or column), gaps of up to two pixels passed over.
type streak struct{ at, from, to, parent int }

// runs finds the strokes of one direction: streaks of at least the given length that lie
// against each other and are slender times as long as thick.
func runs(k *pixel.Ink, least, slender int, vertical bool) ([]Stroke, []path) {
	rows, length, step, next := k.H, k.W, 1, k.W
	if vertical {
		rows, length, step, next = k.W, k.H, k.W, 1
	}
	all := []streak{}
	first, start := 0, 0
	for r := range rows {
		first, start = start, len(all)
		all = streaks(all, k.Pix[r*next:], r, length, step, least)
		for i := start; i < len(all); i++ {
			for j := first; j < start; j++ {
				if overlap := min(all[i].to, all[j].to) - max(all[i].from, all[j].from); overlap > -3 {
					link(all, j, i)
				}
			}
		}
	}
	return assemble(k, all, least, slender, vertical)
}

func streaks(all []streak, pix []uint8, row, length, step, least int) []streak {
	const gap = 2
	from, last := -1, -gap-2
	for x := 0; x < length; x++ {
		if pix[x*step] == 0 {
			continue
		}
		if x-last > gap+1 {
			if from >= 0 && last+1-from >= least {
				all = append(all, streak{row, from, last + 1, len(all)})
			}
			from = x
		}
		last = x
	}
	if from >= 0 && last+1-from >= least {
		all = append(all, streak{row, from, last + 1, len(all)})
	}
	return all
}

func top(all []streak, i int) int {
	for all[i].parent != i {
		i = all[i].parent
	}
	return i
}

func link(all []streak, a, b int) {
	a, b = top(all, a), top(all, b)
	all[max(a, b)].parent = min(a, b)
}

// path is where a stroke runs: at each place along it, from place first on, the rows
// [low,high) (or columns) that it covers. Where it has a gap, low ≥ high.
type path struct {
	vertical  bool
	first     int
	low, high []int
}

func assemble(k *pixel.Ink, all []streak, least, slender int, vertical bool) (strokes []Stroke, paths []path) {
	members := map[int][]streak{}
	order := []int{}
	for i, s := range all {
		t := top(all, i)
		if members[t] == nil {
			order = append(order, t)
		}
		members[t] = append(members[t], s)
	}
	for _, t := range order {
		m := members[t]
		at0, at1, from, to, length := m[0].at, m[len(m)-1].at+1, m[0].from, m[0].to, 0
		for _, s := range m {
			from, to = min(from, s.from), max(to, s.to)
			length += s.to - s.from
		}
		span := to - from
		thick := max((length+span-1)/span, 1) // mean thickness: a slanting line is not a thick one
		if span < slender*thick || at1-at0 > 3*thick+span/40+4 || thick > solidSide {
			continue
		}
		s := Stroke{from, at0, to, at1, false}
		if vertical {
			s = Stroke{at0, from, at1, to, true}
		}
		if p := trace(m, from, to, vertical); p.line(k) && !p.feet(k, span < 2*least) {
			strokes, paths = append(strokes, s), append(paths, p)
		}
	}
	return strokes, paths
}

func trace(streaks []streak, from, to int, vertical bool) path {
	p := path{vertical, from, make([]int, to-from), make([]int, to-from)}
	for i := range p.low {
		p.low[i] = math.MaxInt
	}
	for _, s := range streaks {
		for x := s.from; x < s.to; x++ {
			p.low[x-from] = min(p.low[x-from], s.at)
			p.high[x-from] = max(p.high[x-from], s.at+1)
		}
	}
	return p
}

// index is the pixel at one place along the path and one row across it; -1 outside the picture.
func (p path) index(k *pixel.Ink, place, across int) int {
	x, y := place, across
	if p.vertical {
		x, y = across, place
	}
	if x < 0 || y < 0 || x >= k.W || y >= k.H {
		return -1
	}
	return y*k.W + x
}

// line tells a ruling line from a row of letter tops or feet: nearly all of it is ink, and for
// most of its length there is paper on both sides.
func (p path) line(k *pixel.Ink) bool {
	dark := func(place, across int) bool {
		at := p.index(k, place, across)
		return at >= 0 && k.Pix[at] != 0
	}
	ink, alone := 0, 0
	for i := range p.low {
		lo, hi, place := p.low[i], p.high[i], p.first+i
		if lo >= hi {
			continue
		}
		for r := lo; r < hi; r++ {
			if dark(place, r) {
				ink++
				break
			}
		}
		if !dark(place, lo-2) && !dark(place, hi+1) {
			alone++
		}
	}
	n := len(p.low)
	return 10*ink >= 8*n && 10*alone >= 6*n && (10*ink >= 9*n || 10*alone >= 9*n)
}

// hairline reports whether a stroke is thin and has paper on both sides nearly everywhere.
func (p path) hairline(k *pixel.Ink) bool {
	dark := func(place, across int) bool {
		at := p.index(k, place, across)
		return at >= 0 && k.Pix[at] != 0
	}
	thick, alone, n := 0, 0, 0
	for i := range p.low {
		if p.low[i] >= p.high[i] {
			continue
		}
		n++
		thick += p.high[i] - p.low[i]
		if !dark(p.first+i, p.low[i]-2) && !dark(p.first+i, p.high[i]+1) {
			alone++
		}
	}
	return thick <= 3*n && 10*alone >= 9*n
}

// feet reports whether a stroke is the feet (or the heads) of letters: it is broken between
// them, and ink goes on from it to one side only, where their stems are. A long stroke is more
// than once broken then; a ruling line may have a gap.
func (p path) feet(k *pixel.Ink, short bool) bool {
	dark := func(place, across int) bool {
		at := p.index(k, place, across)
		return at >= 0 && k.Pix[at] != 0
	}
	broken, above, below := 0, 0, 0
	for i := range p.low {
		lo, hi, place := p.low[i], p.high[i], p.first+i
		if lo >= hi {
			broken++
			continue
		}
		ink := false
		for r := lo; r < hi; r++ {
			ink = ink || dark(place, r)
		}
		switch {
		case !ink:
			broken++
		case dark(place, lo-1) && dark(place, lo-2):
			above++
		case dark(place, hi) && dark(place, hi+1):
			below++
		}
	}
	side, other := max(above, below), min(above, below)
	return (25*broken > len(p.low) || short && broken > 0) && 8*side > len(p.low) && 4*other < side
}

// wipe marks the ink of a stroke and the ragged pixel along its edges.
func (p path) wipe(k *pixel.Ink, mask []uint8) {
	for i := range p.low {
		if p.low[i] >= p.high[i] {
			continue
		}
		for r := p.low[i] - 1; r <= p.high[i]; r++ {
			if at := p.index(k, p.first+i, r); at >= 0 && k.Pix[at] != 0 {
				mask[at] = 1
			}
		}
	}
}

// keepCrossings gives back the pixels of a stroke where ink goes on beyond its edge: a letter
// stands on the line or runs through it.
func (p path) keepCrossings(k *pixel.Ink, mask []uint8) {
	for i := range p.low {
		lo, hi, place := p.low[i], p.high[i], p.first+i
		free := func(r int) bool { // ink that is no stroke's
			at := p.index(k, place, r)
			return at >= 0 && k.Pix[at] != 0 && mask[at] == 0
		}
		if lo >= hi || !(free(lo-2) && free(lo-3) || free(hi+1) && free(hi+2)) {
			continue
		}
		for r := lo - 1; r <= hi; r++ {
			if at := p.index(k, place, r); at >= 0 {
				mask[at] = 0
			}
		}
	}
}

// workSide is the longer side, in pixels, to which pictures are shrunk before their layout is
// measured: about 150 dpi of a letter page.
const workSide = 1800

// Rules finds the ruling lines of a grey page picture (0 black, 255 white). The picture is the
// upright page; it may be skewed by up to MaxSkew degrees.
func Rules(img *image.Gray) []Rule {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if w < 16 || h < 16 {
		return nil
	}
	small := pixel.Even(pixel.Shrink(img, max(1, (max(w, h)+workSide-1)/workSide)))
	ink := pixel.Threshold(small, pixel.Otsu(small))
	comps := pixel.Boxes(ink)
	pose := FindPose(comps, ink.W, ink.H)
	skew := pose.Skew
	if pose.Rotation%180 != 0 || pose.Letters < 20 || skew > -0.15 && skew < 0.15 {
		skew = 0
	}
	level := pixel.NewLevel(float64(ink.W), float64(ink.H), skew)
	if skew != 0 {
		turned := level.Apply(small)
		ink = pixel.Threshold(turned, pixel.Otsu(small))
	}
	strokes, _ := Strokes(ink, nil, LetterSize(comps))
	return Upright(strokes, level)
}

// LetterSize is the usual size of a page's letters in pixels, 10 where there are none.
func LetterSize(comps []pixel.Component) int {
	letters := Letters(comps)
	if len(letters) == 0 {
		return 10
	}
	sum := 0
	for _, c := range letters {
		sum += max(c.W(), c.H())
	}
	return max(sum/len(letters), 4)
}

// Upright maps strokes of a level picture to rules of the upright page.
func Upright(strokes []Stroke, level pixel.Level) []Rule {
	out := make([]Rule, 0, len(strokes))
	for _, s := range strokes {
		x0, y0, x1, y1 := float64(s.X0), float64(s.Y0), float64(s.X1), float64(s.Y1)
		width := (y1 - y0) / level.Height
		if s.Vertical {
			x0, x1, width = (x0+x1)/2, (x0+x1)/2, (x1-x0)/level.Width
		} else {
			y0, y1 = (y0+y1)/2, (y0+y1)/2
		}
		ax, ay := level.From(x0, y0)
		bx, by := level.From(x1, y1)
		out = append(out, Rule{ax / level.Width, ay / level.Height, bx / level.Width, by / level.Height, width})
	}
	return out
}
