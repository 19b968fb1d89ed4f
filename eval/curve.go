package eval

import (
	"fmt"
	"sort"
	"strings"

	"chartlake/eval/score"
)

// Point is one way to accept values: those from a confidence on.
type Point struct {
	From     float64 `json:"from"`     // least confidence
	Accepted int     `json:"accepted"` // values accepted
	Of       int     `json:"of"`       // all that are expected, read or not
	Wrong    int     `json:"wrong"`    // wrong or invented, of the accepted
	High     float64 `json:"high"`     // upper 95 % bound of their share, exact
}

// curveLevels is how many points a curve has at most.
const curveLevels = 14

// Curve is risk against coverage over all documents: how many values would be accepted, and how
// many of them are wrong, if a confidence alone decided. The first value is what the product
// itself accepts, which asks its rules too.
func (r *Report) Curve() (own Point, curve []Point) {
	var all []score.Judged
	of := 0
	for _, d := range r.Documents {
		all = append(all, d.Judged...)
		of += d.Accepted.Of
		own.Accepted, own.Wrong = own.Accepted+d.Wrong.Of, own.Wrong+d.Wrong.Right
	}
	own.Of = of
	_, own.High = Exact(own.Wrong, own.Accepted)
	sort.SliceStable(all, func(i, j int) bool { return all[i].Confidence > all[j].Confidence })
	p, due := Point{Of: of}, false
	for i, v := range all {
		p.Accepted++
		if !v.Right {
			p.Wrong++
		}
		last := i+1 == len(all)
		due = due || (i+1)*curveLevels/len(all) > i*curveLevels/len(all)
		if p.From = v.Confidence; last || due && all[i+1].Confidence < v.Confidence { // equal ones go together
			due = false
			_, p.High = Exact(p.Wrong, p.Accepted)
			curve = append(curve, p)
		}
	}
	return own, curve
}

// CurveTable is the curve as a Markdown table.
func (r *Report) CurveTable() string {
	var b strings.Builder
	own, curve := r.Curve()
	b.WriteString("| accepted from confidence | coverage | values | wrong | share, upper bound |\n|---|---|---|---|---|\n")
	row := func(name string, p Point) {
		if p.Of > 0 && p.Accepted > 0 {
			fmt.Fprintf(&b, "| %s | %.3f | %d of %d | %d | %.4f, %.4f |\n", name, float64(p.Accepted)/float64(p.Of), p.Accepted, p.Of, p.Wrong, float64(p.Wrong)/float64(p.Accepted), p.High)
		}
	}
	for _, p := range curve {
		row(fmt.Sprintf("%.3f", p.From), p)
	}
	row("as Chartlake does", own)
	return b.String()
}
