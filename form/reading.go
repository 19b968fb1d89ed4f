package form

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"chartlake/form/classify"
	"chartlake/form/draft"
	"chartlake/form/lexicon"
	"chartlake/form/pair"
	"chartlake/form/section"
	"chartlake/form/sheet"
	"chartlake/record"
	"chartlake/value"
)

// reading is one segment while it is read.
type reading struct {
	sheet    *sheet.Sheet
	guess    classify.Guess
	lex      *lexicon.Lexicon
	pairs    []pair.Pair
	latest   value.Date // latest day printed with a four-digit year, or else with two
	fields   []record.Field
	lines    []map[string]record.Field
	sections []section.Section
	flags    []record.Flag // what the reader of the type itself has to say
}

// newReading pairs labels and values of the segment's type. Dates are read twice: the first
// time tells the latest day on the paper, which places two-digit years.
func newReading(s *sheet.Sheet, g classify.Guess) *reading {
	r := &reading{sheet: s, guess: g, lex: lexicon.For(g.Type)}
	first := pair.Find(s, r.lex, value.Hint{})
	r.latest = latestDay(first)
	r.pairs = first
	if r.latest.Year != 0 {
		r.pairs = pair.Find(s, r.lex, value.Hint{NotAfter: r.latest})
	}
	r.pairs = slices.DeleteFunc(r.pairs, func(p pair.Pair) bool { // "INVOICE" in tall letters labels nothing
		last := p.Head[len(p.Head)-1].Text
		return r.isTitle(p.Head) && !strings.ContainsAny(last[len(last)-1:], ":#")
	})
	return r
}

// latestDay is the latest printed day other than a birth and what lies ahead by nature.
func latestDay(pairs []pair.Pair) value.Date {
	var latest value.Date
	for _, p := range pairs {
		if p.Label.Later || p.Label.Name == "dob" || p.Label.Kind != "date" && p.Label.Kind != "datetime" || !p.Read.OK {
			continue
		}
		if slices.Contains(p.Read.Reasons, value.ReasonTwoDigitYear) {
			continue
		}
		d, _, ok := value.ParseDate(p.Read.Value[:min(10, len(p.Read.Value))], value.Hint{})
		if c, _ := d.Compare(latest); ok && d.Day > 0 && c > 0 {
			latest = d
		}
	}
	return latest
}

// fromPairs makes the fields of all pairs whose name passes.
func (r *reading) fromPairs(skip func(pair.Pair) bool) {
	var found []record.Field
	for _, p := range r.pairs {
		if skip != nil && skip(p) {
			continue
		}
		found = append(found, draft.Field(draft.Finding{Name: p.Label.Name, Label: p.Printed, Kind: p.Label.Kind, Tokens: p.Value,
			Read: p.Read, Rule: "label_" + p.Rule, Strength: p.Strength, Reasons: p.Reasons}))
	}
	for _, name := range names(found) {
		var same []record.Field
		for _, f := range found {
			if f.Name == name {
				same = append(same, f)
			}
		}
		l := r.lex.Label(name)
		r.fields = append(r.fields, merge(same, l != nil && l.Many)...)
	}
}

func names(fields []record.Field) []string {
	var out []string
	for _, f := range fields {
		if !slices.Contains(out, f.Name) {
			out = append(out, f.Name)
		}
	}
	return out
}

// merge makes one field of several readings of one name. Equal values make each other surer;
// values that differ leave the surest one in review, unless the name may have many.
func merge(same []record.Field, many bool) []record.Field {
	slices.SortStableFunc(same, func(a, b record.Field) int { return cmp.Compare(b.Confidence, a.Confidence) })
	var out []record.Field
	for _, f := range same {
		i := slices.IndexFunc(out, func(o record.Field) bool { return equal(o, f) })
		switch {
		case i >= 0:
		case len(out) == 0 || many:
			out = append(out, f)
		case f.Confidence > 0.5 && out[0].Confidence-f.Confidence < 0.25:
			draft.Doubt(&out[0], "another value stands under this label on page "+strconv.Itoa(f.Page))
		}
	}
	return out
}

func equal(a, b record.Field) bool {
	return a.Value != nil && b.Value != nil && fold(*a.Value) == fold(*b.Value)
}

// fold is a value as it is compared: letters and digits in lower case.
func fold(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c + 32
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c > 127:
			return c
		}
		return -1
	}, s)
}

// put adds a finding.
func (r *reading) put(f draft.Finding) {
	if len(f.Tokens) > 0 {
		r.fields = append(r.fields, draft.Field(f))
	}
}

// putText adds words as they stand.
func (r *reading) putText(name, label string, tokens []sheet.Token, rule string, strength float64, reasons ...string) {
	if len(tokens) == 0 {
		return
	}
	r.put(draft.Finding{Name: name, Label: label, Kind: "text", Tokens: tokens, Rule: rule, Strength: strength, Reasons: reasons,
		Read: value.Parse(value.Text, sheet.Join(tokens), value.Hint{})})
}

// field finds the first field of a name.
func (r *reading) field(name string) *record.Field {
	for i := range r.fields {
		if r.fields[i].Name == name && r.fields[i].State != record.Missing {
			return &r.fields[i]
		}
	}
	return nil
}

// expect adds the fields that the type expects and the page did not give.
func (r *reading) expect() {
	for _, l := range r.lex.Labels {
		if l.Must && l.Name != "" && r.field(l.Name) == nil {
			r.fields = append(r.fields, draft.Missing(l.Name, l.Kind))
		}
	}
}

// taken reports whether a token is part of a label or a value already.
func (r *reading) taken() func(sheet.Token) bool {
	type span struct{ page, word, begin int }
	used := map[span]bool{}
	for _, p := range r.pairs {
		for _, list := range [][]sheet.Token{p.Head, p.Value} {
			for _, t := range list {
				used[span{t.Page, t.Word, t.Begin}] = true
			}
		}
	}
	return func(t sheet.Token) bool { return used[span{t.Page, t.Word, t.Begin}] }
}
