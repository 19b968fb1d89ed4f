package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"chartlake/clinical"
	"chartlake/document"
	"chartlake/fhirmap"
	"chartlake/form"
	"chartlake/identity"
	"chartlake/record"
)

// Understand makes the record of a document: its segments with fields, rows and flags from
// form, and their clinical entities with page and box.
func (s *Stages) Understand(doc *document.Document) *record.Record {
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
		s.annotate(doc, &rec.Segments[i], i)
	}
	if rec.Segments == nil {
		rec.Segments = []record.Segment{}
	}
	return rec
}

func (s *Stages) versions() map[string]string {
	return map[string]string{"reader": s.Reader.Version(), "form": form.Version, "clinical": clinical.Version,
		"identity": identity.Version, "fhirmap": fhirmap.Version}
}

// understandVersion names everything that the output of Understand depends on besides the pages.
func (s *Stages) understandVersion() string {
	us, err := json.Marshal(s.Us)
	if err != nil {
		panic(err) // strings only
	}
	sum := sha256.Sum256(us)
	return fmt.Sprintf("%s|form %s|clinical %s|us %s", s.Reader.Version(), form.Version, clinical.Version, hex.EncodeToString(sum[:4]))
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
func (s *Stages) annotate(doc *document.Document, seg *record.Segment, index int) {
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
		return
	}
	text := doc.Text(seg.Pages[0], seg.Pages[1])
	found := s.Clinical.Annotate(text.String)
	seg.Sections = found.Sections
	for _, e := range found.Entities {
		if e.Type == record.Anatomy || e.Type == record.Test && e.Attributes["value"] == "" {
			continue // a body part, or a test without its result, says nothing of the patient by itself
		}
		if e.ID == "" {
			e.ID = fmt.Sprintf("%d-%s-%d-%d", index, e.Type, e.Begin, e.End)
		}
		if span, ok := doc.Locate(text, e.Begin, e.End); ok {
			e.Page, e.Box = span.Page, &span.Box
		}
		seg.Entities = append(seg.Entities, e)
	}
}
