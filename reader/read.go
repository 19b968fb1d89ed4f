package reader

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"sync"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/reader/sniff"
)

// Options say what to read of a file and how to go on where another reading stopped.
type Options struct {
	Password    string
	First, Last int    // pages from 1, both included; 0: from the start, to the end
	SHA256      string // of the bytes, where it is known already; empty: computed
	// Known gives a page that was read before, nil where it was not. May be nil.
	Known func(number int) *document.Page
	// OnPage is called after each page that was read now, in any order but never twice at
	// the same time, with the number of all pages of the file. Its error ends the reading.
	OnPage func(page *document.Page, of int) error
}

// Read reads a file. The document has every page of the range, in order, each read or with
// its failure. The error is about the file as a whole: the refusals of Sniff, and Corrupt
// unreadable_pdf or no_pages. When ctx ends its error is returned within moments.
func (r *Reader) Read(ctx context.Context, file io.ReaderAt, size int64, o Options) (*document.Document, error) {
	if size > r.limits.Bytes {
		return nil, fault.New(fault.TooLarge, "too_large", "the file is larger than %d bytes", r.limits.Bytes)
	}
	kind, err := sniff.Type(file, size)
	if err != nil {
		return nil, err
	}
	doc := &document.Document{SHA256: o.SHA256, MediaType: kind}
	if doc.SHA256 == "" {
		if doc.SHA256, err = hash(ctx, file, size); err != nil {
			return nil, err
		}
	}
	source, err := r.source(ctx, file, size, kind, o.Password)
	if err != nil {
		return nil, err
	}
	first, last := max(o.First, 1), source.pages
	if o.Last > 0 {
		last = min(last, o.Last)
	}
	doc.Pages, err = r.pages(ctx, source, first, last, o)
	if err != nil {
		return nil, err
	}
	return doc, nil
}

func hash(ctx context.Context, file io.ReaderAt, size int64) (string, error) {
	h := sha256.New()
	buffer := make([]byte, 256<<10)
	for at := int64(0); at < size; {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := file.ReadAt(buffer[:min(int64(len(buffer)), size-at)], at)
		h.Write(buffer[:n])
		at += int64(n)
		if n == 0 {
			return "", fault.New(fault.Unavailable, "unreadable", "the file cannot be read to its end: %w", err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// source is an opened file: how many pages, and a page reader for each worker.
type source struct {
	pages int
	// worker gives what one goroutine reads pages with. Called once per worker.
	worker func(ctx context.Context) (pageReader, error)
}

// pageReader reads pages one after the other.
type pageReader interface {
	// prepare makes ready for a page without a deadline: waiting for others is not its fault.
	prepare(ctx context.Context, number int) error
	read(ctx context.Context, number int) (*document.Page, error)
	close()
}

func (r *Reader) source(ctx context.Context, file io.ReaderAt, size int64, kind, password string) (*source, error) {
	if kind != sniff.PDF {
		pictures, err := r.pictures(file, size, kind)
		if err != nil {
			return nil, err
		}
		return &source{pictures.Pages(), func(context.Context) (pageReader, error) {
			return &pictureReader{r, pictures}, nil
		}}, nil
	}
	opened, err := r.pdf.Open(ctx, file, size, password)
	if err != nil {
		return nil, err
	}
	if opened.Pages() == 0 {
		opened.Close()
		return nil, fault.New(fault.Corrupt, "no_pages", "the PDF has no pages")
	}
	if err := r.tooMany(opened.Pages()); err != nil {
		opened.Close()
		return nil, err
	}
	seen, looked := &regions{}, &looked{}
	var once sync.Mutex
	return &source{opened.Pages(), func(ctx context.Context) (pageReader, error) {
		once.Lock()
		f := opened
		opened = nil
		once.Unlock()
		if f == nil {
			var err error
			if f, err = r.pdf.Open(ctx, file, size, password); err != nil {
				return nil, err
			}
		}
		return &pdfReader{reader: r, file: f, seen: seen, looked: looked}, nil
	}}, nil
}

// pages reads first..last with as many workers as the reader has.
func (r *Reader) pages(ctx context.Context, s *source, first, last int, o Options) ([]document.Page, error) {
	if last < first {
		if w, err := s.worker(ctx); err == nil {
			w.close()
		}
		return nil, nil
	}
	out := make([]document.Page, last-first+1)
	var todo []int
	for n := first; n <= last; n++ {
		if o.Known != nil {
			if p := o.Known(n); p != nil {
				out[n-first] = *p
				continue
			}
		}
		todo = append(todo, n)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan int, len(todo))
	for _, n := range todo {
		queue <- n
	}
	close(queue)
	var report sync.Mutex
	done := func(p *document.Page) error {
		out[p.Number-first] = *p
		if o.OnPage == nil {
			return nil
		}
		report.Lock()
		defer report.Unlock()
		return o.OnPage(p, s.pages)
	}
	// Workers beyond the first are a help: when one does not come up, the others go on. Those
	// still waiting when no page is left are released.
	waiting, release := context.WithCancel(ctx)
	defer release()
	var group sync.WaitGroup
	for i := range max(1, min(r.workers, len(todo))) {
		group.Go(func() {
			w, err := s.worker(waiting)
			if err != nil {
				if i == 0 && waiting.Err() == nil {
					cancel(err)
				}
				return
			}
			defer w.close()
			for n := range queue {
				if err := r.one(ctx, w, n, done); err != nil {
					cancel(err)
					return
				}
			}
			release()
		})
	}
	group.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return out, nil
}

// one reads a page into its slot; only the end of the whole reading is an error.
func (r *Reader) one(ctx context.Context, w pageReader, number int, done func(*document.Page) error) error {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	page, err := func() (*document.Page, error) {
		if err := w.prepare(ctx, number); err != nil {
			return nil, err
		}
		timed, cancel := context.WithTimeout(ctx, r.limits.PageTime)
		defer cancel()
		page, err := w.read(timed, number)
		if err != nil && timed.Err() != nil {
			err = fault.New(fault.Corrupt, "page_timeout", "page %d took longer than %s", number, r.limits.PageTime)
		}
		return page, err
	}()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		page = failed(number, err)
	}
	page.Number = number
	return done(page)
}

// failed is a page that could not be read.
func failed(number int, err error) *document.Page {
	p := &document.Page{Number: number, Failed: &document.Failure{Code: "page_failed", Message: "the page could not be read"}}
	var f *fault.Error
	if errors.As(err, &f) {
		p.Failed.Code, p.Failed.Message = f.Code, f.Message
	}
	return p
}
