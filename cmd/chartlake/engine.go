package main

import (
	"bytes"
	"context"
	"image/png"
	"io"
	"os"
	"path/filepath"

	"chartlake/clinical"
	"chartlake/document"
	"chartlake/fault"
	"chartlake/form"
	"chartlake/llm"
	"chartlake/pipeline"
	"chartlake/reader"
)

// us says who receives the documents; misdirected faxes are judged by it.
type us struct {
	UsName []string `help:"Name of our organisation or practitioner as printed (repeatable)." placeholder:"NAME" sep:"none"`
	UsNPI  []string `help:"Our NPI (repeatable)." placeholder:"NPI" name:"us-npi"`
	UsFax  []string `help:"Our fax number (repeatable)." placeholder:"NUMBER"`
	Forms  string   `help:"Folder of templates of our own forms (see chartlake form learn)." placeholder:"DIR" env:"CHARTLAKE_FORMS"`
}

// limits bound what a file may be; zero takes the reader's default.
type limits struct {
	MaxBytes  int64 `help:"Largest file in bytes (500 MB)." placeholder:"N"`
	MaxPages  int   `help:"Most pages of a file (3000)." placeholder:"N"`
	MaxPixels int64 `help:"Most pixels of a picture (100 million)." placeholder:"N"`
}

// models are the engines that may read and understand beside ours or in their place: those of
// Amazon, and language models. Without a name none is asked.
type models struct {
	amazon
	LLM      string `help:"OpenAI-compatible endpoint of the models below: https://HOST/v1, or http:// on this machine." name:"llm" env:"CHARTLAKE_LLM" placeholder:"URL"`
	LLMKey   string `help:"Key of the endpoint, or file:NAME." name:"llm-key" env:"CHARTLAKE_LLM_KEY" placeholder:"KEY"`
	LLMPages string `help:"Model that reads scanned pages a second time; what it reads otherwise goes to review." name:"llm-pages" env:"CHARTLAKE_LLM_PAGES" placeholder:"MODEL"`
	LLMText  string `help:"Model that may point at clinical mentions; all of them go to review." name:"llm-text" env:"CHARTLAKE_LLM_TEXT" placeholder:"MODEL"`
}

// endpoint opens a model.
func (m models) endpoint(e *env, name string) (*llm.Endpoint, error) {
	if m.LLM == "" {
		return nil, usage("--llm-pages and --llm-text need --llm, the address of their endpoint")
	}
	key, err := secret(m.LLMKey)
	if err != nil {
		return nil, err
	}
	endpoint, err := llm.Open(llm.Config{URL: m.LLM, Key: key, Model: name, Log: e.log})
	if fault.Is(err, fault.Invalid) {
		return nil, usage("--llm: " + err.Error())
	}
	return endpoint, err
}

// readPages is the page reader that the settings ask for.
func (e *env) readPages(m models, r *reader.Reader) (pipeline.Reader, error) {
	switch {
	case m.ReadBy == "textract" && m.LLMPages != "":
		return nil, usage("--llm-pages is a second reader beside our own, not beside --read-by textract")
	case m.ReadBy == "textract":
		return m.amazon.readPages(e.ctx, r)
	case m.LLMPages == "":
		return r, nil
	}
	endpoint, err := m.endpoint(e, m.LLMPages)
	if err != nil {
		return nil, err
	}
	return llm.NewReader(r, endpoint), nil
}

// readText is the annotator that the settings ask for.
func (e *env) readText(m models, c *clinical.Engine) (pipeline.Annotator, error) {
	var first pipeline.Annotator = pipeline.Own{Engine: c}
	if m.AnnotateBy == "comprehend-medical" {
		var err error
		if first, err = m.amazon.readText(e.ctx, c); err != nil {
			return nil, err
		}
	}
	if m.LLMText == "" {
		return first, nil
	}
	endpoint, err := m.endpoint(e, m.LLMText)
	if err != nil {
		return nil, err
	}
	return llm.NewProposer(first, c, endpoint), nil
}

// engines are the parts that read and understand, without a store.
type engines struct {
	reader *reader.Reader
	drugs  func(word string) []string // whose names look like a word
	noOCR  bool                       // another engine reads pictures
	stages pipeline.Stages
}

// open starts the engines. workers is how many pages are worked on at once; 0: one per core.
func (e *env) open(l limits, u us, m models, workers int, strict bool) (*engines, error) {
	own, err := ownForms(u.Forms)
	if err != nil {
		return nil, err
	}
	words := later(clinical.Open) // both take a tenth of a second
	r, err := reader.Open(reader.Config{CacheDir: e.cacheDir(), Workers: workers, Strict: strict, NoOCR: m.ReadBy == "textract",
		Limits: reader.Limits{Bytes: l.MaxBytes, Pages: l.MaxPages, Pixels: l.MaxPixels}})
	c, failed := words()
	if err != nil {
		return nil, err
	}
	if failed != nil {
		_ = r.Close()
		return nil, failed
	}
	g := &engines{reader: r, drugs: c.DrugsLike, noOCR: m.ReadBy == "textract", stages: pipeline.Stages{Program: version,
		Us: form.Us{Names: u.UsName, NPIs: u.UsNPI, Faxes: u.UsFax, Forms: own}}}
	if g.stages.Reader, err = e.readPages(m, r); err == nil {
		g.stages.Clinical, err = e.readText(m, c)
	}
	if err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

// later does work beside what comes next; the function that it gives waits for it.
func later[T any](work func() (T, error)) func() (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		v, err := work()
		done <- outcome{v, err}
	}()
	return func() (T, error) {
		o := <-done
		return o.value, o.err
	}
}

func (g *engines) close() { _ = g.reader.Close() }

// banner is the notice of a machine that cannot read pictures; "" where it can.
func (g *engines) banner() string {
	if g.noOCR || g.reader.Missing() == nil {
		return ""
	}
	return "Tesseract 5 with English is not installed: text layers are read, scans and pictures are not."
}

// cacheDir is where compiled code is kept: the user's cache, or nowhere where there is none.
func (e *env) cacheDir() string {
	if e.cli.CacheDir != "" {
		return e.cli.CacheDir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "chartlake", "pdfium")
}

// unlocked is a reader of files that have the command line's password, where there is one.
type unlocked struct {
	pipeline.Reader
	password string
}

func (p unlocked) Read(ctx context.Context, file io.ReaderAt, size int64, o reader.Options) (*document.Document, error) {
	if p.password != "" {
		o.Password = p.password
	}
	return p.Reader.Read(ctx, file, size, o)
}

// picture draws the upright page as PNG.
func picture(ctx context.Context, r *reader.Reader, file io.ReaderAt, size int64, sight reader.Sight) ([]byte, error) {
	img, err := r.Picture(ctx, file, size, sight)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// input is a file named on the command line.
type input struct {
	*os.File
	size int64
}

// openInput opens a regular file; the errors have kinds, so that scripts can tell them apart.
func openInput(name string) (*input, error) {
	f, err := os.Open(name)
	switch {
	case os.IsNotExist(err):
		return nil, fault.New(fault.NotFound, "no_such_file", "the file does not exist")
	case os.IsPermission(err):
		return nil, fault.New(fault.Forbidden, "file_permission", "the file may not be read")
	case err != nil:
		return nil, fault.New(fault.Corrupt, "file_unreadable", "the file cannot be opened")
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, fault.New(fault.Unsupported, "not_a_file", "this is not a regular file")
	}
	if info.Size() == 0 {
		f.Close()
		return nil, fault.New(fault.Corrupt, "empty", "the file is empty")
	}
	return &input{f, info.Size()}, nil
}
