// Package score compares a record with the expected result of its document and counts what
// is right, wrong, missing and invented, by the rules that docs/performance/documents.md
// states. It reads dates, numbers and names by its own few rules, so that a mistake in the
// product's readers is not forgiven by the same mistake here.
//
// It refuses nothing: a nil record is a document that could not be converted and scores as
// one with nothing in it.
package score

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"chartlake/eval/expected"
	"chartlake/fhir"
	"chartlake/record"
)

// Share is how many of a number are right.
type Share struct {
	Right int `json:"right"`
	Of    int `json:"of"`
}

func (s *Share) count(right bool) {
	s.Of++
	if right {
		s.Right++
	}
}

// Add adds the counts of another share.
func (s *Share) Add(t Share) { s.Right += t.Right; s.Of += t.Of }

// Result is the score of one document.
type Result struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"` // expected type; "stack" where several are expected
	Layout    string `json:"layout,omitempty"`
	Condition string `json:"condition,omitempty"`
	Failed    string `json:"failed,omitempty"` // fault code where the document could not be converted

	Type  Share `json:"type"`
	LOINC Share `json:"loinc"`

	Boundaries        Share `json:"boundaries"`         // of a stack: first pages of documents found
	BoundariesPrecise Share `json:"boundaries_precise"` // first pages of the record that are such

	Recall       Share `json:"recall"`        // expected values that stand in a field of their name
	Precision    Share `json:"precision"`     // values of the record, whatever their name, that are right; values the page prints without a name aside
	PrecisionOf  Share `json:"precision_of"`  // the same, of the values whose name is expected
	Anywhere     Share `json:"anywhere"`      // expected values that stand anywhere in the record
	Ticks        Share `json:"ticks"`         // of the expected values, those of marks
	Blanks       Share `json:"blanks"`        // blank boxes that were left blank
	Boxes        Share `json:"boxes"`         // right values whose box overlaps the true one by half (IoU)
	Covered      Share `json:"covered"`       // right values whose box covers nine tenths of the true ink
	Rows         Share `json:"rows"`          // expected rows that the record has
	RowsExtra    int   `json:"rows_extra"`    // rows of the record that are not expected
	Cells        Share `json:"cells"`         // expected cells that are right
	CellsPrecise Share `json:"cells_precise"` // cells of the record, of expected names, that are right

	Entities        Share `json:"entities"`         // expected mentions found
	EntitiesPrecise Share `json:"entities_precise"` // mentions of the record that are expected
	EntityTypes     Share `json:"entity_types"`     // of the found, those of the right type
	Assertions      Share `json:"assertions"`       // of the found, those asserted rightly

	Flags        Share          `json:"flags"`
	FlagEvidence Share          `json:"flag_evidence"`
	FlagsExtra   map[string]int `json:"flags_extra,omitempty"` // error and warning flags of the record that are not expected
	Checks       Share          `json:"checks"`
	FHIR         Share          `json:"fhir"`

	MustNot    Share    `json:"must_not"` // rules that hold
	Violations []string `json:"violations,omitempty"`

	Accepted Share `json:"accepted"` // values accepted without a person, of those accepted, in review or missing
	Wrong    Share `json:"wrong"`    // wrong or invented, of those accepted
	Through  Share `json:"through"`  // the document needs nobody: all its values are accepted and no rule asks

	Judged []Judged `json:"judged,omitempty"` // every stated value that counts for Accepted

	Misses  []string `json:"misses,omitempty"`  // names of expected values that are not right; no values
	Details []Detail `json:"details,omitempty"` // the same with their values: text of the document
}

// Judged is a value of the record as far as accepting it goes.
type Judged struct {
	Confidence float64 `json:"confidence"`
	Accepted   bool    `json:"accepted"`
	Right      bool    `json:"right"`
}

// Detail is an expected value that is not right, or a value that is not expected.
type Detail struct {
	Name string `json:"name"`
	Want string `json:"want"`
	Got  string `json:"got"`
}

// Evaluator evaluates a FHIRPath expression on a resource; true when the result is true.
type Evaluator func(resource *fhir.Node, expression string) (bool, error)

// Document scores a record. evaluate may be nil: then FHIR expressions are not counted.
func Document(want *expected.Document, got *record.Record, evaluate Evaluator) *Result {
	r := &Result{ID: want.ID, Kind: want.DocType, Layout: want.Source.Layout, Condition: want.Source.Made}
	if len(want.Segments) > 0 {
		r.Kind = "stack"
	}
	if got == nil {
		got = &record.Record{}
		r.Failed = "not_converted"
	}
	c := &comparison{want: want, got: got, r: r}
	c.types()
	if len(want.Segments) > 0 {
		c.boundaries()
	}
	if len(want.Segments) == 0 || len(want.Fields) > 0 { // of a stack by itself values are not known
		c.fields()
		c.lines()
		c.anywhere()
		c.entities()
	}
	c.flags()
	c.r.Through.count(c.through())
	bundle := c.bundle()
	c.fhir(bundle, evaluate)
	c.mustNot(bundle)
	return r
}

// through reports a document that a person need not look at.
func (c *comparison) through() bool {
	for i := range c.got.Segments {
		s := &c.got.Segments[i]
		for _, f := range s.Flags {
			if f.Severity != record.SeverityInfo {
				return false
			}
		}
		for j := range s.Fields {
			if s.Fields[j].State == record.Review || s.Fields[j].State == record.Missing {
				return false
			}
		}
		for _, row := range s.Lines {
			for _, f := range row {
				if f.State == record.Review {
					return false
				}
			}
		}
	}
	return len(c.got.Segments) > 0
}

type comparison struct {
	want *expected.Document
	got  *record.Record
	r    *Result
}

// isClaim says where every box that is not listed is blank and every accepted value counts.
func (c *comparison) isClaim() bool { return c.want.DocType == "cms1500" || c.want.DocType == "ub04" }

// miss notes what is not right. A value that is not expected has no want.
func (c *comparison) miss(name, want, got string) {
	if want != "" || got == "" {
		c.r.Misses = append(c.r.Misses, name)
	}
	c.r.Details = append(c.r.Details, Detail{name, want, got})
}

// types scores the type of each segment, and of a stack also the pages and the number.
func (c *comparison) types() {
	var segments []record.Segment
	for _, s := range c.got.Segments {
		if s.Type != record.Unknown {
			segments = append(segments, s)
		}
	}
	if len(c.want.Segments) == 0 {
		right := len(segments) > 0
		for _, s := range segments {
			right = right && string(s.Type) == c.want.DocType
		}
		if c.want.DocType == string(record.Unknown) {
			right = len(segments) == 0
		}
		c.r.Type.count(right)
		if c.want.LOINC != "" {
			c.r.LOINC.count(len(segments) > 0 && segments[0].LOINC == c.want.LOINC)
		}
		return
	}
	for _, w := range c.want.Segments {
		c.r.Type.count(slices.ContainsFunc(c.got.Segments, func(g record.Segment) bool { return w.Type.Has(string(g.Type)) && g.Pages == w.Pages }))
	}
}

// boundaries scores where the documents of a stack begin; the first one is no boundary.
func (c *comparison) boundaries() {
	want, got := map[int]bool{}, map[int]bool{}
	for i, w := range c.want.Segments {
		if i > 0 {
			want[w.Pages[0]] = true
		}
	}
	for i, g := range c.got.Segments {
		if i > 0 {
			got[g.Pages[0]] = true
			c.r.BoundariesPrecise.count(want[g.Pages[0]])
			if !want[g.Pages[0]] {
				c.miss("boundary", "", fmt.Sprint(g.Pages[0]))
			}
		}
	}
	for p := range want {
		c.r.Boundaries.count(got[p])
		if !got[p] {
			c.miss("boundary", fmt.Sprint(p), "")
		}
	}
}

// repetition is the number of a repeated field: diagnosis.secondary[2].
var repetition = regexp.MustCompile(`\[\d*\]`)

// baseName is the name of a field without the number of its repetition.
func baseName(name string) string { return repetition.ReplaceAllString(name, "") }

// text is the value of a field, "" where it has none.
func text(f *record.Field) string {
	if f.Value == nil {
		return ""
	}
	return strings.TrimSpace(*f.Value)
}

// stated reports whether a field states a value that is the page's own.
func stated(f *record.Field) bool {
	return text(f) != "" && f.State != record.Missing && f.Source != "derived"
}
