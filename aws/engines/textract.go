package engines

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"chartlake/document"
	"chartlake/document/textract"
	"chartlake/fault"
	"chartlake/reader"
	"chartlake/reader/field"
	"chartlake/store"
)

// Limits of Textract ("Set Quotas in Amazon Textract").
const (
	bytesMax   = 10 << 20 // of a document that is answered at once
	queriesMax = 15       // for it
	longMax    = 30       // queries of a page of an object
	queryMax   = 200      // characters
)

// object names an object.
type object struct{ Bucket, Name, Version string }

// given is a document of a request.
type given struct {
	Bytes    []byte
	S3Object *object
}

// asked is what is asked of a document.
type asked struct {
	FeatureTypes   []string `json:",omitempty"`
	QueriesConfig  *struct{ Queries []query }
	AdaptersConfig *struct{ Adapters []any } `json:",omitempty"`
}

type query struct {
	Text, Alias string
	Pages       []string
}

// textOnly is no feature: words and lines alone.
const textOnly textract.Feature = "TEXT"

var features = []string{string(textract.Tables), string(textract.Forms), string(textract.Queries), string(textract.Signatures), string(textract.Layout)}

func refused(format string, args ...any) error {
	return fault.New(fault.Invalid, "bad_parameter", format, args...)
}

// check holds what is asked against what there is.
func (a *asked) check(queries int) error {
	if len(a.FeatureTypes) == 0 {
		return refused("FeatureTypes must name one feature at least")
	}
	for _, f := range a.FeatureTypes {
		if !slices.Contains(features, f) {
			return refused("FeatureTypes are %s", strings.Join(features, ", "))
		}
	}
	if a.AdaptersConfig != nil && len(a.AdaptersConfig.Adapters) > 0 {
		return refused("adapters are not offered here")
	}
	has := a.QueriesConfig != nil && len(a.QueriesConfig.Queries) > 0
	if has != slices.Contains(a.FeatureTypes, string(textract.Queries)) {
		return refused("QueriesConfig belongs to the feature QUERIES, and it to QueriesConfig")
	}
	if !has {
		return nil
	}
	if len(a.QueriesConfig.Queries) > queries {
		return refused("there may be %d queries", queries)
	}
	for _, q := range a.QueriesConfig.Queries {
		if n := utf8.RuneCountInString(q.Text); n == 0 || n > queryMax || utf8.RuneCountInString(q.Alias) > queryMax {
			return refused("a query has 1 to %d characters", queryMax)
		}
		for _, p := range q.Pages {
			if _, _, ok := pageRange(p); !ok {
				return refused("pages of a query are numbers, ranges like 2-5, or *")
			}
		}
	}
	return nil
}

// pageRange reads "3", "2-5", "2-*" and "*".
func pageRange(s string) (from, to int, ok bool) {
	const last = 1 << 30
	if s == "*" {
		return 1, last, true
	}
	a, b, ranged := strings.Cut(s, "-")
	from, err := strconv.Atoi(a)
	switch to = from; {
	case err != nil || from < 1:
		return 0, 0, false
	case !ranged:
		return from, to, true
	case b == "*":
		return from, last, true
	}
	to, err = strconv.Atoi(b)
	return from, to, err == nil && to >= from
}

// of reports whether a query is put to a page: without pages, to the first one alone.
func (q *query) of(page int) bool {
	if len(q.Pages) == 0 {
		return page == 1
	}
	for _, p := range q.Pages {
		if from, to, ok := pageRange(p); ok && page >= from && page <= to {
			return true
		}
	}
	return false
}

// options are what is written of a page.
func (a *asked) options(p *document.Page) (o textract.Options) {
	for _, f := range a.FeatureTypes {
		o.Features = append(o.Features, textract.Feature(f))
	}
	if len(o.Features) == 0 {
		o.Features = []textract.Feature{textOnly}
	}
	if a.QueriesConfig == nil {
		return o
	}
	for _, q := range a.QueriesConfig.Queries {
		if !q.of(p.Number) {
			continue
		}
		put := textract.Query{Text: q.Text, Alias: q.Alias, Page: p.Number}
		if p.Failed == nil {
			if found, ok := field.Ask(p, q.Text); ok {
				put.Words, put.Confidence = found.Words, found.Confidence
			}
		}
		o.Queries = append(o.Queries, put)
	}
	return o
}

// analyzed is the answer of AnalyzeDocument.
type analyzed struct {
	DocumentMetadata textract.Metadata
	Blocks           []textract.Block
	Model            string `json:"AnalyzeDocumentModelVersion"`
}

// detected is the answer of DetectDocumentText.
type detected struct {
	DocumentMetadata textract.Metadata
	Blocks           []textract.Block
	Model            string `json:"DetectDocumentTextModelVersion"`
}

func detectText(s *Service, ctx context.Context, actor store.Actor, in struct{ Document given }) (any, error) {
	blocks, err := s.once(ctx, actor, in.Document, asked{})
	return detected{textract.Metadata{Pages: 1}, blocks, model}, err
}

func analyze(s *Service, ctx context.Context, actor store.Actor, in struct {
	asked
	Document        given
	HumanLoopConfig any
}) (any, error) {
	if in.HumanLoopConfig != nil {
		return nil, refused("human loops are not offered here: doubtful values are in the review of Chartlake")
	}
	if err := in.check(queriesMax); err != nil {
		return nil, err
	}
	blocks, err := s.once(ctx, actor, in.Document, in.asked)
	return analyzed{textract.Metadata{Pages: 1}, blocks, model}, err
}

// model is the version that answers name; it is that of document/textract.
const model = "1.0"

// once reads a document of one page.
func (s *Service) once(ctx context.Context, actor store.Actor, d given, a asked) ([]textract.Block, error) {
	file, size, err := s.file(ctx, actor, d)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	media, err := s.Sniff(file, size, "")
	if err != nil {
		return nil, err
	}
	if media.Pages > 1 {
		return nil, fault.New(fault.Unsupported, "several_pages", "the document has several pages: put it as an object and ask StartDocumentAnalysis")
	}
	doc, err := s.Pipeline.Reader.Read(ctx, file, size, reader.Options{})
	if err != nil {
		return nil, err
	}
	if len(doc.Pages) != 1 || doc.Pages[0].Failed != nil {
		return nil, fault.New(fault.Corrupt, "page_failed", "the page could not be read")
	}
	return textract.Write(doc, a.options(&doc.Pages[0])).Blocks, nil
}

// opened is a document that can be read at any place.
type opened interface {
	io.ReaderAt
	io.Closer
}

type inMemory struct{ *bytes.Reader }

func (inMemory) Close() error { return nil }

// file gives the document of a request.
func (s *Service) file(ctx context.Context, actor store.Actor, d given) (opened, int64, error) {
	if d.S3Object != nil {
		if len(d.Bytes) > 0 {
			return nil, 0, refused("a document is given by Bytes or by S3Object, not by both")
		}
		doc, err := s.object(ctx, actor, d.S3Object)
		if err != nil {
			return nil, 0, err
		}
		if doc.Bytes > bytesMax {
			return nil, 0, fault.New(fault.TooLarge, "too_large", "the document has more than %d bytes", bytesMax)
		}
		f, err := s.Pipeline.Blobs.Open(ctx, doc.SHA256)
		if err != nil {
			return nil, 0, err
		}
		return f, f.Size(), nil
	}
	switch {
	case len(d.Bytes) == 0:
		return nil, 0, refused("the document is empty")
	case len(d.Bytes) > bytesMax:
		return nil, 0, fault.New(fault.TooLarge, "too_large", "the document has more than %d bytes", bytesMax)
	}
	return inMemory{bytes.NewReader(d.Bytes)}, int64(len(d.Bytes)), nil
}

// object gives the document of an object.
func (s *Service) object(ctx context.Context, actor store.Actor, o *object) (*store.Document, error) {
	if s.Objects == nil || o == nil || o.Bucket == "" || o.Name == "" {
		return nil, fault.New(fault.NotFound, "no_such_key", "there is no object of this name")
	}
	return s.Objects(ctx, actor, o.Bucket, o.Name)
}
