package pdf

import (
	"errors"
	"fmt"
	"io"

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

// handle is the open PDF of a child.
type handle struct {
	library  *library
	file     io.ReaderAt
	size     int64
	password string

	pages int
	form  enums.FPDF_FORMTYPE
	used  int // pages worked on by this instance

	instance pdfium.Pdfium // nil: none yet, or given back
	native   *native       // of the same instance
	source   *source
	dead     bool // the instance may not be used again
	document references.FPDF_DOCUMENT

	last   *Page // what content gave last, before its form
	number int   // of that page
}

// refusal is why something of a file cannot be read: a code of the table of faults.
type refusal string

func (r refusal) Error() string { return string(r) }

const (
	refusedPassword   refusal = "password"
	refusedEncryption refusal = "encryption"
	refusedFile       refusal = "unreadable_pdf"
	refusedPage       refusal = "page_unreadable"
	refusedSize       refusal = "page_size"
	refusedEngine     refusal = "pdf_engine"
)

// open reads the structure of the file in a fresh instance.
func (h *handle) open() error {
	instance, err := h.library.instance()
	if err != nil {
		return refusedEngine
	}
	h.instance, h.source, h.dead, h.used = instance, newSource(h.file, h.size), false, 0
	if h.native, err = newNative(instance); err != nil {
		h.dead = true
		h.release()
		return refusedEngine
	}
	err = h.guard(func() error {
		request := &requests.OpenDocument{FileReader: h.source, FileReaderSize: h.size}
		if h.password != "" {
			request.Password = &h.password
		}
		opened, err := instance.OpenDocument(request)
		if err != nil {
			return err
		}
		h.document = opened.Document
		count, err := instance.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: h.document})
		if err != nil {
			return err
		}
		h.pages = max(0, count.PageCount)
		if form, err := instance.FPDF_GetFormType(&requests.FPDF_GetFormType{Document: h.document}); err == nil {
			h.form = form.FormType
		}
		return nil
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pdfiumerrors.ErrPassword):
		err = refusedPassword
	case errors.Is(err, pdfiumerrors.ErrSecurity):
		err = refusedEncryption
	default:
		err = refusedFile
	}
	h.release()
	return err
}

// guard runs calls of PDFium: it turns a panic into an error, and marks the instance as dead
// after everything but a plain refusal.
func (h *handle) guard(call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the PDF engine panicked: %T", p)
		}
		if err != nil && !errors.Is(err, pdfiumerrors.ErrPage) && !errors.Is(err, errPlain) {
			h.dead = true
		}
	}()
	return call()
}

// errPlain marks a refusal after which the instance is still good.
var errPlain = errors.New("refused")

// ready makes sure of a living instance: a fresh one after a failure or after enough pages.
func (h *handle) ready() error {
	if h.dead || h.instance == nil || h.used >= recycle || h.source.taken() >= recycleBytes {
		h.release()
		if err := h.open(); err != nil {
			return err
		}
	}
	h.used++
	return nil
}

// release frees the instance. Closing the document makes go-pdfium forget its reader; only Kill
// frees the context of the instance. Both are needed, or each file leaves something behind.
func (h *handle) release() {
	if h.instance == nil {
		return
	}
	if !h.dead && h.document != "" {
		_ = h.guard(func() error {
			_, err := h.instance.FPDF_CloseDocument(&requests.FPDF_CloseDocument{Document: h.document})
			return err
		})
	}
	_ = h.instance.Kill()
	h.source.drop()
	h.instance, h.native, h.document = nil, nil, ""
}
