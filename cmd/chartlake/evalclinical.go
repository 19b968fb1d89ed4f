package main

import (
	"bytes"

	"chartlake/eval/clinical"
	"chartlake/reader"
)

type evalClinical struct {
	Path string `arg:"" help:"A file, a .tgz archive or a folder: brat standoff, IOB columns, a NegEx table, or JSON."`
	As   string `help:"Print the texts on pages, put them into this condition (scan200, noisy, faxed ...), and read them first; for JSON with results or relations." placeholder:"CONDITION"`
	Seed uint64 `help:"With --as: which faces and damage." default:"1"`
	limits
	us
	models
}

func (evalClinical) Help() string { return "Example: chartlake eval clinical notes/ --json" }

func (c evalClinical) Run(e *env) error {
	sets, err := clinical.Load(c.Path)
	if err != nil {
		return err
	}
	if c.As != "" {
		if err := c.print(e, sets); err != nil {
			return err
		}
	}
	texts := 0
	for i := range sets {
		texts += len(sets[i].Texts)
	}
	bar := e.progress("texts")
	report, err := clinical.Measure(sets, func() { bar.step(texts) })
	bar.done()
	if err != nil {
		return err
	}
	return e.writeReport(report)
}

// print replaces the texts of sets by what is read of pages on which they are printed.
func (c evalClinical) print(e *env, sets []clinical.Set) error {
	g, err := e.open(c.limits, c.us, c.models, 0, false)
	if err != nil {
		return err
	}
	defer g.close()
	for i := range sets {
		sets[i], err = clinical.Scanned(sets[i], c.As, c.Seed, func(page []byte) (string, error) {
			doc, err := g.stages.Reader.Read(e.ctx, bytes.NewReader(page), int64(len(page)), reader.Options{})
			if err != nil {
				return "", err
			}
			return doc.Text(1, len(doc.Pages)).String, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
