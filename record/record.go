// Package record is the vocabulary of what a document means: the segments of a stack, their
// typed fields and rows, the clinical entities, and the flags that a careful reader would
// raise. Its JSON is the record format of docs/format/record.md and is a promise.
//
// The package does no I/O. It imports document for boxes only.
package record

import (
	"encoding/json"

	"chartlake/document"
)

// Record is what Chartlake says about one document.
type Record struct {
	Document Document  `json:"document"`
	Pages    []Page    `json:"pages"`
	Segments []Segment `json:"segments"`
	// Stacked is set once a person said which pages are a document; a later run keeps that.
	Stacked *Human `json:"stacked,omitempty"`
	// Held is set while a person has put the document aside, with the reason.
	Held     *Human            `json:"held,omitempty"`
	Bundle   json.RawMessage   `json:"bundle,omitempty"` // FHIR transaction Bundle
	Versions map[string]string `json:"versions"`         // stage name to stage version
	// Approved is set once a person approved the document as a whole.
	Approved *Human `json:"approved,omitempty"`
}

// Document names the bytes that the record is about.
type Document struct {
	SHA256    string `json:"sha256"`
	Pages     int    `json:"pages"`
	MediaType string `json:"media_type"`
}

// Page says how one page was read.
type Page struct {
	Page       int               `json:"page"`
	Source     document.Source   `json:"source"`
	Rotation   int               `json:"rotation"`
	Confidence float64           `json:"confidence"`
	Words      int               `json:"words"`
	Blank      bool              `json:"blank,omitempty"`
	Failed     *document.Failure `json:"failed"`
}

// Type is the kind of a document; docs/format/record.md lists them.
type Type string

// Unknown is the type of a document that is none of the known kinds.
const Unknown Type = "unknown"

// Segment is one document within a stack.
type Segment struct {
	Type           Type               `json:"type"`
	TypeConfidence float64            `json:"type_confidence"`
	Pages          [2]int             `json:"pages"` // first and last, from 1
	LOINC          string             `json:"loinc,omitempty"`
	Fields         []Field            `json:"fields"`
	Lines          []map[string]Field `json:"lines"`
	Entities       []Entity           `json:"entities"`
	Sections       []Section          `json:"sections,omitempty"`
	Flags          []Flag             `json:"flags"`
	// Subject says whose the segment is; nil until it was asked.
	Subject *Subject `json:"subject,omitempty"`
	// Human is set once a person said what type of document this is; the machine's type
	// and confidence then stand in MachineType.
	Human       *Human `json:"human,omitempty"`
	MachineType Type   `json:"machine_type,omitempty"`
}

// Subject is the answer to whose a segment is: a patient known to the store, a new one made
// from the segment (New), or nobody yet, with the question that a person is asked.
type Subject struct {
	Patient    string      `json:"patient,omitempty"` // Patient id
	New        bool        `json:"new,omitempty"`
	Code       string      `json:"code,omitempty"` // why nobody: identity_absent, identity_weak, ...
	Question   string      `json:"question,omitempty"`
	Candidates []Candidate `json:"candidates,omitempty"` // best first
	Human      *Human      `json:"human,omitempty"`
}

// Candidate is a known patient that a segment may belong to. Reasons hold no values.
type Candidate struct {
	Patient string   `json:"patient"` // Patient id
	Score   float64  `json:"score"`
	Reasons []string `json:"reasons,omitempty"`
}

// Section is a headed part of a segment's text; offsets are characters of that text.
type Section struct {
	Name  string `json:"name"`
	Begin int    `json:"begin"`
	End   int    `json:"end"`
}

// State is what may be done with a value.
type State string

const (
	Accepted State = "accepted" // above threshold and no rule against it
	Review   State = "review"   // a person decides
	Missing  State = "missing"  // expected, nothing read
)

// Kind is the type of a value; package value parses and checks them.
type Kind string

const (
	KindText      Kind = "text"
	KindName      Kind = "name"
	KindDate      Kind = "date"
	KindDatetime  Kind = "datetime"
	KindMoney     Kind = "money"
	KindNumber    Kind = "number"
	KindQuantity  Kind = "quantity"
	KindCode      Kind = "code"
	KindID        Kind = "id"
	KindPhone     Kind = "phone"
	KindAddress   Kind = "address"
	KindTick      Kind = "tick"
	KindSignature Kind = "signature"
)

// Field is one named value. Value is nil for a field that the page leaves blank or that a
// person says is not there. Begin and End are characters of the segment's text (equal when
// the value has no characters there, as a tick).
type Field struct {
	Name       string       `json:"name"`
	Label      string       `json:"label,omitempty"`
	Value      *string      `json:"value"`
	Raw        string       `json:"raw"`
	Kind       Kind         `json:"kind"`
	Confidence float64      `json:"confidence"`
	Page       int          `json:"page,omitempty"`
	Box        document.Box `json:"box"`
	Begin      int          `json:"begin,omitempty"`
	End        int          `json:"end,omitempty"`
	Source     string       `json:"source"` // acroform, text, ocr, mark, barcode, derived, human
	Rule       string       `json:"rule,omitempty"`
	State      State        `json:"state"`
	Reasons    []string     `json:"reasons,omitempty"`
	// Human is set once a person touched the field; the machine's value stays in Machine.
	Human   *Human `json:"human,omitempty"`
	Machine *Field `json:"machine,omitempty"`
}

// Human says who settled a value, how and when.
type Human struct {
	Who    string `json:"who"`
	Action string `json:"action"` // accepted, corrected, rejected, not_present
	At     string `json:"at"`     // RFC 3339
	Reason string `json:"reason,omitempty"`
}

// EntityType is the kind of a clinical mention.
type EntityType string

const (
	Problem       EntityType = "problem"
	Medication    EntityType = "medication"
	Test          EntityType = "test"
	Procedure     EntityType = "procedure"
	Allergy       EntityType = "allergy"
	Anatomy       EntityType = "anatomy"
	SocialHistory EntityType = "social_history"
	PHI           EntityType = "phi"
)

// Entity is one clinical mention. Begin and End are characters of the segment's text.
type Entity struct {
	ID           string            `json:"id,omitempty"`
	Text         string            `json:"text"`
	Type         EntityType        `json:"type"`
	Begin        int               `json:"begin"`
	End          int               `json:"end"`
	Page         int               `json:"page,omitempty"`
	Box          *document.Box     `json:"box,omitempty"`
	Section      string            `json:"section,omitempty"`
	Negated      bool              `json:"negated"`
	Uncertain    bool              `json:"uncertain"`
	Hypothetical bool              `json:"hypothetical"`
	Historical   bool              `json:"historical"`
	Experiencer  string            `json:"experiencer"` // patient, family, other
	Cue          *Cue              `json:"cue,omitempty"`
	Attributes   map[string]string `json:"attributes,omitempty"`
	Codes        []Code            `json:"codes,omitempty"`
	Confidence   float64           `json:"confidence"`
	State        State             `json:"state,omitempty"`
	Reasons      []string          `json:"reasons,omitempty"`
	Rule         string            `json:"rule,omitempty"`
	Human        *Human            `json:"human,omitempty"`
	Machine      *Entity           `json:"machine,omitempty"`
}

// Cue is the words that decided an assertion ("denies"), with their place in the text.
type Cue struct {
	Text  string `json:"text"`
	Begin int    `json:"begin"`
	End   int    `json:"end"`
}

// Code is a candidate code with its score, best first.
type Code struct {
	System  string  `json:"system"`
	Code    string  `json:"code"`
	Display string  `json:"display,omitempty"`
	Score   float64 `json:"score"`
	// Version is the release that has the code and was in force on the day of the document's
	// service; empty where none says so.
	Version string `json:"version,omitempty"`
}

// Severity of a flag: an error is not filed without a person, a warning sends the fields
// named to review, an info is shown.
type Severity string

const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityInfo    Severity = "info"
)

// Flag is something a careful human would raise, with the places that show it.
type Flag struct {
	Code     string     `json:"code"`
	Severity Severity   `json:"severity"`
	Message  string     `json:"message"`
	Fields   []string   `json:"fields,omitempty"` // names of the fields it is about
	Evidence []Evidence `json:"evidence"`
	// Human is set once a person has looked at the flag; it then holds nothing back.
	Human *Human `json:"human,omitempty"`
}

// Evidence is a place on a page: of the record's document, or of another one that it is compared with.
type Evidence struct {
	Document string       `json:"document,omitempty"` // id of the other document
	Page     int          `json:"page"`
	Box      document.Box `json:"box"`
}
