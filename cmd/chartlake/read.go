package main

import (
	"fmt"

	"chartlake/document"
	"chartlake/fault"
	"chartlake/internal/headroom"
	"chartlake/reader"
)

// readCommand is `chartlake read`.
type readCommand struct {
	File     string   `arg:"" help:"PDF, TIFF, JPEG or PNG."`
	Format   string   `help:"json (the Document), text, textract (Block JSON), hocr or pdf (searchable)." enum:"json,text,textract,hocr,pdf" default:"json"`
	Query    []string `help:"Question to answer in Block JSON (repeatable)." placeholder:"TEXT" sep:"none"`
	Password string   `help:"Password of an encrypted PDF, or file:NAME." env:"CHARTLAKE_PASSWORD"`
	limits
}

func (readCommand) Help() string { return "Example: chartlake read scan.pdf --format text" }

func (c readCommand) Run(e *env) error {
	if len(c.Query) > 0 && c.Format != "textract" {
		return usage("--query is answered in --format textract")
	}
	headroom.Seldom()
	password, err := secret(c.Password)
	if err != nil {
		return err
	}
	r, err := reader.Open(reader.Config{CacheDir: e.cacheDir(), Limits: reader.Limits{Bytes: c.MaxBytes, Pages: c.MaxPages, Pixels: c.MaxPixels}})
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := openInput(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := r.Sniff(f, f.size, password); err != nil {
		return err
	}
	bar := e.progress("reading pages")
	doc, err := r.Read(e.ctx, f, f.size, reader.Options{Password: password, OnPage: func(_ *document.Page, of int) error {
		bar.step(of)
		return nil
	}})
	bar.done()
	if err != nil {
		return err
	}
	if err := c.write(e, r, f, password, doc); err != nil {
		return err
	}
	return e.tellFailures(doc)
}

// tellFailures names the pages that could not be read: code 4 where none could, 7 where some.
func (e *env) tellFailures(doc *document.Document) error {
	failed := 0
	for _, p := range doc.Pages {
		if p.Failed != nil {
			failed++
			fmt.Fprintf(e.stderr, "chartlake: page %d was not read: %s [%s]\n", p.Number, p.Failed.Message, p.Failed.Code)
		}
	}
	switch {
	case failed == 0:
		return nil
	case failed == len(doc.Pages):
		return result(fault.Exit(fault.New(fault.Corrupt, "unreadable", "no page could be read")))
	}
	return result(exitSomeFailed)
}
