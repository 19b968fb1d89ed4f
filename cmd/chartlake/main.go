// Command chartlake turns scanned medical records and claims into evidenced FHIR records.
// Each sub-command has a file of its own; this one has the flags they share, and the one
// place where an error becomes an exit code.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"chartlake/fault"
	"chartlake/internal/headroom"
	"chartlake/reader"
)

// version is set by scripts/build.sh.
var version = "devel"

// Exit codes beyond those of package fault (docs/guide/commands.md).
const (
	exitUsage       = 2
	exitDamaged     = 5 // the data are wrong
	exitReview      = 6
	exitSomeFailed  = 7
	exitInterrupted = 130
)

// commands is the command line. Every verb is a struct with Run(*env) error.
type commands struct {
	Serve       serveCommand       `cmd:"" help:"API, console, intake and workers in one process."`
	Work        workCommand        `cmd:"" help:"Workers only, against a shared data folder."`
	Demo        demoCommand        `cmd:"" help:"Serve a fresh folder with fictional documents arriving live."`
	Ingest      ingestCommand      `cmd:"" help:"Bring files or folders into a running server or a data folder."`
	Import      importCommand      `cmd:"" help:"Bring FHIR resources in: NDJSON or Bundles."`
	Export      exportCommand      `cmd:"" help:"Take FHIR resources out as NDJSON, of one moment."`
	SQL         sqlCommand         `cmd:"" name:"sql" help:"Ask the tables a question in SQL."`
	Read        readCommand        `cmd:"" help:"What the pages of a file say; nothing is stored."`
	Annotate    annotateCommand    `cmd:"" help:"Clinical findings of a document or of plain text."`
	Convert     convertCommand     `cmd:"" help:"The whole way from a file to its record, without a store."`
	Form        formCommand        `cmd:"" help:"Templates of your own forms."`
	Eval        evalCommand        `cmd:"" help:"Quality against expected results."`
	Bench       benchCommand       `cmd:"" help:"Speed and memory, beside the peer where it is installed."`
	Terminology terminologyCommand `cmd:"" help:"Releases of code systems: import, fetch, list."`
	Status      statusCommand      `cmd:"" help:"The state of a document, or of all."`
	Retry       retryCommand       `cmd:"" help:"Run a document through the pipeline again."`
	Explain     explainCommand     `cmd:"" help:"Why a field has this value: place, rule, confidence, reasons."`
	Review      reviewCommand      `cmd:"" help:"What waits for a person: list it, show it, act on it."`
	Check       checkCommand       `cmd:"" help:"Look for damage in a data folder, and repair it."`
	Audit       auditCommand       `cmd:"" help:"The audit trail: verify and list."`
	Keys        keysCommand        `cmd:"" help:"The keys of a data folder: list and rotate."`
	Backup      backupCommand      `cmd:"" help:"Copy a data folder while it is in use."`
	Restore     restoreCommand     `cmd:"" help:"Make a data folder of a backup."`
	Doctor      doctorCommand      `cmd:"" help:"What this machine offers: OCR, confinement, disk, cache."`
	Warm        warmCommand        `cmd:"" help:"Fill the PDF engine's compilation cache." hidden:""`
	Version     versionCommand     `cmd:"" help:"Version and build."`

	CacheDir string `help:"Folder of compiled code (mode 0700)." placeholder:"DIR" env:"CHARTLAKE_CACHE_DIR"`
	JSON     bool   `help:"Machine-readable output: one JSON value, or NDJSON events." name:"json"`
	Verbose  bool   `help:"More words on stderr." short:"v"`
}

// env is what a verb runs with.
type env struct {
	ctx    context.Context
	cli    *commands
	stdout io.Writer
	stderr io.Writer
	log    *slog.Logger
}

// result is an error that carries its own exit code and has been told already.
type result int

func (r result) Error() string { return fmt.Sprintf("exit %d", int(r)) }

// usage is a command line that does not say what to do; its text says why.
type usage string

func (u usage) Error() string { return string(u) }

// garbageMost is how much of what is not in use any more may pile up: as much as is in use while
// short documents are worked on, and less than that with long ones.
const garbageMost = 160 << 20

func main() {
	reader.ChildMain(os.Args) // does not return in the confined child
	headroom.Keep(garbageMost)
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run parses the arguments, does the verb and gives the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var cli commands
	parser, err := kong.New(&cli, kong.Name("chartlake"),
		kong.Description("Scanned medical records and claims become evidenced FHIR records."),
		kong.UsageOnError(), kong.Writers(stdout, stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(code int) { panic(result(code)) }))
	if err != nil {
		fmt.Fprintln(stderr, "chartlake:", err)
		return 1
	}
	return guarded(func() int {
		if len(args) == 0 {
			args = []string{"--help"}
		}
		parsed, err := parser.Parse(args)
		if err != nil {
			fmt.Fprintf(stderr, "chartlake: %v\nSee chartlake --help.\n", err)
			return exitUsage
		}
		level := slog.LevelInfo
		if cli.Verbose {
			level = slog.LevelDebug
		}
		e := &env{ctx: ctx, cli: &cli, stdout: stdout, stderr: stderr,
			log: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))}
		return e.exit(parsed.Run(e))
	})
}

// guarded turns kong's early exits (--help) into codes.
func guarded(f func() int) (code int) {
	defer func() {
		if r := recover(); r != nil {
			c, ok := r.(result)
			if !ok {
				panic(r)
			}
			code = int(c)
		}
	}()
	return f()
}

// exit tells an error once, on stderr, and gives its code.
func (e *env) exit(err error) int {
	var told result
	switch {
	case err == nil:
		return 0
	case errors.As(err, &told):
		return int(told)
	case errors.Is(err, context.Canceled) && e.ctx.Err() != nil:
		fmt.Fprintln(e.stderr, "chartlake: interrupted")
		return exitInterrupted
	}
	var wrong usage
	if errors.As(err, &wrong) {
		fmt.Fprintf(e.stderr, "chartlake: %v\nSee chartlake --help.\n", err)
		return exitUsage
	}
	f := fault.As(err)
	if e.cli.JSON {
		code := "internal"
		if f != nil {
			code = f.Code
		}
		_ = json.NewEncoder(e.stderr).Encode(map[string]string{"event": "error", "code": code, "message": err.Error()})
	} else if f != nil {
		fmt.Fprintf(e.stderr, "chartlake: %v [%s]\n", err, f.Code)
	} else {
		fmt.Fprintf(e.stderr, "chartlake: %v\n", err)
	}
	return fault.Exit(err)
}

// writeJSON writes one indented JSON value to stdout.
func (e *env) writeJSON(v any) error {
	enc := json.NewEncoder(e.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// terminal reports whether a person sees stdout as it is written.
func (e *env) terminal() bool {
	f, ok := e.stdout.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// writeReport writes measured figures: with --json the report itself, else its table.
func (e *env) writeReport(report interface{ Table() string }) error {
	if e.cli.JSON {
		return e.writeJSON(report)
	}
	_, err := fmt.Fprint(e.stdout, report.Table())
	return err
}

type versionCommand struct{}

func (versionCommand) Run(e *env) error {
	if e.cli.JSON {
		return e.writeJSON(map[string]string{"version": version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH})
	}
	_, err := fmt.Fprintf(e.stdout, "chartlake %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
