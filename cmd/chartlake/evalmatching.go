package main

import (
	"os"

	"chartlake/eval/matching"
)

type evalMatching struct {
	Patients  int     `help:"People who are registered." default:"10000"`
	Documents int     `help:"Documents that arrive." default:"100000"`
	Seed      uint64  `help:"Which people and documents they are." default:"1"`
	Namesakes float64 `help:"Share of people who have name, sex and birth date in common with a stranger." default:"0.0002"`
	Pairs     string  `help:"Also write register.csv and arrivals.csv to this folder, for another matcher." placeholder:"DIR" type:"existingdir"`
}

func (evalMatching) Help() string {
	return "Example: chartlake eval matching --patients 10000 --documents 100000"
}

func (c evalMatching) Run(e *env) error {
	folder, err := os.MkdirTemp("", "chartlake-matching-")
	if err != nil {
		return unwritable(err)
	}
	defer os.RemoveAll(folder)
	bar := e.progress("documents")
	report, err := matching.Run(e.ctx, matching.Options{Seed: c.Seed, Patients: c.Patients, Documents: c.Documents, Namesakes: c.Namesakes,
		Folder: folder, Pairs: c.Pairs, Done: func(_, of int) { bar.step(of) }})
	bar.done()
	if err != nil {
		return err
	}
	return e.writeReport(report)
}
