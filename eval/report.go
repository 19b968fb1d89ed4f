package eval

import (
	"fmt"
	"sort"
	"strings"

	"chartlake/eval/score"
)

// Report is the quality of a set of documents.
type Report struct {
	Groups    []Group         `json:"groups"` // total, per kind, per kind and condition
	Documents []*score.Result `json:"documents"`
}

// Group is the sum over some documents.
type Group struct {
	Name      string         `json:"name"`
	Documents int            `json:"documents"`
	Failed    int            `json:"failed"`    // could not be converted
	Violating int            `json:"violating"` // documents with a must_not violation
	RowsExtra int            `json:"rows_extra"`
	Figures   []Figure       `json:"figures"`
	Extra     map[string]int `json:"flags_extra,omitempty"`
}

// Figure is one share with its 95 % bounds.
type Figure struct {
	Name  string  `json:"name"`
	Right int     `json:"right"`
	Of    int     `json:"of"`
	Share float64 `json:"share"` // 0 where Of is 0
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Bound string  `json:"bound"` // wilson or exact (Clopper-Pearson)
}

// measure names a figure and where it stands in a document's result.
type measure struct {
	name  string
	share func(*score.Result) score.Share
	exact bool
	what  string
}

// measures are in the order of the table. `wrong` is exact because it must be near zero.
var measures = []measure{
	{"type", func(r *score.Result) score.Share { return r.Type }, false, "segments of the right type"},
	{"loinc", func(r *score.Result) score.Share { return r.LOINC }, false, "document type code"},
	{"boundaries", func(r *score.Result) score.Share { return r.Boundaries }, false, "first pages of a stack's documents that were found"},
	{"boundaries_precise", func(r *score.Result) score.Share { return r.BoundariesPrecise }, false, "first pages of the record that are such"},
	{"recall", func(r *score.Result) score.Share { return r.Recall }, false, "expected values that stand in a field of their name"},
	{"precision", func(r *score.Result) score.Share { return r.Precision }, false, "values of all fields that are right"},
	{"precision_of", func(r *score.Result) score.Share { return r.PrecisionOf }, false, "the same, of fields whose name is expected"},
	{"anywhere", func(r *score.Result) score.Share { return r.Anywhere }, false, "expected values that stand anywhere"},
	{"ticks", func(r *score.Result) score.Share { return r.Ticks }, false, "marks read rightly"},
	{"blanks", func(r *score.Result) score.Share { return r.Blanks }, false, "blank boxes left blank"},
	{"boxes", func(r *score.Result) score.Share { return r.Boxes }, false, "evidence overlaps the true ink by half (IoU)"},
	{"covered", func(r *score.Result) score.Share { return r.Covered }, false, "evidence covers nine tenths of the true ink"},
	{"rows", func(r *score.Result) score.Share { return r.Rows }, false, "expected rows found"},
	{"cells", func(r *score.Result) score.Share { return r.Cells }, false, "expected cells that are right"},
	{"cells_precise", func(r *score.Result) score.Share { return r.CellsPrecise }, false, "cells of the record that are right"},
	{"entities", func(r *score.Result) score.Share { return r.Entities }, false, "expected mentions found"},
	{"entities_precise", func(r *score.Result) score.Share { return r.EntitiesPrecise }, false, "mentions of the record that are expected"},
	{"entity_types", func(r *score.Result) score.Share { return r.EntityTypes }, false, "found mentions of the right type"},
	{"assertions", func(r *score.Result) score.Share { return r.Assertions }, false, "found mentions asserted rightly"},
	{"flags", func(r *score.Result) score.Share { return r.Flags }, false, "flags raised that a careful human would raise"},
	{"flag_evidence", func(r *score.Result) score.Share { return r.FlagEvidence }, false, "of those about fields, evidence on one of them"},
	{"checks", func(r *score.Result) score.Share { return r.Checks }, false, "checks that rightly stayed silent"},
	{"fhir", func(r *score.Result) score.Share { return r.FHIR }, false, "FHIRPath expressions that are true"},
	{"must_not", func(r *score.Result) score.Share { return r.MustNot }, true, "forbidden outcomes that did not happen"},
	{"accepted", func(r *score.Result) score.Share { return r.Accepted }, false, "values accepted without review"},
	{"through", func(r *score.Result) score.Share { return r.Through }, false, "documents that need nobody"},
	{"wrong", func(r *score.Result) score.Share { return r.Wrong }, true, "of those accepted, wrong or invented"},
}

// sum makes the groups: everything, each kind, each kind in each condition.
func (r *Report) sum() {
	members := map[string][]*score.Result{}
	for _, d := range r.Documents {
		names := []string{"total", d.Kind}
		if d.Condition != "" {
			names = append(names, d.Kind+" "+d.Condition)
		}
		if strings.HasPrefix(d.Layout, "apart-") {
			names = append(names, "apart", d.Kind+" apart")
		}
		for _, n := range names {
			members[n] = append(members[n], d)
		}
	}
	names := make([]string, 0, len(members))
	for n := range members {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool {
		if (names[i] == "total") != (names[j] == "total") {
			return names[i] == "total"
		}
		return names[i] < names[j]
	})
	r.Groups = nil
	for _, n := range names {
		r.Groups = append(r.Groups, group(n, members[n]))
	}
}

func group(name string, results []*score.Result) Group {
	g := Group{Name: name, Documents: len(results), Extra: map[string]int{}}
	for _, d := range results {
		g.RowsExtra += d.RowsExtra
		if d.Failed != "" {
			g.Failed++
		}
		if len(d.Violations) > 0 {
			g.Violating++
		}
		for code, n := range d.FlagsExtra {
			g.Extra[code] += n
		}
	}
	for _, m := range measures {
		var s score.Share
		for _, d := range results {
			s.Add(m.share(d))
		}
		f := Figure{Name: m.name, Right: s.Right, Of: s.Of, Bound: "wilson"}
		f.Low, f.High = Wilson(s.Right, s.Of)
		if m.exact {
			f.Bound = "exact"
			f.Low, f.High = Exact(s.Right, s.Of)
		}
		if s.Of > 0 {
			f.Share = float64(s.Right) / float64(s.Of)
		}
		g.Figures = append(g.Figures, f)
	}
	return g
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

// Figure finds a figure by name; the zero Figure when there is none.
func (g *Group) Figure(name string) Figure {
	for _, f := range g.Figures {
		if f.Name == name {
			return f
		}
	}
	return Figure{}
}

// Table is the report as text: for every group each figure that counts something, as
// share, 95 % bounds and number; then what went wrong, document by document.
func (r *Report) Table() string {
	var b strings.Builder
	for _, g := range r.Groups {
		fmt.Fprintf(&b, "%s: %d documents, %d not converted, %d with a forbidden outcome\n", g.Name, g.Documents, g.Failed, g.Violating)
		for i, f := range g.Figures {
			if f.Of > 0 {
				fmt.Fprintf(&b, "  %-17s %.3f  [%.3f, %.3f]  %5d of %-5d  %s\n", f.Name, f.Share, f.Low, f.High, f.Right, f.Of, measures[i].what)
			}
		}
		if g.RowsExtra > 0 {
			fmt.Fprintf(&b, "  %-17s %d\n", "rows_extra", g.RowsExtra)
		}
		if len(g.Extra) > 0 {
			fmt.Fprintf(&b, "  %-17s %s\n", "flags not expected", counts(g.Extra))
		}
	}
	for _, d := range r.Documents {
		if d.Failed != "" {
			fmt.Fprintf(&b, "not converted: %s: %s\n", d.ID, d.Failed)
		}
		for _, v := range d.Violations {
			fmt.Fprintf(&b, "forbidden: %s: rule %s\n", d.ID, v)
		}
		for _, x := range d.Details {
			fmt.Fprintf(&b, "wrong: %s: %s: want %q, got %q\n", d.ID, x.Name, x.Want, x.Got)
		}
	}
	return b.String()
}

// Markdown is a table with one row for each of the groups named, as the README has it.
func (r *Report) Markdown(groups ...string) string {
	columns := []string{"type", "recall", "precision", "cells", "boxes", "entities", "assertions", "flags", "fhir", "accepted", "wrong"}
	var b strings.Builder
	fmt.Fprintf(&b, "| documents | n | %s | must_not |\n|---|---|%s---|\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	for _, name := range groups {
		g := r.Group(name)
		if g == nil {
			continue
		}
		fmt.Fprintf(&b, "| %s | %d |", g.Name, g.Documents)
		for _, c := range columns {
			f := g.Figure(c)
			if f.Of == 0 {
				b.WriteString(" – |")
				continue
			}
			fmt.Fprintf(&b, " %.2f [%.2f, %.2f] |", f.Share, f.Low, f.High)
		}
		m := g.Figure("must_not")
		fmt.Fprintf(&b, " %d of %d |\n", m.Of-m.Right, m.Of)
	}
	return b.String()
}

func counts(m map[string]int) string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for i, k := range keys {
		keys[i] = fmt.Sprintf("%s %d", k, m[k])
	}
	return strings.Join(keys, ", ")
}
