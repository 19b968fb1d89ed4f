// Package expected is the form of NAME.expected.json: what a careful human would extract
// from one document. The same form is written by the document generator and read by
// `chartlake eval documents`; docs/performance/documents.md describes it.
//
// The package reads and writes JSON only. Unknown keys are refused, so that a misspelt key
// is an error and not a rule that is never scored.
package expected

import (
	"bytes"
	"encoding/json"
	"io"

	"chartlake/fault"
)

// MaxBytes is the largest expected result that is read: a hundred times the largest known.
const MaxBytes = 4 << 20

// Document is the expected result of one file. Field values are as printed.
type Document struct {
	ID          string             `json:"id"`
	DocType     string             `json:"doc_type,omitempty"`
	Segments    []Segment          `json:"segments,omitempty"`
	LOINC       string             `json:"loinc,omitempty"`
	Source      Source             `json:"source"`
	FormVersion string             `json:"form_version,omitempty"`
	Difficulty  []string           `json:"difficulty,omitempty"`
	Fields      map[string]Value   `json:"fields,omitempty"`
	Ticks       []string           `json:"ticks,omitempty"`
	Labels      map[string]string  `json:"labels,omitempty"`
	Derived     map[string]Value   `json:"derived,omitempty"`
	Unnamed     map[string]Value   `json:"unnamed,omitempty"`
	Lines       []map[string]Value `json:"lines,omitempty"`
	Entities    []Entity           `json:"entities,omitempty"`
	Flags       []Flag             `json:"flags,omitempty"`
	Checks      map[string]bool    `json:"checks,omitempty"`
	MustNot     []MustNot          `json:"must_not,omitempty"`
	FHIR        []Expression       `json:"fhir,omitempty"`

	// Boxes is where each value stands: a field's name, or lines[i].cell, to its place.
	Boxes map[string]Place `json:"boxes,omitempty"`

	Acceptance string `json:"acceptance,omitempty"`
	Note       string `json:"note,omitempty"`
	Annotator  string `json:"annotator,omitempty"`
}

// Segment is one document of a stack; its type may be one of several.
type Segment struct {
	Type  Names  `json:"type"`
	Pages [2]int `json:"pages"` // first and last, from 1
}

// Source names the bytes; the hash is checked before use.
type Source struct {
	File    string `json:"file"`
	SHA256  string `json:"sha256"`
	Bytes   int    `json:"bytes"`
	Pages   int    `json:"pages"`
	Licence string `json:"licence,omitempty"`
	Content string `json:"content,omitempty"`
	Seed    uint64 `json:"seed,omitempty"` // of the generator
	Layout  string `json:"layout,omitempty"`
	Made    string `json:"condition,omitempty"` // how the generator photographed or faxed it
}

// Entity is one clinical mention. A nil assertion is not scored, except Negated, for which
// absent means false and an explicit null means either (NegatedFree).
type Entity struct {
	Text         string         `json:"text"`
	Type         string         `json:"type"`
	Negated      *bool          `json:"negated,omitempty"`
	NegatedFree  bool           `json:"-"`
	Experiencer  string         `json:"experiencer,omitempty"`
	Historical   *bool          `json:"historical,omitempty"`
	Uncertain    *bool          `json:"uncertain,omitempty"`
	Hypothetical *bool          `json:"hypothetical,omitempty"`
	Attributes   map[string]any `json:"attributes,omitempty"`
	Note         string         `json:"note,omitempty"`
	Box          *Place         `json:"box,omitempty"`
}

// UnmarshalJSON tells an absent `negated` from an explicit null.
func (e *Entity) UnmarshalJSON(data []byte) error {
	type plain Entity
	if err := strict(data, (*plain)(e)); err != nil {
		return err
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		return err
	}
	raw, there := keys["negated"]
	e.NegatedFree = there && string(raw) == "null"
	return nil
}

// MarshalJSON writes a free `negated` as null.
func (e Entity) MarshalJSON() ([]byte, error) {
	type plain Entity
	if !e.NegatedFree {
		return json.Marshal(plain(e))
	}
	return json.Marshal(struct {
		plain
		Negated any `json:"negated"`
	}{plain: plain(e)})
}

// Flag is what a careful human would raise; any of the codes will do.
type Flag struct {
	Code   Names    `json:"code"`
	Fields []string `json:"fields,omitempty"`
	Note   string   `json:"note,omitempty"`
}

// Expression is a FHIRPath that must be true on at least one resource of the type.
type Expression struct {
	ResourceType string `json:"resourceType"`
	Expr         string `json:"expr"`
	Note         string `json:"note,omitempty"`
}

// MustNot is an outcome that makes the document fail. Exactly one of ResourceType, Field,
// Entity and Flag says which of the four shapes it has.
type MustNot struct {
	ResourceType string                     `json:"resourceType,omitempty"`
	Where        map[string]json.RawMessage `json:"where,omitempty"`
	Count        *int                       `json:"count,omitempty"`
	Field        string                     `json:"field,omitempty"`
	NotEquals    string                     `json:"notEquals,omitempty"`
	Entity       string                     `json:"entity,omitempty"`
	Asserted     *bool                      `json:"asserted,omitempty"`
	Flag         Names                      `json:"flag,omitempty"`
	Raised       *bool                      `json:"raised,omitempty"`
	Page         int                        `json:"page,omitempty"`
	Note         string                     `json:"note,omitempty"`
}

// Read reads one expected result. A key that is not of this form is an Invalid fault.
func Read(r io.Reader) (*Document, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxBytes {
		return nil, fault.New(fault.TooLarge, "expected_too_large", "an expected result has at most %d bytes", MaxBytes)
	}
	d := &Document{}
	if err := strict(data, d); err != nil {
		return nil, fault.New(fault.Invalid, "expected_form", "not an expected result: %v", err)
	}
	return d, nil
}

// Format gives the JSON of a document, members in a fixed order, so that equal documents
// have equal bytes.
func (d *Document) Format() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(d); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func strict(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return fault.New(fault.Invalid, "expected_form", "bytes after the end of the object")
	}
	return nil
}
