// Package check holds the rules that a careful human would apply to a document that was read:
// pages, identity, dates, identifiers, sums, and what is special to laboratory reports and
// discharge summaries. Each rule is small, has a name, and raises a flag with a severity, the
// two values in words and the places that show it. A rule of severity error or warning sends
// the fields it names to review; nothing is ever corrected here.
//
// Codes and severities: document-types.md §2, §6, §7, §16.
package check

import (
	"fmt"
	"slices"
	"strings"

	"chartlake/document"
	"chartlake/form/classify"
	"chartlake/form/draft"
	"chartlake/form/split"
	"chartlake/record"
)

// Case is what the rules look at. Fields and lines of Segment are moved to review by them.
type Case struct {
	Segment *record.Segment
	People  []Person         // what each page says about the patient
	Numbers [][]split.Number // printed page numbers, by page of the segment
	Text    string           // lower-case text of the segment
	Us      Us
	// Document is the id of the document whose segment it is, where that is an earlier one that the
	// document at hand is compared with; empty for the document at hand.
	Document string
}

// Us is who receives documents.
type Us struct{ Names, NPIs, Faxes []string }

// Person is one page's own word for who the patient is.
type Person struct {
	Page                int
	Name, Birth, Record *record.Field
}

// rules in the order in which their flags are shown.
var rules = []struct {
	name string
	run  func(*Case)
}{
	{"pages", pages}, {"identity", identity}, {"addressee", addressee}, {"dates", dates}, {"identifiers", identifiers},
	{"results", results}, {"confirmed sums", confirmSums}, {"amounts", amounts}, {"sums", sums}, {"note", noteRules}, {"card", cardRules}, {"claim", claimRules}, {"settled", settledRules}, {"hospital", hospitalRules}, {"authorization", authorizationRules},
	{"formats", formatRules}, {"drugs", drugRules}, {"calculated", calculatedRules}, {"doses", doseRules}, {"consent", consentRules}, {"old form", oldForm}, {"times", timesOfDay}, {"reading", readingRules},
}

// Run applies all rules.
func Run(c *Case) {
	for _, r := range rules {
		r.run(c)
	}
}

// raise adds a flag. Fields of error and warning go to review with the message as reason.
func (c *Case) raise(code string, severity record.Severity, message string, about ...*record.Field) {
	f := record.Flag{Code: code, Severity: severity, Message: message, Evidence: []record.Evidence{}}
	for _, x := range about {
		if x == nil {
			continue
		}
		if !slices.Contains(f.Fields, x.Name) {
			f.Fields = append(f.Fields, x.Name)
		}
		if x.Page > 0 {
			f.Evidence = append(f.Evidence, c.evidence(x.Page, x.Box))
		}
		if severity != record.SeverityInfo {
			draft.Doubt(x, message)
		}
	}
	c.Segment.Flags = append(c.Segment.Flags, f)
}

func (c *Case) evidence(page int, box document.Box) record.Evidence {
	return record.Evidence{Document: c.Document, Page: page, Box: box}
}

// on says on which page, in words.
func (c *Case) on(page int) string {
	if c.Document == "" {
		return fmt.Sprintf("on page %d", page)
	}
	return fmt.Sprintf("on page %d of document %s", page, c.Document[:min(12, len(c.Document))])
}

// field finds a field with a value.
func (c *Case) field(name string) *record.Field {
	for i := range c.Segment.Fields {
		f := &c.Segment.Fields[i]
		if f.Name == name && f.Value != nil && f.State != record.Missing {
			return f
		}
	}
	return nil
}

func (c *Case) fields(name string) []*record.Field {
	var out []*record.Field
	for i := range c.Segment.Fields {
		if f := &c.Segment.Fields[i]; f.Name == name && f.Value != nil && f.State != record.Missing {
			out = append(out, f)
		}
	}
	return out
}

// first is the first of the names that has a value.
func (c *Case) first(names ...string) *record.Field {
	for _, n := range names {
		if f := c.field(n); f != nil {
			return f
		}
	}
	return nil
}

// pages: a promised page that did not come, numbers out of order, a page twice.
func pages(c *Case) {
	seen := map[int]int{}
	of, last := 0, 0
	var where *record.Field
	for i, list := range c.Numbers {
		for _, n := range list {
			if n.Of == 0 || of != 0 && n.Of != of {
				continue
			}
			of = n.Of
			seen[n.N]++
			f := draft.Field(draft.Finding{Name: "page", Kind: "text", Tokens: n.Tokens, Strength: 1})
			f.Page = n.Tokens[0].Page
			if where == nil {
				where = &f
			}
			if n.N < last {
				c.raise("page_order", record.SeverityWarning, fmt.Sprintf("page %d of the paper stands after page %d", n.N, last), &f)
			}
			last = n.N
			break
		}
		_ = i
	}
	if of == 0 || len(seen) == 0 {
		return
	}
	var gone []string
	for n := 1; n <= of && of <= 500; n++ {
		if seen[n] == 0 {
			gone = append(gone, fmt.Sprint(n))
		}
	}
	if len(gone) > 0 && of > len(c.Numbers) {
		c.raise("page_missing", record.SeverityError, fmt.Sprintf("the pages say %d of them, %d came; missing: %s", of, len(c.Numbers), strings.Join(gone, ", ")), where)
	}
}

// identity: pages that name different people, and too little to tell who it is.
func identity(c *Case) {
	if !classify.OfPatient(c.Segment.Type) || len(c.Segment.Fields) == 0 {
		return // a claim whose boxes are not read says nothing about who it is
	}
	for i := 1; i < len(c.People); i++ {
		a, b := c.People[0], c.People[i]
		conflict(c, "birth dates", a.Birth, b.Birth)
		conflict(c, "record numbers", a.Record, b.Record)
		if differentNames(a.Name, b.Name) {
			c.raise("identity_conflict", record.SeverityError, fmt.Sprintf("pages %d and %d name different people", a.Name.Page, b.Name.Page), a.Name, b.Name)
			hold(c)
		}
	}
	name := c.first("patient", "patient.name", "member", "last", "first", "patient.last", "2", "FL8b")
	count := 0
	var about []*record.Field
	for _, f := range []*record.Field{name, c.first("dob", "3.dob", "FL10"), c.first("mrn", "patient_id", "patient_number", "member_id", "account", "1a", "26", "FL3b", "FL8a", "FL3a", "rx")} {
		if f != nil {
			count++
			about = append(about, f)
		}
	}
	switch {
	case count == 0 && clinical(c.Segment.Type):
		c.raise("identity_absent", record.SeverityError, "nothing on the pages says who the patient is")
	case count < 2 && (clinical(c.Segment.Type) || c.Segment.Type == "insurance_card"):
		c.Segment.Flags = append(c.Segment.Flags, weak(about))
	}
}

// weak is a warning about the segment, not about the value of the one identifier it has.
func weak(about []*record.Field) record.Flag {
	f := record.Flag{Code: "identity_weak", Severity: record.SeverityWarning, Evidence: []record.Evidence{},
		Message: "fewer than two independent identifiers of the patient were read"}
	for _, x := range about {
		f.Fields = append(f.Fields, x.Name)
		f.Evidence = append(f.Evidence, record.Evidence{Page: x.Page, Box: x.Box})
	}
	return f
}

func conflict(c *Case, what string, a, b *record.Field) {
	if a == nil || b == nil || a.Value == nil || b.Value == nil || squeeze(*a.Value) == squeeze(*b.Value) ||
		a.State != record.Accepted || b.State != record.Accepted {
		return
	}
	c.raise("identity_conflict", record.SeverityError, fmt.Sprintf("pages %d and %d have different %s", a.Page, b.Page, what), a, b)
	hold(c)
}

// hold sends the identity of the segment to review.
func hold(c *Case) {
	for i := range c.Segment.Fields {
		switch f := &c.Segment.Fields[i]; f.Name {
		case "patient", "patient.name", "dob", "mrn", "member", "member_id", "sex", "patient_id", "first", "last":
			draft.Doubt(f, "the pages contradict each other about the patient")
		}
	}
}

// differentNames compares two accepted names as sets of words: "DOE, JANE A" is "Jane Doe".
func differentNames(a, b *record.Field) bool {
	if a == nil || b == nil || a.Value == nil || b.Value == nil || a.State != record.Accepted || b.State != record.Accepted {
		return false
	}
	set := map[string]bool{}
	words := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ',' || r == ' ' || r == '.' || r == '-' })
	}
	for _, w := range words(*a.Value) {
		set[w] = true
	}
	same := 0
	for _, w := range words(*b.Value) {
		if set[w] {
			same++
		}
	}
	return same < 2 && !(same == 1 && (len(words(*a.Value)) == 1 || len(words(*b.Value)) == 1))
}

func clinical(t record.Type) bool {
	switch t {
	case "insurance_card", "medical_invoice", "payer_correspondence", "records_request", "eob":
		return false
	}
	return true
}

func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '.' || r == ',' {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// addressee: a recipient on the page that is none of ours.
func addressee(c *Case) {
	if len(c.Us.Names)+len(c.Us.Faxes)+len(c.Us.NPIs) == 0 {
		return
	}
	fax := c.field("to.fax")
	if fax != nil && len(c.Us.Faxes) > 0 {
		for _, ours := range c.Us.Faxes {
			if tenDigits(ours) != "" && tenDigits(ours) == tenDigits(*fax.Value) {
				return
			}
		}
	}
	to := c.first("to", "attn", "recipient")
	if to != nil && len(c.Us.Names) > 0 {
		for _, ours := range c.Us.Names {
			if alikeNames(ours, to.Raw) {
				return
			}
		}
	}
	switch {
	case to == nil && fax == nil && c.Segment.Type == "fax_cover_sheet":
		c.raise("recipient_unknown", record.SeverityWarning, "no addressee was read on the cover sheet")
	case to != nil && len(c.Us.Names) > 0:
		c.raise("misdirected", record.SeverityError, "the addressee is none of our names", to, fax)
	case fax != nil && len(c.Us.Faxes) > 0:
		c.raise("misdirected", record.SeverityError, "the fax number of the addressee is none of ours", fax)
	}
}

func tenDigits(s string) string {
	var d []byte
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			d = append(d, s[i])
		}
	}
	if len(d) < 10 {
		return ""
	}
	return string(d[len(d)-10:])
}

// alikeNames is lenient, because a misread letter must not make a document misdirected: most
// words of our name, each of three letters or more, stand in the printed one up to one letter.
func alikeNames(ours, printed string) bool {
	words := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
	}
	have := words(printed)
	hit, all := 0, 0
	for _, w := range words(ours) {
		if len(w) < 3 {
			continue
		}
		all++
		if slices.ContainsFunc(have, func(h string) bool { return near(h, w) }) {
			hit++
		}
	}
	return all > 0 && 3*hit >= 2*all
}

func near(a, b string) bool {
	if a == b {
		return true
	}
	if len(b) < 5 || len(a) != len(b) {
		return false
	}
	wrong := 0
	for i := range len(a) {
		if a[i] != b[i] {
			wrong++
		}
	}
	return wrong <= 1
}
