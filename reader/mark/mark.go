// Package mark finds check boxes and radio circles on a page picture, and brackets among the
// words: whether each is marked, what it is labelled and which question it answers.
//
// A box is a hollow rectangle of about the height of the print with straight sides and
// corners; a circle is hollow and round and stands apart. Marked means ink inside, measured
// against the page's own empty boxes, or strokes across the frame. What lies between empty and
// marked is ambiguous and for a person to decide. The states of AcroForm fields are better
// evidence and are not looked at here.
package mark

import (
	"cmp"
	"image"
	"math"
	"slices"
	"strings"
	"unicode"

	"chartlake/document"
	"chartlake/reader/layout"
	"chartlake/reader/pixel"
)

// workSide is the longer side of the picture in which marks are looked for: 200 dpi of a
// letter page, where a frame's line is one to three pixels wide.
const workSide = 2200

// fineLeast is the lowest threshold of ink: the line of a frame is thin, and grey where it was
// levelled.
const fineLeast = 170

// marksMax bounds what one page may hold; a page of halftone dots is no form.
const marksMax = 600

// Find gives the marks of the upright picture of p (which may be skewed by p.Skew), in reading
// order, then the places to sign, whose shape is "signature". p was arranged by layout.Arrange; it
// is not changed.
func Find(img *image.Gray, p *document.Page, rules []layout.Rule) []document.Mark {
	f := layout.NewFrame(p, rules)
	found := brackets(f, p)
	var signed []document.Mark
	if img != nil && img.Bounds().Dx() > 15 && img.Bounds().Dy() > 15 {
		s := look(img, f, p)
		found = append(found, s.boxes()...)
		signed = s.signatures()
	}
	if len(found) > marksMax {
		return signed
	}
	label(found, f, p)
	return append(finish(found, f, p), signed...)
}

// candidate is a mark in the making; its places are page units of the level page.
type candidate struct {
	layout.Rect
	shape string
	fill  float64 // share of ink inside
	cross bool    // strokes go over the frame
	blot  bool    // filled in entirely
	state document.MarkState
	own   []int // words that are the mark itself: "[X]", an "O" that is a circle
	stuck []int // words that are mark and label in one: "[X]Yes"
	label []int
	group []int
}

// scene is the picture in which marks are looked for: its ink, level and with as many pixels as that
// needs.
type scene struct {
	f      *layout.Frame
	p      *document.Page
	ink    *pixel.Ink
	comps  []pixel.Component
	labels []int32
	level  pixel.Level
	unit   float64 // page units to a pixel
}

func look(img *image.Gray, f *layout.Frame, p *document.Page) *scene {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	factor := max(1, (max(w, h)+workSide/2)/workSide)
	small := pixel.Even(pixel.Shrink(img, factor))
	level := pixel.NewLevel(float64(small.Bounds().Dx()), float64(small.Bounds().Dy()), p.Skew)
	if math.Abs(p.Skew) > 0.15 {
		small = level.Apply(small)
	} else {
		level = pixel.NewLevel(level.Width, level.Height, 0)
	}
	ink := pixel.Threshold(small, uint8(min(max(int(pixel.Otsu(small))+16, fineLeast), 210)))
	comps, labels := pixel.Components(ink)
	return &scene{f, p, ink, comps, labels, level, f.PageWidth() / level.LevelWidth}
}

// boxes finds boxes and circles.
func (s *scene) boxes() []candidate {
	f, p, level, unit := s.f, s.p, s.level, s.unit
	size := f.Text / unit
	var out, doubted []candidate
	add := func(s shape, frame pixel.Component, kind string) {
		m := candidate{shape: kind, fill: s.fill(frame, kind), cross: s.crossed(frame)}
		m.blot = kind == "circle" && frame == s.box && s.disc()
		x0, y0, x1, y1 := float64(frame.X0), float64(frame.Y0), float64(frame.X1), float64(frame.Y1)
		m.Rect = layout.Rect{X0: x0 * unit, Y0: y0 * unit, X1: x1 * unit, Y1: y1 * unit}
		if math.Abs(p.Skew) <= 0.15 && p.Skew != 0 { // found on the picture as it is
			m.Rect = f.Rect(document.Box{X: x0 / level.Width, Y: y0 / level.Height,
				W: (x1 - x0) / level.Width, H: (y1 - y0) / level.Height})
		}
		var ok bool
		if m.own, ok = words(m, f, p); ok {
			out = append(out, m)
		} else if w := swallowed(m, f, p); w >= 0 {
			m.stuck = []int{w}
			doubted = append(doubted, m)
		}
	}
	var rings []pixel.Component
	var unlike []shape // no frame, or a circle that a stroke goes over
	for i, c := range s.comps {
		if float64(c.H()) < 0.6*size || float64(c.H()) > 4.5*size || c.H() < 8 || float64(c.W()) < 0.6*size || float64(c.W()) > 6*size {
			continue
		}
		s := shape{s.ink, s.labels, int32(i + 1), c}
		frame, kind, ok := s.frame(size)
		switch {
		case !ok:
			unlike = append(unlike, s)
			continue
		case kind == "circle" && s.round(frame):
			rings = append(rings, frame)
		}
		add(s, frame, kind)
	}
	for _, s := range unlike {
		if ring, ok := s.ring(rings); ok && !spelt(f, p, layout.Rect{X0: float64(ring.X0) * unit, Y0: float64(ring.Y0) * unit, X1: float64(ring.X1) * unit, Y1: float64(ring.Y1) * unit}) {
			add(s, ring, "circle")
		}
	}
	out = append(out, slices.DeleteFunc(doubted, func(m candidate) bool {
		return !slices.ContainsFunc(out, func(o candidate) bool { return o.shape == "circle" && !o.blot && inColumn(o.Rect, m.Rect) })
	})...)
	slices.SortFunc(out, func(a, b candidate) int { return cmp.Compare(b.W(), a.W()) })
	var kept []candidate // a box within a box is its mark
	for _, m := range out {
		if !slices.ContainsFunc(kept, func(k candidate) bool { return k.Holds(m.Rect) }) {
			kept = append(kept, m)
		}
	}
	kept = withPeers(kept)
	states(kept)
	return kept
}

// inColumn reports whether two circles are as large as each other and one stands below the other.
func inColumn(a, b layout.Rect) bool {
	return math.Abs(a.H()-b.H()) < 0.15*a.H() && math.Abs(a.MidX()-b.MidX()) < 0.9*a.W()
}

// swallowed is the word whose first letter a circle was taken for: "ONo" of a circle before "No"; -1 for none. The
// letter "O" of "Other" is as round: such a circle counts only in a column of others.
func swallowed(m candidate, f *layout.Frame, p *document.Page) int {
	return slices.IndexFunc(f.Words, func(r layout.Rect) bool {
		return m.shape == "circle" && p.Source == document.SourceOCR && r.OverlapY(m.Rect) > 0.5*m.H() && math.Abs(r.X0-m.X0) < 0.3*m.W() && m.W() < 0.6*r.W()
	})
}

// withPeers drops blots that no hollow circle of their size accompanies: bullets and dots.
func withPeers(found []candidate) []candidate {
	alike := func(a, b candidate) bool { return math.Abs(a.H()-b.H()) < 0.25*max(a.H(), b.H()) }
	return slices.DeleteFunc(slices.Clone(found), func(m candidate) bool {
		return m.blot && !slices.ContainsFunc(found, func(o candidate) bool { return o.shape == "circle" && !o.blot && alike(m, o) })
	})
}

// words gives the words that were read from the mark itself. ok is false where the shape is a
// letter of a longer word: a mark stands apart.
func words(m candidate, f *layout.Frame, p *document.Page) (own []int, ok bool) {
	for i, r := range f.Words {
		x, y := r.OverlapX(m.Rect), r.OverlapY(m.Rect)
		if x <= 0 || y <= 0 {
			continue
		}
		share := x * y / (r.W() * r.H())
		letters := len([]rune(p.Words[i].Text))
		switch {
		case letters <= 3 && (share > 0.6 || share > 0.3 && m.shape == "box") && (letters == 1 || doubtful(p.Words[i])):
			own = append(own, i) // a frame or a tick that was read as a letter
		case m.shape == "box" && letters > 3 && m.H() > 1.3*f.Text && m.X0 < r.X0+0.2*m.W() && m.W() < 0.5*r.W():
			// a frame that was read as the first letter of its label
		case x*y > 0.5*m.W()*m.H() && letters > 1 && r.W() > 0.9*m.W() && m.H() < 1.3*r.H():
			return nil, false
		}
	}
	if len(own) == 1 && printed(m, f.Words[own[0]], p.Words[own[0]], p.Source) {
		return nil, false
	}
	if m.H() < 0.8*f.Text && (m.shape == "circle" && len(own) == 0 || len(own) == 1 && letter(p.Words[own[0]])) {
		return nil, false
	}
	return own, true
}

// printedSure is the confidence from which a letter was read and no frame.
const printedSure = 0.88

// printed reports whether a mark is a letter or a figure of print, "B" or "8", and nothing around it: it is
// as high as the word that was read, and this is none of the letters that empty frames are read as.
func printed(m candidate, r layout.Rect, w document.Word, source document.Source) bool {
	if len([]rune(w.Text)) != 1 || strings.ContainsAny(w.Text, "Oo0DQCcUuXx") || m.H() > 1.2*r.H() || m.W() > 1.3*r.W() {
		return false
	}
	c := []rune(w.Text)[0]
	return (unicode.IsLetter(c) || unicode.IsDigit(c)) && (source == document.SourceText || w.Confidence >= printedSure)
}

// spelt reports whether one letter or figure was read surely right where a circle with strokes seems to be:
// "6" and "8" are as round.
func spelt(f *layout.Frame, p *document.Page, at layout.Rect) bool {
	for i, w := range p.Words {
		r := []rune(w.Text)
		if len(r) == 1 && (unicode.IsLetter(r[0]) || unicode.IsDigit(r[0])) && w.Confidence >= printedSure && f.Words[i].Holds(at) {
			return true
		}
	}
	return false
}

// letter reports whether a word is one small letter that was read well: "a" of a blurred page has
// the outline of a frame.
func letter(w document.Word) bool {
	r := []rune(w.Text)
	return len(r) == 1 && unicode.IsLower(r[0]) && w.Confidence >= 0.6
}

// doubtful reports whether a short word may be a misread mark: signs in it, or little confidence.
func doubtful(w document.Word) bool {
	signs := strings.IndexFunc(w.Text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) >= 0
	return signs || w.Confidence < 0.6
}

// Fill ratios of the inside of a frame, its inner 70 %. Measured: empty boxes stay below 0.03
// on clean and 0.05 on noisy pages, ticks begin at 0.10, crosses at 0.15.
const (
	emptyMost = 0.05
	tickLeast = 0.11
)

// states parts empty from marked. Where a page has several boxes, its emptiest ones show how
// much dirt an empty box has.
func states(marks []candidate) {
	var fills []float64
	for _, m := range marks {
		fills = append(fills, m.fill)
	}
	slices.Sort(fills)
	dirt := 0.0
	if len(fills) >= 4 {
		dirt = min(fills[len(fills)/4], 0.06)
	}
	for i := range marks {
		m := &marks[i]
		switch {
		case m.fill <= emptyMost+dirt && !m.cross:
			m.state = document.MarkOff
		case m.fill >= tickLeast+dirt || m.fill > emptyMost+dirt && m.cross:
			m.state = document.MarkOn
		default:
			m.state = document.MarkAmbiguous
		}
	}
}

// brackets finds "[ ]", "[X]", "( )" and the ballot box signs among the words.
func brackets(f *layout.Frame, p *document.Page) []candidate {
	var out []candidate
	read := p.Source == document.SourceOCR
	for i := 0; i < len(p.Words); i++ {
		t := p.Words[i].Text
		if s, ok := sign(t, read); ok {
			out = append(out, candidate{Rect: f.Words[i], shape: shapeOf(t), state: s, fill: filled(s), own: []int{i}})
			continue
		}
		if s, n, ok := stuck(t, read); ok {
			r := f.Words[i]
			r.X1 = r.X0 + r.W()*float64(n)/float64(len([]rune(t)))
			out = append(out, candidate{Rect: r, shape: "bracket", state: s, fill: filled(s), stuck: []int{i}})
			continue
		}
		if t != "[" && t != "(" && t != "[_" && t != "(_" {
			continue
		}
		if i+1 < len(p.Words) {
			next, r := p.Words[i+1].Text, f.Words[i+1]
			if s, n, ok := stuck(t+next, read); ok && r.X0-f.Words[i].X1 < 2*f.Text && r.OverlapY(f.Words[i]) > 0 {
				r.X1 = r.X0 + r.W()*float64(n-len([]rune(t)))/float64(len([]rune(next)))
				out = append(out, candidate{Rect: f.Words[i].Union(r), shape: "bracket", state: s, fill: filled(s), own: []int{i}, stuck: []int{i + 1}})
				i++
				continue
			}
		}
		for n := 1; n <= 2 && i+n < len(p.Words); n++ { // "[", "X", "]"
			joined := t
			for k := 1; k <= n; k++ {
				joined += p.Words[i+k].Text
			}
			r := f.Words[i].Union(f.Words[i+n])
			if s, ok := sign(joined, read); ok && r.W() < 4*f.Text && f.Words[i].OverlapY(f.Words[i+n]) > 0 {
				own := []int{i, i + 1}
				if n == 2 {
					own = append(own, i+2)
				}
				out = append(out, candidate{Rect: r, shape: "bracket", state: s, fill: filled(s), own: own})
				i += n
				break
			}
		}
	}
	return out
}

func shapeOf(t string) string {
	if strings.ContainsAny(t, "[]()") {
		return "bracket"
	}
	if strings.ContainsAny(t, "○●◯◉⚪⚫") {
		return "circle"
	}
	return "box"
}

func filled(s document.MarkState) float64 {
	if s == document.MarkOn {
		return 1
	}
	return 0
}

// sign reads a word that is a mark by itself. read says that the word was recognised from a
// picture, which may take one kind of bracket for another.
func sign(t string, read bool) (document.MarkState, bool) {
	switch t {
	case "☐", "□", "◻", "○", "◯", "⚪":
		return document.MarkOff, true
	case "☑", "☒", "■", "◼", "●", "◉", "⚫", "✓", "✔", "✗", "✘":
		return document.MarkOn, true
	}
	r := []rune(t)
	if len(r) < 2 {
		return "", false
	}
	open, shut := r[0], r[len(r)-1]
	switch {
	case open == '[' && shut == ']', open == '(' && shut == ')':
	case !read:
		return "", false
	case open == '[' && shut == ')', open == '(' && shut == ']': // recognisers take one for the other
	case open == '[' && len(r) == 2 && (shut == 'j' || shut == 'J'):
	default:
		return "", false
	}
	switch in := strings.TrimSpace(string(r[1 : len(r)-1])); in {
	case "", "_", "__", "___":
		return document.MarkOff, true
	case "x", "X", "✓", "✔", "v", "√", "*", "×":
		return document.MarkOn, in != "v" || open == '['
	}
	return "", false
}

// stuck reads a word that begins with a mark and goes on with its label: "[X]Yes". n is how many letters
// the mark has. A recogniser may lose the second bracket.
func stuck(t string, read bool) (state document.MarkState, n int, ok bool) {
	r := []rune(t)
	if len(r) < 4 || r[0] != '[' && r[0] != '(' {
		return "", 0, false
	}
	for n = 2; n <= 3; n++ {
		if n < len(r) && unicode.IsUpper(r[n]) && strings.ContainsRune("])", r[n-1]) {
			state, ok = sign(string(r[:n]), read)
			return state, n, ok
		}
	}
	if read && r[0] == '[' && strings.ContainsRune("xX", r[1]) && unicode.IsUpper(r[2]) && unicode.IsLower(r[3]) {
		return document.MarkOn, 2, true
	}
	return "", 0, false
}

// text is the label without the mark that a word of it begins with.
func (m candidate) text(f *layout.Frame, p *document.Page) string {
	s := f.JoinText(m.label)
	if len(m.stuck) > 0 {
		t := p.Words[m.stuck[0]].Text
		_, n, ok := stuck(t, true)
		switch {
		case ok:
			s = string([]rune(s)[n:])
		case strings.HasSuffix(t, "Yes"):
			s = "Yes" + strings.TrimPrefix(s, t)
		case strings.HasSuffix(t, "No"):
			s = "No" + strings.TrimPrefix(s, t)
		case m.shape == "circle":
			s = string([]rune(s)[1:])
		}
		s = strings.TrimLeft(s, "])")
	}
	return strings.Trim(s, " _")
}

// finish writes the marks in reading order.
func finish(found []candidate, f *layout.Frame, p *document.Page) []document.Mark {
	slices.SortStableFunc(found, func(a, b candidate) int {
		if a.OverlapY(b.Rect) > 0.4*min(a.H(), b.H()) {
			return cmp.Compare(a.X0, b.X0)
		}
		return cmp.Compare(a.MidY(), b.MidY())
	})
	out := make([]document.Mark, 0, len(found))
	for _, m := range found {
		c := 0.95
		if m.shape == "circle" {
			c = 0.85
		}
		if m.state == document.MarkAmbiguous {
			c = 0.4
		}
		d := document.Mark{State: m.state, Shape: m.shape, Box: f.Box(m.Rect), Fill: min(m.fill, 1), Confidence: c,
			Label: m.text(f, p), LabelWords: m.label, Group: strings.TrimRight(f.JoinText(m.group), " :_")}
		if len(m.label) == 0 {
			d.Confidence *= 0.8
		}
		out = append(out, d)
	}
	return out
}
