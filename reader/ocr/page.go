package ocr

import (
	"context"
	"image"
	"math"
	"slices"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/reader/layout"
	"chartlake/reader/pixel"
)

const (
	workSide  = 1800        // longer side of the working picture, pixels: 150 dpi of a letter page
	pixelsMax = 200_000_000 // a page of 10,000 × 10,000 and room
	leastSkew = 0.08        // degrees; below it a line of a full page climbs less than two pixels
)

// Bilevel pages, by the usual letter size (about 15 pixels on a fax in fine resolution).
const (
	speckPart  = 7  // a speck is up to this part of it wide and high
	clearPart  = 3  // and this part of it away from anything larger
	coarseMost = 22 // up to this size the steps in the outline of a letter are read as its shape
)

// Page reads one picture (0 black, 255 white). dpi is what the file claims, 0
// where it says nothing; it is not relied on: the size of the type is measured. A
// picture without pixels is an Invalid fault, one that is too large a TooLarge fault; a child
// that fails or passes its deadline is Unavailable.
func (e *Engine) Page(ctx context.Context, img *image.Gray, _ float64) (Result, error) {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if w < 1 || h < 1 {
		return Result{}, fault.New(fault.Invalid, "empty_picture", "the picture has no pixels")
	}
	if w*h > pixelsMax {
		return Result{}, fault.New(fault.TooLarge, "too_many_pixels", "the picture has more than %d pixels", pixelsMax)
	}
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-ctx.Done():
		return Result{}, fault.New(fault.Unavailable, "ocr_timeout", "no recogniser became free: %w", ctx.Err())
	}
	return e.read(ctx, img)
}

func (e *Engine) read(ctx context.Context, img *image.Gray) (Result, error) {
	small := glance(img)
	if pixel.Bilevel(img) {
		img = pixel.Mend(img, max(2, small.size/speckPart), max(3, small.size/clearPart))
		small = glance(img)
		small.bilevel = true
		small.coarse = small.size <= coarseMost && !small.dots
	}
	if small.pose.Letters < 3 && len(small.comps) < 12 {
		return Result{Blank: true}, nil
	}
	first, err := e.posed(ctx, img, small, small.pose)
	if err != nil || small.pose.Sure && first.score > 0.6 || first.score > 0.82 {
		return first.Result, err
	}
	// Either the page is hard to read or it stands on its head.
	other := small.pose
	other.Rotation = (other.Rotation + 180) % 360
	second, err := e.posed(ctx, img, small, other)
	if err != nil {
		return Result{}, err
	}
	best := first
	if second.score > first.score+0.1 {
		best = second
	}
	best.Passes = first.Passes + second.Passes
	return best.Result, nil
}

// view is a first look at a picture as it came.
type view struct {
	comps   []pixel.Component
	pose    layout.Pose
	size    int   // usual letter size in pixels of the picture
	dots    bool  // it is dithered
	bilevel bool  // black and white only
	coarse  bool  // bilevel of a low resolution
	less    uint8 // by how much the threshold of ink is lowered, because letters run into each other
}

func glance(img *image.Gray) view {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	factor := reduction(w, h)
	small := pixel.Shrink(img, factor)
	if dark(small) {
		small = pixel.Invert(small)
	}
	small = pixel.Even(small)
	t := threshold(small)
	v := view{comps: pixel.Boxes(pixel.Threshold(small, t))}
	if v.dots = dithered(v.comps); v.dots {
		small = smooth(small)
		t = threshold(small)
		v.comps = pixel.Boxes(pixel.Threshold(small, t))
	}
	words, most := pieces(v.comps)
	for less := uint8(lessMost / 3); less <= lessMost && words > 5 && 6*words > most; less += lessMost / 3 {
		comps := pixel.Boxes(pixel.Threshold(small, t-less))
		w, letters := pieces(comps)
		if 10*letters < 11*most { // nothing comes apart any more, or thin print goes
			break
		}
		v.less, v.comps, words, most = less, comps, w, letters
	}
	v.pose = layout.FindPose(v.comps, small.Bounds().Dx(), small.Bounds().Dy())
	v.size = layout.LetterSize(v.comps) * factor
	return v
}

// lessMost is by how much the threshold of ink is lowered at most where the letters of a
// blurred picture run into each other.
const lessMost = 75

// pieces counts the components that may be letters, and those that are rather words.
func pieces(comps []pixel.Component) (words, letters int) {
	for _, c := range comps {
		switch {
		case c.H() < 7 || c.H() > 60:
		case c.W() > 2*c.H() && 5*c.Area > 2*c.W()*c.H(): // filled as print is: no rule, no frame
			words++
		case 4*c.W() > c.H():
			letters++
		}
	}
	return words, letters
}

// reduction is by how much a picture is shrunk for its layout: 300 dpi to 150, 200 dpi not.
func reduction(w, h int) int { return max(1, (max(w, h)+workSide/2)/workSide) }

// dark reports whether a page is light print on dark paper: most of it is dark.
func dark(img *image.Gray) bool {
	n := 0
	for _, v := range img.Pix {
		if v < 100 {
			n++
		}
	}
	return 10*n > 6*len(img.Pix)
}

// threshold parts ink from paper on an even picture: Otsu's, moved up a little, because fine
// strokes turn grey when a page is shrunk, and kept within what print can be.
func threshold(img *image.Gray) uint8 {
	return uint8(min(max(int(pixel.Otsu(img))+16, 130), 205))
}

// faintest is the grey below which a pixel may be of a ruling line: the edges of cells are often
// drawn grey and thinner than a pixel.
const faintest = 224

// ditherGrey is the grey from which on a smoothed dithered page is paper: a watermark is lighter,
// print is darker even where it is fine.
const ditherGrey = 150

// smooth takes the dots out of a dithered page.
func smooth(img *image.Gray) *image.Gray {
	return pixel.Whiten(pixel.Blur(img), ditherGrey)
}

// dithered reports whether a page is full of dots that are no print: at least as many as there
// are other pieces of ink, and more than full stops and dust make.
func dithered(comps []pixel.Component) bool {
	dots := 0
	for _, c := range comps {
		if c.Area <= 3 {
			dots++
		}
	}
	return dots > 600 && 2*dots > len(comps)
}

type attempt struct {
	Result
	score float64 // mean word confidence, weighted by length
}

// posed reads the picture in the pose given.
func (e *Engine) posed(ctx context.Context, img *image.Gray, v view, pose layout.Pose) (attempt, error) {
	p, level := prepare(pixel.Turn(img, pose.Rotation), pose.Skew, v)
	segs, strokes := p.analyse()
	out := attempt{Result: Result{Rotation: pose.Rotation, Skew: level.Skew}}
	out.Rules = layout.Upright(strokes, level.scaled(1/float64(p.factor)))
	words, passes, err := e.recognise(ctx, p, segs)
	if err != nil {
		return attempt{}, err
	}
	out.Words, out.Passes = level.boxes(words), passes
	out.score = score(words)
	return out, nil
}

// frame is the way from the level base picture back to fractions of the upright page; the base
// may be enlarged.
type frame struct {
	pixel.Level
	enlarged float64
}

func (f frame) scaled(s float64) pixel.Level {
	s *= f.enlarged
	return pixel.NewLevel(f.Width*s, f.Height*s, f.Skew)
}

func (f frame) boxes(words []found) []document.Word {
	out := make([]document.Word, len(words))
	for i, w := range words {
		x0, y0, x1, y1 := f.BoxFrom(w.x0/f.enlarged, w.y0/f.enlarged, w.x1/f.enlarged, w.y1/f.enlarged)
		out[i] = document.Word{
			Text:       w.text,
			Confidence: w.confidence,
			Box: document.Box{X: x0 / f.Width, Y: y0 / f.Height,
				W: (x1 - x0) / f.Width, H: (y1 - y0) / f.Height}.Clamp(),
		}
	}
	return out
}

// prepare makes the level, even, large enough picture that strips are cut from.
func prepare(up *image.Gray, skew float64, v view) (*page, frame) {
	w, h := up.Bounds().Dx(), up.Bounds().Dy()
	if math.Abs(skew) < leastSkew {
		skew = 0
	}
	f := frame{pixel.NewLevel(float64(w), float64(h), skew), 1}
	base := up
	if v.coarse {
		base = pixel.Blur(up)
	}
	if skew != 0 {
		base = f.Apply(base)
	}
	if n := enlargement(v.size, w*h); n > 1 {
		f.enlarged = float64(n)
		base = pixel.Resize(base, base.Bounds().Dx()*n, base.Bounds().Dy()*n)
	}
	p := &page{base: base, factor: reduction(base.Bounds().Dx(), base.Bounds().Dy()), dots: v.dots, coarse: v.coarse, blurred: v.less > 0}
	if f.enlarged > 1 {
		p.factor = max(1, v.size*int(f.enlarged)/14) // small print: keep its letters 14 pixels high
	}
	small := pixel.Shrink(base, p.factor)
	if dark(small) {
		base, small = pixel.Invert(base), pixel.Invert(small)
	}
	p.base = base
	small = p.invertPanels(small)
	ground := pixel.MeasureGround(small)
	p.base = ground.Apply(p.base, p.factor)
	small = ground.Apply(small, 1)
	p.ink = pixel.Threshold(small, threshold(small)-v.less)
	if v.less > 0 {
		p.rough = pixel.Threshold(small, threshold(small))
	}
	if !v.bilevel && !v.dots {
		p.faint = pixel.Threshold(small, faintest)
	}
	if p.dots {
		p.rough = p.ink
		small = smooth(small)
		p.ink = pixel.Threshold(small, threshold(small))
	}
	return p, f
}

// enlargement is by how much a picture of small print is enlarged before its letters are told
// apart; size is its usual letter size in pixels, area its pixels.
func enlargement(size, area int) int {
	n := 1
	for n < 3 && size*n < 14 && area*(n+1)*(n+1) <= 40_000_000 {
		n++
	}
	return n
}

func clone(img *image.Gray) *image.Gray {
	out := *img
	out.Pix = slices.Clone(img.Pix)
	return &out
}

// analyse finds the segments and ruling lines of the page.
func (p *page) analyse() ([]*segment, []layout.Stroke) {
	comps := pixel.Boxes(p.ink)
	size := layout.LetterSize(comps)
	lined := p.ink
	if p.rough != nil { // thin lines do not live through smoothing or a lower threshold
		lined = p.rough
	}
	strokes, mask := layout.Strokes(lined, p.faint, size)
	clean := pixel.NewInk(p.ink.W, p.ink.H)
	for i, v := range p.ink.Pix {
		clean.Pix[i] = v &^ mask[i]
	}
	p.mask = mask
	p.ink = clean
	p.comps, p.labels = pixel.Components(clean)
	size = layout.LetterSize(p.comps)
	skip := frames(clean, p.comps, p.labels, size)
	for i, c := range p.comps {
		skip[i] = skip[i] || picture(p.labels, p.ink.W, int32(i+1), c, size)
	}
	sides := p.leave(p.choices(size), skip)
	segs := segments(p.comps, skip, size, append(sides, strokes...))
	specks := p.grain(size)
	segs = slices.DeleteFunc(segs, func(s *segment) bool { return p.noise(s, size) || specks.around(s, p.comps, size) })
	if p.coarse {
		for _, s := range segs {
			specks := p.dust(s)
			s.members = slices.DeleteFunc(s.members, func(m int) bool { return slices.Contains(specks, m) })
			for _, m := range specks {
				skip[m] = true
			}
		}
	}
	order(segs)
	p.owner = make([]int32, len(p.comps))
	for i, s := range segs {
		for _, m := range s.members {
			p.owner[m] = int32(i + 1)
		}
	}
	for i, s := range skip {
		if s {
			p.owner[i] = -1 // never part of a line's picture
		}
	}
	return segs, strokes
}

// picture reports whether a component is a filled shape, as in a logo: it is larger than usual
// letters, and a square of nearly half its height fits into it. No letter has so thick a stroke.
func picture(labels []int32, w int, label int32, c pixel.Component, size int) bool {
	side := 9 * c.H() / 20
	if 2*c.H() < 3*size || c.W() < side || c.W() > 8*c.H() || c.Area < side*side {
		return false
	}
	high := make([]int, c.W()) // ink upwards from here
	for y := c.Y0; y < c.Y1; y++ {
		wide := 0
		for x, l := range labels[y*w+c.X0 : y*w+c.X1] {
			if l == label {
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
				return true
			}
		}
	}
	return false
}

// noise reports whether a segment cannot be text: a lone speck, a rest of a rule or a scratch.
func (p *page) noise(s *segment, size int) bool {
	area := 0
	for _, m := range s.members {
		area += p.comps[m].Area
	}
	w, h := s.x1-s.x0, s.y1-s.y0
	return area < 8 || 3*h < size || len(s.members) == 1 && (w > 12*h || 10*area < w*h || 2*h < size)
}
