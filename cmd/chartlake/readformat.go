package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"math"

	"chartlake/document"
	"chartlake/document/hocr"
	"chartlake/document/searchable"
	"chartlake/document/textract"
	"chartlake/reader"
	"chartlake/reader/field"
)

// write writes what was read in the format that was asked for.
func (c readCommand) write(e *env, r *reader.Reader, f *input, password string, doc *document.Document) error {
	switch c.Format {
	case "textract":
		return e.writeJSON(textract.Write(doc, textract.Options{Queries: answers(doc, c.Query)}))
	case "hocr":
		return hocr.Write(e.stdout, doc)
	case "pdf":
		return e.writePDF(r, f, password, doc)
	case "text":
		_, err := fmt.Fprintln(e.stdout, doc.Text(1, len(doc.Pages)).String)
		return err
	}
	return e.writeDocument(doc)
}

// writeDocument writes the Document: indented on a terminal; elsewhere a page on each line, so
// that a file of 3,000 pages is not held as text, too.
func (e *env) writeDocument(doc *document.Document) error {
	if e.terminal() {
		return e.writeJSON(doc)
	}
	w := bufio.NewWriterSize(e.stdout, 64<<10)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	fmt.Fprintf(w, "{\"sha256\":%q,\"media_type\":%q,\"pages\":[\n", doc.SHA256, doc.MediaType)
	for i := range doc.Pages {
		if i > 0 {
			w.WriteByte(',')
		}
		if err := enc.Encode(&doc.Pages[i]); err != nil {
			return err
		}
	}
	w.WriteString("]}\n")
	return w.Flush()
}

// answers puts each question to each page that was read. Where no page answers, it stays
// with the first.
func answers(doc *document.Document, questions []string) (out []textract.Query) {
	for _, question := range questions {
		unanswered := 0
		answered := false
		for i := range doc.Pages {
			p := &doc.Pages[i]
			if p.Failed != nil {
				continue
			}
			if unanswered == 0 {
				unanswered = p.Number
			}
			if a, ok := field.Ask(p, question); ok {
				answered = true
				out = append(out, textract.Query{Text: question, Page: p.Number, Words: a.Words, Confidence: a.Confidence})
			}
		}
		if !answered && unanswered > 0 {
			out = append(out, textract.Query{Text: question, Page: unanswered})
		}
	}
	return out
}

// writePDF writes a searchable PDF. One whose text was all read from it is searchable as it
// is, unless a password keeps it shut.
func (e *env) writePDF(r *reader.Reader, f *input, password string, doc *document.Document) error {
	if password == "" && born(doc) {
		_, err := io.Copy(e.stdout, io.NewSectionReader(f, 0, f.size))
		return err
	}
	w := searchable.New(e.stdout)
	bar := e.progress("writing pages")
	for i := range doc.Pages {
		p := &doc.Pages[i]
		picture, err := e.sight(r, f, password, p)
		if err != nil {
			return err
		}
		if err := w.Add(p, picture); err != nil {
			return err
		}
		bar.step(len(doc.Pages))
	}
	bar.done()
	return w.Close()
}

// born reports whether every page of a PDF has its own text.
func born(doc *document.Document) bool {
	for _, p := range doc.Pages {
		if p.Failed != nil || p.Source != document.SourceText {
			return false
		}
	}
	return doc.MediaType == "application/pdf"
}

// textDPI is the resolution in which pages without pixels are drawn.
const textDPI = 200

// sight is the upright picture of a page in the resolution that it was read in. A page that
// was not read may have none: it stays white.
func (e *env) sight(r *reader.Reader, f *input, password string, p *document.Page) (image.Image, error) {
	width := p.Width
	if p.Rotation%180 != 0 {
		width = p.Height
	}
	if p.Source == document.SourceText {
		width *= textDPI / 72.0
	}
	picture, err := r.Picture(e.ctx, f, f.size, reader.Sight{Password: password, Page: p.Number, Rotation: p.Rotation, Width: int(math.Ceil(width))})
	switch {
	case e.ctx.Err() != nil:
		return nil, e.ctx.Err()
	case err != nil && p.Failed != nil:
		return nil, nil
	case err != nil:
		return nil, err
	case picture == nil:
		return nil, errors.New("no picture")
	}
	return picture, nil
}
