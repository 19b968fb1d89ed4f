// Package form turns what the pages of a file say (document.Document) into what the
// documents in it mean: segments with a type, named fields, rows and flags.
//
// It refuses to guess: a document that fits no known kind well is "unknown", a value that
// the reading or a validator leaves in doubt is in state "review" with the reason in words,
// and nothing is written that does not stand on a page. It knows no store, no network and
// no other stage; clinical mentions are added by package clinical.
//
// The parts: sheet (rows and phrases), lexicon (labels as data), pair (label and value),
// classify (type), split (documents in a file), labreport, section, draft (field and state),
// check (rules). Names of types and fields follow docs/format/record.md.
package form

import (
	"fmt"
	"slices"
	"strings"

	"chartlake/document"
	"chartlake/form/check"
	"chartlake/form/classify"
	"chartlake/form/labreport"
	"chartlake/form/lexicon"
	"chartlake/form/pair"
	"chartlake/form/section"
	"chartlake/form/sheet"
	"chartlake/form/split"
	"chartlake/form/table"
	"chartlake/record"
	"chartlake/value"
)

// Version names the rules of this stage; it changes whenever their output can.
const Version = "7"

// Us says who receives the documents, and which forms are their own. With names and numbers
// empty nothing can be misdirected, so no document is ever flagged so.
type Us struct {
	Names []string // organisations and practitioners, as they print themselves
	NPIs  []string // ten digits each
	Faxes []string // fax numbers, any usual spelling
	Forms Forms    // templates of their own forms
}

// Understand splits doc into segments and reads each of them. Every page of doc is in
// exactly one segment, is blank, only divides (a separator sheet), or has failed; a document
// of only such pages gives none.
// doc is not changed, and the same doc gives the same segments.
func Understand(doc *document.Document, us Us) []record.Segment {
	var out []record.Segment
	var splitter split.Splitter
	looks := map[int]look{} // of the pages whose segment has not ended
	seen := pages{}
	var sent []check.Sent
	for i := range doc.Pages {
		l := lookAt(doc, &doc.Pages[i], us.Forms)
		l.first = seen.copyOf(&doc.Pages[i])
		if r, ok := splitter.Next(&l.facts); ok {
			out = append(out, understand(doc, r, us, looks))
			clear(looks)
		}
		looks[doc.Pages[i].Number] = l
		if len(doc.Pages) > 1 && !l.facts.Blank && !l.facts.Failed {
			sent = append(sent, check.Sent{Page: l.facts.Page, Numbers: l.facts.Sent})
		}
	}
	if r, ok := splitter.End(); ok {
		out = append(out, understand(doc, r, us, looks))
	}
	check.Stack(out, sent, len(doc.Pages))
	return out
}

// Across applies the rules that compare documents of one patient in a file. It is called when
// their clinical mentions are known, and raises flags on the segments.
func Across(segments []record.Segment) { check.Across(segments) }

// Against applies those rules to a segment and one of an earlier document, id, of the same patient.
// The flags stand on the segment; their evidence in the earlier document names it.
func Against(seg, earlier *record.Segment, id string) { check.Against(seg, earlier, id) }

// Coded holds the diagnoses of segments against releases of their code system, and the strengths of
// drugs against those that are marketed. The error is that of the tables.
func Coded(segments []record.Segment, codes check.Codes, marketed check.Marketed) error {
	for i := range segments {
		if err := check.Coded(&segments[i], codes); err != nil {
			return err
		}
		if err := check.Strengths(&segments[i], marketed); err != nil {
			return err
		}
	}
	return nil
}

// Received holds the dates of segments against the day on which the document came.
func Received(segments []record.Segment, on value.Date) {
	for i := range segments {
		check.Received(&segments[i], on)
	}
}

// Related reports that there is a rule about documents of these two types.
func Related(a, b record.Type) bool { return check.Related(a, b) }

// look is what one page says for itself. The sheet is nil where the file is this page alone,
// or where it says nothing.
type look struct {
	facts  split.Facts
	sheet  *sheet.Sheet
	guess  classify.Guess
	person check.Person
	first  int // the earlier page that this one is a copy of; 0: none
}

// titledMin is the least confidence of a page's own type that counts for a boundary.
const titledMin = 0.8

func lookAt(doc *document.Document, p *document.Page, own Forms) look {
	l := look{facts: split.Plain(p)}
	f := &l.facts
	if f.Blank || f.Failed || f.Separator || len(doc.Pages) == 1 {
		return l
	}
	l.sheet = sheet.New(doc, p.Number, p.Number)
	f.Numbers, f.Sent = split.Numbers(&l.sheet.Pages[0])
	l.guess = classify.Segment(l.sheet, shapeOf(l.sheet))
	if fit, ok := own.fitOf(p); ok {
		l.guess.Type, l.guess.Confidence = record.Type(fit.Template.Type), fitConfidence
		f.Form = fit.Template.Version
	}
	if l.guess.Type != record.Unknown {
		f.Kind = string(l.guess.Type)
	}
	if l.guess.Type != record.Unknown && l.guess.Confidence >= titledMin {
		f.Type, f.Whole = string(l.guess.Type), wholePages[l.guess.Type]
		claim := l.guess.Type == "cms1500" || l.guess.Type == "ub04" // the form is its own title
		f.Titled = claim || len(l.guess.Title) > 0
	}
	r := personReading(l.sheet)
	l.person = personIn(r)
	f.Patient, f.Birth, f.Record = nameWords(said(l.person.Name)), fold(said(l.person.Birth)), fold(said(l.person.Record))
	if h := r.letterhead(); len(h.name) > 0 && h.strength >= senderMin && h.name[0].Y1 < headMax {
		f.Sender = strings.Join(lexicon.Tokens(sheet.Join(h.name)), " ")
	}
	if f.Titled && !claimForm(l.guess.Type) {
		own := newReading(l.sheet, l.guess)
		own.fromPairs(nil)
		f.Keys = own.keys()
		if f.Patient == "" {
			f.Patient = nameWords(own.namedPerson())
		}
	}
	return l
}

// wholePages are the types whose words cannot be those of a later page of something else.
var wholePages = map[record.Type]bool{"junk": true, "insurance_card": true, "cms1500": true, "ub04": true, "fax_cover_sheet": true,
	"immunization_card": true, "payer_correspondence": true}

// A letterhead names the sender of a page when it is as sure as one with an address, or with
// several words of an organisation, and stands in the upper fifth of the page.
const (
	senderMin = 0.82
	headMax   = 0.2
)

func claimForm(t record.Type) bool { return t == "cms1500" || t == "ub04" }

// documentKeys are the fields that a document has one of, and another of its kind others.
var documentKeys = []string{"account", "claim_number", "invoice", "payment_number", "ref", "auth", "rx", "patient_account", "visit", "collected", "admitted",
	"patient_number", "member_id", "date"}

// keys are the accepted ones of a page; where it has several values of one, none of them.
func (r *reading) keys() map[string]string {
	out := map[string]string{}
	for _, name := range documentKeys {
		n := 0
		for i := range r.fields {
			if f := &r.fields[i]; f.Name == name {
				out[name], n = fold(said(f)), n+1
			}
		}
		if n > 1 || out[name] == "" {
			delete(out, name)
		}
	}
	return out
}

// namedPerson is the person whose document it is by the labels of its own type.
func (r *reading) namedPerson() string {
	if name := said(r.field("patient")) + said(r.field("member")); name != "" {
		return name
	}
	if first, last := said(r.field("first")), said(r.field("last")); first != "" && last != "" {
		return first + " " + last
	}
	return ""
}

// nameWords are the words of a name in order, without initials and titles: "DOE, JANE A" and
// "Jane Doe" are one.
func nameWords(name string) string {
	words := slices.DeleteFunc(lexicon.Tokens(name), func(w string) bool { return len(w) < 2 })
	slices.Sort(words)
	return strings.Join(words, " ")
}

func said(f *record.Field) string {
	if f == nil || f.State != record.Accepted || f.Value == nil {
		return ""
	}
	return *f.Value
}

func shapeOf(s *sheet.Sheet) classify.Shape {
	res := labreport.Read(s, func(int, int) bool { return false })
	n := 0
	for _, row := range res.Rows {
		if len(row.Value) > 0 && len(row.Test) > 0 && (len(row.Unit) > 0 || len(row.Range) > 0) {
			n++
		}
	}
	return classify.Shape{ResultRows: n, ResultHeader: res.HasHeader}
}

// understand reads one segment. What was seen of its pages is used again: all of it where the
// segment is one page, and who the patient of each page is.
func understand(doc *document.Document, at split.Range, us Us, looks map[int]look) record.Segment {
	s, g := looks[at.First].sheet, looks[at.First].guess
	if s == nil || at.First != at.Last {
		s = sheet.New(doc, at.First, at.Last)
		g = classify.Segment(s, shapeOf(s))
	}
	if t := printOfClaim(s); g.Type == record.Unknown && t != "" {
		g.Type, g.Confidence = t, fitConfidence
	}
	typ, ours := us.Forms.typeOf(s)
	if ours {
		g.Type, g.Confidence = typ, fitConfidence
	}
	r := newReading(s, g)
	if ours {
		r.ownForm(us.Forms)
	} else {
		r.read()
	}
	seg := record.Segment{Type: g.Type, TypeConfidence: g.Confidence, Pages: [2]int{at.First, at.Last}, LOINC: classify.LOINC(g.Type),
		Fields: r.fields, Lines: r.lines, Sections: section.Record(r.sections), Entities: []record.Entity{}, Flags: append([]record.Flag{}, r.flags...)}
	c := &check.Case{Segment: &seg, Text: strings.ToLower(s.Text.String), Us: check.Us{Names: us.Names, NPIs: us.NPIs, Faxes: us.Faxes}}
	for i := range s.Pages {
		printed, _ := split.Numbers(&s.Pages[i])
		c.Numbers = append(c.Numbers, printed)
		c.People = append(c.People, looks[s.Pages[i].Number].person)
	}
	c.People = knownPeople(c.People)
	check.Run(c)
	if at.Reason != "" && at.Confidence < boundarySure {
		seg.Flags = append(seg.Flags, record.Flag{Code: "split_uncertain", Severity: record.SeverityWarning, Evidence: []record.Evidence{},
			Message: "the boundary before this document is not sure: " + at.Reason})
	}
	for _, d := range at.Doubts {
		seg.Flags = append(seg.Flags, record.Flag{Code: "split_uncertain", Severity: record.SeverityWarning, Evidence: []record.Evidence{{Page: d.Page, Box: document.Box{W: 1, H: 1}}},
			Message: fmt.Sprintf("another document may begin on page %d: %s", d.Page, d.Reason)})
	}
	for n := at.First; n <= at.Last; n++ {
		if first := looks[n].first; first > 0 {
			seg.Flags = append(seg.Flags, repeated(n, first))
		}
	}
	if seg.Fields == nil {
		seg.Fields = []record.Field{}
	}
	if seg.Lines == nil {
		seg.Lines = []map[string]record.Field{}
	}
	return seg
}

// read fills the fields by the kind of document.
func (r *reading) read() {
	switch r.guess.Type {
	case "lab_report":
		r.lab()
	case "insurance_card":
		r.card()
	case "discharge_summary", "progress_note", "history_and_physical", "emergency_note", "consult_letter", "operative_report", "nursing_note":
		r.note()
		switch r.guess.Type {
		case "operative_report":
			r.parts(operationParts)
		case "nursing_note":
			r.tableLines(table.Read(r.sheet, r.guess.Type, r.labelRow()))
		}
	case "medical_invoice":
		r.invoice()
	case "immunization_card":
		r.immunization()
	case "eob", "remittance", "prior_auth_request", "prior_auth_determination":
		r.tabular("payer", "")
	case "prescription":
		r.tabular("clinic", "phone")
	case "refill_request":
		r.tabular("pharmacy", "pharmacy.phone")
	case "medication_administration_record":
		r.tabular("facility", "")
	case "imaging_report", "pathology_report":
		r.report()
	case "referral":
		r.fromPairs(nil)
		r.issuer("practice", "", "")
	case "fax_cover_sheet":
		r.fromPairs(nil)
		r.issuer("sender", "", "")
	case "records_request":
		r.fromPairs(nil)
		r.issuer("from", "", "from.phone")
	case "payer_correspondence":
		r.fromPairs(nil)
		r.issuer("payer", "", "")
	case "discharge_instructions":
		r.report()
	case "cms1500", "ub04":
		r.claim()
	case "immunization_consent", "consent", "patient_intake_form", "medical_history_form":
		r.consent()
	default:
		r.fromPairs(nil)
	}
	if r.guess.Type != "insurance_card" && r.guess.Type != "cms1500" && r.guess.Type != "ub04" && len(r.guess.Title) > 0 && r.field("title") == nil && r.guess.Type != record.Unknown {
		r.putText("title", "", r.guess.Title, "title", 0.93)
	}
	r.expect()
}

// boundarySure is the least chance of a boundary that is not shown as doubtful. On stacks of
// layouts that were kept apart none of 244 boundaries was wrong (docs/performance/documents.md).
const boundarySure = 0.7

// personReading reads the one page of a sheet by the labels that all kinds share.
func personReading(s *sheet.Sheet) *reading {
	r := &reading{sheet: s, lex: lexicon.For("discharge_summary")}
	r.pairs = pair.Find(s, r.lex, value.Hint{})
	r.fromPairs(nil)
	return r
}

// personIn is what a page says about the patient by its own labels.
func personIn(r *reading) check.Person {
	s := r.sheet
	return check.Person{Page: s.Pages[0].Number, Name: r.field("patient"), Birth: r.field("dob"), Record: r.field("mrn")}
}

func knownPeople(people []check.Person) []check.Person {
	var out []check.Person
	for _, p := range people {
		if p.Name != nil || p.Birth != nil || p.Record != nil {
			out = append(out, p)
		}
	}
	return out
}
