package main

import (
	"fmt"

	"chartlake/eval/deid"
)

type evalDeid struct {
	Notes   int    `help:"Notes of each part." default:"5000" short:"n"`
	Seed    uint64 `help:"Which notes they are." default:"1"`
	Details bool   `help:"List what was left or invented, on stderr (the notes are fictional)."`
}

func (evalDeid) Help() string {
	return "Example: chartlake eval deid -n 5000\n\nThe notes are written on the spot, with identifiers of every kind; their part \"apart\" has lines that the rules were not developed on."
}

func (c evalDeid) Run(e *env) error {
	if c.Notes < 1 || c.Notes > 1_000_000 {
		return usage("-n is not between 1 and 1000000")
	}
	bar := e.progress("notes")
	var leaks func(part, what string)
	if c.Details {
		leaks = func(part, what string) { fmt.Fprintf(e.stderr, "%s: %s\n", part, what) }
	}
	report, err := deid.Measure(c.Seed, c.Notes, func() { bar.step(2 * c.Notes) }, leaks)
	bar.done()
	if err != nil {
		return err
	}
	return e.writeReport(report)
}
