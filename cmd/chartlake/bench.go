package main

import (
	"fmt"

	"chartlake/eval"
)

// benchCommand is `chartlake bench`.
type benchCommand struct {
	Ingest benchIngest   `cmd:"" help:"CPU and memory from POST to settled, beside tesseract and ocrmypdf."`
	Read   benchRead     `cmd:"" help:"CPU, memory and word error rate of reading, beside tesseract, ocrmypdf and pdftotext."`
	Text   benchAnnotate `cmd:"" name:"annotate" help:"CPU, memory and start of annotating text."`
	FHIR   benchFHIR     `cmd:"" name:"fhir" help:"Import, search and size of the FHIR store, over HTTP, beside other servers."`
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
	return e.writeReport(report)
}

type benchRead struct {
	Seed    uint64 `help:"Which pages they are." default:"1"`
	Dense   int    `help:"Dense pages at 300 dpi." default:"4"`
	Digital int    `help:"Pages of the born-digital file." default:"300"`
	Rounds  int    `help:"Rounds, each with other pages." default:"3"`
	NoPeers bool   `help:"Leave the peers out."`
}

func (benchRead) Help() string { return "Example: chartlake bench read --json" }

func (c benchRead) Run(e *env) error {
	if c.Rounds < 1 || c.Digital < 1 || c.Dense < 1 {
		return usage("--rounds, --digital and --dense take at least 1")
	}
	report, err := eval.BenchRead(e.ctx, eval.ReadOptions{Seed: c.Seed, Digital: c.Digital, Dense: c.Dense, Rounds: c.Rounds,
		NoPeers: c.NoPeers, Done: func(what string) { fmt.Fprintln(e.stderr, what) }})
	if err != nil {
		return err
	}
	return e.writeReport(report)
}

type benchFHIR struct {
	From         string   `arg:"" name:"tar" help:"Tar of transaction Bundles, each NAME.json or NAME.json.gz." type:"path"`
	Bundles      int      `help:"How many Bundles are posted." default:"100"`
	Clients      int      `help:"Connections that ask at once." default:"2"`
	Queries      int      `help:"Requests of each kind of the mix." default:"300"`
	Observations int      `help:"Make up Observations until there are so many when the queries are asked; 0: those of the Bundles."`
	Peer         []string `help:"FHIR base URL of another server that is measured in the same run (repeatable); it is written to." placeholder:"URL"`
}

func (benchFHIR) Help() string {
	return "Example: chartlake bench fhir synthea-r4-bundles.tar --bundles 100 --peer http://127.0.0.1:8090/fhir/r4"
}

func (c benchFHIR) Run(e *env) error {
	if c.Bundles < 1 || c.Clients < 1 || c.Queries < 1 {
		return usage("--bundles, --clients and --queries take at least 1")
	}
	if c.Observations > 0 && len(c.Peer) > 0 {
		return usage("--observations is not for --peer")
	}
	report, err := eval.BenchFHIR(e.ctx, eval.FHIROptions{Bundles: c.From, Count: c.Bundles, Clients: c.Clients, Queries: c.Queries, Observations: c.Observations, Peers: c.Peer,
		Done: func(what string) { fmt.Fprintln(e.stderr, what) }})
	if err != nil {
		return err
	}
	return e.writeReport(report)
}

type benchAnnotate struct {
	Path   string `arg:"" optional:"" name:"text" help:"File of the text; without it fictional notes." type:"path"`
	Size   int    `help:"Bytes of the smaller text; the other has twice as many." default:"1000000"`
	Rounds int    `help:"Rounds; the best of each figure counts." default:"3"`
	Seed   uint64 `help:"Which notes they are." default:"1"`
}

func (benchAnnotate) Help() string { return "Example: chartlake bench annotate notes.txt --json" }

func (c benchAnnotate) Run(e *env) error {
	if c.Size < 1000 || c.Rounds < 1 {
		return usage("--size takes at least 1000 and --rounds at least 1")
	}
	report, err := eval.BenchAnnotate(e.ctx, eval.AnnotateOptions{Path: c.Path, Size: c.Size, Rounds: c.Rounds, Seed: c.Seed,
		Done: func(what string) { fmt.Fprintln(e.stderr, what) }})
	if err != nil {
		return err
	}
	return e.writeReport(report)
}
