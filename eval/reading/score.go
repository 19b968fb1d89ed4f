package reading

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"chartlake/document"
)

// Result is what came of one page.
type Result struct {
	ID        string `json:"id"`
	Kind      string `json:"kind,omitempty"`
	Layout    string `json:"layout,omitempty"`
	Condition string `json:"condition,omitempty"`
	Page      int    `json:"page"`
	Failed    string `json:"failed,omitempty"` // code of a page or file that was not read

	Words     int   `json:"words"`
	Errors    int   `json:"errors"`     // words to change, put in or leave out
	BagErrors int   `json:"bag_errors"` // the same, wherever they stand
	WordBoxes Share `json:"word_boxes"` // of the words read right: box with IoU of 0.7 or more

	Handwritten Share `json:"handwritten"` // of the words written by hand: called so
	Printed     Share `json:"printed"`     // of the words of print: not called handwritten

	Fields      Found `json:"fields"`       // key and value both alike by 0.8
	FieldsExact Found `json:"fields_exact"` // key and value both equal
	ValueBoxes  Share `json:"value_boxes"`  // of the values of fields and cells found: IoU of 0.7 or more

	Marks Found `json:"marks"` // of the right state
	Codes Found `json:"codes"` // of the right symbology and text, in their place

	Tables map[Rules]*TableResult `json:"tables,omitempty"`

	Rotation *bool    `json:"rotation,omitempty"`
	Skew     *float64 `json:"skew,omitempty"` // degrees between the true skew and the one found
}

// TableResult sums over the tables of a page that have the same rules.
type TableResult struct {
	Cells     Found   `json:"cells"`     // with equal text at the place in the grid
	Headers   Share   `json:"headers"`   // tables whose number of header rows is right
	Structure float64 `json:"structure"` // sum of likeness over grid positions (numerator of GriTS_Top, before doubling)
	Positions int     `json:"positions"` // grid positions of truth and reading together
}

// Share counts how many of all were right.
type Share struct {
	Right int `json:"right"`
	Of    int `json:"of"`
}

func (s *Share) add(right bool) {
	s.Of++
	if right {
		s.Right++
	}
}

// Found counts what is there, what was found, and what of both is right.
type Found struct {
	There int `json:"there"`
	Found int `json:"found"`
	Right int `json:"right"`
}

func (f *Found) plus(g Found) {
	f.There, f.Found, f.Right = f.There+g.There, f.Found+g.Found, f.Right+g.Right
}

// score compares a page with what is truly on it; got is nil where it was not read.
func score(want *Page, got *document.Page) Result {
	r := Result{Page: want.Page}
	if got == nil {
		got = &document.Page{Failed: &document.Failure{Code: "page_missing"}}
	}
	if got.Failed != nil {
		r.Failed = got.Failed.Code
	}
	if want.Words != nil {
		r.words(want, got)
		r.hands(want.Words, got.Words)
	}
	if want.Fields != nil {
		r.fields(want.Fields, got.Fields)
	}
	if want.Marks != nil {
		r.marks(want.Marks, got.Marks)
	}
	if want.Codes != nil {
		r.codes(want.Codes, got.Barcodes)
	}
	if want.Tables != nil {
		r.tables(want.Tables, got.Tables, want.Partial)
	}
	if want.Rotation != nil {
		right := got.Failed == nil && got.Rotation == *want.Rotation
		r.Rotation = &right
	}
	if want.Skew != nil {
		off := 90.0
		if got.Failed == nil {
			off = math.Abs(got.Skew - *want.Skew)
		}
		r.Skew = &off
	}
	return r
}

// alike is the likeness of two texts, 0 to 1: one less the edit distance of their letters and
// digits in one case, as a share of the longer.
func alike(a, b string) float64 {
	x, y := []rune(bare(a)), []rune(bare(b))
	longer := max(len(x), len(y))
	if longer == 0 {
		return 1
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		corner := row[0]
		row[0] = i
		for j := 1; j <= len(y); j++ {
			change := corner
			if x[i-1] != y[j-1] {
				change++
			}
			corner = row[j]
			row[j] = min(change, row[j]+1, row[j-1]+1)
		}
	}
	return 1 - float64(row[len(y)])/float64(longer)
}

// bare is a text's letters, digits and signs that say something, in lower case.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if written(r) {
			return r
		}
		return -1
	}, strings.ToLower(strings.Join(tokens(s), "")))
}

// plain is a text as it is compared exactly: its tokens with one blank between.
func plain(s string) string { return strings.Join(tokens(s), " ") }

// fields pairs true fields with those found, best likeness first. Blanks to fill in that are
// empty are neither expected nor wrong, and fields that stand for marks are measured as marks.
func (r *Result) fields(want []Field, got []document.Field) {
	const enough = 0.8 // as published results on noisy scanned forms count a pair
	var filled []Field
	for _, f := range want {
		if plain(f.Value) != "" {
			filled = append(filled, f)
		}
	}
	var said []document.Field
	for _, f := range got {
		if f.Source != "mark" && plain(f.Value) != "" {
			said = append(said, f)
		}
	}
	r.Fields.There, r.Fields.Found = len(filled), len(said)
	r.FieldsExact = r.Fields
	for _, m := range match(len(filled), len(said), func(i, j int) float64 {
		k, v := alike(filled[i].Key, said[j].Key), alike(filled[i].Value, said[j].Value)
		if k < enough || v < enough {
			return 0
		}
		return k + v + filled[i].Box.IoU(said[j].ValueBox)/10 // equal pairs twice on a page: the one in its place
	}) {
		f, g := filled[m[0]], said[m[1]]
		r.Fields.Right++
		if plain(f.Value) == plain(g.Value) && bare(f.Key) == bare(g.Key) {
			r.FieldsExact.Right++
		}
		if !f.Box.Empty() {
			r.ValueBoxes.add(f.Box.IoU(g.ValueBox) >= overlap)
		}
	}
}

// hands looks at what hand the words that were read are in, each by the true word that it covers most of.
func (r *Result) hands(want []Word, got []document.Word) {
	for _, t := range want {
		for _, w := range got {
			if a := t.Box.Intersect(w.Box).Area(); a == 0 || a < 0.5*w.Box.Area() {
				continue
			}
			if t.Handwritten {
				r.Handwritten.add(w.Handwritten)
			} else {
				r.Printed.add(!w.Handwritten)
			}
		}
	}
}

// marks pairs true marks with those found by place. An ambiguous state is no answer: it is
// not found, and not wrong either.
func (r *Result) marks(want []Mark, got []document.Mark) {
	var said []document.Mark
	for _, m := range got {
		if m.State != document.MarkAmbiguous {
			said = append(said, m)
		}
	}
	r.Marks.There, r.Marks.Found = len(want), len(said)
	for _, m := range match(len(want), len(said), func(i, j int) float64 { return near(want[i].Box, said[j].Box) }) {
		if want[m[0]].On == (said[m[1]].State == document.MarkOn) {
			r.Marks.Right++
		}
	}
}

// codes pairs true bar codes with those that were read, by what they say and where.
func (r *Result) codes(want []Code, got []document.Code) {
	r.Codes.There, r.Codes.Found = len(want), len(got)
	r.Codes.Right = len(match(len(want), len(got), func(i, j int) float64 {
		if want[i].Symbology != got[j].Symbology || want[i].Text != got[j].Text {
			return 0
		}
		return near(want[i].Box, got[j].Box)
	}))
}

// near is the IoU of two frames from a quarter on, else 0: a tick may stick out of its frame.
func near(a, b document.Box) float64 {
	if i := a.IoU(b); i >= 0.25 {
		return i
	}
	return 0
}

// match pairs i of n with j of m, best worth first, each at most once; a worth of 0 is no pair.
func match(n, m int, worth func(i, j int) float64) (pairs [][2]int) {
	type pair struct {
		i, j  int
		worth float64
	}
	var all []pair
	for i := range n {
		for j := range m {
			if w := worth(i, j); w > 0 {
				all = append(all, pair{i, j, w})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b pair) int { return cmp.Compare(b.worth, a.worth) })
	usedI, usedJ := make([]bool, n), make([]bool, m)
	for _, p := range all {
		if !usedI[p.i] && !usedJ[p.j] {
			usedI[p.i], usedJ[p.j] = true, true
			pairs = append(pairs, [2]int{p.i, p.j})
		}
	}
	return pairs
}
