package main

import "chartlake/eval"

type evalRotation struct {
	Pages int    `help:"Pages; each sheet is shown four ways." default:"1000" short:"n"`
	Seed  uint64 `help:"Which pages they are." default:"1"`
}

func (evalRotation) Help() string { return "Example: chartlake eval rotation -n 1000" }

func (c evalRotation) Run(e *env) error {
	if c.Pages < 1 {
		return usage("at least one page is needed")
	}
	bar := e.progress("pages")
	report, err := eval.MeasureRotation(e.ctx, eval.RotationOptions{Pages: c.Pages, Seed: c.Seed, Done: func(_, of int) { bar.step(of) }})
	bar.done()
	if err != nil {
		return err
	}
	return e.writeReport(report)
}
