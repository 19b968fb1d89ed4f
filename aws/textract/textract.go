// Package textract reads pages by Amazon Textract: those that have no text layer of their own.
// Our own reader takes the text layers, since they are exact and cost nothing; every other page is
// drawn and sent by itself (AnalyzeDocument with FORMS and TABLES), or, where the file lies in S3
// and has many such pages, the file is analysed there (StartDocumentAnalysis and
// GetDocumentAnalysis) and pages that the analysis leaves out are sent by themselves.
//
// Pages in are pages out: a page that Textract cannot read has its failure, and a service that
// cannot be reached ends the reading with an Unavailable fault, after the pages before it were
// told. Limits are Textract's: 10 MB and 10,000 pixels a side for one page.
//
// Source: Amazon Textract Developer Guide, "Analyzing documents" and "Set quotas". It has not been
// run against AWS.
package textract

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/textract"
	"github.com/aws/aws-sdk-go-v2/service/textract/types"
	"golang.org/x/sync/errgroup"

	"chartlake/aws"
	"chartlake/document"
	"chartlake/document/textract"
	"chartlake/fault"
	"chartlake/pipeline"
	"chartlake/reader"
	"chartlake/reader/layout"
)

// version changes whenever the same blocks become another page.
const version = "1"

// First reads text layers and draws pages: a reader.Reader that was opened with NoOCR.
type First interface {
	pipeline.Reader
	// Picture gives a page to look at; see reader.Reader.
	Picture(ctx context.Context, file io.ReaderAt, size int64, s reader.Sight) (image.Image, error)
}

// Config says what to read by. AWS and First are required.
type Config struct {
	AWS     sdk.Config
	First   First
	Workers int // pages sent at once; 4
	// Long is the number of pages to read from which a file is analysed in S3, where it lies there; 25.
	Long int
	// Poll is the first pause before an analysis is asked for again, doubled up to 16 times it; 2 s.
	Poll time.Duration
}

// Reader reads pages. It is safe for many goroutines and passes pipelinetest.Reader.
type Reader struct {
	Config
	client *service.Client
	place  *Place
}

// Place is where in S3 a file lies. Version may be empty.
type Place struct{ Bucket, Key, Version string }

// At is the reader of a file that lies in S3: where it has many pages to read, it is analysed there.
func (r *Reader) At(p Place) *Reader {
	at := *r
	at.place = &p
	return &at
}

// New makes a reader; nothing is called yet.
func New(c Config) *Reader {
	if c.Workers <= 0 {
		c.Workers = 4
	}
	if c.Long <= 0 {
		c.Long = 25
	}
	if c.Poll <= 0 {
		c.Poll = 2 * time.Second
	}
	return &Reader{Config: c, client: service.NewFromConfig(c.AWS)}
}

// Version names both engines.
func (r *Reader) Version() string {
	return fmt.Sprintf("%s; textract %s, FORMS TABLES", r.First.Version(), version)
}

// features are what is asked for, and paid.
var features = []types.FeatureType{types.FeatureTypeForms, types.FeatureTypeTables}

// Read reads a file: first all text layers, then the other pages by Textract.
func (r *Reader) Read(ctx context.Context, file io.ReaderAt, size int64, o reader.Options) (*document.Document, error) {
	f := &reading{Reader: r, file: file, size: size, options: o}
	own := o
	own.OnPage = func(p *document.Page, of int) error {
		f.of = of
		if left(p) {
			return nil
		}
		return f.tell(p)
	}
	doc, err := r.First.Read(ctx, file, size, own)
	if err != nil {
		return nil, err
	}
	f.doc, f.at = doc, map[int]int{}
	for i := range doc.Pages {
		if left(&doc.Pages[i]) {
			f.at[doc.Pages[i].Number] = i
		}
	}
	if len(f.at) >= r.Long && r.place != nil {
		if err := f.together(ctx, *r.place); err != nil {
			return nil, err
		}
	}
	if err := f.oneByOne(ctx); err != nil {
		return nil, err
	}
	return doc, nil
}

// left reports a page that our own reader leaves to another engine.
func left(p *document.Page) bool { return p.Failed != nil && p.Failed.Code == "ocr_missing" }

// reading is one file being read. at has the pages still to be read, by number, with their place
// in doc.
type reading struct {
	*Reader
	file    io.ReaderAt
	size    int64
	options reader.Options
	of      int

	mu      sync.Mutex
	doc     *document.Document
	at      map[int]int
	stopped error // what the caller's OnPage said: then it is not called again
}

func (f *reading) tell(p *document.Page) error {
	if f.options.OnPage == nil {
		return nil
	}
	return f.options.OnPage(p, f.of)
}

// keep puts a page into the document and tells it. Nothing is told after an error.
func (f *reading) keep(ctx context.Context, p *document.Page) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	i, wanted := f.at[p.Number]
	if !wanted || f.stopped != nil {
		return f.stopped
	}
	delete(f.at, p.Number)
	f.doc.Pages[i] = *p
	f.stopped = f.tell(p)
	return f.stopped
}

// oneByOne sends the pages that are left, each by itself.
func (f *reading) oneByOne(ctx context.Context) error {
	var numbers []int
	for n := range f.at {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(f.Workers)
	for _, n := range numbers {
		group.Go(func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			page, err := f.page(ctx, n)
			if err != nil {
				return err
			}
			return f.keep(ctx, page)
		})
	}
	return group.Wait()
}

// page draws a page and has it read. The error is about the service, not the page.
func (f *reading) page(ctx context.Context, number int) (*document.Page, error) {
	data, at, err := f.draw(ctx, number)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return failed(number, err), nil
	}
	out, err := f.client.AnalyzeDocument(ctx, &service.AnalyzeDocumentInput{Document: &types.Document{Bytes: data}, FeatureTypes: features})
	if err != nil {
		err = aws.Fault(ctx, "Textract", err)
		switch fault.KindOf(err) {
		case fault.Corrupt, fault.Unsupported, fault.TooLarge, fault.Invalid:
			return failed(number, err), nil
		}
		return nil, err
	}
	return arranged(number, blocks(out.Blocks), at), nil
}

func failed(number int, err error) *document.Page {
	p := &document.Page{Number: number, Failed: &document.Failure{Code: "page_failed", Message: "the page could not be read"}}
	if f := fault.As(err); f != nil {
		p.Failed.Code, p.Failed.Message = f.Code, f.Message
	}
	return p
}

// What one picture may have. Print of 8 points on a letter page is 28 pixels high at this width;
// Textract needs 15.
const (
	pictureWidth = 2200
	pictureBytes = 10 << 20
)

// draw gives the stored page as PNG, or, where that is too large for Textract, as JPEG.
func (f *reading) draw(ctx context.Context, number int) ([]byte, image.Point, error) {
	img, err := f.First.Picture(ctx, f.file, f.size, reader.Sight{Password: f.options.Password, Page: number, Width: pictureWidth})
	if err != nil {
		return nil, image.Point{}, err
	}
	var b bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img)
	if err == nil && b.Len() > pictureBytes {
		b.Reset()
		err = jpeg.Encode(&b, img, &jpeg.Options{Quality: 85})
	}
	if err == nil && b.Len() > pictureBytes {
		err = fault.New(fault.TooLarge, "page_too_large", "the picture of the page is larger than Textract takes")
	}
	return b.Bytes(), img.Bounds().Size(), err
}

// arranged makes a page of its blocks and puts its words into our reading order, which forms and
// clinical text are read in. at is the size of the stored page in pixels.
func arranged(number int, blocks []textract.Block, at image.Point) *document.Page {
	p := textract.Page(blocks, float64(at.X), float64(at.Y))
	p.Number, p.Source = number, document.SourceOCR
	p.DPI = max(p.Width, p.Height) / 11 // the longer side of a letter page; Textract tells no size
	p.Reasons = []string{"a picture; read by Amazon Textract"}
	before := slices.Clone(p.Words)
	layout.Arrange(&p, nil)
	follow(&p, before)
	return &p
}

// follow takes what names words to the words' new places.
func follow(p *document.Page, before []document.Word) {
	places := map[document.Word][]int{}
	for i, w := range p.Words {
		places[w] = append(places[w], i)
	}
	moved := make([]int, len(before))
	for i, w := range before {
		at := places[w]
		moved[i], places[w] = at[0], at[1:]
	}
	there := func(words []int) []int {
		for i, w := range words {
			words[i] = moved[w]
		}
		return words
	}
	for i := range p.Fields {
		f := &p.Fields[i]
		f.KeyWords, f.ValueWords = there(slices.Clone(f.KeyWords)), there(slices.Clone(f.ValueWords))
	}
	for i := range p.Marks {
		p.Marks[i].LabelWords = there(slices.Clone(p.Marks[i].LabelWords))
	}
	for i := range p.Tables {
		for j := range p.Tables[i].Cells {
			c := &p.Tables[i].Cells[j]
			c.Words = there(slices.Clone(c.Words))
		}
	}
}

// blocks takes the SDK's form into ours.
func blocks(in []types.Block) []textract.Block {
	out := make([]textract.Block, len(in))
	for i := range in {
		b := &in[i]
		o := textract.Block{BlockType: string(b.BlockType), ID: sdk.ToString(b.Id), Text: sdk.ToString(b.Text), TextType: string(b.TextType),
			SelectionStatus: string(b.SelectionStatus), Page: int(sdk.ToInt32(b.Page)), RowIndex: int(sdk.ToInt32(b.RowIndex)),
			ColumnIndex: int(sdk.ToInt32(b.ColumnIndex)), RowSpan: int(sdk.ToInt32(b.RowSpan)), ColumnSpan: int(sdk.ToInt32(b.ColumnSpan))}
		if b.Confidence != nil {
			c := float64(*b.Confidence)
			o.Confidence = &c
		}
		if g := b.Geometry; g != nil {
			o.Geometry = &textract.Geometry{}
			if f := g.BoundingBox; f != nil {
				o.Geometry.BoundingBox = textract.BoundingBox{Width: float64(f.Width), Height: float64(f.Height), Left: float64(f.Left), Top: float64(f.Top)}
			}
			for _, p := range g.Polygon {
				o.Geometry.Polygon = append(o.Geometry.Polygon, textract.Point{X: float64(p.X), Y: float64(p.Y)})
			}
		}
		for _, e := range b.EntityTypes {
			o.EntityTypes = append(o.EntityTypes, string(e))
		}
		for _, r := range b.Relationships {
			o.Relationships = append(o.Relationships, textract.Relationship{Type: string(r.Type), IDs: r.Ids})
		}
		out[i] = o
	}
	return out
}
