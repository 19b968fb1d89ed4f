package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"chartlake/document"
	"chartlake/fhirmap"
	"chartlake/form"
	"chartlake/identity"
	"chartlake/record"
)

// Understand makes the record of a document: its segments with fields, rows and flags from
// form, and their clinical entities with page and box. The error is the annotator's.
func (s *Stages) Understand(ctx context.Context, doc *document.Document) (*record.Record, error) {
	understand := s.Form
	if understand == nil {
		understand = form.Understand
	}
	rec := &record.Record{
		Document: record.Document{SHA256: doc.SHA256, Pages: len(doc.Pages), MediaType: doc.MediaType},
		Pages:    make([]record.Page, 0, len(doc.Pages)),
		Segments: understand(doc, s.Us),
		Versions: s.versions(),
	}
	for i := range doc.Pages {
		p := &doc.Pages[i]
		rec.Pages = append(rec.Pages, record.Page{Page: p.Number, Source: p.Source, Rotation: p.Rotation,
			Confidence: p.Confidence, Words: len(p.Words), Blank: p.Blank, Failed: p.Failed})
	}
	for i := range rec.Segments {
		if err := s.annotate(ctx, doc, &rec.Segments[i], i); err != nil {
			return nil, err
		}
	}
	form.Across(rec.Segments)
	if err := s.coded(rec); err != nil {
		return nil, err
	}
	if rec.Segments == nil {
		rec.Segments = []record.Segment{}
	}
	return rec, nil
}

func (s *Stages) versions() map[string]string {
	return map[string]string{"reader": s.Reader.Version(), "form": form.Version, "clinical": s.clinicalVersion(),
		"identity": identity.Version, "fhirmap": fhirmap.Version}
}

func (s *Stages) clinicalVersion() string {
	if s.Clinical == nil {
		return "none"
	}
	return s.Clinical.Version()
}

// understandVersion names everything that the output of Understand depends on besides the pages.
func (s *Stages) understandVersion() string {
	us, err := json.Marshal(s.Us)
	if err != nil {
		panic(err) // strings only
	}
	sum := sha256.Sum256(us)
	return fmt.Sprintf("%s|form %s|clinical %s|us %s", s.Reader.Version(), form.Version, s.clinicalVersion(), hex.EncodeToString(sum[:4]))
}

// administrative are the documents whose printed text names diseases and drugs of nobody: forms,
// claims, cards and letters about money. Their fields say what is said of the patient.
// Source: the table of docs/format/record.md.
var administrative = map[record.Type]bool{
	"cms1500": true, "ub04": true, "eob": true, "remittance": true, "medical_invoice": true, "insurance_card": true,
	"prior_auth_request": true, "prior_auth_determination": true, "consent": true, "immunization_consent": true,
	"fax_cover_sheet": true, "records_request": true, "payer_correspondence": true, "junk": true,
}

// annotate adds the clinical entities of a segment, each with the place of its first page.
func (s *Stages) annotate(ctx context.Context, doc *document.Document, seg *record.Segment, index int) error {
	if seg.Fields == nil {
		seg.Fields = []record.Field{}
	}
	if seg.Lines == nil {
		seg.Lines = []map[string]record.Field{}
	}
	if seg.Flags == nil {
		seg.Flags = []record.Flag{}
	}
	seg.Entities = []record.Entity{}
	if s.Clinical == nil || administrative[seg.Type] {
		return nil
	}
	text := doc.Text(seg.Pages[0], seg.Pages[1])
	day := dayOf(seg)
	found, err := s.Clinical.Annotate(OnDay(ctx, day), text.String)
	if err != nil {
		return err
	}
	seg.Sections = found.Sections
	for _, e := range found.Entities {
		if e.Type == record.Anatomy || e.Type == record.Test && e.Attributes["value"] == "" && e.Attributes["flag"] == "" {
			continue // a body part, or a test without its result, says nothing of the patient by itself
		}
		if e.ID == "" {
			e.ID = fmt.Sprintf("%d-%s-%d-%d", index, e.Type, e.Begin, e.End)
		}
		if span, ok := doc.Locate(text, e.Begin, e.End); ok {
			e.Page, e.Box = span.Page, &span.Box
		}
		doubt(doc, text, &e)
		if len(e.Codes) > 0 {
			if err := s.onDay(&e, day); err != nil {
				return err
			}
		}
		seg.Entities = append(seg.Entities, e)
	}
	return nil
}

// wordDoubted is the confidence of a word under which what is found in it is for a person: a
// second reader that reads another word brings it below this.
const wordDoubted = 0.4

// doubt sends a mention to a person whose words were written by hand, or hardly read.
func doubt(doc *document.Document, text document.Text, e *record.Entity) {
	reason := ""
	for _, r := range text.Words(e.Begin, e.End) {
		page := doc.Page(r.Page)
		switch w := page.Words[r.Word]; {
		case w.Handwritten:
			reason = "written by hand"
		case page.Source == document.SourceOCR && w.Confidence < wordDoubted && reason == "":
			reason = "low reading confidence"
		}
	}
	if reason == "" && doubtedResult(doc, text, e) {
		reason = "low reading confidence of the result"
	}
	if reason != "" {
		e.State, e.Reasons = record.Review, append(e.Reasons[:len(e.Reasons):len(e.Reasons)], reason)
	}
}

// resultReach is how many characters behind a test its value may stand.
const resultReach = 160

// digitsDoubted is the confidence of a word of digits under which a result is for a person: a
// wrong digit is a wrong result, and nothing else on the page tells.
const digitsDoubted = 0.6

// doubtedResult reports that the digits of a test's value were hardly read.
func doubtedResult(doc *document.Document, text document.Text, e *record.Entity) bool {
	v := e.Attributes["value"]
	if e.Type != record.Test || v == "" {
		return false
	}
	runes := []rune(text.String)
	behind := string(runes[min(e.End, len(runes)):min(e.End+resultReach, len(runes))])
	at := strings.Index(behind, v)
	if at < 0 {
		return false
	}
	begin := e.End + utf8.RuneCountInString(behind[:at])
	for _, r := range text.Words(begin, begin+utf8.RuneCountInString(v)) {
		page := doc.Page(r.Page)
		if w := page.Words[r.Word]; w.Handwritten || page.Source == document.SourceOCR && w.Confidence < digitsDoubted {
			return true
		}
	}
	return false
}
