// Package reader turns a file into a document: what each page says, with its place and a
// confidence. It knows no form and no medicine.
//
// A PDF page's own text is used where it is good; pictures are read by OCR. Every page says
// which of both it was and why. A page that cannot be read is there with its failure and the
// other pages are not touched: pages in are pages out. Bytes are not trusted: limits hold
// before anything is decoded, PDF is parsed by WebAssembly in a confined child, OCR runs in another,
// and nothing here can reach a network.
package reader

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"time"

	"chartlake/fault"
	"chartlake/reader/ocr"
	"chartlake/reader/pdf"
	"chartlake/reader/raster"
	"chartlake/reader/sniff"

	"golang.org/x/sync/semaphore"
)

// version changes whenever the reader reads something differently.
const version = "5"

// Config says what a reader may use. The zero value works.
type Config struct {
	CacheDir      string // PDFium compiled for this machine, see pdf.Config; empty: compiled at every start
	TesseractPath string // empty: looked up in PATH
	Models        string // folder of OCR models; empty: Tesseract's own
	Language      string // OCR model; empty: eng
	Workers       int    // pages worked on at once, over all documents; 0: one per core
	NoOCR         bool   // read text layers alone, also where there is a recogniser: another engine reads the pictures
	Strict        bool   // refuse to open unless OCR runs with every layer of confinement
	Limits        Limits
}

// Limits bound one file. A zero field takes its default.
type Limits struct {
	Bytes    int64         // of the file; 500 MB, as Textract takes
	Pages    int           // 3,000, as Textract takes
	Pixels   int64         // of one page; 10,000 × 10,000, as Textract takes. A PDF page is rendered at a lower resolution instead
	PageTime time.Duration // for one page, OCR included; 2 minutes
	Memory   int64         // bytes of decoded pictures over all pages worked on at once; 768 MiB
}

func (l Limits) defaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 500 << 20
	}
	if l.Pages <= 0 {
		l.Pages = 3000
	}
	if l.Pixels <= 0 {
		l.Pixels = 100_000_000
	}
	if l.PageTime <= 0 {
		l.PageTime = 2 * time.Minute
	}
	if l.Memory <= 0 {
		l.Memory = 768 << 20
	}
	return l
}

// ChildMain must be the first call of main, and of TestMain in tests that read documents; args
// is os.Args. Where this process was started as a child of a reader the call does not return.
func ChildMain(args []string) {
	ocr.ChildMain(args)
	pdf.ChildMain(args)
}

// Reader reads documents. It is safe for concurrent use; close it after the last one.
type Reader struct {
	limits  Limits
	workers int
	pdf     *pdf.Engine
	ocr     *ocr.Engine // nil: OCR is missing
	noOCR   error       // why
	slots   chan struct{}
	memory  *semaphore.Weighted
}

// noCommand is a path that names no command on any system.
const noCommand = "\x00"

// Open makes a reader. A missing Tesseract is no error: such a reader reads text layers, and
// pages that need OCR fail with the code ocr_missing; Missing says so. With Strict it is one.
func Open(c Config) (*Reader, error) {
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	limits := c.Limits.defaults()
	if c.NoOCR {
		c.TesseractPath, c.Strict = noCommand, false
	}
	engine, err := ocr.Open(ocr.Config{Tesseract: c.TesseractPath, Models: c.Models, Language: c.Language,
		Workers: c.Workers, Deadline: limits.PageTime, Strict: c.Strict})
	if err != nil {
		if f := fault.As(err); c.Strict || f == nil || f.Code != "ocr_missing" {
			return nil, err
		}
		engine = nil
	}
	return &Reader{
		limits:  limits,
		workers: c.Workers,
		// A document holds a child per worker while it is read, and the door needs some.
		pdf:    pdf.New(pdf.Config{CacheDir: c.CacheDir, Instances: 2*c.Workers + 2, Idle: c.Workers}),
		ocr:    engine,
		noOCR:  err,
		slots:  make(chan struct{}, c.Workers),
		memory: semaphore.NewWeighted(limits.Memory),
	}, nil
}

// Missing is why there is no OCR, nil where there is.
func (r *Reader) Missing() error { return r.noOCR }

// Confinement names the layers that shut OCR in; none where there is no OCR.
func (r *Reader) Confinement() []string {
	if r.ocr == nil {
		return nil
	}
	return r.ocr.Confinement()
}

// Version names the reader with everything that changes what it reads.
func (r *Reader) Version() string {
	if r.ocr == nil {
		return "reader " + version + ", no ocr"
	}
	return fmt.Sprintf("reader %s, tesseract %s", version, r.ocr.Version())
}

// Close frees PDFium. Readings that are under way fail.
func (r *Reader) Close() error { return r.pdf.Close() }

// Media is what a file is.
type Media struct {
	Type  string // application/pdf, image/tiff, image/jpeg, image/png
	Pages int    // 0: not known, because the file is damaged
}

// doorTime bounds the look at a file before it is accepted.
const doorTime = 10 * time.Second

// Sniff tells what a file is and holds it against the limits without decoding a page. Its
// faults are the refusals of the door: Invalid empty, Unsupported unsupported_type, TooLarge
// too_large, too_many_pages or too_many_pixels, Corrupt encrypted. Damage is not refused
// here: such a file is accepted and fails when it is read.
func (r *Reader) Sniff(file io.ReaderAt, size int64, password string) (Media, error) {
	if size > r.limits.Bytes {
		return Media{}, fault.New(fault.TooLarge, "too_large", "the file is larger than %d bytes", r.limits.Bytes)
	}
	kind, err := sniff.Type(file, size)
	if err != nil {
		return Media{}, err
	}
	if kind != sniff.PDF {
		pictures, err := r.pictures(file, size, kind)
		if err != nil {
			return Media{}, err
		}
		return Media{Type: kind, Pages: pictures.Pages()}, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), doorTime)
	defer cancel()
	opened, err := r.pdf.Open(ctx, file, size, password)
	if err != nil {
		if f := fault.As(err); f != nil && f.Kind == fault.Corrupt && f.Code != "encrypted" {
			return Media{Type: kind}, nil
		}
		return Media{}, err
	}
	defer opened.Close()
	if err := r.tooMany(opened.Pages()); err != nil {
		return Media{}, err
	}
	return Media{Type: kind, Pages: opened.Pages()}, nil
}

func (r *Reader) tooMany(pages int) error {
	if pages > r.limits.Pages {
		return fault.New(fault.TooLarge, "too_many_pages", "the file has more than %d pages", r.limits.Pages)
	}
	return nil
}

func (r *Reader) pictures(file io.ReaderAt, size int64, kind string) (*raster.File, error) {
	return raster.Open(file, size, kind, raster.Limits{Pixels: r.limits.Pixels, Pages: r.limits.Pages})
}
