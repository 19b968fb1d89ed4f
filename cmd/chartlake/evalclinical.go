package main

import (
	"chartlake/eval/clinical"
)

type evalClinical struct {
	Path string `arg:"" help:"A file, a .tgz archive or a folder: brat standoff, IOB columns, a NegEx table, or JSON."`
}

func (evalClinical) Help() string { return "Example: chartlake eval clinical notes/ --json" }

func (c evalClinical) Run(e *env) error {
	sets, err := clinical.Load(c.Path)
	if err != nil {
		return err
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
