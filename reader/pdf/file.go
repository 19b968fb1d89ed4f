package pdf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"chartlake/fault"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// A file gets a fresh instance after so many pages or bytes: WebAssembly memory never shrinks,
// PDFium keeps the streams that it has loaded, and go-pdfium a table entry for every object
// it handed out. A fresh instance costs 6 ms.
const (
	recycle      = 64
	recycleBytes = 48 << 20
)

// File is an open PDF. It is for one goroutine; several may open the same bytes.
type File struct {
	engine   *Engine
	file     io.ReaderAt
	size     int64
	password string

	pages int
	form  enums.FPDF_FORMTYPE
	used  int // pages worked on by this instance

	mu       sync.Mutex // guards what kill touches from another goroutine
	instance pdfium.Pdfium
	source   *source
	dead     bool

	document references.FPDF_DOCUMENT
}

// Open reads the structure of a PDF. The password may be the user's or the owner's; it is
// tried only where the file asks for one. The bytes are read as they are needed.
func (e *Engine) Open(ctx context.Context, file io.ReaderAt, size int64, password string) (*File, error) {
	f := &File{engine: e, file: file, size: size, password: password}
	if err := f.open(ctx); err != nil {
		return nil, err
	}
	return f, nil
}

// Pages is the number of pages that the file says it has.
func (f *File) Pages() int { return f.pages }

// XFA reports whether the form is an XFA form, whose true values may differ from the page.
func (f *File) XFA() bool {
	return f.form == enums.FPDF_FORMTYPE_XFA_FULL || f.form == enums.FPDF_FORMTYPE_XFA_FOREGROUND
}

func (f *File) open(ctx context.Context) error {
	instance, err := f.engine.instance(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	f.mu.Lock()
	f.instance, f.source, f.dead, f.used = instance, newSource(f.file, f.size), false, 0
	f.mu.Unlock()
	f.engine.mu.Lock()
	f.engine.pending[f] = struct{}{}
	f.engine.mu.Unlock()
	err = f.guard(ctx, func() error {
		request := &requests.OpenDocument{FileReader: f.source, FileReaderSize: f.size}
		if f.password != "" {
			request.Password = &f.password
		}
		opened, err := instance.OpenDocument(request)
		if err != nil {
			return err
		}
		f.document = opened.Document
		count, err := instance.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: f.document})
		if err != nil {
			return err
		}
		f.pages = max(0, count.PageCount)
		if form, err := instance.FPDF_GetFormType(&requests.FPDF_GetFormType{Document: f.document}); err == nil {
			f.form = form.FormType
		}
		return nil
	})
	if err != nil {
		f.Close()
		return openFault(err, f.password != "")
	}
	return nil
}

// openFault names why a file does not open.
func openFault(err error, password bool) error {
	switch {
	case errors.Is(err, context.Canceled) || fault.As(err) != nil:
		return err
	case errors.Is(err, pdfiumerrors.ErrPassword) && password:
		return fault.New(fault.Corrupt, "encrypted", "the PDF is encrypted and the given password does not open it")
	case errors.Is(err, pdfiumerrors.ErrPassword):
		return fault.New(fault.Corrupt, "encrypted", "the PDF is encrypted and needs a password")
	case errors.Is(err, pdfiumerrors.ErrSecurity):
		return fault.New(fault.Corrupt, "encrypted", "the PDF is encrypted in a way that is not known")
	}
	return fault.New(fault.Corrupt, "unreadable_pdf", "the PDF's structure cannot be read")
}

// guard runs calls of PDFium: it stops them when ctx ends, turns a panic into an error, and
// marks the instance as dead after everything but a plain refusal.
func (f *File) guard(ctx context.Context, call func() error) error {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { defer close(done); f.kill() })
	err := func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("the PDF engine panicked: %T", p)
			}
		}()
		return call()
	}()
	if !stop() {
		<-done
		return timeout(ctx)
	}
	if err != nil && !errors.Is(err, pdfiumerrors.ErrPage) && !errors.Is(err, errPlain) {
		f.mu.Lock()
		f.dead = true
		f.mu.Unlock()
	}
	return err
}

// errPlain marks a refusal after which the instance is still good.
var errPlain = errors.New("refused")

// ready gives a living instance, a fresh one after a failure or after enough pages.
func (f *File) ready(ctx context.Context) (pdfium.Pdfium, error) {
	f.mu.Lock()
	instance := f.instance
	stale := f.dead || instance == nil || f.used >= recycle || f.source.taken() >= recycleBytes
	f.mu.Unlock()
	if stale {
		f.Close()
		if err := f.open(ctx); err != nil {
			return nil, err
		}
		f.mu.Lock()
		instance = f.instance
		f.mu.Unlock()
	}
	if instance == nil {
		return nil, timeout(ctx)
	}
	f.used++
	return instance, nil
}

// kill ends the instance at once, whatever it is doing.
func (f *File) kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = true
	if f.instance == nil {
		return
	}
	_ = f.instance.Kill()
	f.instance = nil
	f.source.drop()
	f.engine.mu.Lock()
	delete(f.engine.pending, f)
	f.engine.mu.Unlock()
}

// closeTimeout bounds the orderly end of a document; after it the instance is killed.
const closeTimeout = 2 * time.Second

// Close frees the instance. The file may be used again afterwards: it is then opened anew.
func (f *File) Close() error {
	f.mu.Lock()
	instance, dead := f.instance, f.dead
	f.mu.Unlock()
	if instance != nil && !dead && f.document != "" {
		// Closing the document makes go-pdfium forget its reader; only Kill frees the
		// context of the instance. Both are needed, or each file leaves something behind.
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		_ = f.guard(ctx, func() error {
			_, err := instance.FPDF_CloseDocument(&requests.FPDF_CloseDocument{Document: f.document})
			return err
		})
		cancel()
	}
	f.document = ""
	f.kill()
	return nil
}

// Prepare gives the file a living instance before the clock of a page starts: waiting for
// one to become free is not the page's fault.
func (f *File) Prepare(ctx context.Context) error {
	_, err := f.ready(ctx)
	if f.used > 0 {
		f.used--
	}
	return err
}
