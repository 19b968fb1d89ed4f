package reading

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Report is how well the pages of a folder were read.
type Report struct {
	Groups []Group  `json:"groups"` // total, per condition, per kind, per kind and condition; those kept apart by themselves
	Pages  []Result `json:"pages"`
}

// Group is the sum over some pages.
type Group struct {
	Name    string   `json:"name"`
	Pages   int      `json:"pages"`
	Failed  int      `json:"failed"`
	Figures []Figure `json:"figures"` // only those that count something
}

// Figure is one measure with its 95 % bounds. Value is a share of Of, except for skew, which
// is in degrees. For F1 and likeness Right and Of are halves of the doubled counts.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Right float64 `json:"right"` // numerator: for wer and bag the errors
	Of    float64 `json:"of"`    // denominator
}

// measure is a ratio of sums over pages.
type measure struct {
	name, what string
	of         func(*Result) (right, of float64)
}

func share(s Share) (float64, float64) { return float64(s.Right), float64(s.Of) }

// f1 is twice the right ones over those there and those found.
func f1(f Found) (float64, float64) { return float64(f.Right), float64(f.There+f.Found) / 2 }

func cells(rules ...Rules) func(*Result) (float64, float64) {
	return func(r *Result) (float64, float64) {
		var sum Found
		for k, t := range r.Tables {
			if len(rules) == 0 || slices.Contains(rules, k) {
				sum.plus(t.Cells)
			}
		}
		return f1(sum)
	}
}

// measures in the order of the table.
var measures = []measure{
	{"wer", "words wrong, missing or too many, in reading order", func(r *Result) (float64, float64) { return float64(r.Errors), float64(r.Words) }},
	{"bag", "the same, in any order", func(r *Result) (float64, float64) { return float64(r.BagErrors), float64(r.Words) }},
	{"word_boxes", "boxes of right words with IoU of 0.7 or more", func(r *Result) (float64, float64) { return share(r.WordBoxes) }},
	{"fields", "F1 of field pairs, key and value alike by 0.8", func(r *Result) (float64, float64) { return f1(r.Fields) }},
	{"fields_exact", "F1 of field pairs, key and value equal", func(r *Result) (float64, float64) { return f1(r.FieldsExact) }},
	{"value_boxes", "evidence of right values: IoU of 0.7 or more, or the cell around the ink", func(r *Result) (float64, float64) { return share(r.ValueBoxes) }},
	{"handwritten", "words written by hand that are called so", func(r *Result) (float64, float64) { return share(r.Handwritten) }},
	{"printed", "words of print that are not called handwritten", func(r *Result) (float64, float64) { return share(r.Printed) }},
	{"marks", "F1 of check box states", func(r *Result) (float64, float64) { return f1(r.Marks) }},
	{"codes", "F1 of bar codes: symbology, text and place", func(r *Result) (float64, float64) { return f1(r.Codes) }},
	{"cells", "F1 of table cells with equal text at their place", cells()},
	{"cells_ruled", "the same, tables with rules around every cell", cells(Ruled)},
	{"cells_half_ruled", "the same, tables with some rules", cells(HalfRuled)},
	{"cells_borderless", "the same, tables without rules", cells(Borderless)},
	{"structure", "likeness of rows, columns and spans (GriTS_Top)", func(r *Result) (right, of float64) {
		for _, t := range r.Tables {
			right, of = right+t.Structure, of+float64(t.Positions)/2
		}
		return right, of
	}},
	{"headers", "tables with the right number of header rows", func(r *Result) (right, of float64) {
		for _, t := range r.Tables {
			right, of = right+float64(t.Headers.Right), of+float64(t.Headers.Of)
		}
		return right, of
	}},
	{"rotation", "pages turned upright", func(r *Result) (float64, float64) {
		switch {
		case r.Rotation == nil:
			return 0, 0
		case *r.Rotation:
			return 1, 1
		}
		return 0, 1
	}},
	{"skew", "pages whose skew is right within 0.2 degrees", func(r *Result) (float64, float64) {
		switch {
		case r.Skew == nil:
			return 0, 0
		case *r.Skew <= 0.2:
			return 1, 1
		}
		return 0, 1
	}},
}

// Sum makes the groups of a report of these pages. bounds gives the 95 % bounds of a count.
func Sum(pages []Result, bounds func(right, of int) (low, high float64)) *Report {
	members := map[string][]*Result{}
	for i := range pages {
		r := &pages[i]
		names := []string{"total"}
		for _, n := range []string{r.Condition, r.Kind, strings.TrimSpace(r.Kind + " " + r.Condition)} {
			if n != "" && !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
		prefix := ""
		if strings.HasPrefix(r.Layout, "apart-") {
			prefix = "apart "
		}
		for _, n := range names {
			members[prefix+n] = append(members[prefix+n], r)
		}
	}
	report := &Report{Pages: pages}
	for name, list := range members {
		report.Groups = append(report.Groups, group(name, list, bounds))
	}
	slices.SortFunc(report.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(order(a.Name), order(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return report
}

// order puts sums before their parts.
func order(name string) int {
	name, apart := strings.CutPrefix(name, "apart ")
	n := strings.Count(name, " ") + 1
	if name == "total" {
		n = 0
	}
	if apart {
		n += 10
	}
	return n
}

func group(name string, pages []*Result, bounds func(right, of int) (float64, float64)) Group {
	g := Group{Name: name, Pages: len(pages)}
	for _, p := range pages {
		if p.Failed != "" {
			g.Failed++
		}
	}
	for _, m := range measures {
		if f := m.figure(pages, bounds); f.Of > 0 {
			g.Figures = append(g.Figures, f)
		}
	}
	return g
}

// figure sums a measure. Its bounds are the wider of two: those of the counts as if every
// word or cell were drawn by itself, and the middle 95 % of 1,000 draws of as many pages with
// replacement (the bootstrap over clusters of Efron and Tibshirani 1993, chapter 8), since
// words of one page go wrong together.
func (m measure) figure(pages []*Result, bounds func(right, of int) (float64, float64)) Figure {
	f := Figure{Name: m.name}
	var each [][2]float64
	for _, p := range pages {
		right, of := m.of(p)
		if right == 0 && of == 0 {
			continue
		}
		each = append(each, [2]float64{right, of})
		f.Right, f.Of = f.Right+right, f.Of+of
	}
	if f.Of == 0 {
		return f
	}
	f.Value = f.Right / f.Of
	f.Low, f.High = bounds(int(min(f.Right, f.Of)+0.5), int(f.Of+0.5))
	low, high := resample(each)
	f.Low, f.High = min(f.Low, low, f.Value), max(f.High, high, f.Value)
	return f
}

// resample draws the same pages in every run, so that equal results have equal bounds.
func resample(each [][2]float64) (low, high float64) {
	r := rand.New(rand.NewPCG(1, uint64(len(each))))
	var values []float64
	for range 1000 {
		right, of := 0.0, 0.0
		for range each {
			e := each[r.IntN(len(each))]
			right, of = right+e[0], of+e[1]
		}
		if of > 0 {
			values = append(values, right/of)
		}
	}
	if len(values) == 0 {
		return 0, 1
	}
	slices.Sort(values)
	return values[len(values)*25/1000], values[min(len(values)*975/1000, len(values)-1)]
}

// Group finds a group by name; nil when there is none.
func (r *Report) Group(name string) *Group {
	for i := range r.Groups {
		if r.Groups[i].Name == name {
			return &r.Groups[i]
		}
	}
	return nil
}

// Figure finds a figure by name; the zero Figure where nothing was counted.
func (g *Group) Figure(name string) Figure {
	if g != nil {
		for _, f := range g.Figures {
			if f.Name == name {
				return f
			}
		}
	}
	return Figure{}
}

// Table is the report as text: every group with its figures, their bounds and counts, then
// the pages that were not read.
func (r *Report) Table() string {
	what := map[string]string{}
	for _, m := range measures {
		what[m.name] = m.what
	}
	var b strings.Builder
	for _, g := range r.Groups {
		fmt.Fprintf(&b, "%s: %d pages, %d not read\n", g.Name, g.Pages, g.Failed)
		for _, f := range g.Figures {
			fmt.Fprintf(&b, "  %-17s %.4f  [%.4f, %.4f]  %7.5g of %-8.6g %s\n", f.Name, f.Value, f.Low, f.High, f.Right, f.Of, what[f.Name])
		}
	}
	for _, p := range r.Pages {
		if p.Failed != "" {
			fmt.Fprintf(&b, "not read: %s page %d: %s\n", p.ID, p.Page, p.Failed)
		}
	}
	return b.String()
}
