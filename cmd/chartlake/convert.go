package main

import (
	"fmt"

	"chartlake/document"
	"chartlake/pipeline"
	"chartlake/reader"
	"chartlake/record"
)

// convertCommand is `chartlake convert`.
type convertCommand struct {
	File         string `arg:"" help:"PDF, TIFF, JPEG or PNG."`
	Format       string `help:"record, bundle (FHIR transaction) or html (page pictures with evidence)." enum:"record,bundle,html" default:"record"`
	Password     string `help:"Password of an encrypted PDF, or file:NAME." env:"CHARTLAKE_PASSWORD"`
	FailOnReview bool   `help:"Exit with 6 where something needs review."`
	limits
	us
	models
}

func (convertCommand) Help() string { return "Example: chartlake convert lab.pdf --format record" }

func (c convertCommand) Run(e *env) error {
	password, err := secret(c.Password)
	if err != nil {
		return err
	}
	g, err := e.open(c.limits, c.us, c.models, 0, false)
	if err != nil {
		return err
	}
	defer g.close()
	g.stages.Reader = unlocked{g.stages.Reader, password}
	f, err := openInput(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := g.reader.Sniff(f, f.size, password); err != nil {
		return err
	}
	bar := e.progress("reading pages")
	rec, err := g.stages.Convert(e.ctx, f, f.size, reader.Options{OnPage: func(_ *document.Page, of int) error {
		bar.step(of)
		return nil
	}})
	bar.done()
	if err != nil {
		return err
	}
	switch c.Format {
	case "bundle":
		_, err = fmt.Fprintf(e.stdout, "%s\n", rec.Bundle)
	case "html":
		err = e.writeHTML(g.reader, f, password, rec)
	default:
		err = e.writeJSON(rec)
	}
	if err != nil {
		return err
	}
	return e.tellPages(rec, c.FailOnReview)
}

// tellPages names the pages that were not read, and gives the exit code of a record.
func (e *env) tellPages(rec *record.Record, failOnReview bool) error {
	failed := false
	for _, p := range rec.Pages {
		if p.Failed != nil {
			failed = true
			fmt.Fprintf(e.stderr, "chartlake: page %d was not read: %s [%s]; the other pages were kept\n", p.Page, p.Failed.Message, p.Failed.Code)
		}
	}
	switch {
	case failed:
		return result(exitSomeFailed)
	case failOnReview && pipeline.Open(rec) > 0:
		return result(exitReview)
	}
	return nil
}
