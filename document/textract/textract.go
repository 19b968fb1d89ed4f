// Package textract writes a Document as Amazon Textract writes its results, and reads such results
// (Page), so that programs that take Textract's answers take ours, and ours theirs: the Blocks of AnalyzeDocument and
// GetDocumentAnalysis with PAGE, LINE, WORD, KEY_VALUE_SET, SELECTION_ELEMENT, TABLE, CELL,
// MERGED_CELL, TABLE_TITLE, SIGNATURE, QUERY, QUERY_RESULT and LAYOUT_ blocks, their
// relationships and geometry.
//
// Source: Amazon Textract Developer Guide, API reference "Block" and "Text Detection and
// Document Analysis Response Objects". It does not call Textract and knows no network.
//
// Places are those of the page as it is stored (after EXIF orientation), as Textract gives
// them: on a page that was turned, polygons are turned with the text. Confidence is 0 to 100.
// An ambiguous mark is NOT_SELECTED with a confidence of at most 50, since Textract knows two
// states.
package textract

import (
	"crypto/sha256"
	"fmt"
	"math"
	"strings"

	"chartlake/document"
)

// Feature is a part of the analysis, as FeatureTypes of AnalyzeDocument names it.
type Feature string

const (
	Tables     Feature = "TABLES"
	Forms      Feature = "FORMS"
	Queries    Feature = "QUERIES"
	Signatures Feature = "SIGNATURES"
	Layout     Feature = "LAYOUT"
)

// Options says what is written. No Features means all of them.
type Options struct {
	Features []Feature
	Queries  []Query
}

// Query is a question with its answer on a page, where there is one.
type Query struct {
	Text, Alias string
	Page        int   // that was asked, from 1
	Words       []int // of the answer, indexes into the page's words; none: not answered
	Confidence  float64
}

// Response is the answer of AnalyzeDocument, or of GetDocumentAnalysis with JobStatus and
// Warnings. Pages that were not read are named in Warnings and have a PAGE block alone.
type Response struct {
	JobStatus        string    `json:"JobStatus,omitempty"`
	DocumentMetadata Metadata  `json:"DocumentMetadata"`
	Blocks           []Block   `json:"Blocks"`
	Warnings         []Warning `json:"Warnings,omitempty"`
	ModelVersion     string    `json:"AnalyzeDocumentModelVersion"`
}

// Metadata counts pages.
type Metadata struct {
	Pages int `json:"Pages"`
}

// Warning names pages that were not read, with our code.
type Warning struct {
	ErrorCode string `json:"ErrorCode"`
	Pages     []int  `json:"Pages"`
}

// Block is one thing on a page.
type Block struct {
	BlockType       string         `json:"BlockType"`
	Confidence      *float64       `json:"Confidence,omitempty"`
	Text            string         `json:"Text,omitempty"`
	TextType        string         `json:"TextType,omitempty"`
	RowIndex        int            `json:"RowIndex,omitempty"`
	ColumnIndex     int            `json:"ColumnIndex,omitempty"`
	RowSpan         int            `json:"RowSpan,omitempty"`
	ColumnSpan      int            `json:"ColumnSpan,omitempty"`
	Geometry        *Geometry      `json:"Geometry,omitempty"`
	ID              string         `json:"Id"`
	Relationships   []Relationship `json:"Relationships,omitempty"`
	EntityTypes     []string       `json:"EntityTypes,omitempty"`
	SelectionStatus string         `json:"SelectionStatus,omitempty"`
	Page            int            `json:"Page"`
	Query           *Asked         `json:"Query,omitempty"`
}

// Relationship points to other blocks.
type Relationship struct {
	Type string   `json:"Type"`
	IDs  []string `json:"Ids"`
}

// Asked is a query as it was put.
type Asked struct {
	Text  string   `json:"Text"`
	Alias string   `json:"Alias,omitempty"`
	Pages []string `json:"Pages,omitempty"`
}

// Write gives a document as Textract would.
func Write(d *document.Document, o Options) *Response {
	r := &Response{JobStatus: "SUCCEEDED", DocumentMetadata: Metadata{len(d.Pages)}, Blocks: []Block{}, ModelVersion: "1.0"}
	for i := range d.Pages {
		p := &d.Pages[i]
		if p.Failed != nil {
			r.JobStatus = "PARTIAL_SUCCESS"
			r.warn(p.Failed.Code, p.Number)
		}
		w := &writer{page: p, options: o, document: d.SHA256, marks: map[int]string{}, signatures: map[int]string{}, place: newPlacer(p)}
		w.write()
		r.Blocks = append(r.Blocks, w.blocks...)
	}
	if len(d.Pages) > 0 && len(r.Warnings) > 0 && allFailed(d) {
		r.JobStatus = "FAILED"
	}
	return r
}

func allFailed(d *document.Document) bool {
	for _, p := range d.Pages {
		if p.Failed == nil {
			return false
		}
	}
	return true
}

func (r *Response) warn(code string, page int) {
	for i := range r.Warnings {
		if r.Warnings[i].ErrorCode == code {
			r.Warnings[i].Pages = append(r.Warnings[i].Pages, page)
			return
		}
	}
	r.Warnings = append(r.Warnings, Warning{code, []int{page}})
}

// writer makes the blocks of one page.
type writer struct {
	page              *document.Page
	options           Options
	document          string
	place             placer
	blocks            []Block
	children          []string // of PAGE
	words             []string // ids by index
	lines             []string
	marks, signatures map[int]string // ids by index into the page's marks and signatures
}

func (w *writer) wants(f Feature) bool {
	if len(w.options.Features) == 0 {
		return true
	}
	for _, want := range w.options.Features {
		if want == f {
			return true
		}
	}
	return false
}

func (w *writer) write() {
	w.add(Block{BlockType: "PAGE", Geometry: w.place.geometry(document.Box{W: 1, H: 1})})
	if w.page.Failed == nil {
		w.text()
		if w.wants(Tables) {
			w.tables()
		}
		if w.wants(Signatures) {
			w.sign()
		}
		if w.wants(Forms) {
			w.fields()
			w.choices()
		}
		if w.wants(Layout) {
			w.layout()
		}
		if w.wants(Queries) {
			w.queries()
		}
	}
	w.blocks[0].Relationships = related("CHILD", w.children)
}

// add appends a block with the next id; equal documents have equal ids.
func (w *writer) add(b Block) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d/%d", w.document, w.page.Number, len(w.blocks)))
	b.ID = fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	b.Page = w.page.Number
	w.blocks = append(w.blocks, b)
	return b.ID
}

// related is a relationship to some blocks, none where there are none.
func related(kind string, ids []string) []Relationship {
	if len(ids) == 0 {
		return nil
	}
	return []Relationship{{kind, ids}}
}

// percent is a confidence of 0 to 1 as Textract gives it.
func percent(confidence float64) *float64 {
	v := math.Round(min(max(confidence, 0), 1)*1e6) / 1e4
	return &v
}

// text writes lines and words.
func (w *writer) text() {
	p := w.page
	w.words = make([]string, len(p.Words))
	w.lines = make([]string, len(p.Lines))
	lines := make([]int, len(p.Lines)) // where their blocks are
	for i := range p.Lines {
		lines[i] = len(w.blocks)
		w.lines[i] = w.add(Block{BlockType: "LINE"})
		w.children = append(w.children, w.lines[i])
	}
	for i, word := range p.Words {
		kind := "PRINTED"
		if word.Handwritten {
			kind = "HANDWRITING"
		}
		w.words[i] = w.add(Block{BlockType: "WORD", Text: word.Text, TextType: kind, Confidence: percent(word.Confidence), Geometry: w.place.geometry(word.Box)})
	}
	for i, line := range p.Lines {
		text, confidence, box := w.said(line.Words)
		b := &w.blocks[lines[i]]
		b.Text, b.Confidence = text, percent(confidence)
		if !line.Box.Empty() {
			box = line.Box
		}
		b.Geometry, b.Relationships = w.place.geometry(box), related("CHILD", w.ids(line.Words))
	}
}

// said is what some words say, how sure their reading is, and where they stand.
func (w *writer) said(words []int) (text string, confidence float64, box document.Box) {
	var parts []string
	for _, i := range words {
		if i < 0 || i >= len(w.page.Words) {
			continue
		}
		word := w.page.Words[i]
		parts = append(parts, word.Text)
		confidence += word.Confidence
		box = box.Union(word.Box)
	}
	if len(parts) > 0 {
		confidence /= float64(len(parts))
	}
	return strings.Join(parts, " "), confidence, box
}

// ids are the blocks of words.
func (w *writer) ids(words []int) (out []string) {
	for _, i := range words {
		if i >= 0 && i < len(w.words) {
			out = append(out, w.words[i])
		}
	}
	return out
}

// sign writes each signature as a block of the page; a place to sign that is empty is none.
func (w *writer) sign() {
	for i, s := range w.page.Signatures {
		if s.State != document.MarkOff {
			w.signatures[i] = w.add(Block{BlockType: "SIGNATURE", Confidence: percent(s.Confidence), Geometry: w.place.geometry(s.Box)})
			w.children = append(w.children, w.signatures[i])
		}
	}
}

// queries writes the questions put to this page and their answers.
func (w *writer) queries() {
	for _, q := range w.options.Queries {
		if q.Page != w.page.Number {
			continue
		}
		asked := len(w.blocks)
		w.children = append(w.children, w.add(Block{BlockType: "QUERY", Query: &Asked{Text: q.Text, Alias: q.Alias}}))
		if len(q.Words) == 0 {
			continue
		}
		text, _, box := w.said(q.Words)
		answer := w.add(Block{BlockType: "QUERY_RESULT", Text: text, Confidence: percent(q.Confidence), Geometry: w.place.geometry(box)})
		w.blocks[asked].Relationships = related("ANSWER", []string{answer})
	}
}
