package template

import (
	"math"
	"slices"

	"chartlake/document"
	"chartlake/form/lexicon"
)

// Fit lays a page over a template: x' = A x + B y + C, y' = D x + E y + F, both sides in
// heights of their page.
type Fit struct {
	Template         *Template
	A, B, C, D, E, F float64
	Shared           int     // printed words found at their places
	Share            float64 // of the template's longer words
	Error            float64 // median distance in page heights
}

const (
	// near is how far a printed word may lie from its place: about 2 mm on letter paper.
	near = 0.007
	// A page fits with so many printed words at their places, and so many of the longer ones.
	sharedMin, shareMin = 40, 0.25
	// slackMax is the largest median distance of a good fit, about 0.8 mm.
	slackMax = 0.003
)

// point is the place of a page's word and of a template's word with the same letters. Left
// ends and baselines are compared, since the width depends on the face.
type point struct {
	x, y   float64 // page
	u, v   float64 // template
	word   int     // of the template
	unique bool
}

// FitPage finds the template that the page is a print of; ok is false for a page of another
// kind, of a version that is not known, or so distorted that boxes would be taken for others.
func FitPage(p *document.Page, templates []*Template) (best Fit, ok bool) {
	old := slices.ContainsFunc(p.Words, func(w document.Word) bool { return fold(w.Text) == "0805" && (w.Box.Y > 0.9 || w.Box.Y < 0.15) })
	for _, t := range templates {
		if old && t.Type == "cms1500" {
			continue // CMS-1500 (08/05): its boxes lie otherwise, and no template is here
		}
		f, fits := fitTo(p, t)
		if fits && (!ok || f.Share > best.Share) {
			best, ok = f, true
		}
	}
	return best, ok
}

func fitTo(p *document.Page, t *Template) (Fit, bool) {
	if p.Width <= 0 || p.Height <= 0 || len(p.Words) > wordsMax {
		return Fit{}, false
	}
	points := pair(p, t)
	var seeds []point
	for _, q := range points {
		if q.unique {
			seeds = append(seeds, q)
		}
	}
	if len(seeds) < 8 {
		return Fit{}, false
	}
	best, most := Fit{}, 0
	for _, h := range hypotheses(seeds) {
		h.Template = t
		if n := len(within(h, seeds, 3*near)); n > most {
			best, most = h, n
		}
	}
	if most < 8 {
		return Fit{}, false
	}
	for _, reach := range []float64{3 * near, 2 * near, 1.5 * near, near, near} {
		in := within(best, points, reach)
		h, solved := solve(in)
		if len(in) < 8 || !solved {
			return Fit{}, false
		}
		h.Template = t
		best = h
	}
	return grade(best, points)
}

// wordsMax bounds the words looked at; a claim has about a thousand.
const wordsMax = 6000

// pair finds the words that page and template share. A word that the template has often is
// paired with each of its places; the fit tells which.
func pair(p *document.Page, t *Template) []point {
	byText := map[string][]int{}
	for i, w := range t.words {
		if len(w.text) >= 2 {
			byText[w.text] = append(byText[w.text], i)
		}
	}
	seen := map[string]int{}
	texts := make([]string, len(p.Words))
	for i, w := range p.Words {
		texts[i] = fold(w.Text)
		seen[texts[i]]++
	}
	wide := p.Width / p.Height
	var out []point
	for i, w := range p.Words {
		text := texts[i]
		places := byText[text]
		if places == nil && len(text) >= 6 {
			for j, q := range t.words {
				if same, _ := lexicon.Alike(text, q.text); same {
					places = append(places, j)
				}
			}
		}
		for _, j := range places {
			at := t.words[j].at
			out = append(out, point{x: w.Box.X * wide, y: w.Box.Y + w.Box.H/2, u: at.X0, v: (at.Y0 + at.Y1) / 2, word: j,
				unique: len(places) == 1 && seen[text] <= 1 && len(text) >= 4})
		}
	}
	return out
}

// hypotheses are similarity transforms from pairs of points that lie far apart; the order is
// fixed, so that one page always gives one fit.
func hypotheses(seeds []point) []Fit {
	var out []Fit
	n := len(seeds)
	for step := 1; step < n && len(out) < 3000; step++ {
		for i := 0; i < n && len(out) < 3000; i++ {
			a, b := seeds[i], seeds[(i+step*7+n/2)%n]
			dx, dy, du, dv := b.x-a.x, b.y-a.y, b.u-a.u, b.v-a.v
			d2 := dx*dx + dy*dy
			if d2 < 0.04 {
				continue
			}
			c, s := (dx*du+dy*dv)/d2, (dx*dv-dy*du)/d2
			f := Fit{A: c, B: -s, D: s, E: c}
			f.C, f.F = a.u-c*a.x+s*a.y, a.v-s*a.x-c*a.y
			if f.upright() {
				out = append(out, f)
			}
		}
	}
	return out
}

// upright refuses what no scan of the form is: mirrored, turned by more than 10 degrees,
// sheared, a quarter or four times as large.
func (f Fit) upright() bool {
	sx, sy := math.Hypot(f.A, f.D), math.Hypot(f.B, f.E)
	if sx < 0.25 || sx > 4 || sy < 0.25 || sy > 4 || sx/sy < 0.85 || sx/sy > 1.18 {
		return false
	}
	return math.Abs(f.D/sx) < 0.18 && math.Abs(f.B/sy) < 0.18 && f.A > 0 && f.E > 0
}

// to maps a place of the page (in its heights) onto the template.
func (f Fit) to(x, y float64) (u, v float64) { return f.A*x + f.B*y + f.C, f.D*x + f.E*y + f.F }

// within gives, for each printed word, its nearest partner not farther than reach.
func within(f Fit, points []point, reach float64) []point {
	nearest := map[int]int{}
	dist := map[int]float64{}
	for i, q := range points {
		u, v := f.to(q.x, q.y)
		d := math.Hypot(u-q.u, v-q.v)
		if old, ok := dist[q.word]; d <= reach && (!ok || d < old) {
			nearest[q.word], dist[q.word] = i, d
		}
	}
	var order []int
	for _, i := range nearest {
		order = append(order, i)
	}
	slices.Sort(order)
	var out []point
	for _, i := range order {
		out = append(out, points[i])
	}
	return out
}

// solve is the affine map of least squares.
func solve(points []point) (Fit, bool) {
	var n, sx, sy, sxx, sxy, syy, su, sv, sxu, syu, sxv, syv float64
	for _, p := range points {
		n++
		sx, sy, su, sv = sx+p.x, sy+p.y, su+p.u, sv+p.v
		sxx, sxy, syy = sxx+p.x*p.x, sxy+p.x*p.y, syy+p.y*p.y
		sxu, syu, sxv, syv = sxu+p.x*p.u, syu+p.y*p.u, sxv+p.x*p.v, syv+p.y*p.v
	}
	if n < 3 {
		return Fit{}, false
	}
	mx, my := sx/n, sy/n
	cxx, cxy, cyy := sxx-n*mx*mx, sxy-n*mx*my, syy-n*my*my
	det := cxx*cyy - cxy*cxy
	if det < 1e-9 {
		return Fit{}, false
	}
	row := func(sw, sxw, syw float64) (a, b, c float64) {
		cxw, cyw := sxw-mx*sw, syw-my*sw
		a, b = (cxw*cyy-cyw*cxy)/det, (cyw*cxx-cxw*cxy)/det
		return a, b, sw/n - a*mx - b*my
	}
	var f Fit
	f.A, f.B, f.C = row(su, sxu, syu)
	f.D, f.E, f.F = row(sv, sxv, syv)
	return f, f.upright()
}

// grade says how well the page fits: enough printed words, spread over the form, close.
func grade(f Fit, points []point) (Fit, bool) {
	in := within(f, points, near)
	var dist []float64
	var quarter, printed [4]int
	long := 0
	for _, q := range in {
		u, v := f.to(q.x, q.y)
		dist = append(dist, math.Hypot(u-q.u, v-q.v))
		quarter[min(max(int(q.v*4), 0), 3)]++
		if len(f.Template.words[q.word].text) >= 4 {
			long++
		}
	}
	all := 0
	for _, w := range f.Template.words {
		if len(w.text) >= 4 {
			all++
		}
		printed[min(max(int(w.at.Y0*4), 0), 3)]++
	}
	if len(dist) == 0 || all == 0 {
		return f, false
	}
	slices.Sort(dist)
	f.Shared, f.Share, f.Error = len(in), float64(long)/float64(all), dist[len(dist)/2]
	full := 0
	for i, n := range quarter {
		if n >= 4 || printed[i] < 12 { // a part of the form that prints nothing can hold no words
			full++
		}
	}
	return f, f.Shared >= f.Template.least && f.Share >= shareMin && f.Error <= slackMax && full == 4
}
