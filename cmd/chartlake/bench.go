package main

import (
	"fmt"

	"chartlake/eval"
)

// benchCommand is `chartlake bench`.
type benchCommand struct {
	Ingest benchIngest `cmd:"" help:"CPU and memory from POST to settled, beside tesseract and ocrmypdf."`
}

type benchIngest struct {
	Seed    uint64 `help:"Which pages they are." default:"1"`
	Digital int    `help:"Pages of the born-digital file." default:"100"`
	Dense   int    `help:"Dense pages at 300 dpi." default:"4"`
	Rounds  int    `help:"Rounds; each figure is the median." default:"3"`
	NoPeers bool   `help:"Leave the peers out."`
}

func (benchIngest) Help() string { return "Example: chartlake bench ingest --json" }

func (c benchIngest) Run(e *env) error {
	if c.Rounds < 1 || c.Digital < 1 || c.Dense < 1 {
		return usage("--rounds, --digital and --dense take at least 1")
	}
	report, err := eval.BenchIngest(e.ctx, eval.IngestOptions{Seed: c.Seed, Digital: c.Digital, Dense: c.Dense, Rounds: c.Rounds,
		NoPeers: c.NoPeers, Done: func(what string) { fmt.Fprintln(e.stderr, what) }})
	if err != nil {
		return err
	}
	if e.cli.JSON {
		return e.writeJSON(report)
	}
	_, err = fmt.Fprint(e.stdout, report.Table())
	return err
}
