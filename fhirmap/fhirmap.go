// Package fhirmap turns a record and the answer to whose it is into one FHIR R4 transaction
// Bundle: the resources that the pages call for, a DocumentReference with the original and
// the text, and one Provenance per resource that says from where on which page each value
// was read.
//
// Only values in state accepted are written. What is asserted of somebody else, denied, or
// only thought of makes no resource of the patient: a denied finding never becomes a
// Condition, a relative's never the patient's (docs/format/fhir.md has the table). Resource
// ids are deterministic: the same document read the same way gives the same ids, and every
// entry is a PUT.
package fhirmap

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"chartlake/document"
	"chartlake/fhir"
	"chartlake/record"
)

// Version names this stage's rules in Provenance.
const Version = "fhirmap/4"

// Base is the canonical base of Chartlake's own definitions.
const Base = "https://chartlake.dev/fhir"

// Origin is the system of the tag that says who made a resource: extracted or confirmed.
const Origin = Base + "/CodeSystem/origin"

// Subject is whose a segment is. With New, Bundle writes the Patient under ID from what the
// segment says; otherwise ID is a Patient that the store has. An empty ID: nobody is known,
// and the segment makes a DocumentReference only.
type Subject struct {
	ID  string
	New bool
}

// Input is everything that a Bundle is made from.
type Input struct {
	Document *document.Document
	Record   *record.Record
	Subjects []Subject // one per segment of Record
	Bytes    int64     // size of the original
	Received time.Time // when the document came in
	Recorded time.Time // Provenance.recorded
	Program  string    // program version, for the Device
	// AnnotateOnly leaves out everything but DocumentReference, Binary and their Provenance.
	AnnotateOnly bool
}

// NewPatientID is the id of the Patient that a segment would make.
func NewPatientID(documentHash string, segment int) string {
	return id(documentHash, "Patient", strconv.Itoa(segment))
}

// Bundle makes the transaction, of the entries that Entries gives.
func Bundle(in Input) *fhir.Node {
	var entries []*fhir.Node
	Entries(in, func(entry *fhir.Node) { entries = append(entries, entry) })
	return fhir.NewObject("resourceType", "Bundle", "type", "transaction", "entry", entries)
}

// Entries gives the transaction's entries one after the other, in an order in which every
// reference is to an earlier entry or to the store. A document of thousands of pages makes a
// hundred thousand: who writes each down as it comes never holds them all.
func Entries(in Input, each func(entry *fhir.Node)) {
	b := &builder{in: in, hash: in.Record.Document.SHA256, each: each}
	b.device()
	b.original()
	for i := range in.Record.Segments {
		s := &segment{builder: b, index: i, Segment: &in.Record.Segments[i]}
		if i < len(in.Subjects) {
			s.subject = in.Subjects[i]
		}
		if in.Document != nil {
			s.text = in.Document.Text(s.Pages[0], s.Pages[1])
		}
		s.write()
	}
}

// write makes a segment's resources: the file of the resource type says which parts of the
// record each of them comes from.
func (s *segment) write() {
	s.docRef = "DocumentReference/" + id(s.hash, "DocumentReference", strconv.Itoa(s.index))
	if s.subject.ID != "" && !s.in.AnnotateOnly && s.subject.New {
		s.patient()
	}
	s.documentReference()
	if s.in.AnnotateOnly || s.blocked() {
		return
	}
	s.invoice() // a bill is a bill, whoever the patient is
	if s.subject.ID == "" {
		return
	}
	if narrative[s.Type] {
		s.encounter()
		s.conditions()
		s.medicationStatements()
		s.allergyIntolerances()
		s.familyMemberHistories()
		s.procedures()
	}
	s.observations()
	s.diagnosticReport()
	s.coverage()
	s.claim()
	s.questionnaireResponse()
	s.consent()
	s.immunizations()
	s.explanationOfBenefit()
	s.institutional()
	s.authorization()
	s.report()
	s.referral()
	s.medicationRequests()
}

// narrative are the documents whose text tells of the patient. What a laboratory report, a
// card, a claim or a blank form mentions (a disease in a reference text, a drug in a formulary)
// is not said of anybody. Source: the table of docs/format/record.md.
var narrative = map[record.Type]bool{"discharge_summary": true, "progress_note": true, "history_and_physical": true,
	"emergency_note": true, "operative_report": true, "nursing_note": true, "referral": true, "consult_letter": true}

// blocked reports a flag of severity error: such a segment is not filed without a person.
func (s *segment) blocked() bool {
	for i := range s.Flags {
		if s.Flags[i].Severity == record.SeverityError {
			return true
		}
	}
	return false
}

// id is deterministic in the document, the kind of resource and the place that it was read from.
func id(documentHash, kind, place string) string {
	sum := sha256.Sum256([]byte(documentHash + "\x00" + kind + "\x00" + place))
	return hex.EncodeToString(sum[:16])
}
